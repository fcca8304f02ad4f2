"""What all readers of renderings share: MathML to build, and the refusal to guess."""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from lxml import etree

from cleaner.web.mathml.symbols import ALPHABET


class Unreadable(Exception):
    """A rendering cannot be told for sure: its formula is lost, not guessed."""


APPLIED = "\u2061"
# Characters that pieces of tall brackets are made of -> the bracket.
_PIECES: dict[str, str] = {
    **dict.fromkeys("⎛⎝⎜", "("), **dict.fromkeys("⎞⎠⎟", ")"),
    **dict.fromkeys("⎧⎨⎩", "{"), **dict.fromkeys("⎫⎬⎭", "}"),
    **dict.fromkeys("∣⏐|│❘", "|"), **dict.fromkeys("∥‖", "‖"),
    "⌊": "⌊", "⌋": "⌋", "⌈": "⌈", "⌉": "⌉", "⟨": "⟨", "⟩": "⟩", "⎷": "√", "√": "√",
    "↑": "↑", "↓": "↓", "/": "/", "\\": "\\", "⎰": "⎰", "⎱": "⎱", "(": "(", ")": ")", "[": "[",
    "]": "]", "{": "{", "}": "}",
}  # fmt: skip


def leaf(tag: str, text: str, **attributes: str) -> Any:
    """Return a leaf of MathML."""
    made = etree.Element(tag, attributes)
    try:
        made.text = text
    except ValueError as wrong:  # half of a surrogate pair, a control character
        raise Unreadable("a character that no text has") from wrong
    return made


def element(tag: str, *children: Any, **attributes: str) -> Any:
    """Return an element of MathML around others."""
    made = etree.Element(tag, attributes)
    made.extend(children)
    return made


def row(parts: Sequence[Any]) -> Any:
    """Return elements as one."""
    return parts[0] if len(parts) == 1 else element("mrow", *parts)


def base(parts: Sequence[Any]) -> Any:
    """Return elements as one that carries scripts; the sign of an applied function goes."""
    if parts and parts[-1].text == APPLIED:
        parts = parts[:-1]
    return row(parts)


def scripted(what: Any, lower: Any, upper: Any, limits: bool) -> Any:
    """Return a base with what stands below it and above it, either of which may be None."""
    tags = ("munder", "mover", "munderover") if limits else ("msub", "msup", "msubsup")
    if upper is None:
        return element(tags[0], what, lower)
    if lower is None:
        return element(tags[1], what, upper)
    return element(tags[2], what, lower, upper)


def negated(char: str) -> str:
    """Return a relation struck through, as one character.

    >>> negated("="), negated("∈")
    ('≠', '∉')
    """
    struck = unicodedata.normalize("NFC", char + "\u0338")
    if len(struck) != 1:
        raise Unreadable(f"{char!r} struck through")
    return struck


def tall(pieces: str) -> str:
    """Return the bracket that is made of some pieces.

    >>> tall("⎡⎢⎣"), tall("⎡⎢"), tall("⎧⎨⎩"), tall("∣∣∣")
    ('[', '⌈', '{', '|')
    """
    signs = set(pieces) - set("\u200b\u200c \u00a0\n")
    if signs & set("⎧⎨⎩⎫⎬⎭"):
        signs -= set("⎪{")  # the straight parts of a brace are the same on both sides
    for corners, bracket in (("⎡⎣", "["), ("⎤⎦", "]")):
        if set(corners) <= signs:
            return bracket
    for corner, side, bracket in (
        ("⎡", "⎢", "⌈"),
        ("⎣", "⎢", "⌊"),
        ("⎤", "⎥", "⌉"),
        ("⎦", "⎥", "⌋"),
    ):
        if corner in signs and side in signs:
            return bracket
    found = {_PIECES.get(sign, "") for sign in signs}
    if len(found) != 1 or "" in found:
        raise Unreadable(f"a bracket made of {pieces!r}")
    return found.pop()


def plain_leaf(tag: str, text: str, variant: str = "") -> Any:
    """Return a leaf; what font its letters of mathematics are from is said once.

    >>> plain_leaf("mi", "𝗆𝖺𝗑").get("mathvariant"), plain_leaf("mi", "𝑥").text
    ('sans-serif', 'x')
    """
    text, variant = _plain(tag, text, variant)
    return leaf(tag, text, mathvariant=variant) if variant else leaf(tag, text)


@lru_cache(maxsize=4096)  # renderings are made of few different signs
def _plain(tag: str, text: str, variant: str) -> tuple[str, str]:
    letters = [char for char in text if char.isalnum()]
    fonts = {ALPHABET[char][1] if char in ALPHABET else "" for char in letters}
    if not variant and len(fonts) == 1:
        variant = fonts.pop()
        text = "".join(ALPHABET.get(char, (char, ""))[0] for char in text)
    if len(letters) == 1 and variant == "italic" and tag == "mi":
        variant = ""  # as single letters are
    return text, variant


def struck(up: bool, down: bool) -> str:
    """Return the notation of strokes from corner to corner."""
    return " ".join(["updiagonalstrike"] * up + ["downdiagonalstrike"] * down)

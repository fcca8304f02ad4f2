"""What KaTeX draws as paths, told by how their outlines begin, in all its versions since 0.10."""

import re
from typing import Any

from cleaner.web.formulas.drawn import Unreadable, tall

_BLANK = re.compile(r"[\s,]+")
_LENGTH = 10  # characters of an outline, without blanks, are enough to know it by
_RIGHT, _LEFT = "M0241v40h3", "M400000241"
_OUTLINES: dict[tuple[str, ...], str] = {
    (_RIGHT, "9989"): "→", (_RIGHT, "9999"): "⇀",
    (_LEFT,): "←", (_LEFT, _RIGHT): "↔",
    ("M399738392",): "⇒", ("M262157l10",): "⇐", ("M262157l10", "M399738392"): "⇔",
    ("M0267c.75.",): "↼", ("M7241c-44-",): "↽", ("M399747511",): "⇁",
    ("M400000281", _RIGHT): "↪", (_LEFT, "M399859241"): "↩", ("M40281V448", _RIGHT): "↦",
    ("M050h40000",): "=", ("M0167c6840",): "↞", ("M400000167",): "↠",
    ("M7435c-44-", _RIGHT): "⇌", ("M0267c.75.", "M399747705"): "⇋",
    ("M0147h4000", "M400000167"): "⇄",
    ("M6548l-6-6", "M200428334", "M400000542"): "⏞",
    ("M06l6-6h17", "M199572214", "M3999940l6"): "⏟",
    ("M0440h120V", "M399995440"): "⎴", ("M00h120V29", "M3999950h-"): "⎵",
    ("M37720c0-5",): "→", ("M5290h5l51",): "^", ("M11810h2l1",): "^",
    ("M529159h5l",): "ˇ", ("M1181220h2",): "ˇ", ("M1181280h2",): "ˇ", ("M1181340h2",): "ˇ",
    ("M20055.538",): "~", ("M34455.266",): "~", ("M78659C457",): "~", ("M78658C458",): "~",
    ("M78658C457",): "~",
    ("M512.671.6",): "∯", ("M757.8100.",): "∯", ("M681.471.6",): "∰", ("M1021.253c",): "∰",
}  # fmt: skip
_TALL = (  # how the outline begins, what else is in it -> the bracket
    ("M403", "h347", "["), ("M347", "H347", "]"), ("M403", "v602", "⌈"), ("M347", "v602", "⌉"),
    ("M319", "h263", "⌊"), ("M319", "v1799", "⌋"), ("M863", "", "("), ("M76", "", ")"),
    ("M145", "M367", "‖"), ("M145", "", "|"),
)  # fmt: skip


def outlines(node: Any) -> list[str]:
    """Return the outlines of the paths in an element."""
    return [_BLANK.sub("", path.get("d") or "") for path in node.iter("path")]


def shape(node: Any) -> str:
    """Return the character for what is drawn in an element."""
    found = outlines(node)
    starts = tuple(outline[:_LENGTH] for outline in found)
    if starts == (_RIGHT,):  # the arrow and the harpoon differ a little further on
        starts = (_RIGHT, found[0][10:14])
    char = _OUTLINES.get(starts)
    if char is None:
        raise Unreadable(f"paths that begin with {starts}")
    return char


def bracket(node: Any) -> str:
    """Return the bracket that an element is made of, of characters or of a path."""
    text = "".join(node.itertext())
    if text.strip("\u200b \n"):
        return tall(text)
    for outline in outlines(node)[:1]:
        for start, inside, char in _TALL:
            if outline.startswith(start) and inside in outline:
                return char
    raise Unreadable("a bracket of unknown shape")

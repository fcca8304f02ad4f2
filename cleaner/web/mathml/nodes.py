"""What the parts of the converter ask of an element, and how pieces of LaTeX are joined."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from cleaner.web.mathml.symbols import VARIANTS

_LETTER_COMMAND = re.compile(r"\\[A-Za-z]+\Z")
_STYLES = frozenset(
    str.split("mrow mstyle mpadded merror maction semantics math mtd mtr mlabeledtr")
)


TEX_ENCODING = re.compile(r"(?:^|[/x-])(?:la)?tex(?:$|[;\s])", re.I)


class Converter(Protocol):
    """What gives the LaTeX of an element and of elements in a row."""

    loose: bool  # whether text stands between elements anywhere in the formula

    def tex(self, node: Any) -> str:
        """Return the LaTeX of one element."""

    def row(self, nodes: Iterable[Any]) -> str:
        """Return the LaTeX of elements in a row."""


def joined(parts: Sequence[str]) -> str:
    r"""Join pieces of TeX, with a space where a command would run into a letter.

    >>> joined([r"\alpha", "x", r"\beta", "1"])
    '\\alpha x\\beta1'
    """
    out: list[str] = []
    last = ""
    for part in parts:
        if not part:
            continue
        if (
            last
            and part[0].isalpha()
            and part[0].isascii()
            and last[-1].isalpha()
            and _LETTER_COMMAND.search(last)
        ):
            out.append(" ")
        elif last and part[0] == " " and last[-1] == " ":
            part = part[1:]
            if not part:
                continue
        out.append(part)
        last = part
    return "".join(out)


def has_loose_text(node: Any) -> bool:
    """Say whether text stands between the elements in an element."""
    texts = [node.text, *(child.tail for child in node)]
    return any([text and text.strip() for text in texts])


def words_of(node: Any) -> str:
    text: str = node.text or ""
    if len(text) == 1 and not text.isspace():
        return text
    return " ".join(
        text.replace("\u00a0", " ").replace("\u200b", "").replace("\u2009", " ").split()
    )


def text_of(node: Any) -> str:
    return " ".join(
        "".join(node.itertext()).replace("\u00a0", " ").replace("\u2009", " ").split()
    ).strip("\u2061")


def sign_of(node: Any) -> str:
    return words_of(node) if node.tag == "mo" and not len(node) else ""


def core_of(node: Any) -> Any:
    """Return the only element within rows and styles around it."""
    for _ in range(20):
        if node.tag not in _STYLES or len(node) != 1 or not isinstance(node[0].tag, str):
            return node
        node = node[0]
    return node


def no_line(node: Any) -> bool:
    return (
        re.fullmatch(r"0+(?:\.0*)?\s*[a-z%]*", (node.get("linethickness") or "").strip())
        is not None
    )


def variant_of(node: Any) -> str:
    variant: str = node.get("data-mjx-variant") or node.get("mathvariant") or ""
    if not variant and (node.get("fontweight") or "") == "bold":
        return "bold"
    return variant.lower() if variant.lower() in VARIANTS else ""

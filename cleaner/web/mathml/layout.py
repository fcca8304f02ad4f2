"""Fractions, roots, enclosures and groups; a function for each element, of its name."""

import re
from typing import Any

from cleaner.web.mathml.content import CONTENT
from cleaner.web.mathml.leaves import raw, with_tail
from cleaner.web.mathml.nodes import (
    TEX_ENCODING,
    Converter,
    core_of,
    has_loose_text,
    joined,
    no_line,
    text_of,
)
from cleaner.web.mathml.tables import SIDES, of_katex
from cleaner.web.tex import clean

_ENCLOSURES = {
    "box": r"\boxed{#}", "roundedbox": r"\boxed{#}", "circle": r"\enclose{circle}{#}",
    "updiagonalstrike": r"\cancel{#}", "downdiagonalstrike": r"\bcancel{#}",
    "horizontalstrike": r"\enclose{horizontalstrike}{#}",
    "verticalstrike": r"\enclose{verticalstrike}{#}",
    "radical": r"\sqrt{#}", "top": r"\overline{#}", "bottom": r"\underline{#}",
    "actuarial": r"\left.\overline{#}\right|", "longdiv": r"\enclose{longdiv}{#}",
    "madruwb": r"\underline{#}",
}  # fmt: skip
_FRAME = re.compile(r"(?:^|[\s;])border:\s*[^;]*solid")
# KaTeX calls the lines at the sides of an array top and bottom, and those above and below it left
# and right.
_TURNED = {"top": "left", "bottom": "right", "left": "top", "right": "bottom"}

UNREADABLE = "\ue00e"
_MESSAGE = re.compile(
    r"\b(?:undefined|unknown|missing|extra|misplaced|double|error|illegal|must|expected|runaway"
    r"|invalid|not|argument|control sequence)\b",
    re.I,
)


def two(to: Converter, node: Any) -> list[str]:
    children = [child for child in node if isinstance(child.tag, str)]
    if len(children) > 2:  # KaTeX says beside them, too, that a name is applied
        children = [child for child in children if child.tag != "mo" or text_of(child)]
    parts = [to.tex(child) for child in children]
    return parts + [""] * (2 - len(parts))


def mfrac(to: Converter, node: Any) -> str:
    parts = two(to, node)
    if no_line(node):
        return rf"{{{parts[0]}\atop {parts[1]}}}"
    if (node.get("bevelled") or "").lower() == "true":
        return f"{_braced(parts[0])}/{_braced(parts[1])}"
    return rf"\frac{{{parts[0]}}}{{{parts[1]}}}"


def binomial(to: Converter, node: Any) -> str:
    parts = two(to, node)
    return rf"\binom{{{parts[0]}}}{{{parts[1]}}}"


def msqrt(to: Converter, node: Any) -> str:
    return rf"\sqrt{{{to.row(list(node)) if len(node) else raw(to, node.text or '')}}}"


def mroot(to: Converter, node: Any) -> str:
    base, index = two(to, node)[:2]
    if not index:
        return rf"\sqrt{{{base}}}"
    index = f"{{{index}}}" if "]" in index else index
    return rf"\sqrt[{index}]{{{base}}}"


def menclose(to: Converter, node: Any) -> str:
    notation = (node.get("notation") or "longdiv").split()
    if len(node) == 1 and core_of(node[0]).tag == "mtable" and SIDES.issuperset(notation):
        table = core_of(node[0])
        if of_katex(table):
            notation = [_TURNED[side] for side in notation]
        table.set("data-sides", " ".join(notation))  # lines around an array
        return to.row(list(node))
    body = to.row(list(node)) if len(node) else raw(to, node.text or "")
    strikes = {"updiagonalstrike", "downdiagonalstrike"} & set(notation)
    if len(strikes) == 2:
        return rf"\xcancel{{{body}}}"
    for name in notation:
        if name in _ENCLOSURES:
            body = _ENCLOSURES[name].replace("#", body)
        elif name in ("left", "right"):
            body = joined(
                [r"\left|", body, r"\right."] if name == "left" else [r"\left.", body, r"\right|"]
            )
        elif name not in ("none", ""):
            body = rf"\enclose{{{re.sub(r'[^a-z]', '', name)}}}{{{body}}}"
    return body


def row_of(to: Converter, node: Any) -> str:
    if not len(node):
        return raw(to, node.text or "")
    if to.loose and has_loose_text(node):
        tex = joined([raw(to, node.text or ""), *(with_tail(to, child) for child in node)])
    else:
        tex = to.row(node)
    if not node.keys():
        return tex
    variant = node.get("mathvariant") or ("bold" if _is_bold(node) else "")
    if _FRAME.search(node.get("style") or "") and tex:
        return rf"\boxed{{{tex}}}"
    if node.tag == "mstyle" and variant in ("bold", "bold-italic") and tex:
        return rf"\boldsymbol{{{tex}}}"
    return tex


def _is_bold(node: Any) -> bool:
    return node.get("fontweight") == "bold" or "font-weight:bold" in (node.get("style") or "")


def merror(to: Converter, node: Any) -> str:
    """Return the source that a renderer shows in place of what it could not read.

    A message about it is no formula: `UNREADABLE` makes the whole one count as lost.
    """
    text = "".join(node.itertext()).strip()
    if "\\" in text and not _MESSAGE.search(text):
        return clean(text)[0]
    if any(child.tag not in ("mtext", "merror") for child in node):
        return row_of(to, node)
    return UNREADABLE if text else ""


def mphantom(to: Converter, node: Any) -> str:
    body = to.row(list(node))
    return rf"\phantom{{{body}}}" if body.strip() else ""


def semantics(to: Converter, node: Any) -> str:
    for child in node:
        if (
            child.tag == "annotation"
            and TEX_ENCODING.search(child.get("encoding") or "")
            and (tex := clean("".join(child.itertext()))[0])
        ):
            return tex
    shown = [child for child in node if isinstance(child.tag, str)]
    if not shown:
        return ""
    if shown[0].tag in CONTENT:
        for child in shown[1:]:
            if (
                child.tag == "annotation-xml"
                and "presentation" in (child.get("encoding") or "").lower()
            ):
                return to.row(list(child))
    return to.tex(shown[0])


def maction(to: Converter, node: Any) -> str:
    children = [child for child in node if isinstance(child.tag, str)]
    choice = node.get("selection") or "1"
    at = int(choice) - 1 if choice.isdecimal() and len(choice) < 4 else 0
    return to.tex(children[at if 0 <= at < len(children) else 0]) if children else ""


def nothing(to: Converter, node: Any) -> str:
    return ""


def _braced(tex: str) -> str:
    return tex if len(tex) == 1 or tex.isdigit() else f"{{{tex}}}"

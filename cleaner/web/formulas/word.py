"""Formulas that only Office shows: Word's, rewritten as MathML, and the MathML of OneNote."""

import re
from html import escape

from selectolax.lexbor import LexborNode

from cleaner.web.formulas.runs import TEXT

_DEEPEST = 60
_LEAVES = re.compile(r"\d+(?:[.,]\d+)*|[A-Za-z]+|\S")
# Element -> the element of MathML, and which parts are its children, in order.
_SHAPES: dict[str, tuple[str, tuple[str, ...]]] = {
    "m:f": ("mfrac", ("m:num", "m:den")),
    "m:ssup": ("msup", ("m:e", "m:sup")),
    "m:ssub": ("msub", ("m:e", "m:sub")),
    "m:ssubsup": ("msubsup", ("m:e", "m:sub", "m:sup")),
    "m:limlow": ("munder", ("m:e", "m:lim")),
    "m:limupp": ("mover", ("m:e", "m:lim")),
    "m:func": ("mrow", ("m:fname", "m:e")),
}
_COMMENTED = re.compile(
    r"<!--\[if (?:gte msEquation|mathML)[^\]]*\]>(.*?)<!\[endif\]-->", re.S | re.I
)
_EMPTY = re.compile(r"<(m:\w+)([^<>]*)/>")
_FALLBACK = re.compile(
    r"<!(?:--)?\[if !(?:msEquation|mathML)\](?:--)?>.*?<!(?:--)?\[endif\](?:--)?>", re.S | re.I
)


def as_html(source: str) -> str:
    """Return a page with the formulas that only Office sees shown, their empty elements closed.

    >>> as_html("<!--[if gte msEquation 12]><m:oMath>x<m:deg/></m:oMath><![endif]-->")
    '<m:oMath>x<m:deg></m:deg></m:oMath>'
    """
    if "msEquation" in source or "if mathML]" in source:
        source = _COMMENTED.sub(r"\1", _FALLBACK.sub("", source))
    return _EMPTY.sub(r"<\1\2></\1>", source) if "<m:oMath" in source else source


def word_mathml(node: LexborNode) -> str:
    """Return the MathML of a `m:oMath` element."""
    return f"<math>{_inside(node, 0)}</math>"


def _inside(node: LexborNode | None, depth: int) -> str:
    if node is None or depth > _DEEPEST:
        return ""
    out = []
    for child in node.iter(include_text=True):
        if child.tag_id == TEXT:
            out.append(_leaves(child.text_content or ""))
        elif child.is_element_node and not (child.tag or "").endswith("pr"):
            out.append(_element(child, depth + 1))
    return "".join(out)


def _element(node: LexborNode, depth: int) -> str:
    tag = node.tag or ""
    if tag in _SHAPES:
        name, parts = _SHAPES[tag]
        return f"<{name}>{''.join(_row(_part(node, part), depth) for part in parts)}</{name}>"
    if tag == "m:rad":
        degree = _inside(_part(node, "m:deg"), depth)
        inside = _row(_part(node, "m:e"), depth)
        if not degree:
            return f"<msqrt>{inside}</msqrt>"
        return f"<mroot>{inside}<mrow>{degree}</mrow></mroot>"
    if tag == "m:d":
        left, right = _said(node, "m:begchr", "("), _said(node, "m:endchr", ")")
        between = f"<mo>{escape(_said(node, 'm:sepchr', '|'))}</mo>"
        inner = [_row(part, depth) for part in node.iter() if part.tag == "m:e"]
        return f"<mrow><mo>{escape(left)}</mo>{between.join(inner)}<mo>{escape(right)}</mo></mrow>"
    if tag == "m:nary":
        sign = f"<mo>{escape(_said(node, 'm:chr', '∫'))}</mo>"
        below, above = (_row(_part(node, part), depth) for part in ("m:sub", "m:sup"))
        return f"<msubsup>{sign}{below}{above}</msubsup>{_row(_part(node, 'm:e'), depth)}"
    if tag in ("m:acc", "m:bar", "m:groupchr"):
        sign = _said(node, "m:chr", "\u0302" if tag == "m:acc" else "¯")
        over = f"<mo>{escape(sign)}</mo>"
        return f"<mover>{_row(_part(node, 'm:e'), depth)}{over}</mover>"
    if tag in ("m:m", "m:eqarr"):
        rows = [row for row in node.iter() if row.tag in ("m:mr", "m:e")]
        cells = [
            [cell for cell in row.iter() if cell.tag == "m:e"] if row.tag == "m:mr" else [row]
            for row in rows
        ]
        lines = "".join(
            "<mtr>" + "".join(f"<mtd>{_inside(cell, depth)}</mtd>" for cell in line) + "</mtr>"
            for line in cells
        )
        return f"<mtable>{lines}</mtable>"
    return _inside(node, depth)


def _part(node: LexborNode, tag: str) -> LexborNode | None:
    return next((child for child in node.iter() if child.tag == tag), None)


def _row(node: LexborNode | None, depth: int) -> str:
    return f"<mrow>{_inside(node, depth)}</mrow>"


def _said(node: LexborNode, tag: str, default: str) -> str:
    """Return the value of a property; an empty one is a sign that is not there."""
    for properties in node.iter():
        if (properties.tag or "").endswith("pr"):
            for each in properties.iter():
                if each.tag == tag:
                    return each.attributes.get("m:val") or ""
    return default


def _leaves(text: str) -> str:
    out = []
    for found in _LEAVES.finditer(text):
        leaf = found[0]
        name = "mn" if leaf[0].isdigit() else "mi" if leaf.isalpha() else "mo"
        out.append(f"<{name}>{escape(leaf)}</{name}>")
    return "".join(out)

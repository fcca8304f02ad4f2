"""MathJax's CHTML, versions 3 and 4 -> MathML: elements say what they are, classes which sign."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any

from cleaner.web.formulas.drawn import Unreadable, element, leaf, plain_leaf, row, scripted, struck

_CODE = re.compile(r"mjx-c([0-9A-F]{2,6})(?![0-9A-Za-z-])")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_WIDTH = re.compile(r"(?:^|[\s;])width:\s*(-?[\d.]+em)")
_ALIGN = re.compile(r"text-align:\s*(left|right)")
_BOX = re.compile(r"(?:^|[\s;])border:")
_SIDE = re.compile(r"border-(top|bottom|left|right)[a-z-]*:\s*[^;]*(solid|dashed)")
_NOTHING = frozenset(
    f"mjx-{name}"
    for name in str.split(
        "surd nstrut dstrut tstrut rstrut line spacer mstrut speech assistive-mml strut lbox "
        "labels mark none break"
    )
)
_LEAVES = frozenset(f"mjx-{name}" for name in str.split("mi mn mo mtext ms"))
_SCRIPTS = {"mjx-msub": False, "mjx-msup": False, "mjx-msubsup": False, "mjx-munder": True,
            "mjx-mover": True, "mjx-munderover": True}  # fmt: skip
_FONTS = {"C": "script", "CB": "bold-script", "FR": "fraktur", "FRB": "bold-fraktur"}
_FONT = re.compile(r"(?:TEX|NCM)-(CB?|FRB?)(?![0-9A-Za-z])")


def chtml_row(math: Any) -> list[Any]:
    """Return the elements of MathML for what stands in an `mjx-math`."""
    return _row(math)


def _row(node: Any) -> list[Any]:
    return [made for child in node for made in _element(child)]


def _element(node: Any) -> list[Any]:
    tag = node.tag.lower()
    if tag in _NOTHING:
        return []
    if tag in _LEAVES:
        return _leaf(node, tag.removeprefix("mjx-"))
    if tag in _SCRIPTS:
        return [_scripts(node, tag)]
    reader = _READERS.get(tag)
    if reader is not None:
        return [reader(node)]
    if tag == "mjx-mspace":
        width = _WIDTH.search(node.get("style") or "")
        return [element("mspace", width=width[1])] if width else []
    if tag in _FORBIDDEN:
        raise Unreadable(f"a {tag}")
    inside = _row(node)
    return [row(inside)] if tag in _GROUPS and inside else inside


def _inside(node: Any, wanted: frozenset[str], through: frozenset[str]) -> Iterator[Any]:
    """Yield the elements of some names in an element, not those in its parts."""
    for child in node:
        if child.tag in wanted:
            yield child
        elif child.tag in through:
            yield from _inside(child, wanted, through)


def _scripts(node: Any, tag: str) -> Any:
    script = next((child for child in node if child.tag == "mjx-script"), None)
    if script is not None:
        before = [made for child in node if child is not script for made in _element(child)]
        found = [row(_element(child)) for child in script if child.tag.lower() not in _NOTHING]
        if len(found) == 2:  # the upper one comes first
            return scripted(row(before), found[1], found[0], _SCRIPTS[tag])
        if len(found) != 1 or tag in ("mjx-msubsup", "mjx-munderover"):
            raise Unreadable("scripts of unknown number")
        below = tag in ("mjx-msub", "mjx-munder")
        lower, upper = (found[0], None) if below else (None, found[0])
        return scripted(row(before), lower, upper, _SCRIPTS[tag])
    parts = {part.tag: row(_row(part)) for part in _inside(node, _LIMITED, _BETWEEN)}
    if "mjx-base" not in parts or len(parts) < 2:
        raise Unreadable("limits of unknown make")
    return scripted(parts["mjx-base"], parts.get("mjx-under"), parts.get("mjx-over"), True)


_LIMITED = frozenset(["mjx-base", "mjx-over", "mjx-under"])
_BETWEEN = frozenset(["mjx-row", "mjx-box", "mjx-munder", "mjx-mover"])


def _fraction(node: Any) -> Any:
    through = frozenset(["mjx-frac", "mjx-dbox", "mjx-dtable", "mjx-row"])
    parts = list(_inside(node, frozenset(["mjx-num", "mjx-den"]), through))
    frame = next((child for child in node if child.tag == "mjx-frac"), None)
    if len(parts) != 2 or frame is None:
        raise Unreadable("a fraction of unknown make")
    attributes = {"linethickness": "0"} if frame.get("atop") else {}
    return element("mfrac", *(row(_row(part)) for part in parts), **attributes)


def _root(node: Any) -> Any:
    through = frozenset(["mjx-sqrt"])
    parts = {each.tag: each for each in _inside(node, frozenset(["mjx-box", "mjx-root"]), through)}
    if "mjx-box" not in parts:
        raise Unreadable("a root of unknown make")
    body = row(_row(parts["mjx-box"]))
    if "mjx-root" not in parts:
        return element("msqrt", body)
    return element("mroot", body, row(_row(parts["mjx-root"])))


def _enclosed(node: Any) -> Any:
    kinds = {child.tag for child in node} - {"mjx-box"}
    box = next((child for child in node if child.tag == "mjx-box"), None)
    if box is None:
        raise Unreadable("an enclosure of unknown make")
    body = _row(box)
    if not kinds and _BOX.search(box.get("style") or ""):
        return element("menclose", *body, notation="box")
    if kinds and kinds <= {"mjx-ustrike", "mjx-dstrike"}:
        notation = struck("mjx-ustrike" in kinds, "mjx-dstrike" in kinds)
        return element("menclose", *body, notation=notation)
    raise Unreadable("an enclosure of unknown make")


def _table(node: Any) -> Any:
    through = frozenset(["mjx-table", "mjx-itable"])
    lines = list(_inside(node, frozenset(["mjx-mtr", "mjx-mlabeledtr"]), through))
    made = element("mtable")
    styles: list[list[str]] = []
    for line in lines:
        cells = [cell for cell in line if cell.tag == "mjx-mtd"]
        made.append(element("mtr", *(element("mtd", *_row(cell)) for cell in cells)))
        styles.append([cell.get("style") or "" for cell in cells])
    first = max(styles, key=len, default=[])
    align = [found[1] if (found := _ALIGN.search(style)) else "center" for style in first]
    if set(align) - {"center"}:
        made.set("columnalign", " ".join(align))
    columns = [_line(style, "left") or _line(before, "right")
               for before, style in pairwise(first)]  # fmt: skip
    between_rows = [
        any(_line(style, "top") for style in line) or any(_line(style, "bottom") for style in above)
        for above, line in pairwise(styles)
    ]
    for name, drawn in (("columnlines", columns), ("rowlines", between_rows)):
        if any(drawn):
            made.set(name, " ".join("solid" if each else "none" for each in drawn))
    table = next((child for child in node if child.tag == "mjx-table"), None)
    if table is not None and _BOX.search(table.get("style") or ""):
        made.set("frame", "solid")
    return made


def _line(style: str, side: str) -> bool:
    return any(found[0] == side for found in _SIDE.findall(style))


_READERS = {
    "mjx-mfrac": _fraction, "mjx-msqrt": _root, "mjx-mroot": _root, "mjx-menclose": _enclosed,
    "mjx-mtable": _table,
}  # fmt: skip
_GROUPS = frozenset(["mjx-mrow", "mjx-texatom", "mjx-mpadded", "mjx-mstyle", "mjx-inferredmrow"])
_FORBIDDEN = frozenset(["mjx-merror", "mjx-mmultiscripts", "mjx-mglyph", "svg", "img"])


def _leaf(node: Any, name: str) -> list[Any]:
    text, variant = "", ""
    for each in node.iter():
        tag = each.tag
        if tag == "mjx-c":
            char, font = _sign(each.get("class") or "")
            text += char
            variant = font if char and font else variant
        elif tag in ("mjx-stretchy-v", "mjx-stretchy-h"):
            char, _ = _sign(each.get("class") or "")
            if not char:
                raise Unreadable("a stretched sign without its name")
            text += char
            break  # its parts follow
        elif tag == "mjx-utext":
            text += each.text or ""
    return [leaf_of(name, text, variant)] if text else []


@lru_cache(maxsize=4096)  # formulas are made of few different signs
def _sign(names: str) -> tuple[str, str]:
    """Return the character that some classes stand for, "" for none, and its font."""
    code, font = _CODE.search(names), _FONT.search(names)
    char = chr(min(int(code[1], 16), 0x10FFFF)) if code else ""
    return char, _FONTS[font[1]] if font else ""


def leaf_of(name: str, text: str, variant: str = "") -> Any:
    """Return a leaf of MathJax; its fonts have one bar for all uses."""
    if not text.isascii() and _PRIVATE.search(text):
        raise Unreadable("a private character")
    if name == "mo":
        return leaf("mo", text.replace("\u2223", "|").replace("∥", "‖"))
    return plain_leaf(name, text.replace("\u2223", "|"), variant)

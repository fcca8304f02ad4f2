"""MathJax's SVG, versions 2 to 4 -> MathML: attributes say what a group is and which sign."""

import re
from itertools import pairwise
from typing import Any

from cleaner.web.formulas.drawn import Unreadable, element, row, scripted, struck, tall
from cleaner.web.formulas.mathjax_chtml import leaf_of

_MOVE = re.compile(r"translate\(\s*(-?[\d.]+)(?:[ ,]+(-?[\d.]+))?")
_CODE = re.compile(r"[0-9A-Fa-f]{1,6}")
_FONT = re.compile(r"-(CB?|FRB?)-[0-9A-F]+$")
_FONTS = {"C": "script", "CB": "bold-script", "FR": "fraktur", "FRB": "bold-fraktur"}
_LEAVES = frozenset(str.split("mi mn mo mtext ms"))
_SCRIPTS = {"msub": False, "msup": False, "msubsup": False, "munder": True, "mover": True,
            "munderover": True}  # fmt: skip
_GROUPS = frozenset(str.split("mrow TeXAtom mpadded mstyle mphantom inferredMrow"))
_BRACES = {"\ue150": "⏞", "\ue152": "⏟"}  # by the piece that comes first


# How the outlines of capitals begin whose code does not tell the font: "M", then these two numbers.
_BEGINNINGS = {
    "script": (
        "114,286 144,470 148,78 174,0 18,487 194,618 199,579 201,-25 216,68 25,633 28,9 "
        "304,342 308,428 324,614 343,705 37,475 49,475 554,512 576,668 62,-22 65,599 "
        "694,220 8,592"
    ),
    "bold-script": (
        "107,0 124,586 159,0 170,-67 204,476 243,-20 25,607 25,608 286,390 38,20 42,447 "
        "433,703 441,83 47,139 495,516 50,279 56,499 61,462 622,574 63,-17 73,555 761,751 "
        "762,562 812,567 874,453 98,542"
    ),
    "normal": (
        "114,620 128,619 128,622 130,622 131,622 132,622 255,0 270,0 328,0 36,443 42,46 "
        "518,0 55,507 56,340 56,341 56,342 69,443 792,683 89,177"
    ),
    "italic": (
        "149,237 178,437 198,460 203,452 232,637 234,637 235,637 248,634 299,623 361,637 "
        "395,-21 460,-107 56,11 57,11 61,0 62,0 632,-1 633,637 636,637 667,637 668,621 "
        "684,0 72,1 85,46"
    ),
}  # fmt: skip
_CAPITALS = {place: font for font, places in _BEGINNINGS.items() for place in places.split()}
_BEGINNING = re.compile(r"\s*M\s*(-?\d+)[\s,]+(-?\d+)")


def svg_row(math: Any) -> list[Any]:
    """Return the elements of MathML for what stands in the group of a formula."""
    return _row(math)


def _name(node: Any) -> str:
    return node.get("data-mml-node") or ""


def _row(node: Any) -> list[Any]:
    return [made for child in node if not _is_broken_off(child) for made in _element(child)]


def _is_broken_off(node: Any) -> bool:
    """Say whether nothing is left of a sign with scripts: it is drawn on the next line."""
    return not len(node) and _name(node) in _SCRIPTS and node.getnext() is None


def _element(node: Any) -> list[Any]:
    name = _name(node)
    if name in _LEAVES:
        return _leaf(node, name)
    if name in _SCRIPTS:
        return [_scripts(node, name)]
    if name in _READERS:
        return [_READERS[name](node)]
    if name == "mspace" or node.tag in ("defs", "title", "desc", "style"):
        return []
    if name in _FORBIDDEN or node.tag in (
        "rect",
        "line",
        "path",
        "use",
        "text",
        "image",
        "ellipse",
    ):
        raise Unreadable(f"a {name or node.tag} where none belongs")
    inside = _row(node)
    return [row(inside)] if name in _GROUPS and inside else inside


def _height(node: Any) -> float:
    move = _MOVE.search(node.get("transform") or "")
    return float(move[2] or 0) if move else 0.0


def _scripts(node: Any, name: str) -> Any:
    parts = list(node)
    if len(parts) < 2:
        raise Unreadable("scripts without their base")
    what, *scripts = parts
    body = row(_element(what))
    scripts.sort(key=_height)
    made = [row(_element(script)) for script in scripts]
    if len(made) == 2 and name in ("msubsup", "munderover"):
        return scripted(body, made[0], made[1], _SCRIPTS[name])
    if len(made) != 1 or name in ("msubsup", "munderover"):
        raise Unreadable("scripts of unknown number")
    below = name in ("msub", "munder")
    lower, upper = (made[0], None) if below else (None, made[0])
    return scripted(body, lower, upper, _SCRIPTS[name])


def _fraction(node: Any) -> Any:
    parts = [child for child in node if child.tag != "rect"]
    if len(parts) != 2:
        raise Unreadable("a fraction of unknown make")
    attributes = {"linethickness": "0"} if len(node) == 2 else {}
    return element("mfrac", *(row(_element(part)) for part in parts), **attributes)


def _root(node: Any) -> Any:
    groups = [child for child in node if child.tag == "g"]
    signs = [child for child in groups if _name(child) == "mo" and _is_root(child)]
    rest = [child for child in groups if child not in signs[-1:]]
    if not signs or not rest or len(rest) > 2:
        raise Unreadable("a root of unknown make")
    bodies = [child for child in rest if not _name(child)]  # the index has a name
    if len(bodies) != 1:
        raise Unreadable("a root of unknown make")
    body = row(_element(bodies[0]))
    if len(rest) == 1:
        return element("msqrt", body)
    return element("mroot", body, row(_element(rest[1 - rest.index(bodies[0])])))


def _is_root(node: Any) -> bool:
    return bool({"221A", "23B7"} & {(each.get("data-c") or "").upper() for each in node.iter()})


def _enclosed(node: Any) -> Any:
    body = [made for child in node if child.tag == "g" for made in _element(child)]
    marks = [child for child in node if child.tag != "g"]
    if len(marks) == 1 and marks[0].tag == "rect":
        return element("menclose", *body, notation="box")
    if marks and all(mark.tag == "line" for mark in marks):
        rising = [float(m.get("y1") or 0) < float(m.get("y2") or 0) for m in marks]
        if all(m.get("y1") != m.get("y2") and m.get("x1") != m.get("x2") for m in marks):
            return element("menclose", *body, notation=struck(any(rising), not all(rising)))
    raise Unreadable("an enclosure of unknown make")


def _table(node: Any) -> Any:
    made = element("mtable")
    equations = False
    heights, places = [], [0.0]
    for child in node.iter("g"):
        if _name(child) in ("mtr", "mlabeledtr") and _table_of(child) is node:
            cells = [cell for cell in child if _name(cell) == "mtd"]
            made.append(element("mtr", *(element("mtd", *_row(cell)) for cell in cells)))
            equations = equations or any(map(_begins_empty, cells[1::2]))
            heights.append(_height(child))
            moves = [_MOVE.search(cell.get("transform") or "") for cell in cells]
            places = max(places, [float(move[1]) if move else 0.0 for move in moves], key=len)
    lines = [child for child in node.iter("line") if _table_of(child) is node]
    columns = [float(line.get("x1") or 0) for line in lines if line.get("data-line") == "v"]
    rows = [float(line.get("y1") or 0) for line in lines if line.get("data-line") == "h"]
    between = [("columnlines", columns, places), ("rowlines", rows, heights)]
    for name, at, marks in between:
        found = [
            any(min(one, other) < line < max(one, other) for line in at)
            for one, other in pairwise(marks)
        ]
        if any(found):
            made.set(name, " ".join("solid" if each else "none" for each in found))
    if equations:
        made.set("columnalign", " ".join(["right", "left"] * (len(places) // 2)))
    if any(each.get("data-frame") for each in node.iter("rect") if _table_of(each) is node):
        made.set("frame", "solid")
    return made


def _begins_empty(cell: Any) -> bool:
    """Say whether a cell begins with an empty name, as all right sides of equations do."""
    first = next(iter(cell), None)
    while first is not None and len(first) and _name(first) in _GROUPS:
        first = first[0]
    return first is not None and not len(first) and _name(first) == "mi"


def _table_of(node: Any) -> Any:
    return next((each for each in node.iterancestors("g") if _name(each) == "mtable"), None)


_READERS = {
    "mfrac": _fraction, "msqrt": _root, "mroot": _root, "menclose": _enclosed, "mtable": _table,
}  # fmt: skip
_FORBIDDEN = frozenset(str.split("merror mmultiscripts mglyph"))


def _leaf(node: Any, name: str) -> list[Any]:
    text, variant, named, outline = "", "", False, ""
    for each in node.iter():
        code = each.get("data-c") or ""
        if each.tag == "text":
            text += "".join(each.itertext())
        elif each.tag in ("use", "path") and _CODE.fullmatch(code):
            text += chr(min(int(code, 16), 0x10FFFF))
            link = each.get("href") or ""
            named = named or bool(link)
            outline = each.get("d") or ""
            variant = _FONTS[font[1]] if (font := _FONT.search(link)) else variant
        elif each.tag in ("use", "path"):
            raise Unreadable("a sign without its name")
    if not text:
        return []
    if name == "mo" and len(text) > 1 and not text.isalpha():
        text = _BRACES.get(text[0]) or _wide(text) or (text if _is_plain(text) else tall(text))
    if name == "mi" and len(text) == 1 and text.isascii() and text.isupper() and not named:
        begins = _BEGINNING.match(outline)
        variant = _CAPITALS.get(",".join(begins.groups()), "") if begins else ""
        if not variant:
            raise Unreadable("an outline that may be a calligraphic letter")
    return [leaf_of(name, text, variant)]


def _wide(text: str) -> str:
    """Return the sign that is drawn of pieces side by side; "" where none is."""
    ends = set(text) - set("−-–⎯¯_") or set(text)
    if ends == {"←", "→"}:  # either a double arrow, or a single one made of both
        raise Unreadable("an arrow of two heads or one")
    return ends.pop() if len(ends) == 1 and ends <= _STRETCHED else ""


_STRETCHED = frozenset("→←⇒⇐⇌⏞⏟⎴⎵¯‾~˜ˆ̂̃⃗")


def _is_plain(text: str) -> bool:
    return not any("\u239b" <= char <= "\u23b7" or char in "∣∥⏐" for char in text)

"""MathJax 2's CommonHTML -> MathML: classes say what a span is, fonts what its letters are."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from cleaner.web.formulas.drawn import Unreadable, element, row, scripted, tall
from cleaner.web.formulas.mathjax_chtml import leaf_of

_FONT = re.compile(r"MJXc-TeX-([a-z]+\d?)-([A-Z]+)")
_FONTS = {
    "main-B": "bold", "math-BI": "bold-italic", "main-I": "italic", "cal-R": "script",
    "cal-B": "bold-script", "script-R": "script", "frak-R": "fraktur", "frak-B": "bold-fraktur",
    "sans-R": "sans-serif", "sans-B": "bold-sans-serif", "sans-I": "sans-serif-italic",
    "type-R": "monospace", "ams-R": "double-struck",
}  # fmt: skip
_LEAVES = frozenset(str.split("mi mn mo mtext ms"))
_NOTHING = frozenset(str.split("surd strut vsize line lbox spacer phantom"))
_GROUPS = frozenset(str.split("mrow texatom mstyle mpadded block box math op base cell sup sub "
                              "over under numerator denominator root TeXmathchoice"))  # fmt: skip
_ALIGN = re.compile(r"text-align:\s*(left|right)")
_BRACES = {"\ue150": "⏞", "\ue152": "⏟"}


def common_row(math: Any) -> list[Any]:
    """Return the elements of MathML for what stands in an `mjx-math`."""
    return _row(math)


def _name(node: Any) -> str:
    """Return what MathJax calls a span; "" for one of no name."""
    for name in (node.get("class") or "").split():
        if name.startswith("mjx-"):
            return name[4:]
    return ""


def _row(node: Any) -> list[Any]:
    return [made for child in node for made in _element(child)]


def _element(node: Any) -> list[Any]:
    name = _name(node)
    if name in _NOTHING:
        return []
    if name in _LEAVES:
        return _leaf(node, name)
    if name in _READERS:
        return [_READERS[name](node)]
    if name == "mspace":
        return []
    if name not in _GROUPS and node.get("class"):
        raise Unreadable(f"a span {name or node.get('class') or node.tag!r}")
    inside = _row(node)
    return [row(inside)] if inside else []


def _inside(node: Any, wanted: frozenset[str]) -> Iterator[Any]:
    """Yield the spans of some names in a span, not those in its parts."""
    for child in node:
        if _name(child) in wanted:
            yield child
        elif _name(child) in _BETWEEN:
            yield from _inside(child, wanted)


_BETWEEN = frozenset(["", *str.split("stack itable row cell table box block")])


def _scripts(node: Any) -> Any:
    parts: dict[str, Any] = {}
    for part in _inside(node, frozenset(str.split("base op sup sub over under"))):
        if _name(part) in parts:
            raise Unreadable("two scripts at one place")
        parts[_name(part)] = row(_row(part))
    what = parts.pop("op", None)
    limits = what is not None
    what = parts.pop("base", None) if what is None else what
    lower, upper = parts.get("sub", parts.get("under")), parts.get("sup", parts.get("over"))
    if what is not None and len(node) == 1 and not (limits or parts):
        return what  # the scripts are empty
    if what is None or (lower is None and upper is None):
        raise Unreadable("scripts of unknown make")
    return scripted(what, lower, upper, limits)


def _fraction(node: Any) -> Any:
    parts = list(_inside(node, frozenset(["numerator", "denominator"])))
    if [_name(part) for part in parts] != ["numerator", "denominator"]:
        raise Unreadable("a fraction of unknown make")
    lines = list(_inside(node, frozenset(["line"])))
    attributes = {} if lines else {"linethickness": "0"}
    return element("mfrac", *(row(_row(part)) for part in parts), **attributes)


def _root(node: Any) -> Any:
    index = next((child for child in node if _name(child) == "root"), None)
    frame = next((child for child in node if _name(child) == "box"), None)
    body = (
        next((child for child in frame if _name(child) == "box"), None)
        if frame is not None
        else None
    )
    if body is None:
        raise Unreadable("a root of unknown make")
    if index is None:
        return element("msqrt", row(_row(body)))
    return element("mroot", row(_row(body)), row(_row(index)))


def _enclosed(node: Any) -> Any:
    box = next((child for child in node.iter() if _name(child) == "box"), None)
    if box is None or "border" not in (box.get("style") or "") or list(node.iter("svg")):
        raise Unreadable("an enclosure of unknown make")
    return element("menclose", *_row(box), notation="box")


def _table(node: Any) -> Any:
    made = element("mtable")
    styles: list[list[str]] = []
    for line in _inside(node, frozenset(["mtr", "mlabeledtr"])):
        cells = [cell for cell in line if _name(cell) == "mtd"]
        made.append(element("mtr", *(element("mtd", *_row(cell)) for cell in cells)))
        styles.append([cell.get("style") or "" for cell in cells])
    first = max(styles, key=len, default=[])
    align = [found[1] if (found := _ALIGN.search(style)) else "center" for style in first]
    if set(align) - {"center"}:
        made.set("columnalign", " ".join(align))
    columns = [
        "border-right" in style or "border-left" in after for style, after in pairwise(first)
    ]
    lines = [
        any("border-bottom" in style for style in above)
        or any("border-top" in style for style in line)
        for above, line in pairwise(styles)
    ]
    for name, drawn in (("columnlines", columns), ("rowlines", lines)):
        if any(drawn):
            made.set(name, " ".join("solid" if each else "none" for each in drawn))
    return made


_READERS = {
    **dict.fromkeys(["msubsup", "munderover", "munder", "mover", "msub", "msup"], _scripts),
    "mfrac": _fraction, "msqrt": _root, "mroot": _root, "mtable": _table, "menclose": _enclosed,
}  # fmt: skip


def _leaf(node: Any, name: str) -> list[Any]:
    text, variants = "", set()
    pieces = False
    for each in node.iter():
        kind = _name(each)
        if kind in ("char", "charbox"):
            piece = each.text or ""
            text += piece
            font = _FONT.search(each.get("class") or "")
            if piece.strip():
                variants.add(_variant("-".join(font.groups()) if font else "", piece))
        elif kind.startswith("delim"):
            pieces = True
        elif kind != name:
            raise Unreadable(f"a span {kind!r} in a sign")
    if not text:
        return []
    text = unicodedata.normalize("NFC", text)  # a relation and the stroke through it
    if pieces or (name == "mo" and len(text) > 1 and not text.isalpha()):
        text = _whole(text, pieces)
    if len(variants) > 1:
        raise Unreadable("letters of two fonts")
    variant = variants.pop() if variants else ""
    return [leaf_of(name, text, "" if name == "mo" else variant)]


def _variant(font: str, text: str) -> str:
    if font == "ams-R" and not (text.isascii() and text.isalpha()):
        return ""  # its other signs are no letters
    if font == "main-R" and len(text) == 1 and text.isascii() and text.isalpha():
        return "normal"
    return _FONTS.get(font, "")


def _whole(text: str, pieces: bool) -> str:
    """Return the sign that some pieces make."""
    if text[0] in _BRACES:
        return _BRACES[text[0]]
    signs = set(text) - set(" \n\u00a0\u200b")
    if len(signs) == 1 and signs <= _REPEATED:
        return signs.pop()
    ends = signs - set("−-–")
    if ends == {"←", "→"}:
        return "↔"
    if len(ends) == 1 and ends <= _REPEATED:
        return ends.pop()
    return text if not pieces and signs <= _PLAIN else tall(text)


_REPEATED = frozenset("¯‾–ˉ→←⇒⇐⏞⏟")
_PLAIN = frozenset("=:<>!+-|.,*/′↑↓")  # two arrows side by side are no tall one

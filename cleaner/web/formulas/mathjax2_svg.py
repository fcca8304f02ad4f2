"""MathJax 2's SVG -> MathML, as far as it goes: signs in a row with scripts of one row.

Nothing says there what a thing is, only which signs are drawn and where. Lines, stretched signs,
accents and all else that is not set on the line or as a script make a formula unreadable.
"""

import re
from typing import Any

from cleaner.web.formulas.drawn import Unreadable, leaf, row, scripted
from cleaner.web.formulas.mathjax_chtml import leaf_of
from cleaner.web.mathml.symbols import LIMITS

_SIGN = re.compile(r"MJ([A-Z0-9]+)-([0-9A-F]{1,6})$")
_MOVE = re.compile(r"translate\(\s*(-?[\d.]+)[ ,]+(-?[\d.]+)\s*\)")
_SMALL = re.compile(r"scale\(0\.(?:707|5|574)\)")
_FONTS = {
    "MATHI": "", "MAIN": "normal", "MAINB": "bold", "MATHBI": "bold-italic", "CAL": "script",
    "SCR": "script", "FRAK": "fraktur", "SS": "sans-serif", "TYPEWRITER": "monospace",
    "AMS": "double-struck", "MAINI": "italic",
}  # fmt: skip
# Thousandths of an em: what is nearer is no script, and what is farther only a bound of a sum.
_LOW, _HIGH, _HIGHEST = 60.0, 900.0, 2_500.0
_SIZES = frozenset(["SZ1", "SZ2", "SZ3", "SZ4"])
_BRACKETS = frozenset("()[]{}⟨⟩⌊⌋⌈⌉")
_STACKED = frozenset("^ˆ~˜¯ˉ˙¨ˇ˘´`˚⃗_‾")  # accents, whose letter is drawn beneath them


def positioned_row(svg: Any) -> list[Any]:
    """Return the elements of MathML for the signs of a formula, which stand in one group."""
    groups = [child for child in svg if child.tag == "g"]
    if len(groups) != 1:
        raise Unreadable("no formula of one row")
    return _line(groups[0])


def _line(group: Any) -> list[Any]:
    parts: list[Any] = []
    scripts: dict[bool, Any] = {}  # upper or not -> what stands there, of the last of the parts
    place = float("-inf")
    for child in group:
        moved = child.get("transform") or ""
        small = _SMALL.search(moved) is not None
        x, y = _position(child, moved)
        if small:
            _attach(parts, scripts, y, _row_of(child))
            continue
        if moved and not _MOVE.fullmatch(moved.strip()):
            raise Unreadable("a stretched sign")
        if abs(y) > 1 or x < place:
            raise Unreadable("a sign beside the line")
        scripts.clear()
        place = x
        parts += _row_of(child)
    return parts


def _position(node: Any, moved: str) -> tuple[float, float]:
    move = _MOVE.search(moved)
    x, y = (float(move[1]), float(move[2])) if move else (0.0, 0.0)
    return x + float(node.get("x") or 0), y + float(node.get("y") or 0)


def _attach(parts: list[Any], scripts: dict[bool, Any], y: float, what: list[Any]) -> None:
    if not parts or not what:
        raise Unreadable("a small sign at nothing")
    upper = y > 0
    body = parts[-1] if not scripts else parts[-1][0]
    highest = _HIGHEST if body.tag == "mo" and body.text in LIMITS else _HIGH
    if upper in scripts or not _LOW < abs(y) < highest:
        raise Unreadable("a small sign that is no script")
    scripts[upper] = row(what)
    parts[-1] = scripted(body, scripts.get(False), scripts.get(True), limits=False)


def _row_of(node: Any) -> list[Any]:
    if node.tag == "g":
        return _line(node)
    found = _SIGN.search(node.get("href") or "")
    if node.tag != "use" or found is None:
        raise Unreadable(f"a <{node.tag}> that is no sign")
    char = chr(min(int(found[2], 16), 0x10FFFF))
    if found[1] in _SIZES and (char in LIMITS or char in _BRACKETS):
        return [leaf_of("mo", char)]
    if found[1] not in _FONTS:
        raise Unreadable("a sign of unknown size")
    if char in _STACKED:
        raise Unreadable("an accent")
    if char.isdecimal():
        return [leaf("mn", char)]
    if char.isalpha():
        greek = not char.isascii() and found[1] == "MAIN"
        return [leaf_of("mi", char, "" if greek else _FONTS[found[1]])]
    return [leaf_of("mo", char)]

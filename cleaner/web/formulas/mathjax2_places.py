"""Where a sign or a group stands in MathJax 2's SVG, how far it reaches, and how large it is."""

import re
from functools import lru_cache
from typing import Any, NamedTuple

from cleaner.web.formulas.drawn import Unreadable

_GLYPH = re.compile(r"MJ([A-Z]+\d?)-([0-9A-F]{1,6})$")
_MOVE = re.compile(r"translate\(\s*(-?[\d.]+)(?:[ ,]+(-?[\d.]+))?\s*\)")
_SCALE = re.compile(r"scale\(\s*(-?[\d.]+)(?:[ ,]+(-?[\d.]+))?\s*\)")
_STEP = re.compile(r"([A-Za-z])([^A-Za-z]*)")
_NUMBER = re.compile(r"-?[\d.]+")
_USUAL = 550.0  # thousandths of an em: a letter whose outline is elsewhere
_WORDS = 71.759  # how MathJax scales the letters of other fonts
_LETTER = 932.0  # how far apart it sets them


class Place(NamedTuple):
    """Where something stands in its group, in thousandths of an em; its largest sign's size."""

    left: float
    right: float
    y: float
    size: float


def glyph(node: Any) -> tuple[str, str]:
    """Return the font and the character of a sign."""
    found = _GLYPH.search(node.get("href") or "")
    if found is None:
        raise Unreadable("a sign without its name")
    return found[1], chr(min(int(found[2], 16), 0x10FFFF))


def place(node: Any) -> Place:
    """Return where an element stands."""
    x, y, across, size = _transform(node)
    if node.tag == "use":
        x, y = x + across * float(node.get("x") or 0), y + size * float(node.get("y") or 0)
        return Place(x, x + across * float(node.get("width") or _USUAL), y, size)
    if node.tag == "text":
        size /= _WORDS
        return Place(x, x + size * _LETTER * len(node.text or ""), y, size)
    inner = [place(child) for child in node if child.tag in ("g", "use", "text")]
    left = min((one.left for one in inner), default=0.0)
    right = max((one.right for one in inner), default=0.0)
    largest = max((one.size for one in inner), default=1.0)
    return Place(x + across * left, x + across * right, y, size * largest)


def _transform(node: Any) -> tuple[float, float, float, float]:
    """Return how far an element is moved, and scaled across and down."""
    told = node.get("transform")
    if not told:
        return 0.0, 0.0, 1.0, 1.0
    move, scale = _MOVE.search(told), _SCALE.search(told)
    x, y = (float(move[1]), float(move[2] or 0)) if move else (0.0, 0.0)
    across = float(scale[1]) if scale else 1.0
    if scale and scale[2] is not None:  # a piece that is stretched one way is as large as others
        return x, y, across, 1.0
    return x, y, across, across


def measure(svg: Any) -> None:
    """Set at every sign how far to the right it reaches, where its outline is at hand."""
    outlines = {path.get("id"): path.get("d") for path in svg.iter("path")}
    for sign in svg.iter("use"):
        if outline := outlines.get((sign.get("href") or "").removeprefix("#")):
            sign.set("width", str(_reach(outline)))


@lru_cache(maxsize=2048)  # the outlines of one font
def _reach(outline: str) -> float:
    right = 0.0
    for step, numbers in _STEP.findall(outline):
        values = [float(one) for one in _NUMBER.findall(numbers)]
        across = values if step == "H" else values[::2] if step in "MLQTC" else []
        right = max([right, *across])
    return right or _USUAL

"""Where a sign or a group stands in MathJax 2's SVG, how far it reaches, and how large it is."""

import re
from dataclasses import dataclass, replace
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
_SEEN = frozenset(["g", "use", "text"])
_PASSED = frozenset(["defs", "title", "desc", "style"])


class Place(NamedTuple):
    """Where something stands in its group, in thousandths of an em; its largest sign's size."""

    left: float
    right: float
    y: float
    size: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """An element of a drawing."""

    tag: str
    place: Place
    parts: tuple["Drawn", ...] = ()  # of a group
    font: str = ""  # of a sign
    char: str = ""
    begins: bool = False  # a word or a number: what follows in it has a place, the first has none
    text: str = ""
    framed: bool = False  # a rectangle that is no bar
    ends: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)  # of a line: x1, x2, y1, y2
    signs: str | None = None  # all signs of a group; None where anything else is in it
    scaled: bool = False

    def on_line(self) -> "Drawn":
        """Return the element where it would stand alone on a line."""
        width = self.place.right - self.place.left
        return replace(self, place=Place(0.0, width, 0.0, 1.0))


def read_drawing(svg: Any) -> tuple[Drawn, ...]:
    """Return the groups of a drawing."""
    outlines = {path.get("id") or "": path.get("d") or "" for path in svg.iter("path")}
    try:
        return tuple(_read(child, outlines) for child in svg if child.tag == "g")
    except ValueError as wrong:
        raise Unreadable(f"a place that is no number: {wrong}") from wrong


def _read(node: Any, outlines: dict[str, str]) -> Drawn:
    told = node.get("transform") or ""
    x, y, across, size = _transform(told)
    if node.tag == "use":
        link = (node.get("href") or "").removeprefix("#")
        found = _GLYPH.search(link)
        if found is None:
            raise Unreadable("a sign without its name")
        left = x + across * float(node.get("x") or 0)
        outline = outlines.get(link)
        right = left + across * (_reach(outline) if outline else _USUAL)
        where = Place(left, right, y + size * float(node.get("y") or 0), size)
        char = chr(min(int(found[2], 16), 0x10FFFF))
        begins = node.get("x") is None
        return Drawn("use", where, font=found[1], char=char, begins=begins, signs=char)
    if node.tag == "text":
        text, size = node.text or "", size / _WORDS
        return Drawn("text", Place(x, x + size * _LETTER * len(text), y, size), text=text)
    if node.tag != "g":
        ends = (_float(node, "x1"), _float(node, "x2"), _float(node, "y1"), _float(node, "y2"))
        framed = node.get("fill") == "none"
        return Drawn(node.tag, Place(x, x, y, size), framed=framed, ends=ends)
    parts = tuple(_read(child, outlines) for child in node if child.tag not in _PASSED)
    inner = [part.place for part in parts if part.tag in _SEEN]
    left = min((one.left for one in inner), default=0.0)
    right = max((one.right for one in inner), default=0.0)
    largest = max((one.size for one in inner), default=1.0)
    signs: str | None = ""
    for part in parts:
        signs = None if signs is None or part.signs is None else signs + part.signs
    where = Place(x + across * left, x + across * right, y, size * largest)
    return Drawn("g", where, parts, signs=signs, scaled="scale" in told)


def _float(node: Any, name: str) -> float:
    return float(node.get(name) or 0)


def _transform(told: str) -> tuple[float, float, float, float]:
    """Return how far an element is moved, and scaled across and down."""
    if not told:
        return 0.0, 0.0, 1.0, 1.0
    move, scale = _MOVE.search(told), _SCALE.search(told)
    x, y = (float(move[1]), float(move[2] or 0)) if move else (0.0, 0.0)
    across = float(scale[1]) if scale else 1.0
    if scale and scale[2] is not None:  # a piece that is stretched one way is as large as others
        return x, y, across, 1.0
    return x, y, across, across


@lru_cache(maxsize=2048)  # the outlines of one font
def _reach(outline: str) -> float:
    """Return how far to the right an outline reaches."""
    right = 0.0
    for step, numbers in _STEP.findall(outline):
        values = [float(one) for one in _NUMBER.findall(numbers)]
        across = values if step == "H" else values[::2] if step in "MLQTC" else []
        right = max([right, *across])
    return right or _USUAL

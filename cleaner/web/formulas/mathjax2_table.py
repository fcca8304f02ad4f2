"""Tables in MathJax 2's SVG: groups of columns, each a group of cells one above the other."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from cleaner.web.formulas.drawn import Unreadable, element
from cleaner.web.formulas.mathjax2_places import Drawn, Place

_ROW = 25.0  # thousandths of an em: cells nearer than that are of one row
_OFF = 1.5  # a row of a table hardly ever stands on the line itself
_EDGE = 30.0  # by so much letters may reach over their width
_MIDDLE = 80.0  # where the only row of a table stands
_CLOSE = 450.0  # columns nearer than that are set at their signs
_OTHER, _SHARE = 60.0, 0.3  # edges that differ so are not aligned; those that are differ less


Cell = tuple[Place, Drawn]


def columns(node: Drawn) -> list[list[Cell]]:
    """Return the cells of each column of a table; [] where a group is none."""
    found: list[list[Cell]] = []
    end = float("-inf")
    for child in node.parts:
        if child.tag == "line" or (child.tag == "rect" and child.framed):
            continue
        cells = _cells(child)
        if child.tag == "rect" or not cells or min(where.left for where, _ in cells) < end:
            return []
        end = max(where.right for where, _ in cells) - _EDGE
        found.append(cells)
    alone = len(found) == 1 and len(found[0]) == 1 and not _OFF < -found[0][0][0].y < _MIDDLE
    return [] if alone else found


def _cells(node: Drawn) -> list[Cell]:
    """Return the cells of a column; one that has a single cell may be drawn as that."""
    around = node.place
    if abs(around.y) > _OFF:
        return [(around, node)]
    if (
        node.tag != "g"
        or not node.parts
        or not all(child.tag in ("g", "use", "text") for child in node.parts)
    ):
        return []
    x = around.left - min((child.place.left for child in node.parts), default=0.0)
    cells = []
    for child in node.parts:
        where = child.place
        cells.append((where._replace(left=x + where.left, right=x + where.right), child))
    heights = sorted(where.y for where, _ in cells)
    apart = all(high - low > 2 * _ROW for low, high in pairwise(heights))
    sizes = {where.size for where, _ in cells}
    above = max(where.left for where, _ in cells) <= min(where.right for where, _ in cells) + _EDGE
    off = [abs(height) > _OFF for height in heights]
    alike = all(off) or (any(off) and len(sizes) == 1)  # else it may be a letter and its script
    return cells if apart and above and alike else []


def table(node: Drawn, cells: Sequence[list[Cell]], read: Callable[[Drawn], list[Any]]) -> Any:
    """Return the table of some columns, each cell read by `read`."""
    heights: list[float] = []
    for height in sorted((where.y for column in cells for where, _ in column), reverse=True):
        if not heights or heights[-1] - height > _ROW:
            heights.append(height)
    made = element("mtable")
    for height in heights:
        line = element("mtr")
        for column in cells:
            cell = next((each for where, each in column if abs(where.y - height) <= _ROW), None)
            line.append(element("mtd", *(read(cell) if cell is not None else [])))
        while len(line) > 1 and not len(line[-1]):
            line.remove(line[-1])  # a row may be shorter than the others
        made.append(line)
    inner = [[where for where, _ in column] for column in cells]
    align, spacing = _aligned(inner)
    made.set("columnspacing", spacing)
    if set(align) - {"center"}:
        made.set("columnalign", " ".join(align))
    _ruled(made, node, [min(where.left for where in column) for column in inner], heights)
    return made


def _aligned(cells: Sequence[Sequence[Place]]) -> tuple[list[str], str]:
    """Return how the columns are aligned, and the space between the first two."""
    close = [
        min(where.left for where in after) - max(where.right for where in before) < _CLOSE
        for before, after in pairwise(cells)
    ]
    if close and all(close[::2]):
        return (["right", "left"] * len(cells))[: len(cells)], "0em"
    return [_side(column) for column in cells], "1em"


def _side(column: Sequence[Place]) -> str:
    left, right = ([where[edge] for where in column] for edge in (0, 1))
    starts, ends = max(left) - min(left), max(right) - min(right)
    if ends > _OTHER and starts < _SHARE * ends:
        return "left"
    return "right" if starts > _OTHER and ends < _SHARE * starts else "center"


def _ruled(made: Any, node: Drawn, starts: Sequence[float], heights: Sequence[float]) -> None:
    """Set the lines of a table: between columns, between rows, around it."""
    sides: set[str] = set()
    between = {
        "columnlines": ["none"] * (len(starts) - 1),
        "rowlines": ["none"] * (len(heights) - 1),
    }
    for line in node.parts:
        if line.tag == "rect" and line.framed:
            sides.update(("left", "right", "top", "bottom"))
        elif line.tag == "rect":
            raise Unreadable("a bar in a table")
        elif line.tag == "line":
            where, ends = line.place, line.ends
            if ends[0] == ends[1]:
                at = sum(start < where.left + ends[0] for start in starts)
                name, edges = "columnlines", ("left", "right")
            elif ends[2] == ends[3]:
                at = sum(height > where.y + ends[2] for height in heights)
                name, edges = "rowlines", ("top", "bottom")
            else:
                raise Unreadable("a line across a table")
            if 0 < at <= len(between[name]):
                between[name][at - 1] = "solid"
            else:
                sides.add(edges[at > 0])
    for name, lines in between.items():
        if "solid" in lines:
            made.set(name, " ".join(lines))
    if sides:
        made.set("data-sides", " ".join(sorted(sides)))

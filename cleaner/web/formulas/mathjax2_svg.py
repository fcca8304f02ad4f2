"""MathJax 2's SVG -> MathML: which signs are drawn, where, and how large, tells what they are.

A part that begins where its row begins is drawn into the row, any other into a group of its own. So
an accent, a script, a brace or a stroke belongs to all that stands before it in its group.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from cleaner.web.formulas.drawn import (
    Unreadable,
    element,
    leaf,
    negated,
    row,
    scripted,
    struck,
    tall,
)
from cleaner.web.formulas.mathjax2_places import Drawn, Place, read_drawing
from cleaner.web.formulas.mathjax2_table import columns, table
from cleaner.web.formulas.mathjax_chtml import leaf_of
from cleaner.web.mathml.symbols import FUNCTIONS, LIMITS

_FONTS = {
    "MATHI": "", "MAIN": "normal", "MAINB": "bold", "MATHBI": "bold-italic", "CAL": "script",
    "CALB": "bold-script", "SCR": "script", "FRAK": "fraktur", "FRAKB": "bold-fraktur",
    "SS": "sans-serif", "SSB": "bold-sans-serif", "SSI": "sans-serif-italic",
    "TT": "monospace", "AMS": "double-struck", "MAINI": "italic",
}  # fmt: skip
_SIZES = frozenset(["SZ1", "SZ2", "SZ3", "SZ4"])
_BRACKETS = frozenset("()[]{}⟨⟩⌊⌋⌈⌉/\\|∣‖∥")
_ROOT = frozenset("√⎷\ue001")
_ACCENTS = frozenset("^ˆ\u0302~˜\u0303¯ˉ˙¨ˇ˘´ˊ`ˋ˚\u20d7\u20db")
_LINES = frozenset("¯ˉ–−_‾⎯")
_ARROWS = frozenset("←→⇐⇒↼⇀↽⇁↞↠")
_BRACES = frozenset("\ue150\ue151\ue152\ue153\ue154")
_TALL = frozenset("⎛⎜⎝⎞⎟⎠⎡⎢⎣⎤⎥⎦⎧⎨⎩⎪⎫⎬⎭⏐∣∥‖|⌊⌋⌈⌉↑↓⎰⎱\ue000\ue001⎷")
_ACROSS = _LINES | _ARROWS | frozenset("=")
_STROKE = "\u0338"
# Thousandths of an em.
_FULL = 0.9  # of a sign on the line: what stands off the line in a smaller row is a script
_LOW = 60.0  # what is nearer to the line is no script
_HIGHEST = 1_000.0  # scripts of a letter or number are nearer than that
_BESIDE = 100.0  # what is nearer to the middle of its base stands over it
_APART = 1_250.0  # pieces of one bracket are nearer to each other than rows of a table
_SPACE = 250.0
_GAP = 160.0  # what is farther from the letter before it is another word; f reaches over its width


class _Row:
    """One row while it is read: what has been read, and the scripts of its last part."""

    def __init__(self) -> None:
        self.parts: list[Any] = []
        self.places: list[Place] = []
        self.body: list[Any] = []  # while scripts come: what they stand at
        self.scripts: dict[tuple[bool, bool], Any] = {}  # (upper, over) -> what stands there
        self.edge = 0.0  # how far the last script reaches
        self.index: Any = None  # of a root that follows
        self.negated = False

    def add(self, part: Any, where: Place) -> None:
        """Append a part of the row."""
        self.scripts.clear()
        if self.negated:
            if part.tag != "mo" or len(part.text or "") != 1:
                raise Unreadable("a stroke through no sign")
            part, self.negated = leaf("mo", negated(part.text)), False
        if part.tag == "mtext" and self.parts and self.parts[-1].tag == "mtext":
            self.parts[-1].text += part.text
        else:
            self.parts.append(part)
        self.places.append(where)

    def over_all(self, make: Callable[[Any], Any]) -> None:
        """Put something at all that has been read."""
        if not self.parts or self.negated:
            raise Unreadable("a sign at nothing")
        self.scripts.clear()
        self.parts = [make(row(self.parts))]

    def script(self, what: Any, where: Place, near: float) -> None:
        """Set a script, or what stands over or under, at all that has been read.

        `near` is how near to the line it comes.
        """
        if not self.parts or self.negated:
            raise Unreadable("a small sign at nothing")
        if (where.y > 0) in {upper for upper, _ in self.scripts} and where.left > self.edge - 1:
            self.scripts.clear()  # a script of what has scripts
        if not self.scripts:
            self.body = self.parts
        middle = (min(p.left for p in self.places) + max(p.right for p in self.places)) / 2
        over = abs((where.left + where.right) / 2 - middle) < _BESIDE
        if len(self.body) == 1 and self.body[0].tag == "mo" and self.body[0].text in LIMITS:
            over = False  # limits beside or above it are written in one way
        if not over and near > _HIGHEST and self.body[0].tag in ("mi", "mn"):
            raise Unreadable("a small sign far from its letter")
        upper = where.y > 0
        if (upper, over) in self.scripts or {kind for _, kind in self.scripts} - {over}:
            raise Unreadable("scripts of two kinds")
        self.scripts[upper, over] = what
        self.edge = where.right
        made = scripted(
            row(self.body), self.scripts.get((False, over)), self.scripts.get((True, over)), over
        )
        self.parts = [made]


def positioned_row(svg: Any) -> list[Any]:
    """Return the elements of MathML for the signs of a formula, which stand in one group."""
    groups = read_drawing(svg)
    if len(groups) != 1:
        raise Unreadable("no formula of one row")
    return _line(groups[0].parts)


def _line(nodes: Sequence[Drawn]) -> list[Any]:
    fraction = _fraction(nodes)
    if fraction is not None:
        return [fraction]
    level = max((node.place.size for node in nodes), default=1.0)
    line = _Row()
    at = 0
    while at < len(nodes):
        at = _next(line, nodes, at, level)
    if line.negated or line.index is not None:
        raise Unreadable("a stroke or an index at nothing")
    return line.parts


def _next(line: _Row, nodes: Sequence[Drawn], at: int, level: float) -> int:
    """Read what stands at a place of a row; return the place after it."""
    node = nodes[at]
    where = node.place
    if node.tag in ("line", "rect"):
        return _strokes(line, nodes, at)
    if _is_root(node):
        if at + 2 >= len(nodes) or nodes[at + 1].tag != "rect":
            raise Unreadable("a root of unknown make")
        body = row(_part(nodes[at + 2]))
        index, line.index = line.index, None
        made = element("msqrt", body) if index is None else element("mroot", body, index)
        line.add(made, nodes[at + 2].place)
        return at + 3
    pieces = _pieces(node)
    if pieces and (not _LINES.issuperset(pieces) or _covers(line, where)):
        _assembled(line, pieces, where)
        return at + 1
    small = where.size < 0.9 * level or (level < _FULL and not _is_accent(line, node))
    small = small or _is_boxed(node)  # MathJax draws them in scripts as large as elsewhere
    if small and abs(where.y) > _LOW:
        what = row(_part(node))
        if not line.parts and at + 1 < len(nodes) and _is_root(nodes[at + 1]):
            line.index = what
        else:
            line.script(what, where, _near(node))
        return at + 1
    if node.tag == "use":
        return _sign(line, nodes, at)
    if node.tag == "text":
        if abs(where.y) > 1:
            raise Unreadable("words beside the line")
        line.add(leaf("mtext", node.text), where)
        return at + 1
    if node.tag != "g":
        raise Unreadable(f"a <{node.tag}> that is no sign")
    if abs(where.y) > 1:
        raise Unreadable("a part beside the line")
    inside = _part(node)
    if inside:
        line.add(row(inside), where)
    return at + 1


def _part(node: Drawn) -> list[Any]:
    """Return what one element of a row is, its place apart."""
    if node.tag != "g":
        return _line([node.on_line()])
    if pieces := _pieces(node):
        return [leaf("mo", tall(pieces))]
    if found := columns(node):
        return [table(node, found, _part)]
    return _part(node.parts[0]) if len(node.parts) == 1 else _line(node.parts)


def _fraction(nodes: Sequence[Drawn]) -> Any:
    """Return the fraction or the pair that some elements are; None where they are neither."""
    ruled = len(nodes) == 3 and nodes[0].tag == "rect"
    if not ruled and len(nodes) != 2:
        return None
    above, below = nodes[-2:]
    if not {above.tag, below.tag} <= {"g", "use", "text"}:
        return None
    high, low = above.place, below.place
    if not (high.y > _LOW and low.y < -_LOW) or (not ruled and high.size != low.size):
        return None
    attributes = {} if ruled else {"linethickness": "0"}
    return element("mfrac", row(_part(above)), row(_part(below)), **attributes)


def _is_root(node: Drawn) -> bool:
    if node.tag == "use":
        return node.char in _ROOT
    return not _ROOT.isdisjoint(_pieces(node))


def _pieces(node: Drawn) -> str:
    """Return the signs of a group that are the pieces of one; "" where there is any other."""
    if node.tag != "g":
        return ""
    signs = node.signs or ""
    if len(signs) < 2:
        return ""
    heights = [part.place.y for part in node.parts]
    if _BRACES.issuperset(signs) or (_ACROSS.issuperset(signs) and max(heights) - min(heights) < 1):
        return signs
    joined = all(1 < abs(one - other) < _APART for one, other in pairwise(heights))
    scaled = any(part.scaled for part in node.parts)
    return signs if _TALL.issuperset(signs) and (joined or scaled) else ""


def _is_boxed(node: Drawn) -> bool:
    return sum(part.tag == "line" for part in node.parts) == 4


def _near(node: Drawn) -> float:
    """Return how near to the line what stands above or below it comes: a table reaches far."""
    side = 1 if node.place.y > 0 else -1
    return side * node.place.y + min(_within(node, side), default=0.0)


def _within(node: Drawn, side: int) -> Iterator[float]:
    for part in node.parts:
        if part.tag in ("g", "use", "text"):
            yield side * part.place.y + min(_within(part, side), default=0.0)


def _covers(line: _Row, where: Place) -> bool:
    """Say whether something begins over or under what was read, not beside it."""
    return bool(line.parts) and where.left < max(one.right for one in line.places) - 1


def _is_accent(line: _Row, node: Drawn) -> bool:
    """Say whether a sign is an accent over what was read."""
    combining = "\u20d0" <= node.char <= "\u20ff"
    return node.char in _ACCENTS and (combining or _covers(line, node.place))


def _assembled(line: _Row, pieces: str, where: Place) -> None:
    signs = set(pieces)
    if signs <= _TALL:
        line.add(leaf("mo", tall(pieces)), where)
    elif signs <= _BRACES:
        sign, tag = ("⏞", "mover") if pieces[0] == "\ue150" else ("⏟", "munder")
        if (tag == "mover") != (where.y > 0):
            raise Unreadable("a brace of unknown make")
        line.over_all(lambda body: element(tag, body, leaf("mo", sign)))
    else:
        _level(line, signs, where)


def _level(line: _Row, signs: set[str], where: Place) -> None:
    """Read a line or an arrow: over what was read, under it, or between two things."""
    arrows = signs & _ARROWS
    if len(arrows) > 1 and arrows != {"←", "→"}:
        raise Unreadable("an arrow of unknown make")
    sign = "↔" if len(arrows) > 1 else next(iter(arrows), "")
    if abs(where.y) < _LOW:
        if not sign:
            raise Unreadable("a line of unknown meaning")
        line.add(leaf("mo", sign), where)
    elif where.y > 0:
        line.over_all(lambda body: element("mover", body, leaf("mo", sign or "‾")))
    else:
        line.over_all(lambda body: element("munder", body, leaf("mo", sign or "_")))


def _strokes(line: _Row, nodes: Sequence[Drawn], at: int) -> int:
    """Read the box around what was read, or the strokes through it."""
    end = at
    while end < len(nodes) and nodes[end].tag == nodes[at].tag:
        end += 1
    if nodes[at].tag == "rect":
        if end - at != 1 or not nodes[at].framed:
            raise Unreadable("a bar of unknown meaning")
        line.over_all(lambda body: element("menclose", body, notation="box"))
        return end
    ends = [each.ends for each in nodes[at:end]]
    slanted = [x1 != x2 and y1 != y2 for x1, x2, y1, y2 in ends]
    rising = [(x1 < x2) == (y1 < y2) for x1, x2, y1, y2 in ends]
    if all(slanted):
        notation = struck(any(rising), not all(rising))
    elif len(ends) == 4 and not any(slanted):
        notation = "box"
    else:
        raise Unreadable("a line of unknown meaning")
    line.over_all(lambda body: element("menclose", body, notation=notation))
    return end


def _sign(line: _Row, nodes: Sequence[Drawn], at: int) -> int:
    """Read a sign on the line, or the word or number that begins with it."""
    font, char, where = nodes[at].font, nodes[at].char, nodes[at].place
    if char == _STROKE:
        after = at > 0 and nodes[at - 1].begins and not nodes[at].begins
        if after and line.parts and line.parts[-1].tag == "mo":
            line.parts[-1].text = negated(line.parts[-1].text)
        else:
            line.negated = True
        return at + 1
    if _is_accent(line, nodes[at]):
        if char in _LINES and where.y < -_LOW:
            _level(line, {char}, where)
        else:
            accent = "→" if char == "\u20d7" else char
            line.over_all(lambda body: element("mover", body, leaf("mo", accent), accent="true"))
        return at + 1
    end = _pieced(nodes, at)
    if end > at + 1:
        _level(line, {one.char for one in nodes[at:end]}, _spanning(nodes[at:end]))
        return end
    if abs(where.y) > _LOW and (char in _LINES or char in _ARROWS):
        _level(line, {char}, where)
        return at + 1
    if font in _SIZES:
        if char not in LIMITS and char not in _BRACKETS:
            raise Unreadable("a sign of unknown size")
        line.add(leaf_of("mo", char), where)
        return at + 1
    if abs(where.y) > 1 or font not in _FONTS:
        raise Unreadable(f"{char!r} of {font} beside the line, or of an unknown font")
    if line.places and where.left < line.places[-1].left - 1:
        raise Unreadable("a sign drawn over another")
    end, text = _word(nodes, at)
    made = _made(font, text)
    line.add(made, Place(where.left, nodes[end - 1].place.right, where.y, where.size))
    return end


def _pieced(nodes: Sequence[Drawn], at: int) -> int:
    """Return where the arrow ends whose pieces overlap from one sign on."""
    end = at + 1
    while (
        end < len(nodes)
        and {nodes[end - 1].tag, nodes[end].tag} == {"use"}
        and {nodes[end - 1].char, nodes[end].char} <= _ACROSS
        and nodes[end].place.left < nodes[end - 1].place.right - 1
    ):
        end += 1
    return end


def _spanning(nodes: Sequence[Drawn]) -> Place:
    return nodes[0].place._replace(right=nodes[-1].place.right)


def _word(nodes: Sequence[Drawn], at: int) -> tuple[int, str]:
    """Return where the word or number ends that a sign begins, and it: its first has no place."""
    first = nodes[at]
    font, char = first.font, first.char
    if not at and _are_words(nodes):
        gaps = [after.place.left - before.place.right > _GAP for before, after in pairwise(nodes)]
        signs = [
            " " * gap + one.char for gap, one in zip([not first.begins, *gaps], nodes, strict=True)
        ]
        return len(nodes), "".join(signs)
    if not first.begins or not (char.isalnum() and char.isascii()):
        return at + 1, char
    text, end = char, at + 1
    number = char.isdecimal()
    while end < len(nodes) and nodes[end].tag == "use" and not nodes[end].begins:
        more, where, before = nodes[end].char, nodes[end].place, nodes[end - 1].place
        fits = (
            more.isdecimal() or more in ".," if number else more.isascii() and not more.isdecimal()
        )
        alike = nodes[end].font == font and where.size == first.place.size
        if not alike or not fits or abs(where.y) > 1:
            break
        if where.left - before.right > _GAP:
            if number or not more.isalpha():
                break
            text += " "
        text += more
        end += 1
    return end, text


def _are_words(nodes: Sequence[Drawn]) -> bool:
    """Say whether the signs of a group are words that begin with a space or with no letter.

    The first has no place, or that of a space, and all others have theirs.
    """
    first = nodes[0]
    begins = first.begins and not first.char.isalnum()
    if not begins and (first.begins or abs(first.place.left - _SPACE) > 1):
        return False
    if sum(node.char.isalpha() for node in nodes) < 2 or any(node.begins for node in nodes[1:]):
        return False
    kinds = {(node.tag, node.font, node.place.y, node.place.size) for node in nodes}
    return len(kinds) == 1 and first.place.y == 0 and all(node.char.isascii() for node in nodes)


def _made(font: str, text: str) -> Any:
    variant = _FONTS[font]
    if len(text) > 1 and not text[0].isdecimal():
        if text in FUNCTIONS or (text.isalpha() and font == "MAIN"):
            return leaf("mi", text)
        words = leaf("mtext", text)
        if variant not in ("", "normal"):
            words.set("mathvariant", variant)
        return words
    if text[0].isdecimal():
        bold = {"mathvariant": variant} if variant not in ("", "normal") else {}
        return leaf("mn", text, **bold)
    if text.isalpha():
        greek = not text.isascii() and font in ("MAIN", "AMS")
        return leaf_of("mi", text, "" if greek else variant)
    return leaf_of("mo", text)

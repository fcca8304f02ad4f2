"""KaTeX's HTML -> MathML: classes say what a thing is, heights what is above what."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from cleaner.web.formulas.drawn import (
    APPLIED,
    Unreadable,
    base,
    element,
    leaf,
    negated,
    row,
    scripted,
)
from cleaner.web.formulas.katex_shapes import bracket, outlines, shape

_TOP = re.compile(r"\btop:\s*(-?[\d.]+)em")
_HEIGHT = re.compile(r"\bheight:\s*(-?[\d.]+)em")
_MARGIN = re.compile(r"margin-right:\s*([\d.]+)em")
_THIN = re.compile(r"border-right-width:\s*0(?:\.0*)?em")
_UNSEEN = re.compile(r"color:\s*transparent")
_NOTHING = frozenset(
    str.split("strut pstrut vlist-s nulldelimiter arraycolsep fix tag eqn-num allowbreak nobreak")
)
_VARIANTS = {
    "mathbf": "bold", "mathbb": "double-struck", "mathcal": "script", "mathscr": "script",
    "mathfrak": "fraktur", "mathsf": "sans-serif", "mathtt": "monospace", "mathrm": "normal",
    "boldsymbol": "bold-italic", "mathit": "italic", "textbf": "bold", "textit": "italic",
    "texttt": "monospace", "textsf": "sans-serif", "mathboldfrak": "bold-fraktur",
    "mathboldsf": "bold-sans-serif", "mathsfit": "sans-serif-italic",
}  # fmt: skip
_SIGNS = frozenset(str.split("mbin mrel mop mpunct mopen mclose op-symbol delimsizing accent-body"))
_NOT, _SLASH = "\ue020", "\ue021"  # strikes what follows, and what stands before
_STROKES = frozenset([_NOT, _SLASH])
_OWN = dict(  # KaTeX's own characters
    zip(
        "\ue006\ue007\ue00c\ue00d\ue00e\ue00f\ue010\ue011\ue016\ue017\ue018\ue019\ue01a\ue01b",
        "∤∦≨≩≱≱≰≰⊈⫋⊉⫌⊊⊋",
        strict=True,
    )
)
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_SPACE = "\u200b"
_SHORT = 40  # characters: what is longer is hardly read twice
_QUAD = 1.0  # em; what is narrower stands between operators anyway
_LEVEL = 0.02  # em; rows of a table that are closer are one


class Level(NamedTuple):
    """One of the things that stand above each other: how high, and its element."""

    height: float
    node: Any


def katex_row(node: Any) -> list[Any]:
    """Return the elements of MathML for KaTeX's rendering of a formula."""
    parts = _row(node)
    if any(part.text in _STROKES for part in parts):
        raise Unreadable("a stroke through nothing")
    return parts


def _names(node: Any) -> frozenset[str]:
    """Return the classes of an element; newer versions have a prefix before some of them."""
    classes: str | None = node.get("class")
    return _split(classes) if classes else _NO_NAMES


@lru_cache(maxsize=4096)  # a renderer writes few strings of classes
def _split(classes: str) -> frozenset[str]:
    return frozenset(name.removeprefix("katex-") for name in classes.split())


_NO_NAMES: frozenset[str] = frozenset()


def _row(node: Any) -> list[Any]:
    """Return what stands in an element, its scripts set to what they belong to."""
    parts: list[Any] = []
    if (text := node.text) and (text := text.strip(_SPACE)):
        parts += _leaf(text, _names(node))
        if not len(node):
            return parts
    for child in node:
        classes = child.get("class")
        names = _split(classes) if classes else _NO_NAMES
        if "msupsub" in names:
            parts = [_scripts(parts, child)]
        else:
            parts += _element(child, names)
        if (text := child.tail) and (text := text.strip(_SPACE)):
            parts += _leaf(text, _names(node))
    if len(parts) > 1 and any([part.text in _STROKES for part in parts]):
        return _struck(parts)
    return parts


def _struck(parts: list[Any]) -> list[Any]:
    """Strike relations through; a stroke at the edge waits for what is beyond it."""
    out: list[Any] = []
    for part in parts:
        if part.text == _SLASH and out:
            if out[-1].tag != "mo":
                raise Unreadable("a stroke through no sign")
            out[-1].text = negated(out[-1].text)
        elif out and out[-1].text == _NOT:
            if part.tag != "mo" or len(part.text or "") != 1:
                raise Unreadable("a stroke through no sign")
            out[-1] = leaf("mo", negated(part.text))
        else:
            out.append(part)
    return out


def _element(node: Any, names: frozenset[str]) -> list[Any]:
    nothing, read = _reader(names)
    if nothing:
        return []
    style = node.get("style")
    if style and "transparent" in style and _UNSEEN.search(style):
        return []
    if read is not None:
        found: list[Any] = read(node, names)
        return found
    if node.tag in ("svg", "img", "canvas"):
        raise Unreadable(f"a <{node.tag}> of unknown meaning")
    return _row(node)


@lru_cache(maxsize=4096)
def _reader(names: frozenset[str]) -> tuple[bool, Any]:
    """Return whether elements of these classes show nothing, and what reads them."""
    read = next((read for name, read in _HANDLERS.items() if name in names), None)
    return not names.isdisjoint(_NOTHING), read


def _levels(node: Any) -> list[Level]:
    """Return what lies one above the other in the first list of an element, the lowest first."""
    stack = next((each for each in node.iter() if "vlist" in _names(each)), None)
    if stack is None:
        raise Unreadable("nothing above anything")
    found: list[Level] = []
    for level in stack:
        strut = next((child for child in level if "pstrut" in _names(child)), None)
        top = _TOP.search(level.get("style") or "")
        if strut is None or top is None:
            continue
        size = _HEIGHT.search(strut.get("style") or "")
        height = -float(top[1]) - (float(size[1]) if size else 0.0)
        found.append(Level(height, level))
    return sorted(found, key=lambda level: level.height)


def _drawn(level: Level) -> bool:
    """Say whether a level is lines and paths only."""
    return any(not _LINES.isdisjoint(_names(each)) for each in level.node) or _paths_only(
        level.node
    )


def _paths_only(node: Any) -> bool:
    return next(node.iter("svg"), None) is not None and not "".join(node.itertext()).strip(
        _SPACE + " \n"
    )


_LINES = frozenset(str.split("frac-line overline-line underline-line hline hdashline fbox sout"))


def _scripts(parts: Sequence[Any], node: Any) -> Any:
    lower = upper = None
    for level in _levels(node):
        inside = row(_row(level.node))
        if abs(level.height) < _LEVEL:
            raise Unreadable("a script at the height of its letter")
        if level.height > 0 and upper is None:
            upper = inside
        elif level.height < 0 and lower is None:
            lower = inside
        else:
            raise Unreadable("three scripts")
    if lower is None and upper is None:
        return base(parts)
    return scripted(base(parts), lower, upper, limits=False)


def _fraction(node: Any, names: frozenset[str]) -> list[Any]:
    levels = _levels(node)
    lines = [level for level in levels if _drawn(level)]
    parts = [row(_row(level.node)) for level in levels if level not in lines]
    if len(parts) != 2 or len(lines) > 1:
        raise Unreadable("a fraction of more than two parts")
    attributes = {} if lines else {"linethickness": "0"}
    return [element("mfrac", parts[1], parts[0], **attributes)]


def _root(node: Any, names: frozenset[str]) -> list[Any]:
    index = next((child for child in node if "root" in _names(child)), None)
    body = [child for child in node if "vlist-t" in _names(child)]
    levels = _levels(body[0]) if len(body) == 1 else []
    inside = [level for level in levels if not _drawn(level)]
    if len(inside) != 1 or len(levels) != 2:
        raise Unreadable("a root of unknown make")
    what = row(_row(inside[0].node))
    if index is None:
        return [element("msqrt", what)]
    return [element("mroot", what, row(_row(index)))]


def _accent(node: Any, names: frozenset[str]) -> list[Any]:
    accents: list[Level] = []
    bodies: list[Level] = []
    for level in _levels(node):
        is_accent = _paths_only(level.node) or any(
            "accent-body" in _names(each) for each in level.node
        )
        (accents if is_accent else bodies).append(level)
    if len(accents) != 1 or len(bodies) != 1:
        raise Unreadable("an accent of unknown make")
    body = row(_row(bodies[0].node))
    sign = _accent_sign(accents[0].node)
    tag = "munder" if "accentunder" in names else "mover"
    return [element(tag, body, leaf("mo", sign), accent="true")]


def _accent_sign(node: Any) -> str:
    text = "".join(node.itertext()).strip(_SPACE + " \n")
    if text and not _PRIVATE.search(text):
        return text
    return shape(node)


def _line(node: Any, names: frozenset[str]) -> list[Any]:
    levels = [level for level in _levels(node) if not _drawn(level)]
    if len(levels) != 1:
        raise Unreadable("a line over two things")
    body = row(_row(levels[0].node))
    if "overline" in names:
        return [element("mover", body, leaf("mo", "‾"))]
    return [element("munder", body, leaf("mo", "_"))]


def _brace(node: Any, names: frozenset[str]) -> list[Any]:
    """Read a brace over or under something, or a label at such a brace."""
    over = "mover" in names
    levels = _levels(node)
    marks = [level for level in levels if _drawn(level)]
    rest = [level for level in levels if level not in marks]
    if len(marks) == 1 and len(rest) == 1:
        label = leaf("mo", shape(marks[0].node))
        body = row(_row(rest[0].node))
    elif not marks and len(rest) == 2:
        low, high = rest
        inner, outer = (low, high) if over else (high, low)
        body, label = row(_row(inner.node)), row(_row(outer.node))
    else:
        raise Unreadable("a brace of unknown make")
    return [element("mover" if over else "munder", body, label)]


def _arrow(node: Any, names: frozenset[str]) -> list[Any]:
    levels = _levels(node)
    at = [number for number, level in enumerate(levels) if _drawn(level)]
    if len(at) != 1 or len(levels) > 3:
        raise Unreadable("an arrow of unknown make")
    sign = leaf("mo", shape(levels[at[0]].node))
    lower, upper = (
        row(_row(levels[beside].node)) if 0 <= beside < len(levels) else None
        for beside in (at[0] - 1, at[0] + 1)
    )
    if lower is None and upper is None:
        return [sign]
    return [scripted(sign, lower, upper, limits=True)]


def _limits(node: Any, names: frozenset[str]) -> list[Any]:
    levels = _levels(node)
    if len(levels) == 3:
        at = 1
    else:
        bases = [number for number, level in enumerate(levels) if _is_base(level.node)]
        if len(levels) != 2 or len(bases) != 1:
            raise Unreadable("limits of unknown make")
        at = bases[0]
    parts = [base(_row(level.node)) for level in levels]
    lower = parts[at - 1] if at else None
    upper = parts[at + 1] if at + 1 < len(parts) else None
    return [scripted(parts[at], lower, upper, limits=True)]


def _is_base(node: Any) -> bool:
    """Say whether a level is the operator: scripts are set smaller, it is not."""
    inner = [child for child in node if "pstrut" not in _names(child)]
    return len(inner) == 1 and "sizing" not in _names(inner[0])


def _table(node: Any, names: frozenset[str], rules: Sequence[float] = ()) -> list[Any]:
    columns: list[dict[float, Any]] = []
    align: list[str] = []
    lines: list[int] = []  # the numbers of columns before which a line stands
    for child in node:
        kinds = _names(child)
        if "vertical-separator" in kinds:
            lines.append(len(columns))
            continue
        kind = next((each for each in kinds if each.startswith("col-align-")), None)
        if kind is None:
            continue
        align.append({"l": "left", "r": "right"}.get(kind[-1], "center"))
        cells = _levels(child) if next(iter(child), None) is not None else []
        columns.append({level.height: row(_row(level.node)) for level in cells})
    heights = sorted({height for column in columns for height in column}, reverse=True)
    heights = [h for at, h in enumerate(heights) if not at or heights[at - 1] - h > _LEVEL]
    made = element("mtable")
    for height in heights:
        line = element("mtr")
        for column in columns:
            cell = next((c for h, c in column.items() if abs(h - height) <= _LEVEL), None)
            line.append(element("mtd", *([cell] if cell is not None else [])))
        while len(line) and not len(line[-1]):
            line.remove(line[-1])  # a row may be shorter than the others
        made.append(line)
    if set(align) - {"center"}:
        made.set("columnalign", " ".join(align))
    _ruled(made, heights, len(columns), lines, rules)
    return [made]


def _ruled(
    made: Any, heights: list[float], columns: int, lines: list[int], rules: Sequence[float]
) -> None:
    """Set the lines of a table: between columns, between rows, around it."""
    if not lines and not rules:
        return
    inner = ["solid" if at in lines else "none" for at in range(1, columns)]
    if "solid" in inner:
        made.set("columnlines", " ".join(inner))
    between = [
        "solid" if any(low < rule < high for rule in rules) else "none"
        for high, low in pairwise(heights)
    ]
    if "solid" in between:
        made.set("rowlines", " ".join(between))
    sides = {
        "left": 0 in lines,
        "right": columns in lines,
        "top": any(rule > heights[0] for rule in rules if heights),
        "bottom": any(rule < heights[-1] for rule in rules if heights),
    }
    if any(sides.values()):
        made.set("data-sides", " ".join(side for side, ruled in sides.items() if ruled))


def _text(node: Any, names: frozenset[str]) -> list[Any]:
    """Read words; what is no word among them is read as elsewhere."""
    parts: list[Any] = []
    _words(node, "", parts)
    return parts


def _words(node: Any, variant: str, parts: list[Any]) -> None:
    names = _names(node)
    fonts = [_VARIANTS[name] for name in names if name.startswith("text") and name in _VARIANTS]
    variant = fonts[0] if fonts else variant
    _say(node.text, variant, parts)
    for child in node:
        kinds = _names(child)
        if kinds.isdisjoint(_NOTHING):
            if kinds.isdisjoint(_HANDLERS) and "mathnormal" not in kinds:
                _words(child, variant, parts)
            elif "mspace" in kinds or "text" in kinds:
                _say(" " if "mspace" in kinds else None, variant, parts)
                _words(child, variant, parts)
            else:
                parts += _element(child, kinds)
        _say(child.tail, variant, parts)


def _say(text: str | None, variant: str, parts: list[Any]) -> None:
    text = (text or "").replace(_SPACE, "")
    if not text:
        return
    if _PRIVATE.search(text):
        raise Unreadable("a private character in words")
    if parts and parts[-1].tag == "mtext" and (parts[-1].get("mathvariant") or "") == variant:
        parts[-1].text += text
    else:
        parts.append(leaf("mtext", text, **({"mathvariant": variant} if variant else {})))


def _space(node: Any, names: frozenset[str]) -> list[Any]:
    if "newline" in names:
        raise Unreadable("lines without a table")
    width = _MARGIN.search(node.get("style") or "")
    if width is not None and float(width[1]) >= _QUAD:
        return [element("mspace", width=width[1] + "em")]
    return []


def _operator(node: Any, names: frozenset[str]) -> list[Any]:
    """Read an operator: a sign, a name, or any group that was made one."""
    if "vlist-t" in names:
        return _list(node, names)
    text = "".join(node.itertext()).replace(_SPACE, "")
    kinds = _NO_NAMES.union(*(_names(each) for each in node.iter()))
    if len(text) > 1 and text.replace(" ", "").isalpha() and kinds <= _OF_NAMES:
        spaced = any("mspace" in _names(each) for each in node)
        word = " ".join(_named(node)) if spaced else text
        return [leaf("mi", word), leaf("mo", APPLIED)]
    return _row(node)


_OF_NAMES = frozenset(str.split("mop mord mathrm mspace mtight"))


def _named(node: Any) -> list[str]:
    words = [""]
    for each in node:
        if "mspace" in _names(each):
            words.append("")
        else:
            words[-1] += "".join(each.itertext())
    return [word for word in words if word]


def _delimiter(node: Any, names: frozenset[str]) -> list[Any]:
    return [leaf("mo", bracket(node) if "mult" in names else "".join(node.itertext()).strip())]


def _fenced(node: Any, names: frozenset[str]) -> list[Any]:
    return [row(_row(node))]


def _stroke(node: Any, names: frozenset[str]) -> list[Any]:
    """Read what is set over what stands beside it: strokes of negated relations."""
    text = "".join(node.itertext()).replace(_SPACE, "").strip()
    if "rlap" in names and text == _NOT:
        return [leaf("mo", _NOT)]
    if "llap" in names and text == "/":
        return [leaf("mo", _SLASH)]
    if not text:
        return []
    raise Unreadable("one thing set over another")


def _list(node: Any, names: frozenset[str]) -> list[Any]:
    """Read things above each other of which no class says what they are."""
    levels = _levels(node)
    marks = [level for level in levels if _drawn(level)]
    rest = [level for level in levels if level not in marks]
    if len(rest) != 1:
        raise Unreadable("things above each other")
    parts = _row(rest[0].node)
    if not marks:
        return parts
    kinds = _NO_NAMES.union(*(_names(each) for level in marks for each in level.node))
    if "fbox" in kinds:
        return [element("menclose", *parts, notation="box")]
    if "hline" in kinds and len(parts) == 1 and parts[0].tag == "mtable":
        table = next(each for each in rest[0].node.iter() if "mtable" in _names(each))
        rise = rest[0].height
        return _table(table, _NO_NAMES, [level.height - rise for level in marks])
    strokes = [each for level in marks for each in level.node.iter("line")]
    if strokes and not any(outlines(level.node) for level in marks):
        return [element("menclose", *parts, notation=_struck_out(strokes))]
    if "overlay" in kinds and len(marks) == 1:
        return [leaf("mo", shape(marks[0].node))]
    raise Unreadable("a drawing of unknown meaning")


def _struck_out(strokes: list[Any]) -> str:
    names = {
        "downdiagonalstrike" if (each.get("y1") or "0") == "0" else "updiagonalstrike"
        for each in strokes
    }
    return " ".join(sorted(names))


def _forbidden(node: Any, names: frozenset[str]) -> list[Any]:
    raise Unreadable(f"a drawing: {' '.join(sorted(names))}")


def _rule(node: Any, names: frozenset[str]) -> list[Any]:
    """Read a bar: one without width is only there for its height."""
    return [] if _THIN.search(node.get("style") or "") else _forbidden(node, names)


# In this order: the first class that an element has says what it is.
_HANDLERS: dict[str, Any] = {
    "mspace": _space, "mfrac": _fraction, "sqrt": _root, "accent": _accent,
    "accentunder": _accent, "overline": _line, "underline": _line, "x-arrow": _arrow,
    "op-limits": _limits, "mover": _brace, "munder": _brace, "mtable": _table, "text": _text,
    "delimsizing": _delimiter, "rlap": _stroke, "llap": _stroke, "mop": _operator,
    "minner": _fenced, "vlist-t": _list, "rule": _rule, "overlay": _forbidden,
    "vertical-separator": _forbidden,
}  # fmt: skip


def _leaf(text: str, names: frozenset[str]) -> list[Any]:
    read = _read if len(text) <= _SHORT else _read.__wrapped__
    return [
        leaf(tag, shown, mathvariant=variant) if variant else leaf(tag, shown)
        for tag, shown, variant in read(text, names)
    ]


@lru_cache(maxsize=4096)  # formulas are made of few different signs
def _read(text: str, names: frozenset[str]) -> list[tuple[str, str, str]]:
    """Return the leaves of a text: the element of each, its text and its font."""
    if _PRIVATE.search(text):
        text = "".join(_OWN.get(char, char) for char in text)
        if text != _NOT and _PRIVATE.search(text):
            raise Unreadable(f"the private character {text!r}")
    text = text.strip()
    if not text:
        return []
    variant = next((font for name, font in _VARIANTS.items() if name in names), "")
    if not names.isdisjoint(_SIGNS) or text == _NOT:
        return [("mo", _sign(text, names), "")]
    if text.replace(".", "").replace(",", "").isdecimal():
        return [("mn", text, variant)]
    if variant:
        return [("mi", text, variant)]
    if "mathnormal" in names or text.isalnum():
        return [("mi" if char.isalnum() else "mo", char, "") for char in text]
    return [("mo", _sign(char, names), "") for char in text]


def _sign(text: str, names: frozenset[str]) -> str:
    return text if "mrel" in names else text.replace("\u2223", "|").replace("∥", "‖")

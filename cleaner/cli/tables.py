"""Tables, texts and bars that fit a terminal of any width, whatever script they hold."""

import shutil
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cleaner.config.display import short_count, visible

Row = Mapping[str, Any]
_GAP = "  "
_LEAST = 12  # columns in which a text is still worth wrapping
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def terminal_width() -> int | None:
    """Return the columns of the terminal that stdout is; None where it is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def width_of(text: str) -> int:
    """Return how many columns a text takes.

    >>> width_of("a数é")
    4
    """
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    # Of controls only the signs of colours come so far: what a corpus holds was made visible.
    if unicodedata.category(character) in ("Mn", "Me", "Cf", "Cc"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def clipped(text: str, width: int) -> str:
    """Return a text that takes at most so many columns, with … where it was cut.

    >>> clipped("数学网页", 5), clipped("abc", 5)
    ('数学…', 'abc')
    """
    if width_of(text) <= width:
        return text
    return _head(text, max(0, width - 1)) + "…"[:width]


def _head(text: str, width: int) -> str:
    taken = 0
    for place, character in enumerate(text):
        taken += _columns(character)
        if taken > width:
            return text[:place]
    return text


def wrapped(text: str, width: int) -> list[str]:
    """Return a text as lines of at most so many columns, cut at spaces where there are some.

    >>> wrapped("dropped as duplicates", 10)
    ['dropped as', 'duplicates']
    """
    lines, line = [], ""
    for word in text.split(" "):
        if line and width_of(line) + 1 + width_of(word) <= width:
            line = f"{line} {word}"
            continue
        if line:
            lines.append(line)
        line = word
        while width_of(line) > width:
            head = _break(line, width)
            lines.append(head)
            line = line[len(head) :]
    return [*lines, line]


def _break(word: str, width: int) -> str:
    """Return the beginning of a word that fits: up to one of its signs, or up to the edge."""
    head = _head(word, width) or word[:1]
    for place in range(len(head) - 1, len(head) // 2, -1):
        if head[place] in ":/_.-":
            return head[: place + 1]
    return head


def bar(share: float, width: int) -> str:
    """Return a bar of at most so many columns, in eighths of a column.

    >>> bar(0.5, 3)
    '█▌'
    """
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")


def table(
    rows: Sequence[Row],
    columns: Sequence[str] | None = None,
    width: int | None = None,
    spare: Sequence[str] = (),
) -> Iterator[str]:
    """Yield rows as a plain table of at most `width` columns: numbers right, words left.

    Where it does not fit, heads and long texts are wrapped, then counts are told in short, then the
    columns of `spare` go, the last one first; at last each row becomes a block of lines.
    """
    if not rows:
        return
    names = list(columns or rows[0])
    right = {name: all(_is_number(row.get(name)) for row in rows) for name in names}
    whole = [[cell(row.get(name)) for name in names] for row in rows]
    widths = [max(map(width_of, column)) for column in zip(names, *whole, strict=True)]
    if width is None or _total(widths) <= width:
        yield from _laid([names, *whole], widths, [right[name] for name in names])
        return
    for left in range(len(spare) + 1):
        some = [name for name in names if name not in spare[len(spare) - left :]]
        for short, least in ((False, 20), (True, _LEAST)):
            cells = [[cell(row.get(name), short) for name in some] for row in rows]
            heads = [name.replace("_", " ") for name in some]
            to_right = [right[name] for name in some]
            if fitted := _fitted(heads, cells, to_right, width, least):
                yield from _laid([heads, *cells], fitted, to_right)
                return
    yield from _blocks(names, rows, width)


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return not value or value.endswith(" %") or value.startswith("1 in ")
    return isinstance(value, int | float | None)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _fitted(
    heads: Sequence[str],
    cells: Sequence[Sequence[str]],
    right: Sequence[bool],
    width: int,
    least: int,
) -> list[int] | None:
    """Return widths with which a table fits, or None.

    Heads are wrapped, and texts, the longest first, down to `least` columns.
    """
    widths = []
    for place, head in enumerate(heads):
        inside = max(width_of(line[place]) for line in cells)
        widths.append(max([inside, *map(width_of, head.split(" "))]))
    while _total(widths) > width:
        texts = [w if not to_right else 0 for w, to_right in zip(widths, right, strict=True)]
        if max(texts) <= least:
            return None
        widths[texts.index(max(texts))] -= 1
    return widths


def _laid(
    lines: Sequence[Sequence[str]], widths: Sequence[int], right: Sequence[bool]
) -> Iterator[str]:
    for line in lines:
        parts = [wrapped(text, width) for text, width in zip(line, widths, strict=True)]
        for place in range(max(map(len, parts))):
            padded = []
            for part, width, to_right in zip(parts, widths, right, strict=True):
                text = part[place] if place < len(part) else ""
                space = " " * (width - width_of(text))
                padded.append(space + text if to_right else text + space)
            yield _GAP.join(padded).rstrip()


def _blocks(names: Sequence[str], rows: Sequence[Row], width: int) -> Iterator[str]:
    for row in rows:
        for place, name in enumerate(names):
            text = cell(row.get(name))
            if text:
                first, *more = wrapped(f"{name.replace('_', ' ')}: {text}", max(8, width - 2))
                yield ("" if not place else "  ") + first
                yield from (f"    {line}" for line in more)


def cell(value: Any, short: bool = False) -> str:
    """Return a value as a table shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return short_count(value) if short else f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    return visible(str(value)).replace("\n", " ").replace("\t", " ")

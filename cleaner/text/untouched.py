"""Where the numbers of a text are of code, TeX or tables, so that none of them is a person's."""

import re
from collections.abc import Iterator

_FENCED = re.compile(
    rb"^[ ]{0,3}(```+|~~~+)[^\n]*\n(?:.*?^[ ]{0,3}\1|.*\Z)"  # a fence, closed or not
    rb"|`[^`\n]{1,200}`"
    rb"|<(code|pre|script)\b[^>]{0,200}>.{0,20000}?</\2>",
    re.S | re.M,
)
_TEX = re.compile(
    rb"\\\(.{1,2000}?\\\)|\\\[.{1,5000}?\\\]|\\begin\{([a-z]{2,20}\*?)\}.{1,10000}?\\end\{\1\}",
    re.S,
)
# What a text must hold for one of these to be there: looking for it costs next to nothing.
_SIGNS = (
    (_FENCED, (b"`", b"~~~", b"<code", b"<pre", b"<script")),
    (_TEX, (rb"\(", rb"\[", rb"\begin{")),
)
_FIELD = re.compile(rb"[^\s|,;]+")
_NUMBER = re.compile(rb"[-+(]?[0-9][0-9.,:/%e+-]*\)?")


def code_and_tex(text: bytes) -> Iterator[tuple[int, int]]:
    """Yield where code between fences or tags and TeX stand.

    >>> list(code_and_tex(b"the name `a` and \\\\(x\\\\)"))
    [(9, 12), (17, 22)]
    """
    for pattern, signs in _SIGNS:
        if any(sign in text for sign in signs):
            for match in pattern.finditer(text):
                yield match.span()


def on_code_or_table_line(text: bytes, start: int, end: int) -> bool:
    """Return whether the line of `text[start:end]`, one number, is code or of a table of numbers.

    >>> on_code_or_table_line(b"    x = 13912345678", 8, 19)
    True
    >>> on_code_or_table_line(b"1 2 3\\n4 5 13912345679\\n", 10, 21)
    True
    """
    first = text.rfind(b"\n", 0, start) + 1
    last = text.find(b"\n", start)
    line = text[first:] if last < 0 else text[first:last]
    if line.startswith((b"    ", b"\t")) and line.isascii():
        return True
    alone = text[first:start] + b"0" + text[end : first + len(line)]
    return _is_row(alone) and (_row_before(text, first) or _row_after(text, first + len(line)))


def _row_before(text: bytes, end: int) -> bool:
    """Return whether the last line of `text[:end]` that is not blank is a row."""
    while end > 0:
        start = text.rfind(b"\n", 0, end - 1) + 1
        if line := text[start : end - 1].strip():
            return _is_row(line)
        end = start
    return False


def _row_after(text: bytes, start: int) -> bool:
    """Return whether the first line of `text[start + 1:]` that is not blank is a row."""
    while start < len(text):
        end = text.find(b"\n", start + 1)
        end = len(text) if end < 0 else end
        if line := text[start + 1 : end].strip():
            return _is_row(line)
        start = end
    return False


def _is_row(line: bytes) -> bool:
    """Return whether a line is a row of a table of numbers: three or more, and mostly numbers."""
    fields = _FIELD.findall(line) if len(line) < 2000 else []
    numbers = sum(_NUMBER.fullmatch(field) is not None for field in fields)
    return numbers >= 3 and numbers >= 0.6 * len(fields)

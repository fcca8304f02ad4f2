"""The words of a text as a classifier reads them: one line of tokens parted by spaces.

Words are those of `cleaner.kernels.segment`, in lower case; a run without a letter is `<num>`, and
so are several parted by one `.` or `,`; a formula is a token per TeX command in it, or `<tex>`.
"""

from functools import cache

import numpy as np

from cleaner.kernels import jit
from cleaner.kernels.segment import (
    BACKSLASH,
    FORMULA,
    OFF,
    RULE,
    SINGLE,
    longest,
    split_words,
    utf8_of,
)
from cleaner.kernels.unicode import ALPHA, UPPER, classes, decode

TEXT, NONE, COMMANDS = 0, 1, 2  # formulas as plain words, left out, as their commands
NUMBER = np.frombuffer(b"<num>", np.uint8)
TEX = np.frombuffer(b"<tex>", np.uint8)
TEX_OPEN = np.frombuffer(b"<tex:", np.uint8)
SPACE, BREAK, CLOSE = 32, 10, 62


@cache
def lower() -> np.ndarray:
    """Return the lower case of the code points below U+2000 that have one as short as themselves.

    Only blocks whose pairs have stood for many years, so that no Python knows more than another;
    no pair joins ASCII and the rest.
    """
    table = np.arange(0x2000, dtype=np.uint16)
    for point in (*range(0x590), *range(0x1E00, 0x2000)):
        small = chr(point).lower()
        if len(small) == 1 and len(small.encode()) <= len(chr(point).encode()) and ord(small) > 127:
            table[point] = ord(small)
    table.flags.writeable = False
    return table


@jit
def grown(out, at, room):  # type: ignore[no-untyped-def]
    """Return `out`, or a larger copy of its first `at` bytes, with `room` bytes to spare."""
    if at + room <= len(out):
        return out
    more = np.empty(max(2 * len(out), at + room), np.uint8)
    more[:at] = out[:at]
    return more


@jit
def put(out, at, data, start, end):  # type: ignore[no-untyped-def]
    """Copy `data[start:end]` to `out` and return the position after it."""
    for i in range(start, end):
        out[at] = data[i]
        at += 1
    return at


@jit
def put_run(out, at, data, start, end, table, small):  # type: ignore[no-untyped-def]
    """Write a run in lower case; return the position after it and whether it has a letter."""
    i = start
    found = False
    while i < end:
        byte = data[i]
        if byte < 0x80:
            letter = 97 <= byte | 32 <= 122
            found |= letter
            out[at] = byte | 32 if letter else byte
            at += 1
            i += 1
            continue
        point, after = decode(data, i, end)
        found |= (table[point] & (ALPHA | UPPER)) != 0
        if point < 0x2000 and small[point] != point:
            point = np.int64(small[point])
            if point < 0x800:
                out[at] = 0xC0 | point >> 6
                at += 1
            else:
                out[at] = 0xE0 | point >> 12
                out[at + 1] = 0x80 | point >> 6 & 0x3F
                at += 2
            out[at] = 0x80 | point & 0x3F
            at += 1
        else:
            at = put(out, at, data, i, after)
        i = after
    return at, found


@jit
def letters(data, i, end):  # type: ignore[no-untyped-def]
    """Return where the ASCII letters end that start at `i`."""
    while i < end and 97 <= data[i] | 32 <= 122:
        i += 1
    return i


@jit
def put_commands(out, at, data, start, end):  # type: ignore[no-untyped-def]
    """Write a token per TeX command in `data[start:end]`, each before a space; `<tex>` if none."""
    before = at
    i = start
    while i < end:
        if data[i] == BACKSLASH:
            stop = letters(data, i + 1, end)
            if stop > i + 1:
                if at > before:
                    out[at] = SPACE
                    at += 1
                at = put(out, at, TEX_OPEN, 0, len(TEX_OPEN))
                at = put(out, at, data, i + 1, stop)
                out[at] = CLOSE
                at += 1
                i = stop
            else:
                i += 2  # a double backslash ends a row, it opens no command
        else:
            i += 1
    if at == before:
        at = put(out, at, TEX, 0, len(TEX))
    return at


@jit
def prepare(offsets, data, formulas, breaks, table, small):  # type: ignore[no-untyped-def]
    """Return `(offsets, bytes)` of the prepared texts.

    `breaks`: a newline, not a space, stands between tokens that something else parted in the text.
    """
    documents = len(offsets) - 1
    room = longest(offsets) // 2 + 1
    starts, ends = np.empty(room, np.int64), np.empty(room, np.int64)
    kinds = np.empty(room, np.uint8)
    bounds = np.zeros(documents + 1, np.int64)
    out = np.empty(max(64, (offsets[documents] - offsets[0]) * 5 // 4), np.uint8)
    mode = OFF if formulas == TEXT else RULE
    size = len(out)
    at = 0
    for d in range(documents):
        lo = offsets[d]
        count = split_words(data, lo, offsets[d + 1], mode, table, starts, ends, kinds)
        first = at
        number_end = np.int64(-1)  # where the last token ended in the text, if it was a number
        last_end = np.int64(-1)
        for w in range(count):
            start, end, kind = starts[w], ends[w], kinds[w]
            if kind == FORMULA and formulas == NONE:
                continue
            if at + 6 * (end - start) + 16 > size:  # a token is at most five bytes longer per byte
                out = grown(out, at, 6 * (end - start) + 16)
                size = len(out)
            before = at
            if at > first:
                out[at] = BREAK if breaks and last_end != start else SPACE
                at += 1
            if kind == SINGLE:
                at = put(out, at, data, start, end)
            elif kind == FORMULA:
                at = put_commands(out, at, data, start, end)
            else:
                if start > lo and data[start - 1] == BACKSLASH and formulas != TEXT:
                    stop = letters(data, start, end)
                    if stop > start:  # TeX that no dollar encloses
                        at = (
                            before
                            if formulas == NONE
                            else put_commands(out, at, data, start - 1, stop)
                        )
                        continue
                token = at
                at, letter = put_run(out, at, data, start, end, table, small)
                if not letter:
                    joined = number_end == start - 1 and (data[start - 1] | 2) == 46  # , or .
                    at = before if joined else put(out, token, NUMBER, 0, len(NUMBER))
                    number_end = last_end = end
                    continue
            number_end = np.int64(-1)
            last_end = end
        bounds[d + 1] = at
    return bounds, out[:at]


def warm() -> None:
    """Compile, or load from the cache."""
    offsets, data = utf8_of("A $x$ 中")
    prepare(offsets, data, COMMANDS, False, classes(), lower())

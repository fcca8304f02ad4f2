"""The words of a text as a classifier reads them: one line of tokens parted by spaces.

Words are those of `kernels.text.segment`, in lower case. A run without a letter is `<num>`, and
so are several parted by one `.` or `,`. A formula is `<tex> <tex:frac>` for each TeX command in it,
or `<tex>`: the bare token carries over to commands that training never saw. Arithmetic that is
written out, two numbers with `= + * × ÷` between them, is a formula too.
"""

from functools import cache

import numpy as np

from cleaner.kernels import jit
from cleaner.kernels.text.segment import (
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
TEX_OPEN = np.frombuffer(b" <tex:", np.uint8)
SPACE, BREAK, CLOSE = 32, 10, 62

ALPHABETIC, BEYOND = 1, 2  # of a byte: an ASCII letter; no ASCII
LOWER = np.array([b + 32 if 65 <= b <= 90 else b for b in range(256)], np.uint8)
FLAGS = np.array(
    [BEYOND if b > 127 else ALPHABETIC if chr(b).isalpha() else 0 for b in range(256)], np.uint8
)


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
def put(out, at, data, start, end):  # type: ignore[no-untyped-def]
    """Copy `data[start:end]` to `out` and return the position after it."""
    for i in range(start, end):
        out[at] = data[i]
        at += 1
    return at


@jit
def put_run(out, at, data, start, end, table, small):  # type: ignore[no-untyped-def]
    """Write a run in lower case; return the position after it and whether it has a letter."""
    flags = np.uint8(0)
    for k in range(end - start):
        byte = data[start + k]
        out[at + k] = LOWER[byte]
        flags |= FLAGS[byte]
    if flags & BEYOND == 0:
        return at + end - start, flags != 0
    i = start
    found = flags & ALPHABETIC != 0
    while i < end:
        if data[i] < 0x80:
            out[at] = LOWER[data[i]]
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
    """Write the tokens of the formula `data[start:end]` and return the position after them."""
    before = at
    i = start
    while i < end:
        if data[i] == BACKSLASH:
            stop = letters(data, i + 1, end)
            if stop > i + 1:
                if at > before:
                    out[at] = SPACE
                    at += 1
                at = put(out, at, TEX, 0, len(TEX))
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
def arithmetic(data, start, end):  # type: ignore[no-untyped-def]
    """Return whether an operator, and little else, stands between two numbers."""
    if end - start > 8:
        return False
    found = False
    for i in range(start, end):
        if data[i] == BREAK:
            return False
        found |= data[i] == 61 or data[i] == 43 or data[i] == 42  # = + *
        if data[i] == 0xC3 and i + 1 < end:
            found |= data[i + 1] == 0x97 or data[i + 1] == 0xB7  # × ÷
    return found


@jit
def put_text(out, first, data, lo, words, formulas, breaks, table, small):  # type: ignore[no-untyped-def]
    """Write one text's tokens from `first` on and return the position after them."""
    count, starts, ends, kinds = words
    at = first
    number_end = np.int64(-9)  # where the last token ended in the text, if it was a number
    last_end = np.int64(-1)
    for w in range(count):
        start, end, kind = starts[w], ends[w], kinds[w]
        if kind == FORMULA and formulas == NONE:
            continue
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
                    if formulas == NONE:
                        at = before
                    else:
                        at = put_commands(out, at, data, start - 1, stop)
                    continue
            token = at
            at, letter = put_run(out, at, data, start, end, table, small)
            if not letter:
                at = put_number(out, before, token, data, number_end, start, formulas)
                number_end = last_end = end
                continue
        number_end = np.int64(-9)
        last_end = end
    return at


@jit
def put_number(out, before, at, data, last, start, formulas):  # type: ignore[no-untyped-def]
    """Write the token of a number that starts at `start`, after one that ended at `last`."""
    if last == start - 1 and (data[last] | 2) == 46:  # , or .
        return before
    if last >= 0 and formulas == COMMANDS and arithmetic(data, last, start):
        at = put(out, at, TEX, 0, len(TEX))
        out[at] = SPACE
        at += 1
    return put(out, at, NUMBER, 0, len(NUMBER))


@jit
def prepare(offsets, data, formulas, breaks, table, small):  # type: ignore[no-untyped-def]
    """Return `(offsets, bytes)` of the prepared texts.

    `breaks`: a newline, not a space, stands between tokens that something else parted in the text.
    """
    documents = len(offsets) - 1
    most = longest(offsets)
    starts, ends = np.empty(most // 2 + 1, np.int64), np.empty(most // 2 + 1, np.int64)
    kinds = np.empty(most // 2 + 1, np.uint8)
    bounds = np.zeros(documents + 1, np.int64)
    out = np.empty((offsets[documents] - offsets[0]) * 5 // 4 + 16, np.uint8)
    mode = OFF if formulas == TEXT else RULE
    for d in range(documents):
        lo, hi = offsets[d], offsets[d + 1]
        at = bounds[d]
        room = 7 * (hi - lo) + 16  # \a becomes <tex> <tex:a>, with a space
        if at + room > len(out):
            more = np.empty(max(2 * len(out), at + room), np.uint8)
            more[:at] = out[:at]
            out = more
        count = split_words(data, lo, hi, mode, table, starts, ends, kinds)
        words = (count, starts, ends, kinds)
        bounds[d + 1] = put_text(out, at, data, lo, words, formulas, breaks, table, small)
    return bounds, out[: bounds[documents]]


def warm() -> None:
    """Compile, or load from the cache."""
    offsets, data = utf8_of("A $x$ 中")
    prepare(offsets, data, COMMANDS, False, classes(), lower())

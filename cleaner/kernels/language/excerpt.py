"""What of a text is read to tell its language: three windows and some samples of its prose."""

import numpy as np
import polars as pl

from cleaner.kernels import jit, leaf
from cleaner.kernels.arrow import utf8
from cleaner.kernels.language.facts import FACTS, ROLES, code_lines, count, count_tables
from cleaner.kernels.language.mask import mask, mask_tables
from cleaner.kernels.text.segment import longest

SPAN = 32_768  # bytes that are masked at the start, the middle and the end of a longer text
SEEN = 3 * SPAN
SAMPLES, SAMPLE = 8, 150  # pieces of a long text by which its languages are counted, and bytes each


@leaf
def border(data, i, lo, hi):  # type: ignore[no-untyped-def]
    """Return the first start of a character at or after `i`, or `hi`."""
    while lo < i < hi and data[i] & 0xC0 == 0x80:
        i += 1
    return i


@jit
def cut(text, hi, parts, budget, gap, out, o):  # type: ignore[no-untyped-def]
    """Copy `parts` evenly spread pieces of `budget` bytes of `text[:hi]`, `gap` between them.

    The first is at the start, the last at the end; all of a short text. Returns the end in `out`.
    """
    if hi <= parts * budget:
        out[o : o + hi] = text[:hi]
        return o + hi
    for k in range(parts):
        start = border(text, (hi - budget) * k // (parts - 1), 0, hi)
        end = hi if k == parts - 1 else border(text, start + budget, 0, hi)
        out[o : o + end - start] = text[start:end]
        o += end - start
        if k < parts - 1:
            out[o] = gap
            o += 1
    return o


@jit
def read(offsets, data, budget, mask_tables, count_tables):  # type: ignore[no-untyped-def]
    """Return `(offsets, windows, sample_offsets, samples, facts)`.

    Of each document the three windows, parted by newlines; `SAMPLES` shorter pieces, parted by
    zeros, or the windows again where these are all of the text; and what was counted of it.
    """
    n = len(offsets) - 1
    room = np.int64(16)
    for d in range(n):
        room += min(offsets[d + 1] - offsets[d], 3 * budget) + 16
    windows = np.empty(room, np.uint8)
    samples = np.empty(room + n * SAMPLES * (SAMPLE + 8), np.uint8)
    bounds = np.zeros(n + 1, np.int64)
    sample_bounds = np.zeros(n + 1, np.int64)
    facts = np.zeros((n, FACTS), np.int32)
    text = np.empty(min(longest(offsets), SEEN) + 64, np.uint8)
    for d in range(n):
        lo, hi = offsets[d], offsets[d + 1]
        o = 0
        if hi - lo <= SEEN:
            o = mask(data, lo, hi, text, 0, mask_tables, facts[d])
        else:
            for k in range(3):
                start = border(data, lo + (hi - lo - SPAN) * k // 2, lo, hi)
                end = hi if k == 2 else border(data, start + SPAN, lo, hi)
                o = mask(data, start, end, text, o, mask_tables, facts[d])
        count(text, 0, o, count_tables, facts[d])
        code_lines(text, 0, o, ROLES, facts[d])
        bounds[d + 1] = cut(text, o, 3, budget, 10, windows, bounds[d])
        if o <= 3 * budget:
            sample_bounds[d + 1] = cut(text, o, 3, budget, 10, samples, sample_bounds[d])
        else:
            sample_bounds[d + 1] = cut(text, o, SAMPLES, SAMPLE, 0, samples, sample_bounds[d])
    return bounds, windows[: bounds[n]], sample_bounds, samples[: sample_bounds[n]], facts


def warm() -> None:
    """Compile, or load from the cache."""
    offsets, data = utf8(pl.Series(["a $x$ 中"]))
    read(offsets, data, 8, mask_tables(), count_tables(np.zeros(0x10000, np.uint8)))

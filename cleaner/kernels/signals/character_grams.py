"""How much of a text stands in runs of 13 characters that occur more than once."""

import numpy as np

from cleaner.kernels import jit, leaf
from cleaner.kernels.signals.margins import is_space
from cleaner.kernels.text.segment import FORMULA, OFF, RULE, has_byte, longest, split_words, utf8_of
from cleaner.kernels.unicode import classes, decode

N = 13
M = np.uint64(0x9E3779B97F4A7C15)
STEP = np.uint64(0xD6E8FEB86659FD93)  # odd: what a character at another place is multiplied by
PAST = np.uint64(pow(0xD6E8FEB86659FD93, N, 2**64))  # STEP to the N: what leaves a run
FORMULA_SEED = np.uint64(0xCBF29CE484222325)


@leaf
def units_of(data, lo, hi, starts, ends, n, table, units):  # type: ignore[no-untyped-def]
    """Write a number for each character but white space, one for each formula; return how many."""
    count = 0
    f = 0
    i = lo
    while i < hi:
        if f < n and i == starts[f]:
            value = FORMULA_SEED
            for k in range(i, ends[f]):
                value = (value ^ np.uint64(data[k])) * STEP
            units[count] = value
            count += 1
            i = ends[f]
            f += 1
            continue
        byte = data[i]
        if 32 < byte < 128:
            units[count] = np.uint64(byte) * M
            count += 1
            i += 1
            continue
        point, i = decode(data, i, hi)
        if not is_space(point, table):
            units[count] = np.uint64(point) * M
            count += 1
    return count


@leaf
def count_repeated(units, count, keys, tallies):  # type: ignore[no-untyped-def]
    """Return how many of the runs of N units occur more than once, all copies."""
    runs = count - N + 1
    if runs <= 0:
        return 0
    size = 16
    bits = 4
    while size < 2 * runs:
        size *= 2
        bits += 1
    tallies[:size] = 0
    mask = size - 1
    shift = np.uint64(64 - bits)
    value = np.uint64(0)
    repeated = 0
    for i in range(count):
        value = value * STEP + units[i]
        if i >= N:
            value -= units[i - N] * PAST
        if i < N - 1:
            continue
        slot = np.int64(value * M >> shift)
        while tallies[slot] != 0 and keys[slot] != value:
            slot = (slot + 1) & mask
        keys[slot] = value
        tally = min(tallies[slot] + 1, 3)
        tallies[slot] = tally
        if tally > 1:
            repeated += 2 if tally == 2 else 1
    return repeated


@jit
def character_grams(offsets, data, modes, table):  # type: ignore[no-untyped-def]
    """Return the runs of N characters of each text, and how many of them occur more than once."""
    most = longest(offsets)
    starts = np.empty(most // 2 + 1, np.int64)
    ends = np.empty(most // 2 + 1, np.int64)
    kinds = np.empty(most // 2 + 1, np.uint8)
    units = np.empty(most, np.uint64)
    slots = 16
    while slots < 2 * most:
        slots *= 2
    keys = np.empty(slots, np.uint64)
    tallies = np.empty(slots, np.uint8)
    out = np.zeros((2, len(offsets) - 1), np.int64)
    for d in range(len(offsets) - 1):
        lo = offsets[d]
        hi = offsets[d + 1]
        n = 0
        if modes[d] != OFF and has_byte(data, lo, hi, 36):
            words = split_words(data, lo, hi, modes[d], table, starts, ends, kinds)
            for w in range(words):
                if kinds[w] == FORMULA:
                    starts[n] = starts[w]
                    ends[n] = ends[w]
                    n += 1
        count = units_of(data, lo, hi, starts, ends, n, table, units)
        out[0, d] = max(0, count - N + 1)
        out[1, d] = count_repeated(units, count, keys, tallies)
    return out


def warm() -> None:
    """Compile, or load from the cache."""
    character_grams(*utf8_of("a $x$ 中"), np.full(1, RULE, np.uint8), classes())

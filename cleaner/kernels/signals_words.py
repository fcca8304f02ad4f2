"""What each word is: its hash, its length, whether it has a letter, whether it is a stop word."""

import numpy as np

from cleaner.kernels import inlined, jit
from cleaner.kernels import signals_columns as columns
from cleaner.kernels.segment import FORMULA, SINGLE
from cleaner.kernels.unicode import ALPHA, GRAPHEME, KIND, LETTER, SPACE, decode

PUNCT = 3  # the kind of a jieba token without a letter or digit

M = np.uint64(0x9E3779B97F4A7C15)
U0, U1, U6, U7, U8 = np.uint64(0), np.uint64(1), np.uint64(6), np.uint64(7), np.uint64(8)
U32, U56 = np.uint64(32), np.uint64(56)
MASKS = np.array([(1 << 8 * size) - 1 for size in range(9)], np.uint64)
ONES = np.uint64(0x0101010101010101)
LOW, HIGH = np.uint64(0x7F7F7F7F7F7F7F7F), np.uint64(0x8080808080808080)
ABOVE_Z, FROM_A, TWO = np.uint64(0x7F - 0x5A), np.uint64(0x80 - 0x41), np.uint64(2)

C = columns
_WORDS, _TOKENS, _CHARACTERS = C.WORDS, C.TOKENS, C.WORD_CHARACTERS
_LONGEST, _ALPHA, _SPACED, _MEDIAN = C.LONGEST_WORD, C.ALPHA_WORDS, C.SPACED_HAN, C.MEDIAN_TWICE
_STOP, _STOPS = C.STOP_EN, C.STOPS_EN

LANGUAGES = 4  # of stop words: en, zh, ja, ko
KOREAN = 3
SLOTS = 256


@inlined
def load8(data, k):  # type: ignore[no-untyped-def]
    """Return the 8 bytes from `k` on as one number: one instruction."""
    return (
        np.uint64(data[k]) | np.uint64(data[k + 1]) << np.uint64(8)
        | np.uint64(data[k + 2]) << np.uint64(16) | np.uint64(data[k + 3]) << np.uint64(24)
        | np.uint64(data[k + 4]) << np.uint64(32) | np.uint64(data[k + 5]) << np.uint64(40)
        | np.uint64(data[k + 6]) << np.uint64(48) | np.uint64(data[k + 7]) << np.uint64(56)
    )  # fmt: skip


@inlined
def packed(data, start, end):  # type: ignore[no-untyped-def]
    """Return up to 8 bytes as one number."""
    if start + 8 <= len(data):
        return load8(data, start) & MASKS[end - start]
    value = U0
    for k in range(end - 1, start - 1, -1):
        value = value << U8 | np.uint64(data[k])
    return value


@inlined
def inner_bytes(value):  # type: ignore[no-untyped-def]
    """Return how many of 8 packed bytes go on with a character that began before."""
    inner = value >> U7 & ~(value >> U6) & ONES
    return np.int64(inner * ONES >> U56)


@jit
def hash_bytes(data, start, end):  # type: ignore[no-untyped-def]
    """Return a 64-bit hash of `data[start:end]`; equal bytes have equal hashes."""
    state = np.uint64(end - start) * M
    k = start
    while k + 8 <= end:
        state = (state ^ load8(data, k)) * M
        state ^= state >> U32
        k += 8
    if k < end:
        state = (state ^ packed(data, k, end)) * M
        state ^= state >> U32
    return state


@inlined
def lowered(value):  # type: ignore[no-untyped-def]
    """Return packed bytes with ASCII capitals made small, eight at once."""
    heptets = value & LOW
    capital = (heptets + FROM_A * ONES) ^ (heptets + ABOVE_Z * ONES)
    return value | (capital & HIGH & ~value) >> TWO


@inlined
def find_stop_word(key, stop_keys):  # type: ignore[no-untyped-def]
    """Return the slot of a packed word in the table of stop words, or -1."""
    slot = np.int64(key * M >> U56)
    while stop_keys[slot] != U0:
        if stop_keys[slot] == key:
            return slot
        slot = (slot + 1) & (SLOTS - 1)
    return -1


@jit
def has_letter(data, start, end, table):  # type: ignore[no-untyped-def]
    """Return whether a character of `data[start:end]` is a letter."""
    i = start
    while i < end:
        byte = data[i]
        if byte < 0x80:
            i += 1
            if (byte | 0x20) >= 97 and (byte | 0x20) <= 122:
                return True
        else:
            point, i = decode(data, i, end)
            if table[point] & ALPHA:
                return True
    return False


@jit
def is_word(data, start, end, table):  # type: ignore[no-untyped-def]
    """Return whether a token of jieba is more than punctuation, signs and white space."""
    i = start
    while i < end:
        point, i = decode(data, i, end)
        kind = table[point] & KIND
        if LETTER <= kind <= GRAPHEME:
            return True
    return False


@jit
def all_space(data, start, end, table):  # type: ignore[no-untyped-def]
    """Return whether `data[start:end]` is white space or control characters below 33."""
    i = start
    while i < end:
        point, i = decode(data, i, end)
        if point > 32 and table[point] & KIND != SPACE:
            return False
    return True


@jit
def note_stop_word(slot, stop_languages, stop_bits, seen, row):  # type: ignore[no-untyped-def]
    """Count the stop word in `slot` for each language that has it."""
    languages = stop_languages[slot]
    for language in range(LANGUAGES):
        if languages >> language & 1:
            seen[language] |= stop_bits[slot, language]
            row[_STOPS + language] += 1


@jit
def note_korean(data, end, size, stop_keys, stop_languages, stop_bits, seen, row):  # type: ignore[no-untyped-def]
    """Count the ending of a word of Hangul: its last two syllables, else its last one."""
    if size == 6 and find_stop_word(packed(data, end - 6, end), stop_keys) >= 0:
        return  # counted as a word
    for tail in (6, 3):
        if size > tail:
            slot = find_stop_word(packed(data, end - tail, end), stop_keys)
            if slot >= 0 and stop_languages[slot] >> KOREAN & 1:
                seen[KOREAN] |= stop_bits[slot, KOREAN]
                row[_STOPS + KOREAN] += 1
                return


@jit
def describe(  # type: ignore[no-untyped-def]
    data, lo, hi, starts, ends, kinds, count, table, want_stop, stop_keys, stop_languages,
    stop_bits, hashes, reach, row,
):  # fmt: skip
    """Fill `hashes` and `reach` (characters of all words up to each) and count words in `row`."""
    seen = np.zeros(LANGUAGES, np.uint64)
    reach[0] = 0
    for w in range(count):
        start = starts[w]
        end = ends[w]
        size = end - start
        kind = kinds[w]
        length = 1
        if size <= 8 and kind != FORMULA:
            key = packed(data, start, end)
            length = size - inner_bytes(key)
            value = (key ^ np.uint64(size)) * M
            hashes[w] = value ^ value >> U32
            if want_stop:
                slot = find_stop_word(lowered(key), stop_keys)
                if slot >= 0:
                    note_stop_word(slot, stop_languages, stop_bits, seen, row)
        else:
            hashes[w] = hash_bytes(data, start, end)
            if kind != FORMULA:
                length = 0
                for k in range(start, end):
                    length += data[k] & 0xC0 != 0x80
        if want_stop and size > 3 and kind != FORMULA and 0xEA <= data[end - 3] <= 0xED:
            note_korean(data, end, size, stop_keys, stop_languages, stop_bits, seen, row)
        reach[w + 1] = reach[w] + length
        if kind == PUNCT:
            continue
        row[_WORDS] += 1
        row[_CHARACTERS] += length
        row[_LONGEST] = max(row[_LONGEST], length)
        first = data[start]
        if (first | 0x20) >= 97 and (first | 0x20) <= 122:
            row[_ALPHA] += 1
        elif kind == SINGLE:
            point, _ = decode(data, start, end)
            row[_ALPHA] += table[point] & ALPHA != 0
            before = start - 1
            row[_SPACED] += before > lo and data[before] == 32 and end < hi - 1 and data[end] == 32
        else:
            row[_ALPHA] += has_letter(data, start, end, table)
    row[_TOKENS] = count
    for language in range(LANGUAGES):
        bits = seen[language]
        while bits != U0:
            bits &= bits - np.uint64(1)
            row[_STOP + language] += 1


@jit
def median_length(kinds, reach, count, lengths, row):  # type: ignore[no-untyped-def]
    """Set twice the median characters per word."""
    n = 0
    for w in range(count):
        if kinds[w] != PUNCT:
            lengths[n] = reach[w + 1] - reach[w]
            n += 1
    row[_MEDIAN] = median_twice(lengths, n)


@jit
def median_twice(values, n):  # type: ignore[no-untyped-def]
    """Return twice the median of `values[:n]`, which are sorted by this; 0 when n is 0."""
    if n == 0:
        return 0
    part = np.sort(values[:n])
    return np.int64(part[n // 2]) + np.int64(part[(n - 1) // 2])


@jit
def tokens_of(  # type: ignore[no-untyped-def]
    data, lo, hi, ends_of_tokens, first, last, formula_starts, formulas, table, starts, ends, kinds
):
    """Write the tokens of an outer splitter, white space left out; return how many there are."""
    count = 0
    start = lo
    f = 0
    for t in range(first, last):
        end = min(lo + ends_of_tokens[t], hi)
        while f < formulas and formula_starts[f] < start:
            f += 1
        if start < end and not all_space(data, start, end, table):
            starts[count] = start
            ends[count] = end
            if f < formulas and formula_starts[f] == start:
                kinds[count] = FORMULA
            else:
                kinds[count] = 0 if is_word(data, start, end, table) else PUNCT
            count += 1
        start = end
    return count

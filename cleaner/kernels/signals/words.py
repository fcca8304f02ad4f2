"""What each word is: its hash, its length, whether it has a letter, whether it is a stop word."""

import numpy as np

from cleaner.kernels import inlined, jit, leaf
from cleaner.kernels.eight_bytes import U0, U32, U56, M, hash_bytes, inner_bytes, lowered, packed
from cleaner.kernels.signals import columns as C
from cleaner.kernels.signals.characters import points
from cleaner.kernels.text.segment import FORMULA, SINGLE
from cleaner.kernels.unicode import ALPHA, GRAPHEME, KIND, LETTER, SPACE, decode

PUNCT = 3  # the kind of an outer splitter's token without a letter or digit


USUAL = 64  # characters: hardly a word is longer
LANGUAGES = 4  # of stop words: en, zh, ja, ko
KOREAN = 3
SLOTS = 256


@inlined
def find_stop_word(key, stop_keys):  # type: ignore[no-untyped-def]
    """Return the slot of a packed word in the table of stop words, or -1."""
    slot = np.int64(key * M >> U56)
    while stop_keys[slot] != U0:
        if stop_keys[slot] == key:
            return slot
        slot = (slot + 1) & (SLOTS - 1)
    return -1


@leaf
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


@leaf
def is_word(data, start, end, table):  # type: ignore[no-untyped-def]
    """Return whether a token is more than punctuation, signs and white space."""
    i = start
    while i < end:
        point, i = decode(data, i, end)
        kind = table[point] & KIND
        if LETTER <= kind <= GRAPHEME:
            return True
    return False


@leaf
def all_space(data, start, end, table):  # type: ignore[no-untyped-def]
    """Return whether `data[start:end]` is white space or control characters below 33."""
    i = start
    while i < end:
        point, i = decode(data, i, end)
        if point > 32 and table[point] & KIND != SPACE:
            return False
    return True


@leaf
def note_stop_word(slot, stop_languages, stop_bits, seen, row):  # type: ignore[no-untyped-def]
    """Count the stop word in `slot` for each language that has it."""
    languages = stop_languages[slot]
    for language in range(LANGUAGES):
        if languages >> language & 1:
            seen[language] |= stop_bits[slot, language]
            row[C.STOPS_EN + language] += 1


@leaf
def note_korean(data, end, size, stop_keys, stop_languages, stop_bits, seen, row):  # type: ignore[no-untyped-def]
    """Count the ending of a word of Hangul: its last two syllables, else its last one."""
    if size == 6 and find_stop_word(packed(data, end - 6, end), stop_keys) >= 0:
        return  # counted as a word
    for tail in (6, 3):
        if size > tail:
            slot = find_stop_word(packed(data, end - tail, end), stop_keys)
            if slot >= 0 and stop_languages[slot] >> KOREAN & 1:
                seen[KOREAN] |= stop_bits[slot, KOREAN]
                row[C.STOPS_EN + KOREAN] += 1
                return


@leaf
def describe(  # type: ignore[no-untyped-def]
    data, lo, hi, starts, ends, kinds, count, table, want_stop, want_korean, want_spaced, stop_keys,
    stop_languages, stop_bits, seen, hashes, reach, row,
):  # fmt: skip
    """Fill `hashes` and `reach` (characters of all words up to each) and count words in `row`."""
    seen[:] = U0
    words = 0
    characters = 0
    longest = 0
    alpha = 0
    reached = 0
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
            value = key * M  # no other word has this key, whatever its size
            hashes[w] = value ^ value >> U32
            if want_stop:
                slot = find_stop_word(lowered(key), stop_keys)
                if slot >= 0:
                    note_stop_word(slot, stop_languages, stop_bits, seen, row)
        else:
            hashes[w] = hash_bytes(data, start, end)
            if kind != FORMULA:
                length = points(data, start, end)
        if want_korean and size > 3 and kind != FORMULA and 0xEA <= data[end - 3] <= 0xED:
            note_korean(data, end, size, stop_keys, stop_languages, stop_bits, seen, row)
        reached += length
        reach[w + 1] = reached
        if kind == PUNCT:
            continue
        words += 1
        characters += length
        longest = max(longest, length)
        first = data[start]
        if (first | 0x20) >= 97 and (first | 0x20) <= 122:
            alpha += 1
        elif kind == SINGLE:
            # Han numerals, 〇 and 〡 to 〺, are no letters
            if first == 0xE3 and data[start + 1] == 0x80:
                point, _ = decode(data, start, end)
                alpha += table[point] & ALPHA != 0
            else:
                alpha += 1
            if want_spaced and start - 1 > lo and end < hi - 1:
                # what stands alone between Latin words or formulas is set so, and no debris
                wide = (start - 2 >= lo and data[start - 2] >= 128) or (data[end + 1] >= 0xE3)
                row[C.SPACED_HAN] += wide and data[start - 1] == 32 and data[end] == 32
        else:
            alpha += has_letter(data, start, end, table)
    row[C.WORDS] = words
    row[C.WORD_CHARACTERS] = characters
    row[C.LONGEST_WORD] = longest
    row[C.ALPHA_WORDS] = alpha
    row[C.TOKENS] = count
    for language in range(LANGUAGES):
        bits = seen[language]
        while bits != U0:
            bits &= bits - np.uint64(1)
            row[C.STOP_EN + language] += 1


@jit
def median_length(kinds, reach, count, lengths, row):  # type: ignore[no-untyped-def]
    """Set twice the median characters per word."""
    n = 0
    for w in range(count):
        if kinds[w] != PUNCT:
            lengths[n] = reach[w + 1] - reach[w]
            n += 1
    row[C.MEDIAN_TWICE] = median_twice(lengths, n)


@jit
def median_twice(values, n):  # type: ignore[no-untyped-def]
    """Return twice the median of `values[:n]`, none below 0; 0 when n is 0."""
    if n == 0:
        return 0
    tallies = np.zeros(USUAL + 1, np.int64)  # nearly all are short: counted, not sorted
    for k in range(n):
        tallies[min(values[k], USUAL)] += 1
    if n - tallies[USUAL] <= n // 2:
        part = np.sort(values[:n])
        return np.int64(part[n // 2]) + np.int64(part[(n - 1) // 2])
    lower = 0
    passed = tallies[0]
    while passed <= (n - 1) // 2:
        lower += 1
        passed += tallies[lower]
    upper = lower
    while passed <= n // 2:
        upper += 1
        passed += tallies[upper]
    return lower + upper


@leaf
def tokens_of(  # type: ignore[no-untyped-def]
    data, lo, hi, token_starts, token_ends, first, last, formula_starts, formulas, table,
    starts, ends, kinds,
):  # fmt: skip
    """Write the tokens of an outer splitter, white space left out; return how many there are.

    Tokens are in the order of their starts; two may share characters.
    """
    count = 0
    f = 0
    for t in range(first, last):
        start = min(lo + token_starts[t], hi)
        end = min(lo + token_ends[t], hi)
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
    return count

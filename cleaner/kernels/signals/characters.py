"""Counts of characters by class."""

# ruff: noqa: SIM109 - two comparisons compile to two, a tuple to a loop

import numpy as np

from cleaner.kernels import leaf
from cleaner.kernels.signals import columns as C
from cleaner.kernels.text.misread import SURE, run
from cleaner.kernels.unicode import (
    ALPHA,
    CONTROL,
    DIGIT,
    EMOJI,
    EVERYDAY,
    KIND,
    NEWLINE,
    PRIVATE,
    PUNCTUATION,
    REPLACEMENT,
    SCRIPT,
    SCRIPT_SHIFT,
    SPACE,
    SYMBOL,
    UPPER,
    decode,
)

from cleaner.kernels.unicode import APOSTROPHE, HYPHEN, JOINER  # isort: skip

HAN = 2  # in unicode.SCRIPTS
FILLED = 4  # times that 烫 stands in a row: 烫烫的 is how one says that something is very hot


@leaf
def points(data, a, b):  # type: ignore[no-untyped-def]
    """Return the number of characters in valid UTF-8."""
    count = 0
    for byte in data[a:b]:  # a slice, so that many are counted at a time
        count += byte & 0xC0 != 0x80
    return count


@leaf
def same_again(data, point, i, b):  # type: ignore[no-untyped-def]
    """Return how often a character is there that stands before `i` and goes on from there."""
    times = 1
    while i < b:
        other, i = decode(data, i, b)
        if other != point:
            break
        times += 1
    return times


@leaf
def mojibake(data, a, point, start, i, b):  # type: ignore[no-untyped-def]
    """Return `(characters, points)` of the mojibake that `point`, at `start`, begins."""
    if point < 0x100:
        _, length, told = run(data, a, start, b)
        return length, told
    if point == 0x951F:  # 锟斤拷: two U+FFFD in UTF-8, read as GBK
        second, after = decode(data, i, b) if i < b else (0, i)
        third, _ = decode(data, after, b) if after < b else (0, i)
        return (3, SURE) if second == 0x65A4 and third == 0x62F7 else (0, 0)
    length = same_again(data, point, i, b)  # 烫烫, 屯屯: memory that a debugger had filled
    return (length, SURE) if length >= FILLED else (0, 0)


@leaf
def first_of_line(data, lo, i):  # type: ignore[no-untyped-def]
    """Return whether no other U+FFFD stands before the one at `i` on its line."""
    k = i - 1
    while k >= lo and data[k] != 10:
        if data[k] == 0xBD and k - 2 >= lo and data[k - 1] == 0xBF and data[k - 2] == 0xEF:
            return False
        k -= 1
    return True


@leaf
def count_characters(data, lo, a, b, table, ascii_counts, row):  # type: ignore[no-untyped-def]
    """Add the characters of `data[a:b]`: ASCII ones to `ascii_counts`, others to `row`."""
    i = a
    skip = 0  # characters that are part of a mojibake sequence seen already
    doubted = 0  # characters of sequences that somebody may have written, and how sure they are
    doubts = 0
    while i < b:
        byte = data[np.uint64(i)]  # unsigned: numba need not ask whether it counts from the end
        if byte < 0x80:
            ascii_counts[byte] += 1
            i += 1
            continue
        start = i
        point, i = decode(data, i, b)
        cls = np.int64(table[point])
        kind = cls & KIND
        row[C.CHARACTERS] += 1
        if cls & ALPHA:
            script = cls >> SCRIPT_SHIFT & SCRIPT
            row[C.LETTERS] += 1
            row[C.COMMON + script] += 1
            if script == HAN:
                row[C.RARE_HAN] += cls & EVERYDAY == 0
            row[C.UPPERS] += cls & UPPER != 0
        elif kind == DIGIT:
            row[C.DIGITS] += 1
        elif kind == PUNCTUATION or kind == APOSTROPHE or (kind == HYPHEN and point != 0xAD):
            row[C.PUNCTUATIONS] += 1
            row[C.ELLIPSES] += point == 0x2026
            row[C.PARENS] += point == 0xFF08 or point == 0xFF09
        elif kind == SYMBOL:
            row[C.SYMBOLS] += 1
            row[C.EMOJIS] += cls & EMOJI != 0
        elif kind == SPACE:
            row[C.SPACES] += 1
        elif kind == NEWLINE:
            row[C.NEWLINES] += 1
        elif kind == CONTROL or kind == JOINER or kind == HYPHEN:
            row[C.CONTROLS] += 1
        elif kind == PRIVATE:
            row[C.PRIVATES] += 1
        elif kind == REPLACEMENT:
            row[C.REPLACEMENTS] += 1
            row[C.REPLACEMENT_LINES] += first_of_line(data, lo, start)
        if skip > 0:
            skip -= 1
        elif 0xC2 <= point <= 0xF4 or point == 0x951F or point == 0x70EB or point == 0x5C6F:
            length, told = mojibake(data, a, point, start, i, b)
            if told >= SURE:
                row[C.MOJIBAKE] += length
            else:
                doubted += length
                doubts += told
            skip = max(0, length - 1)
    if doubts >= SURE:
        row[C.MOJIBAKE] += doubted


@leaf
def count_byte(data, a, b, byte):  # type: ignore[no-untyped-def]
    """Return how often `byte` occurs."""
    count = 0
    for other in data[a:b]:
        count += other == byte
    return count


@leaf
def count_three(data, a, b, one, two, three):  # type: ignore[no-untyped-def]
    """Return how often three bytes follow each other."""
    count = 0
    part = data[a:b]
    for k in range(len(part) - 2):
        count += (part[k] == one) & (part[k + 1] == two) & (part[k + 2] == three)
    return count


@leaf
def count_dots(data, a, b):  # type: ignore[no-untyped-def]
    """Return how often `...` occurs, without overlap."""
    if count_three(data, a, b, 46, 46, 46) == 0:
        return 0
    count = 0
    run = 0
    for k in range(a, b):
        if data[k] == 46:
            run += 1
            if run == 3:
                count += 1
                run = 0
        else:
            run = 0
    return count


@leaf
def light(data, lo, hi, formula_starts, formula_ends, formulas, row):  # type: ignore[no-untyped-def]
    """Count characters, line ends, `#`, `{` and ellipses alone, many bytes at a time."""
    a = lo
    for f in range(formulas + 1):
        b = formula_starts[f] if f < formulas else hi
        row[C.CHARACTERS] += points(data, a, b)
        row[C.NEWLINES] += count_byte(data, a, b, 10)
        row[C.HASHES] += count_byte(data, a, b, 35)
        row[C.OPEN_BRACES] += count_byte(data, a, b, 123)
        row[C.ELLIPSES] += count_dots(data, a, b)
        if count_byte(data, a, b, 0xE2):
            row[C.ELLIPSES] += count_three(data, a, b, 0xE2, 0x80, 0xA6)
            row[C.NEWLINES] += count_three(data, a, b, 0xE2, 0x80, 0xA8)
            row[C.NEWLINES] += count_three(data, a, b, 0xE2, 0x80, 0xA9)
        if f < formulas:
            a = formula_ends[f]
    row[C.CHARACTERS] += formulas


@leaf
def tally_ascii(ascii_counts, table, row):  # type: ignore[no-untyped-def]
    """Add the ASCII characters to `row`, and forget them."""
    for byte in range(128):
        count = ascii_counts[byte]
        if count == 0:
            continue
        cls = np.int64(table[byte])
        kind = cls & KIND
        row[C.CHARACTERS] += count
        if cls & ALPHA:
            row[C.LETTERS] += count
            row[C.LATIN] += count
            if cls & UPPER:
                row[C.UPPERS] += count
        elif kind == DIGIT:
            row[C.DIGITS] += count
        elif kind == PUNCTUATION or kind == APOSTROPHE or kind == HYPHEN:
            row[C.PUNCTUATIONS] += count
        elif kind == SYMBOL:
            row[C.SYMBOLS] += count
        elif kind == SPACE:
            row[C.SPACES] += count
        elif kind == NEWLINE:
            row[C.NEWLINES] += count
        elif kind == CONTROL:
            row[C.CONTROLS] += count
        ascii_counts[byte] = 0
        if byte == 35:
            row[C.HASHES] += count
        elif byte == 40 or byte == 41:
            row[C.PARENS] += count
        elif byte == 123:
            row[C.OPEN_BRACES] += count


@leaf
def characters(  # type: ignore[no-untyped-def]
    data, lo, hi, formula_starts, formula_ends, formulas, table, ascii_counts, row
):
    """Count the characters of a document; a formula is one, of no class."""
    a = lo
    for f in range(formulas + 1):
        b = formula_starts[f] if f < formulas else hi
        count_characters(data, lo, a, b, table, ascii_counts, row)
        row[C.ELLIPSES] += count_dots(data, a, b)
        if f < formulas:
            a = formula_ends[f]
            inside = points(data, b, a)
            row[C.FORMULA_CHARACTERS] += inside
            row[C.RAW_CHARACTERS] += inside - 1
    tally_ascii(ascii_counts, table, row)
    row[C.CHARACTERS] += formulas
    row[C.RAW_CHARACTERS] += row[C.CHARACTERS]


@leaf
def byte_entropy(data, lo, hi, counts):  # type: ignore[no-untyped-def]
    """Return the entropy of the bytes in bits."""
    counts[:] = 0
    for byte in data[lo:hi]:
        counts[byte] += 1
    total = hi - lo
    entropy = 0.0
    for byte in range(256):
        if counts[byte]:
            share = counts[byte] / total
            entropy -= share * np.log2(share)
    return max(entropy, 0.0)

"""Counts of characters by class."""

# ruff: noqa: SIM109 - two comparisons compile to two, a tuple to a loop

import numpy as np

from cleaner.kernels import leaf
from cleaner.kernels import signals_columns as C
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


@leaf
def points(data, a, b):  # type: ignore[no-untyped-def]
    """Return the number of characters in valid UTF-8."""
    count = 0
    for byte in data[a:b]:  # a slice, so that many are counted at a time
        count += byte & 0xC0 != 0x80
    return count


@leaf
def from_one_byte(point):  # type: ignore[no-untyped-def]
    """Return whether a continuation byte of UTF-8, read as Latin-1 or cp1252, looks like this."""
    if 0x80 <= point <= 0xBF:
        return True
    if point < 0x152:
        return False
    if point < 0x2E0:
        return (
            point == 0x152 or point == 0x153 or point == 0x160 or point == 0x161
            or point == 0x178 or point == 0x17D or point == 0x17E or point == 0x192
            or point == 0x2C6 or point == 0x2DC
        )  # fmt: skip
    return (
        point == 0x2013 or point == 0x2014 or (0x2018 <= point <= 0x201E and point != 0x201B)
        or (0x2020 <= point <= 0x2022) or point == 0x2026 or point == 0x2030 or point == 0x2039
        or point == 0x203A or point == 0x20AC or point == 0x2122
    )  # fmt: skip


@leaf
def mojibake(data, point, i, b):  # type: ignore[no-untyped-def]
    """Return the length, in characters, of the mojibake that `point` begins; `i` is after it."""
    if i >= b:
        return 0
    second, after = decode(data, i, b)
    if 0xC2 <= point <= 0xEF:
        if not from_one_byte(second):
            return 0
        if point <= 0xC3:
            return 2
        if point < 0xE2 or after >= b:
            return 0
        third, _ = decode(data, after, b)
        return 3 if from_one_byte(third) else 0
    if point == 0x951F and second == 0x65A4:  # 锟斤拷: two U+FFFD in UTF-8, read as GBK
        if after < b:
            third, _ = decode(data, after, b)
            return 3 if third == 0x62F7 else 0
        return 0
    if point == second:  # 烫烫, 屯屯: memory that a debugger had filled
        return 2
    return 0


@leaf
def count_characters(data, a, b, table, ascii_counts, row):  # type: ignore[no-untyped-def]
    """Add the characters of `data[a:b]`: ASCII ones to `ascii_counts`, others to `row`."""
    i = a
    skip = 0  # characters that are part of a mojibake sequence seen already
    while i < b:
        byte = data[np.uint64(i)]  # unsigned: numba need not ask whether it counts from the end
        if byte < 0x80:
            ascii_counts[byte] += 1
            i += 1
            continue
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
        if skip > 0:
            skip -= 1
        elif 0xC2 <= point <= 0xEF or point == 0x951F or point == 0x70EB or point == 0x5C6F:
            length = mojibake(data, point, i, b)
            row[C.MOJIBAKE] += length
            skip = max(0, length - 1)


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
        count_characters(data, a, b, table, ascii_counts, row)
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

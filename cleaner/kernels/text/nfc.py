"""Which texts are in Unicode's normal form C already, and not all in capitals: most are."""

import unicodedata
from functools import cache

import numpy as np

from cleaner.kernels import jit, leaf
from cleaner.kernels.unicode import decode

# Of a character below U+10000: its combining class, and these bits. NEVER: not in NFC; JOINS: may
# join a character before it that is JOINED.
NEVER, JOINS, JOINED, LOWER, UPPER = 0x100, 0x200, 0x400, 0x800, 0x1000
COMBINES = 0xFF
PLAIN = ((0x3400, 0xA000), (0xAC00, 0xD7A4), (0xD800, 0xF900))  # ideographs, syllables, private use


@cache
def forms() -> np.ndarray:
    """Return how each character below U+10000 bears on NFC and on capitals, by `unicodedata`."""
    table = np.zeros(0x10000, np.uint16)
    for point in (p for p in range(0x10000) if not any(lo <= p < hi for lo, hi in PLAIN)):
        char = chr(point)
        table[point] |= unicodedata.combining(char)
        table[point] |= LOWER * (char.islower() or char.istitle() > char.isupper())
        table[point] |= UPPER * char.isupper()
        if not unicodedata.is_normalized("NFC", char):
            table[point] |= NEVER
        elif (parts := unicodedata.decomposition(char).split()) and not parts[0].startswith("<"):
            table[int(parts[0], 16)] |= JOINED
            table[int(parts[-1], 16)] |= JOINS
    # Hangul: a leading consonant takes a vowel, a syllable without a final takes one.
    table[0x1100:0x1113] |= JOINED
    table[0xAC00:0xD7A4] |= JOINED
    table[0x1161:0x1176] |= JOINS
    table[0x11A8:0x11C3] |= JOINS
    return table


# What a byte may begin: a small or a capital letter, what `forms` has more to say of, or something
# of which the next byte decides that.
SMALL, CAPITAL, MARKED, LOOK = 1, 2, 4, 8


def _leads() -> np.ndarray:
    leads = np.zeros(256, np.uint8)
    leads[97:123] = SMALL
    leads[65:91] = CAPITAL
    leads[0xC3:0xD6] = CAPITAL
    leads[0xCC:0xCE] |= MARKED
    leads[0xD2:0xE2] = MARKED | CAPITAL
    leads[0xF0:0xF5] = MARKED | CAPITAL
    leads[[0xCE, 0xE2, 0xE3, 0xEA, 0xEF]] = LOOK | CAPITAL
    return leads


LEADS = _leads()


@leaf
def bears_marks(data, i, hi):  # type: ignore[no-untyped-def]
    """Return whether the character at `i`, begun by a byte of `LOOK`, may not be in NFC."""
    byte = data[i]
    after = data[i + 1] if i + 1 < hi else np.uint8(0)
    third = data[i + 2] if i + 2 < hi else np.uint8(0)
    if byte == 0xE3:  # kana and CJK signs, but for the marks of both
        return (after == 0x80 and third >= 0xAA) or (after == 0x82 and third >= 0x99)
    if byte == 0xEF:  # full and half width
        return after < 0xBC
    if byte == 0xE2:  # signs: the quotation marks, dashes and the like of most texts
        return after != 0x80 or third < 0x82
    if byte == 0xEA:  # Hangul
        return after < 0xB0
    return after == 0x87  # Greek letters, but for U+0387


@leaf
def unsettled(data, lo, hi, forms, marked):  # type: ignore[no-untyped-def]
    """Return whether `data[lo:hi]` may not be in NFC, or is all in capitals, by every character.

    Without `marked` it is in NFC, and the first small letter ends the search.
    """
    lower = upper = np.int64(0)
    starter = np.int64(0)  # what the last character says that combines with none
    before = np.int64(0)  # the combining class of the last character
    i = lo
    while i < hi:
        byte = np.int64(data[i])
        if byte < 0x80:
            lower |= 97 <= byte <= 122
            upper |= 65 <= byte <= 90
            starter = np.int64(JOINED)
            before = np.int64(0)
            i += 1
            continue
        point, i = decode(data, i, hi)
        if point >= 0x10000:
            if not 0x1F300 <= point < 0x2F800:  # not emoji, not an ideograph
                return True
            starter = before = np.int64(0)
            continue
        form = np.int64(forms[point])
        lower |= form & LOWER
        upper |= form & UPPER
        if lower and not marked:
            return False
        combines = form & COMBINES
        if form & NEVER or (form & JOINS and starter & JOINED) or 0 < combines < before:
            return True
        if combines == 0:
            starter = form
        before = combines
    return upper != 0 and lower == 0


@jit
def needs_folding(offsets, data, forms, leads):  # type: ignore[no-untyped-def]
    """Return for each text whether it may not be in NFC, or is all in capitals.

    False is a promise, True only asks for a look.
    """
    n = len(offsets) - 1
    out = np.zeros(n, np.bool_)
    for d in range(n):
        lo, hi = offsets[d], offsets[d + 1]
        seen = np.uint8(0)
        marked = False
        for i in range(lo, hi):
            lead = leads[data[i]]
            seen |= lead
            if lead & LOOK:
                marked |= bears_marks(data, i, hi)
        marked |= seen & MARKED != 0
        if marked or (seen & CAPITAL and not seen & SMALL):
            out[d] = unsettled(data, lo, hi, forms, marked)
    return out


def warm() -> None:
    """Compile, or load from the cache."""
    offsets, data = np.array([0, 1], np.int64), np.zeros(1, np.uint8)
    needs_folding(offsets, data, forms(), LEADS)

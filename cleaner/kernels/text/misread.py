"""UTF-8 that was read as Windows-1252: its runs, and how sure it is that nobody wrote them.

What tells and why stands in `cleaner.text.misread`, which is this kernel's twin.
"""

import numpy as np

from cleaner.kernels import leaf
from cleaner.kernels.unicode import decode

# Windows-1252 as browsers read it: the five bytes it leaves open are the C1 controls.
LATIN = {
    (bytes([byte]).decode("cp1252", "ignore") or chr(byte)): byte for byte in range(0x80, 0x100)
} | {chr(byte): byte for byte in range(0x80, 0x100)}
SURE = 2  # points that a run, or all runs of a document together, need

# What print sets right behind a letter: closing quotes, dashes, signs of trade, footnotes, units.
MARKS = frozenset("\u00a0‘’“”…–—«»‹›™•·")
NOTES = frozenset("\u00ad®©°²³¹ªº†‡")
LETTERS = frozenset("šžœŠŽŒ")
# What cannot stand between two letters, so that a small one behind it tells.
NEVER_INSIDE = (MARKS | NOTES | LETTERS) - frozenset("\u00a0\u00ad’…–—·")

# What a continuation character is, in bits; 0: none.
ANY, CONTROL, MARK, NOTE, LETTER, PARTING, POWER, DAGGER = (1 << bit for bit in range(8))


def _kinds() -> np.ndarray:
    kinds = np.zeros(0x2123, np.uint8)
    for character, byte in LATIN.items():
        if byte > 0xBF:
            continue
        kinds[ord(character)] = (
            ANY
            | CONTROL * ("\x80" <= character <= "\x9f")
            | MARK * (character in MARKS)
            | NOTE * (character in NOTES)
            | LETTER * (character in LETTERS)
            | PARTING * (character in NEVER_INSIDE)
            | POWER * (character in "²³¹")
            | DAGGER * (character in "†‡")
        )
    return kinds


KINDS = _kinds()


@leaf
def tail(data, i, b):  # type: ignore[no-untyped-def]
    """Return what the character at `i` is as a continuation, and where it ends."""
    if i >= b or data[i] < 0x80:
        return 0, i
    point, after = decode(data, i, b)
    return (np.int64(KINDS[point]) if point < 0x2123 else 0), after


@leaf
def is_small(data, i, a, b):  # type: ignore[no-untyped-def]
    """Return whether a small ASCII letter stands at `i`."""
    return a <= i < b and 97 <= data[i] <= 122


@leaf
def letter_before(data, i, a):  # type: ignore[no-untyped-def]
    """Return whether the character before `i` is a capital, and whether it is a letter."""
    if i <= a:
        return False, False
    byte = data[i - 1]
    if byte < 0x80:
        return 65 <= byte <= 90, 97 <= byte | 32 <= 122
    if i - 2 < a:
        return False, False
    lead = data[i - 2]
    if lead == 0xC3:
        return byte <= 0x9E and byte != 0x97, byte != 0x97 and byte != 0xB7
    return False, 0xC4 <= lead <= 0xC8 or (lead == 0xC9 and byte <= 0x8F)


@leaf
def points_of_two(data, a, start, end, b, lead, mark):  # type: ignore[no-untyped-def]
    """Return what a capital with a mark behind it tells between two characters."""
    usual = 0xC2 <= lead <= 0xC5
    doubted = MARK if lead <= 0xC3 else MARK | NOTE | LETTER
    if mark & doubted == 0:
        return SURE if usual else 1
    if lead == 0xD7 or lead == 0xDF or mark & POWER:
        return 0
    if is_small(data, start - 1, a, b):
        return SURE
    capital, letter = letter_before(data, start, a)
    if capital:
        return 0
    if is_small(data, end, a, b):
        dash = data[end - 1] == 0x93 or data[end - 1] == 0x94  # of E2 80 93, E2 80 94
        dash &= data[end - 3] == 0xE2 and data[end - 2] == 0x80
        return SURE if mark & PARTING or (dash and not letter) else 0
    blank = data[end - 2] == 0xC2 and data[end - 1] == 0xA0
    return np.int64(blank and usual and not letter)


@leaf
def run(data, a, i, b):  # type: ignore[no-untyped-def]
    """Return `(end, characters, points)` of the misread run at `i` of `data[a:b]`; 0: none."""
    characters = 0
    points = 0
    units = 0
    while i < b and data[i] == 0xC3:  # the leads, from Â on, are U+00C2 to U+00F4
        lead, after = decode(data, i, b)
        if lead < 0xC2 or lead > 0xF4:
            break
        first, end = tail(data, after, b)
        more = 1 if lead < 0xE0 else (2 if lead < 0xF0 else 3)
        some = first
        ok = first != 0
        doubted = first & (MARK | NOTE | LETTER) != 0
        printed = first & (MARK | NOTE) != 0 and first & DAGGER == 0
        for _ in range(more - 1):
            other, end = tail(data, end, b)
            ok &= other != 0
            some |= other
            doubted &= other & (MARK | NOTE | LETTER) != 0
            printed &= other & (MARK | NOTE) != 0 and other & DAGGER == 0
        if not ok:
            break
        if some & CONTROL:
            points += SURE
        elif more == 1:
            points += points_of_two(data, a, i, end, b, lead, first)
        elif lead == 0xE2 or lead == 0xEF or more == 3:
            points += 0 if printed else SURE
        else:
            points += 0 if doubted else 1
        units += 1
        characters += 1 + more
        i = end
    if units > 2:
        points = SURE
    return i, characters, min(points, SURE)


def warm() -> None:
    """Compile, or load from the cache."""
    data = np.frombuffer("Ã©".encode(), np.uint8)
    run(data, 0, 0, len(data))

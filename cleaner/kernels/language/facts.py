"""What masked text is made of: letters by script, and the signs of code and mojibake."""

import numpy as np

from cleaner.kernels import leaf
from cleaner.kernels.text.misread import SURE, run
from cleaner.kernels.text.segment import has_byte
from cleaner.kernels.unicode import ALPHA, EVERYDAY, SCRIPT, SCRIPT_SHIFT, SCRIPTS, classes, decode

# A column each of what `count` and `code_lines` fill in, and `prose_mask.mask` the masked bytes;
# the scripts of `unicode.SCRIPTS` come first.
LETTERS = len(SCRIPTS)
LETTER_BYTES = LETTERS + 1
SIMPLIFIED = LETTERS + 2
TRADITIONAL = LETTERS + 3
FREQUENT = LETTERS + 4  # Han characters of the everyday kind
LATIN_1 = LETTERS + 5  # letters of U+00C0 to U+00FF
REPLACED = LETTERS + 6  # U+FFFD that tore a word, and others but those of one line: icons
MISREAD_1252 = LETTERS + 7  # characters that are UTF-8 read as Windows-1252 or ISO 8859-1
MISREAD_1251 = LETTERS + 8  # the same for Windows-1251
ENCODED = LETTERS + 9  # bytes masked as base64 or hexadecimal
CODE = LETTERS + 10  # bytes masked as code
TEX = LETTERS + 11  # TeX commands of two letters and more
CODE_LETTERS = LETTERS + 12  # letters on lines that look like a program's
CODE_SIGNS = LETTERS + 13  # what prose hardly has: ; { } :: -> a_b and names with a ( behind
LOST = LETTERS + 14  # U+FFFD, all of them
FACTS = LETTERS + 15

HANS, HANT = 1, 2  # bits of `marks`, a byte per code point below 0x10000


def _images() -> np.ndarray:
    """Return for each code point below 0x2200 the byte that Windows-1251 reads as it; 0: none."""
    images = np.zeros(0x2200, np.uint8)
    for byte in range(0x80, 0x100):
        point = ord(bytes([byte]).decode("cp1251", "replace"))
        if point < len(images):
            images[point] = byte
    return images


IMAGES_1251 = _images()


@leaf
def letter(byte):  # type: ignore[no-untyped-def]
    """Return whether `byte` is an ASCII letter."""
    return 97 <= byte | 32 <= 122


@leaf
def word_byte(byte):  # type: ignore[no-untyped-def]
    """Return whether `byte` is an ASCII letter or digit."""
    return letter(byte) or 48 <= byte <= 57


@leaf
def count(text, lo, hi, tables, facts):  # type: ignore[no-untyped-def]
    """Add to `facts` what `text[lo:hi]` is made of."""
    table, marks, images_1251 = tables
    latin = 0
    left_1251, long_1251 = 0, 0  # bytes that a misread character still needs, and has
    checked = lo  # up to here no run of a misreading begins any more
    doubted, doubts = 0, 0  # characters of runs that may be written so, and how sure they are
    lost, torn = lo, 0  # where the last U+FFFD ended, and whether it tore a word
    free, line, most = 0, 0, 0  # of those that did not: all, on this line, and on any
    i = lo
    while i < hi:
        byte = text[i]
        if byte < 128:
            latin += letter(byte)
            left_1251 = 0
            i += 1
            continue
        point, after = decode(text, i, hi)
        cls = table[point]
        if cls & ALPHA:
            facts[cls >> SCRIPT_SHIFT & SCRIPT] += 1
            facts[LETTERS] += 1
            facts[LETTER_BYTES] += after - i
        if point < 0x2200:
            facts[LATIN_1] += 0xC0 <= point <= 0xFF
            if 0xC2 <= point <= 0xF4 and i >= checked:
                checked, length, told = run(text, lo, i, hi)
                if told >= SURE:
                    facts[MISREAD_1252] += length
                else:
                    doubted += length
                    doubts += told
            image = images_1251[point]
            if left_1251 > 0 and 0x80 <= image < 0xC0:
                left_1251 -= 1
                if left_1251 == 0:
                    facts[MISREAD_1251] += long_1251
            elif image >= 0xC2:
                long_1251 = 2 if image < 0xE0 else (3 if image < 0xF0 else 4)
                left_1251 = long_1251 - 1
            else:
                left_1251 = 0
        else:
            left_1251 = 0
            if point < 0x10000:
                mark = marks[point]
                facts[SIMPLIFIED] += (mark & HANS) != 0
                facts[TRADITIONAL] += (mark & HANT) != 0
                facts[FREQUENT] += (cls & EVERYDAY) != 0
                if point == 0xFFFD:
                    facts[LOST] += 1
                    if i != lost:
                        before = text[i - 1] if i > lo else np.uint8(32)
                        torn = 1 if letter(before) or before >= 0x80 else 0
                        line = 0 if has_byte(text, lost, i, 10) else line
                    lost = after
                    facts[REPLACED] += torn
                    line += 1 - torn
                    free += 1 - torn
                    most = max(most, line)
        i = after
    if doubts >= SURE:
        facts[MISREAD_1252] += doubted
    facts[REPLACED] += free - most
    facts[1] += latin
    facts[LETTERS] += latin
    facts[LETTER_BYTES] += latin


# What a byte may be to `code_lines`.
LETTER_BYTE, WIDE_BYTE, SIGN_BYTE, LOOK_BYTE, LINE_BYTE = 1, 2, 3, 4, 5


def _roles() -> np.ndarray:
    roles = np.zeros(256, np.uint8)
    roles[[*range(65, 91), *range(97, 123)]] = LETTER_BYTE
    roles[0xC0:] = WIDE_BYTE
    roles[list(b";{}")] = SIGN_BYTE
    roles[list(b"#(.:=>[_")] = LOOK_BYTE
    roles[10] = LINE_BYTE
    return roles


ROLES = _roles()


@leaf
def look(text, start, i, hi):  # type: ignore[no-untyped-def]
    """Return whether the byte at `i` of the line at `start` is a sign of code, and perhaps one."""
    byte = text[i]
    before = text[i - 1] if i > start else np.uint8(32)
    after = text[i + 1] if i + 1 < hi else np.uint8(10)
    if byte == 35:  # #
        return i == start and letter(after), False
    if byte == 40:  # (
        return word_byte(before) or before == 95, False
    if byte == 46:  # .
        return False, letter(before) and letter(after)
    if byte == 58:  # :
        return before == 58, after == 10
    if byte == 62:  # >
        return before == 45, False
    if byte == 91:  # [
        return False, (word_byte(before) or before == 95) and after != 94
    if byte == 95:  # _
        return word_byte(before) and word_byte(after), False
    if before == 32 and i > start + 1:  # =
        before = text[i - 2]
    if after == 32 and i + 2 < hi:
        after = text[i + 2]
    named = letter(before) or before == 95 or before == 41 or before == 93
    return False, named and not (48 <= after <= 57 or after == 61)


@leaf
def code_lines(text, lo, hi, roles, facts):  # type: ignore[no-untyped-def]
    """Count what looks like a program in `text[lo:hi]`.

    A line does with a sign of code for every 25 letters, unless over a fifth of its characters lie
    beyond ASCII. An = by no digit and a . or [ within a name are signs that prose has too.
    """
    start = lo
    while start < hi:
        i = start
        letters = 0
        wide = 0
        signs = 0
        weak = 0
        while i < hi:
            byte = text[i]
            role = roles[byte]
            letters += role == LETTER_BYTE
            if role > LETTER_BYTE:
                if role == LINE_BYTE:
                    break
                wide += role == WIDE_BYTE
                signs += role == SIGN_BYTE
                if role == LOOK_BYTE:
                    sure, perhaps = look(text, start, i, hi)
                    signs += sure
                    weak += perhaps
            i += 1
        if 25 * (signs + weak) > letters and 5 * wide < letters:
            facts[CODE_LETTERS] += letters
        facts[CODE_SIGNS] += signs
        start = i + 1


def count_tables(marks: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the tables that `count` looks up."""
    return classes(), marks, IMAGES_1251

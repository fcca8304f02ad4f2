"""What a character is: one 16-bit class per code point, and UTF-8 decoding.

A class packs a kind (`KIND`), flags and a script, so that a kernel that has decoded a character
needs one look-up. The table ships as `unicode.bin`, made from Unicode 17.0 by
`tests/kernels/make_unicode.py`; a kernel takes `classes()` as an argument.
"""

import zlib
from functools import cache
from pathlib import Path

import numpy as np

from cleaner.kernels import inlined, leaf

UNICODE = "17.0"

KIND = 0x0F  # the mask of the kinds below
OTHER, LETTER, DIGIT, MARK = 0, 1, 2, 3
GRAPHEME = 4  # a letter of a script written without spaces: Han, kana, Thai, Lao, Khmer, Myanmar
APOSTROPHE, HYPHEN, JOINER = 5, 6, 7  # inside a word they part nothing; JOINER: zero width
SPACE, NEWLINE, PUNCTUATION, SYMBOL, CONTROL, PRIVATE = 8, 9, 10, 11, 12, 13
REPLACEMENT = 14  # U+FFFD: a decoder had to give up here

UPPER = 0x10  # upper or title case
ALPHA = 0x20  # a letter in the sense of str.isalpha
TERMINAL = 0x40  # ends a sentence: Unicode Sentence_Terminal
EMOJI = 0x80  # shown as a picture by default: Emoji_Presentation
EVERYDAY = 0x1000  # a Han character of level 1 of GB 2312, Big5 or JIS X 0208
QUOTE = 0x2000  # closes a quotation, straight ones included
CLAUSE = 0x4000  # parts clauses or items: comma, semicolon, colon, in all widths and scripts
BULLET = 0x8000  # begins an item of a list when it begins a line

SCRIPT_SHIFT, SCRIPT = 8, 0x0F
SCRIPTS = (
    "common",  # digits, punctuation, marks and all else that belongs to no script
    "latin",
    "han",
    "kana",
    "hangul",
    "cyrillic",
    "greek",
    "arabic",
    "hebrew",
    "devanagari",
    "thai",
    "other",
)


@cache
def classes() -> np.ndarray:
    """Return the class of every code point, a read-only uint16 array of length 0x110000."""
    packed = zlib.decompress((Path(__file__).parent / "unicode.bin").read_bytes())
    # runs: all their lengths, then all their classes
    lengths, kinds = np.split(np.frombuffer(packed, "<u4"), 2)
    table = np.repeat(kinds.astype(np.uint16), lengths)
    table.flags.writeable = False
    return table


@leaf
def decode_rare(data, i, end):  # type: ignore[no-untyped-def]
    """Return what `decode` does for characters of two and four bytes and for broken ones."""
    lead = np.int64(data[i])
    if 0xC2 <= lead < 0xE0:
        if i + 1 < end and data[i + 1] & 0xC0 == 0x80:
            return (lead & 0x1F) << 6 | np.int64(data[i + 1] & 0x3F), i + 2
    elif (
        0xF0 <= lead < 0xF5
        and i + 3 < end
        and data[i + 1] & 0xC0 == 0x80
        and data[i + 2] & 0xC0 == 0x80
        and data[i + 3] & 0xC0 == 0x80
    ):
        point = (
            (lead & 0x07) << 18
            | np.int64(data[i + 1] & 0x3F) << 12
            | np.int64(data[i + 2] & 0x3F) << 6
            | np.int64(data[i + 3] & 0x3F)
        )
        if 0x10000 <= point < 0x110000:
            return point, i + 4
    return np.int64(0xFFFD), i + 1


@inlined
def decode(data, i, end):  # type: ignore[no-untyped-def]
    """Return the code point that starts at byte `i` and the position after it.

    A byte that starts no valid character within `data[i:end]` is U+FFFD, alone.
    """
    lead = np.int64(data[i])
    if lead < 0x80:
        return lead, i + 1
    if 0xE0 <= lead < 0xF0 and i + 2 < end:
        second = np.int64(data[i + 1])
        third = np.int64(data[i + 2])
        if second & 0xC0 == 0x80 and third & 0xC0 == 0x80:
            point = (lead & 0x0F) << 12 | (second & 0x3F) << 6 | third & 0x3F
            if point >= 0x800 and point >> 11 != 0x1B:  # no surrogates
                return point, i + 3
    return decode_rare(data, i, end)

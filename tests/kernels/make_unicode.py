"""Makes cleaner/kernels/unicode.bin; run by hand when Unicode grows: `python -m ... OUT`.

Needs the package `regex`, whose tables are those of a newer Unicode than Python's own.
"""

import sys
import zlib

import numpy as np
import regex

from cleaner.kernels import unicode as u

ALL = "".join(map(chr, range(0x110000)))
UNSPACED = ["Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar"]
SCRIPTS = {
    "latin": ["Latin"],
    "han": ["Han"],
    "kana": ["Hiragana", "Katakana"],
    "hangul": ["Hangul"],
    "cyrillic": ["Cyrillic"],
    "greek": ["Greek"],
    "arabic": ["Arabic"],
    "hebrew": ["Hebrew"],
    "devanagari": ["Devanagari"],
    "thai": ["Thai"],
}


def having(property: str) -> np.ndarray:
    """Return which code points have a Unicode property."""
    mask = np.zeros(0x110000, bool)
    for run in regex.finditer(rf"\p{{{property}}}+", ALL):
        mask[run.start() : run.end()] = True
    return mask


def points(*those: int) -> np.ndarray:
    """Return a mask of the code points named."""
    mask = np.zeros(0x110000, bool)
    mask[list(those)] = True
    return mask


def everyday() -> np.ndarray:
    """Return the Han characters that the first levels of three national standards hold."""
    mask = np.zeros(0x110000, bool)
    rows = {"gb2312": (0xB0, 0xD7), "euc_jp": (0xB0, 0xCF), "big5": (0xA4, 0xC6)}
    for encoding, (first, last) in rows.items():
        for lead in range(first, last + 1):
            for trail in range(0x40, 0xFF):
                found = bytes([lead, trail]).decode(encoding, "ignore")
                mask[[ord(character) for character in found]] = True
    return mask


def table() -> np.ndarray:
    """Return the class of every code point."""
    script = np.zeros(0x110000, np.uint16)
    named = having("L") | having("Nl")
    long_vowel = points(0x30FC, 0xFF70)  # ー is common to both kana
    for number, name in enumerate(u.SCRIPTS):
        for unicode_name in SCRIPTS.get(name, []):
            script[having(f"Script={unicode_name}")] = number
    script[named & ~having("Script=Common") & ~having("Script=Inherited") & (script == 0)] = (
        u.SCRIPTS.index("other")
    )
    script[long_vowel] = u.SCRIPTS.index("kana")
    script[~having("L") & ~having("Nl")] = 0

    # ำ and ຳ, and the half-width voicing marks, are letters that never start a grapheme.
    marks = having("M") | points(0x0E33, 0x0EB3, 0xFF9E, 0xFF9F)
    unspaced = np.logical_or.reduce([having(f"Script={name}") for name in UNSPACED]) | long_vowel
    kind = np.zeros(0x110000, np.uint16)
    kind[having("S")] = u.SYMBOL
    kind[having("P")] = u.PUNCTUATION
    kind[having("Cc") | having("Cf")] = u.CONTROL
    kind[having("Co")] = u.PRIVATE
    kind[having("White_Space")] = u.SPACE
    kind[points(0x0A, 0x2028, 0x2029)] = u.NEWLINE
    kind[having("N")] = u.DIGIT
    kind[having("L")] = u.LETTER
    kind[(having("L") | having("Nl")) & unspaced] = u.GRAPHEME
    kind[marks] = u.MARK
    kind[points(0x27, 0x2019, 0xFF07)] = u.APOSTROPHE
    kind[points(0x2D, 0xAD, 0x58A, 0x5BE, 0x1806, 0x2010, 0x2011, 0xFE63, 0xFF0D)] = u.HYPHEN
    kind[points(0x200C, 0x200D)] = u.JOINER
    kind[0xFFFD] = u.REPLACEMENT

    flags = np.zeros(0x110000, np.uint16)
    flags[having("Lu") | having("Lt")] |= u.UPPER
    flags[having("L")] |= u.ALPHA
    flags[having("Sentence_Terminal")] |= u.TERMINAL
    flags[having("Emoji_Presentation")] |= u.EMOJI
    flags[everyday() & having("Script=Han")] |= u.EVERYDAY
    flags[having("Pf") | points(*map(ord, "\"'＂＇」』〞〟﹂﹄｣"))] |= u.QUOTE
    flags[points(*map(ord, ",;:，、；：､،؛・·"))] |= u.CLAUSE
    flags[points(*map(ord, "•‣⁃◦▪▫■□●○◆◇▶➤★☆·-–*・"))] |= u.BULLET
    return kind | flags | script << u.SCRIPT_SHIFT


def pack(classes: np.ndarray) -> bytes:
    """Return runs of equal classes: all lengths, then all classes, compressed."""
    starts = np.flatnonzero(np.diff(classes, prepend=classes[0] ^ 1))
    lengths = np.diff(starts, append=len(classes))
    runs = np.concatenate([lengths, classes[starts]]).astype("<u4")
    return zlib.compress(runs.tobytes(), 9)


if __name__ == "__main__":
    assert regex.match(r"\p{Assigned}", "\U000323b0"), "this `regex` is older than Unicode 17.0"
    with open(sys.argv[1], "wb") as out:
        out.write(pack(table()))

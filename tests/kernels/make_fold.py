"""Makes cleaner/kernels/dedup/fold.bin; run by hand when Unicode or OpenCC grow: `python … OUT`.

Needs the package `opencc` (Apache-2.0, https://github.com/BYVoid/OpenCC), whose dictionary
TSCharacters gives the simplified form of a traditional character; only mappings of one character
to one are taken, none of phrases. All else comes from Python's `unicodedata`.
"""

import sys
import unicodedata
import zlib
from pathlib import Path

import numpy as np
import opencc

# Zero width, and not a letter or mark that changes what is read: soft hyphen, grapheme joiner,
# Mongolian vowel separator, zero-width spaces and joiners, direction marks, word joiner and
# invisible operators, byte order mark, variation selectors.
DROPPED = {0x00AD, 0x034F, 0x180E, 0xFEFF, *range(0x180B, 0x180E), 0x180F, *range(0x200B, 0x2010),
           *range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xFE00, 0xFE10),
           *range(0xE0100, 0xE01F0)}  # fmt: skip


def folded(point: int, simplify: opencc.OpenCC) -> str:
    """Return what one character becomes in a key of comparison."""
    if point in DROPPED:
        return ""
    char = before = chr(point)
    while True:
        form = unicodedata.decomposition(char) if len(char) == 1 else ""
        if form.startswith(("<wide>", "<narrow>")):
            char = "".join(chr(int(code, 16)) for code in form.split()[1:])
        if char.isspace():
            return " "
        char = unicodedata.normalize("NFC", char.casefold())
        if len(char) == 1 and ord(char) >= 0x2E80:
            simple = simplify.convert(char)
            char = simple if len(simple) == 1 else char
        if char == before:
            return char
        before = char


def may_compose(point: int) -> bool:
    """Return whether the character may join one before it in Unicode's composed form."""
    char = chr(point)
    if unicodedata.decomposition(char).startswith("<narrow>"):
        return unicodedata.combining(unicodedata.normalize("NFKC", char)) != 0
    if not unicodedata.is_normalized("NFC", "a" + char) or not unicodedata.is_normalized(
        "NFC", char
    ):
        return True
    return (
        unicodedata.combining(char) != 0 or 0x1161 <= point <= 0x1175 or 0x11A8 <= point <= 0x11C2
    )


def main(out: str) -> None:
    simplify = opencc.OpenCC("t2s")
    rows = []
    for point in range(0x110000):
        if 0xD800 <= point < 0xE000:
            continue
        after, composes = folded(point, simplify), may_compose(point)
        if after != chr(point) or composes:
            padded = [ord(char) for char in after] + [0] * (3 - len(after))
            rows.append([point, composes, *padded])
    table = np.array(rows, "<u4").T
    table[0, 1:] -= table[0, :-1]  # differences, which compress well
    Path(out).write_bytes(zlib.compress(np.ascontiguousarray(table).tobytes(), 9))
    print(len(rows), "characters", Path(out).stat().st_size, "bytes", unicodedata.unidata_version)


if __name__ == "__main__":
    main(sys.argv[1])

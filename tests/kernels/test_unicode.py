"""The class table against Python's own Unicode data, and decoding against bytes.decode."""

import sys
import unicodedata

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.kernels import unicode as u

# Ours, on purpose: apostrophes, hyphens, joiners, letters that never begin a grapheme, U+FFFD.
SPECIAL = {u.APOSTROPHE, u.HYPHEN, u.JOINER, u.REPLACEMENT}
MARKS = {0x0E33, 0x0EB3, 0xFF9E, 0xFF9F}
GENERAL = {
    "L": {u.LETTER, u.GRAPHEME},
    "M": {u.MARK},
    "N": {u.DIGIT, u.GRAPHEME},
    "P": {u.PUNCTUATION},
    "S": {u.SYMBOL},
    "Zs": {u.SPACE},
    "Zl": {u.NEWLINE},
    "Zp": {u.NEWLINE},
    "Cc": {u.CONTROL, u.SPACE, u.NEWLINE},
    "Cf": {u.CONTROL},
    "Co": {u.PRIVATE},
    "Cs": {u.OTHER},
}


def test_every_character_has_the_kind_of_its_category() -> None:
    table = u.classes()
    odd = []
    for point in range(sys.maxunicode + 1):
        category = unicodedata.category(chr(point))
        kind = int(table[point]) & u.KIND
        if category == "Cn" or kind in SPECIAL or point in MARKS:
            continue  # unassigned in Python's older Unicode, or ours
        if kind not in GENERAL.get(category, GENERAL.get(category[0], set())):
            odd.append((hex(point), category, kind))
    assert len(odd) < 20, odd  # a few categories changed between the two versions of Unicode


def test_flags_and_scripts() -> None:
    def of(character: str) -> tuple[str, bool, bool, bool]:
        value = int(u.classes()[ord(character)])
        return (
            u.SCRIPTS[value >> u.SCRIPT_SHIFT & u.SCRIPT],
            bool(value & u.UPPER),
            bool(value & u.ALPHA),
            bool(value & u.TERMINAL),
        )

    assert of("A") == ("latin", True, True, False)
    assert of("ａ") == ("latin", False, True, False)
    assert of("中") == of("々") == ("han", False, True, False)
    assert of("ー") == of("の") == ("kana", False, True, False)
    assert of("가") == ("hangul", False, True, False)
    assert of("。") == of("？") == of(".") == ("common", False, False, True)
    assert of("م")[0] == "arabic"
    assert of("བ")[0] == "other"
    assert of("\U000323b0") == ("han", False, True, False)  # new in Unicode 17


def points(raw: bytes) -> list[int]:
    data = np.frombuffer(raw, np.uint8)
    found, i = [], 0
    while i < len(data):
        point, after = u.decode(data, i, len(data))
        assert i < after <= len(data)
        found.append(point)
        i = after
    return found


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_decodes_what_python_encodes(text: str) -> None:
    assert points(text.encode()) == [ord(c) for c in text]


@settings(deadline=None)
@given(st.binary())
def test_broken_bytes_are_replacement_characters(raw: bytes) -> None:
    def valid(part: bytes) -> bool:
        try:
            return len(part.decode()) == 1
        except UnicodeDecodeError:
            return False

    expected, i = [], 0
    while i < len(raw):
        width = next((w for w in (1, 2, 3, 4) if valid(raw[i : i + w])), 0)
        expected.append(ord(raw[i : i + width].decode()) if width else 0xFFFD)
        i += width or 1
    assert points(raw) == expected

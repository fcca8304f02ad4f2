"""Keys of comparison: the form of a text in which copies of it are equal, as UTF-8 bytes.

Full and half width, case, and traditional and simplified Chinese are one; zero-width characters
and soft hyphens are out; a run of white space is one space, none at the edges; characters are
composed (NFC). A formula is `$..$` with one spelling of its TeX: see `put_formula`. The table of
characters ships as `fold.bin`, made by `tests/kernels/make_fold.py`.
"""

import re
import unicodedata
import zlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from cleaner.kernels import inlined, jit
from cleaner.kernels.arrow import utf8
from cleaner.kernels.text.segment import DOLLAR, FORMULA, OFF, has_byte, longest, split_words
from cleaner.kernels.unicode import classes, decode

# Entries of the table of characters: 0 is "itself", else a code point with flags.
POINT = 0x1FFFFF
DROP = 0x1FFFFF
SEVERAL = 0x200000  # the rest of the entry is a row of the expansions
COMPOSES = 0x400000  # Unicode may compose it with what stands before

EXPANSION = 3  # bytes out per byte in, at most: U+0390 becomes three characters of two bytes

_BLANK, _BACKSLASH, _TILDE, _OPEN, _CLOSE = 32, 92, 126, 123, 125

# Control words without a meaning of their own, and those with a shorter twin.
_TEX = {
    "displaystyle": "", "textstyle": "", "limits": "", "nolimits": "", "left": "", "right": "",
    "quad": "", "qquad": "", "thinspace": "", "rightarrow": "\\to", "leq": "\\le", "geq": "\\ge",
    "neq": "\\ne", "lbrace": "\\{", "rbrace": "\\}", "lt": "<", "gt": ">", "prime": "'", "ast": "*",
    "lvert": "|", "rvert": "|", "vert": "|", "operatorname": "\\mathrm",
}  # fmt: skip
FNV_OFFSET, FNV_PRIME = 0xCBF29CE484222325, 0x100000001B3


class Tables(NamedTuple):
    """What the kernel looks things up in."""

    ascii: np.ndarray  # uint8: the byte each ASCII byte becomes; 32 is white space
    points: np.ndarray  # uint32 per code point
    expansions: np.ndarray  # int32, rows of three code points, -1 where there are fewer
    words: np.ndarray  # uint64: FNV-1a of TeX control words
    twins: np.ndarray  # uint8: what they become, in rows of 8, ended by 0
    classes: np.ndarray


def _fnv(word: bytes) -> int:
    value = FNV_OFFSET
    for byte in word:
        value = (value ^ byte) * FNV_PRIME % 2**64
    return value


@cache
def tables() -> Tables:
    """Return the tables, read once."""
    packed = zlib.decompress((Path(__file__).parent / "fold.bin").read_bytes())
    steps, composes, first, second, third = np.frombuffer(packed, "<u4").reshape(5, -1)
    where = np.cumsum(steps)
    entries = np.where(first == 0, DROP, first) | np.where(composes, COMPOSES, 0)
    several = np.flatnonzero(second)
    entries[several] = np.arange(len(several)) | SEVERAL | np.where(composes[several], COMPOSES, 0)
    points = np.zeros(0x110000, np.uint32)
    points[where] = entries
    expansions = np.stack([first, second, third], 1)[several].astype(np.int32)
    expansions[expansions == 0] = -1
    plain = points[:128].astype(np.uint8)
    twins = np.zeros((len(_TEX), 8), np.uint8)
    for row, twin in zip(twins, _TEX.values(), strict=True):
        row[: len(twin)] = np.frombuffer(twin.encode(), np.uint8)
    words = np.array([_fnv(word.encode()) for word in _TEX], np.uint64)
    return Tables(
        np.where(plain == 0, np.arange(128), plain).astype(np.uint8),
        points, expansions, words, twins, classes(),
    )  # fmt: skip


@inlined
def put_point(out, at, point):  # type: ignore[no-untyped-def]
    """Write one code point as UTF-8 and return the position after it."""
    if point < 0x80:
        out[at] = point
        return at + 1
    if point < 0x800:
        out[at] = 0xC0 | point >> 6
        out[at + 1] = 0x80 | point & 0x3F
        return at + 2
    if point < 0x10000:
        out[at] = 0xE0 | point >> 12
        out[at + 1] = 0x80 | point >> 6 & 0x3F
        out[at + 2] = 0x80 | point & 0x3F
        return at + 3
    out[at] = 0xF0 | point >> 18
    out[at + 1] = 0x80 | point >> 12 & 0x3F
    out[at + 2] = 0x80 | point >> 6 & 0x3F
    out[at + 3] = 0x80 | point & 0x3F
    return at + 4


@inlined
def letter(byte):  # type: ignore[no-untyped-def]
    """Return whether a byte is an ASCII letter."""
    return 97 <= (byte | 32) <= 122


@inlined
def alnum(byte):  # type: ignore[no-untyped-def]
    """Return whether a byte is an ASCII letter or digit."""
    return letter(byte) or 48 <= byte <= 57


@inlined
def past_blanks(data, i, end):  # type: ignore[no-untyped-def]
    """Return the first position from `i` that holds no ASCII white space or control."""
    while i < end and data[i] <= _BLANK:
        i += 1
    return i


@jit
def put_formula(data, i, end, out, at, tables):  # type: ignore[no-untyped-def]
    """Write the formula `data[i:end]` in one spelling; return as `put_plain` does.

    One dollar on each side. White space, spaces of TeX (`\\,` `~` `\\quad`), size commands and
    braces around one letter or digit are out, control words with a shorter twin take it; a control
    word stays parted from a letter after it. Case and digits stay.
    """
    dollars = 2 if data[i + 1] == DOLLAR else 1
    i += dollars
    end -= dollars
    out[at] = DOLLAR
    at += 1
    word = False  # what was written last is a control word
    compose = False
    while i < end:
        byte = data[i]
        if byte == _BACKSLASH and i + 1 < end and letter(data[i + 1]):
            after = i + 1
            name = np.uint64(FNV_OFFSET)
            while after < end and letter(data[after]):
                name = (name ^ np.uint64(data[after])) * np.uint64(FNV_PRIME)
                after += 1
            twin = -1
            for k in range(len(tables.words)):
                if tables.words[k] == name:
                    twin = k
            if twin < 0:
                for k in range(i, after):
                    out[at] = data[k]
                    at += 1
                word = True
            else:
                for k in range(8):
                    if tables.twins[twin, k] == 0:
                        break
                    out[at] = tables.twins[twin, k]
                    at += 1
                    word = letter(tables.twins[twin, k])
            i = after
            continue
        if byte == _BACKSLASH and i + 1 < end:
            after = data[i + 1]
            # \, \; \: \! and an escaped blank or line end
            if after == 44 or after == 59 or after == 58 or after == 33 or after <= _BLANK:
                i += 2
                continue
            out[at] = byte
            at += 1
            if after < 0x80:
                out[at] = after
                at += 1
                i += 2
            else:
                i += 1
            word = False
            continue
        if byte == _OPEN:
            inner = past_blanks(data, i + 1, end)
            close = past_blanks(data, inner + 1, end)
            if close < end and data[close] == _CLOSE and alnum(data[inner]):
                byte = data[inner]
                i = close
        if byte < 0x80:
            i += 1
            if byte <= _BLANK or byte == _TILDE:
                continue
            if word and letter(byte):
                out[at] = _BLANK
                at += 1
            out[at] = byte
            at += 1
            word = False
            continue
        point, i = decode(data, i, end)
        entry = tables.points[point]
        compose |= (entry & COMPOSES) != 0
        if entry & POINT == DROP or entry & POINT == _BLANK:
            continue
        at = put_point(out, at, point)
        word = False
    out[at] = DOLLAR
    return at + 1, compose


@jit
def put_plain(data, i, end, out, at, tables):  # type: ignore[no-untyped-def]
    """Write the text `data[i:end]` folded; return the position after it and whether to compose.

    White space after white space, or at position 0, is not written.
    """
    compose = False
    blank = at == 0 or out[at - 1] == _BLANK
    while i < end:
        byte = data[i]
        if byte < 0x80:
            i += 1
            byte = tables.ascii[byte]
            if byte != _BLANK or not blank:
                out[at] = byte
                at += 1
            blank = byte == _BLANK
            continue
        point, after = decode(data, i, end)
        entry = tables.points[point]
        if entry == 0 and after == i + 3:
            out[at], out[at + 1], out[at + 2] = byte, data[i + 1], data[i + 2]
            at += 3
            i = after
            blank = False
            continue
        i = after
        if entry == 0:
            at = put_point(out, at, point)
            blank = False
            continue
        compose |= (entry & COMPOSES) != 0
        if entry & SEVERAL:
            row = entry & (SEVERAL - 1)
            for k in range(3):
                if tables.expansions[row, k] >= 0:
                    at = put_point(out, at, np.int64(tables.expansions[row, k]))
            blank = False
            continue
        point = np.int64(entry & POINT)
        if point == DROP:
            continue
        if point == _BLANK:
            if not blank:
                out[at] = _BLANK
                at += 1
            blank = True
            continue
        at = put_point(out, at, point)
        blank = False
    return at, compose


@jit
def fold_one(data, lo, hi, mode, tables, starts, ends, kinds, out):  # type: ignore[no-untyped-def]
    """Write the key of the text `data[lo:hi]` to `out` from position 0.

    `starts`, `ends`, `kinds` are room for its words, as `split_words` needs it. Returns the length,
    and whether some character may have to be composed first.
    """
    at = 0
    compose = False
    i = lo
    if mode != OFF and has_byte(data, lo, hi, DOLLAR):
        words = split_words(data, lo, hi, mode, tables.classes, starts, ends, kinds)
        for w in range(words):
            if kinds[w] == FORMULA:
                at, more = put_plain(data, i, starts[w], out, at, tables)
                at, also = put_formula(data, starts[w], ends[w], out, at, tables)
                compose |= more | also
                i = ends[w]
    at, more = put_plain(data, i, hi, out, at, tables)
    if at > 0 and out[at - 1] == _BLANK:
        at -= 1
    return at, compose | more


@jit
def fold_all(offsets, data, modes, tables):  # type: ignore[no-untyped-def]
    """Return `(offsets, bytes, compose)`; where `compose`, the key of the composed text counts."""
    documents = len(offsets) - 1
    most = longest(offsets)
    room = most // 2 + 1
    starts, ends = np.empty(room, np.int64), np.empty(room, np.int64)
    kinds = np.empty(room, np.uint8)
    scratch = np.empty(EXPANSION * most + 8, np.uint8)
    size = offsets[documents] - offsets[0] + 64
    keys = np.empty(size, np.uint8)
    bounds = np.zeros(documents + 1, np.int64)
    compose = np.zeros(documents, np.bool_)
    for d in range(documents):
        length, compose[d] = fold_one(
            data, offsets[d], offsets[d + 1], modes[d], tables, starts, ends, kinds, scratch
        )
        at = bounds[d]
        if at + length > size:
            size = max(2 * size, at + length)
            more = np.empty(size, np.uint8)
            more[:at] = keys[:at]
            keys = more
        keys[at : at + length] = scratch[:length]
        bounds[d + 1] = at + length
    return bounds, keys[: bounds[documents]], compose


@jit
def splice(first, values, other_first, other_values, which):  # type: ignore[no-untyped-def]
    """Return `(first, values)` with the rows numbered in `which` replaced by those of the other."""
    documents = len(first) - 1
    lengths = first[1:] - first[:-1]
    for k in range(len(which)):
        lengths[which[k]] = other_first[k + 1] - other_first[k]
    merged = np.zeros(documents + 1, np.int64)
    for d in range(documents):
        merged[d + 1] = merged[d] + lengths[d]
    out = np.empty(merged[documents], values.dtype)
    k = 0
    for d in range(documents):
        if k < len(which) and which[k] == d:
            out[merged[d] : merged[d + 1]] = other_values[other_first[k] : other_first[k + 1]]
            k += 1
        else:
            out[merged[d] : merged[d + 1]] = values[first[d] : first[d + 1]]
    return merged, out


_HALF_KANA = re.compile("[\uff65-\uff9f]+")


@cache
def _characters() -> tuple[dict[int, str], dict[int, None], re.Pattern[str]]:
    """Return what characters become, those that go, and the pattern of one with its marks."""
    found = tables()
    become: dict[int, str] = {}
    gone: dict[int, None] = {}
    marks: list[str] = []
    for point in np.flatnonzero(found.points).tolist():
        entry = int(found.points[point])
        if entry & COMPOSES:
            marks.append(re.escape(chr(point)))
        if entry & SEVERAL:
            codes = found.expansions[entry & (SEVERAL - 1)].tolist()
            become[point] = "".join(chr(code) for code in codes if code >= 0)
        elif entry & POINT == DROP:
            gone[point] = None
        else:
            become[point] = chr(entry & POINT)
    some = "".join(marks)
    return become, gone, re.compile(f"[^{some}][{some}]+")


def composed(text: str) -> str:
    """Return the text without invisible characters, its characters composed as in its key.

    A mark may join a character only once that is folded, as a full-width letter; such a character
    is folded here, and half-width kana with them.
    """
    become, gone, with_marks = _characters()
    kana = _HALF_KANA.sub(lambda run: unicodedata.normalize("NFKC", run[0]), text.translate(gone))

    def settled(found: re.Match[str]) -> str:
        folded = found[0].translate(become)
        joined = unicodedata.normalize("NFC", folded)
        if joined == folded:
            return found[0]
        while (again := unicodedata.normalize("NFC", joined.translate(become))) != joined:
            joined = again
        return joined

    return with_marks.sub(settled, unicodedata.normalize("NFC", kana))


def compose_some(offsets: np.ndarray, data: np.ndarray, which: np.ndarray) -> tuple:
    """Return `(offsets, data)` of the texts numbered in `which`, each composed."""
    texts = [
        composed(data[offsets[d] : offsets[d + 1]].tobytes().decode("utf-8", "replace"))
        for d in which.tolist()
    ]
    found, bytes_ = utf8(pa.array(texts, pa.large_string()))
    return frozen(found), frozen(bytes_)


def frozen(array: np.ndarray) -> np.ndarray:
    """Return a read-only view: numba compiles anew for an array that may be written."""
    view = array.view()
    view.flags.writeable = False
    return view


def fold(offsets: np.ndarray, data: np.ndarray, modes: np.ndarray) -> tuple:
    """Return `(offsets, bytes)`: the key of each text; `modes` as `split_words` takes them."""
    offsets, data = frozen(offsets), frozen(data)
    bounds, keys, compose = fold_all(offsets, data, modes, tables())
    which = np.flatnonzero(compose)
    if not len(which):
        return bounds, keys
    again, fresh, _ = fold_all(*compose_some(offsets, data, which), modes[which], tables())
    return splice(bounds, keys, again, fresh, which)


def warm() -> None:
    """Compile, or load from the cache."""
    offsets, data = utf8(pa.array(["A $x$ 中"], pa.large_string()))
    fold(offsets, data, np.ones(1, np.uint8))

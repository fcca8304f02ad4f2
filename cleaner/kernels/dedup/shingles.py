"""Shingles: 64-bit hashes of every run of n words of a text's key, straight from its bytes."""

import numpy as np
import pyarrow as pa

from cleaner.kernels import inlined, jit
from cleaner.kernels.arrow import utf8
from cleaner.kernels.dedup.fold import (
    EXPANSION,
    compose_some,
    frozen,
    put_formula,
    put_plain,
    splice,
    tables,
)
from cleaner.kernels.hashing import mix64
from cleaner.kernels.text.segment import (
    ASCII_WORD,
    BLANK,
    DOLLAR,
    FORMULA,
    MINUS,
    OFF,
    QUOTE,
    end_of_run,
    has_byte,
    longest,
    split_words,
)
from cleaner.kernels.unicode import (
    DIGIT,
    GRAPHEME,
    JOINER,
    KIND,
    LETTER,
    MARK,
    classes,
    decode,
)

NONE = -1
LOWER = 0x20  # what parts ASCII letters of either case; every digit has it
EIGHT = np.uint64(8)
SEED = 0x243F6A8885A308D3  # the first bits of pi
ROLL = 0x9E3779B97F4A7C15  # an odd multiplier: 2^64 / golden ratio


@inlined
def absorb(value, chunk):  # type: ignore[no-untyped-def]
    """Return a word's hash so far with eight more bytes."""
    value = (value ^ chunk) * np.uint64(ROLL)
    return value ^ (value >> np.uint64(32))


@inlined
def word_hash(data, i, end):  # type: ignore[no-untyped-def]
    """Return the hash of the bytes `data[i:end]`, eight at a time."""
    value, chunk = np.uint64(SEED), np.uint64(0)
    for k in range(i, end):
        chunk = chunk << EIGHT | np.uint64(data[k])
        if (k - i) & 7 == 7:
            value, chunk = absorb(value, chunk), np.uint64(0)
    return mix64(value ^ chunk)


@jit
def end_of_grapheme(data, i, end, table):  # type: ignore[no-untyped-def]
    """Return where the marks and joiners end that go on at `i`."""
    while i < end and data[i] >= 0x80:  # none of them is ASCII
        point, after = decode(data, i, end)
        kind = table[point] & KIND
        if kind != MARK and kind != JOINER:
            return i
        i = after
    return i


@jit
def hash_key(data, i, end, table, out, at):  # type: ignore[no-untyped-def]
    """Write the hashes of the words of the key `data[i:end]`, in which nothing is a formula."""
    while i < end:
        start = i
        if data[i] < 0x80:
            if ASCII_WORD[data[i]]:
                i = end_of_run(data, i, end, table)
                out[at] = word_hash(data, start, i)
                at += 1
            else:
                i += 1
            continue
        point, after = decode(data, i, end)
        kind = table[point] & KIND
        while kind == GRAPHEME:  # what is decoded to look for a mark is the next character
            value = mix64(np.uint64(point))
            i = after
            kind = NONE
            if i < end and data[i] >= 0x80:
                point, after = decode(data, i, end)
                kind = table[point] & KIND
                if kind in (MARK, JOINER):
                    i = end_of_grapheme(data, after, end, table)
                    value = word_hash(data, start, i)
                    kind = NONE
            out[at] = value
            at += 1
            start = i
        if LETTER <= kind <= DIGIT:
            i = end_of_run(data, after, end, table)
            out[at] = word_hash(data, start, i)
            at += 1
        elif kind != NONE:
            i = after
    return at


@jit
def hash_text(data, i, end, tables, key, out, at):  # type: ignore[no-untyped-def]
    """Write the hashes of the words of the key of the text `data[i:end]`, which has no formula.

    Returns their number and whether to compose, as `put_plain`. No word crosses an ASCII blank: a
    token of ASCII alone is hashed as it stands, any other is folded to `key` first.
    """
    compose = False
    token, before = i, at  # where the token begins, and how many words stand before it
    while i < end:
        byte = data[i]
        if byte < 0x80 and not ASCII_WORD[byte]:
            i += 1
            if byte <= BLANK:
                token, before = i, at
            continue
        value, chunk, size = np.uint64(SEED), np.uint64(0), 0
        while byte < 0x80:
            chunk = chunk << EIGHT | np.uint64(byte | LOWER)
            size += 1
            if size & 7 == 0:
                value, chunk = absorb(value, chunk), np.uint64(0)
            i += 1
            if i == end:
                break
            byte = data[i]
            if ASCII_WORD[byte]:
                continue
            if (byte != QUOTE and byte != MINUS) or i + 1 == end:
                break
            if data[i + 1] >= 0x80:
                byte = data[i + 1]
            elif not ASCII_WORD[data[i + 1]]:
                break
        if byte < 0x80 or i == end:
            out[at] = mix64(value ^ chunk)
            at += 1
            continue
        while i < end and data[i] > BLANK:
            i += 1
        length, more = put_plain(data, token, i, key, 0, tables)
        compose |= more
        at = hash_key(key, 0, length, tables.classes, out, before)
    return at, compose


@jit
def shingle_all(offsets, data, modes, n, tables):  # type: ignore[no-untyped-def]
    """Return `(first, shingles, compose, formulas)`, see `shingles`; the last: who has some."""
    documents = len(offsets) - 1
    most = longest(offsets)
    room = most // 2 + 1
    starts, ends = np.empty(room, np.int64), np.empty(room, np.int64)
    kinds = np.empty(room, np.uint8)
    key = np.empty(EXPANSION * most + 8, np.uint8)
    words = np.empty(EXPANSION * most // 2 + 1, np.uint64)
    # Untouched memory costs nothing, and two bytes of text cannot hold more than one word.
    shingles = np.empty((offsets[documents] - offsets[0]) // 2 + documents + 1, np.uint64)
    first = np.zeros(documents + 1, np.int64)
    compose = np.zeros(documents, np.bool_)
    formulas = np.zeros(documents, np.bool_)
    drop = np.uint64(1)  # what the word that leaves the window has been multiplied by
    for _ in range(n):
        drop *= np.uint64(ROLL)
    at = 0
    for d in range(documents):
        i, end = offsets[d], offsets[d + 1]
        count = 0
        if modes[d] != OFF and has_byte(data, i, end, DOLLAR):
            spans = split_words(data, i, end, modes[d], tables.classes, starts, ends, kinds)
            for w in range(spans):
                if kinds[w] == FORMULA:
                    formulas[d] = True
                    count, more = hash_text(data, i, starts[w], tables, key, words, count)
                    length, also = put_formula(data, starts[w], ends[w], key, 0, tables)
                    words[count] = word_hash(key, 0, length)
                    count += 1
                    i = ends[w]
                    compose[d] |= more | also
        count, more = hash_text(data, i, end, tables, key, words, count)
        compose[d] |= more
        window = np.uint64(0)
        for w in range(min(n, count)):
            window = window * np.uint64(ROLL) + words[w]
        if count > 0:
            # fewer than n words are one shingle, and never one of n words
            shingles[at] = mix64(window ^ np.uint64(max(0, n - count)))
            at += 1
        for w in range(n, count):
            window = window * np.uint64(ROLL) + words[w] - words[w - n] * drop
            shingles[at] = mix64(window)
            at += 1
        first[d + 1] = at
    return first, shingles[:at], compose, formulas


def shingles(offsets: np.ndarray, data: np.ndarray, modes: np.ndarray, n: int) -> tuple:
    """Return `(first, hashes)`: text d has the shingles `hashes[first[d]:first[d + 1]]`.

    They come in the order of the text, repeats included. A text of fewer than `n` words is one
    shingle, a text without a word has none. `modes` as `split_words` takes them.
    """
    return shingles_and_formulas(offsets, data, modes, n)[:2]


def shingles_and_formulas(
    offsets: np.ndarray, data: np.ndarray, modes: np.ndarray, n: int
) -> tuple:
    """Return `(first, hashes, formulas)`: shingles, and which texts have a formula."""
    offsets, data = frozen(offsets), frozen(data)
    first, hashes, compose, formulas = shingle_all(offsets, data, modes, n, tables())
    which = np.flatnonzero(compose)
    if len(which):
        texts = compose_some(offsets, data, which)
        again, fresh, *_ = shingle_all(*texts, modes[which], n, tables())
        first, hashes = splice(first, hashes, again, fresh, which)
    return first, hashes, formulas


@jit
def wordy_all(offsets, data, modes, table):  # type: ignore[no-untyped-def]
    """Return for each text whether it has a word; it stops at the first."""
    out = np.zeros(len(offsets) - 1, np.bool_)
    room = longest(offsets) // 2 + 1
    starts, ends = np.empty(room, np.int64), np.empty(room, np.int64)
    kinds = np.empty(room, np.uint8)
    for d in range(len(offsets) - 1):
        i, end = offsets[d], offsets[d + 1]
        dollar = False
        while i < end and not out[d]:
            dollar |= data[i] == DOLLAR
            point, i = decode(data, i, end)
            kind = table[point] & KIND
            out[d] = LETTER <= kind <= DIGIT or kind == GRAPHEME
        if dollar and not out[d]:  # a formula of signs alone
            out[d] = split_words(data, offsets[d], end, modes[d], table, starts, ends, kinds) > 0
    return out


def wordy(offsets: np.ndarray, data: np.ndarray, modes: np.ndarray) -> np.ndarray:
    """Return for each text whether it has a word; `modes` as `split_words` takes them."""
    return wordy_all(frozen(offsets), frozen(data), modes, classes())


def warm() -> None:
    """Compile, or load from the cache."""
    offsets, data = utf8(pa.array(["A $x$ 中", "e\u0301"], pa.large_string()))
    shingles(offsets, data, np.ones(2, np.uint8), 5)
    wordy(offsets, data, np.ones(2, np.uint8))

"""All counts that signals are made of: one segmentation and one call per frame.

`passes` says which parts of the work are wanted; what is not wanted costs nothing.
"""

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from cleaner.kernels import jit
from cleaner.kernels.eight_bytes import U56, M
from cleaner.kernels.signals import columns as C
from cleaner.kernels.signals.addresses import find_urls
from cleaner.kernels.signals.c4 import chunks
from cleaner.kernels.signals.characters import byte_entropy, characters, light, points
from cleaner.kernels.signals.columns import COLUMNS
from cleaner.kernels.signals.formulas import formulas, tex_marks
from cleaner.kernels.signals.lines import lines
from cleaner.kernels.signals.repetition import DEEPEST, repetition
from cleaner.kernels.signals.stop_words import STOP_WORDS
from cleaner.kernels.signals.words import (
    KOREAN,
    LANGUAGES,
    SLOTS,
    describe,
    median_length,
    tokens_of,
)
from cleaner.kernels.text.segment import FORMULA, OFF, RULE, has_byte, longest, split_words, utf8_of
from cleaner.kernels.unicode import classes

# What is wanted, in bits; the deepest n-gram stands above them.
CHARACTERS, SPLIT, WORDS, MEDIAN, STOP, LINES, PHRASES, FACTS, COPIES, UNIQUE, GRAMS = (
    1 << bit for bit in range(11)
)
MATH, LINKS, ENTROPY, LIGHT, CHUNKS = 1 << 11, 1 << 12, 1 << 13, 1 << 14, 1 << 15
ANY_END, SPACED = 1 << 16, 1 << 17
DEPTH = 20  # shift of the deepest n-gram


FLOATS = ("word_entropy", "byte_entropy")
_CHARACTER_COLUMNS = COLUMNS[C.CHARACTERS : C.WORDS]
_PASSES: dict[str, int] = {
    **{name: CHARACTERS for name in _CHARACTER_COLUMNS},
    **{name: LIGHT for name in ("characters", "newlines", "hashes", "open_braces", "ellipses")},
    **{name: SPLIT for name in ("words", "tokens")},
    **{name: WORDS for name in ("word_characters", "longest_word", "alpha_words")},
    "spaced_han": WORDS | SPACED,
    "median_twice": WORDS | MEDIAN,
    **{name: WORDS | UNIQUE for name in ("unique_words", "top_word", "word_entropy")},
    **{name: WORDS | STOP for name in COLUMNS[C.STOP_EN : C.LINES]},
    **{name: LINES for name in COLUMNS[C.LINES : C.POLICY_LINES]},
    **{name: LINES | PHRASES for name in ("policy_lines", "javascript_lines", "lorem_ipsum")},
    **{name: LINES | FACTS for name in COLUMNS[C.UPPER_LINES : C.C4_LINES]},
    "refinedweb_cut": LINES | FACTS | SPLIT,
    **{name: LINES | PHRASES | SPLIT for name in COLUMNS[C.C4_LINES : C.C4_ANY_LINES]},
    **{name: LINES | PHRASES | SPLIT | ANY_END for name in COLUMNS[C.C4_ANY_LINES : C.PARAGRAPHS]},
    "paragraphs": LINES,
    **{name: LINES | COPIES for name in COLUMNS[C.DUP_LINES : C.TOP_2]},
    **{
        name: WORDS | GRAMS | int(name.partition("_")[2]) << DEPTH
        for name in COLUMNS[C.TOP_2 : C.FORMULAS]
    },
    **{name: MATH for name in COLUMNS[C.FORMULAS : C.URLS]},
    "formula_characters": CHARACTERS,
    "raw_characters": CHARACTERS,
    **{name: LINKS for name in COLUMNS[C.URLS : C.SPACED_HAN]},
    "bytes": 0,
    "chunks": CHUNKS,
    "compressed": 0,
    "byte_entropy": ENTROPY,
}


OWN = frozenset(_PASSES)  # the columns that are counted here


@jit
def count_all(  # type: ignore[no-untyped-def]
    offsets, data, modes, table, passes, deepest, use_tokens, first,
    token_starts, token_ends, stop_keys, stop_languages, stop_bits, out, floats,
):  # fmt: skip
    """Fill a row of `out` and of `floats` for every document."""
    most = longest(offsets)
    room = most // 2 + 1
    if use_tokens:  # of one document; more than its characters where tokens share some
        for d in range(len(offsets) - 1):
            room = max(room, first[d + 1] - first[d])
    starts = np.empty(room, np.int64)
    ends = np.empty(room, np.int64)
    kinds = np.empty(room, np.uint8)
    words = np.empty(room, np.uint64)
    reach = np.empty(room + 1, np.int64)
    lengths = np.empty(room, np.int64)
    line_hashes = np.empty(most // 2 + 1, np.uint64)
    paragraph_hashes = np.empty(most // 2 + 1, np.uint64)
    paragraph_lengths = np.empty(most // 2 + 1, np.int64)
    slots = 16
    while slots < 2 * room:
        slots *= 2
    keys = np.empty(slots, np.uint64)
    tallies = np.empty(slots, np.int32)
    seen = np.empty(slots, np.uint8)
    hashes = np.empty(room, np.uint64)
    places = np.empty(room, np.int32)
    places_slots = np.empty(room, np.int32)
    formula_starts = np.empty(most // 3 + 1, np.int64)
    formula_ends = np.empty(most // 3 + 1, np.int64)
    environments = np.empty(32, np.uint64)
    ascii_counts = np.zeros(128, np.int64)
    stop_seen = np.zeros(LANGUAGES, np.uint64)
    # Endings are looked for in whole words; morphemes are stop words themselves.
    korean = passes & STOP != 0 and stop_languages.max() >> KOREAN > 0 and not use_tokens
    byte_counts = np.zeros(256, np.int64)

    for d in range(len(offsets) - 1):
        lo = offsets[d]
        hi = offsets[d + 1]
        row = out[d]
        row[C.BYTES] = hi - lo
        if hi == lo:
            continue
        count = 0
        dollars = modes[d] != OFF and has_byte(data, lo, hi, 36)
        if dollars or (passes & (SPLIT | WORDS) and not use_tokens):
            count = split_words(data, lo, hi, modes[d], table, starts, ends, kinds)
        n = 0
        if dollars:
            for w in range(count):
                if kinds[w] == FORMULA:
                    formula_starts[n] = starts[w]
                    formula_ends[n] = ends[w]
                    n += 1
        if use_tokens:
            count = tokens_of(
                data, lo, hi, token_starts, token_ends, first[d], first[d + 1], formula_starts, n,
                table, starts, ends, kinds,
            )  # fmt: skip
        row[C.WORDS] = count
        row[C.TOKENS] = count
        if passes & CHARACTERS:
            characters(data, lo, hi, formula_starts, formula_ends, n, table, ascii_counts, row)
        elif passes & LIGHT:
            light(data, lo, hi, formula_starts, formula_ends, n, row)
        if passes & WORDS:
            row[C.WORDS] = 0
            describe(
                data, lo, hi, starts, ends, kinds, count, table, passes & STOP != 0,
                korean, passes & SPACED != 0,
                stop_keys, stop_languages, stop_bits, stop_seen, words, reach, row,
            )  # fmt: skip
            if passes & MEDIAN:
                median_length(kinds, reach, count, lengths, row)
            if passes & UNIQUE:
                floats[d, 0] = repetition(
                    words, kinds, count, reach, use_tokens, 1, hashes, places, places_slots,
                    keys, tallies, row,
                )  # fmt: skip
            if passes & GRAMS:
                repetition(
                    words, kinds, count, reach, use_tokens, deepest, hashes, places, places_slots,
                    keys, tallies, row,
                )  # fmt: skip
        if passes & LINES:
            lines(
                data, lo, hi, starts, kinds, count, formula_starts, formula_ends, n, table,
                passes & PHRASES != 0, passes & ANY_END != 0, passes & FACTS != 0,
                passes & COPIES != 0,
                line_hashes, lengths, keys, seen, paragraph_hashes, paragraph_lengths, row,
            )  # fmt: skip
        if passes & CHUNKS:
            row[C.CHUNKS] = chunks(data, lo, hi, formula_starts, formula_ends, 0, n, hi, table)
        if passes & MATH:
            formulas(data, formula_starts, formula_ends, n, lengths, environments, row)
            a = lo
            for f in range(n + 1):
                b = formula_starts[f] if f < n else hi
                tex_marks(data, a, b, False, row)
                if f < n:
                    a = formula_ends[f]
                    tex_marks(data, b, a, True, row)
        if passes & LINKS:
            a = lo
            for f in range(n + 1):
                b = formula_starts[f] if f < n else hi
                found = find_urls(data, a, b, starts, ends)
                row[C.URLS] += found
                for k in range(found):
                    row[C.URL_CHARACTERS] += points(data, starts[k], ends[k])
                if f < n:
                    a = formula_ends[f]
        if passes & ENTROPY:
            floats[d, 1] = byte_entropy(data, lo, hi, byte_counts)


def stop_table(
    stop_words: Sequence[Sequence[str]],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the keys, languages and bits of stop words of several languages, by slot."""
    keys = np.zeros(SLOTS, np.uint64)
    languages = np.zeros(SLOTS, np.int64)
    bits = np.zeros((SLOTS, LANGUAGES), np.uint64)
    for language, words in enumerate(stop_words):
        for place, word in enumerate(words):
            raw = word.encode()
            if len(raw) > 8 or place > 63:
                raise ValueError(f"{word!r}: a stop word has at most 8 bytes, a list 64 words")
            key = int.from_bytes(raw, "little")
            slot = key * int(M) % 2**64 >> int(U56)
            while keys[slot] and int(keys[slot]) != key:
                slot = (slot + 1) % SLOTS
            keys[slot] = key
            languages[slot] |= 1 << language
            bits[slot, language] |= np.uint64(1 << place)
    return keys, languages, bits


@cache
def _stop_table(languages: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return stop_table([words if code in languages else () for code, words in STOP_WORDS.items()])


def passes_of(names: set[str]) -> tuple[int, int]:
    """Return the passes that fill these columns, and the deepest n-gram among them."""
    passes, deepest = 0, 0
    for name in names:
        passes |= _PASSES[name] & ((1 << DEPTH) - 1)
        deepest = max(deepest, _PASSES[name] >> DEPTH)
    return passes, min(deepest, DEEPEST)


def count(
    offsets: np.ndarray,
    data: np.ndarray,
    modes: np.ndarray,
    names: set[str],
    tokens: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
) -> dict[str, np.ndarray]:
    """Return the columns `names` of all documents.

    `tokens`: `(first, starts, ends)` of an outer splitter, in bytes from each document's first one.
    """
    documents = len(offsets) - 1
    passes, deepest = passes_of(names)
    languages = tuple(code for code in STOP_WORDS if names & {f"stop_{code}", f"stops_{code}"})
    out = np.zeros((documents, len(COLUMNS)), np.int64)
    floats = np.zeros((documents, len(FLOATS)))
    first, starts, ends = tokens or (np.zeros(0, np.int64),) * 3
    if passes or "bytes" in names:
        count_all(
            offsets, data, modes, classes(), passes, deepest, tokens is not None, first,
            starts, ends, *_stop_table(languages), out, floats,
        )  # fmt: skip
    counts: Mapping[str, np.ndarray] = {
        name: out[:, COLUMNS.index(name)] for name in names if name in COLUMNS
    }
    return {**counts, **{name: floats[:, k] for k, name in enumerate(FLOATS) if name in names}}


def warm() -> None:
    """Compile, or load from the cache."""
    offsets, data = utf8_of("a $x$ 中")
    count(offsets, data, np.full(1, RULE, np.uint8), set(COLUMNS))

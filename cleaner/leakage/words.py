"""Words of texts as hashes of their keys, and where each stands in the text."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

from cleaner.kernels.arrow import utf8
from cleaner.kernels.dedup.shingles import shingles, shingles_and_formulas
from cleaner.kernels.text.segment import OFF, RULE, SINGLE, segment
from cleaner.kernels.unicode import classes
from cleaner.text.segment import Formulas, Words, modes

GRAPHEME = 0.65  # of a word: 20 characters say as much as 13 words
SIGN = 0.25  # a single letter of ASCII, or a number: they fill tables


class Placed(NamedTuple):
    """The words of one text."""

    hashes: np.ndarray  # uint64
    starts: np.ndarray  # int64: characters of the text before each
    ends: np.ndarray
    weights: np.ndarray  # float32


class Read(NamedTuple):
    """Texts as they are read: each by its formulas, and one with a dollar without them, too.

    A dollar may open a formula or name a price, and a rule tells them apart by what is around.
    """

    doc: np.ndarray  # int32: of which text each is a reading
    modes: np.ndarray  # uint8: what counts as a formula in it
    first: np.ndarray  # int64: it has the words hashes[first[r]:first[r + 1]]
    hashes: np.ndarray  # uint64


def read(text: pl.Series, formulas: Formulas = True) -> Read:
    """Return the readings of some texts; those that `extract` marked have one each."""
    by_rule = modes(formulas, len(text))
    first, hashes, found = shingles_and_formulas(*utf8(text), by_rule, 1)
    again = np.flatnonzero(found & (by_rule == RULE))
    doc = np.arange(len(text), dtype=np.int32)
    if not len(again):
        return Read(doc, by_rule, first, hashes)
    off = np.full(len(again), OFF, np.uint8)
    more_first, more = shingles(*utf8(text.gather(again)), off, 1)
    # A second reading lies behind the first of the same text.
    bounds = [0, *first[again + 1].tolist()]
    parts = [hashes[:0]]
    for number, (low, high) in enumerate(pairwise(bounds)):
        parts += [hashes[low:high], more[more_first[number] : more_first[number + 1]]]
    sizes = np.insert(np.diff(first), again + 1, np.diff(more_first))
    return Read(
        np.insert(doc, again + 1, again.astype(np.int32)),
        np.insert(by_rule, again + 1, off),
        np.concatenate([[0], np.cumsum(sizes)]),
        np.concatenate([*parts, hashes[bounds[-1] :]]),
    )


def placed(text: str, mode: int = RULE) -> Placed:
    """Return the words of one text; one that its key parts in several is there several times."""
    found = segment_one(text, mode)
    raw = [
        found.data[a:b].tobytes().decode("utf-8", "replace")
        for a, b in zip(found.starts, found.ends, strict=True)
    ]
    offsets, data = utf8(pa.array(raw, pa.large_string()))
    first, hashes = shingles(offsets, data, np.full(len(raw), RULE, np.uint8), 1)
    of = np.repeat(np.arange(len(raw)), np.diff(first))
    before = found.characters()
    weights = np.array([_weight(word, kind) for word, kind in zip(raw, found.kinds, strict=True)])
    return Placed(
        hashes,
        before[found.starts][of],
        before[found.ends][of],
        weights.astype(np.float32)[of] if len(raw) else np.zeros(0, np.float32),
    )


def segment_one(text: str, mode: int) -> Words:
    """Return the words of one text, as positions in its bytes."""
    offsets, data = utf8(pl.Series([text], dtype=pl.String))
    return Words(data, *segment(offsets, data, np.full(1, mode, np.uint8), classes()))


def _weight(word: str, kind: int) -> float:
    if kind == SINGLE:
        return GRAPHEME
    return SIGN if word.isdigit() or (len(word) == 1 and word.isascii()) else 1.0


class Located(NamedTuple):
    """Where the words of one reading of a text stand, in characters of the text."""

    hashes: np.ndarray  # uint64, as `read` gives them
    starts: np.ndarray  # int64
    ends: np.ndarray


def located(text: str, mode: int, stream: np.ndarray | None = None) -> Located:
    """Return where the words of a text stand; `stream` are their hashes, if they are at hand."""
    if stream is None:
        offsets, data = utf8(pa.array([text], pa.large_string()))
        _, stream = shingles(offsets, data, np.full(1, mode, np.uint8), 1)
    found = segment_one(text, mode)
    if len(stream) == len(found.starts):
        before = found.characters()
        return Located(stream, before[found.starts], before[found.ends])
    # An invisible character parts a word that its key joins, or the other way round.
    words = placed(text, mode)
    at = _places(stream, words.hashes)
    return Located(stream, words.starts[at], words.ends[at])


def _places(stream: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Return for each word of a stream the number of the one that it is among others, or nearly."""
    from difflib import SequenceMatcher

    out = np.zeros(len(stream), np.int64)
    match = SequenceMatcher(None, stream.tolist(), words.tolist(), autojunk=False)
    for _, low, high, other, past in match.get_opcodes():
        at = np.minimum(other + np.arange(high - low), max(other, past - 1))
        out[low:high] = np.minimum(at, len(words) - 1)
    return out

"""A test of itself: what share of planted items is found, by the way in which they are planted."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from cleaner.kernels.hashing import mixed
from cleaner.leakage.index import Index
from cleaner.leakage.matching import Stopped, judged
from cleaner.leakage.planting import KINDS, one_in_ten
from cleaner.leakage.search import search

_ITEMS = 200  # that are planted, drawn by a seed
_TEN = 10  # words: of fewer, one in ten is none


def self_test(index: Index, stopped: Stopped, most: int = _ITEMS) -> dict[str, list[int]]:
    """Return by kind how many items were planted, and how many of them were found.

    An item that a kind leaves as it is counts for `verbatim` alone.
    """
    numbers = np.unique(np.array([one.number for one in index.known], np.uint64))
    drawn = numbers[np.argsort(mixed(numbers, 1), kind="stable")][:most].astype(int).tolist()
    words = {one.number: len(one.words) for one in reversed(index.known)}
    texts: list[str] = []
    meant: list[tuple[str, int]] = []
    for number in drawn:
        item = index.items[number]
        plain = item.plain()
        for kind, planted in KINDS.items():
            if planted is one_in_ten and words[number] < _TEN:
                continue
            text = planted(item, number)
            if kind == "verbatim" or text != plain:
                texts.append(text)
                meant.append((kind, number))
    found = _found(texts, index, stopped)
    counts: dict[str, list[int]] = {kind: [0, 0] for kind in KINDS}
    for doc, (kind, number) in enumerate(meant):
        counts[kind][0] += 1
        counts[kind][1] += number in found.get(doc, ())
    return {kind: both for kind, both in counts.items() if both[0]}


def _found(texts: list[str], index: Index, stopped: Stopped) -> Mapping[int, set[int]]:
    said = judged(search(pl.Series(texts, dtype=pl.String), index).found, index, stopped)
    out: dict[int, set[int]] = {}
    for doc, known in said.filter("matched").select("doc", "known").iter_rows():
        out.setdefault(doc, set()).add(index.known[known].number)
    return out

"""Signals of word and phrase lists, one set per list: `list_density:NAME` and so on.

Text and phrases are compared in one form: width, case, traditional and simplified Chinese are one.
A phrase with a letter or digit of a script with spaces at an edge must stand free there; others are
found anywhere. Of the phrases of one list that overlap, the longest one that starts first counts.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np
import polars as pl

from cleaner.kernels.arrow import utf8
from cleaner.kernels.signals import lists as kernel
from cleaner.signals.counts import Counts, Formulas, Texts, column, ratio
from cleaner.text.segment import modes

KINDS: dict[str, tuple[type[pl.DataType], str]] = {
    "list_hits": (pl.UInt32, "phrases of the list that occur, each as often as it does"),
    "list_distinct": (pl.UInt32, "different phrases of the list that occur"),
    "list_density": (pl.Float64, "phrases of the list per 1,000 characters"),
    "list_char_ratio": (pl.Float64, "characters of phrases of the list per character, at most 1"),
    "list_line_density": (pl.Float64, "phrases of the list per line"),
}
_READS = {
    "list_density": {"characters"},
    "list_char_ratio": {"characters"},
    "list_line_density": {"lines"},
}


def parts(name: str) -> tuple[str, str]:
    """Return the kind and the list of a signal.

    >>> parts("list_density:zh_gambling")
    ('list_density', 'zh_gambling')
    """
    kind, _, chosen = name.partition(":")
    return kind, chosen


def columns(names: Iterable[str]) -> set[str]:
    """Return the counts that these signals of lists need beside their own."""
    return set().union(*(_READS.get(parts(name)[0], set()) for name in names))


@lru_cache(maxsize=16)
def _trie(lists: tuple[tuple[str, tuple[str, ...]], ...]) -> kernel.Trie:
    return kernel.trie(dict(lists))


def _phrases(name: str, lists: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    if name in lists:
        return tuple(lists[name])
    from cleaner.config.word_lists import load_phrases  # only who names a list and gives none

    return load_phrases(name)


def measure(
    text: Texts,
    names: Sequence[str],
    lists: Mapping[str, Sequence[str]],
    counts: Counts,
    formulas: Formulas = True,
) -> pl.DataFrame:
    """Return signals of lists; `lists` gives phrases by name, what it lacks ships with us.

    >>> measure(["轮盘, 輪盤"], ["list_hits:a", "list_distinct:a"], {"a": ["轮盘"]}, {}).rows()
    [(2, 1)]
    """
    chosen = list(dict.fromkeys(parts(name)[1] for name in names))
    made = _trie(tuple((name, _phrases(name, lists)) for name in chosen))
    offsets, data = utf8(column(text))
    found = kernel.count(offsets, data, modes(formulas, len(offsets) - 1), made)
    series = []
    for name in names:
        kind, of = parts(name)
        hits, distinct, characters = (part[:, chosen.index(of)] for part in found)
        values = {
            "list_hits": lambda hits=hits: hits,
            "list_distinct": lambda distinct=distinct: distinct,
            "list_density": lambda hits=hits: ratio(1000 * hits, counts["characters"]),
            "list_char_ratio": lambda characters=characters: np.minimum(
                ratio(characters, counts["characters"]), 1.0
            ),
            "list_line_density": lambda hits=hits: ratio(hits, counts["lines"]),
        }[kind]()
        series.append(pl.Series(name, values).cast(KINDS[kind][0]))
    return pl.DataFrame(series)

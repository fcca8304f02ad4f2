"""From a column of texts to counts, and from counts to signals."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import numpy as np
import polars as pl
import pyarrow as pa
import zstandard

from cleaner.kernels.arrow import utf8
from cleaner.kernels.signals import count as kernel
from cleaner.kernels.signals.character_grams import character_grams
from cleaner.kernels.unicode import classes
from cleaner.signals.splitters import Unit, tokens
from cleaner.text.headlines import apart_headlines
from cleaner.text.personal_data import tally
from cleaner.text.segment import Formulas, modes

Texts: TypeAlias = pl.Series | pa.Array | pa.ChunkedArray | Iterable[str | None]
Counts = Mapping[str, np.ndarray]
Value = Callable[..., np.ndarray]

PERSONAL = {  # counts of personal data, and what the one finder calls each
    "emails": b"<EMAIL>",
    "ip_addresses": b"<IP>",
    "phones": b"<PHONE>",
    "china_ids": b"<ID>",
    "bank_cards": b"<CARD>",
}


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return `part / whole`, 0 where the whole is 0.

    >>> ratio(np.array([1, 0]), np.array([2, 0]))
    array([0.5, 0. ])
    """
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole != 0)


class _Recorder(dict[str, np.ndarray]):
    """Counts that note which columns a signal reads."""

    def __init__(self) -> None:
        super().__init__()
        self.read: set[str] = set()

    def __getitem__(self, column: str) -> np.ndarray:
        self.read.add(column)
        return np.ones(1, np.int64)


def columns_of(values: Iterable[Value]) -> set[str]:
    """Return the columns that the values read.

    >>> sorted(columns_of([lambda c: c["upper"] / c["letters"]]))
    ['letters', 'upper']
    """
    recorder = _Recorder()
    for value in values:
        value(recorder)
    return recorder.read


def column(text: Texts) -> pl.Series | pa.Array | pa.ChunkedArray:
    """Return texts of any kind as a column."""
    if isinstance(text, pl.Series | pa.Array | pa.ChunkedArray):
        return text
    return pl.Series(list(text), dtype=pl.String)


def count(
    text: Texts, columns: set[str], formulas: Formulas = True, unit: Unit = "word"
) -> dict[str, np.ndarray]:
    """Return the columns asked for, counted in one call for all texts; null counts as ""."""
    texts = column(text)
    offsets, data = utf8(texts)
    kinds = modes(formulas, len(offsets) - 1)
    words = None if unit == "word" else tokens(unit, offsets, data, kinds)
    counts = kernel.count(offsets, data, kinds, columns & kernel.OWN, words)
    if columns & {"runs_13", "repeated_13"}:
        runs = character_grams(offsets, data, kinds, classes())
        counts["runs_13"], counts["repeated_13"] = runs
    if columns & PERSONAL.keys():
        found = tally(offsets, data, kinds)
        counts |= {name: found[of] for name, of in PERSONAL.items()}
    if "apart_headlines" in columns:
        counts["apart_headlines"] = apart_headlines(_strings(texts), formulas)
    if "compressed" in columns:
        counts["compressed"] = _compressed(offsets, data)
    return counts


def _strings(texts: pl.Series | pa.Array | pa.ChunkedArray) -> pl.Series:
    """Return texts as strings, each byte that is no UTF-8 as U+FFFD."""
    if isinstance(texts, pl.Series):
        return texts
    raw = texts.cast(pa.large_binary()).to_pylist()
    decoded = [None if text is None else text.decode(errors="replace") for text in raw]
    return pl.Series(decoded, dtype=pl.String)


def _compressed(offsets: np.ndarray, data: np.ndarray) -> np.ndarray:
    """Return the bytes that each text takes after zstandard at level 3; 0 for an empty one."""
    compressor = zstandard.ZstdCompressor(level=3, write_content_size=False)
    view = memoryview(data.data)
    sizes = [
        len(compressor.compress(view[start:end])) if end > start else 0
        for start, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
    ]
    return np.array(sizes, np.int64)


def table(
    counts: Counts,
    signals: Mapping[str, tuple[type[pl.DataType], str]],
    values: Mapping[str, Value],
) -> pl.DataFrame:
    """Return the signals that `values` names, as columns."""
    return pl.DataFrame(
        [pl.Series(name, value(counts)).cast(signals[name][0]) for name, value in values.items()]
    )


def measured(
    text: pl.Series,
    signals: Mapping[str, tuple[type[pl.DataType], str]],
    values: Mapping[str, Value],
) -> pl.DataFrame:
    """Return all signals of one family."""
    return table(count(text, columns_of(values.values())), signals, values)

"""From a column of texts to counts, and from counts to signals."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, TypeAlias

import numpy as np
import polars as pl
import pyarrow as pa
import zstandard

from cleaner.errors import CleanerError
from cleaner.kernels import signals as kernel
from cleaner.kernels.arrow import utf8
from cleaner.kernels.segment import FORMULA
from cleaner.kernels.segment import segment as split
from cleaner.kernels.unicode import classes
from cleaner.text.segment import Formulas, modes

Texts: TypeAlias = pl.Series | pa.Array | pa.ChunkedArray | Iterable[str | None]
Unit = Literal["word", "jieba"]
Counts = Mapping[str, np.ndarray]
Value = Callable[..., np.ndarray]


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
    tokens = _jieba(offsets, data, kinds) if unit == "jieba" else None
    counts = kernel.count(offsets, data, kinds, columns, tokens)
    if "compressed" in columns:
        counts["compressed"] = _compressed(offsets, data)
    return counts


def _jieba(
    offsets: np.ndarray, data: np.ndarray, kinds: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return `(first, ends)`: where jieba's tokens end in each text, in bytes from its start.

    jieba sees one private-use character in place of each formula.
    """
    try:
        import rjieba
    except ImportError:
        raise CleanerError(
            "unit: jieba needs the package rjieba; pip install 'corpus-distiller[zh]'"
        ) from None
    words = split(offsets, data, kinds, classes())
    formulas = words[3] == FORMULA
    starts, ends = words[1][formulas], words[2][formulas]
    bounds = np.searchsorted(starts, offsets)
    first, found = [0], []
    for d, (lo, hi) in enumerate(zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)):
        a, b = starts[bounds[d] : bounds[d + 1]], ends[bounds[d] : bounds[d + 1]]
        pieces = [data[i:j] for i, j in zip([lo, *b], [*a, hi], strict=True)]
        text = "\ue000".join(piece.tobytes().decode(errors="replace") for piece in pieces)
        sizes = [size for token in rjieba.cut(text) for size in _sizes(token)]
        tokens = np.cumsum(sizes, dtype=np.int64)
        # what lies behind a formula lies further on by its bytes, less those of its mark
        longer = b - a - len("\ue000".encode())
        masks = a - lo - np.cumsum(longer) + longer
        tokens += np.concatenate([[0], np.cumsum(longer)])[np.searchsorted(masks, tokens)]
        found.append(tokens)
        first.append(first[-1] + len(tokens))
    return np.array(first, np.int64), np.concatenate(found) if found else np.zeros(0, np.int64)


# How the published jieba parts what rjieba leaves whole: github.com, wp-content, snake_case
_PARTS = re.compile(r"[a-zA-Z0-9]+(?:\.[0-9]+)?%?|[^a-zA-Z0-9]+")


def _sizes(token: str) -> list[int]:
    """Return the bytes of the tokens that the published jieba makes of one of rjieba's.

    >>> _sizes("github.com"), _sizes("3.14%"), _sizes("中文")
    ([6, 1, 3], [5], [6])
    """
    if token.isascii() and not token.isalnum() and len(token) > 1:
        return [len(part) for part in _PARTS.findall(token)]
    return [len(token.encode())]


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

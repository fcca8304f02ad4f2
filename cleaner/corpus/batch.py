"""Rows of one file as a format gives them: columns by name, whatever they are stored as."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from cleaner.corpus.types import Unfits, taken

BATCH_BYTES = 4 << 20
BATCH_ROWS = 4096

Get = Callable[[str], pl.Series]
Carry = Callable[[str, pa.DataType], pa.Array]


@dataclass(frozen=True)
class Batch:
    """Rows of one file: their columns as they are, as labels, and as they are carried."""

    rows: int
    get: Get
    label: Get
    carry: Carry
    errors: pl.Series | None = None  # why a row has no document, null where it has one


def counted(array: pa.Array, kind: pa.DataType, path: str, unfit: Unfits) -> pa.Array:
    """Return an array as another type, what does not fit it null and counted."""
    made, bad = taken(array, kind)
    if bad:
        unfit[path, f"values of type {array.type} are no {kind}, and null in the output"] += bad
    return made


def arrow(values: pl.Series) -> pa.Array:
    """Return a series as an array of Arrow's plain types."""
    return values.to_arrow(compat_level=pl.CompatLevel.oldest())


def unread(rows: int, said: str) -> Batch:
    """Return rows that are known by number only, with the reason why nothing of them was read."""

    def body(path: str) -> pl.Series:
        return pl.Series([None] * rows, dtype=pl.Binary)

    def label(path: str) -> pl.Series:
        return pl.Series([None] * rows, dtype=pl.String)

    def carry(path: str, kind: pa.DataType) -> pa.Array:
        return pa.nulls(rows, kind)

    return Batch(rows, body, label, carry, pl.Series([said] * rows))

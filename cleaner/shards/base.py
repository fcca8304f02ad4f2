"""What a format of shards is: its suffix, its writer, and the reader that gives the same rows."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

# Writes frames, in order, as one file of a schema; its bytes do not depend on how they are cut.
Write = Callable[[Iterable[pl.DataFrame], pa.Schema, pa.NativeFile], None]
# Yields (first row, frame) of a file; only what holds some of the wanted rows, where they are given
# in order.
Chunks = Callable[
    [pa.NativeFile, pa.Schema, Sequence[str] | None, np.ndarray | None],
    Iterator[tuple[int, pl.DataFrame]],
]
# Returns files of one schema as one lazy frame, in their order.
Scan = Callable[[Sequence[str], pa.Schema], pl.LazyFrame]


@dataclass(frozen=True)
class Format:
    """A format of shards; `holds_text` says that a reader finds the documents' texts in it."""

    suffix: str
    write: Write
    chunks: Chunks
    scan: Scan
    holds_text: bool = True


def wanted_in(wanted: np.ndarray | None, start: int, rows: int) -> bool:
    """Return whether rows from `start` on hold a wanted one; all do where none are named."""
    if wanted is None:
        return True
    return bool(np.searchsorted(wanted, start) < np.searchsorted(wanted, start + rows))


def table_of(frame: pl.DataFrame, schema: pa.Schema) -> pa.Table:
    """Return a frame as an Arrow table of a schema."""
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(schema)


def frame_of(table: pa.Table) -> pl.DataFrame:
    """Return an Arrow table as a frame of the same names; Polars would rename an empty one."""
    frame = pl.DataFrame(table)
    frame.columns = table.column_names
    return frame

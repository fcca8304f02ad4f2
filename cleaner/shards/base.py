"""What a format of shards is: its files, its writer, and the reader that gives the same rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
from polars.io.plugins import register_io_source

from cleaner.storage import store


@dataclass(frozen=True)
class Expected:
    """What a shard will hold, about, as far as that is known before it is written."""

    rows: int = 0
    bytes: int = 0  # of text


# Writes frames, in order, as the files of one shard of a schema; the bytes do not depend on how the
# frames are cut. Returns what is worth a word in the manifest, as sums.
Write = Callable[
    [Iterable[pl.DataFrame], pa.Schema, Sequence[pa.NativeFile], Expected], Mapping[str, int]
]
# Yields (first row, frame) of the files of a shard; only what holds some of the wanted rows, where
# they are given in order.
Chunks = Callable[
    [Sequence[pa.NativeFile], pa.Schema, Sequence[str] | None, np.ndarray | None],
    Iterator[tuple[int, pl.DataFrame]],
]
# Returns shards of one schema, each named by its first file, as one lazy frame, in their order.
Scan = Callable[[Sequence[str], pa.Schema], pl.LazyFrame]
# Returns the type of a token's number where the vocabulary has so many.
TokenType = Callable[[int], pl.DataType]


@dataclass(frozen=True)
class Format:
    """A format of shards."""

    suffixes: tuple[str, ...]  # of the files of a shard; it goes by the name of the first
    write: Write
    chunks: Chunks
    scan: Scan
    columns: tuple[str, ...] | None = None  # all that it can hold; None: whatever there is
    token_type: TokenType | None = None  # of one that holds tokens

    @property
    def suffix(self) -> str:
        """Return the suffix by which a shard is named."""
        return self.suffixes[0]

    @property
    def holds_text(self) -> bool:
        """Whether a reader finds the documents' texts in it."""
        return self.token_type is None

    def files(self, path: str) -> list[str]:
        """Return the paths of the files of a shard by that of the first."""
        stem = path.removesuffix(self.suffix)
        return [path, *(stem + suffix for suffix in self.suffixes[1:])]


def scanned(form: Callable[[], Format]) -> Scan:
    """Return how to scan a format by reading its shards one after another."""

    def scan(paths: Sequence[str], schema: pa.Schema) -> pl.LazyFrame:
        def read(
            columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, _: int | None
        ) -> Iterator[pl.DataFrame]:
            left = rows
            for path in paths:
                with ExitStack() as stack:
                    files = form().files(path)
                    sources = [stack.enter_context(store.open_input(file)) for file in files]
                    for _start, frame in form().chunks(sources, schema, columns, None):
                        some = frame if left is None else frame[:left]
                        yield some if predicate is None else some.filter(predicate)
                        left = None if left is None else left - len(some)
                        if left == 0:
                            return

        types = frame_of(schema.empty_table()).schema
        return register_io_source(read, schema=types)

    return scan


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

"""Whether a run folder still holds a text that was removed from it: every file of it is read.

Files with a column `text` are held against the hashes of whole texts; all others, uncompressed,
against a piece from the middle of each text that went just now, so that a quotation shows, too.
"""

import gzip
import io
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from cleaner.dedup.tombstones import Tombstones
from cleaner.results.finished import Run
from cleaner.storage import store

_PIECE = 64  # bytes of a text that are looked for
_SHORTEST = 24  # bytes of one that is looked for outside of texts: less stands anywhere


def holding(run: Run, removed: Tombstones, texts: Sequence[str]) -> list[str]:
    """Return the files of a run folder that hold a text which was removed, in order."""
    pieces = sorted({piece for text in texts if len(piece := _piece(text)) >= _SHORTEST})
    paths = sorted(file.path for file in store.below(run.path, deep=True))
    shards = {path: number for number, path in enumerate(run.shards.paths)}
    return [path for path in paths if _holds(run, path, shards.get(path), removed, pieces)]


def _piece(text: str) -> bytes:
    raw = text.encode()
    start = max(0, len(raw) // 2 - _PIECE // 2)
    return raw[start : start + _PIECE]


def _holds(
    run: Run, path: str, shard: int | None, removed: Tombstones, pieces: Sequence[bytes]
) -> bool:
    if shard is not None:
        if not run.shards.as_format().holds_text:
            return False  # its rows were taken out by their place
        frames = (frame for _, frame in run.shards.read(shard, ["text"]))
        return any(_knows(removed, frame) for frame in frames)
    whole = store.join(run.path, path)
    if path.endswith(".parquet"):
        return any(_in_table(table, removed, pieces) for table in _tables(whole))
    return any(piece in block for block in _plain(whole, path) for piece in pieces)


def _knows(removed: Tombstones, texts: pl.DataFrame) -> bool:
    return bool(removed.know(texts).any())


def _tables(path: str) -> Iterator[pa.Table]:
    with store.open_input(path) as source:
        file = pq.ParquetFile(source)
        for number in range(file.num_row_groups):
            yield file.read_row_group(number)


def _in_table(table: pa.Table, removed: Tombstones, pieces: Sequence[bytes]) -> bool:
    if "text" in table.column_names:
        return _knows(removed, pl.DataFrame(table.select(["text"])))
    told = pl.DataFrame(table).select(pl.col(pl.String), pl.col(pl.List(pl.String)).list.join("\n"))
    columns = (column.drop_nulls().str.join("\n").item() or "" for column in told)
    return any(piece in column.encode() for column in columns for piece in pieces)


def _plain(path: str, name: str) -> Iterator[bytes]:
    """Yield a file uncompressed, in blocks that overlap by a piece."""
    with store.open_input(path) as source:
        stream = _uncompressed(io.BufferedReader(_Raw(source)), name)
        tail = b""
        while block := stream.read(1 << 22):
            yield tail + block
            tail = block[-_PIECE:]


class _Raw(io.RawIOBase):
    """A file of Arrow's as one of Python's."""

    def __init__(self, source: pa.NativeFile) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, target: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._source.read(len(target))
        target[: len(data)] = data
        return len(data)


def _uncompressed(raw: Any, name: str) -> Any:
    if name.endswith(".zst"):
        return zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
    return gzip.GzipFile(fileobj=raw) if name.endswith(".gz") else raw

"""Shards as Parquet: zstd, page index, row groups that a trainer or viewer reads one at a time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from cleaner.shards.base import Expected, Format, frame_of, table_of, wanted_in

ROW_GROUP_BYTES = 32 << 20  # uncompressed text of one row group
ROW_GROUP_ROWS = 50_000
_ROW = ROW_GROUP_BYTES // ROW_GROUP_ROWS  # bytes that a row counts for beside its text
_MOST = 1.5  # times as large a group may become where more comes than was expected
_NOTHING = Expected()


def write(
    frames: Iterable[pl.DataFrame],
    schema: pa.Schema,
    sinks: Sequence[pa.NativeFile],
    expected: Expected,
) -> Mapping[str, int]:
    """Write frames, in order, as one Parquet file; the row groups do not depend on the frames."""
    with pq.ParquetWriter(
        sinks[0], schema, compression="zstd", compression_level=3, write_page_index=True
    ) as writer:
        for group in row_groups(frames, expected):
            table = table_of(group, schema)
            writer.write_table(table.combine_chunks(), row_group_size=len(group))
    return {}


def row_groups(
    frames: Iterable[pl.DataFrame], expected: Expected = _NOTHING
) -> Iterator[pl.DataFrame]:
    """Yield the same rows in groups that are even, as far as it is known what will come.

    Whoever reads row groups side by side gets as much of each.
    """
    whole = expected.bytes + _ROW * expected.rows
    each = whole / max(1, -(-whole // ROW_GROUP_BYTES)) or ROW_GROUP_BYTES
    last = max(0, -(-whole // ROW_GROUP_BYTES) - 1)  # the number of the last, which takes the rest
    held: list[pl.DataFrame] = []
    size = before = number = 0  # bytes so far, those before this group, and its number
    for frame in frames:
        lengths = frame["text"].str.len_bytes().fill_null(0).to_numpy().astype(np.int64)
        running = size + np.cumsum(lengths + _ROW)
        start = 0
        while start < len(frame):
            ends = before + _MOST * ROW_GROUP_BYTES
            if number != last:
                ends = min(ends, (number + 1) * each)
            past = max(start, int(np.searchsorted(running, ends))) + 1
            held.append(frame[start:past])
            if past > len(frame):
                break
            yield pl.concat(held).rechunk()
            held, start, before = [], past, int(running[past - 1])
            number += 1
        size = int(running[-1]) if len(running) else size
    if held:
        yield pl.concat(held).rechunk()


def chunks(
    sources: Sequence[pa.NativeFile],
    schema: pa.Schema,
    columns: Sequence[str] | None = None,
    wanted: np.ndarray | None = None,
) -> Iterator[tuple[int, pl.DataFrame]]:
    """Yield a file row group by row group."""
    parquet = pq.ParquetFile(sources[0])
    start = 0
    for number in range(parquet.num_row_groups):
        rows = parquet.metadata.row_group(number).num_rows
        if wanted_in(wanted, start, rows):
            yield start, frame_of(parquet.read_row_group(number, columns))
        start += rows


def scan(paths: Sequence[str], schema: pa.Schema) -> pl.LazyFrame:
    """Return files as one lazy frame."""
    return pl.scan_parquet(list(paths))


FORMAT = Format(("parquet",), write, chunks, scan)

"""Shards as Parquet: zstd, page index, row groups that a trainer or viewer reads one at a time."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from cleaner.shards.base import Format, frame_of, table_of, wanted_in

ROW_GROUP_BYTES = 32 << 20  # uncompressed text of one row group
ROW_GROUP_ROWS = 50_000


def write(frames: Iterable[pl.DataFrame], schema: pa.Schema, sink: pa.NativeFile) -> None:
    """Write frames, in order, as one Parquet file; the row groups do not depend on the frames."""
    with pq.ParquetWriter(
        sink, schema, compression="zstd", compression_level=3, write_page_index=True
    ) as writer:
        for group in row_groups(frames):
            table = table_of(group, schema)
            writer.write_table(table.combine_chunks(), row_group_size=len(group))


def row_groups(frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Yield the same rows cut where a row group is full, by rows or bytes of text."""
    held: list[pl.DataFrame] = []
    rows = size = 0
    for frame in frames:
        lengths = frame["text"].str.len_bytes().to_list()
        start = 0
        for index, length in enumerate(lengths):
            rows += 1
            size += length
            if rows >= ROW_GROUP_ROWS or size >= ROW_GROUP_BYTES:
                held.append(frame[start : index + 1])
                yield pl.concat(held).rechunk()
                held, rows, size, start = [], 0, 0, index + 1
        if start < len(lengths):
            held.append(frame[start:])
    if held:
        yield pl.concat(held).rechunk()


def chunks(
    source: pa.NativeFile,
    schema: pa.Schema,
    columns: Sequence[str] | None = None,
    wanted: np.ndarray | None = None,
) -> Iterator[tuple[int, pl.DataFrame]]:
    """Yield a file row group by row group."""
    parquet = pq.ParquetFile(source)
    start = 0
    for number in range(parquet.num_row_groups):
        rows = parquet.metadata.row_group(number).num_rows
        if wanted_in(wanted, start, rows):
            yield start, frame_of(parquet.read_row_group(number, columns))
        start += rows


def scan(paths: Sequence[str], schema: pa.Schema) -> pl.LazyFrame:
    """Return files as one lazy frame."""
    return pl.scan_parquet(list(paths))


FORMAT = Format("parquet", write, chunks, scan)

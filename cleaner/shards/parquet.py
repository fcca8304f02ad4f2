"""Shards as Parquet: zstd, page index, row groups that a trainer or viewer reads one at a time."""

from collections.abc import Iterable, Iterator

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

SUFFIX = "parquet"
ROW_GROUP_BYTES = 32 << 20  # uncompressed text of one row group
ROW_GROUP_ROWS = 50_000


def write(frames: Iterable[pl.DataFrame], schema: pa.Schema, sink: pa.NativeFile) -> None:
    """Write frames, in order, as one Parquet file; the row groups do not depend on the frames."""
    with pq.ParquetWriter(
        sink, schema, compression="zstd", compression_level=3, write_page_index=True
    ) as writer:
        for group in row_groups(frames):
            table = group.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(schema)
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

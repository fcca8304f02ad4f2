"""Shards as OLMo-core maps them: bare tokens in a `.npy` without NumPy's header, and a `.csv.gz`.

The table beside has a line for each document: where it starts and ends, in tokens, its id, its
source and its key. The numbers have 8, 16 or 32 bits, whichever the vocabulary fits first.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import polars as pl
import pyarrow as pa

from cleaner.shards.base import Expected, Format, scanned
from cleaner.shards.token_files import TOKENS, chosen, narrow, read_numbers, write_numbers

_COLUMNS = (TOKENS, "id", "source", "file", "row")


def write(
    frames: Iterable[pl.DataFrame],
    schema: pa.Schema,
    sinks: Sequence[pa.NativeFile],
    expected: Expected,
) -> Mapping[str, int]:
    """Write frames, in order, as one pair of files."""
    table = io.StringIO()
    lines = csv.writer(table, lineterminator="\n")
    start = 0
    for frame, lengths in write_numbers(frames, schema, sinks[0]):
        labels = frame.select("id", "source", "file", "row").rows()
        for length, (name, source, file, row) in zip(lengths.tolist(), labels, strict=True):
            lines.writerow((start, start + length, name, source, f"{file}#{row}"))
            start += length
    # The time of day would make other bytes each time.
    sinks[1].write(gzip.compress(table.getvalue().encode(), mtime=0))
    return {}


def chunks(
    sources: Sequence[pa.NativeFile],
    schema: pa.Schema,
    columns: Sequence[str] | None = None,
    wanted: np.ndarray | None = None,
) -> Iterator[tuple[int, pl.DataFrame]]:
    """Yield the documents of a pair of files, as lists of tokens with what the table says."""
    ends, labels = _table(sources[1].read())
    for first, past, tokens in read_numbers(sources[0], schema, ends, wanted):
        frame = labels[first:past].with_columns(tokens).select(_COLUMNS)
        yield first, chosen(frame, columns)


def _table(data: bytes) -> tuple[np.ndarray, pl.DataFrame]:
    """Return where documents end, and their labels; OSError for what is no such table."""
    try:
        rows = list(csv.reader(io.StringIO(gzip.decompress(data).decode(), newline="")))
        ends = np.array([int(row[1]) for row in rows], np.int64)
        starts = [int(row[0]) for row in rows]
        labels = [(row[2] or None, row[3] or None, *map(int, row[4].split("#"))) for row in rows]
    except (ValueError, IndexError, EOFError, zlib.error):
        raise OSError("no table of documents") from None
    if starts != [0, *ends.tolist()[:-1]][: len(rows)]:
        raise OSError("the table says that documents lie elsewhere than one behind the other")
    kinds = {"id": pl.String, "source": pl.String, "file": pl.UInt32, "row": pl.UInt64}
    return ends, pl.DataFrame(labels, kinds, orient="row")


FORMAT: Format = Format(
    ("npy", "csv.gz"),
    write,
    chunks,
    scanned(lambda: FORMAT),
    columns=_COLUMNS,
    token_type=lambda size: pl.UInt8() if size <= 256 else narrow(size, 1 << 16, pl.UInt32()),
)

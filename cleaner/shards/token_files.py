"""What formats of tokens share: numbers back to back in one file, and where documents begin."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import polars as pl
import pyarrow as pa

from cleaner.shards.base import wanted_in

TOKENS = "tokens"
_AT_ONCE = 1 << 22  # tokens read at a time, or those of one document


def narrow(vocabulary: int, most: int, wide: pl.DataType) -> pl.DataType:
    """Return the type of 16 bits where a vocabulary fits, else a wider one."""
    return pl.UInt16() if vocabulary <= most else wide


def numbers_type(schema: pa.Schema) -> np.dtype:
    """Return the type of the numbers, little-endian whatever the machine."""
    return np.dtype(schema.field(TOKENS).type.value_type.to_pandas_dtype()).newbyteorder("<")


def write_numbers(
    frames: Iterable[pl.DataFrame], schema: pa.Schema, sink: pa.NativeFile
) -> Iterator[tuple[pl.DataFrame, np.ndarray]]:
    """Write the tokens of frames back to back; yield each frame with the lengths of its rows."""
    kind = numbers_type(schema)
    for frame in frames:
        tokens = frame[TOKENS]
        lengths = tokens.list.len().to_numpy().astype(np.int64)
        numbers = tokens.explode(empty_as_null=False, keep_nulls=False).to_numpy()
        sink.write(numbers.astype(kind, copy=False).tobytes())
        yield frame, lengths


def lengths_of(frames: Iterable[tuple[pl.DataFrame, np.ndarray]]) -> np.ndarray:
    """Return the lengths of all rows, once all are written."""
    found = [lengths for _, lengths in frames]
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def read_numbers(
    source: pa.NativeFile, schema: pa.Schema, ends: np.ndarray, wanted: np.ndarray | None
) -> Iterator[tuple[int, int, pl.Series]]:
    """Yield (first row, past the last, tokens) of documents that end at these places."""
    kind = numbers_type(schema)
    whole = int(ends[-1]) if len(ends) else 0
    if source.size() != whole * kind.itemsize:
        raise OSError(f"{source.size():,} bytes, and not those of {whole:,} tokens")
    first, begin = 0, 0
    while first < len(ends):
        past = max(first + 1, int(np.searchsorted(ends, begin + _AT_ONCE, side="right")))
        end = int(ends[past - 1])
        if wanted_in(wanted, first, past - first):
            size = (end - begin) * kind.itemsize
            data = source.read_at(size, begin * kind.itemsize)
            if len(data) != size:
                raise OSError("the file of tokens was cut")
            yield first, past, _lists(np.frombuffer(data, kind), ends[first:past] - begin)
        first, begin = past, end


def _lists(numbers: np.ndarray, ends: np.ndarray) -> pl.Series:
    offsets = pa.array(np.concatenate([[0], ends]), pa.int64())
    native = numbers.astype(numbers.dtype.newbyteorder("="), copy=False)
    return pl.Series(TOKENS, pa.LargeListArray.from_arrays(offsets, pa.array(native)))


def chosen(frame: pl.DataFrame, columns: Sequence[str] | None) -> pl.DataFrame:
    """Return the columns that are asked for."""
    return frame if columns is None else frame[list(columns)]

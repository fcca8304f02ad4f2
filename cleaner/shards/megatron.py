"""Shards as Megatron-Core's indexed dataset: `.bin` with tokens, `.idx` with where documents begin.

One document is one sequence, which ends with the end-of-document token. Megatron takes 16 bits
below a vocabulary of 65,500, and 32 signed bits above.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import polars as pl
import pyarrow as pa

from cleaner.shards.base import Expected, Format, scanned
from cleaner.shards.token_files import (
    TOKENS,
    chosen,
    lengths_of,
    narrow,
    numbers_type,
    read_numbers,
    write_numbers,
)

_MAGIC = b"MMIDIDX\x00\x00"
_HEAD = struct.Struct("<9sQBQQ")  # magic, version, type, sequences, documents and one
_CODES = {"uint16": 8, "int32": 4}


def write(
    frames: Iterable[pl.DataFrame],
    schema: pa.Schema,
    sinks: Sequence[pa.NativeFile],
    expected: Expected,
) -> Mapping[str, int]:
    """Write frames, in order, as one pair of files."""
    lengths = lengths_of(write_numbers(frames, schema, sinks[0]))
    write_index(lengths, numbers_type(schema), sinks[1])
    return {}


def write_index(lengths: np.ndarray, kind: np.dtype, sink: pa.NativeFile) -> None:
    """Write where sequences of so many tokens lie."""
    starts = (np.cumsum(lengths) - lengths) * kind.itemsize
    count = len(lengths)
    sink.write(_HEAD.pack(_MAGIC, 1, _CODES[kind.name], count, count + 1))
    sink.write(lengths.astype("<i4").tobytes())
    sink.write(starts.astype("<i8").tobytes())
    sink.write(np.arange(count + 1, dtype="<i8").tobytes())


def chunks(
    sources: Sequence[pa.NativeFile],
    schema: pa.Schema,
    columns: Sequence[str] | None = None,
    wanted: np.ndarray | None = None,
) -> Iterator[tuple[int, pl.DataFrame]]:
    """Yield the documents of a pair of files, as lists of tokens."""
    ends = np.cumsum(lengths_in(sources[1].read(), numbers_type(schema)))
    for first, _, tokens in read_numbers(sources[0], schema, ends, wanted):
        yield first, chosen(tokens.to_frame(), columns)


def lengths_in(index: bytes, kind: np.dtype) -> np.ndarray:
    """Return how many tokens each sequence has; OSError for what is no index of them."""
    if len(index) < _HEAD.size:
        raise OSError("the index was cut")
    magic, version, code, count, documents = _HEAD.unpack_from(index)
    if (magic, version, code) != (_MAGIC, 1, _CODES[kind.name]):
        raise OSError(f"no index of Megatron's with tokens of {kind.name}")
    if len(index) != _HEAD.size + 12 * count + 8 * documents:
        raise OSError("the index was cut")
    lengths = np.frombuffer(index, "<i4", count, _HEAD.size).astype(np.int64)
    starts = np.frombuffer(index, "<i8", count, _HEAD.size + 4 * count)
    if not np.array_equal(starts, (np.cumsum(lengths) - lengths) * kind.itemsize):
        raise OSError("the index says that sequences lie elsewhere than one behind the other")
    return lengths


FORMAT: Format = Format(
    ("bin", "idx"),
    write,
    chunks,
    scanned(lambda: FORMAT),
    columns=(TOKENS,),
    token_type=lambda vocabulary: narrow(vocabulary, 65_499, pl.Int32()),
)

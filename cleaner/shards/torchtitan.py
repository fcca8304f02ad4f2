"""Shards as torchtitan's Grain source maps them: `tokens.bin` and `document_offsets.npy`.

The tokens have 32 bits, back to back; document n has those from offset n to offset n + 1.
"""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import polars as pl
import pyarrow as pa

from cleaner.shards.base import Expected, Format, scanned
from cleaner.shards.token_files import TOKENS, chosen, lengths_of, read_numbers, write_numbers


def write(
    frames: Iterable[pl.DataFrame],
    schema: pa.Schema,
    sinks: Sequence[pa.NativeFile],
    expected: Expected,
) -> Mapping[str, int]:
    """Write frames, in order, as one pair of files."""
    lengths = lengths_of(write_numbers(frames, schema, sinks[0]))
    held = io.BytesIO()
    np.save(held, np.concatenate([[0], np.cumsum(lengths)]).astype("<i8"))
    sinks[1].write(held.getvalue())
    return {}


def chunks(
    sources: Sequence[pa.NativeFile],
    schema: pa.Schema,
    columns: Sequence[str] | None = None,
    wanted: np.ndarray | None = None,
) -> Iterator[tuple[int, pl.DataFrame]]:
    """Yield the documents of a pair of files, as lists of tokens."""
    try:
        offsets = np.load(io.BytesIO(sources[1].read()), allow_pickle=False)
    except (ValueError, EOFError):
        raise OSError("the offsets were cut") from None
    if offsets.dtype != np.int64 or offsets.ndim != 1 or not len(offsets) or offsets[0]:
        raise OSError("no offsets of documents")
    for first, _, tokens in read_numbers(sources[0], schema, offsets[1:], wanted):
        yield first, chosen(tokens.to_frame(), columns)


FORMAT: Format = Format(
    ("tokens.bin", "document_offsets.npy"),
    write,
    chunks,
    scanned(lambda: FORMAT),
    columns=(TOKENS,),
    token_type=lambda _: pl.UInt32(),
)

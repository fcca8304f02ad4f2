"""Texts as kernels see them: 64-bit offsets and UTF-8 bytes."""

import numpy as np
import polars as pl
import pyarrow as pa


def utf8(text: pl.Series | pa.Array | pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Return `(offsets, data)` of a column of strings.

    `offsets` is int64 of length n + 1, `data` the uint8 buffer; document i is
    `data[offsets[i]:offsets[i + 1]]`. A null is an empty text. Arrow `large_string` and
    `large_binary` are viewed, not copied.
    """
    array = text.to_arrow() if isinstance(text, pl.Series) else text
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks() if array.num_chunks != 1 else array.chunk(0)
    if not (pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type)):
        array = array.cast(pa.large_string())
    if array.null_count:
        array = array.fill_null("" if pa.types.is_large_string(array.type) else b"")
    if len(array) == 0:
        return _read_only(np.zeros(1, np.int64)), _read_only(np.zeros(0, np.uint8))
    _, starts, body = array.buffers()
    offsets = np.frombuffer(starts, np.int64)[array.offset : array.offset + len(array) + 1]
    data = np.frombuffer(body, np.uint8) if body is not None else np.zeros(0, np.uint8)
    return _read_only(offsets), _read_only(data)


def _read_only(array: np.ndarray) -> np.ndarray:
    """Return the array, never writable: a kernel is compiled once for each kind it meets."""
    array.flags.writeable = False
    return array

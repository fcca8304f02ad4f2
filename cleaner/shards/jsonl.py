"""Shards as JSON Lines under zstd: one object a line, UTF-8, every column in every line.

What JSON cannot say is written so that the schema brings it back: bytes as base64, decimals as
text, times of day and durations as whole numbers. JSON has no NaN and no infinity: both are null.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import zstandard

from cleaner.shards.base import Expected, Format, frame_of, table_of, wanted_in

_LEVEL = 3  # as near to Parquet's zstd as no matter, and faster than reading its input
_BLOCK = 1 << 18  # bytes of the file read at a time
_ROWS = 10_000  # lines read, or written, at a time


def write(
    frames: Iterable[pl.DataFrame],
    schema: pa.Schema,
    sinks: Sequence[pa.NativeFile],
    expected: Expected,
) -> Mapping[str, int]:
    """Write frames, in order, as one file."""
    types = _types(schema)
    plain = types == _json_types(types)
    with zstandard.ZstdCompressor(level=_LEVEL).stream_writer(sinks[0], closefd=False) as lines:
        for frame in frames:
            for some in frame.iter_slices(_ROWS):
                typed = some if dict(some.schema) == types else frame_of(table_of(some, schema))
                told = typed if plain else typed.select(_converted(types, _as_json))
                held = io.BytesIO()
                told.write_ndjson(held)
                lines.write(held.getbuffer())
    return {}


def chunks(
    sources: Sequence[pa.NativeFile],
    schema: pa.Schema,
    columns: Sequence[str] | None = None,
    wanted: np.ndarray | None = None,
) -> Iterator[tuple[int, pl.DataFrame]]:
    """Yield a file some lines at a time."""
    types = _types(schema)
    start = 0
    for lines in _lines(_plain(sources[0])):
        if wanted_in(wanted, start, len(lines)):
            frame = _frame(lines, types)
            yield start, frame if columns is None else frame[list(columns)]
        start += len(lines)


def _frame(lines: list[bytes], types: dict[str, pl.DataType]) -> pl.DataFrame:
    try:
        told = pl.read_ndjson(b"".join(lines), schema=_json_types(types))
    except pl.exceptions.ComputeError as error:
        raise OSError(f"no JSON Lines of these columns: {error}") from None
    return told.select(_converted(types, _from_json))


def scan(paths: Sequence[str], schema: pa.Schema) -> pl.LazyFrame:
    """Return files as one lazy frame."""
    types = _types(schema)
    told = pl.scan_ndjson(list(paths), schema=_json_types(types))
    return told.select(_converted(types, _from_json))


def _lines(blocks: Iterable[bytes]) -> Iterator[list[bytes]]:
    held: list[bytes] = []
    rest = b""
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        held += [line + b"\n" for line in whole]
        while len(held) >= _ROWS:
            yield held[:_ROWS]
            held = held[_ROWS:]
    if held:
        yield held


def _plain(source: pa.NativeFile) -> Iterator[bytes]:
    """Yield what a file holds under zstd; OSError for one that was cut or is none."""
    plain = zstandard.ZstdDecompressor().decompressobj()
    while block := source.read(_BLOCK):
        try:
            yield plain.decompress(block)
        except zstandard.ZstdError as error:
            raise OSError(f"no zstd: {error}") from None
    if not plain.eof:
        raise OSError("zstd that was cut")


def _types(schema: pa.Schema) -> dict[str, pl.DataType]:
    return dict(frame_of(schema.empty_table()).schema)


def _json_types(types: dict[str, pl.DataType]) -> dict[str, pl.DataType]:
    return {name: _json_type(kind) for name, kind in types.items()}


def _json_type(kind: Any) -> pl.DataType:
    """Return the type in which a value stands in JSON."""
    if isinstance(kind, pl.Binary | pl.Decimal):
        return pl.String()
    if isinstance(kind, pl.Time | pl.Duration):
        return pl.Int64()
    if isinstance(kind, pl.List | pl.Array):
        return pl.List(_json_type(kind.inner))
    if isinstance(kind, pl.Struct):
        return pl.Struct([pl.Field(field.name, _json_type(field.dtype)) for field in kind.fields])
    return kind


def _as_json(value: pl.Expr, kind: Any) -> pl.Expr:
    """Return a value as it stands in JSON."""
    if kind == _json_type(kind):
        return value
    if isinstance(kind, pl.Binary):
        return value.bin.encode("base64")
    if isinstance(kind, pl.Array):
        return _as_json(value.arr.to_list(), pl.List(kind.inner))
    if isinstance(kind, pl.List):
        return value.list.eval(_as_json(pl.element(), kind.inner))
    if isinstance(kind, pl.Struct):
        parts = ((field.name, field.dtype) for field in kind.fields)
        return value.struct.with_fields(_as_json(pl.field(name), of) for name, of in parts)
    return value.cast(_json_type(kind))


def _from_json(value: pl.Expr, kind: Any) -> pl.Expr:
    """Return a value as it was before JSON."""
    if kind == _json_type(kind):
        return value
    if isinstance(kind, pl.Binary):
        return value.str.decode("base64")
    if isinstance(kind, pl.Array):
        return _from_json(value, pl.List(kind.inner)).cast(kind)
    if isinstance(kind, pl.List):
        return value.list.eval(_from_json(pl.element(), kind.inner))
    if isinstance(kind, pl.Struct):
        parts = ((field.name, field.dtype) for field in kind.fields)
        return value.struct.with_fields(_from_json(pl.field(name), of) for name, of in parts)
    return value.cast(kind)


def _converted(
    types: dict[str, pl.DataType], convert: Callable[[pl.Expr, Any], pl.Expr]
) -> list[pl.Expr]:
    # By place: a name may be a pattern to Polars.
    return [
        convert(pl.nth(place), kind).alias(name) for place, (name, kind) in enumerate(types.items())
    ]


FORMAT = Format(("jsonl.zst",), write, chunks, scan)

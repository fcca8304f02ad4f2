"""Raw columns to documents: the columns that a job maps, checked, under our names."""

import re
from collections.abc import Sequence
from typing import Any, Literal

import polars as pl
import pyarrow as pa

from cleaner.errors import UnreadableFile

KEY = {"file": pl.UInt32, "row": pl.UInt64}
# Bytes of one page or text. A longer one fails: at its worst moment a stage holds a document
# about 16 times, and a worker must stay under 1.5 GiB.
MAX_DOCUMENT = 64 << 20
LABELS = ("url", "date", "licence")
# Before the name of a column that only goes along: no name of ours begins with it, and behind it no
# name is a pattern to Polars.
CARRIED = "@"


def inside(name: str) -> str:
    """Return the name that a carried column bears inside the engine.

    >>> inside("words")
    '@words'
    """
    return CARRIED + name


def outside(name: str) -> str:
    """Return the user's name of a carried column.

    >>> outside("@words")
    'words'
    """
    return name.removeprefix(CARRIED)


def root(path: str) -> str:
    """Return the top-level column of a nested path: `messages[].content` -> `messages`."""
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def type_at(schema: pa.Schema, path: str) -> pa.DataType | None:
    """Return the Arrow type a (nested) path leads to, or None where there is no such column.

    A column whose very name is `path` wins over a nested reading of it.
    """
    if schema.get_field_index(path) >= 0:
        return schema.field(path).type
    kind: pa.DataType | None = None
    for depth, part in enumerate(path.split(".")):
        name, many = part.removesuffix("[]"), part.endswith("[]")
        if depth == 0:
            kind = schema.field(name).type if schema.get_field_index(name) >= 0 else None
        elif kind is not None and pa.types.is_struct(kind):
            index = kind.get_field_index(name)
            kind = kind.field(index).type if index >= 0 else None
        else:
            return None
        if kind is not None and many:
            listed = pa.types.is_list(kind) or pa.types.is_large_list(kind)
            kind = kind.value_type if listed else None
        if kind is None:
            return None
    return kind


def array_at(batch: pa.RecordBatch, path: str) -> pa.Array | None:
    """Return the column of a (nested) path as it is; None where lists are on the way."""
    if batch.schema.get_field_index(path) >= 0:
        return batch.column(path)
    name, *rest = path.split(".")
    if "[]" in path:
        return None
    array = batch.column(name)
    for part in rest:
        array = array.flatten()[array.type.get_field_index(part)]
    return array


def column(batch: pa.RecordBatch, path: str) -> pl.Series:
    """Return the column of a (nested) path; lists of strings on the way are joined by newlines.

    It has no name: the methods of a series called `*` or `^x$` take its name for a pattern.
    """
    if batch.schema.get_field_index(path) >= 0:
        return _series(batch.column(path))
    name = root(path)
    head, *rest = path.split(".")
    values = _series(batch.column(name))
    try:
        decoded = values.cast(decoded_type(values.dtype))
    except pl.exceptions.ComputeError:  # some string in there is not UTF-8: look at each
        return pl.Series([_bytes_at(value, path.split(".")) for value in values], dtype=pl.Binary)
    return pl.select(_walk(pl.lit(decoded), head.endswith("[]"), rest)).to_series().alias("")


def _walk(value: pl.Expr, many: bool, rest: Sequence[str]) -> pl.Expr:
    if many:
        inner = _walk(pl.element(), False, rest)
        return value.list.eval(inner).list.join("\n", ignore_nulls=True)
    if not rest:
        return value
    return _walk(value.struct.field(rest[0].removesuffix("[]")), rest[0].endswith("[]"), rest[1:])


def _bytes_at(value: Any, parts: Sequence[str]) -> bytes | None:
    """Return what a path leads to within one value of its root column, as bytes."""
    for depth, part in enumerate(parts):
        if depth:
            value = value.get(part.removesuffix("[]")) if isinstance(value, dict) else None
        if part.endswith("[]") and value is not None:
            inner = [_bytes_at(item, ["", *parts[depth + 1 :]]) for item in value]
            return b"\n".join(item for item in inner if item is not None)
    return value


def _series(array: pa.Array) -> pl.Series:
    # Strings go through binary: Parquet does not promise valid UTF-8, and Polars must have it.
    return pl.Series(_bare(array))


def _bare(array: pa.Array) -> pa.Array:
    kind = array.type
    if pa.types.is_dictionary(kind):
        return _bare(array.dictionary_decode())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return array.cast(pa.large_binary())
    if pa.types.is_struct(kind):
        fields = [_bare(array.field(i)) for i in range(kind.num_fields)]
        bare = pa.StructArray.from_arrays(fields, [field.name for field in kind])
        return bare if array.null_count == 0 else _with_nulls(array, bare)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        offsets = array.offsets.cast(pa.int64())
        mask = array.is_null() if array.null_count else None
        start, end = offsets[0].as_py(), offsets[-1].as_py()
        values = array.values.slice(start, end - start)
        shifted = pa.compute.subtract(offsets, start)
        return pa.LargeListArray.from_arrays(shifted, _bare(values), mask=mask)
    return array


def _with_nulls(array: pa.Array, bare: pa.Array) -> pa.Array:
    return pa.compute.if_else(array.is_valid(), bare, pa.scalar(None, bare.type))


def as_text(values: pl.Series, path: str) -> tuple[pl.Series, pl.Series]:
    """Return `(text, error)`: the column as String, and why a value is none (null where it is)."""
    if values.dtype == pl.Null:
        values = values.cast(pl.Binary)
    if values.dtype == pl.Binary:
        text = _strings(values)
        broken = values.is_not_null() & text.is_null()
    elif values.dtype == pl.String:
        text, broken = values, pl.Series([False]).new_from_index(0, len(values))
    else:
        hint = f"; {path}[] joins its items" if isinstance(values.dtype, pl.List) else ""
        raise UnreadableFile(f"column {path!r} is {values.dtype}, not text{hint}")
    error = said_where(text.is_null(), "null text")
    if broken.any():
        error = said_where(broken, "invalid UTF-8").zip_with(broken, error)
    return text, error


def said_where(bad: pl.Series, what: str) -> pl.Series:
    """Return `what` where `bad` is true, else null."""
    nothing = pl.Series("error", [None], pl.String).new_from_index(0, len(bad))
    return nothing.set(bad, what) if bad.any() else nothing


def _strings(values: pl.Series) -> pl.Series:
    """Return bytes as String, null where they are not UTF-8."""
    try:
        return values.cast(pl.String)
    except pl.exceptions.ComputeError:  # at least one is not: look at each
        return pl.Series([_string(raw) for raw in values], dtype=pl.String)


def is_text(values: pl.Series) -> bool:
    """Return whether all bytes of a column are UTF-8."""
    return _strings(values.cast(pl.Binary)).null_count() == values.null_count()


def _string(raw: bytes | None) -> str | None:
    try:
        return None if raw is None else raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


Form = Literal["text", "hex", "uuid"]  # how the bytes of a label are written


def label_form(kind: pa.DataType | None, of_bytes: Form = "text") -> Form:
    """Return how a column of an Arrow type is written as a label.

    Strings are text and bytes of 16 a UUID, both for what they are; `of_bytes` says it of others.
    """
    if kind is None or not _is_bytes(kind):
        return "text"
    return "uuid" if _width(kind) == 16 else of_bytes


def _is_bytes(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    types = pa.types
    binary = types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind)
    return binary or _width(kind) > 0


def _width(kind: pa.DataType) -> int:
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    return kind.byte_width if pa.types.is_fixed_size_binary(kind) else 0


def as_label(values: pl.Series, path: str, form: Form = "text") -> pl.Series:
    """Return any scalar column as String; different values are different labels.

    In text a byte that is not UTF-8 is written as `\\xff`; times are ISO 8601.
    """
    if form != "text":
        return _hex(values.cast(pl.Binary), form)
    if values.dtype == pl.Binary:
        text = _strings(values)
        if (bad := values.is_not_null() & text.is_null()).any():
            repaired = [
                raw.decode("utf-8", "backslashreplace") if wrong else good
                for raw, good, wrong in zip(values, text, bad, strict=True)
            ]
            text = pl.Series(repaired, dtype=pl.String)
        return text
    if isinstance(values.dtype, pl.Datetime):
        return values.dt.to_string("iso:strict")
    if values.dtype.is_nested():
        raise UnreadableFile(f"column {path!r} is {values.dtype}, not a label")
    return values.cast(pl.String)


def _hex(values: pl.Series, form: Form) -> pl.Series:
    digits = values.bin.encode("hex")
    if form == "hex":
        return digits
    cuts = ((0, 8), (8, 4), (12, 4), (16, 4), (20, 12))
    return pl.select(
        pl.concat_str([pl.lit(digits).str.slice(*cut) for cut in cuts], separator="-")
    ).to_series()


def decoded_type(kind: pl.DataType) -> pl.DataType:
    """Return a Polars type with Binary leaves as String."""
    if kind == pl.Binary:
        return pl.String()
    if isinstance(kind, pl.List):
        return pl.List(decoded_type(kind.inner))  # type: ignore[arg-type]
    if isinstance(kind, pl.Struct):
        return pl.Struct({field.name: decoded_type(field.dtype) for field in kind.fields})  # type: ignore[arg-type]
    return kind

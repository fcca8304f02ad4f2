"""Types of carried columns: what two files have in common, and values taken over unchanged.

A type here is an Arrow type as Polars holds it. Where one type takes the values of two files, both
are read as it; where none does without changing a value, there is no common type.
"""

from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc

# What was not taken over as it was: (column, what is said of its values) -> how many values.
Unfits = Counter[tuple[str, str]]
_UNITS = ("ms", "us", "ns")
_EXACT = 38  # digits of the widest decimal that Polars knows


def plain(kind: pa.DataType) -> pa.DataType:
    """Return the type in which a column of this type is carried; ArrowInvalid where there is none.

    A decimal of more digits than Polars knows becomes text.
    """
    types = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return plain(kind.storage_type)
    if types.is_dictionary(kind):
        return plain(kind.value_type)
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return pa.large_string()
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind):
        return pa.large_binary()
    if types.is_fixed_size_binary(kind):
        return pa.large_binary()
    if types.is_decimal(kind):
        fits = kind.precision <= _EXACT
        return pa.decimal128(kind.precision, kind.scale) if fits else pa.large_string()
    if types.is_timestamp(kind):
        return pa.timestamp("ms" if kind.unit == "s" else kind.unit, kind.tz)
    if types.is_duration(kind):
        return pa.duration("ms" if kind.unit == "s" else kind.unit)
    if types.is_date64(kind):
        return pa.timestamp("ms")
    if types.is_time(kind):
        return pa.time64("ns")
    if types.is_list(kind) or types.is_large_list(kind):
        return pa.large_list(plain(kind.value_type))
    if types.is_fixed_size_list(kind):
        return pa.list_(plain(kind.value_type), kind.list_size)
    if types.is_map(kind):
        return pa.map_(plain(kind.key_type), plain(kind.item_type))
    if types.is_struct(kind) and kind.num_fields:
        return pa.struct([(field.name, plain(field.type)) for field in kind])
    known = types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)
    if known or types.is_date32(kind) or types.is_null(kind):
        return kind
    raise pa.ArrowInvalid(f"a column of type {kind} cannot be carried")


def united(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """Return the type that takes the values of both unchanged, or None.

    >>> united(pa.int8(), pa.float32()), united(pa.int64(), pa.large_string())
    (DataType(double), None)
    """
    types = pa.types
    if one.equals(other) or types.is_null(other):
        return one
    if types.is_null(one):
        return other
    if types.is_struct(one) and types.is_struct(other):
        return _structs(one, other)
    if _is_list(one) and _is_list(other):
        inner = united(one.value_type, other.value_type)
        return None if inner is None else pa.large_list(inner)
    if types.is_map(one) and types.is_map(other):
        key, item = united(one.key_type, other.key_type), united(one.item_type, other.item_type)
        return None if key is None or item is None else pa.map_(key, item)
    if types.is_timestamp(one) and types.is_timestamp(other):
        return pa.timestamp(_finer(one, other), one.tz) if one.tz == other.tz else None
    if types.is_duration(one) and types.is_duration(other):
        return pa.duration(_finer(one, other))
    return _numbers(one, other)


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def _finer(one: pa.DataType, other: pa.DataType) -> str:
    return max(one.unit, other.unit, key=_UNITS.index)


def _structs(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    found = {field.name: field.type for field in one}
    for field in other:
        kind = united(found.get(field.name, pa.null()), field.type)
        if kind is None:
            return None
        found[field.name] = kind
    return pa.struct(list(found.items()))


def _numbers(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    types = pa.types
    kinds = (one, other)
    if all(types.is_integer(kind) for kind in kinds):
        signed = any(types.is_signed_integer(kind) for kind in kinds)
        # A signed type takes an unsigned one of half its bits; nothing but a decimal takes 64.
        bits = max(
            kind.bit_width * (2 if signed and types.is_unsigned_integer(kind) else 1)
            for kind in kinds
        )
        if bits > 64:
            return pa.decimal128(20, 0)
        return pa.type_for_alias(f"{'' if signed else 'u'}int{bits}")
    if all(types.is_integer(kind) or types.is_floating(kind) for kind in kinds):
        return pa.float64()
    if any(types.is_decimal(kind) for kind in kinds):
        digits = [_digits(kind) for kind in kinds]
        if all(digits):
            scale = max(scale for _, scale in digits)  # type: ignore[misc]
            whole = max(whole for whole, _ in digits)  # type: ignore[misc]
            return pa.decimal128(whole + scale, scale) if whole + scale <= _EXACT else None
    return None


def _digits(kind: pa.DataType) -> tuple[int, int] | None:
    """Return the digits before and after the point that a type may hold; None for a float."""
    if pa.types.is_decimal(kind):
        return kind.precision - kind.scale, kind.scale
    return (len(str(2**kind.bit_width)), 0) if pa.types.is_integer(kind) else None


def fitted(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """Return an array in another type, every value as it was; ArrowInvalid where one would change.

    Fields of structs are found by name; one that the array lacks is null.
    """
    types = pa.types
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    have = array.type
    if types.is_dictionary(have):
        return fitted(array.dictionary_decode(), kind)
    if types.is_null(have):
        return pa.nulls(len(array), kind)
    if types.is_struct(kind) and types.is_struct(have):
        return _struct(array, kind)
    if _is_list(kind) and (types.is_list(have) or types.is_large_list(have)):
        offsets, values = _content(array)
        if types.is_large_list(kind):
            made = fitted(values, kind.value_type)
            return pa.LargeListArray.from_arrays(offsets, made, type=kind, mask=_mask(array))
    if _is_list(kind) and types.is_fixed_size_list(have):
        size = have.list_size
        made = fitted(array.values.slice(array.offset * size, len(array) * size), kind.value_type)
        if kind.equals(pa.list_(kind.value_type, size)):
            return pa.FixedSizeListArray.from_arrays(made, type=kind, mask=_mask(array))
        if types.is_large_list(kind):
            offsets = pa.array(range(0, size * len(array) + 1, size or 1), pa.int64())
            return pa.LargeListArray.from_arrays(offsets, made, type=kind, mask=_mask(array))
    if types.is_map(kind) and types.is_map(have):
        return _map(array, kind)
    return _leaf(array, kind)


def taken(array: pa.Array, kind: pa.DataType) -> tuple[pa.Array, int]:
    """Return an array in another type, null where a value would change, and how many do."""
    try:
        return fitted(array, kind), 0
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
        if len(array) == 1:
            return pa.nulls(1, kind), 1
    half = len(array) // 2
    halves = [taken(array.slice(0, half), kind), taken(array.slice(half), kind)]
    return pa.concat_arrays([made for made, _ in halves]), sum(bad for _, bad in halves)


def _mask(array: pa.Array) -> pa.Array | None:
    return array.is_null() if array.null_count else None


def _content(array: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return the offsets of lists, from 0, and the values that they hold."""
    offsets = array.offsets.cast(pa.int64())
    start, end = offsets[0].as_py(), offsets[-1].as_py()
    return pc.subtract(offsets, start), array.values.slice(start, end - start)


def _struct(array: pa.Array, kind: pa.DataType) -> pa.Array:
    there = {field.name: place for place, field in enumerate(array.type)}
    wanted = {field.name for field in kind}
    if more := [name for name in there if name not in wanted]:
        raise pa.ArrowInvalid(f"it has a field {more[0]!r} that others lack")
    columns = array.flatten()  # with the nulls of the structs themselves
    fields = [
        fitted(columns[there[field.name]], field.type)
        if field.name in there
        else pa.nulls(len(array), field.type)
        for field in kind
    ]
    return pa.StructArray.from_arrays(fields, fields=list(kind), mask=_mask(array))


def _map(array: pa.Array, kind: pa.DataType) -> pa.Array:
    offsets = array.offsets
    start, end = offsets[0].as_py(), offsets[-1].as_py()
    keys = fitted(array.keys.slice(start, end - start), kind.key_type)
    items = fitted(array.items.slice(start, end - start), kind.item_type)
    offsets = pc.subtract(offsets, start)
    return pa.MapArray.from_arrays(offsets, keys, items, type=kind, mask=_mask(array))


def _leaf(array: pa.Array, kind: pa.DataType) -> pa.Array:
    have = plain(array.type)
    if have.equals(kind):
        if pa.types.is_decimal(array.type) and pa.types.is_large_string(kind):
            return array.cast(pa.string()).cast(kind)
        if pa.types.is_large_string(kind):  # by way of bytes: Parquet does not promise UTF-8
            array = array.cast(pa.large_binary())
        return array.cast(kind)
    if united(have, kind) is None or pa.types.is_nested(have) or pa.types.is_nested(kind):
        raise pa.ArrowInvalid(f"{array.type} is no {kind}")
    made = array.cast(kind)  # safe: what does not fit is an error
    # Every half is a float, and there is no way back to compare it by.
    halves = pa.types.is_float16(array.type)
    if pa.types.is_floating(array.type) and pa.types.is_floating(kind) and not halves:
        back = made.cast(array.type)
        same = pc.or_(pc.equal(array, back), pc.and_(pc.is_nan(array), pc.is_nan(back)))
        if pc.any(pc.invert(same)).as_py():
            raise pa.ArrowInvalid(f"a value of {array.type} is no {kind}")
    return made

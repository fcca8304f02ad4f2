"""What the values of a JSON column have in common, and each taken over as that, unchanged.

Where they have no type in common, or one without an end, the column is carried as JSON text.
"""

import json
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa

_MOST_FIELDS = 256  # of an object; one with more has its data in its keys
_DEEPEST = 32  # objects and arrays within each other
_EXACT = 2**53  # up to here a float holds every integer

Kind = Literal["null", "truth", "number", "text", "list", "object", "mixed"]


@dataclass
class Shape:
    """What was seen at one place of a column's values."""

    kind: Kind = "null"
    low: int = 0  # the least and the greatest integer
    high: int = 0
    whole: bool = True  # no number had a fraction
    inner: "Shape | None" = None  # of the items of arrays
    fields: dict[str, "Shape"] = field(default_factory=dict)

    def add(self, value: Any, depth: int = 0) -> None:
        """Widen the shape so that it takes `value` as well."""
        kind = _kind(value)
        if kind == "null" or self.kind == "mixed":
            return
        if self.kind not in ("null", kind) or depth > _DEEPEST:
            self.kind = "mixed"
            return
        self.kind = kind
        if isinstance(value, float):
            self.whole = False
        elif kind == "number":
            self.low, self.high = min(self.low, value), max(self.high, value)
        elif kind == "list":
            self.inner = self.inner or Shape()
            for item in value:
                self.inner.add(item, depth + 1)
        elif kind == "object":
            for name, item in value.items():
                self.fields.setdefault(name, Shape()).add(item, depth + 1)
            if len(self.fields) > _MOST_FIELDS:
                self.kind = "mixed"

    def arrow(self) -> pa.DataType | None:
        """Return a type that takes all values unchanged; None: only their JSON text does."""
        if self.kind == "mixed":
            return None
        if self.kind == "truth":
            return pa.bool_()
        if self.kind == "number":
            return self._number()
        if self.kind == "list" and self.inner is not None:
            inner = self.inner.arrow()
            return None if inner is None else pa.large_list(inner)
        if self.kind == "object":
            found = {name: shape.arrow() for name, shape in self.fields.items()}
            unknown = any(kind is None for kind in found.values())
            if unknown or not found or any("\0" in name for name in found):
                return None
            return pa.struct(list(found.items()))
        return pa.large_string()  # of nulls, too, which are of any type

    def _number(self) -> pa.DataType | None:
        if not self.whole:
            exact = self.low >= -_EXACT and self.high <= _EXACT
            return pa.float64() if exact else None
        if self.low >= -(2**63) and self.high < 2**63:
            return pa.int64()
        return pa.uint64() if self.low >= 0 and self.high < 2**64 else None


def _kind(value: Any) -> Kind:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list):
        return "list"
    return "object" if isinstance(value, dict) else "number"


class Unfit(ValueError):
    """A value is not of the type of its column."""


def json_text(value: Any) -> str | None:
    """Return a value as JSON; null stays null."""
    return None if value is None else json.dumps(value, ensure_ascii=False)


def fit(value: Any, kind: pa.DataType, more: set[str]) -> Any:
    """Return a value of JSON as one of an Arrow type, or raise Unfit.

    Fields of objects that the type has no place for are left out and named in `more`.
    """
    if value is None:
        return None
    types = pa.types
    if types.is_large_string(kind) and isinstance(value, str):
        return value
    if types.is_boolean(kind) and isinstance(value, bool):
        return value
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if types.is_integer(kind) and number and value == value // 1 and _in_range(value, kind):
        return int(value)
    if types.is_floating(kind) and number and _is_float(value, kind):
        return float(value)
    if (types.is_large_list(kind) or types.is_list(kind)) and isinstance(value, list):
        return [fit(item, kind.value_type, more) for item in value]
    if types.is_struct(kind) and isinstance(value, dict):
        fields = {one.name: one.type for one in kind}
        more.update(value.keys() - fields.keys())
        return {name: fit(value.get(name), of, more) for name, of in fields.items()}
    raise Unfit


def _in_range(value: int | float, kind: pa.DataType) -> bool:
    bits = kind.bit_width
    if pa.types.is_signed_integer(kind):
        return -(2 ** (bits - 1)) <= value < 2 ** (bits - 1)
    return 0 <= value < 2**bits


def _is_float(value: int | float, kind: pa.DataType) -> bool:
    return pa.types.is_float64(kind) and (isinstance(value, float) or abs(value) <= _EXACT)

"""Frozen dataclasses as plain data and back: what goes to another process as JSON."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Self, Union, get_args, get_origin, get_type_hints


class Plain:
    """A base of dataclasses that travel; a field that is None is left out on the way."""

    def plain(self) -> dict[str, Any]:
        """Return the fields as plain data: lists, mappings and single values."""
        found = {name: _plain(getattr(self, name)) for name in _kinds(type(self))}
        return {name: value for name, value in found.items() if value is not None}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Read back what `plain` returned, after a journey as JSON too."""
        kinds = _kinds(cls)
        read = {name: _typed(kinds[name], value) for name, value in plain.items()}
        return cls(**{name: None for name in kinds if _is_optional(kinds[name])} | read)


def _kinds(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _plain(value: Any) -> Any:
    if hasattr(value, "plain"):
        return value.plain()
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


def _typed(kind: Any, value: Any) -> Any:
    """Return a value of JSON as the type that it had."""
    origin, args = get_origin(kind), get_args(kind)
    if value is None or kind is Any:
        return value
    if origin in (Union, UnionType):
        (kind,) = (one for one in args if one is not NoneType)
        return _typed(kind, value)
    if origin is tuple:
        each = [args[0]] * len(value) if args[-1] is Ellipsis else args
        return tuple(_typed(one, item) for one, item in zip(each, value, strict=True))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {key: _typed(args[1], item) for key, item in value.items()}
    if hasattr(kind, "from_plain"):
        return kind.from_plain(value)
    if isinstance(kind, type) and is_dataclass(kind):
        kinds = _kinds(kind)
        return kind(**{name: _typed(kinds[name], item) for name, item in value.items()})
    return value


def _is_optional(kind: Any) -> bool:
    return NoneType in get_args(kind)

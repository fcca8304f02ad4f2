"""A line for each mistake in what people wrote: where, what, and what there is instead."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from cleaner.config import yaml12

Key = tuple[Any, ...]

# A label that may stand in the name of a folder: of a job, of a mix.
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"

# How pydantic's kinds of mistake are said: `{0!r}` is what was found.
_SAID = {
    "tuple_type": "takes a list, not {0!r}",
    "list_type": "takes a list, not {0!r}",
    "int_type": "takes a whole number, not {0!r}",
    "int_parsing": "takes a whole number, not {0!r}",
    "int_from_float": "takes a whole number, not {0!r}",
    "float_type": "takes a number, not {0!r}",
    "float_parsing": "takes a number, not {0!r}",
    "bool_type": "takes true or false, not {0!r}",
    "bool_parsing": "takes true or false, not {0!r}",
    "string_type": "takes a text, not {0!r}",
    "too_short": "is empty",
}
_SHARE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*%")

# Pydantic names the branch of a union in the place: `tuple[str, ...]`, `literal['all']`, `str`.
_BRANCH = re.compile(r"(str|int|float|bool|constrained-str)|.*[^A-Za-z0-9_.-].*")


def guess(name: str, known: Iterable[str]) -> str:
    """Return `, did you mean 'words'?` for a name close to a known one, else nothing.

    >>> guess("wrods", ["words", "lines"])
    ", did you mean 'words'?"
    """
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f", did you mean {close[0]!r}?" if close else ""


def keys_of(model: Any) -> list[str]:
    """Return the keys that a file may give for a model of pydantic, in their order."""
    return [field.alias or name for name, field in model.model_fields.items()]


def told_apart(mistakes: Iterable[Any]) -> list[Any]:
    """Return the mistakes that pydantic found without those that only follow from others.

    A misspelt key is not also told as the one that is missing, nor a value by each of the kinds
    that it might have been.
    """
    found = list(mistakes)
    absent = [str(one["loc"][-1]) for one in found if one["type"] == "missing"]
    misspelt = {
        (*one["loc"][:-1], near[0])
        for one in found
        if one["type"] == "extra_forbidden"
        and (near := difflib.get_close_matches(str(one["loc"][-1]), absent, 1))
    }  # fmt: skip
    kept: dict[Key, Any] = {}
    for one in found:
        if one["type"] == "missing" and one["loc"] in misspelt:
            continue
        branches = one["loc"] and isinstance(one["loc"][-1], str) and not _is_key(one["loc"][-1])
        at = one["loc"][:-1] if branches else one["loc"]
        if branches and at in kept and one["type"] == "literal_error":
            continue
        kept.setdefault(at if branches else (*at, one["type"]), one)
    return list(kept.values())


class Where:
    """Turns the place of a mistake into `file:line:column: key` or `--set key`.

    `places` are those of `yaml12.load`; `origin` says of a key, by its path, what else gave it.
    """

    def __init__(
        self, path: str, places: Mapping[Key, yaml12.Place], origin: Mapping[Key, str] | None = None
    ) -> None:
        self.path, self.places, self.origin = path, places, origin or {}

    def at(self, key: Key) -> str:
        """Return where a key stands, or the nearest that it is in."""
        key = self._written(key)
        for nearest in (key[:length] for length in range(len(key), -1, -1)):
            if nearest in self.origin:
                return self.origin[nearest]
            if nearest in self.places:
                return yaml12.at(self.path, self.places[nearest])
        return self.path

    def say(self, key: Key, message: str) -> str:
        """Return a message about the value of a key, with its place."""
        shown = ".".join(str(part) for part in self._written(key))
        return ": ".join(part for part in (self.at(key), shown, message) if part)

    def explain(
        self,
        model: type[BaseModel],
        mistake: Any,
        at: Key = (),
        elsewhere: Mapping[str, str] | None = None,
    ) -> str:
        """Return what pydantic found wrong with a value of `model` at the key `at`.

        `elsewhere` says of keys that are none of the model where they are written instead.
        """
        raw = tuple(mistake["loc"])
        key = at
        for part in raw:
            if isinstance(part, int) or _is_key(part) or (*key, part) in self.places:
                key = (*key, part)
        kind, message = mistake["type"], mistake["msg"].removeprefix("Value error, ")
        if kind == "extra_forbidden" and raw[-1] == "<<":
            message = "'<<' merges in YAML 1.1 and means nothing in 1.2; write its keys out"
        elif kind == "extra_forbidden":
            keys = keys_of(_inner(model, raw[:-1]))
            unknown = f"unknown key{guess(str(raw[-1]), keys)}"
            said = (elsewhere or {}).get(raw[0], unknown) if len(raw) == 1 else unknown
            message = f"{said}; available: {', '.join(keys)}"
        elif kind == "missing":
            message = "is required"
        elif kind in _SAID:
            message = _SAID[kind].format(mistake["input"]) + _instead(kind, mistake["input"])
        elif kind in ("model_type", "dict_type"):
            there = ", ".join(keys_of(_inner(model, raw)))
            message = f"takes keys and their values, not {mistake['input']!r}; available: {there}"
        elif kind == "string_pattern_mismatch" and mistake["ctx"]["pattern"] == NAME:
            message = (
                "is letters a to z, digits, '.', '_' and '-', at most 100, and begins with a "
                f"letter or digit; not {mistake['input']!r}"
            )
        elif kind not in ("value_error", "assertion_error"):
            message = message.removeprefix("Input ").replace("less than or equal to", "at most")
            message = message.replace("greater than or equal to", "at least")
            message = f"{message[0].lower()}{message[1:]}, not {mistake['input']!r}"
        return self.say(key, message)

    def _written(self, key: Key) -> Key:
        """Return the key without the index of a value that stands alone where a list may."""
        found: Key = ()
        for part in key:
            alone = isinstance(part, int) and found in self.places
            if not alone or (*found, part) in self.places:
                found = (*found, part)
        return found


def _instead(kind: str, value: Any) -> str:
    """Say how to write what was probably meant, where that can be told."""
    if kind in ("tuple_type", "list_type") and isinstance(value, str):
        return f"; write [{value}]"
    share = _SHARE.fullmatch(value.strip()) if isinstance(value, str) else None
    if kind == "float_parsing" and share is not None:
        return f"; write {float(share[1]) / 100:g}"
    return ""


def _is_key(part: Any) -> bool:
    return isinstance(part, str) and _BRANCH.fullmatch(part) is None


def _inner(model: Any, loc: Key) -> Any:
    """Return the model that stands at a place of another."""
    for part in loc:
        field = getattr(model, "model_fields", {}).get(part)
        if field is None:
            continue
        for candidate in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if hasattr(candidate, "model_fields"):
                model = candidate
    return model

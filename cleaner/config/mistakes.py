"""A line for each mistake in what people wrote: where, what, and what there is instead."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from cleaner.config import yaml12

Key = tuple[Any, ...]

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
        elif kind not in ("value_error", "assertion_error"):
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

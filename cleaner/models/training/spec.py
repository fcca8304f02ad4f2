"""A YAML file into a typed, frozen value; every mistake at once, each with its line and column."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from cleaner.config import yaml12
from cleaner.config.shipped import shipped_path
from cleaner.errors import JobError

Model = TypeVar("Model", bound=BaseModel)


def read_spec(path: str, model: type[Model], overrides: Mapping[str, Any] | None = None) -> Model:
    """Return the value of the file at `path`; `overrides` replace keys of its top level."""
    place = Path(shipped_path(path))
    try:
        text = place.read_text("utf-8")
    except OSError:
        raise JobError(f"{path}: no such file") from None
    except UnicodeDecodeError as error:
        raise JobError(f"{path}: not UTF-8 at byte {error.start}") from None
    data, places = yaml12.load(text, path)
    if not isinstance(data, dict):
        raise JobError(f"{path}:1:1: a mapping is needed; it may hold {_keys(model)}")
    try:
        return model.model_validate({**data, **(overrides or {})})
    except ValidationError as error:
        lines = [_line(path, model, mistake, places) for mistake in error.errors()]
        raise JobError("\n".join(lines)) from None


def _keys(model: type[BaseModel]) -> str:
    return ", ".join(field.alias or name for name, field in model.model_fields.items())


def _line(
    path: str, model: type[BaseModel], mistake: Any, places: Mapping[yaml12.Path, yaml12.Place]
) -> str:
    keys = tuple(mistake["loc"])
    known: yaml12.Path = ()
    for key in keys:
        if (*known, key) in places:
            known = (*known, key)
        elif not isinstance(key, int):  # a single entry may stand without its list
            break
    message = mistake["msg"].removeprefix("Value error, ")
    if mistake["type"] == "extra_forbidden":
        there = _keys(model).split(", ") if len(keys) == 1 else []
        near = difflib.get_close_matches(str(keys[-1]), there, n=1)
        guess = f", did you mean {near[0]}?" if near else ""
        message = f"unknown key{guess}" + (f"; there are: {', '.join(there)}" if there else "")
    where = yaml12.at(path, places[known])
    shown = ".".join(str(key) for key in keys)
    return f"{where}: {shown}: {message}" if shown else f"{where}: {message}"

"""A YAML file into a typed, frozen value; every mistake at once, each with its line and column."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from cleaner.config import yaml12
from cleaner.config.mistakes import Where, keys_of
from cleaner.config.shipped import shipped_path
from cleaner.errors import JobError

Model = TypeVar("Model", bound=BaseModel)


def read_spec(
    path: str,
    model: type[Model],
    overrides: Mapping[str, Any] | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> Model:
    """Return the value of the file at `path`.

    `overrides` replace keys of its top level, `defaults` stand for those that it leaves out.
    """
    place = Path(shipped_path(path))
    try:
        text = place.read_text("utf-8")
    except OSError:
        raise JobError(f"{path}: no such file") from None
    except UnicodeDecodeError as error:
        raise JobError(f"{path}: not UTF-8 at byte {error.start}") from None
    data, places = yaml12.load(text, path)
    if not isinstance(data, dict):
        raise JobError(f"{path}:1:1: a mapping is needed; it may hold {', '.join(keys_of(model))}")
    try:
        return model.model_validate({**(defaults or {}), **data, **(overrides or {})})
    except ValidationError as error:
        where = Where(path, places)
        lines = [where.explain(model, mistake) for mistake in error.errors()]
        raise JobError("\n".join(lines)) from None

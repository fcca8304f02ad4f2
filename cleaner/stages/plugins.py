"""Stages of other packages: by the entry points `cleaner.stages`, or of modules that a job names.

A worker needs no registry: what travels to it names the class by module and place, and an
environment variable the folders where a user's modules lie.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import os
import sys
from functools import lru_cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from cleaner.errors import JobError
from cleaner.stages import OPTIONS, STAGES
from cleaner.stages.options.base import StageOptions

if TYPE_CHECKING:
    from cleaner.stages.base import Stage

GROUP = "cleaner.stages"
_OURS = "cleaner."
# Where modules of the user's lie; what begins with CLEANER_ reaches the workers, too.
_FOLDERS = "CLEANER_PLUGIN_FOLDERS"


def load_module(name: str, folder: str | None = None) -> None:
    """Import a module of the user's and list its `STAGES`.

    It is installed, or lies in the working folder or in `folder`, that of the job file; what is
    installed goes first.

    Raises JobError for one that cannot be imported, has none, or takes a name that is taken.
    """
    _look_in([os.getcwd(), *([] if folder is None else [os.path.abspath(folder)])])
    try:
        module = importlib.import_module(name)
    except Exception as error:
        raise JobError(f"{name}: cannot be imported: {type(error).__name__}: {error}") from None
    found = getattr(module, "STAGES", None)
    if not isinstance(found, dict):
        raise JobError(f"{name}: has no dict STAGES of name -> class")
    for stage, kind in found.items():
        _add(stage, kind, name)


def _look_in(folders: list[str]) -> None:
    """Let modules be found in these folders, here and in the processes that we begin."""
    known = os.environ.get(_FOLDERS, "").split(os.pathsep)
    both = [one for one in dict.fromkeys([*known, *folders]) if one]
    os.environ[_FOLDERS] = os.pathsep.join(both)
    sys.path += [one for one in both if one not in sys.path]


def find(name: str, others: bool = True) -> type[Stage] | None:
    """Return the class of a stage: shipped, of a module that was loaded, or of an entry point.

    Without `others` only one that is shipped.
    """
    if not others:
        return STAGES[name] if name in OPTIONS else None
    if name not in STAGES:
        for point in entry_points(group=GROUP, name=name):
            _add(name, point.load(), point.value)
    return STAGES.get(name)


def options_of(name: str) -> type[StageOptions] | None:
    """Return what a user may write of a stage; of ours without loading what it works with."""
    return OPTIONS.get(name) or find(name)


def names() -> list[str]:
    """Return the names of all stages there are."""
    return [*STAGES, *(p.name for p in entry_points(group=GROUP) if p.name not in STAGES)]


def _add(name: str, kind: object, origin: str) -> None:
    from cleaner.stages.base import Stage

    if not (isinstance(kind, type) and issubclass(kind, Stage)):
        raise JobError(f"{origin}: stage {name!r} is not a subclass of cleaner.stages.Stage")
    if STAGES.get(name, kind) is not kind:
        taken = STAGES[name].__module__
        raise JobError(f"{origin}: stage {name!r} is there already, in {taken}; take another name")
    if name not in OPTIONS:
        STAGES[name] = kind


def place_of(kind: type[Stage]) -> str | None:
    """Return `module:Class` of a stage that is not ours; None for one of ours."""
    if kind.__module__.startswith(_OURS):
        return None
    return f"{kind.__module__}:{kind.__qualname__}"


def class_at(place: str) -> type[Stage]:
    """Return the class that `place_of` named.

    Raises JobError where it cannot be imported, as on a node without the package.
    """
    from cleaner.stages.base import Stage

    module, _, path = place.partition(":")
    _look_in([])
    try:
        found = importlib.import_module(module)
        for name in path.split("."):
            found = getattr(found, name)
    except (ImportError, AttributeError) as error:
        raise JobError(f"{place}: {error}; every node must have this package") from None
    if not (isinstance(found, type) and issubclass(found, Stage)):
        raise JobError(f"{place}: is not a stage")
    return found


@lru_cache
def source_hash(kind: type[Stage]) -> str:
    """Return a hash of the module that holds a stage: what it makes may depend on it."""
    try:
        source = inspect.getsource(inspect.getmodule(kind) or kind)
    except (OSError, TypeError):
        raise JobError(
            f"stage {kind.__name__}: its source cannot be read; put it in a module, so that "
            "workers can import it and its changes are noticed"
        ) from None
    return hashlib.sha256(source.encode()).hexdigest()[:16]

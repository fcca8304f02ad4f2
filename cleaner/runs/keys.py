"""The keys of units, and what they were made of as it is written down beside them."""

from collections.abc import Mapping, Sequence
from typing import Any

from cleaner.runs.phases.base import Phase, Prepared
from cleaner.storage.books import Book
from cleaner.storage.commits import digest


def unit_keys(phase: Phase, prepared: Prepared) -> dict[str, str]:
    """Return a hash of all that the outcome of each unit of a phase depends on."""
    about = [phase.function, phase.version, phase.options.plain(), prepared.depends]
    return {unit.name: digest([*about, unit.name, unit.depends]) for unit in prepared.units}


def with_poison(base: str, poison: Sequence[Sequence[int]]) -> str:
    """Return the key of a unit that leaves some documents alone."""
    return digest([base, poison]) if poison else base


def book_of(
    files: Sequence[Any], phase: Phase, prepared: Prepared, settings: str, keys: Mapping[str, str]
) -> Book:
    """Return what is written down of a phase; `settings` is the path of their file."""
    return Book(
        function=phase.function,
        version=phase.version,
        title=phase.title,
        options=phase.options.plain(),
        settings=settings.rsplit("/", 1)[-1],
        depends=prepared.depends,
        units={unit.name: (keys[unit.name], unit.depends) for unit in prepared.units},
        pieces=pieces_of(prepared),
        files={str(file.number): [file.path, file.size, file.etag] for file in files}
        if phase.of_map is not None
        else {},
    )


def pieces_of(prepared: Prepared) -> dict[str, Any]:
    """Return the pieces of the input by unit, of a phase that reads it."""
    plain = ((unit.name, unit.payload.plain()) for unit in prepared.units)
    return {name: payload["pieces"] for name, payload in plain if payload.get("pieces")}

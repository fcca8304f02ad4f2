"""The keys of units, and what they were made of as it is written down beside them."""

from collections.abc import Mapping, Sequence
from typing import Any

from cleaner.job.plan import Plan
from cleaner.job.stage_spec import StageSpec
from cleaner.runs.phases.base import Phase, Prepared
from cleaner.runs.phases.recall import judges_only
from cleaner.storage.books import Book
from cleaner.storage.commits import digest


def unit_keys(phase: Phase, prepared: Prepared) -> dict[str, str]:
    """Return a hash of all that the outcome of each unit of a phase depends on."""
    about = [phase.function, phase.version, phase.options.plain(), prepared.depends]
    return {unit.name: digest([*about, unit.name, unit.depends]) for unit in prepared.units}


def plain_key(book: Book, unit: str) -> str:
    """Return the key of a unit of a book as it is without verdicts on what kills workers."""
    about = [book.function, book.version, book.options, book.depends]
    return digest([*about, unit, book.units[unit][1]])


def with_poison(base: str, poison: Sequence[Sequence[int]]) -> str:
    """Return the key of a unit that leaves some documents alone."""
    return digest([base, poison]) if poison else base


def book_of(
    plan: Any, phase: Phase, prepared: Prepared, settings: str, keys: Mapping[str, str]
) -> Book:
    """Return what is written down of a phase of a plan; `settings` is the path of their file."""
    number = phase.of_map
    return Book(
        function=phase.function,
        version=phase.version,
        title=phase.title,
        options=phase.options.plain(),
        settings=settings.rsplit("/", 1)[-1],
        depends=prepared.depends,
        units={unit.name: (keys[unit.name], unit.depends) for unit in prepared.units},
        pieces=_pieces(plan) if number is not None else {},
        texts={} if number is None else _texts(plan, number),
        files=files_of(plan) if number is not None else {},
    )


def files_of(plan: Plan) -> dict[str, list[Any]]:
    """Return the files of the input, number -> path, bytes, etag."""
    return {str(file.number): [file.path, file.size, file.etag] for file in plan.files}


def _pieces(plan: Plan) -> dict[str, Any]:
    """Return the pieces of the input by unit; those of later phases have the first's names."""
    return {name: [piece.plain() for piece in pieces] for name, pieces in plan.units}


def _texts(plan: Plan, number: int) -> dict[str, Any]:
    """Return what decides the texts with which map phase `number` begins, by row of the input.

    `stages` is empty where nothing row by row does: a stage that sees all rows has changed them.
    """
    found: list[Any] = []
    for mapped in plan.maps[:number]:
        specs = (StageSpec.of(entry, plan.reads.get(entry.index, {})) for entry in mapped.entries)
        found += [spec.plain() for spec in specs if not judges_only(spec)]
        if mapped.then is not None and mapped.then.stage.changes_text:
            return {"stages": "", "columns": []}
    columns = [digest(one.plain()) for one in plan.columns]
    return {"stages": digest(found), "columns": columns}

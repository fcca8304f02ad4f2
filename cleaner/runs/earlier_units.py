"""Units of a map phase that an earlier run did under another key, and what is taken of them.

A unit that reads the same rows of the same files, of texts made in the same way, has signals and
scores that still hold, whatever its stages decided by them.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from cleaner.errors import CleanerError
from cleaner.runs.keys import book_of, plain_key
from cleaner.runs.phases.base import DataFile, Phase, Prepared
from cleaner.runs.phases.map import MapSettings
from cleaner.runs.phases.recall import Aligned, Recalled, RecalledPart, aligned
from cleaner.storage import store
from cleaner.storage.books import Book, read_books
from cleaner.storage.commits import Marker, complete, phase_folder
from cleaner.storage.done_units import markers_of
from cleaner.storage.run_folder import read_json

_BOOKS = 8  # plans of one phase that are looked through, the last first


def recalled_units(
    plan: Any, phase: Phase, prepared: Prepared, units: Collection[str], folders: Sequence[str]
) -> tuple[dict[str, Recalled], list[str]]:
    """Return what is taken of units of a map phase of a plan, and why nothing is."""
    found: dict[str, Recalled] = {}
    reasons: list[str] = []
    if phase.of_map is None:
        return found, reasons
    now = book_of(plan, phase, prepared, "", dict.fromkeys(_names(prepared), ""))
    for folder in folders:
        for _, book in zip(range(_BOOKS), read_books(folder, phase.name), strict=False):
            left = [unit for unit in units if unit not in found]
            if not left:
                return found, reasons
            how = _how(book, now, phase, folder)
            if isinstance(how, str):
                reasons.append(how)
                continue
            found |= _of_book(folder, phase.name, book, now, left)
    return found, list(dict.fromkeys(reasons))


def _names(prepared: Prepared) -> list[str]:
    return [unit.name for unit in prepared.units]


def _how(book: Book, now: Book, phase: Phase, folder: str) -> Aligned | str:
    settings = read_json(_settings(folder, phase.name, book))
    try:
        old = MapSettings.from_plain(settings)
    except (CleanerError, AttributeError, KeyError, TypeError, ValueError):
        return "another release wrote it"
    if book.version != phase.version:
        return "another release wrote it"
    columns = book.texts["columns"]
    if not book.texts["stages"] or book.texts["stages"] != now.texts["stages"]:
        return "texts are made otherwise before it"
    if now.texts["columns"][: len(columns)] != columns:
        return "the columns that the input gives have changed"
    return aligned(old, phase.options)  # type: ignore[arg-type]


def _of_book(
    folder: str, phase: str, book: Book, now: Book, units: Sequence[str]
) -> dict[str, Recalled]:
    numbers = {(path, size, etag): n for n, (path, size, etag) in now.files.items()}
    files = {
        old: int(numbers[path, size, etag])
        for old, (path, size, etag) in book.files.items()
        if (path, size, etag) in numbers
    }
    theirs = {_sign(pieces, book.files): unit for unit, pieces in book.pieces.items()}
    pairs = {
        unit: old
        for unit in units
        if (old := theirs.get(_sign(now.pieces[unit], now.files))) is not None
        # What a verdict on killers of workers made of it is not what this job would.
        and book.units.get(old, ("", ""))[0] == plain_key(book, old)
    }
    keys = {old: book.units[old][0] for old in pairs.values()}
    there = markers_of(folder, phase, keys)
    settings = _settings(folder, phase, book)
    made = {}
    for unit, old in pairs.items():
        parts = there.get(old, {})
        if complete(parts):
            mine = {str(piece["file"]) for piece in book.pieces[old]}
            of_unit = {number: new for number, new in files.items() if number in mine}
            ordered = tuple(_part(marker) for _, marker in sorted(parts.items()))
            made[unit] = Recalled(folder, settings, of_unit, ordered)
    return made


def _part(marker: Marker) -> RecalledPart:
    facts = marker.facts
    return RecalledPart(
        record=DataFile.of(marker, "record"),
        text=DataFile.of(marker, "text"),
        spans=tuple(map(tuple, facts["spans"])),
        unread=tuple(map(tuple, facts["unread"])),
        unfit=tuple(map(tuple, facts["unfit"])),
        shadow=DataFile.of(marker, "shadow") if "shadow" in marker.files else None,
        recall=DataFile.of(marker, "recall") if "recall" in marker.files else None,
    )


def _sign(pieces: Sequence[Mapping[str, Any]], files: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return which rows of which files a unit reads, whatever their numbers."""
    return tuple(
        (
            *files[str(piece["file"])],
            piece["entry"],
            piece["kind"],
            tuple(piece["groups"] or ()),
            tuple(piece["take"] or ()),
        )
        for piece in pieces
    )


def _settings(folder: str, phase: str, book: Book) -> str:
    return store.join(phase_folder(folder, phase), book.settings)

"""Documents and files that kill or hang their worker: found by halving, their verdict committed.

A verdict is an empty file below the phase in which the document did its harm. Its name tells the
unit, the unit's key as it was without any verdict, and (file, row); what cannot even be read is
named by its first row and READING. Every later attempt at that unit obeys it, and has it in its
key, so the fate does not depend on which attempt met it, or on a clock; another job does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cleaner.errors import InputError
from cleaner.storage import store
from cleaner.storage.commits import committed, phase_folder

if TYPE_CHECKING:
    from cleaner.corpus.files import Piece
    from cleaner.runs.phases import Task

    Attempt = Callable[[Task], list[dict[str, Any]] | None]
READING = 1  # third in the key of a piece of a file that nobody can read
SHADOW = 2  # third in the key of a document that does harm only where it would have fallen before
_NAME = re.compile(
    r"(?P<unit>.+)-(?P<key>[0-9a-f]{16})-(?P<file>\d{8,})-(?P<row>\d{12,})(?P<how>-reading|-shadow)?\.json"
)
_HOW: dict[str, list[int]] = {"": [], "-reading": [READING], "-shadow": [SHADOW]}
_LAST = 1 << 30  # no unit has so many parts: asked for this one, a probe reads all of them


def poisoned(folder: str, phase: str) -> dict[tuple[str, str], list[list[int]]]:
    """Return what units must leave alone: (unit, key) -> (file, row) or (file, row, READING)."""
    found: dict[tuple[str, str], list[list[int]]] = {}
    for name in store.names(store.join(phase_folder(folder, phase), "poison")):
        if match := _NAME.fullmatch(name):
            key = [int(match["file"]), int(match["row"]), *_HOW[match["how"] or ""]]
            found.setdefault((match["unit"], match["key"]), []).append(key)
    return {unit: sorted(keys) for unit, keys in found.items()}


def take_poison(source: str, folder: str, phase: str, bases: Mapping[str, str]) -> None:
    """Take over what another run found of these units, by their keys without any verdict."""
    there, here = (store.join(phase_folder(one, phase), "poison") for one in (source, folder))
    known = set(store.names(here))
    for name in store.names(there):
        match = _NAME.fullmatch(name)
        if match and name not in known and bases.get(match["unit"]) == match["key"]:
            store.link(store.join(there, name), store.join(here, name))


def find_poison(task: Task, attempt: Attempt) -> list[list[int]]:
    """Return the keys that make a map task die, after committing their verdicts; none if it lives.

    Looked for in the first part that is not committed: it is there that the task died. Raises
    InputError when reading that part kills it, and no single file is to blame, or when workers die
    whatever they do.
    """
    have = committed(task.home, task.phase).get((task.unit, task.key), {})
    part = next(number for number in range(len(have) + 1) if number not in have)
    read = _probe(task, attempt, part, 0, 0)
    if read is None:
        _survives(task, attempt)
        # Where parts of a long file are committed already, its rows are no longer all ours.
        pieces = task.payload.pieces or ()
        killers = [] if part else _unreadable(task, attempt, pieces)
        if not killers:
            paths = {piece.path for piece in pieces}
            raise InputError(
                f"{task.phase}: unit {task.unit}: reading it kills or hangs the worker, "
                f"again and again: {', '.join(sorted(paths)[:5])}"
            )
        return killers
    found: list[list[int]] = []
    ranges = [(0, read["rows"])]
    while ranges:
        low, high = ranges.pop()
        if low == high or _probe(task, attempt, part, low, high) is not None:
            continue
        if high - low > 1:
            middle = (low + high) // 2
            ranges += [(middle, high), (low, middle)]
            continue
        where = _probe(task, attempt, part, low, low)
        # Once more: a busy machine may have killed or delayed the first attempt.
        if where is not None and _probe(task, attempt, part, low, high) is None:
            alone = replace(task, payload=replace(task.payload, alone=True))
            lives = _probe(alone, attempt, part, low, high) is not None
            key = [*where["key"], *([SHADOW] if lives else [])]
            found.append(key)
            _commit(task, key)
    return found


def _unreadable(task: Task, attempt: Attempt, pieces: Sequence[Piece]) -> list[list[int]]:
    """Return the keys of the pieces of files that kill whoever reads them."""
    some = _of(task, pieces)
    if not pieces or _probe(some, attempt, _LAST, 0, 0) is not None:
        return []
    if len(pieces) > 1:
        middle = len(pieces) // 2
        halves = (pieces[:middle], pieces[middle:])
        return [key for half in halves for key in _unreadable(task, attempt, half)]
    if _probe(some, attempt, _LAST, 0, 0) is not None:
        return []  # the machine was busy
    _survives(task, attempt)
    key = [pieces[0].file, pieces[0].first_row, READING]
    _commit(task, key)
    return [key]


def _of(task: Task, pieces: Sequence[Piece]) -> Task:
    """Return a task that reads some pieces alone."""
    return replace(task, payload=replace(task.payload, pieces=tuple(pieces), parts=()))


def _survives(task: Task, attempt: Attempt) -> None:
    """Raise InputError if a worker dies that has nothing to read: then no file is guilty."""
    if _probe(_of(task, ()), attempt, _LAST, 0, 0) is None:
        raise InputError(
            f"{task.phase}: unit {task.unit}: workers die even with nothing to read; too "
            "little memory? The same command continues the run"
        )


def _probe(task: Task, attempt: Attempt, part: int, low: int, high: int) -> dict[str, Any] | None:
    payload = replace(task.payload, only=(part, low, high))
    done = attempt(replace(task, function="probe", payload=payload))
    return None if done is None else done[0]["facts"]


def _commit(task: Task, key: list[int]) -> None:
    how = next(how for how, third in _HOW.items() if third == key[2:])
    name = f"{task.unit}-{task.base}-{key[0]:08d}-{key[1]:012d}{how}.json"
    store.put_if_absent(store.join(phase_folder(task.home, task.phase), "poison", name), b"")

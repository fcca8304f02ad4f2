"""What a run would take from earlier ones, phase by phase, and why it takes no more of the rest.

The keys of a phase are known once the phases before it are; so the first that is not taken whole
is where certainty ends, and of those behind it only what their own options tell is said.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cleaner.job.plan import Plan
from cleaner.runs.earlier_units import recalled_units
from cleaner.runs.keys import book_of, unit_keys, with_poison
from cleaner.runs.phases.base import Phase, State
from cleaner.runs.phases.build import build_phases
from cleaner.runs.quarantine import poisoned
from cleaner.runs.reuse_reasons import MADE_OF, why
from cleaner.storage.books import Book, read_books
from cleaner.storage.commits import Marker, complete
from cleaner.storage.done_units import Found, markers_of

BEFORE = "a phase before it is done again"


@dataclass(frozen=True)
class Foreseen:
    """One phase: how many units it has, and why not all of them are taken.

    Those `again` are judged anew by what was measured before.
    """

    title: str
    units: int | None  # None: known once the phases before it are done
    taken: int
    again: int = 0
    why: tuple[str, ...] = ()


def foresee(plan: Plan, folders: Sequence[str]) -> list[Foreseen]:
    """Return what a run of a plan would take from the runs in some folders, its own the first."""
    state = State(folders[0])
    found = []
    known = True
    for phase in build_phases(plan):
        if phase.function == "merge":  # what it joins is taken or made with what it is of
            continue
        if not known:
            book = _last_book(folders, phase)
            said = why(phase.options.plain(), phase.version, "", {}, book) if book else []
            own = [one for one in said if one != MADE_OF]
            found.append(Foreseen(phase.title, None, 0, 0, (*own, BEFORE)))
            continue
        one, markers = _phase(plan, phase, state, folders)
        found.append(one)
        state.markers[phase.name] = markers
        known = one.taken == one.units
    return found


def _phase(
    plan: Plan, phase: Phase, state: State, folders: Sequence[str]
) -> tuple[Foreseen, list[Marker]]:
    prepared = phase.prepare(state)
    bases = unit_keys(phase, prepared)
    taken: Found = {}
    for folder in folders:
        poison = poisoned(folder, phase.name)
        left = {unit: base for unit, base in bases.items() if unit not in taken}
        keys = {unit: with_poison(b, poison.get((unit, b), [])) for unit, b in left.items()}
        found = markers_of(folder, phase.name, keys)
        taken |= {unit: parts for unit, parts in found.items() if complete(parts)}
    markers = [
        marker for unit in prepared.units for _, marker in sorted(taken.get(unit.name, {}).items())
    ]
    reasons: list[str] = []
    book = _last_book(folders, phase)
    if len(taken) < len(bases):
        now = book_of(plan, phase, prepared, "", bases)
        reasons = ["nothing of it is there"]
        if book is not None:
            reasons = why(now.options, now.version, now.depends, now.files, book)
            same = {key for key, _ in book.units.values()} & set(bases.values())
            if not reasons and len(same) > len(taken):
                reasons = ["its results are not there any more"]
    missing = [unit for unit in bases if unit not in taken]
    again, no = recalled_units(plan, phase, prepared, missing, folders)
    why_not = [] if again or book is None else no[:1]
    reasons += [f"nothing is judged again: {one}" for one in why_not]
    return Foreseen(phase.title, len(bases), len(taken), len(again), tuple(reasons)), markers


def _last_book(folders: Sequence[str], phase: Phase) -> Book | None:
    books = (book for folder in folders for book in read_books(folder, phase.name))
    return next(books, None)

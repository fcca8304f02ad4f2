"""Results of earlier runs are taken where they are the same: units under equal keys.

A file is taken by a hard link, or by a copy where links cannot be made; then its marker, as if the
unit had been committed here. So a kill between two of them leaves what a resume knows already.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

from cleaner.errors import JobError
from cleaner.runs.phases.base import Phase, State
from cleaner.runs.release import read_released
from cleaner.storage import requests, store
from cleaner.storage.books import read_book
from cleaner.storage.commits import Marker, complete, put_marker
from cleaner.storage.done_units import Found, markers_of
from cleaner.storage.run_folder import RELEASED, WORK, RunFolder

_LINKERS = 32  # units taken at once
# What units say they cost: rows of the input that were read; pages made into text; texts whose
# signals were measured, that a model scored, that were signed for near duplicates, and whose
# shingles were compared; rows whose verdicts were made again from what was measured before.
SPENT = ("read", "pages", "measured", "scored", "signed", "shingled", "judged_again")


def check_earlier(folders: Sequence[str], out: str) -> list[str]:
    """Raise JobError for a folder that is no run's; return what is worth a word of the others."""
    said = []
    for folder in folders:
        if store.same(folder, out):
            raise JobError(f"--reuse {folder}: the run folder itself is always used again")
        if not RunFolder(folder).is_ours():
            raise JobError(f"--reuse {folder}: not a run folder: no run was begun in it")
        if not holds_work(folder):
            said.append(
                f"--reuse {folder}: its intermediate results were removed by cleaner gc; nothing "
                "can be taken from it"
            )
    return said


def holds_work(folder: str) -> bool:
    """Return whether a run has intermediate results."""
    return any(
        store.names(store.join(folder, WORK, phase, "_commits"))
        for phase in store.folders(store.join(folder, WORK))
    )


def needed(folder: str, manifest: Mapping[str, Any]) -> set[str]:
    """Return the files below `_work` by which a later run takes units of the finished one.

    Raises JobError where the manifest does not say which are its own.
    """
    if not all(phase.get("book") for phase in manifest["phases"] if phase["units"]):
        raise JobError(
            f"{folder}: was finished by an older version, which did not write down which results "
            "are its own; cleaner gc without --keep-reuse removes all"
        )
    released = read_released(folder)  # what those name need not be there in this folder
    found: set[str] = set()
    for phase in manifest["phases"]:
        book = read_book(folder, phase["name"], phase["book"]) if phase["units"] else None
        if book is None:
            continue
        name = phase["name"]
        keys = {unit: key for unit, (key, _) in book.units.items()}
        found |= {f"{name}/books/{phase['book']}", f"{name}/{book.settings}"}
        for parts in markers_of(folder, name, keys, released.get(name, ())).values():
            for marker in parts.values() if complete(parts) else ():
                found.add(f"{name}/_commits/{marker.name()}")
                found |= {file["path"].removeprefix(f"{WORK}/") for file in marker.files.values()}
        poison = store.below(store.join(folder, WORK, name, "poison"))
        found |= {f"{name}/poison/{file.path}" for file in poison}
    return found | {RELEASED.removeprefix(f"{WORK}/")} if found else found


def sources(state: State, phase: Phase) -> list[str]:
    """Return the folders in which results of a phase may be, beside where this run has its own."""
    if state.fresh:
        return []
    # A replacement has places of its own for what it writes; the finished run may have the same.
    own = [state.folder] if state.home_of(phase) != state.folder else []
    return [*own, *state.earlier]


def take(
    state: State, phase: Phase, keys: Mapping[str, str], have: Found
) -> dict[str, dict[int, Marker]]:
    """Take whole units of a phase, of those not in `have`, from earlier runs; return them."""
    home, place = state.home_of(phase), state.place_of(phase)
    taken: Found = {}
    for source in sources(state, phase):
        wanted = {
            unit: key
            for unit, key in keys.items()
            if unit not in taken
            and (phase.name, unit) not in state.spoiled
            and not complete(have.get(unit, {}))
        }
        if not wanted:
            break
        found = markers_of(source, phase.name, wanted)
        whole = [parts for parts in found.values() if complete(parts)]
        with ThreadPoolExecutor(_LINKERS) as pool:
            made = pool.map(partial(_taken, source, home, phase.name, place), whole)
            taken |= {parts[0].unit: parts for parts in made if parts}
    return taken


def _taken(
    source: str, home: str, phase: str, place: str, parts: Mapping[int, Marker]
) -> dict[int, Marker]:
    """Take one unit; nothing where its files go while that is done."""
    found = {}
    for number, marker in sorted(parts.items()):
        for file in (*marker.files.values(), *marker.products):
            target = store.join(home, file["path"])
            try:
                size = store.link(store.join(source, file["path"]), target)
            except FileNotFoundError:
                return {}
            if size != file["bytes"]:
                store.delete(target)
                return {}
        found[number] = put_marker(home, phase, replace(marker, place=place), place)
    return found


def units_taken(markers: Sequence[Marker], run: str) -> dict[str, int]:
    """Return how many units of a phase there are, in how many parts, and how many were taken."""
    units = {marker.unit for marker in markers}
    done = {marker.unit for marker in markers if marker.made_by == run}
    return {"units": len(units), "parts": len(markers), "taken": len(units - done)}


def spent(state: State) -> dict[str, int]:
    """Return what was done here, in all attempts at this run and in no other run."""
    total = _of_this_run(state)
    return {name: total[name] for name in sorted(SPENT)}


def requests_made(state: State) -> dict[str, int]:
    """Return the requests to object stores by kind: of all units done here, and of this process."""
    total = _of_this_run(state)
    total.update(requests.since_last())
    return {kind: total[kind] for kind in requests.KINDS}


def _of_this_run(state: State) -> Counter[str]:
    total: Counter[str] = Counter()
    for markers in state.markers.values():
        for marker in markers:
            if marker.made_by == state.run:
                total.update(marker.spent)
    return total

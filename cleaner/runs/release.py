"""Intermediate results go as soon as nothing in their run reads them, where the job says so.

A note of what goes is written first. So what a later attempt does not find is known for released,
not for lost: its markers stand, and only if something has to be done again that reads it, because
the job has changed since, are its units made again.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, is_dataclass
from typing import Any

from cleaner.errors import Damaged
from cleaner.runs.phases.base import DataFile, Phase, State, merged
from cleaner.runs.phases.recall import Recalled
from cleaner.storage import store
from cleaner.storage.commits import failpoint, phase_folder
from cleaner.storage.run_folder import RELEASED, plain_json, read_json

Role = tuple[str, str]  # the name of a phase, and a role that it wrote
WAS_RELEASED = "was released"
_DELETERS = 32  # files deleted at once


def read_released(folder: str) -> dict[str, list[str]]:
    """Return the roles of which files may be missing, by phase."""
    said = read_json(store.join(folder, RELEASED))
    if not isinstance(said, dict):
        return {}
    return {name: list(map(str, roles)) for name, roles in said.items() if isinstance(roles, list)}


def last_readers(phases: Sequence[Phase], joined: Collection[Role]) -> dict[Role, int]:
    """Return what is read at all, and the number of the last phase that does.

    `joined` are roles whose files were joined: whoever reads their ranges reads those.
    """
    last: dict[Role, int] = {}
    for number, phase in enumerate(phases):
        for read in phase.reads:
            others = read.ranges and (read.phase, read.role) in joined
            last[merged(read.phase) if others else read.phase, read.role] = number
    return last


def release(phases: Sequence[Phase], number: int, state: State) -> None:
    """Delete what no phase behind the one of this number reads; all up to it are done."""
    readers = last_readers(phases, _joined(phases, state))
    gone: dict[str, list[str]] = {}
    for (name, role), last in sorted(readers.items()):
        if last <= number:
            gone.setdefault(name, []).append(role)
    for phase in phases[: number + 1]:
        roles = gone.get(phase.name, [])
        if {(phase.name, role) for role in roles} - state.let_go:
            _delete(phase, roles, state)
            state.let_go |= {(phase.name, role) for role in roles}


def _delete(phase: Phase, roles: Sequence[str], state: State) -> None:
    home = state.home_of(phase)
    paths = {
        DataFile.of(marker, role).path
        for marker in state.markers[phase.name]
        for role in roles
        if role in marker.files
    }
    if not paths:
        return
    state.released[phase.name] = sorted({*state.released.get(phase.name, ()), *roles})
    said = read_released(home) | {phase.name: state.released[phase.name]}
    store.write_whole(store.join(home, RELEASED), plain_json(said))
    place = store.join(phase_folder(home, phase.name), "data")
    inside = f"{state.place_of(phase)}/" if state.place_of(phase) else ""
    data = f"{inside}_work/{phase.name}/data/"
    there = [file.path for file in store.below(place) if f"{data}{file.path}" in paths]
    failpoint(phase.name, "", "noted")

    def go(name: str) -> None:
        store.delete(store.join(place, name))
        failpoint(phase.name, name, "released")

    with ThreadPoolExecutor(_DELETERS) as pool:
        list(pool.map(go, there))


def _joined(phases: Sequence[Phase], state: State) -> set[Role]:
    return {
        (phase.name, role)
        for phase in phases
        for marker in state.markers.get(merged(phase.name), ())
        for role in marker.files
    }


def freed(
    phases: Sequence[Phase], sizes: Sequence[Mapping[str, float]], joined: Collection[Role]
) -> list[float]:
    """Return the bytes that go when each phase is done, of those that each one made by role."""
    made = dict(zip((phase.name for phase in phases), sizes, strict=True))
    after = [0.0] * len(phases)
    for (name, role), last in last_readers(phases, joined).items():
        after[last] += made.get(name, {}).get(role, 0)
    return after


def needed_and_gone(settings: Any, payloads: Sequence[Any], state: State) -> list[Damaged]:
    """Return the files that units are about to read and that were released."""
    if not state.released:
        return []
    there: dict[str, set[str]] = {}
    found: dict[str, Damaged] = {}
    for file in _files_in([settings, *payloads]):
        place, _, name = file.path.rpartition("/")
        if place.split("/")[-2] not in state.released:
            continue
        if place not in there:
            there[place] = {one.path for one in store.below(store.join(state.folder, place))}
        if name not in there[place]:
            found[file.path] = Damaged(file.path, WAS_RELEASED)
    return list(found.values())


def _files_in(value: Any) -> Iterator[DataFile]:
    """Yield the files of this run that typed values name, at any depth."""
    if isinstance(value, DataFile):
        yield value
    elif isinstance(value, Recalled):  # of an earlier run; what is not there was not found there
        return
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _files_in(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _files_in(one)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _files_in(getattr(value, field.name))

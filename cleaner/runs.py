"""A run: phases in order, each resumed from its commits, then the account and the manifest."""

import contextlib
import json
import os
import socket
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import yaml

from cleaner import store
from cleaner.checks import Warn, check_alarm, check_failures, check_values
from cleaner.closing import finish, plain_json, write_below
from cleaner.commits import (
    Marker,
    committed,
    complete,
    digest,
    phase_folder,
    read_marker,
    record_other_bytes,
    told_apart,
)
from cleaner.engine import Engine, engine_of
from cleaner.errors import AccountError, CleanerError, InputError, JobError
from cleaner.phases.base import Phase, Prepared, State
from cleaner.phases.build import build_phases
from cleaner.plan import Plan
from cleaner.poison import find_poison, poisoned
from cleaner.room import check_disk
from cleaner.standing import Report, Shown, read_progress, saved
from cleaner.stopping import STOP_FILE, Asked

_FREE = ("alarm", "max_error_rate", "name")  # keys of the job that change no byte of the output
_ROUNDS = 3  # how often a unit is searched for what kills its worker, and nothing is found
_READERS = 32  # markers read at once
_FEW = 20  # documents that go through a plan to warm it


def run_plan(
    plan: Plan,
    folder: str,
    *,
    engine: Engine = "ray",
    address: str | None = None,
    workers: int | None = None,
    report: Report = lambda _: None,
    warn: Warn = lambda _: None,
    note: Warn = lambda _: None,
    accept_alarms: Sequence[str] = (),
) -> dict[str, Any]:
    """Run a plan in a run folder, or continue it there; return the manifest.

    Raises TooManyFailures, AlarmError or AccountError as design section 4 numbers them, Stopped
    when `cleaner stop` asked for it. Whatever is committed stays for the next attempt.
    """
    _not_itself(plan, folder)
    identity = run_identity(plan)
    if (done := finished(folder)) is not None and done["identity"] == identity:
        return done
    _make_way(folder, identity, warn)
    _begin(plan, folder, identity)
    for bad in plan.failed:
        warn(f"not readable, quarantined: {bad.error}")
    phases = build_phases(plan)
    state = State(folder)
    report = saved(report, folder, identity)
    started = time.time()
    with engine_of(engine, address, workers) as running:
        running.see(folder, _seen_from_everywhere(plan))
        # One task alone compiles what it needs itself; fail-points are for tasks, not for this.
        if len(plan.units) > 1 and "CLEANER_FAILPOINT" not in os.environ:
            running.warm(
                _warm, _few(plan), lambda: note("compiling kernels for this machine; once")
            )
        for number, phase in enumerate(phases):
            check_disk(plan, phases, number, state, warn)
            _run_phase(phase, number, len(phases), state, running, plan.task_memory, report, warn)
            if phase.counts_rows:
                check_failures(plan, state.markers[phase.name], warn, first=number == 0)
                check_values(phase, state.markers[phase.name], warn)
                check_alarm(plan, phase, state.markers[phase.name], warn, accept_alarms)
        _still_ours(folder, identity)
    if (done := finished(folder)) is not None and done["identity"] == identity:
        return done  # by another driver, meanwhile
    return finish(plan, phases, state, identity, started, warn)


def _few(plan: Plan) -> Plan:
    """Return the plan on a handful of its first documents."""
    _, pieces = plan.units[0]
    first = pieces[0].first_row
    few = replace(pieces[0], take=tuple(range(first, first + _FEW)))
    files = tuple(file for file in plan.files if file.number == few.file)
    return replace(plan, units=(("000000", [few]),), files=files, failed=(), indexes={})


def _warm(few: Plan) -> None:
    """Compile the kernels that a plan needs into the cache, before two workers do so at once.

    Called in a worker, which these documents may kill: then they kill no driver.
    """
    # Whatever is wrong with these documents, the run itself will say.
    scratch = tempfile.TemporaryDirectory(prefix="cleaner-warm-")
    with scratch as folder, contextlib.suppress(CleanerError):
        run_plan(few, folder, engine="inline")


def _seen_from_everywhere(plan: Plan) -> dict[str, int]:
    """Return files that every node must see, path -> bytes: one of each entry, models, indexes."""
    found = {file.entry: file for file in reversed(plan.files)}
    sizes = {file.path: file.size for file in found.values()}
    for entry in plan.job.stages:
        for path in entry.stage.files():
            with store.open_input(path) as file:
                sizes[path] = file.size()
    for path, size in (index.first() for found in plan.indexes.values() for index in found):
        sizes[path] = size
    return sizes


def _make_way(folder: str, identity: str, warn: Warn) -> None:
    """Refuse a folder in which another job is running; say so when it is this one.

    Two drivers of one job make the same bytes and take what the other committed.
    """
    other = read_progress(folder)
    if other is None or other["state"] != "running":
        return
    done = finished(folder)
    if done is not None and done["identity"] == other.get("identity"):
        return
    here = other.get("host") == socket.gethostname()
    if here and (other["pid"] == os.getpid() or not _alive(other["pid"])):
        return
    who = f"process {other['pid']} on {other.get('host')}"
    if other.get("identity") == identity:
        warn(f"{who} runs this job in {folder} too, or did half a minute ago; both may go on")
        return
    raise InputError(
        f"{folder}: {who} runs another job here, or did half a minute ago; end it (cleaner stop "
        f"{folder}), or name another --out"
    )


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _still_ours(folder: str, identity: str) -> None:
    """Raise when another job was begun in this folder meanwhile: its files may be among ours."""
    if json.loads(store.read_bytes(store.join(folder, "plan.json")))["identity"] != identity:
        raise InputError(f"{folder}: another job was begun here meanwhile; name another --out")


def _not_itself(plan: Plan, folder: str) -> None:
    for found in plan.indexes.values():
        for index in found:
            if store.same(index.run, folder):
                raise JobError(
                    f"against: {index.run} is the folder of this very run; name another --out"
                )


def run_identity(plan: Plan) -> str:
    """Return a hash of the job and its input: equal for equal output."""
    job = {key: value for key, value in plan.job.resolved().items() if key not in _FREE}
    models = [
        [path, store.sha256(path)] for entry in plan.job.stages for path in entry.stage.files()
    ]
    versions = [[entry.name, entry.stage.version] for entry in plan.job.stages]
    files = [[file.path, file.size, file.etag] for file in plan.files]
    taken = [
        [piece.plain() for piece in pieces]
        for _, pieces in plan.units
        if any(p.take for p in pieces)
    ]
    earlier = [[index.run, index.identity] for found in plan.indexes.values() for index in found]
    return digest([job, models, versions, files, taken, earlier])


def finished(folder: str) -> dict[str, Any] | None:
    """Return the manifest of a finished run, or None."""
    path = store.join(folder, "manifest.json")
    return json.loads(store.read_bytes(path)) if store.exists(path) else None


def _begin(plan: Plan, folder: str, identity: str) -> None:
    store.delete(store.join(folder, "manifest.json"))
    store.delete(store.join(folder, STOP_FILE))
    text = yaml.safe_dump(plan.job.resolved(), sort_keys=False, allow_unicode=True)
    write_below(folder, "job.yaml", text.encode())
    write_below(folder, "plan.json", plain_json({"identity": identity, **describe(plan)}))


def describe(plan: Plan) -> dict[str, Any]:
    """Return what `plan.json` holds: files, units, phases and signals, without what varies."""
    return {
        "job": plan.job.name,
        "files": len(plan.files),
        "bytes": plan.bytes,
        "rows": plan.rows,
        "units": len(plan.units),
        "unit_bytes": plan.unit_bytes,
        "failed_files": [bad.error for bad in plan.failed],
        "phases": [
            {
                "map": [entry.title for entry in mapped.entries],
                "measures": [list(measure["signals"]) for measure in mapped.measures],
                "then": mapped.then.title if mapped.then else "shuffle",
            }
            for mapped in plan.maps
        ],
        "shard_columns": list(plan.shard_columns),
        "notes": list(plan.notes),
    }


def _run_phase(
    phase: Phase,
    number: int,
    count: int,
    state: State,
    running: Any,
    memory: int,
    report: Report,
    warn: Warn,
) -> None:
    """Run the units of a phase that are not committed, and take its markers into the state."""
    prepared = phase.prepare(state)
    settings = _write_settings(phase, prepared, state.folder)
    have = committed(state.folder, phase.name)
    found: dict[str, list[str]] = {}
    tasks = []
    poison = poisoned(state.folder, phase.name)
    for unit in prepared.units:
        key = digest(
            [
                phase.function,
                phase.version,
                phase.options,
                prepared.depends,
                unit.name,
                unit.depends,
            ]
        )
        parts = have.get((unit.name, key), {})
        if complete(parts):
            found[unit.name] = [parts[part][0] for part in sorted(parts)]
        else:
            payload = {**unit.payload, "poison": poison} if poison else dict(unit.payload)
            tasks.append(
                {
                    "folder": state.folder,
                    "phase": phase.name,
                    "function": phase.function,
                    "settings": settings,
                    "unit": unit.name,
                    "payload": payload,
                    "key": key,
                    "have": sorted(parts),
                    "exact": phase.exact,
                    "gpu": phase.gpu,
                    "memory": memory,
                    "stages": phase.title,
                }
            )
    markers = _read_all(state.folder, phase.name, found)
    shown = Shown(phase, number, count, prepared, markers, report)
    shown.say(force=True)
    asked = Asked(state.folder)
    while tasks:
        again: list[dict[str, Any]] = []
        for done in running.run(tasks):
            asked.look()
            if done is not None:
                task, made = done
                if made is None:
                    again.append(dict(task))
                    continue
                mine = [Marker(**marker) for marker in made]
                mine += [
                    read_marker(state.folder, phase.name, name)
                    for part, (name, _) in have.get((task["unit"], task["key"]), {}).items()
                    if part not in {marker.part for marker in mine}
                ]
                markers[task["unit"]] = _whole(phase, mine)
                shown.add(markers[task["unit"]])
            else:
                shown.look(state.folder)
            shown.say()
        tasks = [_mended(task, running, warn) for task in again]
    if store.is_remote(state.folder):
        made_now = {unit: mine for unit, mine in markers.items() if unit not in found}
        markers |= _standing(phase, state.folder, made_now)
    state.markers[phase.name] = [marker for unit in prepared.units for marker in markers[unit.name]]
    shown.say(force=True, finished=True)


def _read_all(folder: str, phase: str, names: Mapping[str, list[str]]) -> dict[str, list[Marker]]:
    """Read the markers of many units, many at once: a store may take its time with each."""
    with ThreadPoolExecutor(_READERS) as pool:
        flat: Iterable[str] = (name for mine in names.values() for name in mine)
        read = pool.map(lambda name: read_marker(folder, phase, name), flat)
        return {unit: [next(read) for _ in mine] for unit, mine in names.items()}


def _standing(
    phase: Phase, folder: str, markers: Mapping[str, list[Marker]]
) -> dict[str, list[Marker]]:
    """Return the markers as they lie on an object store, at the end of a phase.

    There two attempts may both have written a marker, each believing that it was the first.
    """
    names = {unit: [marker.name() for marker in mine] for unit, mine in markers.items()}
    stored = _read_all(folder, phase.name, names)
    for unit, mine in markers.items():
        for marker, other in zip(mine, stored[unit], strict=True):
            if marker.identity() != other.identity():
                said = told_apart(phase.name, unit, marker.part, phase.title)
                if phase.exact:
                    raise AccountError(said)
                record_other_bytes(folder, phase.name, marker.name(), said)
    return stored


def _mended(task: dict[str, Any], running: Any, warn: Warn) -> dict[str, Any]:
    """Return a task whose workers died, to be tried again without what killed them."""
    blind = task.get("blind", 0)  # searches that found nothing
    if blind >= _ROUNDS or task["function"] != "map":
        raise InputError(
            f"{task['phase']}: unit {task['unit']}: its worker died again and again; too little "
            "memory? The same command continues the run"
        )
    found = find_poison(task, running.attempt)
    for file, row, *reading in found:
        what = f"file {file}, when it is read," if reading else f"row {row} of file {file}"
        warn(f"{what} kills or hangs its worker; it fails, the run goes on")
    poison = [*task["payload"].get("poison", []), *found]
    payload = {**task["payload"], "poison": poison}
    return {**task, "payload": payload, "blind": blind if found else blind + 1}


def _write_settings(phase: Phase, prepared: Prepared, folder: str) -> str:
    body = plain_json(prepared.settings)
    name = f"settings-{digest(prepared.settings)}.json"
    path = store.join(phase_folder(folder, phase.name), name)
    store.put_if_absent(path, body)
    return path


def _whole(phase: Phase, markers: Sequence[Marker]) -> list[Marker]:
    """Return the markers of a unit in order; AccountError if some part of it is not there."""
    mine = sorted(markers, key=lambda marker: marker.part)
    if not mine or not mine[-1].last or mine[-1].part != len(mine) - 1:
        parts = [marker.part for marker in mine]
        raise AccountError(f"{phase.name}: a unit ended with parts {parts}, and none is the last")
    return mine

"""A run: phases in order, each resumed from its commits, then the account and the manifest."""

import contextlib
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace as changed
from typing import Any, Protocol, TypeVar

import yaml

from cleaner.config.display import size_text, time_text
from cleaner.config.versions import other_versions, versions
from cleaner.errors import AccountError, CleanerError, Damaged, InputError, JobError, StorageError
from cleaner.job.identity import differences, run_identity
from cleaner.job.plan import Plan
from cleaner.runs.alarms import Warn, check_alarm, check_failures, check_values
from cleaner.runs.compiling import compiling_told
from cleaner.runs.earlier_units import recalled_units
from cleaner.runs.engine import Engine, engine_of
from cleaner.runs.finish import Measured, finish, write_below
from cleaner.runs.keys import book_of, unit_keys, with_poison
from cleaner.runs.logged import Told, logged
from cleaner.runs.phases import Check, Task
from cleaner.runs.phases.base import Phase, Prepared, State, largest_first
from cleaner.runs.phases.build import build_phases
from cleaner.runs.phases.recall import Recalled
from cleaner.runs.quarantine import READING, SHADOW, find_poison, poisoned, take_poison
from cleaner.runs.release import needed_and_gone, read_released, release
from cleaner.runs.repair import Mending
from cleaner.runs.resources import check_disk
from cleaner.runs.reuse import check_earlier, sources, take
from cleaner.runs.statistics import read_summary
from cleaner.runs.status import Report, Shown, read_progress, recorded
from cleaner.runs.stop import STOP_FILE, Asked
from cleaner.runs.summary.count import Summary
from cleaner.runs.time_left import Later
from cleaner.storage import store
from cleaner.storage.books import write_book
from cleaner.storage.commits import (
    Marker,
    complete,
    digest,
    drop_marker,
    drop_untrue,
    lost_products,
    phase_folder,
    remove_orphans,
)
from cleaner.storage.commits import another_job as _another_job
from cleaner.storage.done_units import valid_markers
from cleaner.storage.replace import complete_swap, next_place, swap
from cleaner.storage.run_folder import FORMATS, FRESH, JOB, MANIFEST, PLAN, RunFolder, plain_json
from cleaner.storage.segments import Segments

_ROUNDS = 3  # how often a unit is searched for what kills its worker, and nothing is found
_LOST = 3  # how often products that vanish under a run are made again
_FEW = 20  # documents that go through a plan to warm it


Ended = TypeVar("Ended")


class Planned(Protocol):
    """What the phases of a plan need of it: what a task holds, and the files of the input."""

    @property
    def task_memory(self) -> int:
        """Return about the bytes of a worker at its worst moment."""
        ...

    @property
    def files(self) -> tuple[Any, ...]:
        """Return the files of the input, with number, path, size and etag."""
        ...


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
    replace: bool = False,
    fresh: bool = False,
    reuse: Sequence[str] = (),
    log_json: bool = False,
) -> dict[str, Any]:
    """Run a plan in a run folder, or continue it there; return the manifest.

    Results of the runs in the folders `reuse` are taken where they are the same.

    What it tells `report`, `warn` and `note`, and why it ends, goes to `_work/run.log` too.

    A finished run of another job or input is replaced only if `replace` or `fresh` says so, and
    stays whole until its replacement is; `fresh` takes nothing of what was computed before.

    Raises TooManyFailures, AlarmError or AccountError (exit codes: `cleaner.errors`), Stopped when
    `cleaner stop` asked for it. Whatever is committed stays for the next attempt.
    """
    with logged(folder, log_json, report, warn, note) as told:
        warn, note = told.warn, told.note
        here = RunFolder(folder)
        _not_itself(plan, folder)
        here.claim()
        if fresh and reuse:
            raise JobError("--fresh uses nothing that was computed before: leave out --reuse")
        for said in check_earlier(reuse, folder):
            warn(said)
        identity = run_identity(plan)
        make_way(here, identity, warn)
        swapped = complete_swap(here)
        if swapped is not None:
            note(f"{folder}: completed the replacement that was being swapped in")
        done = here.manifest()
        same = done is not None and done["identity"] == identity
        if done is not None and same and not (fresh and swapped != identity):
            if not (lost := here.lost(done)):
                note("finished already: nothing to do")
                return done
            warn(f"missing or truncated, so written again: {', '.join(lost[:5])}")
        elif done is not None and not (replace or fresh):
            raise JobError(
                f"{folder}: holds a finished run of another job or input: "
                f"{differences(plan, here, done)}; name another --out, or --replace it"
            )
        replacing = done is not None and not same
        state = _begin(plan, here, identity, warn, replacing=replacing, fresh=fresh)
        state.earlier = tuple(reuse)
        told.opened()
        for said in plan.notes:
            note(said)
        for bad in plan.failed:
            warn(f"not readable, quarantined: {bad.error}")
        phases = build_phases(plan)
        started = time.time()
        with recorded(told.report, folder, identity, len(phases)) as report:
            if engine == "ray":
                note("joining Ray" if address or "RAY_ADDRESS" in os.environ else "starting Ray")
            with engine_of(engine, address, workers) as running, compiling_told(note):
                _make_ready(plan, folder, running, told)
                summary, seconds = _run_plan(
                    plan,
                    phases,
                    state,
                    identity,
                    running,
                    changed(told, report=report),
                    accept_alarms,
                )
            other = None if state.place or same else here.manifest()
            if other is not None and other["identity"] == identity:
                return other  # by another driver, meanwhile
            manifest = finish(
                plan, phases, state, identity, Measured(started, seconds, summary), warn
            )
            if state.place:
                swap(here, RunFolder(state.home))
            else:
                store.delete(here.at(FRESH))
            rows, size = manifest["rows"], size_text(here.work_bytes())
            note(
                f"done: kept {rows['kept']:,} of {rows['in']:,} documents; cleaner gc {folder} "
                f"would free {size} of intermediate results"
            )
            return manifest


def _make_ready(plan: Plan, folder: str, running: Any, told: Told) -> None:
    """See that all nodes see what this one sees, and that the kernels of the plan are compiled.

    Before that the stages make ready what they need outside of the run.
    """
    for entry in plan.job.stages:
        entry.stage.begun()
    for said in running.see(folder, _seen_from_everywhere(plan)):
        told.warn(said)
    # One task alone compiles what it needs itself; fail-points are for tasks, not for this.
    if len(plan.units) > 1 and "CLEANER_FAILPOINT" not in os.environ:
        began = time.monotonic()
        running.warm(
            _warm,
            _few(plan),
            lambda: told.note(
                f"compiling kernels (first run only), {time_text(time.monotonic() - began)}"
            ),
        )


def _run_plan(
    plan: Plan,
    phases: Sequence[Phase],
    state: State,
    identity: str,
    running: Any,
    told: Told,
    accept_alarms: Sequence[str],
) -> tuple[Summary, dict[str, float]]:
    """Run the phases of a plan with its checks.

    Returns what the account counted, and the seconds that each phase took in this attempt.
    """
    warn = told.warn

    def before(number: int) -> None:
        check_disk(plan, phases, number, state, warn)

    def after(number: int) -> None:
        markers, at = state.markers[phases[number].name], phases[number].of_map
        if at is not None:
            check_failures(plan, markers, warn, first=at == 0)
            check_values(plan.maps[at], markers, warn)
            if at:
                check_alarm(plan, plan.maps[at - 1], markers, warn, accept_alarms)
        if not plan.job.keep_text:
            release(phases, number, state)

    return run_phases(
        plan, phases, state, identity, running, told, before, after,
        lambda: _summary(phases, state),
    )  # fmt: skip


def run_phases(
    plan: Planned,
    phases: Sequence[Phase],
    state: State,
    identity: str,
    running: Any,
    told: Told,
    before: Callable[[int], None],
    after: Callable[[int], None],
    ended: Callable[[], Ended],
) -> tuple[Ended, dict[str, float]]:
    """Run phase after phase, going back to one whose data is damaged or whose products vanish.

    `before` and `after` are asked around each, by its number, `ended` when all are done. Returns
    what `ended` does, and the seconds that each phase took in this attempt.
    """
    mending = Mending(phases, state, told.warn)
    seconds = dict.fromkeys((phase.name for phase in phases), 0.0)
    number = vanished = 0
    while True:
        while number < len(phases):
            phase = phases[number]
            _still_ours(state, identity)
            before(number)
            about = (number, len(phases), identity)
            began = time.monotonic()
            later = Later(phases, number, seconds)
            damaged = _run_phase(plan, phase, about, state, running, told, later)
            seconds[phase.name] += time.monotonic() - began
            if damaged:
                number = mending.void(damaged)
                continue
            after(number)
            number += 1
        if gone := _lost(phases, state):
            if (vanished := vanished + 1) > _LOST:
                raise InputError(
                    f"{state.folder}: {gone[0]} keeps disappearing; is another process removing it?"
                )
            told.warn(f"disappeared during the run, so written again: {', '.join(gone[:5])}")
            number = next(n for n, phase in enumerate(phases) if phase.products)
            continue
        try:
            found = ended()
        except Damaged as error:
            number = mending.void([error])
            continue
        _still_ours(state, identity)
        return found, seconds


def _summary(phases: Sequence[Phase], state: State) -> Summary:
    account = [
        m for phase in phases if phase.function == "account" for m in state.markers[phase.name]
    ]
    return read_summary(state.folder, account)


def _lost(phases: Sequence[Phase], state: State) -> list[str]:
    """Return the products that were committed and are not there with their size."""
    writing = [phase for phase in phases if phase.products]
    return lost_products(state.home, [m for phase in writing for m in state.markers[phase.name]])


def _few(plan: Plan) -> Plan:
    """Return the plan on a handful of its first documents, without a shadow."""
    _, pieces = plan.units[0]
    first = pieces[0].first_row
    few = changed(pieces[0], take=tuple(range(first, first + _FEW)))
    files = tuple(file for file in plan.files if file.number == few.file)
    job = plan.job.model_copy(update={"shadow": None})
    return changed(plan, job=job, units=(("000000", [few]),), files=files, failed=(), indexes={})


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
    models = [path for entry in plan.job.stages for path in entry.stage.files()]
    for path in [*models, *([] if plan.tokenizer is None else [plan.tokenizer.path])]:
        with store.open_input(path) as file:
            sizes[path] = file.size()
    for path, size in (index.first() for found in plan.indexes.values() for index in found):
        sizes[path] = size
    return sizes


def make_way(here: RunFolder, identity: str, warn: Warn) -> None:
    """Refuse a folder in which another job is running; say so when it is this one.

    Two drivers of one job make the same bytes and take what the other committed; two that replace a
    finished run would move it under each other's hands.
    """
    folder, other = here.path, read_progress(here.path)
    if other is None or other["state"] != "running":
        return
    done = here.manifest()
    if done is not None and done["identity"] == other["identity"]:
        return
    if other["alive"] and other["pid"] == os.getpid():
        return
    who = f"process {other['pid']} on {other['host']}"
    seen = "" if other["alive"] else ", or did half a minute ago"
    if other["identity"] == identity and done is None and not here.whole():
        warn(f"{who} runs this job in {folder} too{seen}; both may go on")
        return
    what = "replaces the run" if done is not None or here.whole() else "runs another job"
    raise InputError(
        f"{folder}: {who} {what} here{seen}; end it (cleaner stop {folder}), or name another --out"
    )


def _still_ours(state: State, identity: str) -> None:
    """Raise when another job was begun in this folder meanwhile: its files may be among ours."""
    begun = RunFolder(state.home).identity()
    if begun is not None and begun != identity:
        raise InputError(_another_job(state.folder))


def _not_itself(plan: Plan, folder: str) -> None:
    """Raise JobError where a run would read what it writes."""
    for found in plan.indexes.values():
        for index in found:
            if store.same(index.run, folder):
                raise JobError(
                    f"against: {index.run} is the folder of this run itself; name another --out"
                )
    for file in plan.files:
        if store.within(file.path, folder):
            raise JobError(
                f"input.{file.entry}.paths: {file.path} lies in the run folder {folder}; name "
                "another --out"
            )


def _begin(
    plan: Plan, here: RunFolder, identity: str, warn: Warn, *, replacing: bool, fresh: bool
) -> State:
    """Write what is about to run here; return where it goes, with nothing done yet.

    What another job left here unfinished stays, as far as this one may take it.
    """
    store.delete(here.at(STOP_FILE))
    beside = replacing or (fresh and here.manifest() is not None)
    home = RunFolder(here.at(next_place(identity))) if beside else here
    again = home.identity() == identity
    begun_fresh = again and store.exists(home.at(FRESH))
    sure: set[tuple[str, str]] = set()
    if fresh and not begun_fresh:
        home.remove_products()
        home.remove_work()
    elif not again:
        store.delete(home.at(FRESH))
        sure = drop_untrue(home.path)
    if home.manifest() is None:  # torn
        store.delete(home.at(MANIFEST))
    before = [] if fresh and not begun_fresh else _versions(home) or _versions(here)
    if before and (others := other_versions(before[-1])):
        warn(f"the results here were made with other versions and are reused as they are: {others}")
    attempts = [*(one for one in before if one != versions()), versions()]
    # First of all: from here on the folder is known for ours.
    run = (home.plan() or {}).get("run", "") if again and (begun_fresh or not fresh) else ""
    said = {
        "format": FORMATS["plan"], "identity": identity, "run": run or secrets.token_hex(8),
        "versions": attempts, **describe(plan),
    }  # fmt: skip
    write_below(home.path, PLAN, plain_json(said))
    # Two attempts at one unit rely on it; a space more harms nobody where it is overwritten.
    if store.is_remote(home.path) and store.put_if_absent(home.at(PLAN), plain_json(said) + b"\n"):
        raise StorageError(f"{home.path}: {store.OVERWRITES}")
    text = yaml.safe_dump(plan.job.resolved(), sort_keys=False, allow_unicode=True)
    write_below(home.path, JOB, text.encode())
    if fresh := fresh or begun_fresh:
        store.write_whole(home.at(FRESH), b"")
    for one in (here, home):
        one.sweep()
    place = next_place(identity) if beside else ""
    released = read_released(here.path) | read_released(home.path)
    return State(here.path, place=place, fresh=fresh, sure=sure, run=said["run"], released=released)


def _versions(folder: RunFolder) -> list[dict[str, str]]:
    """Return the versions that attempts in a folder ran with, the last one's last."""
    return list((folder.plan() or {}).get("versions", ()))


def describe(plan: Plan) -> dict[str, Any]:
    """Return what `plan.json` holds: files, units, phases and signals, without what varies."""
    return {
        "job": plan.job.name,
        "files": len(plan.files),
        "bytes": plan.bytes,
        "rows": plan.rows,
        "units": len(plan.units),
        "unit_bytes": plan.unit_bytes,
        "part_bytes": plan.part_bytes,
        "failed_files": [bad.error for bad in plan.failed],
        "phases": [
            {
                "map": [entry.title for entry in mapped.entries],
                "measures": [list(measure.signals) for measure in mapped.measures],
                "then": mapped.then.title if mapped.then else "shuffle",
            }
            for mapped in plan.maps
        ],
        "shard_columns": list(plan.shard_columns),
        "notes": list(plan.notes),
    }


def _run_phase(
    plan: Planned,
    phase: Phase,
    about: tuple[int, int, str],
    state: State,
    running: Any,
    told: Told,
    later: Later,
) -> list[Damaged]:
    """Run the units of a phase that are not committed, and take its markers into the state.

    `about` is its number, how many there are, and the identity of the run. Returns the committed
    files that some of them found damaged, or that were released; then it is not done.
    """
    number, count, identity = about
    home, place = state.home_of(phase), state.place_of(phase)
    prepared = phase.prepare(state)
    if not prepared.units:
        state.markers[phase.name] = []
        return []
    settings = _write_settings(phase, prepared, home)
    bases = unit_keys(phase, prepared)
    for source in sources(state, phase):
        take_poison(source, home, phase.name, bases)
    poison = poisoned(home, phase.name)
    keys = {unit: with_poison(base, poison.get((unit, base), [])) for unit, base in bases.items()}
    book = book_of(plan, phase, prepared, settings, keys)
    state.books[phase.name] = write_book(home, phase.name, book)
    released = state.released.get(phase.name, ())
    have = valid_markers(home, phase.name, keys, place, told.warn, released)
    have |= take(state, phase, keys, have)
    if phase.products:
        _drop_changed(phase, settings, have, state, running, told.warn)
    markers = {
        unit: _whole(phase, parts.values()) for unit, parts in have.items() if complete(parts)
    }
    missing = [unit.name for unit in prepared.units if unit.name not in markers]
    recalled: dict[str, Recalled] = {}
    if missing and not state.fresh:
        folders = [home, *sources(state, phase)]
        recalled, _ = recalled_units(plan, phase, prepared, missing, folders)
    tasks = []
    for unit in largest_first(prepared.units):
        if unit.name not in markers:
            payload: Any = unit.payload
            if unit.name in recalled and (phase.name, unit.name) not in state.spoiled:
                payload = changed(payload, recalled=recalled[unit.name])
            killers = poison.get((unit.name, bases[unit.name]), [])
            tasks.append(
                Task(
                    folder=state.folder,
                    home=home,
                    place=place,
                    identity=identity,
                    run=state.run,
                    phase=phase.name,
                    function=phase.function,
                    settings=settings,
                    unit=unit.name,
                    payload=_sparing(payload, killers) if killers else payload,
                    base=bases[unit.name],
                    key=keys[unit.name],
                    have=tuple(sorted(have[unit.name])),
                    exact=phase.exact,
                    gpu=phase.gpu,
                    memory=plan.task_memory,
                    stages=phase.title,
                )
            )
    if tasks:
        if gone := needed_and_gone(prepared.settings, [task.payload for task in tasks], state):
            return gone
        remove_orphans(home, phase.name, _flat(markers))
    shown = Shown(phase, number, count, prepared, markers, told.report, running, later)
    shown.say(force=True)
    asked = Asked(state.folder)
    damaged: dict[str, Damaged] = {}
    left = tasks
    with Segments(home, phase.name) as segments:
        while left:
            again: list[Task] = []
            for done in running.run(left):
                asked.look()
                if done is not None:
                    task, made = done
                    if made is None:
                        again.append(task)
                        continue
                    if made and "damaged" in made[0]:
                        error = Damaged(*made[0]["damaged"])
                        damaged[error.path] = error
                        continue
                    mine = {marker["part"]: Marker(**marker) for marker in made}
                    if task.have:
                        mine = {**have[task.unit], **mine}
                    markers[task.unit] = _whole(phase, mine.values())
                    shown.add(markers[task.unit])
                    segments.add(markers[task.unit])
                else:
                    shown.look(home)
                shown.say()
            if damaged:
                return list(damaged.values())
            try:
                left = [_mended(task, running, told.warn) for task in again]
            except Damaged as error:
                return [error]
    if tasks:
        remove_orphans(home, phase.name, _flat(markers))
    state.markers[phase.name] = [marker for unit in prepared.units for marker in markers[unit.name]]
    state.sure |= _named(state.markers[phase.name])
    shown.say(force=True, finished=True)
    return []


def _drop_changed(
    phase: Phase,
    settings: str,
    have: dict[str, dict[int, Marker]],
    state: State,
    running: Any,
    warn: Warn,
) -> None:
    """Read again the products of earlier attempts; drop the markers of those that have changed.

    What a task wrote in this process has been hashed on its way to storage.
    """
    home, asked = state.home_of(phase), Asked(state.folder)
    checks = [
        Check(
            settings=settings,
            phase=phase.name,
            home=home,
            unit=unit,
            key=marker.key,
            part=part,
            files=tuple(marker.products),
        )
        for unit, parts in have.items()
        for part, marker in parts.items()
        if not _named([marker]) <= state.sure
    ]
    for done in running.run(checks):
        asked.look()
        if done is None:
            continue
        check, wrong = done
        if wrong != []:  # None: whoever read it died; it is made again, too
            path = wrong[0]["damaged"][0] if wrong else check.files[0]["path"]
            warn(f"{path}: its bytes are not those that were written; it is written again")
            drop_marker(home, phase.name, have[check.unit].pop(check.part).name())


def _named(markers: Iterable[Marker]) -> set[tuple[str, str]]:
    """Return the products of some markers, path and SHA-256."""
    return {(file["path"], file["sha256"]) for one in markers for file in one.products}


def _flat(markers: Mapping[str, Sequence[Marker]]) -> list[Marker]:
    return [marker for mine in markers.values() for marker in mine]


def _sparing(unit: Any, killers: Sequence[Sequence[int]]) -> Any:
    """Return a unit that leaves some documents alone."""
    return changed(unit, poison=tuple(tuple(key) for key in killers))


def _mended(task: Task, running: Any, warn: Warn) -> Task:
    """Return a task whose workers died, to be tried again without what killed them."""
    if task.blind >= _ROUNDS or task.function != "map":
        raise InputError(
            f"{task.phase}: unit {task.unit}: its worker keeps dying; too little "
            "memory? The same command continues the run"
        )
    found = find_poison(task, running.attempt)
    for file, row, *how in found:
        what = f"file {file}, when it is read," if how == [READING] else f"row {row} of file {file}"
        then = "it is left out of the shadow" if how == [SHADOW] else "it fails"
        warn(f"{what} kills or hangs its worker; {then}, the run goes on")
    if not found:
        return changed(task, blind=task.blind + 1)
    poison = sorted([*map(list, task.payload.poison), *found])
    # Under a key that holds the verdict: what was committed without it is another outcome.
    key = with_poison(task.base, poison)
    return changed(task, payload=_sparing(task.payload, poison), key=key, have=())


def _write_settings(phase: Phase, prepared: Prepared, folder: str) -> str:
    settings = prepared.settings.plain()
    body = plain_json(settings)
    name = f"settings-{digest(settings)}.json"
    path = store.join(phase_folder(folder, phase.name), name)
    if not store.put_if_absent(path, body) and store.read_bytes(path) != body:
        store.write_whole(path, body)  # it was torn
    return path


def _whole(phase: Phase, markers: Iterable[Marker]) -> list[Marker]:
    """Return the markers of a unit in order; AccountError if some part of it is not there."""
    mine = sorted(markers, key=lambda marker: marker.part)
    if not mine or not mine[-1].last or mine[-1].part != len(mine) - 1:
        parts = [marker.part for marker in mine]
        raise AccountError(f"{phase.name}: a unit ended with parts {parts}, and none is the last")
    return mine

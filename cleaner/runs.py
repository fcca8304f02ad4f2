"""A run: phases in order, each resumed from its commits, then the account and the manifest."""

import contextlib
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from typing import Any

import yaml

from cleaner import store
from cleaner.commits import Marker, committed, complete, digest, phase_folder, read_marker
from cleaner.engine import Engine, engine_of
from cleaner.errors import AccountError, AlarmError, CleanerError, InputError, TooManyFailures
from cleaner.ledger import by_label, funnel, merge
from cleaner.phases.base import Phase, Prepared, State, Unit
from cleaner.phases.build import build_phases
from cleaner.plan import Plan

_FREE = ("alarm", "max_error_rate", "name")  # keys of the job that change no byte of the output
_ALARM_ROWS = 1_000  # sources with fewer documents at a stage never alarm
STOP_FILE = "_work/stop"
_PROGRESS_FILE = "_work/progress.json"
_FEW = 20  # documents that go through a plan to warm it
_SIGN_OF_LIFE = 5.0  # seconds between two writes of the progress file


@dataclass(frozen=True)
class Progress:
    """Where a phase stands, for whoever shows it."""

    phase: str
    title: str
    number: int
    phases: int
    units: int
    units_done: int
    units_found: int  # of those done, committed by an earlier attempt
    documents: int
    kept: int | None
    bytes: int
    seconds: float
    finished: bool


class Stopped(Exception):
    """The run was asked to stop; the same command continues it."""


Report = Callable[[Progress], None]
Warn = Callable[[str], None]


def run_plan(
    plan: Plan,
    folder: str,
    *,
    engine: Engine = "ray",
    address: str | None = None,
    workers: int | None = None,
    report: Report = lambda _: None,
    warn: Warn = lambda _: None,
    accept_alarms: Sequence[str] = (),
) -> dict[str, Any]:
    """Run a plan in a run folder, or continue it there; return the manifest.

    Raises TooManyFailures, AlarmError or AccountError as design section 4 numbers them, Stopped
    when `cleaner stop` asked for it. Whatever is committed stays for the next attempt.
    """
    identity = run_identity(plan)
    if (done := finished(folder)) is not None and done["identity"] == identity:
        return done
    _begin(plan, folder)
    for bad in plan.failed:
        warn(f"not readable, quarantined: {bad.error}")
    phases = build_phases(plan)
    state = State(folder)
    report = _saved(report, folder)
    started = time.time()
    warming = _warm(plan) if engine == "ray" else None
    with engine_of(engine, address, workers) as running:
        if warming is not None:
            warming.join()
        for number, phase in enumerate(phases):
            _run_phase(phase, number, len(phases), state, running, report, warn)
            if phase.counts_rows:
                _check_failures(plan, state.markers[phase.name], warn, first=number == 0)
                _check_alarm(plan, phase, state.markers[phase.name], warn, accept_alarms)
    manifest = _finish(plan, phases, state, identity, started, warn)
    return manifest


def _warm(plan: Plan) -> threading.Thread:
    """Compile the kernels that the plan needs into the cache, before two workers do so at once.

    A handful of documents goes through the whole plan in this process, while Ray starts.
    """

    def work() -> None:
        few = [
            [replace(pieces[0], take=tuple(range(pieces[0].first_row, pieces[0].first_row + _FEW)))]
            for _, pieces in plan.units[:1]
        ]
        small = replace(plan, units=tuple((f"{n:06d}", piece) for n, piece in enumerate(few)))
        # Whatever is wrong with these documents, the run itself will say.
        scratch = tempfile.TemporaryDirectory(prefix="cleaner-warm-")
        with scratch as folder, contextlib.suppress(CleanerError):
            run_plan(small, folder, engine="inline")

    thread = threading.Thread(target=work, name="warm", daemon=True)
    thread.start()
    return thread


def _saved(report: Report, folder: str) -> Report:
    """Return `report`, also written to the run folder now and then, for `cleaner status`."""
    last = 0.0

    def both(progress: Progress) -> None:
        nonlocal last
        report(progress)
        if time.monotonic() - last > _SIGN_OF_LIFE or progress.finished:
            last = time.monotonic()
            said = {**asdict(progress), "time": time.time(), "pid": os.getpid()}
            store.write_whole(store.join(folder, _PROGRESS_FILE), _json(said))

    return both


def read_progress(folder: str) -> dict[str, Any] | None:
    """Return the last progress a run wrote, with `state`: running or interrupted."""
    path = store.join(folder, _PROGRESS_FILE)
    if not store.exists(path):
        return None
    said = json.loads(store.read_bytes(path))
    silent = time.time() - said["time"]
    said["state"] = "running" if silent < 6 * _SIGN_OF_LIFE else "interrupted"
    return said


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
    return digest([job, models, versions, files, taken])


def finished(folder: str) -> dict[str, Any] | None:
    """Return the manifest of a finished run, or None."""
    path = store.join(folder, "manifest.json")
    return json.loads(store.read_bytes(path)) if store.exists(path) else None


def _begin(plan: Plan, folder: str) -> None:
    store.delete(store.join(folder, "manifest.json"))
    store.delete(store.join(folder, STOP_FILE))
    text = yaml.safe_dump(plan.job.resolved(), sort_keys=False, allow_unicode=True)
    store.write_whole(store.join(folder, "job.yaml"), text.encode())
    store.write_whole(store.join(folder, "plan.json"), _json(describe(plan)))


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
    report: Report,
    warn: Warn,
) -> None:
    """Run the units of a phase that are not committed, and take its markers into the state."""
    prepared = phase.prepare(state)
    settings = _write_settings(phase, prepared, state.folder)
    have = committed(state.folder, phase.name)
    markers: dict[str, list[Marker]] = {}
    tasks = []
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
            found = [parts[part][0] for part in sorted(parts)]
            markers[unit.name] = [read_marker(state.folder, phase.name, name) for name in found]
        else:
            tasks.append(_task(phase, unit, key, settings, sorted(parts), state.folder))
    shown = _Shown(phase, number, count, prepared, markers, report)
    shown.say(force=True)
    if tasks:
        for done in running.run(tasks):
            if store.exists(store.join(state.folder, STOP_FILE)):
                store.delete(store.join(state.folder, STOP_FILE))
                raise Stopped
            if done is not None:
                task, made = done
                mine = [Marker(**marker) for marker in made]
                mine += [
                    read_marker(state.folder, phase.name, name)
                    for part, (name, _) in have.get((task["unit"], task["key"]), {}).items()
                    if part not in {marker.part for marker in mine}
                ]
                markers[task["unit"]] = sorted(mine, key=lambda marker: marker.part)
                shown.add(markers[task["unit"]])
            shown.say()
    state.markers[phase.name] = [marker for unit in prepared.units for marker in markers[unit.name]]
    shown.say(force=True, finished=True)


def _task(
    phase: Phase, unit: Unit, key: str, settings: str, have: Sequence[int], folder: str
) -> dict[str, Any]:
    return {
        "folder": folder,
        "phase": phase.name,
        "function": phase.function,
        "settings": settings,
        "unit": unit.name,
        "payload": dict(unit.payload),
        "key": key,
        "have": list(have),
        "exact": phase.exact,
        "stages": phase.title,
    }


def _write_settings(phase: Phase, prepared: Prepared, folder: str) -> str:
    body = _json(prepared.settings)
    name = f"settings-{digest(prepared.settings)}.json"
    path = store.join(phase_folder(folder, phase.name), name)
    store.put_if_absent(path, body)
    return path


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


class _Shown:
    """Adds up a phase's progress and says so about once a second."""

    def __init__(
        self,
        phase: Phase,
        number: int,
        count: int,
        prepared: Prepared,
        markers: Mapping[str, list[Marker]],
        report: Report,
    ) -> None:
        self.phase, self.number, self.count, self.report = phase, number, count, report
        self.units = len(prepared.units)
        self.found = len(markers)
        self.done = 0
        self.documents = self.kept = self.bytes = 0
        self.started = time.monotonic()
        self.last = 0.0
        for parts in markers.values():
            self.add(parts)

    def add(self, markers: Sequence[Marker]) -> None:
        self.done += 1
        for marker in markers:
            self.documents += marker.facts.get("rows", 0)
            self.kept += marker.facts.get("kept", 0)
            self.bytes += marker.facts.get("bytes", 0)

    def say(self, force: bool = False, finished: bool = False) -> None:
        now = time.monotonic()
        if not force and now - self.last < 1:
            return
        self.last = now
        self.report(
            Progress(
                self.phase.name, self.phase.title, self.number, self.count, self.units, self.done,
                self.found, self.documents, self.kept if self.phase.counts_rows else None,
                self.bytes, now - self.started, finished,
            )
        )  # fmt: skip


def _check_failures(plan: Plan, markers: Sequence[Marker], warn: Warn, first: bool) -> None:
    """Judge failed rows, and files without a row count by their share of bytes, against the job."""
    failed = sum(marker.facts["failed"] for marker in markers)
    unread = _unread(markers) if first else []
    if first:
        for _, row, error in unread:
            warn(f"not readable{f' after row {row - 1}' if row else ''}, quarantined: {error}")
    bad = {item.path for item in plan.failed} | {path for path, row, _ in unread if row is None}
    rows = sum(marker.facts["rows"] for marker in markers)
    known = {file.path: file.size for file in plan.files}
    lost = sum(known.get(path) or _size_of(path) for path in bad) if first else 0
    whole = plan.bytes + sum(_size_of(item.path) for item in plan.failed)
    rate = (failed / rows if rows else 0.0) + (lost / whole if whole and first else 0.0)
    if failed or bad:
        warn(f"{failed:,} of {rows:,} rows failed, {len(bad)} files could not be read")
    if rate > plan.job.max_error_rate and (failed or bad):
        raise TooManyFailures(
            f"{failed:,} of {rows:,} rows failed and {len(bad)} files could not be read: a rate of "
            f"{rate:.4f}, over max_error_rate {plan.job.max_error_rate}; see the ledger of this "
            "folder, then raise max_error_rate or mend the input, and run the same command"
        )
    if plan.job.on_error == "stop" and (failed or unread):
        raise InputError(f"on_error: stop: {failed:,} rows failed, {len(unread)} files are unread")
    if first and not rows and bad and not plan.files:
        raise InputError("no file of the input could be read")


def _size_of(path: str) -> int:
    found = store.find(path)
    return found[0].size if found else 0


def _unread(markers: Sequence[Marker]) -> list[tuple[str, int | None, str]]:
    return [tuple(item) for marker in markers for item in marker.facts["unread"]]


def _check_alarm(
    plan: Plan, phase: Phase, markers: Sequence[Marker], warn: Warn, accepted: Sequence[str]
) -> None:
    """Warn, or stop, when a dedup stage took nearly all of a source."""
    before = phase.options["before"]
    if before.get("kind") not in ("exact", "near"):
        return
    reached: dict[str, list[int]] = {}
    for marker in markers:
        for source, rows, lost in marker.facts["sources"]:
            have = reached.setdefault(source or "", [0, 0])
            have[0] += rows
            have[1] += lost
    limit = plan.job.alarm.dedup_loss
    for source, (rows, lost) in sorted(reached.items()):
        if rows < _ALARM_ROWS or lost <= limit * rows:
            continue
        name = f"dedup_loss:{before['title']}:{source or '(none)'}"
        said = (
            f"alarm {name}: {lost:,} of {rows:,} documents ({lost / rows:.1%}) went as duplicates"
        )
        if plan.job.alarm.action == "stop" and name not in accepted and "all" not in accepted:
            raise AlarmError(f"{said}; to go on, run the same command with --accept-alarm {name}")
        warn(said)


def _finish(
    plan: Plan,
    phases: Sequence[Phase],
    state: State,
    identity: str,
    started: float,
    warn: Warn,
) -> dict[str, Any]:
    """Check the account, write stats, remove what is stale, and write the manifest last."""
    maps = [phase.name for phase in phases if phase.counts_rows]
    account = state.markers[phases[-1].name]
    shards = state.markers[phases[-2].name]
    counts = merge(marker.facts["counts"] for marker in account)
    stages = [entry.title for entry in plan.job.stages]
    rows = funnel(counts, stages)
    total = rows[0]["in"]
    kept = rows[-1]["kept"]
    entered = sum(marker.facts["rows"] for marker in state.markers[maps[0]])
    written = sum(marker.facts["rows"] for marker in shards)
    dropped, failed = (sum(row[fate] for row in rows) for fate in ("dropped", "failed"))
    if not (total == entered == kept + dropped + failed and kept == written):
        raise AccountError(
            f"the account does not add up: read {entered:,}, in the ledger {total:,} = "
            f"kept {kept:,} + dropped {dropped:,} + failed {failed:,}, in shards {written:,}"
        )
    unread = [bad.error for bad in plan.failed]
    unread += [error for _, _, error in _unread(state.markers[maps[0]])]
    stats = {
        "rows": {"in": total, "kept": kept, "dropped": dropped, "failed": failed},
        "token_unit": "words",
        "stages": rows,
        "rules": [
            dict(zip(("stage", "rule", "fails", "fails_only"), rule, strict=True))
            for rule in counts["rules"]
        ],
        "sources": by_label(counts, "source"),
        "languages": by_label(counts, "lang"),
        "histograms": _histograms(account),
        "dedup": _dedup(phases, state),
        "failed_files": unread,
    }
    store.write_whole(store.join(state.folder, "stats.json"), _json(stats))
    outputs = [_shard_output(marker) for marker in shards]
    books = [output for marker in account for output in marker.facts["outputs"]]
    _remove_stale(state.folder, [*outputs, *books])
    if not kept:
        warn("nothing was kept: one empty shard with the schema was written")
    for row in rows:
        if (
            row["stage"].split(".", 1)[-1].startswith("filter")
            and row["in"]
            and row["dropped"] > 0.95 * row["in"]
        ):
            warn(
                f"{row['stage']} drops {row['dropped']:,} of {row['in']:,} documents that reach it"
            )
    manifest = {
        "job": plan.job.name,
        "identity": identity,
        "version": version("corpus-distiller"),
        "inputs": _inputs(plan, state.markers[maps[0]]),
        "failed_units": unread,
        "outputs": outputs,
        "books": books,
        "rows": stats["rows"],
        "stages": [
            {"stage": entry.title, "version": entry.stage.version} for entry in plan.job.stages
        ],
        "models": {
            path: store.sha256(path) for entry in plan.job.stages for path in entry.stage.files()
        },
        "libraries": {name: version(name) for name in ("pyarrow", "polars", "numpy", "numba")},
        "seconds": round(time.time() - started, 1),
    }
    store.write_whole(store.join(state.folder, "manifest.json"), _json(manifest))
    return manifest


def _shard_output(marker: Marker) -> dict[str, Any]:
    facts = marker.facts
    return {key: facts[key] for key in ("path", "rows", "tokens", "text_bytes", "bytes", "sha256")}


def _histograms(account: Sequence[Marker]) -> dict[str, Any]:
    total: dict[str, dict[str, dict[str, int]]] = {}
    for marker in account:
        for name, fates in marker.facts["counts"]["histograms"].items():
            for fate, bins in fates.items():
                have = total.setdefault(name, {}).setdefault(fate, {})
                for value, documents in bins.items():
                    have[value] = have.get(value, 0) + documents
    return {
        name: {
            fate: dict(sorted(bins.items(), key=lambda item: float(item[0])))
            for fate, bins in sorted(fates.items())
        }
        for name, fates in sorted(total.items())
    }


def _dedup(phases: Sequence[Phase], state: State) -> dict[str, Any]:
    """Return what the steps of the dedup stages counted."""
    found: dict[str, Any] = {}
    for phase in phases:
        if phase.function in ("pairs", "components", "settle", "verify"):
            sums: dict[str, int] = {}
            for marker in state.markers[phase.name]:
                for name, value in marker.facts.items():
                    most = name.startswith("biggest")
                    sums[name] = (
                        max(sums.get(name, 0), value) if most else sums.get(name, 0) + value
                    )
            found[phase.title] = sums
    return found


def _inputs(plan: Plan, markers: Sequence[Marker]) -> list[dict[str, Any]]:
    rows: dict[int, int] = {}
    for marker in markers:
        for file, _, _, count in marker.facts["spans"]:
            rows[file] = rows.get(file, 0) + count
    return [
        {"path": file.path, "bytes": file.size, "rows": rows.get(file.number, 0), "etag": file.etag}
        for file in plan.files
    ]


def _remove_stale(folder: str, outputs: Sequence[Mapping[str, Any]]) -> None:
    wanted = {output["path"] for output in outputs}
    for place in ("shards", "ledger", "clusters"):
        for name in store.names(store.join(folder, place)):
            if f"{place}/{name}" not in wanted:
                store.delete(store.join(folder, place, name))

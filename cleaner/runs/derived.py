"""What is made of finished runs in a folder of its own: phases in order, then a manifest.

An export or a mixture commits, resumes, is stopped and shown as a run is, by the same phases and
markers. It has no ledger: that of the runs it is made of says what became of each row.
"""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from typing import Any

from cleaner.config.display import size_text
from cleaner.config.versions import versions
from cleaner.errors import InputError, JobError
from cleaner.job.plan import WORKER
from cleaner.runs.alarms import Warn
from cleaner.runs.card import card
from cleaner.runs.driver import make_way, run_phases
from cleaner.runs.engine import Engine, engine_of
from cleaner.runs.finish import record_of, shard_output, write_below
from cleaner.runs.logged import Told, logged
from cleaner.runs.phases.base import Phase, State
from cleaner.runs.status import Report, recorded
from cleaner.runs.stop import STOP_FILE
from cleaner.shards.tokenizer import Tokenizer
from cleaner.storage import store
from cleaner.storage.commits import Marker, drop_untrue
from cleaner.storage.run_folder import CARD, FORMATS, MANIFEST, PLAN, WORK, RunFolder, plain_json

_TASK = WORKER + 1_200_000_000  # bytes: a worker with a row group, its tokens, and a shard's
_AT_LEAST = 0.5  # of what is expected to be written must be free, or it cannot end well


@dataclass(frozen=True)
class Derived:
    """What is to be made: of which runs, by which phases, in which format."""

    command: str
    name: str
    identity: str
    runs: tuple[str, ...]
    inputs: tuple[Mapping[str, Any], ...]  # as the manifest says them: path, bytes, rows
    format: str
    schema: str
    tokenizer: Tokenizer | None
    phases: tuple[Phase, ...]
    bytes: int  # that will be written, about
    columns: tuple[str, ...]
    seen: Mapping[str, int] = field(default_factory=dict)  # files that every node must see
    options: Mapping[str, Any] = field(default_factory=dict)  # for people, in plan and manifest
    files: tuple[Any, ...] = ()  # of an input of its own: none
    task_memory: int = _TASK
    scratch: int = 0  # bytes of what goes between phases, about
    tells: Callable[[State], Mapping[str, Any]] = lambda _: {}  # for the manifest, at the end


def make(
    derived: Derived,
    folder: str,
    *,
    engine: Engine = "ray",
    address: str | None = None,
    workers: int | None = None,
    report: Report = lambda _: None,
    warn: Warn = lambda _: None,
    note: Warn = lambda _: None,
    log_json: bool = False,
) -> dict[str, Any]:
    """Make it in a folder, or go on with it there; return the manifest."""
    with logged(folder, log_json, report, warn, note) as told:
        here = RunFolder(folder)
        for run in derived.runs:
            if store.same(run, folder):
                raise JobError(f"--out {folder}: is the folder of the run itself; name another")
        here.claim()
        make_way(here, derived.identity, told.warn)
        done = here.manifest()
        if done is not None and done["identity"] == derived.identity:
            if not (lost := here.lost(done)):
                told.note("finished already: nothing to do")
                return done
            told.warn(f"missing or truncated, so written again: {', '.join(lost[:5])}")
        elif done is not None:
            raise JobError(f"{folder}: holds something else that is finished; name another --out")
        state = _begin(derived, here)
        told.opened()
        started = time.time()
        with (
            recorded(told.report, folder, derived.identity, len(derived.phases)) as shown,
            engine_of(engine, address, workers) as running,
        ):
            for said in running.see(folder, derived.seen):
                told.warn(said)
            seconds = _run(derived, state, running, changed(told, report=shown))
        manifest = _finish(derived, here, state, started, seconds)
        rows = manifest["rows"]
        told.note(f"done: {rows['kept']:,} documents in {len(manifest['outputs'])} shards")
        return manifest


def _begin(derived: Derived, here: RunFolder) -> State:
    """Write what is about to be made; return that nothing is done yet."""
    store.delete(here.at(STOP_FILE))
    again = here.identity() == derived.identity
    sure = set() if again else drop_untrue(here.path)
    if here.manifest() is None:
        store.delete(here.at(MANIFEST))
    before = here.plan() if again else None
    run = before["run"] if before and "run" in before else secrets.token_hex(8)
    said = {
        "format": FORMATS["plan"], "identity": derived.identity, "run": run,
        "versions": [versions()], "job": derived.name, "shard_columns": list(derived.columns),
        "of": _of(derived),
    }  # fmt: skip
    write_below(here.path, PLAN, plain_json(said))
    here.sweep()
    return State(here.path, run=run, sure=sure)


def _of(derived: Derived) -> dict[str, Any]:
    return {"command": derived.command, "runs": list(derived.runs), **derived.options}


def _run(derived: Derived, state: State, running: Any, told: Told) -> dict[str, float]:
    """Run phase after phase; return the seconds that each took in this attempt."""
    phases = derived.phases

    def before(number: int) -> None:
        if phases[number].products or not number:
            _check_disk(derived, phases[number], state, told.warn)

    _, seconds = run_phases(
        derived, phases, state, derived.identity, running, told, before, lambda _: None,
        lambda: None,
    )  # fmt: skip
    return seconds


def _written(phases: Sequence[Phase], state: State) -> list[Marker]:
    writing = [phase for phase in phases if phase.products]
    return [marker for phase in writing for marker in state.markers[phase.name]]


def _check_disk(derived: Derived, phase: Phase, state: State, warn: Warn) -> None:
    """Warn where the disk may fill up; raise InputError where it must."""
    free = store.free_bytes(state.folder)
    if free is None:
        return
    needed = derived.bytes - store.folder_bytes(store.join(state.folder, "shards"))
    if not phase.products:
        needed += derived.scratch - store.folder_bytes(store.join(state.folder, WORK))
    said = (
        f"{state.folder}: {size_text(free)} are free, and about {size_text(needed)} are still to "
        "be written"
    )
    if _AT_LEAST * needed > free:
        raise InputError(f"{said}; make room, and the same command continues")
    if needed > free:
        warn(said)


def _finish(
    derived: Derived, here: RunFolder, state: State, started: float, seconds: Mapping[str, float]
) -> dict[str, Any]:
    """Remove what is stale, and write the manifest last."""
    outputs = [shard_output(marker) for marker in _written(derived.phases, state)]
    here.remove_products(file["path"] for one in outputs for file in (one, *one.get("beside", ())))
    rows = sum(one["rows"] for one in outputs)
    manifest = {
        "format": FORMATS["manifest"],
        "formats": FORMATS,
        "job": derived.name,
        "identity": derived.identity,
        "of": {**_of(derived), **derived.tells(state)},
        "inputs": list(derived.inputs),
        "failed_files": [],
        "unfit": [],
        "nondeterministic_parts": [],
        "shards": {
            "format": derived.format,
            "schema": derived.schema,
            "tokenizer": None if derived.tokenizer is None else derived.tokenizer.plain(),
        },
        "outputs": outputs,
        "ledger_files": [],
        "index": [],
        "records": [record_of(here, PLAN)],
        "rows": {"in": rows, "kept": rows, "dropped": 0, "failed": 0},
        "stages": [],
        "models": {},
        "versions": (here.plan() or {}).get("versions", [versions()]),
        "seconds": round(time.time() - started, 1),
        "phases": [
            {"title": phase.title, "seconds": round(seconds[phase.name], 1)}
            for phase in derived.phases
        ],
    }
    write_below(here.path, CARD, card(manifest).encode())
    write_below(here.path, MANIFEST, plain_json(manifest))
    return manifest

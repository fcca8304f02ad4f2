"""What a run needs of the machine, disk and memory, said before it is missed."""

import os
from collections.abc import Sequence
from pathlib import Path

from cleaner.config.display import size_text
from cleaner.corpus.files import weight
from cleaner.errors import InputError
from cleaner.job.plan import Plan
from cleaner.runs.alarms import Warn
from cleaner.runs.phases.base import Phase, State
from cleaner.storage import store
from cleaner.storage.commits import phase_folder
from cleaner.storage.run_folder import WORK, RunFolder

# Bytes on disk for one byte of text, or for one row; measured on runs over texts and pages.
_KEPT = 0.6  # text between two phases: Arrow with lz4
_SHARD = 0.4  # text in a shard: Parquet with zstd
_PAGE = 0.2  # text in a page of HTML
_RECORD = 100  # a row's record in one map phase
_LEDGER = 60  # a row of the ledger
_KEY = 40  # a row of keys: as it is exchanged, and twice more for the index
# What a phase writes is known when it starts but for what its own stages drop: below this share of
# the estimate it cannot end well.
_AT_LEAST = {"map": 0.5, "shard": 0.8}
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_OTHERS = 1 << 30  # bytes for the driver, Ray itself and the machine


def disk_needed(plan: Plan) -> int:
    """Return the bytes of a run folder at its largest, about, when every document is kept."""
    # Texts that go are those of the map phase before the one that writes them once more.
    texts = len(plan.maps) if plan.job.keep_text else min(2, len(plan.maps))
    text = sum(weight(file) * _text_share(plan, file.entry) for file in plan.files)
    across = (mapped.across for mapped in plan.maps if mapped.across is not None)
    keys = sum(stage.key_rows(plan.rows) for stage in across)
    rows = plan.rows * (_RECORD * len(plan.maps) + _LEDGER)
    return int(text * (_KEPT * texts + _SHARD)) + rows + _KEY * keys


def _text_share(plan: Plan, entry: int) -> float:
    return _PAGE if plan.job.input[entry].html else 1.0


def needs(plan: Plan, folder: str) -> dict[str, int | None]:
    """Return what a plan needs beside what this machine has, in bytes, and the tasks that fit."""
    memory = machine_memory()
    finished = RunFolder(folder).manifest() is not None
    return {
        "disk_needed": disk_needed(plan),
        "disk_replaced": store.folder_bytes(folder) if finished else 0,
        "disk_free": store.free_bytes(folder),
        "task_memory": plan.task_memory,
        "memory": memory,
        "workers": workers_that_fit(plan, memory, os.cpu_count() or 1),
    }


def check_disk(plan: Plan, phases: Sequence[Phase], number: int, state: State, warn: Warn) -> None:
    """Warn before a phase that may fill the disk; raise InputError before one that must.

    Judged at the start, and where documents are written once more: the later map phases, the
    shards.
    """
    phase, free = phases[number], store.free_bytes(state.folder)
    if free is None or (number and phase.function not in _AT_LEAST):
        return
    if number:
        needed = _still_needed(phases, number, state)
        needed -= store.folder_bytes(phase_folder(state.home_of(phase), phase.name))
        needed -= store.folder_bytes(store.join(state.home, "shards"))
    elif any(piece.take for _, pieces in plan.units for piece in pieces):
        return  # a sample is small
    else:
        needed = disk_needed(plan) - store.folder_bytes(state.home)
        if state.place and not state.fresh:  # what the run that it replaces left is taken again
            needed -= store.folder_bytes(store.join(state.folder, WORK))
    said = (
        f"{state.folder}: {size_text(free)} are free, and the run may write {size_text(needed)} "
        f"more from {phase.title!r} on"
    )
    if number and _AT_LEAST[phase.function] * needed > free:
        raise InputError(f"{said}; make room, and the same command continues")
    if needed > free:
        warn(said)


def _still_needed(phases: Sequence[Phase], number: int, state: State) -> int:
    """Return the bytes that phases from `number` on write, if they drop nothing more."""
    last = max(n for n in range(number) if phases[n].counts_rows)
    markers = state.markers[phases[last].name]
    text = sum(marker.files["text"]["bytes"] for marker in markers)
    rows = sum(marker.facts["kept"] for marker in markers)
    # What the stages between two map phases found to go.
    decided = [
        marker for phase in phases[last + 1 : number] for marker in state.markers[phase.name]
    ]
    gone = sum(marker.facts.get("dropped", 0) for marker in decided)
    share = 1 - gone / rows if rows else 0.0
    later = sum(phase.counts_rows for phase in phases[number:])
    whole = sum(marker.facts["rows"] for marker in state.markers[phases[0].name])
    written = text * share * (later + _SHARD / _KEPT) + rows * share * later * _RECORD
    return int(written) + whole * _LEDGER


def machine_memory() -> int:
    """Return the bytes of memory that this machine, or the container around us, has."""
    found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for path in map(Path, _LIMITS):
        limit = path.read_text().strip() if path.is_file() else "max"
        found += [int(limit)] if limit.isdigit() else []
    return min(found)


def workers_that_fit(plan: Plan, memory: int, cores: int) -> int:
    """Return how many tasks of a plan this much memory bears at once, one at least."""
    return max(1, min(cores, (memory - _OTHERS) // plan.task_memory))

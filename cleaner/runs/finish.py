"""The end of a run: account checked, statistics written, stale files removed, manifest last."""

import hashlib
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cleaner.config.versions import versions
from cleaner.dedup.index import ranges
from cleaner.errors import AccountError
from cleaner.job.plan import Plan
from cleaner.ledger import by_label, funnel, merge
from cleaner.runs.alarms import Warn, unfit_of, unread_of
from cleaner.runs.card import card
from cleaner.runs.filter_languages import unsuited
from cleaner.runs.footprint import of_phase, of_run
from cleaner.runs.phases.base import Phase, State
from cleaner.runs.phases.shuffle import most_frequent
from cleaner.runs.reuse import requests_made, spent, units_taken
from cleaner.runs.statistics import cells_bytes, rules_told
from cleaner.runs.summary.count import Summary
from cleaner.runs.summary.judges import judges
from cleaner.storage import store
from cleaner.storage.commits import Marker, nondeterministic_parts
from cleaner.storage.run_folder import (
    CARD,
    FORMATS,
    MANIFEST,
    RECORDS,
    STATS,
    VALUES,
    RunFolder,
    plain_json,
)
from cleaner.storage.schemas import schema_text

# What the manifest says of a shard; tokens where a tokenizer counted them, `beside` where it has
# more than one file.
_OF_SHARD = (
    "path", "rows", "words", "tokens", "text_bytes", "changed", "bytes", "sha256", "beside",
)  # fmt: skip


def write_below(folder: str, name: str, data: bytes) -> None:
    """Write a file of the run folder whole; what a killed process leaves of it lies in `_work`."""
    with store.open_output(store.join(folder, name), store.join(folder, "_work")) as sink:
        sink.write(data)


@dataclass(frozen=True)
class Measured:
    """What an attempt at a run measured beside what it committed."""

    started: float
    seconds: Mapping[str, float]  # by phase
    summary: Summary  # of rules and signals


def finish(
    plan: Plan,
    phases: Sequence[Phase],
    state: State,
    identity: str,
    measured: Measured,
    warn: Warn,
) -> dict[str, Any]:
    """Check the account, write stats, remove what is stale, and write the manifest last."""
    maps = [phase.name for phase in phases if phase.counts_rows]
    account = _markers(phases, state, "account")
    shards = _markers(phases, state, "shard")
    counts = merge(marker.facts["counts"] for marker in account)
    stages = [entry.title for entry in plan.job.stages]
    rows = funnel(counts, stages)
    total = rows[0]["in"]
    kept = rows[-1]["kept"]
    entered = sum(marker.facts["rows"] for marker in state.markers[maps[0]])
    written = _sum(shards, "rows")
    dropped, failed = (sum(row[fate] for row in rows) for fate in ("dropped", "failed"))
    if not (total == entered == kept + dropped + failed and kept == written):
        raise AccountError(
            f"the account does not add up: read {entered:,}, in the ledger {total:,} = "
            f"kept {kept:,} + dropped {dropped:,} + failed {failed:,}, in shards {written:,}"
        )
    counted = [rows[0]["in_characters"], rows[0]["in_words"]]
    if counted != counts["entered"] or rows[-1]["kept_words"] != _sum(shards, "words"):
        raise AccountError(
            f"the account of texts does not add up: {counts['entered'][1]:,} words came in, "
            f"{counted[1]:,} are accounted for; kept {rows[-1]['kept_words']:,}, in "
            f"shards {_sum(shards, 'words'):,}"
        )
    across = _across(plan, phases, state)
    unread = [bad.error for bad in plan.failed]
    unread += [error for _, _, error in unread_of(state.markers[maps[0]])]
    stats = {
        "format": FORMATS["stats"],
        "rows": {"in": total, "kept": kept, "dropped": dropped, "failed": failed},
        "token_unit": "words",
        "stages": rows,
        **rules_told(measured.summary, judges(plan)),
        "sources": by_label(counts, "source"),
        "languages": by_label(counts, "lang"),
        "dedup": across,
        "tables": _tables(plan, across),
        "failed_files": unread,
    }
    write_below(state.home, STATS, plain_json(stats))
    write_below(state.home, VALUES, cells_bytes(measured.summary.cells))
    outputs = [shard_output(marker) for marker in shards]
    ledger_files = [output for marker in account for output in marker.facts["outputs"]]
    index = _index(plan, phases, state)
    files = [file for entry in index for file in entry["files"]]
    home, here = RunFolder(state.home), RunFolder(state.folder)
    beside = [file for output in outputs for file in output.get("beside", ())]
    checkpoints = _checkpoints(plan, phases, state)
    files += [file for entry in checkpoints for file in entry["files"]]
    home.remove_products(file["path"] for file in [*outputs, *beside, *ledger_files, *files])
    differing = [
        said
        for phase in phases
        if not phase.exact
        for said in nondeterministic_parts(
            state.home_of(phase), phase.name, state.markers[phase.name]
        )
    ]
    for said in differing:
        warn(said)
    if not kept:
        warn("nothing was kept: one empty shard with the schema was written")
    by_rules = {entry.title for entry in plan.job.stages if entry.stage.rule_set() is not None}
    for row in rows:
        if row["stage"] in by_rules and row["in"] and row["dropped"] > 0.95 * row["in"]:
            warn(
                f"{row['stage']} drops {row['dropped']:,} of {row['in']:,} documents that reach it"
            )
    for said in unsuited(stats, plan.job.stages, "what it judges"):
        warn(said)
    by_phase = [of_phase(phase, state) for phase in phases]
    manifest = {
        "format": FORMATS["manifest"],
        "formats": FORMATS,
        "job": plan.job.name,
        "identity": identity,
        "inputs": _inputs(plan, state.markers[maps[0]]),
        "failed_files": unread,
        "unfit": [
            {"column": name, "values": count, "said": said}
            for name, said, count in unfit_of(state.markers[maps[0]])
        ],
        "nondeterministic_parts": differing,
        "shards": {
            "format": plan.job.output.format,
            "schema": schema_text({name: kind for name, (_, kind) in plan.shard_columns.items()}),
            "tokenizer": None if plan.tokenizer is None else plan.tokenizer.plain(),
        },
        "licences": _licences(shards),
        "outputs": outputs,
        "ledger_files": ledger_files,
        "index": index,
        "checkpoints": checkpoints,
        "records": [
            *(record_of(home, name) for name in RECORDS),
            *(record_of(here, name) for name in here.of_removals()),
        ],
        "rows": stats["rows"],
        "stages": [
            {"stage": entry.title, "version": entry.stage.version, **entry.stage.about()}
            for entry in plan.job.stages
        ],
        "models": {
            path: store.sha256(path) for entry in plan.job.stages for path in entry.stage.files()
        },
        "versions": (home.plan() or {}).get("versions", [versions()]),
        "seconds": round(time.time() - measured.started, 1),
        "phases": [
            {
                "title": phase.title,
                "name": phase.name,
                "book": state.books.get(phase.name),
                "seconds": round(measured.seconds[phase.name], 1),
                **units_taken(state.markers[phase.name], state.run),
                **told,
            }
            for phase, told in zip(phases, by_phase, strict=True)
        ],
        **of_run(phases, state, by_phase, plan.job.keep_text),
        "spent": spent(state),
        "requests": requests_made(state),
        "reused": list(state.earlier),
    }
    write_below(state.home, CARD, card(manifest, stats, plan.job).encode())
    write_below(state.home, MANIFEST, plain_json(manifest))
    return manifest


def _licences(shards: Sequence[Marker]) -> dict[str, int]:
    """Return how many documents of the shards have which licence; none where none is carried."""
    total: Counter[str] = Counter()
    for marker in shards:
        total.update(marker.facts["licences"])
    return {} if not any(total) else most_frequent(total)


def record_of(home: RunFolder, name: str) -> dict[str, Any]:
    """Return what the manifest says of a file in which a run tells of itself."""
    data = store.read_bytes(home.at(name))
    return {"path": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def shard_output(marker: Marker) -> dict[str, Any]:
    """Return what the manifest says of a shard."""
    return {key: marker.facts[key] for key in _OF_SHARD if key in marker.facts}


def _sum(markers: Sequence[Marker], fact: str) -> int:
    return sum(marker.facts[fact] for marker in markers)


def _markers(phases: Sequence[Phase], state: State, function: str, about: str = "") -> list[Marker]:
    """Return what the phases of a function committed, those about one stage if it is named."""
    return [
        marker
        for phase in phases
        if phase.function == function and (not about or phase.stage == about)
        for marker in state.markers[phase.name]
    ]


def _across(plan: Plan, phases: Sequence[Phase], state: State) -> dict[str, Any]:
    """Return by stage what the stages that see all rows found."""
    found: dict[str, Any] = {}
    for entry in plan.job.stages:
        across = entry.stage.global_stage()
        if across is None:
            continue
        facts = {
            phase.step: [marker.facts for marker in state.markers[phase.name]]
            for phase in phases
            if phase.stage == entry.title and phase.step
        }
        if (said := across.found(facts)) is not None:
            found[entry.title] = said
    return found


def _tables(plan: Plan, found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return as tables, each with its heading, what the stages that see all rows found."""
    return [
        {"heading": heading, "rows": rows}
        for entry in plan.job.stages
        if (across := entry.stage.global_stage()) is not None and entry.title in found
        for heading, rows in across.tables(entry.title, found[entry.title])
    ]


def _index(plan: Plan, phases: Sequence[Phase], state: State) -> list[dict[str, Any]]:
    """Return what the manifest says of the index of each stage."""
    found = []
    for entry in plan.job.stages:
        across = entry.stage.global_stage()
        if across is not None and (indexed := across.indexed()) is not None:
            written = [m.facts for m in _markers(phases, state, "index", entry.title)]
            found.append(
                {
                    "stage": entry.title,
                    "name": entry.name,
                    "compares": indexed.compares(),
                    "ranges": ranges(indexed.key_rows(plan.rows), len(written)),
                    "rows": sum(facts["rows"] for facts in written),
                    "files": written,
                }
            )
    return found


def _checkpoints(plan: Plan, phases: Sequence[Phase], state: State) -> list[dict[str, Any]]:
    """Return what the manifest says of each checkpoint."""
    found = []
    for entry in plan.job.stages:
        if files := [m.facts for m in _markers(phases, state, "write_checkpoint", entry.title)]:
            rows = sum(facts["rows"] for facts in files)
            found.append({"stage": entry.title, "rows": rows, "files": files})
    return found


def _inputs(plan: Plan, markers: Sequence[Marker]) -> list[dict[str, Any]]:
    rows: dict[int, int] = {}
    for marker in markers:
        for file, _, _, count in marker.facts["spans"]:
            rows[file] = rows.get(file, 0) + count
    return [
        {
            "file": file.number,
            "path": file.path,
            "bytes": file.size,
            "rows": rows.get(file.number, 0),
            "etag": file.etag,
        }
        for file in plan.files
    ]

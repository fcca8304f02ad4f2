"""The columns of a checkpoint, and what its files say of each: what it is, and how it was made."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from cleaner.job.input_columns import PREFIX
from cleaner.job.job_file import Entry
from cleaner.job.plan import Plan, all_columns
from cleaner.job.stage_spec import StageSpec
from cleaner.job.trusted import MADE, SIGNAL, STAGE, VERSION
from cleaner.signals import SIGNALS
from cleaner.signals import VERSION as OF_SIGNALS
from cleaner.storage.commits import digest

TAGS = "tags"  # what stages with `action: tag` found, as text that a condition can ask


def columns_at(plan: Plan, at: Entry) -> dict[str, tuple[str, Any]]:
    """Return the columns of a checkpoint: name in the file -> name inside, Polars type."""
    have = next(mapped.carry for mapped in plan.maps if mapped.then == at)
    fresh = _signals_at(plan, at)
    mine = {name: kind for name, kind in have.items() if name not in SIGNALS or name in fresh}
    found = all_columns(
        plan.job.stages[: at.index], mine, fresh, plan.carried, list(plan.carried.types)
    )
    shown = TAGS
    while shown in found:
        shown = PREFIX + shown
    columns = {shown if name == TAGS else name: one for name, one in found.items()}
    return {**columns, TAGS: ("tagged", pl.String)}


def _signals_at(plan: Plan, at: Entry) -> list[str]:
    """Return the signals that were measured on the texts as they come to a stage."""
    changed = [
        entry.index
        for entry in plan.job.stages[: at.index]
        if entry.stage.changes_text or "text" in entry.stage.adds()
    ]
    since = max(changed, default=-1)
    points = [point for mapped in plan.maps for point in mapped.measures]
    found = [name for p in points if since < p.before <= at.index for name in p.signals]
    return sorted(set(found))


def said_of(plan: Plan, at: Entry, columns: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return what the files of a checkpoint say of its columns that stages or signals made."""
    found = {
        name: {SIGNAL: name, VERSION: str(OF_SIGNALS)}
        for name in _signals_at(plan, at)
        if ":" not in name  # one of a list depends on its words
    }
    for entry in plan.job.stages[: at.index]:
        spec = StageSpec.of(entry, plan.reads.get(entry.index, {}))
        made = digest([spec.plugin, spec.source, dict(spec.files), spec.options.plain()])
        said = {STAGE: entry.title, VERSION: str(spec.version), MADE: made}
        found |= {name: said for name in entry.stage.adds() if name != "text"}
    return {name: found[name] for name in columns if name in found}

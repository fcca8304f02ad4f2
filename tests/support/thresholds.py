"""Other thresholds for a finished run, drawn by a seed, and the runs that have them."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml

from cleaner.job.job_file import Entry, parse_job
from cleaner.job.plan import make_plan
from cleaner.results.changes import changed_filter, read_changes
from cleaner.results.columns import judged_columns
from cleaner.results.finished import Run, open_run
from cleaner.rules.conditions import Limit
from cleaner.runs.driver import run_plan

_EFFECT = 5  # documents between the old limit and the new one, at least


@dataclass(frozen=True)
class Try:
    """One changed threshold."""

    stage: int
    filter: str | None
    said: str


def finished(job: dict[str, Any], folder: Path) -> Run:
    """Run a job in this process."""
    run_plan(make_plan(parse_job(job)), str(folder), engine="inline")
    return open_run(str(folder))


def tries(run: Run, seed: int) -> Iterator[Try]:
    """Yield changed thresholds without end, in turn looser and tighter, each with an effect.

    The new limit is the value of a document that fails the rule (looser) or passes it (tighter).
    """
    rng = np.random.default_rng(seed)
    ledger = run.ledger()
    found = list(_limits(run))
    looser = True
    while True:
        entry, rule, limit = found[rng.integers(len(found))]
        (column, *_) = judged_columns(run.job.stages, entry, limit.signal, ledger.columns)
        values = ledger[column].drop_nulls().cast(pl.Float64).to_numpy()
        side = rng.choice([side for side in ("low", "high") if getattr(limit, side) is not None])
        edge = float(getattr(limit, side))
        beyond = values[(values < edge) if side == "low" else (values > edge)]
        inside = values[(values > edge) if side == "low" else (values < edge)]
        pool = beyond if looser else inside
        if len(pool) < _EFFECT:
            continue
        value = float(np.quantile(pool, rng.uniform(0.05, 0.95), method="nearest"))
        between = (values >= min(value, edge)) & (values <= max(value, edge))
        if between.sum() < _EFFECT:
            continue
        looser = not looser
        if not rule:
            yield Try(entry.index, None, f"stages.{entry.index}.min_score={value}")
            continue
        signs = {"low": ">=", "high": "<="}
        parts = [f"{limit.signal} {signs[side]} {value!r}"]
        other = "high" if side == "low" else "low"
        if getattr(limit, other) is not None:
            parts.append(f"{limit.signal} {signs[other]} {getattr(limit, other)}")
        yield Try(entry.index, entry.title, f"{rule}={' AND '.join(parts)}")


def _limits(run: Run) -> Iterator[tuple[Entry, str, Limit]]:
    for entry in run.job.stages:
        rules = entry.stage.rule_set()
        for rule in () if rules is None else rules.rules:
            if len(rule.limits) == 1:
                yield entry, rule.name, rule.limits[0]
        if entry.name == "language":
            yield entry, "", Limit("lang_score", low=0.5)


def run_again(run: Run, job: dict[str, Any], one: Try, place: Path) -> dict[str, int]:
    """Run the job with the changed threshold; return what the whole and the stage kept."""
    changes = read_changes(run, one.filter, [one.said])
    stages = [dict(stage) for stage in job["stages"]]
    if changes[0].rule:
        file = place / "changed.yaml"
        label = changes[0].entry.stage.label().removeprefix(":")
        file = file.with_name(f"{label}.yaml")
        file.write_text(changed_filter(changes))
        options = stages[one.stage]["filter"]
        options = options if isinstance(options, dict) else {}
        stages[one.stage] = {"filter": {**options, "name": str(file)}}
    else:
        (name,) = stages[one.stage]
        stages[one.stage] = {name: {**stages[one.stage][name], "min_score": changes[0].cut}}
    folder = place / "again"
    shutil.rmtree(folder, ignore_errors=True)
    again = finished({**job, "stages": stages, "shadow": "off"}, folder)
    rows = {row["stage"]: row for row in again.stats["stages"]}
    mine = rows[changes[0].entry.title]
    return {
        "kept": again.manifest["rows"]["kept"],
        "reached": mine["in"],
        "dropped": mine["dropped"],
    }


def told(one: Try) -> str:
    """Return a threshold for a message."""
    return yaml.safe_dump([one.stage, one.said], default_flow_style=True).strip()

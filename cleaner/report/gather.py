"""Everything that a report shows, read from a run folder."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from cleaner.config.display import size_text
from cleaner.errors import InputError
from cleaner.report.audit_rates import Audited
from cleaner.report.benchmarks import benchmark_stages
from cleaner.report.contents import (
    Contents,
    Figure,
    GroupTable,
    InputRow,
    Pair,
    ShardRow,
)
from cleaner.report.duplicates import duplicate_stages
from cleaner.report.findings import findings
from cleaner.report.rules import filters, sliders
from cleaner.report.samples import Samples, samples
from cleaner.report.tables import funnel_rows, group_table, share
from cleaner.results.finished import Run
from cleaner.results.funnel import funnel, groups, labelled
from cleaner.results.values import values

_MOST_FILES = 200  # shards, and inputs, that are listed

Tree = Mapping[str, Any]


def gather(run: Run, texts: bool = True) -> Contents:
    """Return what a report of a finished run shows; without `texts`, no word of any page."""
    stats, manifest = run.stats, run.manifest
    stages = run.job.stages
    counted = values(run)
    moved = list(sliders(stages, counted))
    told = samples(run) if texts and _has_rows(run) else Samples((), (), {})
    audited = Audited.of(run)
    pairs = _joined(audited.worse(run) if texts else {}, told.pairs)
    shards, inputs = manifest["outputs"], manifest["inputs"]
    return Contents(
        name=manifest["job"],
        path=run.path,
        subtitle=_subtitle(stats, manifest),
        unit=stats["token_unit"],
        figures=_figures(stats, manifest),
        findings=findings(run, moved, _cuts(run), audited.rates),
        funnel=list(funnel_rows(funnel(run))),
        groups=_groups(run),
        filters=list(filters(run, counted)),
        sliders=moved,
        duplicates=list(duplicate_stages(stats["dedup"], pairs)),
        benchmarks=list(benchmark_stages(run, texts)),
        audit=audited.rows(),
        audit_note=audited.note,
        shards=[_shard(one) for one in shards[:_MOST_FILES]],
        shards_note=_listed(shards),
        inputs=[*_unread(manifest), *(_input(one) for one in inputs[:_MOST_FILES])],
        inputs_note=_listed(inputs),
        job=run.job_text,
        made_with=_made_with(manifest),
        samples=told.documents,
        sample_groups=told.groups,
        samples_note=_samples_note(run, texts),
    )


def _joined(*found: Mapping[str, Sequence[Pair]]) -> dict[str, list[Pair]]:
    """Return the pairs of each stage, those that were named first ahead."""
    stages = dict.fromkeys(stage for one in found for stage in one)
    return {stage: [pair for one in found for pair in one.get(stage, ())] for stage in stages}


def _has_rows(run: Run) -> bool:
    return run.scan_shadow() is not None or any(
        one["path"].startswith("ledger/") for one in run.manifest["ledger_files"]
    )


def _subtitle(stats: Tree, manifest: Tree) -> str:
    rows = stats["rows"]
    files = _number(len(manifest["inputs"]), "file")
    said = f"{_number(rows['in'], 'document')} of {files}"
    first = stats["stages"][0]
    last = stats["stages"][-1]
    if last["kept_words"] and first["in_words"] >= 2 * last["kept_words"]:
        said += f"; 1 word in {first['in_words'] / last['kept_words']:,.1f} was kept"
    return f"{said}. Run {manifest['identity']}."


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _figures(stats: Tree, manifest: Tree) -> list[Figure]:
    rows, last = stats["rows"], stats["stages"][-1]
    kept = share(rows["kept"], rows["in"]) or 0.0
    duplicates = sum(found.get("dropped", 0) for found in stats["dedup"].values())
    size = sum(one["bytes"] for one in manifest["outputs"])
    return [
        Figure(f"{rows['in']:,}", "documents came in"),
        Figure(f"{rows['kept']:,}", f"kept, {100 * kept:.3g} %"),
        Figure(f"{last['kept_words']:,}", f"{stats['token_unit']} kept"),
        Figure(f"{duplicates:,}", "dropped as duplicates"),
        Figure(f"{rows['failed']:,}", "could not be judged"),
        Figure(size_text(size), f"in {_number(len(manifest['outputs']), 'shard')}"),
    ]


def _groups(run: Run) -> list[GroupTable]:
    steps = funnel(run)
    # Before a stage tells the language nothing is known of it.
    told = [e.index for e in run.job.stages if "lang" in e.stage.adds()]
    since = 1 + min(told) if told else 0
    languages = group_table("By language", "language", groups(run, "language"), steps, since)
    sources = group_table("By source", "source", groups(run, "source"), steps)
    found = [languages, sources]
    there = _ledger_columns(run)
    for entry in run.job.stages:
        for label in sorted(entry.stage.labels() & there):
            groups_ = labelled(run, label)
            found.append(group_table(f"By {label}", label, groups_, steps, 1 + entry.index))
    return [table for table in found if table is not None]


def _ledger_columns(run: Run) -> set[str]:
    """Return the columns of the ledger; none where a run has no such file."""
    try:
        return set(run.scan_ledger().collect_schema().names())
    except InputError:
        return set()


def _cuts(run: Run) -> pl.DataFrame:
    """Return, per source, the characters that are left and those that were cut."""
    schema = {"source": pl.String, "characters": pl.UInt64, "characters_cut": pl.UInt64}
    if not {"characters", "source"} <= _ledger_columns(run):
        return pl.DataFrame(schema=schema)
    sums = pl.col("characters", "characters_cut").cast(pl.UInt64).sum()
    return (
        run.scan_ledger()
        .group_by(pl.col("source").fill_null(""))
        .agg(sums)
        .sort("source")
        .collect()
    )


def _shard(one: Tree) -> ShardRow:
    return ShardRow(one["path"], one["rows"], one["words"], one["bytes"], one["sha256"])


def _input(one: Tree) -> InputRow:
    return InputRow(one["path"], one.get("rows"), one["bytes"], "read")


def _unread(manifest: Tree) -> list[InputRow]:
    failed = [error.partition(": ") for error in manifest["failed_files"][:_MOST_FILES]]
    return [InputRow(path, None, None, f"failed: {why}") for path, _, why in failed]


def _listed(files: Sequence[Any]) -> str:
    more = len(files) - _MOST_FILES
    return f": the first {_MOST_FILES} of {len(files):,}" if more > 0 else f": {len(files):,}"


def _samples_note(run: Run, texts: bool) -> str:
    if not texts:
        return ""
    return (
        "Drawn by a seed: kept documents, some for every reason for which others went, and those "
        "next to the limits that take most, on both sides. What a broken rule counts is marked. "
        f"More of them: cleaner sample {run.path}"
    )


def _made_with(manifest: Tree) -> str:
    versions = manifest.get("versions") or [{}]
    return ", ".join(f"{name} {number}" for name, number in versions[-1].items())

"""What the stages that look for duplicates found: charts, who lost to whom, pairs side by side."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cleaner.report.charts import histogram, recall_curve
from cleaner.report.contents import Chart, DuplicateStage, Pair

_MOST_LOSSES = 20


def duplicate_stages(
    dedup: Mapping[str, Mapping[str, Any]], pairs: Mapping[str, Sequence[Pair]]
) -> Iterator[DuplicateStage]:
    """Yield one entry per stage of `stats.json` that compared documents."""
    for title, found in dedup.items():
        if "dropped" not in found:
            continue
        banding = found.get("banding")
        yield DuplicateStage(
            title=title,
            summary=_summary(found, banding),
            charts=list(charts_of(found, banding)),
            losses=[tuple(loss[:3]) for loss in found.get("losses", ())[:_MOST_LOSSES]],
            pairs=pairs.get(title, ()),
        )


def _summary(found: Mapping[str, Any], banding: Mapping[str, Any] | None) -> str:
    said = f"{found['dropped']:,} dropped"
    if found.get("for_earlier_runs"):
        said += f", {found['for_earlier_runs']:,} of them matched an earlier run"
    if banding and banding.get("recall") is not None:
        said += f"; measured recall {banding['recall']:.3f} on {banding['sampled']:,} documents"
    if found.get("big_buckets"):
        said += f"; {found['big_buckets']:,} buckets of more than 10,000"
    return said


def charts_of(found: Mapping[str, Any], banding: Mapping[str, Any] | None) -> Iterator[Chart]:
    """Yield the charts of what one stage found."""
    if jaccard := found.get("jaccard"):
        rows = [(f"{value:g}", count) for value, count in jaccard]
        yield Chart("Jaccard similarity of what was dropped", histogram(rows, "similarities"))
    if banding and banding.get("curve"):
        said = "share of pairs that the bands find, by similarity"
        drawn = recall_curve(banding["curve"], banding["threshold"], said)
        title = "Share of pairs that the bands find: the line is expected, dots are measured"
        yield Chart(title, drawn)
    if sizes := found.get("cluster_size"):
        rows = [(f"{size:,}", count) for size, count in sizes[:40]]
        title = "Clusters by number of documents (log scale)"
        yield Chart(title, histogram(rows, "sizes of clusters", log=True))

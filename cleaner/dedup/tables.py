"""What the search for duplicates found, summed over its tasks and laid out for people."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Table = tuple[str, list[dict[str, Any]]]

_SHOWN = 12  # rows of a table of sources against sources; stats.json has them all


def summed(facts: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Return the counts of all tasks, added; of those named `biggest…` the greatest."""
    sums: dict[str, Any] = {}
    for one in (fact for part in facts.values() for fact in part):
        for name, value in one.items():
            if name.startswith("biggest"):
                sums[name] = max(sums.get(name, 0), value)
            elif isinstance(value, int):
                sums[name] = sums.get(name, 0) + value
    return sums


def tables_of(stage: str, found: Mapping[str, Any]) -> Iterator[Table]:
    """Yield tables of one stage: sizes of clusters, and which source lost to which."""
    clusters = sum(count for _, count in found["cluster_size"])
    told = f"{stage}: {found['dropped']:,} documents fell"
    if found["for_earlier_runs"]:
        told += f", {found['for_earlier_runs']:,} of them for one of an earlier run"
    told += f"; {clusters:,} stay for others"
    if "buckets" in found:
        told += (
            f"; {found['candidates']:,} candidates in {found['buckets']:,} buckets, "
            f"{found['big_buckets']:,} of over 10,000"
        )
    sizes = [
        {"documents in a cluster": _power(size), "clusters": count}
        for size, count in found["cluster_size"]
    ]
    yield told, sizes
    lost = [
        {"source": source or "(none)", "lost to": kept or "(none)", "documents": documents}
        for source, kept, documents, _ in found["losses"]
    ]
    if len(lost) > 1 or any(row["source"] != row["lost to"] for row in lost):
        more = f", the {_SHOWN} largest of {len(lost):,}" if len(lost) > _SHOWN else ""
        yield f"{stage}: who lost to whom{more}", lost[:_SHOWN]


def _power(size: int) -> str:
    """Return the sizes from a power of two to before the next."""
    return str(size) if size == 1 else f"{size:,} to {2 * size - 1:,}"


def banding_table(stage: str, found: Mapping[str, Any]) -> Table:
    """Return what a banding of signatures catches, by its curve and as measured on a sample."""
    heading = f"{stage}: {found['bands']} bands of {found['rows']} rows"
    heading += f", measured on {found['sampled']:,} sampled documents"
    if found["recall"] is not None:
        heading += (
            f": {found['recall']:.1%} of {found['pairs']:,} pairs of Jaccard "
            f"{found['threshold']} or more share a bucket"
        )
    if found["precision"] is not None:
        heading += f"; of the pairs that share one {found['precision']:.1%} are so similar"
        heading += (
            " (and, as verified, all that fell)" if found["verify"] else " (none is verified)"
        )
    rows = [
        {
            "Jaccard": f"{row['jaccard']:.2f}",
            "share a bucket, %": round(100 * row["expected"], 1),
            "of those sampled, %": None
            if row["measured"] is None
            else round(100 * row["measured"], 1),
            "pairs sampled": row["pairs"],
        }
        for row in found["curve"]
        if row["jaccard"] >= 0.4
    ]
    return heading, rows

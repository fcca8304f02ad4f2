"""What was found of benchmark sets: by set, what a run finds of its own plants, texts in pairs."""

from collections.abc import Iterator

from cleaner.config.display import visible
from cleaner.report.contents import BenchmarkPair, BenchmarkStage
from cleaner.results.finished import Run, drawn

_PAIRS = 8  # documents of a run that are shown beside their items
_SIDE = 800  # characters of either text
_NAMED = 20  # items that cannot be checked


def benchmark_stages(run: Run, texts: bool) -> Iterator[BenchmarkStage]:
    """Yield one entry per stage of `stats.json` that looked for items of benchmarks."""
    pairs = list(_pairs(run)) if texts else []
    for title, found in run.stats["dedup"].items():
        if "self_test" not in found:
            continue
        there = sum(row[2] for row in found["sets"])
        unchecked = ", ".join(found["unchecked"][:_NAMED])
        more = len(found["unchecked"]) - _NAMED
        yield BenchmarkStage(
            title=title,
            summary=f"{there:,} of {found['items']:,} items are in the corpus",
            sets=[(name, items, some, documents) for name, items, some, documents in found["sets"]],
            planted=[(kind, texts, some, some / texts) for kind, texts, some in found["self_test"]],
            unchecked=unchecked + (f" and {more:,} more" if more > 0 else ""),
            pairs=pairs,
        )
        pairs = []  # the ledger has one match of a document, whichever stage found it


def _pairs(run: Run) -> Iterator[BenchmarkPair]:
    """Yield some documents, drawn by a seed, beside the items that they match."""
    matches = run.scan_matches()
    if matches is None:
        return
    rows = drawn(matches, 0).sort("_draw", "file", "row").head(_PAIRS).collect()
    for row in rows.iter_rows(named=True):
        share = f"{100 * row['benchmark_share']:.0f} % of the question"
        answer = f", {100 * row['benchmark_answer']:.0f} % of the answer"
        yield BenchmarkPair(
            title=f"{row['id']} holds {row['benchmark_item']}: {share}"
            + (answer if row["benchmark_answer"] else ""),
            item=visible(row["benchmark_text"][:_SIDE]),
            text=visible(row["benchmark_span"][:_SIDE]),
        )

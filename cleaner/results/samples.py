"""Documents to look at: drawn by a seed from what was kept or dropped, or near a threshold."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from cleaner.config.mistakes import guess
from cleaner.errors import JobError
from cleaner.job.job_file import Entry
from cleaner.results.columns import judged_columns
from cleaner.results.finished import Run, drawn, stage_title
from cleaner.rules.conditions import parse
from cleaner.rules.sql import ConditionError
from cleaner.stages.classify import Scored
from cleaner.stages.language import Language
from cleaner.stages.near_dedup import NearDedup


def sample_documents(
    run: Run,
    stage: str | None = None,
    rule: str | None = None,
    near: bool = False,
    count: int = 10,
    seed: int = 0,
    where: str | None = None,
    each: bool = False,
) -> pl.DataFrame:
    """Return ledger rows drawn by a seed: dropped at a stage, by a rule, or of a condition.

    Kept ones where nothing is asked for. `near` takes those that lie nearest to a limit, half of
    them on either side; `each` takes `count` of what was kept, and of every stage and reason.
    """
    rows = run.scan_ledger()
    if where is not None:
        rows = rows.filter(_condition(where, rows))
    title = None if stage is None else stage_title(run, stage)
    if rule is not None:
        _known(run, rule)
    if near:
        return _near(run, rows, title, rule, count, seed)
    if title is not None:
        rows = rows.filter(pl.col("stage") == title)
    if rule is not None:
        rows = rows.filter(pl.col("broken").list.contains(rule))
    if each:
        return of_each(rows, count, seed)
    if title is None and rule is None and where is None:
        rows = rows.filter(pl.col("fate") == "kept")
    return first_drawn(rows, count, seed)


def first_drawn(rows: pl.LazyFrame, count: int, seed: int) -> pl.DataFrame:
    """Return `count` rows, of the ledger or the shadow, drawn by a seed."""
    keys = drawn(rows.select("file", "row"), seed).bottom_k(count, by="_draw")
    return _whole(rows, keys.collect(engine="streaming")).sort("_draw").drop("_draw")


def _whole(rows: pl.LazyFrame, keys: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of some keys with what stands beside these.

    Rows are wide: whoever chooses among all of them reads no more than what it chooses by.
    """
    files, places = keys["file"].unique(), keys["row"]
    near = pl.col("file").is_in(files.implode()) & pl.col("row").is_in(places.unique().implode())
    found = rows.filter(near).collect(engine="streaming")
    return found.join(keys, on=["file", "row"])


def _condition(where: str, rows: pl.LazyFrame) -> pl.Expr:
    try:
        return parse(where, ask_unknown=True).expression(rows.collect_schema()).fill_null(False)
    except ConditionError as error:
        raise JobError(f"--where: {error}") from None


def _known(run: Run, rule: str) -> None:
    """Raise JobError for a rule or reason of which this run can have no document."""
    rules = [
        name
        for entry in run.job.stages
        if (found := entry.stage.rule_set()) is not None
        for one in found.rules
        for name in (one.name, f"{found.name}.{one.name}")
    ]
    reasons = [name for row in run.stats["stages"] for name in row["reasons"]]
    if rule not in (known := list(dict.fromkeys([*rules, *reasons]))):
        there = ", ".join(name for name in known if "." not in name)
        raise JobError(f"--rule {rule}: no such rule{guess(rule, known)}; available: {there}")


def of_each(rows: pl.LazyFrame, count: int, seed: int) -> pl.DataFrame:
    """Return `count` rows of each stage and reason, in the job's order; kept ones last.

    They are of the ledger, or of the shadow.
    """
    keys = drawn(rows.select("file", "row", "fate", "stage", "reason"), seed)
    place = pl.col("_draw").rank("ordinal").over("fate", "stage", "reason")
    chosen = keys.filter(place <= count).collect(engine="streaming")
    found = _whole(rows, chosen.select("file", "row", "_draw"))
    at = pl.col("stage").str.split(".").list.first().cast(pl.Int64, strict=False)
    order = at.fill_null(pl.when(pl.col("fate") == "kept").then(1 << 30).otherwise(-1))
    return found.sort(order, "reason", "_draw").drop("_draw")


@dataclass(frozen=True)
class Edge:
    """A limit that documents lie near to: that of a rule, or the cut of a stage."""

    entry: Entry
    rule: str  # "": the cut
    distance: pl.Expr  # of a document from it
    fell: pl.Expr  # whether a document fell by it


def _near(
    run: Run, rows: pl.LazyFrame, title: str | None, rule: str | None, count: int, seed: int
) -> pl.DataFrame:
    """Return the documents nearest to a limit, half of those that fell by it and half of others.

    `near` is how far each is from it.
    """
    edge = _limit(run, title, rule)
    sides = pl.collect_all(_sides(run, drawn(rows, seed), edge, count), engine="streaming")
    below, above = (one.sort("_near", "_draw") for one in sides)
    half = max(count // 2, count - len(above))
    below = below.head(max(min(half, len(below)), count - len(above)))
    chosen = pl.concat([below, above.head(count - len(below))])
    found = _whole(rows, chosen).sort("_near", "_draw")
    return found.drop("_draw", "_fell").rename({"_near": "near"})


def _sides(run: Run, rows: pl.LazyFrame, edge: Edge, count: int) -> list[pl.LazyFrame]:
    """Return the keys of the documents nearest to a limit: those that fell by it, and others."""
    later = [one.title for one in run.job.stages if one.index >= edge.entry.index]
    reached = (pl.col("fate") == "kept") | pl.col("stage").is_in(later)
    near = rows.filter(reached).with_columns(_near=edge.distance, _fell=edge.fell)
    keys = near.filter(pl.col("_near").is_not_null()).select(
        "file", "row", "_near", "_fell", "_draw"
    )
    return [
        keys.filter(pl.col("_fell") == side).bottom_k(count, by=["_near", "_draw"])
        for side in (True, False)
    ]


def near_each(
    run: Run, rows: pl.DataFrame, edges: Sequence[Edge], count: int, seed: int = 0
) -> list[pl.DataFrame]:
    """Return the documents of a sample nearest to each limit, `count` on either side of it.

    Those that fell by it come first; `near` is how far each is from it.
    """
    lazy = drawn(rows.lazy(), seed).collect().lazy()
    sides = pl.collect_all([one for edge in edges for one in _sides(run, lazy, edge, count)])
    found = []
    for fell, passed in zip(sides[::2], sides[1::2], strict=True):
        keys = pl.concat([fell.sort("_near", "_draw"), passed.sort("_near", "_draw")])
        chosen = keys.join(rows, on=["file", "row"], how="left", maintain_order="left")
        found.append(chosen.rename({"_near": "near"}).drop("_fell", "_draw"))
    return found


def _limit(run: Run, title: str | None, rule: str | None) -> Edge:
    """Return the limit that a rule or a stage names; JobError where there is none."""
    names = run.scan_ledger().collect_schema().names()
    found = [one for one in limits(run, names) if rule is None or one.rule == rule]
    chosen = [one for one in found if title in (None, one.entry.title)]
    if not chosen or (rule is None and title is None):
        those = dict.fromkeys(one.entry.title for one in limits(run, names))
        raise JobError(
            "--near: needs a rule with a limit, or a stage with a cut: name it by --stage, and a "
            f"rule by --rule; limits are in: {', '.join(those) or 'no stage'}"
        )
    return chosen[0]


def limits(run: Run, names: Sequence[str]) -> Iterator[Edge]:
    """Yield every limit of a run that can be told from some columns of its ledger."""
    for entry in run.job.stages:
        here = (pl.col("stage") == entry.title) & (pl.col("fate") == "dropped")
        rules = entry.stage.rule_set()
        for one in () if rules is None else rules.rules:
            columns = {
                limit.signal: judged_columns(run.job.stages, entry, limit.signal, names)
                for limit in one.limits
            }
            if columns and all(columns.values()):
                distances = [
                    (pl.coalesce(columns[limit.signal]).cast(pl.Float64) - edge).abs()
                    for limit in one.limits
                    for edge in (limit.low, limit.high)
                    if edge is not None
                ]
                broke = pl.col("broken").list.contains(one.name).fill_null(False)
                yield Edge(entry, one.name, pl.min_horizontal(distances), here & broke)
        if (cut := _cut(entry, names)) is not None:
            yield Edge(entry, "", cut, here)


def _cut(entry: Entry, names: Sequence[str]) -> pl.Expr | None:
    """Return how far documents are from the cut of a stage without rules; None without one."""
    stage = entry.stage
    if isinstance(stage, NearDedup):
        return (pl.col("jaccard") - stage.threshold).abs()
    if isinstance(stage, Scored | Language) and stage.min_score is not None:
        name = stage.column if isinstance(stage, Scored) else "lang_score"
        if name in names:
            return (pl.col(name) - stage.min_score).abs()
    return None

"""Documents to look at: drawn by a seed from what was kept or dropped, or near a threshold."""

from collections.abc import Iterator, Sequence

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


def _near(
    run: Run, rows: pl.LazyFrame, title: str | None, rule: str | None, count: int, seed: int
) -> pl.DataFrame:
    """Return the documents nearest to a limit, half of those that fell by it and half of others.

    `near` is how far each is from it.
    """
    entry, distance, fell = _limit(run, title, rule)
    later = [one.title for one in run.job.stages if one.index >= entry.index]
    reached = (pl.col("fate") == "kept") | pl.col("stage").is_in(later)
    near = drawn(rows.filter(reached), seed).with_columns(_near=distance, _fell=fell)
    near = near.filter(pl.col("_near").is_not_null())
    keys = near.select("file", "row", "_near", "_fell", "_draw")
    sides = [
        keys.filter(pl.col("_fell") == side).bottom_k(count, by=["_near", "_draw"])
        for side in (True, False)
    ]
    below, above = (one.sort("_near", "_draw") for one in pl.collect_all(sides, engine="streaming"))
    half = max(count // 2, count - len(above))
    below = below.head(max(min(half, len(below)), count - len(above)))
    chosen = pl.concat([below, above.head(count - len(below))])
    found = _whole(rows, chosen).sort("_near", "_draw")
    return found.drop("_draw", "_fell").rename({"_near": "near"})


def _limit(run: Run, title: str | None, rule: str | None) -> tuple[Entry, pl.Expr, pl.Expr]:
    """Return a stage, how far documents are from its limit, and which of them fell by it."""
    found = list(_limits(run, rule))
    chosen = [one for one in found if title in (None, one[0].title)]
    if not chosen or (rule is None and title is None):
        those = dict.fromkeys(entry.title for entry, *_ in _limits(run, None))
        raise JobError(
            "--near: needs a rule with a limit, or a stage with a cut: name it by --stage, and a "
            f"rule by --rule; limits are in: {', '.join(those) or 'no stage'}"
        )
    return chosen[0]


def _limits(run: Run, rule: str | None) -> Iterator[tuple[Entry, pl.Expr, pl.Expr]]:
    names = run.scan_ledger().collect_schema().names()
    for entry in run.job.stages:
        here = (pl.col("stage") == entry.title) & (pl.col("fate") == "dropped")
        rules = entry.stage.rule_set()
        for one in () if rules is None else rules.rules:
            columns = {
                limit.signal: judged_columns(run.job.stages, entry, limit.signal, names)
                for limit in one.limits
            }
            if rule in (None, one.name) and columns and all(columns.values()):
                distances = [
                    (pl.coalesce(columns[limit.signal]).cast(pl.Float64) - edge).abs()
                    for limit in one.limits
                    for edge in (limit.low, limit.high)
                    if edge is not None
                ]
                broke = pl.col("broken").list.contains(one.name).fill_null(False)
                yield entry, pl.min_horizontal(distances), here & broke
        if rule is None and (cut := _cut(entry, names)) is not None:
            yield entry, cut, here


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

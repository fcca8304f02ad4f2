"""What each stage of a plan judges by, and in which column of the ledger it stands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cleaner.config.plain import Plain
from cleaner.job.fusion import judged_together
from cleaner.job.job_file import Entry
from cleaner.job.plan import Plan
from cleaner.rules.conditions import Limit, parse

_LABELS = ("id", "url", "source", "lang", "cluster_size")  # of every ledger, for `where`


@dataclass(frozen=True)
class Bound(Plain):
    """A limit with the ledger's column that has the values it was held against."""

    column: str
    limit: Limit


@dataclass(frozen=True)
class RuleAt(Plain):
    """A rule of a filter; `bounds` are empty where it is no conjunction of limits."""

    name: str
    keep: str
    bounds: tuple[Bound, ...]


@dataclass(frozen=True)
class Judge(Plain):
    """A stage that judges by rules, or by a score."""

    title: str
    index: int
    label: str  # the name of the filter
    group: int  # the first stage of those whose verdicts were found together
    drops: bool  # False: it only tags
    rules: tuple[RuleAt, ...]
    scores: tuple[Bound, ...] = ()  # of a stage without rules
    where: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)  # that `where` reads -> of the ledger
    all_known: bool = True  # False: `where` reads what the ledger does not have


def judges(plan: Plan) -> tuple[Judge, ...]:
    """Return every stage of a plan that judges by rules or by a score."""
    groups = judged_together(mapped.entries for mapped in plan.maps)
    made = (_judge(plan, entry, groups) for entry in plan.job.stages)
    return tuple(judge for judge in made if judge.rules or judge.scores)


def _judge(plan: Plan, entry: Entry, groups: Mapping[int, int]) -> Judge:
    stage, rules = entry.stage, entry.stage.rule_set()
    where = stage.condition()
    asked = parse(where, ask_unknown=True).columns if where else ()
    columns = {name: column for name in asked if (column := _column(plan, entry, name))}
    found = tuple(
        RuleAt(rule.name, rule.keep, _bounds(plan, entry, rule.limits))
        for rule in (() if rules is None else rules.rules)
    )
    return Judge(
        title=entry.title,
        index=entry.index,
        label=stage.label().removeprefix(":"),
        group=groups.get(entry.index, entry.index),
        drops=not stage.tags(),
        rules=found,
        scores=() if found else tuple(_scores(plan, entry)),
        where=where,
        columns=columns,
        all_known=columns.keys() == set(asked),
    )


def _bounds(plan: Plan, entry: Entry, limits: Sequence[Limit]) -> tuple[Bound, ...]:
    """Return limits with their columns; none where one of them is not in the ledger."""
    columns = [_column(plan, entry, limit.signal) for limit in limits]
    return (
        tuple(Bound(column, limit) for column, limit in zip(columns, limits, strict=True) if column)
        if all(columns)
        else ()
    )


def _scores(plan: Plan, entry: Entry) -> Iterable[Bound]:
    limits = {limit.signal: limit for limit in entry.stage.limits()}
    for name in entry.stage.adds():
        if name in limits or name.endswith("_score"):
            column = _column(plan, entry, name)
            if column:
                yield Bound(column, limits.get(name, Limit(name)))


def _column(plan: Plan, entry: Entry, name: str) -> str | None:
    """Return the ledger's column of a signal, score or label as a stage met it, or None."""
    measured = {column for mapped in plan.maps for column in mapped.measured}
    own = [n for n in entry.stage.adds() if n == name or n.startswith(f"{name}:")]
    if own:
        return own[0] if own[0] in measured else None
    points = [point for mapped in plan.maps for point in mapped.measures]
    stored = [p.stored[name] for p in points if p.before <= entry.index and name in p.stored]
    if stored:
        return stored[-1]
    made = {n for e in plan.job.stages[: entry.index] for n in e.stage.adds()}
    if name in made and name in measured:
        return name
    return name if name in _LABELS else None

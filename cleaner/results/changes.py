"""Other thresholds for a finished run: what a user wrote, checked against what the run can tell."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl
import yaml

from cleaner.config.mistakes import guess
from cleaner.errors import JobError
from cleaner.job.job_file import Entry
from cleaner.results.columns import judged_columns
from cleaner.results.finished import Run, names_of_stage
from cleaner.rules.conditions import Limit, parse
from cleaner.rules.sql import ConditionError
from cleaner.stages.base import Judging
from cleaner.stages.classify import Scored
from cleaner.stages.language import Language

OFF = "off"


@dataclass(frozen=True)
class Change:
    """One rule of a filter with another condition, or the cut of a stage at another score."""

    stages: Sequence[Entry] = field(repr=False, compare=False)
    entry: Entry
    said: str  # as it was written
    rule: str = ""  # "": the cut
    keep: str | None = None  # None: the rule judges no more
    cut: float | None = None
    was: str = ""

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The limits by which a document is near to the cut."""
        if self.cut is not None:
            return (Limit(self.reads[0], low=self.cut),)
        return parse(self.keep).limits if self.keep else ()

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns that decide."""
        if self.cut is not None:
            return (_score_of(self.entry),)
        return parse(self.keep).columns if self.keep else ()

    @property
    def where(self) -> str | None:
        """Which documents the stage judges."""
        stage = self.entry.stage
        return stage.where if isinstance(stage, Judging) else None


def read_changes(run: Run, filter: str | None, settings: Sequence[str]) -> tuple[Change, ...]:
    """Return the changes that `--filter F` and `--set RULE="SQL"` or `--set STAGE.KEY=V` state.

    Raises JobError for a stage, rule or key that the run does not have, with those that it has.
    """
    chosen = None if filter is None else _filter(run, filter)
    names = run.scan_ledger().collect_schema().names()
    made = tuple(_change(run, chosen, text) for text in settings)
    for change in made:
        columns_of(change, names)
        for other in made:
            if other is not change and (other.entry, other.rule) == (change.entry, change.rule):
                raise JobError(f"--set {other.said}: is changed twice")
    return made


def settable(run: Run, filter: str | None) -> list[dict[str, str]]:
    """Return every rule and cut that `--set` may change, of one filter or of all stages."""
    chosen = run.job.stages if filter is None else [_filter(run, filter)]
    found = []
    for entry in chosen:
        for name, keep in _rules(entry).items():
            found.append({"stage": entry.title, "rule": name, "keep": keep})
        if filter is None and _has_cut(entry):
            keep = f"{_score_of(entry)} >= {entry.stage.min_score}"  # type: ignore[attr-defined]
            found.append({"stage": entry.title, "rule": f"{entry.name}.min_score", "keep": keep})
    return found


def _has_cut(entry: Entry) -> bool:
    stage = entry.stage
    return isinstance(stage, Language) or (isinstance(stage, Scored) and not stage.shares)


def _change(run: Run, chosen: Entry | None, text: str) -> Change:
    key, mark, value = text.partition("=")
    key, value = key.strip(), value.strip()
    if not mark or not key or not value:
        raise JobError(f'--set {text}: write RULE="SQL", or STAGE.min_score=NUMBER')
    if "." not in key:
        return _rule_change(run, _with_rule(run, chosen, key), key, value, text)
    head, _, rest = key.rpartition(".")
    head = head.removeprefix("stages.")
    entry = _stage(run, head, f"--set {key}")
    if entry.stage.rule_set() is not None:
        return _rule_change(run, entry, rest, value, text)
    return _cut_change(run, entry, rest, value, text)


def _filters(run: Run) -> list[Entry]:
    return [entry for entry in run.job.stages if entry.stage.rule_set() is not None]


def _filter(run: Run, wanted: str) -> Entry:
    found = [
        entry for entry in _filters(run) if wanted in {entry.title, *names_of_stage(entry.title)}
    ]
    if len(found) != 1:
        titles = [entry.title for entry in _filters(run)]
        which = (
            f"{len(found)} filters of that name"
            if found
            else f"no such filter{guess(wanted, titles)}"
        )
        raise JobError(f"--filter {wanted}: {which}; available: {', '.join(titles) or 'none'}")
    return found[0]


def _stage(run: Run, wanted: str, said: str) -> Entry:
    """Return the stage of an index, name or label, as in `stages.3.classify`, `language`."""
    names = wanted.split(".")
    found = [
        entry
        for entry in run.job.stages
        if wanted == entry.title or set(names) <= names_of_stage(entry.title)
    ]
    if len(found) != 1:
        titles = [entry.title for entry in run.job.stages]
        which = f"{len(found)} stages" if found else "no stage"
        raise JobError(f"{said}: {which} of the name {wanted}; available: {', '.join(titles)}")
    return found[0]


def _with_rule(run: Run, chosen: Entry | None, rule: str) -> Entry:
    """Return the filter that has a rule: the chosen one, or the only one that does."""
    if chosen is not None:
        return chosen
    found = [entry for entry in _filters(run) if rule in _rules(entry)]
    if len(found) == 1:
        return found[0]
    if found:
        titles = ", ".join(entry.title for entry in found)
        raise JobError(f"--set {rule}: several filters have that rule; give --filter: {titles}")
    known = [name for entry in _filters(run) for name in _rules(entry)]
    raise JobError(
        f"--set {rule}: no filter of this run has such a rule{guess(rule, known)}; "
        f"available: {', '.join(known) or 'none'}"
    )


def _rules(entry: Entry) -> Mapping[str, str]:
    rules = entry.stage.rule_set()
    return {} if rules is None else {rule.name: rule.keep for rule in rules.rules}


def _rule_change(run: Run, entry: Entry, rule: str, value: str, said: str) -> Change:
    rules = _rules(entry)
    if rule not in rules:
        raise JobError(
            f"--set {said}: {entry.title} has no rule {rule!r}{guess(rule, rules)}; "
            f"available: {', '.join(rules)}"
        )
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    if value == OFF:
        return Change(run.job.stages, entry, said, rule, None, was=rules[rule])
    try:
        if not parse(value).columns:
            raise JobError(f"--set {said}: {value!r} reads no signal; to leave the rule out: {OFF}")
    except ConditionError as error:
        raise JobError(f"--set {said}: {error}") from None
    return Change(run.job.stages, entry, said, rule, value, was=rules[rule])


def _cut_change(run: Run, entry: Entry, key: str, value: str, said: str) -> Change:
    stage = entry.stage
    if not (_has_cut(entry) and isinstance(stage, Scored | Language)):
        raise JobError(
            f"--set {said}: {entry.title} has no cut that can be tried on what was measured; try "
            "rules of a filter, or min_score of language, classify and embed_classify"
        )
    if key != "min_score":
        raise JobError(f"--set {said}: only min_score of {entry.title} can be tried here")
    try:
        cut = float(value)
    except ValueError:
        cut = math.nan
    if not 0 <= cut <= 1:
        raise JobError(f"--set {said}: min_score is a number from 0 to 1, not {value!r}")
    return Change(run.job.stages, entry, said, "", None, round(cut, 6), was=f"{stage.min_score}")


def _score_of(entry: Entry) -> str:
    return entry.stage.column if isinstance(entry.stage, Scored) else "lang_score"


def columns_of(change: Change, names: Collection[str]) -> dict[str, list[str]]:
    """Return the columns of a ledger that decide: name in the condition -> columns, best first.

    Raises JobError where the ledger does not have one.
    """
    asked = parse(change.where, ask_unknown=True).columns if change.where else ()
    found = {}
    for name in dict.fromkeys((*change.reads, *asked)):
        found[name] = judged_columns(change.stages, change.entry, name, names)
        if not found[name]:
            there = sorted({one.split("@")[0] for one in names})
            raise JobError(
                f"--set {change.said}: reads {name!r}, which was not measured in this run"
                f"{guess(name, there)}; measured: {', '.join(there)}"
            )
    return found


def judged(change: Change, names: Collection[str]) -> tuple[dict[str, pl.Expr], dict[str, str]]:
    """Return the columns that a change is decided by, and the name of each in its conditions."""
    made, called = {}, {}
    for name, columns in columns_of(change, names).items():
        called[name] = f"_{change.entry.index}:{name}"
        made[called[name]] = pl.coalesce(columns)
    return made, called


def fails(change: Change, schema: Mapping[str, pl.DataType], called: Mapping[str, str]) -> pl.Expr:
    """Return whether a document fails a changed rule or cut; what is unknown is not kept."""
    if change.cut is not None:
        low = pl.col(called[change.reads[0]]) < change.cut
        down = low.fill_null(False)
    elif change.keep is None:
        return pl.lit(False)
    else:
        down = ~parse(change.keep).reading(called).expression(schema).fill_null(False)
    if change.where is None:
        return down
    asked = parse(change.where, ask_unknown=True).reading(called)
    return down & asked.expression(schema).fill_null(False)


def changed_filter(changes: Sequence[Change]) -> str:
    """Return the text of a filter file with some of its rules changed, all of one stage."""
    rules = changes[0].entry.stage.rule_set()
    assert rules is not None
    new = {change.rule: change.keep for change in changes}
    kept = [
        {**rule.model_dump(exclude_defaults=True), "keep": new.get(rule.name, rule.keep)}
        for rule in rules.rules
    ]
    said = rules.model_dump(mode="json", exclude={"name", "file", "rules"}, exclude_defaults=True)
    said["rules"] = [rule for rule in kept if rule["keep"] is not None]
    return yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=100)

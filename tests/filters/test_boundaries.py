"""Every rule of every filter, on both sides of its boundary: `tests/filters/<name>.yaml`.

A case gives the signals it is about; all others pass. `keep` breaks nothing, `drop` that rule and
no other (but those it names under `also`).
"""

import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cleaner.config import yaml12
from cleaner.rules.conditions import Limit, Schema
from cleaner.rules.lines import LINE_SIGNALS
from cleaner.rules.rule_set import (
    Rule,
    RuleSet,
    broken_line_rules,
    broken_rules,
    filter_names,
    load_rules,
)
from cleaner.signals import SIGNALS
from cleaner.stages.marked import LOSS

HERE = Path(__file__).parent
KINDS: dict[str, Any] = {
    LOSS: pl.Float64,
    "licence": pl.String,
    **{name: kind for name, (kind, _) in LINE_SIGNALS.items()},
}


def kind(name: str) -> Any:
    return KINDS[name] if name in KINDS else SIGNALS[name][0]


def cases(name: str) -> dict[str, Any]:
    path = HERE / f"{name}.yaml"
    return yaml12.load(path.read_text(encoding="utf-8"), path.name)[0]


def listed(value: Any) -> list[dict[str, Any]]:
    return value if isinstance(value, list) else [value]


def parts(name: str) -> list[tuple[tuple[Rule, ...], Any, tuple[str, ...]]]:
    """Return the rules of a set for documents and for lines, with how each is judged."""
    rules = load_rules(name)
    documents = (rules.rules, broken_rules, rules.columns)
    lines = (rules.lines, broken_line_rules, rules.line_columns)
    return [part for part in (documents, lines) if part[0]]


def frame(name: str, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema: Schema = {column: kind(column) for column in columns}
    passing: dict[str, Any] = {}
    for case in cases(name).values():
        for values in listed(case["keep"]):
            for column, value in values.items():
                passing.setdefault(column, value)
    filled = [{column: {**passing, **row}[column] for column in columns} for row in rows]
    return pl.DataFrame(filled, schema=schema)


def values_of(case: dict[str, Any]) -> dict[str, Any]:
    return {column: value for column, value in case.items() if column != "also"}


@pytest.mark.parametrize("name", filter_names())
def test_every_rule_has_a_case_on_both_sides(name: str) -> None:
    rules = [rule.name for part, _, _ in parts(name) for rule in part]
    assert list(cases(name)) == rules
    assert all({"keep", "drop"} == set(case) for case in cases(name).values())


@pytest.mark.parametrize("name", filter_names())
def test_a_rule_keeps_up_to_its_boundary_and_drops_beyond(name: str) -> None:
    rules = load_rules(name)
    for part, judged, columns in parts(name):
        for rule in part:
            keep = [values_of(case) for case in listed(cases(name)[rule.name]["keep"])]
            drop = listed(cases(name)[rule.name]["drop"])
            kept = judged(frame(name, columns, keep), rules).to_list()
            assert kept == [[]] * len(keep), rule.name
            broken = judged(frame(name, columns, [values_of(case) for case in drop]), rules)
            wanted = [{rule.name, *case.get("also", [])} for case in drop]
            assert [set(names) for names in broken.to_list()] == wanted, rule.name


@pytest.mark.parametrize("name", filter_names())
def test_the_cases_stand_at_the_boundary(name: str) -> None:
    for part, _, _ in parts(name):
        for rule in part:
            case = cases(name)[rule.name]
            for limit in rule.limits:
                for end, is_open in ((limit.low, limit.low_open), (limit.high, limit.high_open)):
                    if end is not None and possible(limit, end, is_open):
                        check_end(rule, case, limit.signal, end, is_open)


def possible(limit: Limit, end: float, is_open: bool) -> bool:
    """Return whether a value beyond this end exists: no share is below 0."""
    low_end = end == limit.low and limit.low != limit.high
    return not (low_end and end == 0 and not is_open)


def check_end(rule: Rule, case: Any, signal: str, end: float, is_open: bool) -> None:
    kept = [values[signal] for values in listed(case["keep"]) if signal in values]
    dropped = [values[signal] for values in listed(case["drop"]) if signal in values]
    on_it, beyond = (dropped, kept) if is_open else (kept, dropped)
    assert end in on_it, f"{rule.name}: no case with {signal} = {end}"
    step = 1 if kind(signal).is_integer() else max(0.01 * abs(end), 0.001)
    assert any(0 < abs(value - end) <= step * (1 + 1e-9) for value in beyond), (
        f"{rule.name}: no case within {step} of {signal} = {end}"
    )


@pytest.mark.parametrize("name", filter_names())
def test_what_was_not_measured_is_dropped_by_every_rule(name: str) -> None:
    rules = load_rules(name)
    for part, judged, columns in parts(name):
        wrong = [math.nan if kind(column).is_float() else None for column in columns]
        unknown = pl.DataFrame(
            {c: [v] for c, v in zip(columns, wrong, strict=True)},
            schema={column: kind(column) for column in columns},
        )
        assert set(judged(unknown, rules)[0]) == {rule.name for rule in part}


@pytest.mark.parametrize("name", filter_names())
def test_a_set_reads_signals_that_there_are(name: str) -> None:
    rules: RuleSet = load_rules(name)
    assert rules.title
    assert all(citation.url or citation.cite == "ours" for citation in rules.source[:1])
    rules.check({column: kind(column) for column in rules.columns})
    rules.check({column: kind(column) for column in rules.line_columns}, rules.lines)

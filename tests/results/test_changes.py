"""What a user writes after `--set`: which rule or cut it changes, and what is refused."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
import yaml
from support.entries import entries, rules

from cleaner.errors import JobError
from cleaner.results.changes import (
    Change,
    changed_filter,
    columns_of,
    fails,
    judged,
    read_changes,
    settable,
)
from cleaner.rules.conditions import Limit

COLUMNS = ("words@2", "words", "lang", "lang_score", "digit_ratio", "title")


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """A run of two filters with one rule in common, a language and a stage that compares."""
    a = rules(tmp_path, "a", long="words >= 10", plain="digit_ratio <= 0.5")
    b = rules(tmp_path, "b", long="words >= 5", short="words <= 90")
    stages = entries({"filter": {"name": a, "where": "lang = 'en'"}}, {"normalise": {}},
                     {"language": {"keep": ["en"], "min_score": 0.5}}, {"filter": b},
                     {"exact_dedup": {}})  # fmt: skip
    ledger = pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.Float64)).lazy()
    return SimpleNamespace(job=SimpleNamespace(stages=stages), scan_ledger=lambda: ledger)


def read(run: Any, said: str, filter: str | None = None) -> tuple[Any, ...]:
    """Return what one setting changes."""
    (change,) = read_changes(run, filter, [said])
    assert change.said == said
    return change.entry.title, change.rule, change.keep, change.cut, change.was


@pytest.mark.parametrize(
    ("said", "filter", "changed"),
    [
        ("short=words <= 9", None, ("3.filter:b", "short", "words <= 9", None, "words <= 90")),
        (' short = "words <= 9" ', None,
         ("3.filter:b", "short", "words <= 9", None, "words <= 90")),
        ("long=words >= 7", "b", ("3.filter:b", "long", "words >= 7", None, "words >= 5")),
        ("long=words >= 7", "0", ("0.filter:a", "long", "words >= 7", None, "words >= 10")),
        ("plain=off", "filter:a", ("0.filter:a", "plain", None, None, "digit_ratio <= 0.5")),
        ("stages.3.filter.long=words = 7", None,
         ("3.filter:b", "long", "words = 7", None, "words >= 5")),
        ("b.long=off", None, ("3.filter:b", "long", None, None, "words >= 5")),
        ("language.min_score=0.25", None, ("2.language", "", None, 0.25, "0.5")),
        ("2.min_score=0", None, ("2.language", "", None, 0.0, "0.5")),
        ("language.min_score=1", None, ("2.language", "", None, 1.0, "0.5")),
        ("language.min_score=0.12345678", None, ("2.language", "", None, 0.123457, "0.5")),
    ],
)  # fmt: skip
def test_a_setting_names_a_rule_or_a_cut(
    run: Any, said: str, filter: str | None, changed: tuple[Any, ...]
) -> None:
    assert read(run, said, filter) == changed


@pytest.mark.parametrize(
    ("said", "filter", "told"),
    [
        ("short", None, 'write RULE="SQL", or STAGE.min_score=NUMBER'),
        ("=words <= 9", None, 'write RULE="SQL"'),
        ("short= ", None, 'write RULE="SQL"'),
        ("long=words >= 7", None, "give --filter: 0.filter:a, 3.filter:b"),
        ("longg=words >= 7", None, "has such a rule, did you mean"),
        ("plain=words >= 7", "b", "3.filter:b has no rule 'plain'; available: long, short"),
        ("long=words >= 7", "c", "--filter c: no such filter; available: 0.filter:a, 3.filter:b"),
        ("long=words >= 7", "filter", "--filter filter: 2 filters of that name; available: 0."),
        ("filter.long=words >= 7", None, "--set filter.long: 2 stages of the name filter; availa"),
        ("nothing.long=words >= 7", None, "no stage of the name nothing; available: 0.filter:a"),
        ("language.min_score=1.01", None, "min_score is a number from 0 to 1, not '1.01'"),
        ("language.min_score=-0.01", None, "min_score is a number from 0 to 1, not '-0.01'"),
        ("language.min_score=high", None, "min_score is a number from 0 to 1, not 'high'"),
        ("language.keep=zh", None, "only min_score of 2.language can be tried here"),
        ("normalise.form=NFC", None, "1.normalise has no cut that can be tried"),
        ('short="', None, "--set short=\":"),
        ('short=""', None, "it ends where a signal, a number or a text in 'quotes' should stand"),
        ("short=1 < 2", None, "'1 < 2' reads no signal; to leave the rule out: off"),
        ("short=wrods < 2", None, "reads 'wrods', which was not measured in this run, did you"),
    ],
)  # fmt: skip
def test_what_cannot_be_changed_is_said_with_what_can(
    run: Any, said: str, filter: str | None, told: str
) -> None:
    with pytest.raises(JobError) as error:
        read_changes(run, filter, [said])
    assert told in str(error.value)


def test_what_a_run_has_not_measured_is_told_by_the_names_of_signals(run: Any) -> None:
    with pytest.raises(JobError, match=r"measured: digit_ratio, lang, lang_score, title, words$"):
        read_changes(run, "b", ["short=upper_ratio < 0.5"])


def test_one_rule_is_changed_once(run: Any) -> None:
    with pytest.raises(JobError, match="--set short=off: is changed twice"):
        read_changes(run, "b", ["long=off", "short=words < 9", "short=off"])
    both = read_changes(run, None, ["a.long=off", "b.long=off"])
    assert [change.entry.title for change in both] == ["0.filter:a", "3.filter:b"]


def test_what_may_be_set_is_every_rule_and_cut(run: Any) -> None:
    assert settable(run, None) == [
        {"stage": "0.filter:a", "rule": "long", "keep": "words >= 10"},
        {"stage": "0.filter:a", "rule": "plain", "keep": "digit_ratio <= 0.5"},
        {"stage": "2.language", "rule": "language.min_score", "keep": "lang_score >= 0.5"},
        {"stage": "3.filter:b", "rule": "long", "keep": "words >= 5"},
        {"stage": "3.filter:b", "rule": "short", "keep": "words <= 90"},
    ]
    assert [one["rule"] for one in settable(run, "b")] == ["long", "short"]


def test_limits_and_columns_are_those_of_the_new_condition(run: Any) -> None:
    settings = ("short=words < 9 OR lang = 'en'", "short=off", "language.min_score=0.25")
    rule, off, cut = (read_changes(run, None, [said])[0] for said in settings)
    assert (rule.reads, rule.limits) == (("words", "lang"), ())
    assert (off.reads, off.limits) == ((), ())
    assert (cut.reads, cut.limits) == (("lang_score",), (Limit("lang_score", low=0.25),))
    assert read_changes(run, None, ["short=words < 9"])[0].limits == (
        Limit("words", high=9, high_open=True),
    )


def test_a_condition_reads_the_text_that_its_stage_met(run: Any) -> None:
    (first,) = read_changes(run, "a", ["long=words >= 7"])
    (last,) = read_changes(run, "b", ["long=words >= 7"])
    names = ["words@0", *COLUMNS]
    assert columns_of(first, names) == {"words": ["words@0", "words"], "lang": ["lang"]}
    assert columns_of(last, names) == {"words": ["words@2", "words"]}
    made, called = judged(last, names)
    assert called == {"words": "_3:words"}
    rows = pl.DataFrame({"words@2": [3, None], "words": [8, 8]})
    assert rows.select(**made).rows() == [(3,), (8,)]


def failing(change: Change, rows: pl.DataFrame) -> list[bool]:
    """Return which rows fail a change."""
    called = {name: name for name in rows.columns}
    return rows.select(fails=fails(change, rows.schema, called))["fails"].to_list()


def test_what_is_unknown_fails_a_rule_and_not_a_cut(run: Any) -> None:
    rows = pl.DataFrame({"words": [6, 7, None], "lang_score": [0.24, 0.25, None]})
    (rule,) = read_changes(run, "b", ["long=words >= 7"])
    assert failing(rule, rows) == [True, False, True]
    (cut,) = read_changes(run, None, ["language.min_score=0.25"])
    assert failing(cut, rows) == [True, False, False]


def test_nobody_fails_a_rule_that_is_off(run: Any) -> None:
    (change,) = read_changes(run, "b", ["long=off"])
    assert failing(change, pl.DataFrame({"words": [6, None]})) == [False]  # the same for all


def test_only_what_the_stage_judges_fails(run: Any) -> None:
    (change,) = read_changes(run, "a", ["long=words >= 7"])
    rows = pl.DataFrame({"words": [6, 6, 6, 7], "lang": ["en", "zh", None, "en"]})
    assert failing(change, rows) == [True, False, False, False]


def test_a_changed_filter_says_no_more_than_its_file_did(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    told = {"title": "mine", "source": [{"cite": "ours"}], "rules": [
        {"name": "a", "keep": "words >= 1", "note": "few"}, {"name": "b", "keep": "words <= 9"},
        {"name": "c", "keep": "words != 5"}]}  # fmt: skip
    path.write_text(yaml.safe_dump(told))
    stages = entries({"filter": str(path)})
    changes = [Change(stages, stages[0], "", "a", "words >= 2"),
               Change(stages, stages[0], "", "b", None)]  # fmt: skip
    assert yaml.safe_load(changed_filter(changes)) == {**told, "rules": [
        {"name": "a", "keep": "words >= 2", "note": "few"}, {"name": "c", "keep": "words != 5"},
    ]}  # fmt: skip

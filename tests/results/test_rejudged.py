"""Rows under other thresholds, told from a few rows of a ledger written by hand."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.entries import entries, rules

from cleaner.job.job_file import Entry
from cleaner.results.changes import Change
from cleaner.results.rejudged import Rejudged, distance

KEPT: dict[str, Any] = {"fate": "kept", "stage": None, "broken": None}


@pytest.fixture
def job(tmp_path: Path) -> tuple[Entry, ...]:
    """Two filters judged together, a language, a stage that compares, and a filter after it."""
    a = rules(tmp_path, "a", long="words >= 10", plain="digit_ratio <= 0.5")
    b = rules(tmp_path, "b", short="words <= 90")
    c = rules(tmp_path, "c", even="upper_ratio <= 0.5")
    return entries({"filter": a}, {"filter": b}, {"language": {"keep": ["en"], "min_score": 0.5}},
                   {"exact_dedup": {}}, {"filter": c})  # fmt: skip


def change(job: tuple[Entry, ...], index: int, rule: str, keep: str | None) -> Change:
    """Return one rule with another condition."""
    return Change(job, job[index], f"{rule}={keep}", rule, keep)


def rejudged(job: tuple[Entry, ...], changes: list[Change], *rows: dict[str, Any]) -> Rejudged:
    """Return rows of a ledger under some changes."""
    schema = {"fate": pl.String, "stage": pl.String, "broken": pl.List(pl.String),
              "words": pl.UInt32, "lang_score": pl.Float64}  # fmt: skip
    named = [{**dict.fromkeys(schema), **row} for row in rows]
    return Rejudged(job, changes, pl.DataFrame(named, schema=schema).lazy())


def fell(title: str, *broken: str, **more: Any) -> dict[str, Any]:
    """Return a row that fell at a stage."""
    return {"fate": "dropped", "stage": title, "broken": list(broken), **more}


def told(found: Rejudged, until: int | None = None) -> list[tuple[bool, bool]]:
    """Return of each row that reached the change whether it falls, and whether nobody knows."""
    rows = found.reached().select(falls=found.falls(until), unsure=found.unsure(until))
    return list(rows.collect().rows())


KEEPS, FALLS, UNKNOWN = (False, False), (True, False), (False, True)


def test_a_rule_drops_what_it_now_finds_and_lets_back_what_only_it_had_dropped(job: Any) -> None:
    found = rejudged(
        job, [change(job, 4, "even", "words >= 20")],
        {**KEPT, "words": 20}, {**KEPT, "words": 19}, {**KEPT, "words": None},
        fell("4.filter:c", "even", words=20), fell("4.filter:c", "even", words=19),
        fell("4.filter:c", "even", "other", words=20),  # a rule that is not changed
        {**fell("4.filter:c", words=50), "fate": "failed"},
    )  # fmt: skip
    assert told(found) == [KEEPS, FALLS, FALLS, KEEPS, FALLS, FALLS, FALLS]


def test_a_rule_that_is_off_drops_nothing(job: Any) -> None:
    found = rejudged(job, [change(job, 4, "even", None)], {**KEPT}, fell("4.filter:c", "even"))
    assert told(found) == [KEEPS, KEEPS]


def test_what_fell_before_the_change_is_not_among_the_rows(job: Any) -> None:
    found = rejudged(
        job, [change(job, 4, "even", "words >= 20")],
        fell("3.exact_dedup", words=50), {**fell("read"), "fate": "failed"}, {**KEPT, "words": 50},
    )  # fmt: skip
    assert told(found) == [KEEPS]


def test_of_what_comes_in_only_those_judged_together_say_what_they_think(job: Any) -> None:
    found = rejudged(
        job, [change(job, 0, "long", "words >= 5")],
        fell("0.filter:a", "long", words=5),  # nobody knows what the language is
        fell("0.filter:a", "long", "b.short", words=5),  # the other filter would drop it
        fell("0.filter:a", "long", "plain", words=5),  # so would a rule that is not changed
        fell("1.filter:b", "short", words=95), fell("2.language", "language", words=50),
        {**KEPT, "words": 50}, {**KEPT, "words": 4},
    )  # fmt: skip
    assert told(found) == [UNKNOWN, FALLS, FALLS, FALLS, FALLS, KEEPS, FALLS]
    assert told(found, until=1) == [KEEPS, KEEPS, FALLS, KEEPS, KEEPS, KEEPS, FALLS]
    assert told(found, until=2)[:2] == [KEEPS, FALLS]
    assert found.unseen() == ["2.language", "4.filter:c"]


def test_a_change_of_the_last_filter_leaves_nobody_who_never_saw_it(job: Any) -> None:
    assert rejudged(job, [change(job, 4, "even", None)], KEPT).unseen() == []
    assert rejudged(job, [], KEPT).unseen() == []
    assert rejudged(job, [], KEPT).first == len(job)


def test_both_of_two_filters_judged_together_may_change(job: Any) -> None:
    changes = [change(job, 0, "long", "words >= 5"), change(job, 1, "short", "words <= 60")]
    found = rejudged(
        job, changes,
        fell("0.filter:a", "long", words=5), fell("0.filter:a", "long", "b.short", words=5),
        fell("1.filter:b", "short", words=95), fell("1.filter:b", "short", words=60),
        {**KEPT, "words": 61}, {**KEPT, "words": 60},
    )  # fmt: skip
    assert told(found) == [UNKNOWN, UNKNOWN, FALLS, UNKNOWN, FALLS, KEEPS]
    assert told(found, until=2) == [KEEPS, KEEPS, FALLS, KEEPS, FALLS, KEEPS]


def test_filters_of_one_name_cannot_be_told_apart_in_a_row(tmp_path: Path) -> None:
    a, b = rules(tmp_path, "a", long="words >= 10"), rules(tmp_path, "b", short="words <= 90")
    twice = entries({"filter": a}, {"filter": b}, {"filter": b})
    found = rejudged(
        twice, [change(twice, 0, "long", "words >= 5")],
        fell("0.filter:a", "long", "b.short", words=5), {**KEPT, "words": 50},
    )  # fmt: skip
    assert told(found) == [UNKNOWN, KEEPS]


def test_what_only_tags_drops_nobody_whatever_its_rule(tmp_path: Path) -> None:
    a = rules(tmp_path, "a", long="words >= 10")
    b = rules(tmp_path, "b", short="words <= 90")
    tags = entries({"filter": a}, {"filter": {"name": b, "action": "tag"}})
    found = rejudged(
        tags, [change(tags, 1, "short", "words <= 40")],
        {**KEPT, "words": 50}, {**fell("1.filter:b"), "fate": "failed"},
    )  # fmt: skip
    assert told(found) == [KEEPS, FALLS]
    before = rejudged(
        tags, [change(tags, 0, "long", "words >= 5")],
        fell("0.filter:a", "long", "b.short", words=5),
    )  # fmt: skip
    assert told(before) == [KEEPS]
    assert before.unseen() == []


def cut(job: tuple[Entry, ...], index: int, score: float) -> Change:
    """Return a stage with its cut at another score."""
    return Change(job, job[index], f"min_score={score}", cut=score)


def test_a_language_whose_score_may_not_have_counted_is_unknown(job: Any) -> None:
    found = rejudged(
        job, [cut(job, 2, 0.7)],
        {**KEPT, "lang_score": 0.7},
        {**KEPT, "lang_score": 0.69},  # it passed 0.5: whether its score counts nobody knows
        {**KEPT, "lang_score": 0.49},  # it was kept below the cut: its score never counted
        {**KEPT, "lang_score": None},
        fell("2.language", "language", lang_score=0.9),
    )  # fmt: skip
    assert told(found) == [KEEPS, UNKNOWN, KEEPS, KEEPS, FALLS]
    lower = rejudged(
        job, [cut(job, 2, 0.3)],
        fell("2.language", "low_score", lang_score=0.3),
        fell("2.language", "low_score", lang_score=0.29),
        fell("2.language", "language", lang_score=0.3),
        {**KEPT, "lang_score": 0.29}, {**KEPT, "lang_score": 0.5},
    )  # fmt: skip
    assert told(lower) == [UNKNOWN, FALLS, FALLS, KEEPS, KEEPS]
    assert told(lower, until=3) == [KEEPS, FALLS, FALLS, KEEPS, KEEPS]


def shadow(job: tuple[Entry, ...], changes: list[Change], *rows: dict[str, Any]) -> Rejudged:
    """Return rows of the shadow: what each stage says of each is in `broken@<index>`."""
    verdicts = {f"broken@{index}": pl.List(pl.String) for index in (0, 1, 2, 4)}
    schema = {
        "fate": pl.String,
        "stage": pl.String,
        "broken": pl.List(pl.String),
        "words": pl.UInt32,
        "lang_score": pl.Float64,
        "text": pl.String,
        **verdicts,
    }
    nothing: dict[str, Any] = {name: [] for name in verdicts}
    named = [{**dict.fromkeys(schema), **KEPT, **nothing, **row} for row in rows]  # fmt: skip
    return Rejudged(job, changes, pl.DataFrame(named, schema=schema).lazy())


def passing(found: Rejudged, until: int | None = None) -> list[bool]:
    """Return which rows of the shadow pass; the score of a text counts where it says so."""
    made = found.passes(lambda texts: texts == "doubted", until)
    return found.reached().select(passes=made).collect()["passes"].to_list()


def test_a_row_of_the_shadow_passes_where_every_changed_and_later_stage_keeps_it(job: Any) -> None:
    found = shadow(
        job, [change(job, 1, "short", "words <= 20")],
        {"words": 20}, {"words": 21}, {"words": 0}, {"words": None},
        {"words": 20, "broken@1": ["short"]},  # by the rule that is changed
        {"words": 20, "broken@1": ["short", "other"]},
        {"words": 20, "broken@0": ["long"]},  # before the change
        {"words": 1},
        {"words": 20, "broken@4": ["even"]}, {"words": 20, "broken@2": None},
    )  # fmt: skip
    assert passing(found) == [True, False, False, False, True, False, True, True, False, False]
    assert passing(found, until=4)[-2:] == [True, False]
    assert passing(found, until=2)[-2:] == [True, True]


def test_a_low_score_counts_where_the_text_is_doubted(job: Any) -> None:
    found = shadow(
        job, [cut(job, 2, 0.7)],
        {"words": 9, "lang_score": 0.6, "text": "doubted"},
        {"words": 9, "lang_score": 0.6, "text": "sure"},
        {"words": 9, "lang_score": 0.8, "text": "doubted"},
    )  # fmt: skip
    assert passing(found) == [False, True, True]


def test_a_stage_that_tags_stops_no_row_of_the_shadow(tmp_path: Path) -> None:
    b = rules(tmp_path, "b", short="words <= 90")
    tags = entries({"filter": {"name": b, "action": "tag"}}, {"exact_dedup": {}})
    found = shadow(tags, [change(tags, 0, "short", "words <= 2")], {"words": 9})
    assert passing(found) == [True]


def test_distance_is_to_the_nearest_new_limit(job: Any) -> None:
    rows = pl.DataFrame({"words": [4, 12, 30, None]})
    near = distance([change(job, 0, "long", "words BETWEEN 10 AND 20")], rows.columns)
    assert near is not None
    assert rows.select(near)["words"].to_list() == [6.0, 2.0, 10.0, None]
    both = distance([change(job, 0, "long", "words >= 10"), change(job, 1, "short", "words <= 33")],
                    rows.columns)  # fmt: skip
    assert both is not None
    assert rows.select(both)["words"].to_list() == [6.0, 2.0, 3.0, None]
    assert distance([change(job, 0, "long", "words = 3 OR words = 9")], rows.columns) is None
    assert distance([change(job, 0, "long", "digits >= 1")], rows.columns) is None

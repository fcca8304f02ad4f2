"""Values of signals as they were counted, read back from a few cells."""

import io
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from cleaner.errors import JobError
from cleaner.results.values import signals, values
from cleaner.rules.conditions import Limit

CELLS = pl.DataFrame(
    [
        ("1.filter:b", "many", "words", "", "", 20.0, True, 7),
        ("0.filter:a", "few", "words", "", "", 10.0, True, 4),
        ("0.filter:a", "few", "words", "", "", 5.0, True, 3),
        ("0.filter:a", "few", "words", "", "", 5.0, False, 2),
        ("0.filter:a", "few", "words", "", "", 1.0, False, 1),
        ("0.filter:a", "few", "words", "", "", None, True, 6),
        ("0.filter:a", "few", "words", "", "", None, False, 5),
        ("0.filter:a", "clean", "digits", "", "", 0.5, True, 9),
        ("0.filter:a", "few", "words", "source", "x", 5.0, True, 1),
        ("0.filter:a", "few", "words", "source", "y", 5.0, True, 2),
        ("0.filter:a", "few", "words", "source", "z", 5.0, False, 2),
        ("2.classify", "", "score", "", "", 0.25, True, 8),
        ("2.classify", "", "other", "", "", 0.25, True, 8),
    ],
    schema={"stage": pl.String, "rule": pl.String, "signal": pl.String, "by": pl.String,
            "value": pl.String, "edge": pl.Float64, "alone": pl.Boolean, "documents": pl.UInt64},
    orient="row",
)  # fmt: skip


@pytest.fixture
def run() -> Any:
    """The record of a run that counted CELLS."""
    held = io.BytesIO()
    CELLS.write_parquet(held)
    stats = {
        "rules": [
            {"stage": "0.filter:a", "rule": "clean", "keep": "digits < 0.5"},
            {"stage": "0.filter:a", "rule": "few", "keep": "words >= 5"},
            {"stage": "1.filter:b", "rule": "many", "keep": "words <= 20"},
        ],
        "judges": [
            {"stage": "0.filter:a", "limits": []}, {"stage": "1.filter:b", "limits": []},
            {"stage": "2.classify", "limits": [{"signal": "score", "low": 0.5, "high": None}]},
        ],
    }  # fmt: skip
    return SimpleNamespace(record=lambda name: held.getvalue(), stats=stats)


def test_counts_stand_by_edge_on_the_side_of_what_else_fails(run: Any) -> None:
    (few,) = values(run, rule="few")
    assert (few.stage, few.rule, few.signal, few.by, few.value) == (
        "0.filter:a", "few", "words", "", "",
    )  # fmt: skip
    assert (few.edges, few.alone, few.others) == ((1, 5, 10), (0, 3, 4), (1, 2, 0))
    assert (few.documents, few.unmeasured, few.limit) == ((1, 5, 4), 11, Limit("words", low=5))
    assert few.quantiles([0.0, 0.5, 0.99]) == [1, 5, 10]


def test_what_is_asked_for_is_found_in_the_order_of_the_job(run: Any) -> None:
    found = [(one.stage, one.rule, one.signal) for one in values(run)]
    assert found == [
        ("0.filter:a", "clean", "digits"), ("0.filter:a", "few", "words"),
        ("1.filter:b", "many", "words"), ("2.classify", "", "other"), ("2.classify", "", "score"),
    ]  # fmt: skip
    assert [one.rule for one in values(run, "words")] == ["few", "many"]
    assert [one.rule for one in values(run, stage="1.filter:b")] == ["many"]
    assert values(run, "nothing") == ()
    assert signals(run) == ("digits", "other", "score", "words")


def test_a_score_has_the_limit_of_its_stage(run: Any) -> None:
    (score,), (other,) = values(run, "score"), values(run, "other")
    assert score.limit == Limit("score", low=0.5)
    assert other.limit == Limit("other")


def test_of_sources_the_largest_comes_first_and_equals_by_name(run: Any) -> None:
    found = values(run, "words", by="source")
    assert [(one.value, one.by, one.alone, one.others) for one in found] == [
        ("y", "source", (2,), (0,)), ("z", "source", (0,), (2,)), ("x", "source", (1,), (0,)),
    ]  # fmt: skip


def test_another_limit_lets_pass_what_lies_inside(run: Any) -> None:
    (few,) = values(run, rule="few")
    assert few.passing(Limit("words", low=5)) == (7, 2)
    assert few.passing(Limit("words", low=1, high=10, high_open=True)) == (3, 3)
    with pytest.raises(JobError, match=r"words: 5\.00001 lies between two edges"):
        few.passing(Limit("words", low=5.00001))
    with pytest.raises(JobError, match="between two edges"):
        few.passing(Limit("words", low=5, high=7.0000123))

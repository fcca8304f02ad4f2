"""`cleaner.judge`: texts judged without a job, Polars or Arrow."""

import polars as pl
import pyarrow as pa
import pytest

import cleaner
from cleaner.errors import JobError
from cleaner.rules.rule_set import load_rules, parse_rules

DOCS = pl.DataFrame({"text": ["too short", "x " * 400], "id": ["a", "b"]})


def test_a_frame_comes_back_with_the_broken_rules() -> None:
    judged = cleaner.judge(DOCS, "mc4_paragraphs")
    assert judged.columns == ["text", "id", "broken"]
    assert judged["broken"].to_list() == [["long_lines"], ["long_lines"]]
    assert cleaner.judge(DOCS, load_rules("mc4_paragraphs")).equals(judged)


def test_arrow_comes_back_as_arrow() -> None:
    judged = cleaner.judge(DOCS.to_arrow(), "mc4_paragraphs")
    assert isinstance(judged, pa.Table)
    assert judged.column_names == ["text", "id", "broken"]


def test_signals_that_are_there_are_taken_as_measured() -> None:
    there = DOCS.with_columns(long_lines=pl.Series([3, 2], dtype=pl.UInt32))
    assert cleaner.judge(there, "mc4_paragraphs")["broken"].to_list() == [[], ["long_lines"]]


def test_formulas_count_as_one_unless_told_otherwise() -> None:
    rules = parse_rules(
        "title: t\nsource: {cite: ours}\nrules: [{name: long, keep: characters > 10}]",
        "t",
        "t.yaml",
    )
    docs = pl.DataFrame({"text": ["so $x^2 + y^2 = z^2$"]})
    assert cleaner.judge(docs, rules)["broken"].to_list() == [["long"]]
    assert cleaner.judge(docs, rules, formulas=False)["broken"].to_list() == [[]]


def test_another_column_may_hold_the_text() -> None:
    docs = pl.DataFrame({"content": ["a"]})
    assert cleaner.judge(docs, "mc4_paragraphs", text="content")["broken"][0].to_list() == [
        "long_lines"
    ]
    with pytest.raises(JobError, match="needs the columns text; the frame has: content"):
        cleaner.judge(docs, "mc4_paragraphs")


def test_the_name_stays_a_function() -> None:
    cleaner.judge(DOCS, "mc4_paragraphs")
    assert callable(cleaner.judge)

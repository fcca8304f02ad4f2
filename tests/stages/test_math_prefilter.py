"""The stage `math_prefilter`: pages without mathematics fall, texts pass."""

import polars as pl
import pytest
from pydantic import ValidationError

from cleaner.stages.math_prefilter import MathPrefilter


def test_pages_without_mathematical_markup_fall_with_their_reason() -> None:
    docs = pl.DataFrame({"row": [0, 1, 2], "html": [b"<p>x</p>", b"<math>x</math>", b""]})
    out = MathPrefilter()(docs)
    assert out.drop("broken").equals(docs)
    assert out["broken"].to_list() == [["no_math_markup"], [], ["no_math_markup"]]


def test_rows_that_are_text_already_pass() -> None:
    docs = pl.DataFrame(
        {"html": [None, None], "text": ["a", None]}, schema_overrides={"html": pl.Binary}
    )
    assert MathPrefilter()(docs)["broken"].to_list() == [[], []]


def test_frames_may_be_cut_anywhere() -> None:
    docs = pl.DataFrame({"html": ["<p>x</p>", "<math>", r"<p>数学题目：\(x=1\)", "<p>y</p>"]})
    stage = MathPrefilter()
    parts = pl.concat([stage(docs[:1]), stage(docs[1:1]), stage(docs[1:])])
    assert parts.equals(stage(docs))


def test_it_needs_the_page_and_knows_three_ways_with_weak_evidence() -> None:
    assert MathPrefilter().needs() == {"html"}
    with pytest.raises(ValidationError):
        MathPrefilter.model_validate({"weak": "sometimes"})


def test_only_those_that_on_names_are_judged() -> None:
    docs = pl.DataFrame({"html": [b"<p>plain</p>"] * 3, "source": ["a", "b", None]})
    judged = MathPrefilter(on="source = 'a'")
    assert judged.needs() == {"html", "source"}
    assert judged(docs)["broken"].list.len().to_list() == [1, 0, 0]

"""The stage `sample`: a share of the rows, the same ones whatever frame they come in."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cleaner.stages.sample import Sample
from cleaner.storage.row_key import sample_key

ROWS = pl.DataFrame({"file": [0] * 5000 + [1] * 5000, "row": [*range(5000), *range(5000)]})


def kept(stage: Sample, docs: pl.DataFrame = ROWS) -> pl.Series:
    return stage(docs)["broken"].list.len() == 0


@pytest.mark.parametrize(("share", "low", "high"), [(0, 0, 0), (0.1, 900, 1100), (1, 10000, 10000)])
def test_a_share_of_the_rows_is_kept(share: float, low: int, high: int) -> None:
    assert low <= kept(Sample(share=share)).sum() <= high


def test_the_others_are_told_why() -> None:
    found = Sample(share=0.5)(ROWS)["broken"].explode().drop_nulls().unique()
    assert found.to_list() == ["not_sampled"]


def test_a_smaller_share_lies_within_a_greater_one() -> None:
    assert not (kept(Sample(share=0.1)) & ~kept(Sample(share=0.2))).any()


def test_another_seed_draws_others() -> None:
    both = kept(Sample(share=0.1)) & kept(Sample(share=0.1, seed=1))
    assert 50 <= both.sum() <= 160


@given(cut=st.integers(0, 10000))
def test_the_frame_does_not_matter(cut: int) -> None:
    stage = Sample(share=0.3)
    parts = pl.concat([kept(stage, ROWS[:cut]), kept(stage, ROWS[cut:])])
    assert parts.to_list() == kept(stage).to_list()


def test_keys_differ_by_file_row_and_seed() -> None:
    keys = sample_key(ROWS["file"], ROWS["row"], 0)
    assert keys.dtype == pl.UInt64
    assert keys.n_unique() == ROWS.height
    assert (keys == sample_key(ROWS["file"], ROWS["row"], 7)).sum() == 0


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"share": 0.1, "documents": 5},
        {"share": 2},
        {"seed": -1},
        {"documents": 5, "on": "words > 3"},
        {"share": 0.1, "on": "words >"},
    ],
)
def test_wrong_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Sample.model_validate(options)


def test_only_those_that_on_names_are_drawn() -> None:
    docs = ROWS[:100].with_columns(source=pl.Series(["a", "b"] * 50))
    fallen = Sample(share=0, on="source = 'b'")(docs).filter(pl.col("broken").list.len() > 0)
    assert fallen["source"].to_list() == ["b"] * 50

"""Lower ranks are kept; what is unknown ranks last."""

from datetime import date, datetime

import polars as pl
import pytest

from cleaner.dedup.ranks import OLDEST, WORST, ranks
from cleaner.errors import JobError


def order(docs: pl.DataFrame, *policy: object) -> list[int]:
    """Return the rows in the order in which they would be kept."""
    return ranks(docs, *policy).arg_sort().to_list()  # type: ignore[arg-type]


def test_longest_counts_characters() -> None:
    assert order(pl.DataFrame({"text": ["ab", "中中中", None, "abcd"]}), "longest") == [3, 1, 0, 2]


def test_longest_before_extract_goes_by_the_page() -> None:
    assert order(pl.DataFrame({"html": [b"ab", b"abc"]}), "longest") == [1, 0]


def test_best_rounds_to_six_decimals_and_unknown_is_worst() -> None:
    scores = [0.5, 0.5 + 1e-8, None, float("nan"), float("inf"), -3.0]
    found = ranks(pl.DataFrame({"s": scores}), "best", "s")
    assert found[0] == found[1]
    assert found[2] == found[3] == WORST
    assert found.arg_sort().to_list()[0] == 4


@pytest.mark.parametrize("scores", [[1, 3, None], [False, True, None], [1.0, 3.0, None]])
def test_best_takes_numbers(scores: list) -> None:
    assert order(pl.DataFrame({"s": scores}), "best", "s") == [1, 0, 2]


@pytest.mark.parametrize(
    "dates",
    [
        ["2024-01-02", "2024-01-02T00:00:01Z", "2023-05-06 07:08:09", "soon", None],
        [date(2024, 1, 1), date(2024, 1, 2), date(2023, 1, 1), None, None],
        [datetime(2024, 1, 1), datetime(2024, 1, 1, 1), datetime(2023, 1, 1), None, None],
        [1704067200, 1704067201, 7, None, None],
    ],
)
def test_newest_reads_what_dates_are_made_of(dates: list) -> None:
    assert order(pl.DataFrame({"date": dates}, strict=False), "newest")[:3] == [1, 0, 2]


def test_source_priority() -> None:
    docs = pl.DataFrame({"source": ["web", "books", None, "arxiv"]})
    assert order(docs, "source_priority", None, ("arxiv", "books")) == [3, 1, 0, 2]


def test_first_is_the_key_alone() -> None:
    assert ranks(pl.DataFrame({"text": ["a", "bb"]}), "first").to_list() == [0, 0]


@pytest.mark.parametrize(
    ("policy", "said"),
    [(("best", "score"), "score"), (("newest",), "date"), (("best", "text"), "takes a number")],
)
def test_a_policy_without_its_column_is_refused(policy: tuple, said: str) -> None:
    with pytest.raises(JobError, match=said):
        ranks(pl.DataFrame({"text": ["a"]}), *policy)


def test_the_least_and_the_greatest_rank_are_those_of_64_bits() -> None:
    assert (OLDEST, WORST) == (-9_223_372_036_854_775_808, 9_223_372_036_854_775_807)
    found = ranks(pl.DataFrame({"s": [1, None]}), "best", "s")
    assert (found.dtype, found.name) == (pl.Int64, "rank")
    assert found.to_list() == [-1, 9_223_372_036_854_775_807]


def test_each_policy_has_its_numbers() -> None:
    docs = pl.DataFrame({"text": ["ab", "abc"], "source": ["b", "x"], "s": [0.25, 9e15],
                         "date": ["1970-01-01T00:00:01Z", None]})  # fmt: skip
    assert ranks(docs, "longest").to_list() == [-2, -3]
    assert ranks(docs, "source_priority", None, ("a", "b")).to_list() == [1, 2]
    assert ranks(docs, "newest").to_list() == [-1_000_000, WORST]
    # Millionths; what is too large for 64 bits counts as 9e12.
    assert ranks(docs, "best", "s").to_list() == [-250_000, -9_000_000_000_000_000_000]
    first = ranks(docs, "first")
    assert (first.dtype, first.name, first.to_list()) == (pl.Int64, "rank", [0, 0])


def test_best_takes_times_too() -> None:
    docs = pl.DataFrame({"seen": [date(1970, 1, 2), date(1970, 1, 5)]})
    assert ranks(docs, "best", "seen").to_list() == [-1, -4]
    with pytest.raises(JobError, match=r"^keep: best needs the column best_by"):
        ranks(docs, "best")

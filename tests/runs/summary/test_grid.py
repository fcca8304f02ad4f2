"""Edges at which values are counted: decimal, the same everywhere, with the limits among them."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.rules.conditions import Limit, parse
from cleaner.runs.summary.count import within
from cleaner.runs.summary.grid import COARSE, FINE, bins, edges, grid, limit_edges, quantiles

numbers = st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None)
@given(values=st.lists(numbers, min_size=1))
def test_a_value_lies_in_the_one_bin_that_begins_at_or_below_it(values: list[float]) -> None:
    among = grid(FINE)
    for value, place in zip(values, bins(np.array(values), among), strict=True):
        assert among[place] <= value
        assert place == len(among) - 1 or value < among[place + 1]


def test_edges_are_numbers_that_a_person_would_write() -> None:
    assert {0.1, 0.3, 0.75, 1.0, 50.0, 1e5, -0.2} <= set(grid(COARSE))
    assert set(grid(COARSE)) <= set(grid(FINE))
    assert {0.123, 997.0} <= set(grid(FINE)) - set(grid(COARSE))


@pytest.mark.parametrize(
    "keep",
    ["x >= 0.1", "x > 0.1", "x <= 0.1", "x < 0.1", "x = 50", "x BETWEEN 0.1 AND 77.7777", "x > 0"],
)
@settings(deadline=None)
@given(value=numbers | st.sampled_from([0.1, 50.0, 77.7777, 0.0, -0.0, 1e300]))
def test_what_a_limit_keeps_is_made_of_whole_bins(keep: str, value: float) -> None:
    (limit,) = parse(keep).limits
    frame = pl.DataFrame({"x": [value]}, schema={"x": pl.Float64})
    kept = frame.select(parse(keep).expression(frame.schema)).item()
    for digits in (FINE, COARSE):
        among = edges(digits, limit_edges([limit]))
        low = among[bins(np.array([value]), among)]
        assert bool(within(np.array([value]), limit)[0]) is kept
        # The bin's first value tells for all of it, except below the first edge of all.
        assert bool(within(low, limit)[0]) is kept


def test_an_open_limit_leaves_its_number_out() -> None:
    assert limit_edges([Limit("x", low=2, low_open=True)]) == (np.nextafter(2.0, 3.0),)
    assert limit_edges([Limit("x", high=2, high_open=True)]) == (2.0,)


def test_a_quantile_is_the_edge_of_its_bin() -> None:
    assert quantiles([0.0, 1.0, 2.0], [1, 0, 1], [0.0, 0.49, 0.5, 1.0]) == [0.0, 0.0, 2.0, 2.0]
    assert quantiles([], [], [0.5]) == []

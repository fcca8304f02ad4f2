"""Bars of a signal: round numbers between them, a limit always parts two, no document is lost."""

from typing import Any

import pytest

from cleaner.results.drawing import Bar, _inside, _joined, drawn, limit_text, number
from cleaner.results.values import Values
from cleaner.rules.conditions import Limit


def counted(limit: Limit, cells: dict[float, int]) -> Values:
    """Return values of a signal: edge -> documents that nothing else stands against."""
    edges, alone = tuple(map(float, cells)), tuple(cells.values())
    return Values("0.filter:a", "r", "words", limit, "", "", edges, alone, (0,) * len(edges), 0)


def lows(cells: dict[float, int], limit: Limit | None = None, **more: Any) -> list[float]:
    """Return where the bars begin."""
    return [bar.low for bar in drawn(counted(limit or Limit("words"), cells), **more)]


def test_bars_of_a_few_values() -> None:
    values = counted(Limit("words", low=3), dict.fromkeys(range(1, 6), 10))
    assert drawn(values, most=5) == [
        Bar(1.0, "1 … < 2", 10, False),
        Bar(2.0, "2 … < 3", 10, False),
        Bar(3.0, "3 … < 4", 10, True, "words >= 3"),
        Bar(4.0, "4 … < 5", 10, True),
        Bar(5.0, "5 …", 10, True),
    ]


def test_of_nothing_nothing_is_drawn() -> None:
    assert drawn(counted(Limit("words"), {})) == []


def test_one_value_is_one_bar() -> None:
    assert drawn(counted(Limit("words", low=3), {7: 4})) == [Bar(7.0, "7 …", 4, True)]


@pytest.mark.parametrize(
    ("limit", "inside", "said"),
    [
        (Limit("words", low=2), [False, True, True, True], {2.0: "words >= 2"}),
        (Limit("words", low=1, low_open=True), [False, True, True, True], None),
        (Limit("words", high=3, high_open=True), [True, True, False, False], {3.0: "words < 3"}),
        (Limit("words", high=3), [True, True, True, True, False], None),
        (Limit("words", low=2, high=3, high_open=True), [False, True, False, False],
         {2.0: "words >= 2", 3.0: "words < 3"}),
    ],
)  # fmt: skip
def test_a_limit_parts_what_it_keeps_from_the_rest(
    limit: Limit, inside: list[bool], said: dict[float, str] | None
) -> None:
    bars = drawn(counted(limit, {1: 5, 2: 5, 3: 5, 4: 5}), most=4)
    assert [bar.inside for bar in bars] == inside or said is None
    if said is not None:
        assert {bar.low: bar.limit for bar in bars if bar.limit} == said


def test_a_bar_that_begins_at_a_limit_is_inside_unless_the_limit_is_open() -> None:
    for at, inside in ((1.9, False), (2.0, True), (3.0, True), (3.1, False)):
        assert _inside(at, Limit("words", low=2, high=3)) is inside
    for at in (2.0, 3.0):
        open_ends = Limit("words", low=2, low_open=True, high=3, high_open=True)
        assert not _inside(at, open_ends)


def test_an_open_end_lies_just_beside_its_number() -> None:
    limit = Limit("words", low=2, low_open=True)
    cells = {1: 5, 2: 5, 2.0000000000000004: 0, 3: 5}
    bars = drawn(counted(limit, cells), most=4)
    assert [(bar.documents, bar.inside) for bar in bars if bar.documents] == [
        (5, False), (5, False), (5, True),
    ]  # fmt: skip
    assert [bar.limit for bar in bars if bar.limit] == ["words > 2"]


def test_a_limit_outside_of_all_values_parts_nothing() -> None:
    first = drawn(counted(Limit("words", low=1), {1: 2, 2: 2}), most=2)
    assert [bar.limit for bar in first] == ["words >= 1", "", ""]
    assert all(bar.inside for bar in first)
    assert {bar.limit for bar in drawn(counted(Limit("words", low=9), {1: 2, 2: 2}))} == {""}
    (one, *_, two) = drawn(counted(Limit("words", low=2), {1: 2, 2: 2}), most=2)
    assert (one.limit, two.limit) == ("", "words >= 2")


@pytest.mark.parametrize(
    ("last", "most", "begin"),
    [
        (10, 14, [*range(1, 11)]),
        (20, 14, [1, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20]),
        (30, 7, [1, 5, 10, 15, 20, 25, 30]),
        (30, 4, [1, 10, 20, 30]),
        (30, 3, [1, 10, 20, 30]),
    ],
)
def test_steps_are_round_and_equal(last: int, most: int, begin: list[float]) -> None:
    assert lows(dict.fromkeys(range(1, last + 1), 1), most=most) == begin


def test_unless_it_is_said_there_are_about_fourteen_bars() -> None:
    assert len(lows(dict.fromkeys(range(1, 16), 1))) == 15  # fourteen steps
    assert lows(dict.fromkeys(range(1, 17), 1)) == [1, 2, 4, 6, 8, 10, 12, 14, 16]


@pytest.mark.parametrize(
    ("last", "most", "begin"),
    [
        (100, 20, [1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 50, 60, 80, 100]),
        (100, 17, [1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 50, 60, 80, 100]),
        (100, 16, [1, 2, 3, 5, 10, 20, 30, 50, 100]),
        (100, 8, [1, 2, 5, 10, 20, 50, 100]),
        (100, 5, [1, 3, 10, 30, 100]),
        (100, 3, [1, 10, 100]),
        (100, 2, [1, 10, 100]),  # no fewer than the powers of ten
        (40, 6, [1, 2, 5, 10, 20]),
    ],
)
def test_far_values_are_parted_by_equal_ratios(last: int, most: int, begin: list[float]) -> None:
    cells = {edge: 1 for edge in (1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40) if edge <= last}
    assert lows({**cells, last: 1}, most=most) == begin


def test_no_document_is_lost_between_the_bars() -> None:
    cells = {float(n): n for n in range(-50, 400, 7)}
    cells = {edge: max(count, 1) for edge, count in cells.items()}
    for most in range(1, 20):
        for limit in (Limit("words", low=20), Limit("words", high=-1, high_open=True)):
            bars = drawn(counted(limit, cells), most)
            assert sum(bar.documents for bar in bars) == sum(cells.values())
            assert [bar.low for bar in bars] == sorted({bar.low for bar in bars})
            beyond = [bar.documents for bar in bars if not bar.inside]
            low, high = limit.low, limit.high
            assert sum(beyond) == sum(
                count for edge, count in cells.items()
                if (low is not None and edge < low) or (high is not None and edge >= high)
            )  # fmt: skip


def test_a_few_far_away_share_the_last_bar() -> None:
    assert lows({1: 500, 2: 500, 3: 500, 100: 3}, most=5) == [1, 1.5, 2, 2.5, 3]
    assert lows({1: 3, 101: 500, 102: 500, 103: 500}, most=5)[0] == 1


def test_empty_bars_at_the_end_go_unless_a_limit_begins_there() -> None:
    assert lows({1: 5, 2: 5, 3: 0, 4: 0}, most=4) == [1, 1.5, 2]
    kept = drawn(counted(Limit("words", low=4), {1: 5, 2: 5, 3: 0, 4: 0}), most=4)
    assert [(bar.low, bar.documents) for bar in kept][-1] == (4, 0)


def test_an_empty_bar_behind_a_single_one_goes() -> None:
    bars = [Bar(1, "", 5, True), Bar(2, "", 0, True), Bar(3, "", 0, True)]
    assert _joined([*bars]) == bars[:1]
    assert _joined(bars[1:]) == bars[1:2]  # something is always drawn


def test_numbers_are_told_in_few_digits() -> None:
    assert [number(one) for one in (None, 1234567.0, 1e15, -1e15, 0.1234567, -2.0)] == [
        "", "1,234,567", "1e+15", "-1e+15", "0.123457", "-2",
    ]  # fmt: skip
    assert limit_text(Limit("x", low=1, high=2, low_open=True)) == "x > 1 AND x <= 2"
    assert limit_text(Limit("x", high=2)) == "x <= 2"

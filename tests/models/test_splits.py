"""No site is ever on both sides."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.errors import JobError
from cleaner.models.training.splits import folds, held_out

documents = st.lists(
    st.tuples(
        st.integers(0, 12).map(str),
        st.sampled_from([("math", "en"), ("math", "zh"), ("web", "en"), ("web", "zh")]),
    ),
    min_size=1,
    max_size=80,
)


@given(documents, st.sampled_from([0.05, 0.1, 0.5]), st.integers(0, 3))
def test_whole_groups_are_held_out_and_something_is_left(
    rows: list[tuple[str, tuple[str, str]]], share: float, seed: int
) -> None:
    groups, strata = [list(column) for column in zip(*rows, strict=True)]
    held = held_out(groups, strata, share, seed)
    out = {group for group, is_out in zip(groups, held, strict=True) if is_out}
    assert out.isdisjoint(g for g, is_out in zip(groups, held, strict=True) if not is_out)
    for stratum in set(strata):
        sides = [is_out for s, is_out in zip(strata, held, strict=True) if s == stratum]
        assert not all(sides)


def test_about_the_share_that_was_asked() -> None:
    chance = np.random.default_rng(0)
    groups = [f"host {n}" for n in chance.integers(0, 400, 10_000)]
    strata = [("math" if n % 2 else "web", "zh") for n in range(10_000)]
    held = held_out(groups, strata, 0.1)
    assert 0.1 <= held.mean() < 0.12
    assert not np.array_equal(held, held_out(groups, strata, 0.1, seed=1))
    assert np.array_equal(held, held_out(groups, strata, 0.1))


@given(documents, st.integers(2, 4), st.integers(0, 2))
def test_every_fold_has_every_label_and_language(
    rows: list[tuple[str, tuple[str, str]]], count: int, seed: int
) -> None:
    groups, strata = [list(column) for column in zip(*rows, strict=True)]
    try:
        found = folds(groups, strata, count, seed)
    except JobError:
        return
    assert sorted(group for fold in found for group in fold) == sorted(set(groups))
    for fold in found:
        there = {s for g, s in zip(groups, strata, strict=True) if g in fold}
        assert there == set(strata)


def test_too_few_groups_for_the_folds() -> None:
    with pytest.raises(JobError, match=r"3 folds need 3 groups .*; math zh has 1, web zh has 2"):
        folds(["a", "b", "c"], [("math", "zh"), ("web", "zh"), ("web", "zh")], 3)

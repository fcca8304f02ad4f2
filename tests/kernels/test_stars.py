"""Overlaps of sorted sets against Python's own, and what a star may skip."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.kernels.dedup.stars import decide, shared, similar, sorted_sets

SETS = st.lists(st.frozensets(st.integers(0, 12), min_size=1), min_size=2, max_size=6)


def laid_out(sets: list[frozenset[int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    bounds = np.cumsum([0, *map(len, sets)])
    return bounds[:-1], bounds[1:], np.array([v for one in sets for v in sorted(one)], np.uint64)


@settings(deadline=None)
@given(sets=SETS)
def test_overlap_and_jaccard(sets: list[frozenset[int]]) -> None:
    starts, ends, values = laid_out(sets)
    for a, one in enumerate(sets):
        for b, other in enumerate(sets):
            assert shared(values, starts[a], ends[a], starts[b], ends[b]) == len(one & other)
            found = similar(starts, ends, values, np.array([a]), np.array([b]))[0]
            assert found == len(one & other) / len(one | other)


@settings(deadline=None)
@given(rows=st.lists(st.lists(st.integers(0, 9), max_size=9), min_size=1, max_size=5))
def test_rows_become_sets(rows: list[list[int]]) -> None:
    bounds = np.cumsum([0, *map(len, rows)])
    values = np.array([value for row in rows for value in row], np.uint64)
    first, found = sorted_sets(bounds, values)
    assert [found[a:b].tolist() for a, b in pairwise(first)] == [sorted(set(row)) for row in rows]


def test_a_subset_at_the_very_threshold_is_not_skipped() -> None:
    for size in range(2, 400):
        for part in {1, size // 3 + 1, size // 2 + 1, size - 1}:
            sets = [frozenset(range(size)), frozenset(range(part))]
            kept, jaccard = decide(
                *laid_out(sets), np.array([0, 0, 1]), np.array([0]), part / size, True, 0
            )
            assert kept.tolist() == [-1, 0]
            assert jaccard[1] == part / size


def test_a_copy_that_missed_the_bucket_of_the_kept_one_meets_it_through_another() -> None:
    sets = [frozenset(range(100)), frozenset(range(95)), frozenset(range(3, 100))]
    partners = np.array([0, 1])  # the second is paired with the first, the third with the second
    kept, _ = decide(*laid_out(sets), np.array([0, 0, 1, 2]), partners, 0.9, True, 0)
    assert kept.tolist() == [-1, 0, 0]
    kept, _ = decide(*laid_out(sets), np.array([0, 0, 1, 2]), partners, 0.98, True, 0)
    assert kept.tolist() == [-1, -1, -1]

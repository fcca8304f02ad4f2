"""Hash ranges, 128-bit products and repeats against Python's own integers."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.kernels.hashing import in_range, mix64, mixed_pairs, range_order, repeated

HASHES = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 5), max_size=60)


@settings(deadline=None)
@given(values=HASHES, parts=st.integers(1, 2**31))
def test_a_range_is_the_upper_half_of_the_product(values: list[int], parts: int) -> None:
    parts = min(parts, 10**6)
    order, bounds = range_order(np.array(values, np.uint64), parts)
    expected = [value * parts >> 64 for value in values]
    assert order.tolist() == sorted(range(len(values)), key=lambda i: expected[i])
    assert np.diff(bounds).nonzero()[0].tolist() == sorted(set(expected))
    for part in set(expected):
        found = in_range(np.array(values, np.uint64), parts, part)
        assert found.tolist() == [part == one for one in expected]


@settings(deadline=None)
@given(values=HASHES)
def test_repeated_is_more_than_once(values: list[int]) -> None:
    counts = Counter(values)
    found = repeated(np.array(values, np.uint64))
    assert found.tolist() == [counts[value] > 1 for value in values]


def test_mixing_is_the_finalizer_of_murmurhash3() -> None:
    assert int(mix64(np.uint64(0))) == 0
    assert int(mix64(np.uint64(1))) == 0xB456BCFC34C2CB2C


def test_a_hash_of_two_depends_on_their_order() -> None:
    one, two = np.array([1, 2], np.uint64), np.array([2, 1], np.uint64)
    assert len(set(mixed_pairs(one, two).tolist())) == 2

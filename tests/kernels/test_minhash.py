"""Signatures are those of datasketch 2.0, slot for slot; bands are equal where all slots are."""

import numpy as np
import pytest
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.kernels.dedup.minhash import band_hashes, permutations, signatures

SETS = st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=30), min_size=1, max_size=8)


@pytest.mark.parametrize("scheme", ["affine32", "legacy"])
@settings(max_examples=60, deadline=None)
@given(sets=SETS, count=st.sampled_from([1, 16, 112, 128, 256]), seed=st.integers(0, 2**32 - 1))
def test_signatures_are_those_of_datasketch(
    sets: list[list[int]], count: int, seed: int, scheme: str
) -> None:
    bounds = np.cumsum([0, *map(len, sets)])
    tokens = np.array([value for values in sets for value in values], np.uint64)
    found = signatures(bounds, tokens, count, seed, scheme)
    for row, values in zip(found, sets, strict=True):
        oracle = MinHash(count, seed, hashfunc=lambda value: value & 0xFFFFFFFF, scheme=scheme)
        oracle.update_batch(values)
        assert row.tolist() == oracle.hashvalues.tolist()


@pytest.mark.parametrize("scheme", ["affine32", "legacy"])
def test_permutations_are_those_of_datasketch(scheme: str) -> None:
    for ours, theirs in zip(
        permutations(450, 1, scheme), MinHash(450, 1, scheme=scheme).permutations, strict=True
    ):
        assert ours.tolist() == theirs.tolist()


def test_the_default_scheme_of_datasketch_is_ours() -> None:
    assert MinHash(1).scheme == "affine32"


def test_a_band_is_equal_where_all_its_slots_are() -> None:
    rows = np.array([[1, 2, 3, 4], [1, 2, 9, 4], [3, 4, 1, 2]], np.uint32)
    found = band_hashes(rows, 2, 2, np.zeros(3, np.uint64))
    assert found[0, 0] == found[1, 0]
    assert found[0, 1] != found[1, 1]
    assert found[0, 0] != found[2, 1]  # the same slots in another band
    salted = band_hashes(rows, 2, 2, np.array([0, 1, 0], np.uint64))
    assert salted[0, 0] != salted[1, 0]  # the same slots in another group

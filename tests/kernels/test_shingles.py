"""Shingles: one 64-bit hash for each different run of words of the key, and for no other."""

from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import duplicates_reference as reference
from support.unicode_texts import texts

from cleaner.kernels.arrow import utf8
from cleaner.kernels.dedup.shingles import shingles, wordy
from cleaner.text.segment import modes, words


def hashes(batch: list[str], n: int, formulas: object = True) -> list[list[int]]:
    offsets, data = utf8(pl.Series(batch, dtype=pl.String))
    first, found = shingles(offsets, data, modes(formulas, len(batch)), n)
    return [found[a:b].tolist() for a, b in pairwise(first)]


@pytest.mark.parametrize("formulas", [False, True, "marked"])
@settings(max_examples=200, deadline=None)
@given(batch=st.lists(texts, max_size=5), n=st.integers(1, 6))
def test_hashes_are_one_to_one_with_the_references_shingles(
    batch: list[str], n: int, formulas: object
) -> None:
    known: dict[int, tuple[str, ...]] = {}
    for text, found in zip(batch, hashes(batch, n, formulas), strict=True):
        key = reference.key_words(text, formulas)
        expected = [tuple(key[i : i + n]) for i in range(max(1, len(key) - n + 1))] if key else []
        assert len(found) == len(expected)
        for value, shingle in zip(found, expected, strict=True):
            assert known.setdefault(value, shingle) == shingle
    assert len(set(known.values())) == len(known)


@settings(max_examples=100, deadline=None)
@given(batch=st.lists(texts, max_size=5))
def test_a_text_has_a_word_or_it_has_not(batch: list[str]) -> None:
    offsets, data = utf8(pl.Series(batch, dtype=pl.String))
    found = wordy(offsets, data, modes(True, len(batch)))
    assert found.tolist() == [bool(words(text)) for text in batch]


def test_a_short_text_is_one_shingle_and_never_that_of_a_longer_one() -> None:
    short, same, longer, none = hashes(["a b c", "A  b, c.", "a b c d e", "..."], 5)
    assert short == same
    assert len(short) == len(longer) == 1
    assert short != longer
    assert none == []


def test_the_order_of_words_counts() -> None:
    one, other = hashes(["a b c d e f", "f e d c b a"], 5)
    assert not set(one) & set(other)


def test_many_texts_give_no_collision() -> None:
    batch = [f"{i} {i * 7} {i % 13} x" for i in range(50_000)]
    assert len(np.unique(np.concatenate(hashes(batch, 5)))) == 50_000

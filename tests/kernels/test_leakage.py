"""Grams of items in texts: the kernel finds what plain Python finds."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support import leakage_reference as reference

from cleaner.kernels.leakage.search import gram_hashes, search
from cleaner.leakage.index import grams_of

WORDS = st.lists(st.integers(1, 4), min_size=2, max_size=14)
LONG = st.lists(st.integers(1, 4), max_size=60)


@settings(max_examples=300, deadline=None)
@given(
    items=st.lists(WORDS, min_size=1, max_size=4),
    texts=st.lists(LONG, min_size=1, max_size=4),
    ngram=st.integers(2, 5),
    again=st.booleans(),
)
def test_it_finds_what_plain_python_finds(
    items: list[list[int]], texts: list[list[int]], ngram: int, again: bool
) -> None:
    words = [np.array(item, np.uint64) for item in items]
    weights = [np.full(len(item), 0.5, np.float32) for item in items]
    grams, _ = grams_of(words, weights, ngram)
    groups = [k // 2 if again else k for k in range(len(texts))]
    first = np.cumsum([0, *map(len, texts)])
    stream = np.array([word for text in texts for word in text], np.uint64)
    docs_with, found = search(first, stream, np.array(groups, np.int32), grams)

    counts, expected = reference.search(
        texts, groups, items, [list(w) for w in weights],
        grams.size.tolist(), grams.need.tolist(), float(grams.least),
    )  # fmt: skip
    got = {
        (int(d), int(i), int(a), int(b), tuple(found.held[low:high].tolist()))
        for d, i, a, b, (low, high) in zip(
            found.doc, found.item, found.start, found.end, pairwise(found.first), strict=True
        )
    }
    assert got == expected
    by_hash = {
        int(gram_hashes(np.array(gram, np.uint64), len(gram))[0]): n for gram, n in counts.items()
    }
    places = dict(zip(grams.keys.tolist(), grams.places.tolist(), strict=True))
    assert {key: n for key, n in by_hash.items()} == {
        key: int(docs_with[places[key]]) for key in places if key and docs_with[places[key]]
    }


def test_an_item_in_other_words_is_found_by_what_it_shares() -> None:
    item = np.arange(1, 21, dtype=np.uint64)
    grams, _ = grams_of([item], [np.ones(20, np.float32)], 5)
    text = np.concatenate([np.full(7, 99, np.uint64), item, np.full(5, 98, np.uint64)])
    text[12] = 77  # the sixth word of the item
    _, found = search(np.array([0, len(text)]), text, np.zeros(1, np.int32), grams)
    assert found.start.tolist() == [7]
    assert found.end.tolist() == [27]
    assert found.held.tolist() == [1] * 5 + [0] + [1] * 14


def test_a_text_without_a_gram_has_no_window() -> None:
    item = np.arange(1, 21, dtype=np.uint64)
    grams, _ = grams_of([item], [np.ones(20, np.float32)], 5)
    counts, found = search(np.array([0, 20]), item[::-1].copy(), np.zeros(1, np.int32), grams)
    assert not counts.any()
    assert not len(found.doc)

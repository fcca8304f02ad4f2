"""Phrases of lists: the kernel against its reference."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support.lists_reference import phrases as reference
from support.unicode_texts import texts

from cleaner.kernels.signals.lists import count, fold_phrases, trie
from cleaner.kernels.text.segment import OFF, utf8_of

PIECES = [
    "百家",
    "百家乐",
    "乐",
    "家樂",
    "ab",
    "AB",
    "abc",
    "b c",
    " ",
    "１",
    "1",
    "é",
    "́",
    "x,",
    "，",
]
pieces = st.lists(st.sampled_from(PIECES), max_size=15).map("".join)
some = st.lists(st.sampled_from(PIECES) | texts.map(lambda t: t[:3]), max_size=6)


@settings(max_examples=400, deadline=None)
@given(batch=st.lists(pieces | texts, min_size=1, max_size=4), lists=st.lists(some, max_size=3))
def test_kernel_equals_its_reference(batch: list[str], lists: list[list[str]]) -> None:
    offsets, data = utf8_of(*batch)
    made = trie({str(k): phrases for k, phrases in enumerate(lists)})
    hits, distinct, characters = count(offsets, data, np.full(len(batch), OFF, np.uint8), made)
    for d, text in enumerate(fold_phrases(batch)):
        for k, phrases in enumerate(lists):
            found = reference(text, phrases)
            assert hits[d, k] == len(found)
            assert distinct[d, k] == len(set(found))
            assert characters[d, k] == sum(map(len, found))

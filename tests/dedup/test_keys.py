"""Keys of comparison: by what two documents are equal, and with whom they are compared."""

from itertools import pairwise

import numpy as np
import polars as pl
import pytest
import xxhash

from cleaner.dedup.keys import column_keys, groups, has_word, hashed, required
from cleaner.errors import JobError


def keys(docs: pl.DataFrame, on: str) -> list[bytes]:
    """Return the key of each document."""
    offsets, data = column_keys(docs, on)
    return [bytes(data[a:b]) for a, b in pairwise(offsets)]


def test_who_is_compared_with_whom() -> None:
    docs = pl.DataFrame(
        {
            "source": ["a", None, "a", ""],
            "url": ["http://x.org/1", "no url", "http://X.org:80/2", None],
        }
    )
    values, known = groups(docs, "all")
    assert values.tolist() == [0, 0, 0, 0]
    assert known.tolist() == [True] * 4
    values, known = groups(docs, "source")
    a, nameless = xxhash.xxh3_64_intdigest(b"a"), xxhash.xxh3_64_intdigest(b"")
    assert values.tolist() == [a, nameless, a, nameless]
    assert known.tolist() == [True] * 4
    values, known = groups(docs, "host")
    x = xxhash.xxh3_64_intdigest(b"x.org")
    assert values.tolist() == [x, 0, x, 0]
    assert known.tolist() == [True, False, True, False]


def test_a_page_is_known_by_its_canonical_link() -> None:
    docs = pl.DataFrame({"url": ["http://a.org/print/1", "http://a.org/1/"]})
    one, other = keys(docs, "url")
    assert one != other
    linked = docs.with_columns(canonical_url=pl.Series(["/1", None]))
    one, other = keys(linked, "url")
    assert one == other == b"http://a.org/1"


def test_bytes_are_never_folded_and_words_are() -> None:
    text = pl.DataFrame({"k": ["Ab", "aB", "ａｂ", None, ""]})
    assert keys(text, "k") == [b"ab", b"ab", b"ab", b"", b""]
    raw = pl.DataFrame({"k": [b"Ab", b"aB", None]})
    one, other, nothing = keys(raw, "k")
    assert one != other
    assert nothing == b""
    assert keys(pl.DataFrame({"k": [1, 10]}), "k") == [b"1", b"10"]
    # A formula in a column is no formula: only texts have such.
    dollars = keys(pl.DataFrame({"k": ["$A$", "$a$"]}), "k")
    assert dollars[0] == dollars[1]


def test_case_in_a_formula_of_a_text_counts() -> None:
    capital, small = keys(pl.DataFrame({"text": ["so $A$ it is", "so $a$ it is"]}), "text")
    assert capital != small


def test_a_hash_is_of_the_bytes_and_the_salt() -> None:
    data = np.frombuffer(b"abcab", np.uint8)
    offsets = np.array([0, 2, 3, 5, 5], np.int64)
    hi, lo = hashed(offsets, data, np.array([0, 0, 7, 0], np.uint64))
    assert len(hi) == 4
    for at, (key, salt) in enumerate([(b"ab", 0), (b"c", 0), (b"ab", 7), (b"", 0)]):
        whole = xxhash.xxh3_128_intdigest(key, salt)
        assert (int(hi[at]), int(lo[at])) == (whole >> 64, whole & (2**64 - 1))


def test_a_word_is_a_letter_a_digit_or_a_formula() -> None:
    texts = ["a", "...", "", "7", "$=$", "—"]
    assert has_word(pl.DataFrame({"text": texts})).to_list() == [True, False, False, True, True,
                                                                  False]  # fmt: skip
    counted = pl.DataFrame({"text": texts[:3], "words": [0, 1, 2]})
    assert has_word(counted).to_list() == [False, True, True]


def test_a_column_that_is_not_there_is_named_with_what_is() -> None:
    docs = pl.DataFrame({"text": ["a"], "id": ["b"]})
    with pytest.raises(JobError, match=r"^on: needs the column title; available: text, id$"):
        required(docs, "title", "on")
    with pytest.raises(JobError, match=r"^host: needs the column url"):
        groups(docs, "host")
    with pytest.raises(JobError, match=r"^source: needs the column source"):
        groups(docs, "source")
    with pytest.raises(JobError, match=r"^on: url: needs the column url"):
        column_keys(docs, "url")

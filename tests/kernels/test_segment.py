"""The split into words: its cases, and the kernel against its reference."""

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from support.segment_reference import words as reference
from support.unicode_texts import texts

from cleaner.kernels.text.segment import MARKED, OFF, RULE
from cleaner.text.segment import segment, words

MODES = {False: OFF, True: RULE, "marked": MARKED}


def by_kernel(text: str, formulas: object) -> list[tuple[int, int, int]]:
    found = segment(pl.Series([text], dtype=pl.String), formulas)
    raw = text.encode()
    return [
        (len(raw[:a].decode()), len(raw[:b].decode()), k)
        for a, b, k in zip(found.starts, found.ends, found.kinds, strict=True)
    ]


@pytest.mark.parametrize("formulas", [False, True, "marked"])
@settings(max_examples=400, deadline=None)
@given(text=texts)
@example(text="\\$$x$")
@example(text="$$\n x^2\n$$ and $y$")
@example(text="```\n$x$\n```\n$y$\n```a`b```\n$z$")
@example(text="$a^\n    b$ $c$\n$d$")
@example(text="$a\\")
def test_kernel_equals_its_reference(text: str, formulas: bool | str) -> None:
    assert by_kernel(text, formulas) == reference(text, MODES[formulas])


@settings(max_examples=100, deadline=None)
@given(batch=texts.flatmap(lambda t: texts.map(lambda s: [t, s, "", s + t])))
def test_a_batch_is_its_documents_one_by_one(batch: list[str]) -> None:
    found = segment(pl.Series(batch))
    got = [
        [
            found.data[a:b].tobytes().decode()
            for a, b in zip(found.starts[i:j], found.ends[i:j], strict=True)
        ]
        for i, j in zip(found.first[:-1], found.first[1:], strict=True)
    ]
    assert got == [words(text) for text in batch]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("...", []),
        (
            "the well-known don’t-care 'quoted' rock-",
            ["the", "well-known", "don’t-care", "quoted", "rock"],
        ),
        ("a--b a-'b x_y", ["a", "b", "a", "b", "x", "y"]),
        ("1,000.50 3rd x² ½", ["1", "000", "50", "3rd", "x²", "½"]),
        ("用Python写2个函数。", ["用", "Python", "写", "2", "个", "函", "数"]),
        ("か\u3099カーｶﾞ", ["か\u3099", "カ", "ー", "ｶﾞ"]),
        ("ภาษาไทยกำ", ["ภ", "า", "ษ", "า", "ไ", "ท", "ย", "กำ"]),
        ("བོད་སྐད་", ["བོད", "སྐད"]),
        ("한국어 단어는 API를", ["한국어", "단어는", "API를"]),
        ("naïve cafe\u0301 می\u200cخواهم", ["naïve", "cafe\u0301", "می\u200cخواهم"]),
        ("❤\ufe0f 👩\u200d💻 ok", ["ok"]),
        ("\ue000a\ue001", ["a"]),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("let $x$ be", ["$x$"]),
        ("let $x^2 + y$, so", ["$x^2 + y$"]),
        ("from $5 to $6", []),
        ("$US$ and $abcd$", ["$US$"]),
        ("$ x^2$ or $x^2 $", []),
        ("$x^2$3", []),
        ("$a\n\nb=1$", []),
        ("$a\nb=1$", ["$a\nb=1$"]),
        ("\\$x$ and \\\\$y$", ["$y$"]),
        ("$$\\sum_i\nx_i$$", ["$$\\sum_i\nx_i$$"]),
        ("$" + "x" * 299 + "=$", ["$" + "x" * 299 + "=$"]),
        ("$" + "x" * 300 + "=$", []),
        ("```\n$x$\n```\n$y$", ["$y$"]),
        ("    $x$\n\t$y$\n   $z$", ["$z$"]),
        ("~~~ py\n$x$", []),
        ("``` $x$ ```", ["$x$"]),
    ],
)
def test_dollar_rule(text: str, found: list[str]) -> None:
    assert [word for word in words(text) if word.startswith("$")] == found
    assert not [word for word in words(text, formulas=False) if "$" in word]


def test_what_extract_marked_is_a_formula() -> None:
    text = "\\$5 and $5$ cost $x y z w$ each"
    assert words(text, "marked") == ["5", "and", "$5$", "cost", "$x y z w$", "each"]
    both = segment(pl.Series([text, text]), np.array([True, False]))
    assert np.diff(both.first).tolist() == [6, len(words(text))]

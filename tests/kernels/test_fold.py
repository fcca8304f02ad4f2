"""Keys of comparison: what is one, what stays apart, and the kernel against its reference."""

from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support import duplicates_reference as reference
from support.unicode_texts import texts

from cleaner.kernels.arrow import utf8
from cleaner.kernels.dedup.fold import fold
from cleaner.text.segment import modes

TEX = st.lists(
    st.sampled_from(
        [
            *"${}^_ xyzAB12~,=",
            "\\frac",
            "\\left",
            "\\leq",
            "\\,",
            "\\ ",
            "\\\\",
            "\n",
            "\u200b",
            "é",
            "\\é",
        ]
    ),
    max_size=30,
).map("".join)


def keys(*texts: str, formulas: object = True) -> list[str]:
    offsets, data = utf8(pl.Series(texts, dtype=pl.String))
    bounds, folded = fold(offsets, data, modes(formulas, len(texts)))
    return [folded[a:b].tobytes().decode() for a, b in pairwise(bounds)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hello  World\n", "hello world"),
        ("ＡＢＣ１２３　ｶﾞｷﾞ", "abc123 ガギ"),
        ("繁體中文測試，後來", "繁体中文测试，后来".replace("，", ",")),
        ("so\u00adft wo\u200brd\ufeff", "soft word"),
        ("Stra\u00dfe", "STRASSE"),
        ("cafe\u0301", "CAF\u00c9"),
        ("cafe\u00ad\u0301", "caf\u200b\u00e9"),
        ("Ａ\u0301 ﬁ\u0301", "\u00e1 f\u00ed"),
        ("$x\u00ade\u200b\u0301$", "$x\u00e9$"),
        ("\u212b\u212a", "\u00e5k"),
        ("가", "\u1100\u1161"),
        ("$x ^ { 2 }$", "$x^2$"),
        ("$$\\left( \\alpha \\, x \\right)$$", "$(\\alpha x)$"),
        ("$a \\leq b$", "$a\\le{b}$"),
    ],
)
def test_copies_are_one(one: str, other: str) -> None:
    assert keys(one) == keys(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 3", "x = 7"),
        ("$x$", "$X$"),
        ("$x^2$", "$x_2$"),
        ("$\\alpha x$", "$\\alphax$"),
        ("10² m", "102 m"),
        ("a b", "ab"),
        ("resume", "résumé"),
    ],
)
def test_what_differs_stays_apart(one: str, other: str) -> None:
    assert keys(one) != keys(other)


@pytest.mark.parametrize("formulas", [False, True, "marked"])
@settings(max_examples=300, deadline=None)
@given(text=texts | TEX)
@example(text=" $x$ ")
@example(text="ｶ\u3099 ᄀ\u1161")
def test_kernel_equals_its_reference(text: str, formulas: object) -> None:
    assert keys(text, formulas=formulas) == [reference.key(text, formulas)]


@settings(max_examples=200, deadline=None)
@given(text=texts)
@example(text="e\u00ad\u0301")
@example(text="Ａ\u0301 ﬁ\u0301 ß\u0301 J\u030c")
@example(text="\u1100\u200b\u1161")
def test_a_key_is_its_own_key(text: str) -> None:
    folded = keys(text, formulas=False)
    assert keys(*folded, formulas=False) == folded


@settings(max_examples=50, deadline=None)
@given(batch=st.lists(texts, max_size=6))
def test_a_batch_is_its_texts_one_by_one(batch: list[str]) -> None:
    assert keys(*batch) == [key for text in batch for key in keys(text)]


def test_invalid_bytes_do_no_harm() -> None:
    data = np.frombuffer(b"a\xff\xe4\xb8 B", np.uint8)
    bounds, folded = fold(np.array([0, len(data)]), data, np.zeros(1, np.uint8))
    assert folded[: bounds[1]].tobytes().decode() == "a\ufffd\ufffd\ufffd b"

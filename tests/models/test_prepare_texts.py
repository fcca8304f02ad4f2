"""Texts as classifiers read them."""

import polars as pl
import pytest

from cleaner.errors import JobError
from cleaner.models.scoring.prepare import RAW, VERSION, Preparation, prepare

SAMPLES = pl.Series(
    [
        r"Let $\frac{a}{2}$ be 3.14. Don't!",
        "设函数 $f(x)=x^2$ 连续,Python3 很好用 2020年。",
        "__label__math </s>\nhi",
        "",
        None,
    ]
)


def test_words_are_pinned() -> None:
    """A change here is a new `VERSION`: models trained before would read other words."""
    assert VERSION == 1
    assert prepare(SAMPLES, Preparation()).to_pylist() == [
        "let <tex> <tex:frac> be <num> don't",
        "设 函 数 <tex> 连 续 python3 很 好 用 <num> 年",
        "label math s hi",
        "",
        "",
    ]


def test_raw_text_cannot_pose_as_a_label() -> None:
    assert prepare(SAMPLES, RAW).to_pylist()[2] == "label math s hi"


def test_jieba_cuts_only_what_stood_together() -> None:
    pytest.importorskip("rjieba", reason="the extra [zh] is not installed")
    how = Preparation(unit="jieba", formulas="none")
    assert prepare(SAMPLES, how).to_pylist()[1] == "设 函数 连续 python3 很 好 用 <num> 年"


def test_another_version_is_refused() -> None:
    with pytest.raises(JobError, match=r"m\.bin: trained on texts prepared by version 0; .* again"):
        Preparation(version=0).check("m.bin")

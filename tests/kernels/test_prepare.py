"""Prepared text: its cases, and the kernel against its reference."""

from itertools import pairwise

import polars as pl
import pytest
from hypothesis import example, given, settings
from support.prepare_reference import prepare as reference
from support.unicode_texts import texts

from cleaner.kernels.arrow import utf8
from cleaner.kernels.models import prepare as kernel
from cleaner.kernels.unicode import ALPHA, UPPER, classes

MODES = {"commands": kernel.COMMANDS, "none": kernel.NONE, "text": kernel.TEXT}


def has_letter(character: str) -> bool:
    return bool(classes()[ord(character)] & (ALPHA | UPPER))


def prepared(batch: list[str], formulas: str, breaks: bool = False) -> list[str]:
    offsets, data = kernel.prepare(
        *utf8(pl.Series(batch, dtype=pl.String)),
        MODES[formulas],
        breaks,
        classes(),
        kernel.lower(),
    )
    return [bytes(data[a:b]).decode() for a, b in pairwise(offsets)]


@pytest.mark.parametrize("formulas", MODES)
@settings(max_examples=300, deadline=None)
@given(text=texts)
@example(text=r"$\frac{A}{B}$ 3.14,15. 2 \alpha1 \\beta \3")
@example(text=r"$\\x^2$$5$ 1.$x$ 1.2\a3.4")
@example(text="ÜBER İẞ ẼΣ ＡＢＣ 第3章")
@example(text="\\a" * 40)
@example(text="1=2 + 3*\n4×$5÷ 6 / 7, 8 ＋9")
def test_kernel_equals_its_reference(text: str, formulas: str) -> None:
    for breaks in (False, True):
        assert prepared([text, "", text], formulas, breaks) == [
            reference(text, formulas, has_letter, breaks),
            "",
            reference(text, formulas, has_letter, breaks),
        ]


@pytest.mark.parametrize(
    ("formulas", "expected"),
    [
        (
            "commands",
            "let <tex> <tex:frac> <tex> <tex:Gamma> <tex> <tex> <tex:alpha> 用 python <num> 年 "
            "covid-19 <num> <tex> <num> <tex> <num>",
        ),
        ("none", "let 用 python <num> 年 covid-19 <num> <num> <num>"),
        ("text", "let frac a gamma x alpha 用 python <num> 年 covid-19 <num> <num> <num>"),
    ],
)
def test_formulas_become_commands_nothing_or_words(formulas: str, expected: str) -> None:
    text = r"Let $\frac{a}{\Gamma}$ $x$ \alpha: 用Python, 2,020.5年 COVID-19; 2 × 3.5 = ￥7"
    assert prepared([text], formulas) == [expected]

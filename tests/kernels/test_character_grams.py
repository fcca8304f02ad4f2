"""Runs of 13 characters: the kernel against a plain count."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.signals_reference import is_space
from support.unicode_texts import texts

from cleaner.kernels.signals.character_grams import character_grams
from cleaner.kernels.text.segment import MARKED, OFF, utf8_of
from cleaner.kernels.unicode import classes
from cleaner.signals import measure

PIECES = ("abcdefg", "河水慢慢流", "， ", "\n", "é", "a", "𝑥")
pieces = st.lists(st.sampled_from(PIECES), max_size=30)


def found(text: str, mode: int = OFF) -> tuple[int, int]:
    runs, repeated = character_grams(*utf8_of("", text), np.full(2, mode, np.uint8), classes())
    return int(runs[1]), int(repeated[1])


@settings(max_examples=300, deadline=None)
@given(text=pieces.map("".join) | texts)
def test_runs_are_those_of_a_plain_count(text: str) -> None:
    shown = "".join(character for character in text if not is_space(character))
    runs = Counter(shown[i : i + 13] for i in range(len(shown) - 12))
    assert found(text) == (runs.total(), sum(times for times in runs.values() if times > 1))


@pytest.mark.parametrize(
    ("text", "runs", "repeated"),
    [
        ("$a+b$ 一二三四五六七八九十甲乙", 1, 0),  # a formula is one character
        ("$a+b$ 一二三四五六七八九十甲乙 $a+b$ 一二三四五六七八九十甲乙", 14, 2),
        ("$a+b$ 一二三四五六七八九十甲乙 $a-b$ 一二三四五六七八九十甲乙", 14, 0),
    ],
)
def test_a_formula_is_one_character(text: str, runs: int, repeated: int) -> None:
    assert found(text, MARKED) == (runs, repeated)


def test_a_page_that_says_everything_twice_has_nearly_1() -> None:
    line = "河水从北山流下来，过了石桥就变得很慢，船都停在树下。"
    one, two = measure([line, f"{line}\n{line}"], ["repeated_13char_ratio"])[:, 0]
    assert one == 0
    assert two == pytest.approx(28 / 40)  # of 52 characters; what crosses the middle stands once

"""The counts behind the signals, against their reference in plain Python."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.signal_kernels import OURS, by_kernel
from support.signals_reference import count as reference
from support.unicode_texts import texts

from cleaner.kernels.signals.columns import COLUMNS
from cleaner.kernels.text.segment import MARKED, OFF, RULE

PIECES = [
    *("...", "…", ". ", "! ", "e.g. ", "Mr. ", "a.B", "? ”", ".) ", "。", "[1]", "[edit]", "[]"),
    *("javascript", "JavaScript", "Privacy Policy", "uses cookies", "lorem ipsum", "terms of use"),
    *("[citation needed]", "{", "}", "#", "- ", "• ", "\n", "\n\n", " \n", "\r\n", "\u2028", "  "),
    *(
        "one two three",
        "The",
        "the ",
        "of ",
        "and ",
        "12 likes",
        "ABC DEF",
        "123",
        "，",
        "的",
        "是",
    ),
    *("$x^2$", "$$\\sum_i\nx$$", "$5$", "\\begin{a}", "\\end{a}", "\\left(", "\\right)", "$", "_"),
    *("Ã©", "â€™", "锟斤拷", "烫烫烫", "\\( \\)", "[公式]", "[IMAGE]", "$ $", "\ufffc", "\\frac"),
    *("한국어는 ", "에서 ", "학교에서 ", "の", "を", "中 文 字 ", "あ"),
]
prose = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)


@pytest.mark.parametrize("mode", [OFF, RULE, MARKED])
@settings(max_examples=300, deadline=None)
@given(text=texts | prose | prose.flatmap(lambda a: texts.map(lambda b: a + b + a)))
def test_every_count_equals_its_reference(text: str, mode: int) -> None:
    floats = {"word_entropy", "byte_entropy"}
    found = by_kernel([text], mode, {*OURS, *floats})[0]
    expected = reference(text, mode)
    assert {name: found[name] for name in OURS} == {name: expected[name] for name in OURS}
    for name in floats:
        assert found[name] == pytest.approx(expected[name], abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(batch=st.lists(texts | prose, max_size=5), name=st.sampled_from(COLUMNS))
def test_a_count_is_the_same_alone_in_a_batch_and_among_others(batch: list[str], name: str) -> None:
    together = by_kernel([*batch, "the end"], RULE, set(COLUMNS))
    apart = [by_kernel([text], RULE, {name})[0] for text in [*batch, "the end"]]
    assert [row[name] for row in together] == [row[name] for row in apart]


@settings(max_examples=100, deadline=None)
@given(lengths=st.lists(st.sampled_from([1, 2, 5, 63, 64, 65, 66, 200]), min_size=1, max_size=9))
def test_a_median_is_right_for_words_as_long_as_any(lengths: list[int]) -> None:
    ordered = sorted(lengths)
    text = " ".join("a" * length for length in lengths)
    middle = ordered[len(ordered) // 2] + ordered[(len(ordered) - 1) // 2]
    assert by_kernel([text], OFF, {"median_twice"})[0]["median_twice"] == middle

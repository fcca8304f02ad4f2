"""What is masked, counted and cut: cases, and the kernel against its reference."""

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support import prose_reference as reference
from support.unicode_texts import texts

from cleaner.kernels.language import facts as fact
from cleaner.kernels.language.excerpt import SEEN
from cleaner.models.language.language import marks, windows

MARKS = {chr(point): int(marks()[point]) for point in np.flatnonzero(marks())}
MARKUP = """
https://a.org/b?c=d) www.x.org, http:// me@there.org @you a@b.c1 a@b. <b> </p> <a href="x">
<1 `code` `` ` ``` ~~~ ~~~x \\begin{align*} \\end{align*} \\begin{lemma} \\cite[a]{b} \\ref{x}
\\alpha \\( \\) \\[ \\] \\$ \\\\ { } [ ] ( ) ; : = == a=b f(x) a.b a_b a[0] a[^1] -> :: #x # x
$x^2$ $$ $ 0123456789abcdef0123456789abcdef01234567 QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo0NTY3
Ã© â€™ Р• ä¸­ \ufffd 中 国 國 the of
"""
SPACES = st.sampled_from([" ", "\n", "\n\n", "    ", "\t", "a", "é"])
WEB = st.lists(st.sampled_from(MARKUP.split()) | SPACES, max_size=60).map("".join)


def by_kernel(text: str, budget: int) -> tuple[bytes, bytes, list[int]]:
    found = windows(pl.Series([text], dtype=pl.String), budget)
    return found.data.tobytes(), found.samples.tobytes(), found.facts[0].tolist()


@settings(max_examples=150, deadline=None)
@given(text=texts | WEB | st.lists(WEB | texts, max_size=6).map("".join))
@example(text="```\na\n```")
@example(text="~~~ \n `x` ``` \n  ~~~")
@example(text="a" * 39 + "0B" + " " + "0B" + "a" * 37)
def test_kernel_equals_its_reference(text: str) -> None:
    for budget in (20, 300):
        assert by_kernel(text, budget) == reference.read(text, budget, MARKS)


@settings(max_examples=5, deadline=None)
@given(text=WEB.filter(lambda t: len(t) > 40))
def test_of_a_long_text_three_spans_are_read(text: str) -> None:
    long = text * (SEEN // len(text.encode()) + 2)
    assert by_kernel(long, 300) == reference.read(long, 300, MARKS)


@settings(max_examples=30, deadline=None)
@given(batch=st.lists(texts | WEB, max_size=6))
def test_a_batch_is_its_texts_one_by_one(batch: list[str]) -> None:
    whole = windows(pl.Series(batch, dtype=pl.String), 50)
    for i, text in enumerate(batch):
        cut = whole.data[whole.offsets[i] : whole.offsets[i + 1]].tobytes()
        sample = whole.samples[whole.sample_offsets[i] : whole.sample_offsets[i + 1]].tobytes()
        assert (cut, sample, whole.facts[i].tolist()) == by_kernel(text, 50)


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        ("It costs $5, or $6.", "It costs $5, or $6."),
        ("Let $x^2$ be even.", "Let  be even."),
        (r"Let \(x\) and \[ y \] be \emph{even}.", "Let  and  be {even}."),
        (r"By \cite[p. 3]{knuth} and \ref{a}.", "By  and ."),
        ("a\n\\begin{align}\nx\n\\end{align}\nb", "a\n \nb"),
        ("请看https://a.org/路径 和 www.b.org。", "请看 路径 和 。"),
        ("see [here](http://a.org/b) or mail me@b.org!", "see [here]( ) or mail !"),
        ("Use `os.path` now", "Use  now"),
        ("Code:\n```py\nx = 1\n```\nEnd", "Code:\n \nEnd"),
        ("not closed:\n```\nx = 1", "not closed:\n \nx = 1"),
        ("a <b>c</b> d 1 < 2", "a c  d 1 < 2"),
        ("key 0123456789abcdef0123456789abcdef01234567 end", "key  end"),
        (
            "Donaudampfschifffahrtsgesellschaftskapitän",
            "Donaudampfschifffahrtsgesellschaftskapitän",
        ),
    ],
)
def test_masked(text: str, prose: str) -> None:
    assert by_kernel(text, 1000)[0].decode() == prose


def test_windows_are_the_start_the_middle_and_the_end() -> None:
    text = "甲" * 100 + "乙" * 100 + "丙" * 100
    assert by_kernel(text, 10)[0].decode() == "甲甲甲甲\n乙乙乙乙\n丙丙丙"


def test_han_characters_of_one_standard_only_tell_the_script() -> None:
    facts = by_kernel("这个国家的語言後来", 100)[2]
    assert (facts[fact.SIMPLIFIED], facts[fact.TRADITIONAL]) == (4, 1)

"""TeX is written once, in one way: no delimiters, one line, everything that opens closes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.web.budget import OverBudget, Work
from cleaner.web.tex import balanced, clean, entities
from cleaner.web.tex_common import common
from cleaner.web.tex_macros import expand, take_definitions, undefined


@pytest.mark.parametrize(
    ("written", "expected", "display"),
    [
        ("x", "x", None),
        ("  a  +\n b ", "a + b", None),
        ("$x$", "x", False),
        ("$$x$$", "x", True),
        (r"\(x\)", "x", False),
        (r"\[x\]", "x", True),
        (r"$\displaystyle x$", "x", False),
        (r"{\displaystyle {\frac {1}{2}}}", r"{\frac {1}{2}}", None),
        (r"{\displaystyle a}+{b}", r"{\displaystyle a}+{b}", None),
        ("$a$ and $b$", r"\$a\$ and \$b\$", None),
        (r"\begin{equation}x\end{equation}", "x", True),
        (r"\begin{math}x\end{math}", "x", False),
        (r"\begin{align*}a&=b\end{align*}", r"\begin{aligned}a&=b\end{aligned}", True),
        (r"\begin{gather}a\end{gather}", r"\begin{gathered}a\end{gathered}", True),
        (r"\begin{eqnarray*}a&=&b\end{eqnarray*}", r"\begin{eqnarray}a&=&b\end{eqnarray}", True),
        (r"x \label{eq:1} \nonumber", "x", None),
        (r"\require{cancel}\begingroup x\endgroup", "x", None),
        (r"\begingroup", "", None),
        ("a % a remark\n+ b", "a + b", None),
        ("50%", r"50\%", None),
        (r"50\% of", r"50\% of", None),
        ("% <![CDATA[\nx < y % ]]>", "x < y", None),
        ("a &lt; b &amp;gt; c & d", "a < b > c & d", None),
        ("a\u200bb\u00a0c\u2212d", "ab c-d", None),
        (r"\text{if $x$ is}", r"\text{if }x\text{ is}", None),
        (r"a\ ", "a\\ ", None),
        (r"\left( x \right)", r"\left( x \right)", None),
        (r"\left( x", "( x", None),
        (r"\left. x \right|_0 \left\{ y", r"x |_0 \{ y", None),
        ("{a", "{a}", None),
        ("a}b", "ab", None),
        (r"a\{b", r"a\{b", None),
        (r"\begin{matrix}1", r"\begin{matrix}1\end{matrix}", None),
        (r"1\end{matrix}", "1", None),
    ],
)
def test_tex_is_cleaned(written: str, expected: str, display: bool | None) -> None:
    assert clean(written) == (expected, display)


@given(st.text(st.sampled_from(r"\{}[]()$&%^_ab1 " + "\n"), max_size=60))
def test_what_is_cleaned_stays_clean(text: str) -> None:
    once, _ = clean(text)
    assert "\n" not in once
    assert balanced(once) == once


def test_only_names_of_characters_are_references() -> None:
    assert entities("a &b; c &alpha; &#945; &#x3b1;") == "a &b; c α α α"


def test_macros_are_read_and_written_out() -> None:
    macros: dict = {}
    rest = take_definitions(
        r"\newcommand{\R}{\mathbb{R}}\renewcommand\v[1]{\mathbf{#1}}\def\inner#1#2{(#1,#2)}"
        r"\DeclareMathOperator*{\argmax}{arg\,max}\newcommand{\o}[2][n]{O_{#1}(#2)}"
        r"\let\eps\varepsilon x",
        macros,
    )
    assert rest == " x"
    assert expand(r"\R\v x\inner{a}{b}\argmax\eps", macros) == (
        r"\mathbb{R}\mathbf{x}(a,b)\operatorname*{arg\,max}\varepsilon"
    )
    assert expand(r"\o{x}+\o[m]{x}", macros) == "O_{n}(x)+O_{m}(x)"
    assert take_definitions(r"\newcommand{dist}[1]{d(#1)} y", macros) == " y"
    assert expand(r"\dist{x}", macros) == "d(x)"
    assert expand(r"\Rx\vec x", macros) == r"\Rx\vec x"


def test_a_letter_after_a_row_break_is_no_command() -> None:
    rows = r"\begin{matrix}a\\D\\R x\end{matrix}"
    assert undefined(rows, {}) is False
    assert expand(rows, {"D": ("W", 0, None), "R": (r"\mathbb{R}", 0, None)}) == rows
    assert undefined(r"a\\\D", {}) is True
    assert expand(r"a\\\D", {"D": ("W", 0, None)}) == r"a\\W"


def test_macros_that_never_end_are_left_or_over_budget() -> None:
    loop = {"a": (r"\b\b", 0, None), "b": (r"\a\a", 0, None)}
    assert expand(r"\a", loop) == r"\a"
    assert expand(r"\x", {"x": (r"\x+1", 0, None)}) == r"\x+1"
    with pytest.raises(OverBudget, match="more than 100 expansions"):
        expand(r"\a", loop, Work("expansions", 100))


def test_endless_tex_is_over_budget() -> None:
    with pytest.raises(OverBudget, match="100,000 characters"):
        clean("x" * 100_001)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (r"\tau_\max^2 = x_\hat\beta", r"\tau_{\max}^2 = x_{\hat\beta}"),
        (r"Q^\vec{\mu}_i(\vec{o})", r"Q^{\vec{\mu}}_i(\vec{o})"),
        (r"a^\sqrt[3]{2}b", r"a^{\sqrt[3]{2}}b"),
        (r"x_\alpha^\dagger+y_\mathbf{k}^\frac12", None),
        (
            r"L_\text{a_b} \text{10 # of \textbf{c_d}}",
            r"L_\text{a\_b} \text{10 \# of \textbf{c\_d}}",
        ),
        (r"\text{if \_ and $x_1$}", None),
        (r"\mbox{rank}+\textsc{sat}", r"\text{rank}+\text{sat}"),
        (
            r"\begin{eqnarray} x &=& 1 \\ &<& 2 \end{eqnarray}",
            r"\begin{array}{rcl} x &=& 1 \\ &<& 2 \end{array}",
        ),
        (r"\begin{multline}a\\b\end{multline}", r"\begin{gathered}a\\b\end{gathered}"),
        (r"\pmatrix{1&2\cr 3&4\cr}", r"\begin{pmatrix}1&2\\3&4\end{pmatrix}"),
        (r"\begin{pmatrix}1\cr 2\end{pmatrix}", None),
        (r"\root 3 \of{x}", r"\sqrt[3]{x}"),
        (r"\buildrel d \over =", r"\overset{d}="),
        (r"\bbox[yellow]{a}+\bbox[border:1px]{b}", r"{a}+\boxed{b}"),
        (r"\toggle{a}{b}{c}\endtoggle", "{a}"),
        (r"\unicode{x2460}", r"\text{①}"),
        (r"\unicode{x24}", None),
    ],
)
def test_what_only_some_renderers_read_is_written_for_all(
    written: str, expected: str | None
) -> None:
    assert common(written) == (written if expected is None else expected)


PIECES = [*r"\{}_^&[", r"\text{", r"_\hat", r"\cases{", r"\bbox[", r"^\max", r"\cr ", "a "]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_what_all_renderers_read_stays_balanced(text: str) -> None:
    once = common(balanced(text))
    assert balanced(once) == once

"""The comparator of formulas: ways of writing are one, and a changed meaning is far away."""

import re
from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.formula_maker import formulas

from cleaner.web.budget import OverBudget
from cleaner.web.compare import compare_formulas, contains_formula, same_formula

WAYS = [
    (r"a \leq b", r"a\le b", "a⩽b", "a ≤ b"),
    (r"a \neq b", r"a\ne b", r"a\not= b", "a≠b"),
    (r"x^2_1", r"x_{1}^{2}", r"{x}_1{}^{2}", r"\displaystyle x_1^2"),
    (r"\frac{1}{2}", r"\dfrac12", r"\tfrac{1}2", r"{1 \over 2}", "½"),
    (r"\left\{ x \right.", r"\{x", r"\bigl\lbrace x"),
    ("a<b", r"a\lt b", r"a\textless{} b"),
    (r"\|x\|", r"\lVert x\rVert", r"\left\| x\right\|"),
    (r"\sin x", r"\operatorname{sin} x", r"\mathrm{sin}\,x", r"\text{sin}x"),
    (r"f''(x)", r"f^{\prime\prime}(x)", "f″(x)"),
    (r"x \equiv 3 \pmod{7}", r"x\equiv 3\ (\bmod\ 7)", r"x\equiv3(\mathrm{mod}~7)"),
    (r"\binom{n}{k}", r"{n \choose k}", r"\begin{pmatrix}n\\k\end{pmatrix}"),
    (
        r"\begin{pmatrix}a&b\\c&d\end{pmatrix}",
        r"\left(\begin{array}{cc} a & b \\ c & d \\ \end{array}\right)",
    ),
    (
        r"\begin{align*} a &= b \\ &= c \end{align*}",
        r"\begin{aligned}a&=b\\[2pt]&=c\end{aligned}",
        r"\begin{split}a=b\\=c\end{split}",
    ),
    (
        r"\begin{cases} 1 & x>0 \\ 0 & x\le 0\end{cases}",
        r"\left\{\begin{array}{ll}1&x>0\\0&x\leq0\end{array}\right.",
    ),
    (r"\mathbb{R}^n", "ℝ^n", r"\Bbb R^{n}"),
    (r"\boldsymbol{x}", r"\bm{x}", r"{\bf x}", r"\mathbf x"),
    (r"\mathrm{d}x", r"\text{d}x", "dx"),
    (
        r"\sum_{i=1}^n",
        r"\sum\limits_{i=1}^{n}",
        r"\sum^{n}_{i=1}",
        r"\overset{n}{\underset{i=1}{∑}}",
    ),
    (r"\vec{v}", r"\overset{\rightarrow}{v}", r"\stackrel{\to}{v}", r"\overrightarrow v"),
    (r"\bar{AB}", r"\overset{-}{AB}", r"\overline{AB}"),
    (r"a \xrightarrow{f} b", r"a\overset{f}{\longrightarrow} b", r"a\stackrel{f}{\to} b"),
    (r"90^\circ", "90°", r"90^{\circ}"),
    (r"\ce{2H2 + O2 -> 2H2O}", r"2\mathrm{H}_2+\mathrm{O}_{2}\longrightarrow 2\mathrm{H_2O}"),
    (r"\ce{SO4^2-}", r"\mathrm{SO}_4^{2-}"),
    (r"a+b.", r"$a + b$", r"\(a+b\)", r"{a+b}"),
]
OTHERS = [
    ("x^{2}y", "x^{2y}"),
    ("x_2", "x^2"),
    (r"\frac{a}{b}", r"\frac{b}{a}"),
    (r"\sqrt[3]{8}", r"\sqrt{8}"),
    (r"\sqrt{a}b", r"\sqrt{ab}"),
    (r"\vec r", "r"),
    (r"\overline{a}b", r"\overline{ab}"),
    (r"\overset{\to}{v}", r"\overset{a}{v}"),
    (r"a\overset{\to}{=}b", r"a\vec{=}b"),
    (r"\binom{n}{k}", r"\left(\frac{n}{k}\right)"),
    ("(a,b)", "[a,b]"),
    (r"\begin{pmatrix}a&b\end{pmatrix}", r"\begin{pmatrix}a\\b\end{pmatrix}"),
    ("-x", "x"),
    ("f(x)", "f'(x)"),
    ("1.5", "15"),
]
RELATIONS = {
    "=": r"\ne ", "<": r"\le ", ">": "<", r"\le": "<", r"\ge": r"\le", r"\ne": "=",
    r"\in": r"\notin", r"\subset": r"\supset", r"\subseteq": r"\subset", r"\equiv": "=",
    r"\approx": "=", r"\sim": r"\approx", r"\to": r"\mapsto", r"\Rightarrow": r"\Leftrightarrow",
}  # fmt: skip
SIGNS = {"+": "-", "-": "+", r"\pm": r"\mp", r"\times": r"\otimes", r"\cup": r"\cap"}
TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|.", re.S)


@pytest.mark.parametrize("ways", WAYS, ids=lambda ways: ways[0])
def test_ways_of_writing_one_formula_are_one(ways: tuple[str, ...]) -> None:
    assert [compare_formulas(ways[0], way) for way in ways] == [1.0] * len(ways)


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_other_formulas_are_others(one: str, other: str) -> None:
    assert compare_formulas(one, other) == compare_formulas(other, one) < 0.5
    assert not same_formula(one, other)


def changed(tex: str, kind: str, rng: Random) -> str | None:
    """Return a formula with one sign, relation, index or bound changed; None if it has none."""
    tokens = TOKEN.findall(tex)
    places = []
    for at, token in enumerate(tokens):
        before = tokens[at - 2 : at] if tokens[at - 1 : at] == ["{"] else tokens[at - 1 : at]
        below = "_" in before[:1] and (token.isalnum() or token in "abijkmn")
        above = "^" in before[:1] and (token.isalnum() or token == r"\infty")
        if (
            (kind == "sign" and token in SIGNS)
            or (kind == "relation" and token in RELATIONS)
            or (kind == "index" and below)
            or (kind == "bound" and above)
        ):
            places.append(at)
    if not places:
        return None
    at = places[int(rng.random() * len(places))]
    table = SIGNS if kind == "sign" else RELATIONS
    new = {"i": "j", "j": "i", "n": "m", "k": "l", "0": "1", "1": "0", "2": "3"}.get(
        tokens[at], "r" if tokens[at] == "q" else "q"
    )
    tokens[at] = table.get(tokens[at], new) if kind in ("sign", "relation") else new
    return "".join(tokens)


def test_one_changed_sign_relation_index_or_bound_takes_the_score_under_a_half() -> None:
    rng = Random(14)
    made: Counter[str] = Counter()
    for tex in formulas(4_000, seed=5):
        kind = ("sign", "relation", "index", "bound")[int(rng.random() * 4)]
        other = changed(tex, kind, rng)
        if other is None or made[kind] >= 100:
            continue
        made[kind] += 1
        assert compare_formulas(tex, other) == compare_formulas(other, tex) < 0.5, (tex, other)
    assert min(made.values()) >= 50
    assert made.total() >= 200


def test_a_likeness_in_sound_or_font_costs_less_than_a_difference() -> None:
    font, alike, wrong = (
        compare_formulas(r"\mathbf{x}+\nu=\hat{y}", other)
        for other in (r"x+\nu=\hat{y}", r"\mathbf{x}+v=\tilde{y}", r"\mathbf{x}+z=\hat{y}")
    )
    assert 1 > font > alike > 0.5 > wrong > 0
    assert compare_formulas("x_c", "x_e") < 0.5  # below a letter nothing is forgiven


def test_more_differences_are_further_away() -> None:
    scores = [compare_formulas("abcdefgh", other) for other in ("abcdefgx", "abcdwvgx", "pqstwvyx")]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] < 0.1
    assert compare_formulas("x", "") < 0.1
    assert compare_formulas("", "") == 1


def test_a_part_is_found_at_any_depth() -> None:
    assert contains_formula(r"\sqrt{\frac{x_1}{2}+1}", "x_1")
    assert contains_formula(r"\begin{cases}a+b&c\end{cases}", "a+b")
    assert not contains_formula(r"x^{12}", "x2")
    assert not contains_formula("a", "")


PIECES = st.lists(
    st.sampled_from(
        [*"{}^_&$'~|[]()ab1+= ", "中", "ℝ", *(rf"\{name} " for name in str.split(
            r"frac left right sqrt over hat not ce bf genfrac xrightarrow text begin{cases} \ "
            r"end{cases} begin{array}{c} overset mathbf operatorname choose middle big"
        ))]
    ),
    max_size=40,
).map("".join)  # fmt: skip


@given(PIECES, PIECES)
def test_whatever_is_compared_the_score_is_one_in_both_directions(one: str, other: str) -> None:
    assert compare_formulas(one, one) == 1
    assert compare_formulas(one, other) == compare_formulas(other, one)
    assert 0 <= compare_formulas(one, other) <= 1


@pytest.mark.parametrize("piece", ["^", "{", r"\hat", r"\ce{", "a\\over ", r"\sqrt[", r"\left"])
def test_what_nests_without_end_ends(piece: str) -> None:
    assert compare_formulas(piece * 1_500, piece * 1_500) == 1


def test_endless_formulas_that_differ_are_over_budget() -> None:
    with pytest.raises(OverBudget, match="2,000 signs"):
        compare_formulas("ab" * 2_000, "ba" * 2_000 + "c")
    assert compare_formulas("ab" * 2_000, "ab" * 1_999 + "ac") < 0.5

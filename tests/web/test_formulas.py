"""Formulas leave a page as tokens and come back as LaTeX, once each, whatever the page holds."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from cleaner.web.asciimath import asciimath_to_latex
from cleaner.web.budget import OverBudget
from cleaner.web.formulas import Formulas, replace_formulas
from cleaner.web.formulas.config import Delimiter, read_config
from cleaner.web.formulas.images import image_tex, looks_lost
from cleaner.web.formulas.signs import Signs
from cleaner.web.page import extract_html
from cleaner.web.tex import balanced
from cleaner.web.tokens import Formula, Tokens

MATHJAX = '<script src="MathJax.js"></script>'


def replaced(html: str) -> tuple[LexborHTMLParser, Formulas, Tokens]:
    tokens = Tokens()
    source = tokens.escape(html)
    tree = LexborHTMLParser(source)
    return tree, replace_formulas(tree, source, tokens), tokens


def text_of(html: str) -> str:
    tree, formulas, tokens = replaced(html)
    tree.root.strip_tags(["script", "style", "head"])
    return tokens.restore(tree.root.text(), formulas)[0]


# ---- tokens


def test_a_page_made_of_private_characters_comes_back_as_it_was() -> None:
    page = "".join(map(chr, range(0xE000, 0xE100))) + "&#xE000;&#57361;&#xe001 &#xF8FF; $1"
    tree, formulas, tokens = replaced(f"<p>{page}</p><p>\\(x_1\\)</p>")
    text, found, lost = tokens.restore(tree.body.text(), formulas)
    private = "".join(map(chr, range(0xE000, 0xE100))) + "\ue000\ue011\ue001 \uf8ff"
    assert text == private + " \\$1$x_1$"
    assert (found, lost) == (1, 0)
    assert tokens.escaped == 32 + 3


def test_private_characters_never_stand_in_a_formula() -> None:
    assert text_of("<p>\\(\ue000\\alpha&#xE011;\\)\uf0e0</p>") == "$\\alpha$\uf0e0"


@given(st.text(max_size=80))
def test_text_without_formulas_changes_in_its_dollars_only(text: str) -> None:
    tokens = Tokens()
    escaped = tokens.escape(text.replace("&", "").replace("<", ""))
    restored, found, lost = tokens.restore(escaped, [])
    assert restored == text.replace("&", "").replace("<", "").replace("$", "\\$")
    assert (found, lost) == (0, 0)


def test_what_the_main_text_lacks_is_counted() -> None:
    formulas = [Formula("x", False, "tex"), Formula("y", True, "tex"), Formula("z", False, "tex")]
    text = f"a{Tokens.token(1)}b{Tokens.token(0)}"
    assert Tokens().restore(text, formulas) == ("a$$y$$b$x$", 2, 1)
    assert Tokens.numbers(text) == [1, 0]


def test_neighbours_stay_apart() -> None:
    formulas = [Formula("x", False, "tex"), Formula("y", False, "tex")]
    text = f"\\{Tokens.token(0)}{Tokens.token(1)}"
    assert Tokens().restore(text, formulas)[0] == "\\ $x$ $y$"


def test_two_renderings_side_by_side_are_one_formula() -> None:
    page = '<p>a<math alttext="x_1"><mi>x</mi></math> <img class="tex" alt="x_1">b</p>'
    assert text_of(page) == "a$x_1$ b"
    assert text_of("<p>\\(x_1\\) \\(x_1\\)</p>") == "$x_1$ $x_1$"


def test_a_token_that_was_cut_leaves_nothing() -> None:
    assert Tokens().restore(f"a{Tokens.token(0)[:-1]}b", [Formula("x", False, "tex")])[0] == "ab"


# ---- configuration


def config(script: str):
    return read_config(LexborHTMLParser(f"<script>{script}</script><p>x</p>"))


def test_delimiters_macros_and_classes_are_read_from_the_page() -> None:
    found = config(
        "// MathJax\nwindow.MathJax = { loader: {load: ['[tex]/ams']}, tex: { inlineMath:"
        " [['$','$'], ['@','@'],], displayMath: [ ['#[', ']#'] ], processEscapes: !0, macros:"
        " {RR: '\\\\mathbb{R}', two: ['#1#2', 2]} }, options: {ignoreHtmlClass: 'no|nix',"
        " processHtmlClass: 'yes'}, startup: {ready: function () { return {a: 1}; }} }"
    )
    assert found.renderer
    assert found.dollar
    assert found.escapes
    assert found.delimiters == [Delimiter("@", "@", False), Delimiter("#[", "]#", True)]
    assert found.macros == {"RR": (r"\mathbb{R}", 0, None), "two": ("#1#2", 2, None)}
    assert (found.ignored, found.processed) == ({"no", "nix"}, {"yes"})


def test_at_most_eight_pairs_are_taken_and_regular_expressions_are_not_run() -> None:
    pairs = ",".join(f"['<{n}<','>{n}>']" for n in range(20))
    assert len(config(f"MathJax={{tex:{{inlineMath:[{pairs}]}}}}").delimiters) == 8
    assert config("MathJax={options:{ignoreHtmlClass:'(a+)+$|ok'}}").ignored == {"ok"}


@given(
    st.text(st.sampled_from("MathJax{}[]:,'\"\\/* \ninlineMathdelimitersmacros01-"), max_size=80)
)
def test_no_configuration_breaks_the_reader(text: str) -> None:
    config(f"MathJax {text} inlineMath:[['{text}")


# ---- images


@pytest.mark.parametrize(
    ("attributes", "tex"),
    [
        ({"src": "https://latex.codecogs.com/gif.latex?\\frac{a}{b}"}, r"\frac{a}{b}"),
        ({"src": "//latex.codecogs.com/svg.latex?x%20+%20y"}, "x + y"),
        ({"src": "/latex.php?latex=a%2Bb+c&bg=fff"}, "a+b c"),
        ({"data-src": "https://www.zhihu.com/equation?tex=%5Cpi", "src": "data:image/gif"}, r"\pi"),
        ({"class": "latex", "alt": "n=2"}, "n=2"),
        ({"class": "math", "alt": "equation 3"}, None),
        ({"class": "math", "alt": "公式"}, None),
        ({"alt": r"the value \frac{1}{2}"}, r"the value \frac{1}{2}"),
        ({"alt": "cat"}, None),
        ({"src": "cat.png", "alt": "price: $5"}, None),
        ({"src": "https://example.com/latex-gloves.jpg", "alt": "Latex gloves"}, None),
    ],
)
def test_the_tex_of_an_image_is_in_its_address_or_text(attributes: dict, tex: str | None) -> None:
    found = image_tex(attributes)
    assert (found[0] if found else None) == tex


def test_images_that_look_like_formulas_and_hold_none_are_counted() -> None:
    _, formulas, _ = replaced(
        '<p>设<img src="/eq/1.png" class="equation">，<img src="/math/eqn12.gif">'
        '和<img src="cat.jpg"></p>'
    )
    assert formulas == []
    assert formulas.images_lost == 2
    assert looks_lost({"src": "/formula/3.png"})
    assert not looks_lost({"src": "/formula1/car.html"})


# ---- AsciiMath


@pytest.mark.parametrize(
    ("written", "tex"),
    [
        ("sum_(i=1)^n i=((n(n+1))/2)^2", r"\sum_{i=1}^{n}i=\left(\frac{n(n+1)}{2}\right)^{2}"),
        ("x/x={(1,if x!=0),(text(undefined),if x=0):}",
         r"\frac{x}{x}=\begin{cases}1&\text{~if~}x\ne0\\\text{undefined}&\text{~if~}x=0\end{cases}"),
        ("int_-1^1 f(x)dx", r"\int_{-1}^{1}f(x)dx"),
        ("sin^-1(x)/2", r"\frac{\sin^{-1}(x)}{2}"),
        ("f(x)/g(x)", r"\frac{f(x)}{g(x)}"),
        ("[(1,2,|,3),(4,5,|,6)]", r"\left[\begin{array}{cc|c}1&2&3\\4&5&6\end{array}\right]"),
        ("abs(x) <= root(3)(y)", r"\left|x\right|\le\sqrt[3]{y}"),
        ("速度=s/t", r"\text{速度}=\frac{s}{t}"),
        ("(1/2)", r"\frac{1}{2}"),
        ("(1/2)^3", r"\left(\frac{1}{2}\right)^{3}"),
        ("(1/2)(3/4)", r"\left(\frac{1}{2}\right)\left(\frac{3}{4}\right)"),
        ("(a/b, c)", r"\left(\frac{a}{b},c\right)"),
        ("a)b] c", "a)b]c"),
        ("(", "("),
        ("", ""),
    ],
)  # fmt: skip
def test_asciimath_becomes_the_latex_beside_it(written: str, tex: str) -> None:
    assert asciimath_to_latex(written) == tex


@given(st.text(st.sampled_from("()[]{}|/_^-+=,:. ax12\"'`\\sqrtfracsum速"), max_size=40))
def test_any_text_is_asciimath(text: str) -> None:
    tex = asciimath_to_latex(text)
    assert balanced(tex) == tex


# ---- budgets: what a page may cost is counted


@pytest.mark.parametrize(
    "html",
    [
        "<p>" + "\\( " * 20_000,
        MATHJAX + "<p>" + "$a " * 20_000,
        MATHJAX + "<p>" + "${" * 20_000,
        "<p>" + "\\begin{align}" * 5_000,
        "<p>[tex][/tex]" + "[tex] x " * 5_000,
        "<p>" + "&lt;math&gt;" * 5_000,
        "<div>" + "<span class=math>" * 1_500 + "x_1",
        "<div>" + "<span class=katex>" * 1_500,
        "<div>" + "<mjx-container>" * 1_500,
        "<p>" + "<span>$x_1$ " * 1_500,
        "<script>MathJax={tex:{" + "macros:{a:{a:{" * 2_000 + "</script>\\(x\\)",
        '<img src="https://latex.codecogs.com/gif.latex?x" alt="x">' * 3_000,
    ],
    ids=lambda html: html[:40],
)
def test_floods_are_walked_in_one_pass(html: str) -> None:
    replaced(html)


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("<p>" + "\\(x\\) " * 50_001, "formulas"),
        ("<p>" + "\\(" * 200_001, "delimiters"),
        ("<math>" + "<mrow>" * 300 + "<mi>x</mi></math>", "deeper"),
        ("<math>" + "<mi>x</mi>" * 20_001 + "</math>", "MathML elements"),
        (f"<math><annotation encoding='TeX'>{'x' * 100_001}</annotation></math>", "characters"),
        (
            "<script>MathJax={tex:{macros:{a:'\\\\b\\\\b',b:'\\\\a\\\\a'}}}</script>"
            + "\\(\\a\\)" * 200,
            "expansions",
        ),
    ],
)
def test_a_page_over_budget_fails_with_its_reason(html: str, reason: str) -> None:
    with pytest.raises(OverBudget, match=reason):
        replaced(html)


# ---- any page

CASES = [
    json.loads(line)["html"]
    for line in (Path(__file__).parent / "cases.jsonl").read_text(encoding="utf-8").splitlines()
]
PARTS = sorted({part for case in CASES for part in re.findall(r"<[^>]*>|[^<]+", case)})
NOISE = st.text(st.sampled_from("<>&;$\\{}[]()`\"'/=#%_^~ \n\ue000\ue011\ue001α中"), max_size=4)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.one_of(st.sampled_from(CASES), st.sampled_from(PARTS), NOISE), max_size=8),
    st.integers(0, 500),
    st.integers(0, 60),
)
def test_any_page_gives_balanced_formulas_and_loses_no_token(
    parts: list[str], cut: int, length: int
) -> None:
    html = "".join(parts)
    tree, formulas, tokens = replaced(html[:cut] + html[cut + length :])
    _, found, lost = tokens.restore(tree.root.text() if tree.root else "", formulas)
    for formula in formulas:
        assert formula.tex.strip()
        assert "\n" not in formula.tex
        bare = re.sub(r"\\.", "", formula.tex)
        assert "$" not in bare
        assert bare.count("{") == bare.count("}")
    assert found + lost <= len(formulas)  # two renderings of one are written once


# ---- where the walk goes on after what it passes over


@pytest.mark.parametrize(
    "passed",
    [
        "<script>var a = 1</script>",
        "<style>p {}</style>",
        "<select><option>one</option></select>",
        "<pre>some code</pre>",
        '<span class="MathJax" id="MathJax-Element-1-Frame"><nobr>y</nobr></span>',
        "<!-- a remark -->",
        "<script>1</script><!-- a remark -->",
    ],
)
def test_what_stands_after_something_passed_over_and_a_text_is_found(passed: str) -> None:
    page = f"<p>First {passed} then words <math><mi>x</mi></math> and <math><mi>z</mi></math></p>"
    tree = LexborHTMLParser(page)
    for signs in (Signs(), Signs(text=False, codes=False, renderer=False)):
        tree = LexborHTMLParser(page)
        found = replace_formulas(tree, page, Tokens(), signs)
        assert [formula.tex for formula in found] == ["x", "z"]


def test_many_renderings_without_source_on_one_page_are_all_read() -> None:
    one = '<span class="mjx-chtml"><span class="mjx-math"><span class="mjx-mi"><span class='
    one += '"mjx-char MJXc-TeX-math-I">{}</span></span></span></span>'
    page = "<article><p>" + " and so to ".join(one.format(each) for each in "abcde") + "</p>"
    assert extract_html(page).formulas_found == 5


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<code>-10<sup>9</sup> &lt;= cost[i] &lt;= 10<sup>9</sup></code>",
         "-10^9 <= cost[i] <= 10^9"),
        ("<pre>k[2] = x<sup>2</sup> + 1</pre>", "```\nk[2] = x^2 + 1\n```"),
        ("1 &lt;= cost[i] &lt;= 10<sup>9</sup> holds", "1 <= cost[i] <= $10^{9}$ holds"),
        ("so area(n) = n<sup>2</sup> + 1", "so area(n) = n^2 + 1"),
        ("so f(n) = n<sup>2</sup> + 1", "so $f(n) = n^{2} + 1$"),
        ("so (a+b)<sup>2</sup> = a<sup>2</sup> + 2ab + b<sup>2</sup>.",
         "so $(a+b)^{2} = a^{2} + 2ab + b^{2}$."),
        ("so w = x<sup>2</sup> + 2km of it", "so $w = x^{2} + 2$km of it"),
    ],
)  # fmt: skip
def test_mathematics_with_raised_letters_ends_at_words_and_at_code(markup: str, text: str) -> None:
    page = f"<p>It is known that the row of them is long enough to be read.</p><div>{markup}</div>"
    assert extract_html(page).text.partition("\n\n")[2] == text

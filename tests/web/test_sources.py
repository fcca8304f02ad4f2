"""Where sites keep the TeX of a formula, beside the encodings of `cases.jsonl`; none is silent."""

import polars as pl
import pytest

from cleaner.web.formulas.names import ATTRIBUTES, JSON_ATTRIBUTES, KNOWN
from cleaner.web.page import Page, extract_html
from cleaner.web.prefilter import may_hold_mathematics
from cleaner.web.signs import signs

LEAD = "The mill by the river grinds wheat in autumn, and stands still when the water is low. " * 3
VAR = '<script src="katex.js"></script><script>$("var").each(function(){katex.render()})</script>'


def page(markup: str, head: str = "") -> Page:
    return extract_html(f"{head}<article><p>{LEAD}</p><div>So {markup} it is.</div></article>")


def text(markup: str, head: str = "") -> str:
    return page(markup, head).text.removeprefix(LEAD.strip()).strip()


READ = [
    # mathjax-node 2 and MathJax 2
    ('<span class="mjx-chtml"><span class="mjx-math" aria-label="a^2+b"><span class="mjx-char">a'
     "</span></span></span>", "$a^2+b$"),
    ('<span class="mjpage mjpage__block"><span class="mjx-chtml MJXc-display"><span '
     'class="mjx-math" aria-label="k!"><span class="mjx-char">k</span></span></span></span>',
     "$$k!$$"),
    ('<span class="mjx-chtml MathJax_CHTML" id="MathJax-Element-3-Frame"><span class="mjx-math">'
     '<span class="mjx-mi"><span class="mjx-char">q</span></span></span></span>', "$q$"),
    ('<span class="mjx-svg"><svg aria-labelledby="MathJax-SVG-4-Title"><title id="MathJax-SVG-4-'
     'Title">\\beta_1</title><g></g></svg></span>', "$\\beta_1$"),
    ('<svg aria-labelledby="MathJax-SVG-1-Title"><title>w=3</title></svg>', "$w=3$"),
    ('<svg data-latex="u_0"><g data-mml-node="math"></g></svg>', "$u_0$"),
    ('<svg data-formula="g^2" viewBox="0 0 1 1"><g data-mml-node="math"></g></svg>', "$g^2$"),
    ('<math-field read-only>x^3</math-field>', "$x^3$"),
    ('<span class="mq-math-mode" latex="\\frac1v"></span>', "$\\frac1v$"),
    ('<img class="mathcode" src="a.png" alt="\\sum_j">', "$\\sum_j$"),
    ('<img src="https://tex.z-dn.net/?f=%5Cfrac34" class="latex-formula">', "$\\frac34$"),
    # JSON of components
    ('<div class="latex-rendered" data-attrs="{&quot;persistentExpression&quot;:&quot;y=3&quot;}">'
     "</div>", "$$y=3$$"),
    ('<span class="latex-rendered" data-attrs="{&quot;persistentExpression&quot;:&quot;z_2&quot;}">'
     "</span>", "$z_2$"),
    ('<span data-component="Math" data-props="{&quot;latex&quot;:&quot;\\\\frac13&quot;}"></span>',
     "$\\frac13$"),
    ('<card type="inline" name="math" value="data:%7B%22code%22%3A%22m%5E3%22%7D"></card>',
     "$m^3$"),
    # images
    ('<img src="https://cdn.nlark.com/yuque/__latex/ab.svg#card=math&code=h%5E2&id=x">', "$h^2$"),
    ('<img src="https://latex.csdn.net/eq?O%28k%29">', "$O(k)$"),
    ('<img class="mathcode" src="https://latex.csdn.net/eq?%5Clog%20k">', "$\\log k$"),
    ('<img src="a.png" alt="$g(y)=1$">', "$g(y)=1$"),
    ('<img src="a.png" alt="$|A|$">', "$|A|$"),
    ('<img src="a.gif" class="inlineformula" alt="eta">', "$\\eta$"),
    ('<img src="a.gif" class="numberedequation" alt="Psi(t)>infty">', "$\\Psi(t)>\\infty$"),
    ('<div class="math"><p><img src="_images/math/1.png" alt="k! = 6"></p></div>', "$$k! = 6$$"),
    ('<span class="math"><img src="1.png" alt="a = b"></span>', "$a = b$"),
    ('<img class="ql-img-inline-formula quicklatex-auto-format" alt="&#92;beta&#94;2">',
     "$\\beta^2$"),
    ('<img src="http://www.sciweavers.org/tex2img.php?eq=p%5E2&bc=White">', "$p^2$"),
    ('<img src="//i.upmath.me/svg/r%5E2%2B1" alt="r^2+1">', "$r^2+1$"),
    ('<img class="equation_image" title="s_1" alt="LaTeX: s_1">', "$s_1$"),
    ('<img class="texrender" alt="c_{k-1}" title="c_{k-1}" src="/filter/tex/pix.php/3a.gif">',
     "$c_{k-1}$"),
    ('<img class="equation_image" src="/equation_images/%255Cfrac%257Bn%257D%257B3%257D">',
     "$\\frac{n}{3}$"),
    ('<img src="https://school.example/equation_images/u%255E%257B2%257D?scale=1">', "$u^{2}$"),
    ('<span data-math="\\frac{4}{9}"></span>', "$\\frac{4}{9}$"),
    ('<!--[if mathML]><math><mi>k</mi><mo>&lt;</mo><mn>0</mn></math><![endif]--><![if !mathML]>'
     '<img src="a.png"><![endif]>', "$k<0$"),
    ('<anki-mathjax>d_1</anki-mathjax>', "$d_1$"),
    ('<span class="tex-span"><i>h</i><sub class="lower-index"><i>i</i></sub> ≤ 10'
     '<sup class="upper-index">6</sup></span>', "$h_{i} \\le 10^{6}$"),
    ('<span class="arithmatex">\\(w_3\\)</span>', "$w_3$"),
    ('<pre lang="math"><code>v = \\dot x</code></pre>', "$$v = \\dot x$$"),
    # texts
    ("<mathjax>#sqrt(5)#</mathjax>", "$\\sqrt{5}$"),
    ('<span class="mathjax">#y^3#</span>', "$y^{3}$"),
    ("<tex-math>\\documentclass{minimal}\\usepackage{amsmath}\\begin{document}$$e_1+e_2$$"
     "\\end{document}</tex-math>", "$$e_1+e_2$$"),
    ('<span class="mathquill-rendered-math"><span class="selectable">$t^4$</span><var>t</var>'
     "<sup>4</sup></span>", "$t^4$"),
]  # fmt: skip


@pytest.mark.parametrize(("markup", "want"), READ)
def test_the_source_of_a_formula_is_found(markup: str, want: str) -> None:
    assert f"So {want} it is." in " ".join(text(markup).split())


@pytest.mark.parametrize("markup", [markup for markup, _ in READ])
def test_the_prefilter_lets_such_pages_pass(markup: str) -> None:
    assert may_hold_mathematics(pl.Series([f"<html><body>{markup}"])).to_list() == [True]


@pytest.mark.parametrize(
    ("markup", "want"),
    [("<var>1 \\leq k</var>", "$1 \\leq k$"), ("<var>b<sub>j</sub></var>", "$b_{j}$")],
)
def test_variables_are_formulas_where_a_script_makes_them_so(markup: str, want: str) -> None:
    assert text(markup, VAR) == f"So {want} it is."
    assert "$" not in text("<var>name</var>", '<script src="katex.js"></script>')


@pytest.mark.parametrize(
    "markup",
    [
        '<svg><g data-mml-node="math"></g></svg>',
        '<svg aria-labelledby="MathJax-SVG-1-Title"><title> </title></svg>',
        '<span class="mjx-chtml"><span class="mjx-math"><span class="mjx-char">a</span>'
        '<span class="mjx-char">b</span></span></span>',
        '<span class="mjx-chtml"><span class="mjx-math" aria-label="a squared plus b">'
        '<span class="mjx-char">a</span><span class="mjx-char">b</span></span></span>',
        '<img class="tex" src="1.png" alt="x squared plus y squared">',
        '<img class="tex-formula" src="https://espresso.codeforces.com/3f.png">',
        '<span role="math"><svg class="typst-frame"><g><use href="#g8F"/></g></svg></span>',
        '<svg role="math"><path d="M1 2"/></svg>',
    ],
)
def test_what_nobody_can_read_is_counted(markup: str) -> None:
    found = page(markup)
    assert (found.formulas_found, found.formula_images_lost) == (0, 1)
    assert "ab" not in found.text


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="https://www.mathjax.org/badge/badge.gif" alt="Powered by MathJax">',
        '<img class="mathjax-logo" src="mj-logo.png" alt="">',
        '<img class="ql-img-picture quicklatex-auto-format" alt="Rendered by QuickLaTeX.com">',
        '<img class="tex" src="/tikz/1.png" alt="A square with both of its diagonals">',
        '<img src="a.png" alt="$5 off">',
        '<img src="a.png" alt="$40 - $50">',
        '<svg role="img"><title>Search the site</title></svg>',
        '<svg class="typst-frame"><g><use href="#g8F"/></g></svg>',
        '<img class="context_module_image" src="/images/9/texture_module.png" alt="Module 3">',
        '<div data-component="Chart" data-props="{&quot;formula&quot;:&quot;x&quot;}"></div>',
    ],
)
def test_what_is_no_formula_is_not_counted(markup: str) -> None:
    found = page(markup)
    assert (found.formulas_found, found.formula_images_lost) == (0, 0)


@pytest.mark.parametrize(
    ("markup", "lost"),
    [
        # what a publisher shows readers without scripts, then the formula
        ('<span class="inline-formula"><noscript><img src="/math.gif" alt=""></noscript><img '
         'src="//:0" alt="" class="mml-formula"></span><b><math><mi>u</mi></math></b>', 0),
        # the formula in three languages, then what a script drew of it
        ('<span class="math-inline"><mathml><math><mi>u</mi></math></mathml><mjx-container>'
         '<svg><g data-mml-node="math"></g></svg></mjx-container></span>', 0),
        ('<img class="tex" src="a.png" alt=""> and <math><mi>u</mi></math>', 1),
        ('<math><mi>u</mi></math> and <mjx-container><svg></svg></mjx-container>', 1),
    ],
)  # fmt: skip
def test_a_second_rendering_of_one_formula_is_not_counted(markup: str, lost: int) -> None:
    found = page(markup)
    assert "$u$" in found.text
    assert (found.formulas_found, found.formula_images_lost) == (1, lost)


# ---- MathML that renderers write, and the signs of their fonts


@pytest.mark.parametrize(
    ("markup", "want"),
    [
        ("<math><mi>u</mi><mo>\ue020</mo><mo>=</mo><mi>v</mi></math>", "$u\\ne v$"),
        ("<math><mi>u</mi><mrow><mi>&#xE020;</mi><mo>=</mo></mrow><mi>v</mi></math>", "$u\\ne v$"),
        ("<math><mi>u</mi><mo>\ue020</mo><mo>∈</mo><mi>V</mi></math>", "$u\\not\\in V$"),
        ("<math><mi>\\calM</mi><mo>+</mo><mi>\\bbZ</mi></math>", "$\\mathcal{M}+\\mathbb{Z}$"),
        ("<math><mi>\\Prob</mi><mi>\\alpha</mi></math>", "$\\operatorname{Prob}\\alpha$"),
        ("<math><mrow>c = <mi>d</mi> + 1</mrow></math>", "$c =d+ 1$"),
        ("<math><mrow><mn>2</mn> &lt; <mi>d</mi></mrow></math>", "$2<d$"),
        ("<math><mi>w</mi><merror><mtext>\\sqrt{3}</mtext></merror></math>", "$w\\sqrt{3}$"),
        ("<math><mrow> <mi>c</mi> </mrow></math>", "$c$"),
        ("\\(c\\tag{\\PageIndex{4}}\\)", "$c\\tag{4}$"),
        ("\\(c_1\ue9a1\\)", "$c_1$"),
        # a macro of the page's maker, written out in the MathML beside it
        ('<span class="katex"><span class="katex-mathml"><math><semantics><mrow><mi '
         'mathvariant="normal">Ω</mi></mrow><annotation encoding="application/x-tex">\\Omg'
         "</annotation></semantics></math></span></span>", "$\\Omega$"),
        ('<span class="katex"><span class="katex-mathml"><math><semantics><mi>Ω</mi><annotation '
         'encoding="application/x-tex">\\mathit\\Omega</annotation></semantics></math></span>'
         "</span>", "$\\mathit\\Omega$"),
    ],
)  # fmt: skip
def test_what_renderers_write_is_read_as_they_meant_it(markup: str, want: str) -> None:
    assert text(markup) == f"So {want} it is."


@pytest.mark.parametrize(
    "markup",
    [
        "<math><merror><mtext>Math input error</mtext></merror></math>",
        "<math><mi>a</mi><merror><mtext>Undefined control sequence \\foo</mtext></merror></math>",
        "<math><mi>a</mi><mo>\uf0a7</mo><mi>b</mi></math>",
    ],
)
def test_an_error_or_a_sign_of_a_private_font_is_counted_and_not_written(markup: str) -> None:
    found = page(markup)
    assert (found.formulas_found, found.formula_images_lost) == (0, 1)
    assert found.text.removeprefix(LEAD.strip()).strip() == "So it is."


@pytest.mark.parametrize(
    "image",
    [
        '<img src="notes0x.png" alt="x2 +  y2" class="math">',
        '<img src="notes12x.png" alt="x2" class="math">',
        '<img src="p1.png" alt="       1\n f = ---\n       x" class="math-display">',
    ],
)
def test_a_formula_drawn_in_characters_is_lost_not_another(image: str) -> None:
    page = extract_html(f"<article><p>{LEAD}</p><p>Let {image} be.</p></article>")
    assert (page.formulas_found, page.formula_images_lost) == (0, 1)


@pytest.mark.parametrize(
    ("image", "tex"),
    [
        ('<img src="notes1x.png" alt="x" class="math">', "$x$"),
        ('<img src="notes2x.png" alt="x^2  + y^2" class="math">', "$x^2 + y^2$"),
        ('<img src="eq1.png" alt="x + y = 1" class="math">', "$x + y = 1$"),
        (
            '<img src="d.png" alt="x &amp;= y \\\\&#10;z &amp;= w" class="math">',
            "$x &= y \\\\ z &= w$",
        ),
    ],
)
def test_an_alternative_text_that_is_the_formula_is_taken(image: str, tex: str) -> None:
    page = extract_html(f"<article><p>{LEAD}</p><p>Let {image} be.</p></article>")
    assert f"Let {tex} be." in page.text


@pytest.mark.parametrize("name", sorted(ATTRIBUTES - {"data-value", "data-alt", *JSON_ATTRIBUTES}))
def test_an_attribute_that_holds_a_formula_is_a_sign_of_one(name: str) -> None:
    assert signs(f'<p><span {name}="x"></span></p>'.encode()).formulas.markup


def test_a_class_that_names_a_formula_is_seen_before_parsing() -> None:
    markups = ("<b class={}>", "<b class='a {}'>", '<b class="{} a">', "<b class='a\n{}\tb'>")
    pages = [f"<math>{markup.format(name)}" for name in sorted(KNOWN) for markup in markups]
    assert [page for page in pages if not signs(page.encode()).formulas.named] == []
    assert not signs(b"<math><b class='aftermath maths'>katexes").formulas.named


def test_what_only_a_script_says_is_no_sign_of_text() -> None:
    script = r"<script>a.match(/\(b\)/), '\frac', '$'</script>"
    assert not signs(f"<p>Nothing.</p>{script}".encode()).formulas.hopeful
    assert signs(rf"<p>Let \(x\) be.</p>{script}".encode()).formulas.text
    found = signs(f"<p>For $5.</p>{script}".encode()).formulas
    assert (found.text, found.delimiters) == (False, True)

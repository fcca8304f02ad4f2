"""MathML becomes the LaTeX that a mathematician would write, whatever the tool that made it."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.web.budget import MATHML_NODES, OverBudget, Work
from cleaner.web.compare import same_formula
from cleaner.web.mathml import mathml_to_latex, tex_alternative
from cleaner.web.mathml.symbols import ALPHABET, FUNCTIONS, SYMBOLS

TABLE = (Path(__file__).parent / "mathml.tsv").read_text(encoding="utf-8").splitlines()
ENTITY = '<!DOCTYPE m [<!ENTITY f SYSTEM "file:///etc/passwd">]><math>&f;</math>'


@pytest.mark.parametrize("line", TABLE)
def test_markup_becomes_the_latex_beside_it(line: str) -> None:
    markup, expected = line.split("\t")
    tex = mathml_to_latex(f"<math>{markup}</math>")
    assert same_formula(tex, expected), tex


def test_a_run_in_one_font_is_one_group_and_an_array_has_its_lines() -> None:
    letters = "".join(f'<mi mathvariant="sans-serif">{letter}</mi>' for letter in "max")
    assert mathml_to_latex(f"<math>{letters}</math>") == r"\mathsf{max}"
    table = '<mtable columnlines="solid"><mtr><mtd>a</mtd><mtd>b</mtd></mtr></mtable>'
    ruled = f'<math><menclose notation="top bottom left">{table}</menclose></math>'
    assert mathml_to_latex(ruled) == r"\begin{array}{|c|c}\hline a&b\\\hline\end{array}"


def test_the_sides_of_an_array_of_katex_are_turned_back() -> None:
    cell = '<mtd><mstyle scriptlevel="0" displaystyle="false">{}</mstyle></mtd>'
    rows = "".join(
        f"<mtr>{cell.format(f'<mi>{first}</mi>')}{cell.format('<mrow></mrow>')}</mtr>"
        for first in "ab"
    )
    table = f'<mtable rowspacing="0.16em" columnspacing="1em" columnlines="solid">{rows}</mtable>'
    for notation, expected in (
        ("top", r"\begin{array}{|c|c}a&\\b&\end{array}"),
        ("top bottom right", r"\begin{array}{|c|c|}a&\\b&\\\hline\end{array}"),
        ("left", r"\begin{array}{c|c}\hline a&\\b&\end{array}"),
    ):
        drawn = f'<math><menclose notation="{notation}">{table}</menclose></math>'
        assert mathml_to_latex(drawn) == expected
    row = "<mtr><mtd>a</mtd><mtd>b</mtd></mtr>"
    plain = f'<mtable columnlines="solid" rowspacing="4pt">{row}</mtable>'
    drawn = f'<math><menclose notation="left bottom">{plain}</menclose></math>'
    assert mathml_to_latex(drawn) == r"\begin{array}{|c|c}a&b\\\hline\end{array}"


def test_a_function_is_a_command_and_runs_into_no_letter() -> None:
    found = {name: mathml_to_latex(f"<math><mi>{name}</mi><mi>x</mi></math>") for name in FUNCTIONS}
    assert found == {name: f"\\{name} x" for name in FUNCTIONS}


def test_every_letter_of_the_alphabets_is_a_letter_in_a_command() -> None:
    for char, (plain, variant) in ALPHABET.items():
        tex = mathml_to_latex(f"<math><mi>{char}</mi></math>")
        assert tex
        assert tex.isascii() or plain == "∇"
        if variant != "italic" and plain.isascii():
            assert re.fullmatch(r"(?:\\[a-z]+\{)+" + re.escape(plain) + r"\}+", tex, re.I)


def test_every_sign_stands_for_balanced_latex() -> None:
    for char in SYMBOLS:
        markup = char.translate({38: "&amp;", 60: "&lt;"})
        tex = mathml_to_latex(f"<math><mi>x</mi><mo>{markup}</mo><mi>y</mi></math>")
        assert tex.startswith("x")
        assert tex.endswith("y")
        assert balanced(tex)


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<math><mi>&alpha;</mi><mo>&le;</mo><mi>&Omega;</mi></math>", r"\alpha\le\Omega"),
        ("<math><mi>&nosuchname;</mi><mi>x</mi></math>", "x"),
        ("<math><mi>a</mi><mo>&</mo><mi>b</mi></math>", r"a\&b"),
        ("<m:math xmlns:m='urn:x'><m:mi>a</m:mi><m:none/><m:mi>b</m:mi></m:math>", "ab"),
        ("<MATH><MFRAC><MI>a</MI><MN>2</MN></MFRAC></MATH>", r"\frac{a}{2}"),
        ("<mrow><mi>a</mi></mrow>", "a"),
        ("<math><mrow><mi>a</mi><mo>+</mo><mi>b</mrow></math>", "a+b"),
        ("<math foo:bar='1' xmlns:foo='urn:x'><mi foo:baz=\"2\">a</mi></math>", "a"),
        ("<math><mi><![CDATA[x]]></mi></math>", "x"),
        ("<?xml version='1.0'?><!DOCTYPE math [<!ENTITY x 'y'>]><math><mi>a</mi></math>", "a"),
        (r"<math>\frac{1}{2}</math>", r"\frac{1}{2}"),
        ("<math></math>", ""),
        ("", ""),
        ("no markup", ""),
    ],
)
def test_broken_prefixed_and_odd_markup_is_read_all_the_same(markup: str, expected: str) -> None:
    assert same_formula(mathml_to_latex(markup), expected)


def test_a_tex_annotation_is_taken_before_the_markup_and_no_other_annotation() -> None:
    markup = (
        "<math><semantics><mi>a</mi><annotation encoding='{}'>{}</annotation></semantics></math>"
    )
    assert mathml_to_latex(markup.format("application/x-tex", r"\displaystyle b^2")) == "b^2"
    assert mathml_to_latex(markup.format("TeX", "$b$")) == "b"
    assert mathml_to_latex(markup.format("MathType-MTEF", "b")) == "a"
    assert mathml_to_latex(markup.format("application/x-tex", "b"), annotated=False) in ("a", "b")


def test_words_are_no_tex_alternative() -> None:
    assert tex_alternative(r"$x_1$") == "x_1"
    assert tex_alternative("x") == "x"
    assert tex_alternative("square root of x") == ""
    assert tex_alternative(None) == ""


def test_entities_are_never_expanded() -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE math [<!ENTITY l0 "lol">{levels}]><math><mi>&l11;</mi><mi>x</mi></math>'
    assert mathml_to_latex(bomb) == "x"
    assert (
        mathml_to_latex('<!DOCTYPE m [<!ENTITY f SYSTEM "file:///etc/passwd">]><math>&f;</math>')
        == ""
    )


@pytest.mark.parametrize("tag", ["mrow", "msqrt", "mfenced", "mstyle", "menclose", "mtd", "msup"])
def test_deep_nesting_is_over_budget(tag: str) -> None:
    shallow = f"<{tag}><mi>a</mi><mi>b</mi>" * 50 + f"</{tag}>" * 50
    assert "a" in mathml_to_latex(f"<math>{shallow}</math>")
    for depth in (200, 5_000):
        deep = f"<{tag}><mi>a</mi><mi>b</mi>" * depth + f"</{tag}>" * depth
        with pytest.raises(OverBudget, match="nested deeper"):
            mathml_to_latex(f"<math>{deep}</math>")


def test_too_many_elements_are_over_budget() -> None:
    with pytest.raises(OverBudget, match="MathML elements"):
        mathml_to_latex("<math>" + "<mi>a</mi>" * (MATHML_NODES + 1) + "</math>")
    work = Work("elements of MathML", 5)
    with pytest.raises(OverBudget, match="more than 5"):
        mathml_to_latex("<math>" + "<mi>a</mi>" * 10 + "</math>", work=work)


TOKENS = [*"xyαβ12+-=(){}[]|,;∑∫→′^_~\\#%$'", "sin", "lim", "速度", "a b", "&amp;", "&lt;", ""]
LEAVES = st.builds(
    "<{0}>{1}</{0}>".format,
    st.sampled_from(["mi", "mn", "mo", "mtext", "ms", "none", "mspace"]),
    st.sampled_from(TOKENS),
)
ELEMENTS = str.split(
    "mrow mfrac msqrt mroot msub msup msubsup munder mover munderover mmultiscripts mtable mtr mtd "
    "mlabeledtr mfenced menclose mstyle mpadded mphantom semantics maction apply"
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>",
        st.sampled_from(ELEMENTS),
        st.lists(inner, max_size=4),
    ),
    max_leaves=12,
)


@given(st.lists(TREES, max_size=4))
def test_whatever_the_markup_the_latex_is_balanced(parts: list[str]) -> None:
    assert balanced(mathml_to_latex(f"<math>{''.join(parts)}</math>"))


@given(st.text(st.sampled_from("<>/&;=\"' mathirow12x!-[]"), max_size=60))
def test_whatever_the_text_nothing_breaks(text: str) -> None:
    assert balanced(mathml_to_latex(text))


def balanced(tex: str) -> bool:
    depth = 0
    for token in re.findall(r"\\.|[{}]", tex, re.S):
        depth += {"{": 1, "}": -1}.get(token, 0)
        if depth < 0:
            return False
    words = re.findall(r"\\(left|right)(?![A-Za-z])", tex)
    pairs = re.findall(r"\\(begin|end)\{(\w+)\}", tex)
    open_: list[str] = []
    for which, name in pairs:
        if which == "begin":
            open_.append(name)
        elif not open_ or open_.pop() != name:
            return False
    return depth == 0 and words.count("left") == words.count("right") and not open_


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<msubsup><mi>P</mi><mi>y</mi><mo>′</mo></msubsup>", "P'_{y}"),
        ("<msubsup><mi>P</mi><mi>y</mi><mn>2</mn></msubsup>", "P_{y}^{2}"),
        ("<msup><mi>P</mi><mo>″</mo></msup>", "P''"),
        (
            "<munder><mo>∑</mo><mtable><mtr><mtd><mi>i</mi></mtd></mtr><mtr><mtd><mi>j</mi></mtd>"
            "</mtr></mtable></munder>",
            r"\sum_{\substack{i\\j}}",
        ),
        (
            "<msup><mi>A</mi><mtable><mtr><mtd>a</mtd><mtd>b</mtd></mtr></mtable></msup>",
            r"A^{\begin{matrix}a&b\end{matrix}}",
        ),
        (
            "<mtable><mtr><mtd>a</mtd><mtd><mo>=</mo></mtd><mtd>b</mtd></mtr>"
            "<mtr><mtd/><mtd><mo>≤</mo></mtd><mtd>c</mtd></mtr></mtable>",
            r"\begin{array}{rcl}a&=&b\\&\le&c\end{array}",
        ),
        (
            "<mtable><mtr><mtd>a</mtd><mtd>b</mtd><mtd>c</mtd></mtr></mtable>",
            r"\begin{matrix}a&b&c\end{matrix}",
        ),
        (
            "<mtable><mtr><mtd/><mtd><mi>a</mi></mtd></mtr><mtr><mtd/><mtd><mi>b</mi></mtd></mtr>"
            "</mtable>",
            r"\begin{aligned}&a\\&b\end{aligned}",
        ),
        (
            "<mi>a</mi><mspace width='.28em'/><mo>⟹</mo><mspace width='.28em'/><mi>b</mi>",
            r"a\implies b",
        ),
        ("<mi>a</mi><mo>⟺</mo><mn>1</mn>", r"a\iff 1"),
        ("<mi>a</mi><mo>⟶</mo><mspace width='.28em'/><mi>b</mi>", r"a\longrightarrow\;b"),
        ("<mi>a</mi><mtext>,&nbsp;</mtext><mi>b</mi>", r"a\text{, }b"),
        ("<mi>a</mi><mtext>,</mtext><mi>b</mi>", "a,b"),
        ("<mi>a</mi><mtext> = </mtext><mi>b</mi>", "a=b"),
        (r"<mtext>mul\_fixed</mtext>", r"\text{mul\_fixed}"),
        ("<mtext>a_b</mtext>", r"\text{a\_b}"),
        ("<mi>a</mi><mo>∙</mo><mi>b</mi><mo>⋅</mo><mi>c</mi>", r"a\bullet b\cdot c"),
    ],
)
def test_what_people_write_is_written(markup: str, expected: str) -> None:
    assert mathml_to_latex(f"<math>{markup}</math>") == expected


def test_a_column_of_equations_at_the_right_is_aligned() -> None:
    rows = "".join(
        f"<mtr><mtd>{cell}</mtd></mtr>" for cell in ("<mi>a</mi><mo>=</mo>", "<mi>b</mi>")
    )
    table = f'<math><mtable columnalign="right">{rows}</mtable></math>'
    assert mathml_to_latex(table) == r"\begin{aligned}a=\\b\end{aligned}"
    for style in ('<mtable displaystyle="true"', "<mtable"):
        cell = '<mstyle displaystyle="true"><mn>1</mn></mstyle>'
        drawn = f'{style} columnalign="right"><mtr><mtd>{cell}</mtd></mtr><mtr><mtd>2</mtd></mtr>'
        assert r"\begin{aligned}1\\2\end" in mathml_to_latex(f"<math>{drawn}</mtable></math>")
    column = '<mtable columnalign="right"><mtr><mtd>12</mtd></mtr><mtr><mtd>7</mtd></mtr></mtable>'
    assert mathml_to_latex(f"<math>{column}</math>") == r"\begin{array}{r}12\\7\end{array}"


def test_a_style_may_be_bold() -> None:
    style = "font-style:italic;font-weight:bold;"
    assert mathml_to_latex(f'<math><mstyle style="{style}"><mn>0</mn></mstyle></math>') == (
        r"\boldsymbol{0}"
    )
    assert mathml_to_latex('<math><mstyle style="color:red"><mn>0</mn></mstyle></math>') == "0"


def test_words_side_by_side_are_one_text() -> None:
    letters = "".join(f"<mi>{char}</mi>" for char in "满足条件")
    assert mathml_to_latex(f"<math><mi>x</mi>{letters}<mo>,</mo><mi>与</mi></math>") == (
        r"x\text{满足条件},\text{与}"
    )
    split = "<math><msub><mi>x</mi><mi>甲</mi></msub><mi>乙</mi></math>"
    assert mathml_to_latex(split) == r"x_{\text{甲}}\text{乙}"

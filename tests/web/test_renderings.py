"""Renderings without their source: the same formula comes back, or it is counted as lost."""

import json
import re
from pathlib import Path

import pytest
from support.page_cases import spans

from cleaner.web.compare import same_formula
from cleaner.web.formulas.drawn import Unreadable, negated, tall
from cleaner.web.page import Page, extract_html

RENDERINGS = [
    json.loads(line)
    for line in Path(__file__).with_name("renderings.jsonl").read_text("utf-8").splitlines()
]


def page_of(markup: str) -> Page:
    return extract_html(f"<p>From this we see at once that {markup} holds for all of them.</p>")


@pytest.mark.parametrize("case", RENDERINGS, ids=lambda one: f"{one['renderer']} {one['tex']}")
def test_a_rendering_gives_back_its_formula(case: dict[str, str]) -> None:
    page = page_of(case["html"])
    found = [tex for tex, _ in spans(page.text)]
    assert len(found) == 1
    assert same_formula(case["tex"], found[0]), found
    assert page.formula_images_lost == 0


KATEX = '<span class="katex"><span class="katex-html"><span class="base">{}</span></span></span>'
LIST = (
    '<span class="{}"><span class="vlist-t"><span class="vlist-r"><span class="vlist">{}</span>'
    "</span></span></span>"
)
LEVEL = '<span style="top:{}em;"><span class="pstrut" style="height:3em;"></span>{}</span>'
LETTER = '<span class="mord mathnormal">{}</span>'


def levels(names: str, *heights: float) -> str:
    inside = (LEVEL.format(-3 - h, LETTER.format("abc"[at])) for at, h in enumerate(heights))
    return LIST.format(names, "".join(inside))


def test_a_bar_without_width_is_only_there_for_its_height() -> None:
    rule = '<span class="mord rule" style="border-right-width:{}em;border-top-width:1.5em;"></span>'
    page = page_of(KATEX.format('<span class="mord">⋮</span>' + rule.format(0)))
    assert spans(page.text) == [(r"\vdots", "inline")]
    page = page_of(KATEX.format('<span class="mord">⋮</span>' + rule.format(0.4)))
    assert (spans(page.text), page.formula_images_lost) == ([], 1)


def test_a_script_is_raised_or_lowered_as_it_stands_however_small() -> None:
    shown = {
        height: spans(page_of(KATEX.format(LETTER.format("x") + levels("msupsub", height))).text)
        for height in (0.1, 0.4, -0.15)
    }
    assert shown == {
        0.1: [("x^{a}", "inline")], 0.4: [("x^{a}", "inline")], -0.15: [("x_{a}", "inline")]
    }  # fmt: skip


@pytest.mark.parametrize(
    "drawing",
    [
        '<span class="mord"><svg><path d="M0 0h9v9z"/></svg></span>',
        levels("mord accent", 0.0, 0.5),
        levels("msupsub", 0.0),
        levels("msupsub", 0.1, 0.2),
        levels("mord", 0.0, 0.5),
        levels("mfrac", 0.5),
        '<span class="mord sqrt"></span>',
        '<span class="mord rule" style="border-right-width:1em;"></span>',
        '<span class="mrel">\ue020</span>',
        '<span class="mord">\ue123</span>',
        '<span class="delimsizing mult"><svg><path d="M1 1h9"/></svg></span>',
        '<span class="llap">x</span>',
    ],
)
def test_what_cannot_be_told_is_lost_and_never_guessed(drawing: str) -> None:
    page = page_of(KATEX.format(LETTER.format("k") + drawing + LETTER.format("i")))
    assert spans(page.text) == []
    assert page.formula_images_lost == 1
    assert "k" not in re.sub(r"[A-Za-z]{2,}", "", page.text)  # no letters of it in the sentence


CONTAINER = '<mjx-container class="MathJax"><mjx-math>{}</mjx-math></mjx-container>'
SVG = (
    '<mjx-container class="MathJax"><svg><g><g data-mml-node="math">{}</g></g></svg>'
    "</mjx-container>"
)


@pytest.mark.parametrize(
    "markup",
    [
        CONTAINER.format("<mjx-merror><mjx-mtext>x</mjx-mtext></mjx-merror>"),
        CONTAINER.format("<mjx-mi><mjx-c class='mjx-cE154'></mjx-c></mjx-mi>"),
        CONTAINER.format("<mjx-menclose><mjx-box></mjx-box><mjx-circle/></mjx-menclose>"),
        CONTAINER.format("<mjx-mfrac><mjx-frac></mjx-frac></mjx-mfrac>"),
        SVG.format("<g data-mml-node='mi'><path d='M0 0'/></g>"),
        SVG.format("<g data-mml-node='mi'><path data-c='4C' d='M0 0'/></g>"),
        SVG.format("<g data-mml-node='mo'><use data-c='239B'/><use data-c='23A0'/></g>"),
        SVG.format("<g data-mml-node='msup'><g data-mml-node='mi'><use data-c='78'/></g></g>"),
    ],
)
def test_what_mathjax_drew_and_nobody_can_tell_is_lost(markup: str) -> None:
    page = page_of(markup)
    assert spans(page.text) == []
    assert page.formula_images_lost == 1


def test_brackets_of_pieces_and_struck_signs() -> None:
    assert [tall(pieces) for pieces in ("⎛⎜⎜⎝", "⎤⎥⎦", "⎣⎢", "⎩⎪⎨⎧", "∣∣", "⎫⎪⎬⎪⎭")] == [*"(]⌊{|}"]
    assert [negated(sign) for sign in "=∈<⊂≡"] == [*"≠∉≮⊄≢"]
    for pieces in ("⎛⎟", "⎜⎥", "x", ""):
        with pytest.raises(Unreadable):
            tall(pieces)
    with pytest.raises(Unreadable):
        negated("+")


def test_rows_nested_without_end_are_over_budget() -> None:
    deep = '<span class="mord">' * 230 + "x" + "</span>" * 230
    page = page_of(KATEX.format(deep))
    assert page.error is not None
    assert "nested deeper" in page.error


def test_a_label_of_tex_is_no_speech_and_comes_before_what_is_drawn() -> None:
    drawn = (
        '<span class="mjx-chtml"><span class="mjx-math"{}>'
        '<span class="mjx-mi">{}</span></span></span>'
    )
    letter = '<span class="mjx-char MJXc-TeX-math-I">x</span>'
    for label, expected in (
        (r"a\times b\over c", r"a\times b\over c"),
        ("x times two", "x"),
        ("", "x"),
    ):
        page = page_of(drawn.format(f' aria-label="{label}"', letter))
        assert spans(page.text) == [(expected, "inline")]


POSITIONED = (
    '<svg aria-labelledby="MathJax-SVG-1-Title"><g transform="matrix(1 0 0 -1 0 0)">{}</g></svg>'
)
USE = '<use xlink:href="#E1-MJ{}-{}" x="{}" y="{}"{}></use>'
SMALL = ' transform="scale(0.707)"'


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        ([("MATHI", "61", 0, 0), ("MAIN", "2B", 700, 0), ("MATHI", "63", 1700, 0)], "a+c"),
        ([("MATHI", "4C", 0, 0), ("MATHI", "54", 963, -213, SMALL)], "L_{T}"),
        ([("MATHI", "78", 0, 0), ("MAIN", "32", 809, 513, SMALL)], "x^{2}"),
        ([("CAL", "4C", 0, 0), ("MATHI", "78", 900, 0)], r"\mathcal{L}x"),
        ([("SZ2", "2211", 0, 0), ("MATHI", "69", 809, -1500, SMALL)], r"\sum_{i}"),
        ([("MATHI", "78", 0, 0), ("MATHI", "69", 809, -1500, SMALL)], None),  # set under a letter
        ([("MATHI", "78", 0, 0), ("MAIN", "5E", 30, 10)], r"\hat{x}"),
        ([("MATHI", "78", 0, 0), ("MAIN", "5E", 700, 400)], None),
        ([("MATHI", "78", 0, 0), ("MATHI", "69", 74, 1300, SMALL)], r"\overset{i}{x}"),
        (
            [
                ("MATHI", "76", 0, 0),
                ("MATHI", "77", 686, -212, SMALL),
                ("MAIN", "2032", 686, 445, SMALL),
                ("MAIN", "22A4", 1544, 620, SMALL),
            ],
            r"{v'_{w}}^{\top}",
        ),
        (
            [
                ("MATHI", "77", 0, 0, SMALL),
                ("MAIN", "7E", 225, 382, SMALL),
                ("MATHI", "69", 894, -238, SMALL.replace("707", "574")),
            ],
            r"\tilde{w}_{i}",
        ),
        ([("MAIN", "3D", 0, 650), ("MAIN", "3D", 0, -750)], r"{=\atop =}"),
        ([("MAIN", "338", 0, 0), ("MAIN", "2282", 0, 0)], r"\not\subset"),
        ([("MAIN", "338", 0, 0), ("MATHI", "78", 0, 0)], None),
        ([("MAIN", "2212", -85, 0), ("MAIN", "2192", 198, 0)], r"\to"),
        ([("MAIN", "2212", 0, 0), ("MAIN", "2192", 1056, 0)], r"-\to"),
        ([("MATHI", "78", 0, 0), ("MATHI", "79", 0, 700)], None),
        ([("SZ4", "239B", 0, 0), ("MATHI", "79", 900, 0)], None),
    ],
)
def test_signs_that_mathjax_2_set_in_a_row_are_read_and_other_drawings_lost(
    signs: list[tuple], expected: str | None
) -> None:
    drawn = "".join(USE.format(*sign, *([""] * (5 - len(sign)))) for sign in signs)
    page = page_of(POSITIONED.format(drawn))
    assert [tex for tex, _ in spans(page.text)] == ([expected] if expected else [])
    assert page.formula_images_lost == (expected is None)


def test_a_line_of_a_fraction_is_no_sign_in_a_row() -> None:
    use = USE.format("MATHI", "61", 0, 0, "")
    page = page_of(POSITIONED.format(f'{use}<rect height="60" width="649" x="0" y="220"></rect>'))
    assert (spans(page.text), page.formula_images_lost) == ([], 1)


@pytest.mark.parametrize(
    "drawing",
    [
        CONTAINER.format('<mjx-mi><mjx-c class="mjx-cD800"></mjx-c></mjx-mi>'),
        CONTAINER.format('<mjx-mi><mjx-c class="mjx-c01"></mjx-c></mjx-mi>'),
        POSITIONED.format(USE.format("MATHI", "D800", 0, 0, "")),
        POSITIONED.format(USE.format("MATHI", "61", "a", 0, "")),
        POSITIONED.format(USE.format("MATHI", "61", 0, 0, ' transform="scale(.)"')),
        '<mjx-container><svg><g data-mml-node="math"><g data-mml-node="mi"><use data-c="1"></use>'
        "</g></g></svg></mjx-container>",
    ],
)
def test_a_drawing_of_what_no_text_has_is_lost(drawing: str) -> None:
    page = page_of(drawing)
    assert (spans(page.text), page.formula_images_lost, page.error) == ([], 1, None)


@pytest.mark.parametrize(
    ("outline", "expected"),
    [
        ("M576 668Q576 688 606 708", r"\mathcal{A}"),
        ("M255 0Q240 3 140 3Q48 3", r"\mathrm{A}"),
        ("M761 751Q784 751 784 728", r"\boldsymbol{\mathcal{A}}"),
        ("M1 2Q3 4 5 6", None),
        ("", None),
    ],
)
def test_a_capital_without_a_font_is_told_by_its_outline(
    outline: str, expected: str | None
) -> None:
    capital = f'<g data-mml-node="mi"><path data-c="41" d="{outline}"></path></g>'
    page = page_of(SVG.format(capital))
    assert [tex for tex, _ in spans(page.text)] == ([expected] if expected else [])
    assert page.formula_images_lost == (expected is None)


SIGN = '<use xlink:href="#E1-MJ{}-{:X}"{} />'


def drawn(*signs: tuple[str, str, int | None]) -> str:
    """Return a group of MathJax 2's SVG: fonts, characters, places."""
    uses = (
        SIGN.format(font, ord(char), "" if x is None else f' x="{x}" y="0"')
        for font, char, x in signs
    )
    return f'<g transform="translate(900,0)">{"".join(uses)}</g>'


def positioned(inside: str) -> str:
    letter = SIGN.format("MATHI", ord("k"), ' x="0" y="0"')
    return (
        f'<svg aria-labelledby="MathJax-SVG-1-Title"><g stroke-width="0">{letter}{inside}</g></svg>'
    )


SPACED = [("MAIN", "i", 250), ("MAIN", "f", 528), ("MAIN", "o", 1084), ("MAIN", "k", 1584)]
COMMA = [
    ("MAIN", ",", None), ("MAIN", "s", 778), ("MAIN", "o", 1172), ("MAIN", "a", 2100),
    ("MAIN", "b", 2900),
]  # fmt: skip
COMMON = (
    '<span class="mjx-chtml"><span class="mjx-math"><span class="mjx-mrow">{}</span></span></span>'
)
COMMON_SIGN = '<span class="mjx-mo"><span class="mjx-char MJXc-TeX-main-R">{}</span></span>'
EMPTY_SCRIPT = (
    '<span class="mjx-msubsup"><span class="mjx-base"><span class="mjx-mi">'
    '<span class="mjx-char"></span></span></span></span>'
)
CELL = '<g data-mml-node="mtd">{}</g>'
SIGN4 = '<g data-mml-node="{}"><use data-c="{:X}"></use></g>'
EQUATION = '<g data-mml-node="mtr">' + CELL.format(SIGN4.format("mi", 0x78)) + CELL + "</g>"
X, Y, PLUS = (SIGN4.format(name, code) for name, code in (("mi", 0x78), ("mi", 0x79), ("mo", 0x2B)))


@pytest.mark.parametrize(
    ("markup", "tex"),
    [
        # a stroke after its sign, and one before
        (positioned(drawn(("MAIN", "≡", None), ("MAIN", "\u0338", 778))), r"k\not\equiv"),
        (positioned(drawn(("MAIN", "\u0338", None), ("MAIN", "=", 0))), r"k\ne"),
        # two arrows, and one of two pieces
        (positioned(drawn(("MAIN", "↑", None), ("MAIN", "↑", 500))), r"k\uparrow\uparrow"),
        (COMMON.format(COMMON_SIGN.format("↑↓")), r"\uparrow\downarrow"),
        # words that begin with a space, and letters side by side
        (positioned(drawn(*SPACED)), r"k\text{ if ok}"),
        (positioned(drawn(*COMMA)), r"k\text{, so a b}"),
        (positioned(drawn(("MAIN", ":", None), ("MAIN", "=", 278))), "k:="),
        (positioned(drawn(("MATHI", "i", 0), ("MATHI", "f", 345))), "kif"),
        (COMMON.format(COMMON_SIGN.format("≡\u0338")), r"\not\equiv"),
        (COMMON.format(EMPTY_SCRIPT + COMMON_SIGN.format("∘")), r"\circ"),
        # a formula that is broken before a sign with a script
        (
            '<mjx-container><svg><g data-mml-node="math">' + X + '<g data-mml-node="msub"></g></g>'
            '</svg><svg><g data-mml-node="math"><g data-mml-node="msub">' + PLUS + Y
            + "</g></g></svg></mjx-container>",
            "x+_{y}",
        ),
        # right sides of equations begin with an empty name, other cells do not
        (
            SVG.format(f'<g data-mml-node="mtable">{EQUATION * 2}</g>').format(
                *['<g data-mml-node="mi"></g>' + Y] * 2
            ),
            r"\begin{aligned}x&y\\x&y\end{aligned}",
        ),
        (
            SVG.format(f'<g data-mml-node="mtable">{EQUATION * 2}</g>').format(Y, Y),
            r"\begin{matrix}x&y\\x&y\end{matrix}",
        ),
    ],
)  # fmt: skip
def test_what_mathjax_drew_is_read_as_it_was_meant(markup: str, tex: str) -> None:
    page = page_of(markup)
    (found,) = [tex for tex, _ in spans(page.text)]
    assert same_formula(found, tex), found
    assert page.formula_images_lost == 0


def test_an_empty_group_is_no_column() -> None:
    page = page_of(positioned('<g transform="translate(9,0)"><g></g></g>'))
    assert [tex for tex, _ in spans(page.text)] == ["k"]

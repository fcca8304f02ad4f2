"""Markup inside sentences, lists, tables and code becomes the text that its reader reads."""

import pytest

from cleaner.web.page import extract_html

LEAD = "The lake lies north of the town, and in winter it is frozen for two months. " * 4


def text(markup: str, **options: bool) -> str:
    """Return the text of `markup`, which follows a paragraph of prose."""
    page = extract_html(f"<article><p>{LEAD}</p>{markup}<p>{LEAD}</p></article>", **options)
    return page.text.removeprefix(LEAD.strip()).removesuffix(LEAD.strip()).strip()


@pytest.mark.parametrize(
    ("markup", "want"),
    [
        ("a chessboard of 2<sup>64</sup> grains", "a chessboard of 2^{64} grains"),
        ("9<sup>3</sup> is 729", "9^3 is 729"),
        ("a field of 40 km<sup>2</sup>", "a field of 40 km^2"),
        ("water of 1 g cm<sup>-3</sup>", "water of 1 g cm^{-3}"),
        ("about 1 W m<sup>−2</sup> here", "about 1 W m^{-2} here"),
        ("decays as e<sup>-kt</sup> here", "decays as e^{-kt} here"),
        ("the sin<sup>2</sup> law", "the sin^2 law"),
        ("log<sub>2</sub> of 8", "log₂ of 8"),
        ("burns to CO<sub>2</sub> and H<sub>2</sub>O", "burns to CO₂ and H₂O"),
        ("Na<sup>+</sup> and Ca<sup>2+</sup>", "Na^+ and Ca^{2+}"),
        ("cut at p<sub>T</sub> of 20", "cut at p_T of 20"),
        ("the space L<sup>2</sup> of", "the space L^2 of"),
        ("bake 3<sup>2</sup>/<sub>5</sub> cups", "bake 3 ²/₅ cups"),
        ("bake <sup>1</sup>/<sub>2</sub> cup", "bake 1/2 cup"),
        ("面积约12平方米，体积3 m<sup>3</sup>。", "面积约12平方米，体积3 m^3。"),
        # notes
        ("born in 1851<sup><a href='#n2'>2</a></sup> there", "born in 1851[2] there"),
        ("born in 1851<a href='#n2'><sup>2</sup></a> there", "born in 1851[2] there"),
        ("born in 1851<sup>[2]</sup> there", "born in 1851[2] there"),
        ("the river<sup>3</sup> and the hill.<sup>4</sup>", "the river[3] and the hill.[4]"),
        ("Anna Li<sup>1,2</sup>, Jon Wu<sup>1</sup>", "Anna Li[1,2], Jon Wu[1]"),
        ("如上文所述<sup>3</sup>，结论成立", "如上文所述[3]，结论成立"),
        # neither powers nor notes: as they stand
        ("the 1<sup>st</sup> and 20<sup>th</sup> days", "the 1st and 20th days"),
        ("le XIX<sup>e</sup> siècle, M<sup>me</sup> Roy", "le XIXe siècle, Mme Roy"),
        ("a Widget<sup>®</sup> or Gadget<sup>TM</sup>", "a Widget® or GadgetTM"),
        ("for $24<sup>95</sup> only", "for \\$24.95 only"),
        ("5<sup>′</sup> end, free<sup>*</sup>", "5′ end, free*"),
        ("typeset in T<sub>E</sub>X", "typeset in TEX"),
        ("a <sup>small note that someone set above the line</sup>", None),
    ],
)
@pytest.mark.parametrize("math", [True, False])
def test_raised_and_lowered_text_says_what_it_means(
    markup: str, want: str | None, math: bool
) -> None:
    if not math and want:
        want = want.replace("\\$", "$")
    want = want or "a small note that someone set above the line"
    assert text(f"<p>Here: {markup}, so.</p>", math=math) == f"Here: {want}, so."


@pytest.mark.parametrize(
    ("code", "want"),
    [
        ("1 &lt;= k &lt;= 10<sup>9</sup>", "1 <= k <= 10^9"),
        ("seed &lt; 2<sup>31</sup> - 1", "seed < 2^{31} - 1"),
        ("y<sup>2</sup>", "y^2"),
        ("row<sub>1</sub>", "row_1"),
        ("a &lt; b", "a < b"),
    ],
)
def test_powers_stay_powers_in_code(code: str, want: str) -> None:
    assert text(f"<p>Input: <code>{code}</code></p>", math=False) == f"Input: {want}"


@pytest.mark.parametrize(
    ("markup", "want"),
    [
        ("<ruby>山<rp>(</rp><rt>やま</rt><rp>)</rp></ruby>へ", "山へ"),
        ("<ruby><rb>北</rb><rb>海</rb><rt>ほっ</rt><rt>かい</rt></ruby>に", "北海に"),
        ("<ruby>\n 漢<rt>ㄏㄢˋ</rt>\n 字<rt>ㄗˋ</rt>\n</ruby>很美", "漢字很美"),
        ("<ruby>New York<rt>ニューヨーク</rt></ruby> is", "New York is"),
        ("<b>山</b>（やま）へ", "山（やま）へ"),
    ],
)
def test_ruby_leaves_the_base_whole(markup: str, want: str) -> None:
    assert text(f"<p>{markup}</p>") == want


@pytest.mark.parametrize(
    ("markup", "want"),
    [
        ("<ol start=5><li>e<li>f</ol>", "5. e\n6. f"),
        ("<ol start=0><li>zero<li>one</ol>", "0. zero\n1. one"),
        ("<ol start=-1><li>before<li>at</ol>", "-1. before\n0. at"),
        ("<ol reversed><li>c<li>b<li>a</ol>", "3. c\n2. b\n1. a"),
        ("<ol reversed start=9><li>i<li>h</ol>", "9. i\n8. h"),
        ("<ol><li>a<li value=7>g<li>h</ol>", "1. a\n7. g\n8. h"),
        ("<ol start=x><li>a<li>b</ol>", "1. a\n2. b"),
        ("<ul><li value=4>a<li>b</ul>", "- a\n- b"),
        ("<ol start=3><li>a<ol><li>x<li>y</ol><li>b</ol>", "3. a\n  1. x\n  2. y\n4. b"),
    ],
)
def test_lists_count_as_browsers_do(markup: str, want: str) -> None:
    assert text(markup) == want


@pytest.mark.parametrize(
    ("markup", "want"),
    [
        (
            "<table><tr><th>Year<th>Town<th>People<tr><td rowspan=2>1900<td>Ayr<td>7"
            "<tr><td>Oban<td>9</table>",
            "Year | Town | People\n1900 | Ayr | 7\n| Oban | 9",
        ),
        (
            "<table><tr><td>A<td rowspan=3>m<td>1<tr><td>B<td>2<tr><td>C<td>3</table>",
            "A | m | 1\nB |  | 2\nC |  | 3",
        ),
        (
            "<table><tr><th colspan=2>Name<th>Age<tr><td>Jo<td>Ek<td>40</table>",
            "Name |  | Age\nJo | Ek | 40",
        ),
        (
            "<table><tr><th>a<th>b<tr><td rowspan=0>1<td>2<tr><td colspan=x>3<td>4</table>",
            "a | b\n1 | 2\n3 | 4",
        ),
        ("<table><tr><td colspan=3>One line only</table>", "One line only"),
        (
            "<table role=presentation><tr><td rowspan=2>x<td>y<tr><td>z</table>",
            "x | y\n\nz",
        ),
    ],
)
def test_values_stay_in_their_columns(markup: str, want: str) -> None:
    assert text(markup) == want


@pytest.mark.parametrize(
    "markup",
    [
        "<pre><code><span class=line-number>1</span>let x;\n"
        "<span class=line-number>2</span>let y;</code></pre>",
        "<pre><span class='ln'>1</span>let x;\n<span class='ln'>2</span>let y;</pre>",
        "<pre><a class=lineno>1</a>let x;\n<a class=lineno>2</a>let y;</pre>",
        "<pre><span data-line-number=1 class=n></span>let x;\nlet y;</pre>",
        "<table class=code><tr><td class=gutter><pre>1\n2</pre><td class=code><pre>let x;\nlet y;"
        "</pre></table>",
        "<table><tr><td class='blob-num'>1<td class=blob-code>let x;"
        "<tr><td class='blob-num'>2<td class=blob-code>let y;</table>",
        "<pre><code><table class=hljs-ln><tr><td class=hljs-ln-numbers>1<td>let x;"
        "<tr><td class=hljs-ln-numbers>2<td>let y;</table></code></pre>",
        "<pre class='line-numbers language-'><code>let x;\nlet y;</code></pre>",
        "<table><tr><td class=gutter><div class='line number1'>1</div><div class='line number2'>2"
        "</div><td class=code><div><div class=line>let x;</div><div class=line>let y;</div></div>"
        "</table>",
        "<pre class=prettyprint><code class='prism has-numbering'>let x;\nlet y;</code>"
        "<ul class='pre-numbering'><li>1</li><li>2</li></ul></pre>",
    ],
)
def test_numbers_of_lines_are_no_code(markup: str) -> None:
    assert "let x;\nlet y;\n```" in text(markup)
    assert "1" not in text(markup)


@pytest.mark.parametrize(
    "markup",
    [
        "<p>On line <span class=line-number>12</span> it says so.</p>",
        "<table><tr><td class=number>12<td>apples<tr><td class=number>7<td>pears</table>",
        "<pre><span class=line>12</span>\n<span class=line>13</span></pre>",
    ],
)
def test_numbers_that_are_text_stay(markup: str) -> None:
    assert "12" in text(markup)


@pytest.mark.parametrize(
    ("markup", "want"),
    [
        ("a map<span class=sr-only> (opens in a tab)</span> of it", "a map of it"),
        ("a map<span class='a visually-hidden b'>, external</span> of it", "a map of it"),
        ("a map<i class=screen-reader-text> link</i> of it", "a map of it"),
        ("a map<span class=is-sr-only> new</span> of it", "a map of it"),
        ("<span class=hidden-treasure>a map of it</span>", "a map of it"),
        ("<span class=proofreader>a map of it</span>", "a map of it"),
        (f"<span class=sr-only>{'a map of it, and more. ' * 12}</span>", "a map of it, and more."),
        ("it cost <del>50</del><ins>40</ins> then", "it cost 40 then"),
        ("it cost <del>fifty</del> <ins>forty</ins> then", "it cost forty then"),
        ("it was <s>dull</s> lovely", "it was dull lovely"),
    ],
)
def test_a_sentence_holds_what_a_reader_sees(markup: str, want: str) -> None:
    assert want in text(f"<p>Then {markup}, see.</p>")


def test_a_formula_for_readers_of_screens_is_kept() -> None:
    markup = "<span class=sr-only><math><msup><mi>x</mi><mn>2</mn></msup></math></span>"
    assert text(f"<p>So {markup} it is.</p>") == "So $x^{2}$ it is."


NOTE = (
    "<span class='ltx_note ltx_role_footnote'><sup class=ltx_note_mark>{0}</sup>"
    "<span class=ltx_note_outer><span class=ltx_note_content><sup class=ltx_note_mark>{0}</sup>"
    "<span class='ltx_tag ltx_tag_note'>{0}</span>{1}</span></span></span>"
)


def test_notes_of_latexml_follow_their_paragraph() -> None:
    one, two = NOTE.format(1, "See the first book."), NOTE.format(2, "With <i>n</i> odd.")
    assert text(f"<p>It holds{one} for all{two} of them.</p>") == (
        "It holds[1] for all[2] of them.\n\n[1] See the first book.\n\n[2] With n odd."
    )


@pytest.mark.parametrize(
    ("markup", "want"),
    [
        (
            "<table class='ltx_equation ltx_eqn_table'><tr><td class=ltx_eqn_cell>"
            "<td><math alttext='y=2' display=block><mi>y</mi></math><td><td>(7)</table>",
            "$$y=2$$ (7)",
        ),
        ("<table><tr><td>\\[y=2\\]<td>(2.1)<tr><td>\\[z=3\\]<td>(2.2)</table>",
         "$$y=2$$ (2.1)\n\n$$z=3$$ (2.2)"),
        ("<table><tr><td>value<td>\\(y=2\\)<tr><td>other<td>\\(z=3\\)</table>",
         "value | $y=2$\nother | $z=3$"),
        ("<table><tr><td>\\(y=2\\)<td>\\(z=3\\)</table>", "$y=2$ | $z=3$"),
    ],
)  # fmt: skip
def test_a_numbered_equation_is_no_table(markup: str, want: str) -> None:
    assert text(markup) == want


@pytest.mark.parametrize(
    ("markup", "want"),
    [
        ("<p>See there.<a href='#fnref1' role=doc-backlink>\u21a9\ufe0e</a></p>", "See there."),
        ("<p>See there.&#160;<a href='/page#r'>&#8617;</a></p>", "See there."),
        ("<p>See there. <a href='#a'>\u21a9</a> <a href='#b'>\u21a9</a></p>", "See there."),
        (
            "<p>Press \u21a9 to <a href='#k'>end it \u21a9</a>.</p>",
            "Press \u21a9 to end it \u21a9.",
        ),
        ("<p>The <a href='/enter'>\u21b5</a> key.</p>", "The \u21b5 key."),
    ],
)
def test_arrows_back_from_a_note_are_left_out(markup: str, want: str) -> None:
    assert text(markup) == want

from markupsafe import escape

from cleaner.report.mathematics import mathml, shown


def test_a_formula_becomes_mathml_and_the_text_around_it_stays() -> None:
    page = shown("Let $x^2$ be <b>4</b>.")
    assert page == (
        'Let <math display="inline"><mrow><msup><mi>x</mi><mn>2</mn></msup></mrow></math> '
        "be &lt;b&gt;4&lt;/b&gt;."
    )


def test_where_dollars_only_mark_formulas_each_pair_is_one() -> None:
    text = "The data are $8,47,20$ and it costs \\$5 or \\$6."
    assert "<math" not in shown(text)
    page = shown(text, formulas="marked")
    assert page.count("<math") == 1
    assert page.endswith("and it costs \\$5 or \\$6.")


def test_a_displayed_formula_is_a_block() -> None:
    assert 'display="block"' in shown("So $$\\frac{a}{b}$$ holds.")


def test_a_formula_that_cannot_be_read_stays_as_tex() -> None:
    assert shown("Here $\\unheardof{x}$ is.") == "Here <code>$\\unheardof{x}$</code> is."
    assert mathml("\\frac{", False) is None


def test_what_a_formula_smuggles_in_is_no_markup() -> None:
    for tex in (
        r"\href{javascript:alert(1)}{x}",
        r"\text{<script>alert(1)</script>}",
        r"x<img src=y onerror=alert(1)>",
        r"\style{background:url(http://example.org)}{x}",
        r"\class{a}{x}",
    ):
        page = str(shown(f"A ${tex}$ z"))
        assert "<script" not in page
        assert "<img" not in page
        assert "href=" not in page
        assert "style=" not in page


def test_marks_lie_where_they_are_asked_for_and_never_inside_a_formula() -> None:
    assert shown("one two three", [(4, 7)]) == "one <mark>two</mark> three"
    assert "<mark>a </mark><math" in shown("a $x^2$ b", [(0, 4)])


def test_what_turns_the_order_of_text_is_shown() -> None:
    assert shown("a\u202eb\x1b[31m") == escape("a\ufffdb\ufffd[31m")


def test_prices_are_no_formulas() -> None:
    assert shown("from $5 to $10") == "from $5 to $10"

"""One page in, its text out: dollars, private characters, budgets, and pages that are none."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.web.page import MAX_BYTES, Page, extract_html

PROSE = "The sum of the angles of a triangle in the plane is two right angles. " * 3
MATHML = "<math><msup><mi>a</mi><mn>2</mn></msup></math>"


def test_a_literal_dollar_is_escaped_everywhere() -> None:
    page = "<title>$</title><h1>$9</h1><p>costs $5 or $6</p><pre>$x = 1;</pre><ul><li>$</li></ul>"
    found = extract_html(page)
    assert found.text == "\\$9\n\ncosts \\$5 or \\$6\n\n```\n\\$x = 1;\n```\n\n- \\$"
    assert found.formulas_marked


def test_without_math_nothing_is_marked() -> None:
    found = extract_html(f"<p>costs $5 {MATHML}</p>", math=False)
    assert (found.text, found.formulas_marked, found.formulas_found) == ("costs $5 a2", False, 0)


def test_formulas_in_every_kind_of_block() -> None:
    page = (
        f"<h1>{MATHML}</h1><p>so {MATHML} is</p><ul><li>{MATHML}</li></ul>"
        f"<table><tr><td>甲</td><td>{MATHML}</td></tr></table>"
    )
    found = extract_html(page)
    assert found.text == "$a^{2}$\n\nso $a^{2}$ is\n\n- $a^{2}$\n\n甲 | $a^{2}$"
    assert (found.formulas_found, found.formulas_lost) == (4, 0)


def test_formulas_outside_the_main_content_are_counted_as_lost_and_those_of_menus_are_not() -> None:
    article = f"<article><p>{PROSE * 4}</p><p>{(MATHML + ' ') * 9} {PROSE}</p></article>"
    found = extract_html(f"<nav>{MATHML}</nav>{article}<div class='widget'>{MATHML} beside</div>")
    assert (found.formulas_found, found.formulas_lost) == (10, 1)


def test_if_few_formulas_survive_the_whole_text_is_taken() -> None:
    formulas = f"<div class='widget'>{(MATHML + ' and ') * 9}</div>"
    page = f"<body><article><p>{PROSE * 4}</p></article>{formulas}<nav><a>menu</a></nav></body>"
    kept = extract_html(page)
    assert (kept.formulas_lost, "menu" in kept.text) == (0, False)
    assert extract_html(page, min_formula_survival=0).formulas_lost == 9


def test_formulas_in_menus_do_not_spoil_the_text() -> None:
    page = f"<nav>{MATHML} {MATHML}</nav><article><p>{PROSE * 4}</p></article><div>below</div>"
    found = extract_html(page)
    assert (found.text, found.formulas_lost) == ((PROSE * 4).strip(), 0)


def test_all_text_is_taken_without_main_content() -> None:
    aside = "<div class='sidebar'><p>beside</p></div><div>below</div>"
    page = f"<body><article><p>{PROSE * 4}</p></article>{aside}</body>"
    assert "below" not in extract_html(page).text
    assert "below" in extract_html(page, main_content=False).text


PRIVATE = "".join(map(chr, range(0xE000, 0xE040)))


def test_a_page_made_of_private_characters_comes_back() -> None:
    found = extract_html(f"<title>{PRIVATE}</title><p>x {PRIVATE} {MATHML} &#xe000;&#57345;</p>")
    assert found.text == f"x {PRIVATE} $a^{{2}}$ \ue000\ue001"
    assert found.facts.title == PRIVATE


@settings(deadline=None)
@given(text=st.text(st.sampled_from([*PRIVATE, "a", " ", "$", "\\", "<", "&"]), max_size=40))
def test_no_page_forges_a_formula(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    found = extract_html(f"<p>x {escaped} y</p>")
    assert found.formulas_found == 0
    expected = " ".join(f"x {text} y".split())
    assert found.text.replace("\\$", "$") == expected


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (b"", "empty"), ("  \n", "empty"), ("<p> </p>", "empty"), (b"<html></html>", "empty"),
        ("<script>let x = 'text'</script>", "empty"), (b"%PDF-1.5 \x00\x01", "binary"),
        (b"\x89PNG\r\n\x1a\n", "binary"), ('{"a": "<b>"}', "not_html"), ("plain words", "not_html"),
        ('<?xml version="1.0"?><rss><item>x</item></rss>', "not_html"),
        ("<!-- x --><feed><title>x</title></feed>", "not_html"),
        ("<title>404 Not Found</title><h1>Not Found</h1><hr>nginx", "http_error"),
    ],
)  # fmt: skip
def test_what_is_no_page_says_so(page: bytes | str, reason: str) -> None:
    found = extract_html(page)
    assert (found.broken, found.error) == (reason, None)


@pytest.mark.parametrize(
    ("page", "error"),
    [
        ("<p>" + "x" * MAX_BYTES, "over budget: 10,000,003 bytes, more than 10,000,000"),
        ("<b>x</b>" * 160_000, "over budget: 320,000 tags, more than 300,000"),
        ("<div>" * 5_000, "over budget: 5,000 nested elements, more than 2,000"),
        (
            "<p " + " ".join(f"a{n}=1" for n in range(6_000)) + ">",
            "over budget: 6,000 attributes of one element, more than 5,000",
        ),
        (
            "".join(f"<p><font color={n}>x" for n in range(1_000)),
            "over budget: 499,500 copies of elements that are not closed, more than 200,000",
        ),
    ],
    ids=["bytes", "tags", "depth", "attributes", "copies"],
)
def test_a_page_over_a_budget_fails_with_its_reason(page: str, error: str) -> None:
    assert extract_html(page).error == error


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 1_900 + PROSE, "<table><tr><td>" * 600 + PROSE, "<ul><li>" * 900 + PROSE,
        "<b>" * 1_900 + "</i>" * 50_000 + PROSE, f"<p>{PROSE}" + "<script>x</script>" * 50_000,
        f"<p>{PROSE}<!--" * 2 + "<" * 50_000, f"<p>{PROSE}<select><option>" + "<option>" * 9_000,
        f"<p>{PROSE}" + "<ul>" * 1_000 + "<li>x" * 20_000, f"<p>{PROSE}" + "&amp;" * 100_000,
        f"<!DOCTYPE x [<!ENTITY a '{'b' * 99}'><!ENTITY c '&a;&a;&a;'>]><p>{PROSE}&c;&c;",
        f"<p>{PROSE}" + "<a><p>" * 9_000, f"<p>{PROSE}" + "<svg><desc>" * 900,
    ],
)  # fmt: skip
def test_pages_made_to_hurt_are_harmless(page: str) -> None:
    found = extract_html(page)
    assert found.error is None
    assert len(found.text) < 20 * len(page)


def test_noise_fails_and_is_not_dropped() -> None:
    noise = bytes(random.Random(1).choices(range(32, 256), k=4000))
    found = extract_html(noise)
    assert found.broken is None
    assert found.error is not None
    assert found.error.startswith("undecodable: ")


def test_the_charset_of_the_header_is_heard() -> None:
    raw = "<p>Déterminer la valeur de la fonction.</p>".encode("cp1252")
    found = extract_html(raw, headers={"content-type": "text/html; charset=iso-8859-1"})
    assert (found.text[:10], found.charset, found.charset_repaired) == (
        "Déterminer",
        "cp1252",
        False,
    )
    assert extract_html(raw, charset="utf-8").charset_repaired


@pytest.mark.parametrize("url", [None, "", "no address", "http://[", "file:///a b", "数学"])
def test_a_page_whose_address_is_none_is_extracted_all_the_same(url: str | None) -> None:
    assert extract_html("<p>text</p>", url).text == "text"


def test_half_a_surrogate_pair_is_no_text() -> None:
    assert extract_html("<p>a\ud800b</p>").text == "a?b"


def test_a_page_is_a_value() -> None:
    assert extract_html("<p>a</p>") == extract_html("<p>a</p>") != Page()

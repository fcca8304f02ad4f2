"""The compiled passes over pages agree with plain Python."""

import itertools
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser
from support.web_kernels_reference import links_apart, literals, scan

from cleaner.kernels.signals.phrase_search import Literals
from cleaner.kernels.web import pages
from cleaner.kernels.web.markup import cost
from cleaner.kernels.web.scripts import shown_spans
from cleaner.web import blocks as blocks_module
from cleaner.web.blocks import DT, NO_TEXT, QUOTES, Blocks, _inline

BITS: dict[str, int] = blocks_module._BITS
TAGS = blocks_module._TAGS
MARKUP = """<div> </div> <p> </p> <ul> </ul> <ol> </ol> <li> </li> <table> <tr> <td> </td> </tr>
</table> <h1> </h1> <h2> <pre> </pre> <a> </a> <b> </b> <br> <hr> <span> &nbsp; &lt; word 数学 é
<nav> <main> <article> <blockquote> <!--<p>--> <dl> <dt> <dd> <a/b> </article>
<label> </label> <br/> &amp; &gt; \u3000 \u2003 \x0e \x85 <img>"""
ATTRIBUTED = [
    '<li value="5">',
    '<li value="-2">',
    '<div class="entry-content" id=a>',
    "<p hidden>",
    '<i style="display:none">',
]
PIECES = st.sampled_from([*MARKUP.split(), " ", "\n", *ATTRIBUTED])
PAGES = st.lists(PIECES, max_size=60).map("".join)


def serialised(html: str) -> str:
    tree = LexborHTMLParser(html)
    tree.strip_tags(list(NO_TEXT))
    return tree.html or ""


def agrees(html: str) -> bool:
    found = TAGS.scan(html.encode())
    columns = (
        found.start, found.end, found.size, found.link, found.kind, found.container, found.number,
        found.depth, found.row, found.cell,
    )  # fmt: skip
    blocks = list(zip(*(column.tolist() for column in columns), strict=True))
    names = [TAGS.names[tag] for tag in found.container_tag.tolist()]
    containers = list(zip(found.parent.tolist(), names, strict=True))
    return (blocks, containers) == scan(html, BITS)


@settings(deadline=None, max_examples=300)
@given(html=PAGES)
def test_blocks_are_those_of_the_plain_scan(html: str) -> None:
    assert agrees(serialised(html))


@settings(deadline=None)
@given(html=PAGES)
def test_markup_that_no_parser_wrote_is_harmless(html: str) -> None:
    found = TAGS.scan(html.encode())
    assert (found.start <= found.end).all()
    assert (found.parent <= range(len(found.parent))).all()


def texts_agree(html: str) -> bool:
    page = Blocks(html)
    return all(
        page.scan.text[first:last].tobytes().decode() == _inline(page.data[start:end].decode())[0]
        for start, end, first, last, special in zip(
            *(page.scan[at].tolist() for at in (0, 1, 11, 12, 13)), strict=True
        )
        if not special
    )


@settings(deadline=None, max_examples=300)
@given(html=PAGES)
def test_the_text_of_blocks_is_that_of_the_plain_reader(html: str) -> None:
    assert texts_agree(serialised(html))


@settings(deadline=None, max_examples=300)
@given(html=PAGES.map(lambda page: page.replace("word", "word:")))
def test_links_that_are_content_are_those_of_plain_reading(html: str) -> None:
    page = Blocks(serialised(html))
    terms, quotes = page.tag == DT, QUOTES[page.tag]
    one = page.scan
    found = pages.links_apart(
        one.text, one.first, one.last, one.size, one.link, one.kind, one.container, one.row,
        one.parent, page.is_leaf, terms, quotes, 0.5, 0.3, 4,
    )  # fmt: skip
    assert found.tolist() == links_apart(page, terms.tolist(), quotes.tolist(), 0.5, 0.3, 4)


@pytest.mark.corpora
def test_blocks_of_real_pages(corpora: Path) -> None:
    pages = pl.read_parquet(corpora / "open/raw_html.parquet")["html"].sample(60, seed=1)
    assert [agrees(serialised(page)) for page in pages] == [True] * 60
    assert [texts_agree(serialised(page)) for page in pages] == [True] * 60


WORDS = st.lists(
    st.text("abAB-_\\", min_size=1, max_size=4).map(str.encode), min_size=1, max_size=9
)


@settings(deadline=None)
@given(words=WORDS, text=st.text("abAB-_\\x", max_size=200))
def test_every_literal_in_a_text_is_found(words: list[bytes], text: str) -> None:
    bits = {word: 1 << place for place, word in enumerate(words)}
    lower = {word.lower(): 0 for word in bits}
    for word, bit in bits.items():
        lower[word.lower()] |= bit
    assert Literals(lower).search(text.encode()) == literals(text.encode(), lower)


def test_a_literal_is_found_wherever_it_stands() -> None:
    automaton = Literals({b"ab": 1, b"needle": 2})
    found = [automaton.search(b"-" * at + b"Needle" + b"-" * (150 - at)) for at in range(151)]
    assert found == [2] * 151


def test_a_literal_without_bits_hides_those_it_ends_with() -> None:
    automaton = Literals({b"tex": 1, b"latex": 2, b"translatex": 0})
    texts = (b"translateX(-50%)", b"latex", b"tex, translatex", b"translatexlatex")
    assert [automaton.search(text) for text in texts] == [0, 3, 1, 3]


def test_a_joker_is_any_of_its_bytes() -> None:
    automaton = Literals({b"?tex?": 1}, b"?", b" '-")
    assert [automaton.search(text) for text in (b" tex-", b"latex ", b"'tex")] == [1, 0, 0]


@pytest.mark.parametrize(
    ("page", "depth", "attributes", "copies"),
    [
        (b"", 0, 0, 0),
        (b"<div><span><b>x</b></span></div><div>", 3, 0, 0),
        (b"<p>a<p>b<li>c<br><img><td>", 0, 0, 0),
        (b"<p a b=1 c='>' d=\">\" e>", 0, 5, 0),
        (b"<script><div><div></script><i>", 1, 0, 0),
        (b"<!-- <div><div> --><i>", 1, 0, 0),
        (b"<font size=1><p><p></font><p>", 1, 1, 2),
        (b"<b>" * 9 + b"<p>", 9, 0, 3),  # a parser keeps three alike
        (b"<svg>" + b"<path d='M0'/>" * 9 + b"</svg>", 1, 1, 0),
        (b"<math>" + b"<mspace/><mrow></mrow>" * 9, 2, 0, 0),
        (b"<div><span><i-x></div>" * 9, 3, 0, 0),  # what a closing tag closes along
        # What nests all the same: in HTML, after a value without quotes, and in text of a drawing.
        (b"<x-y/>" * 9, 9, 0, 0),
        (b"<svg>" + b"<g id=a/>" * 9, 10, 1, 0),
        (b"<svg><p>" + b"<x-y/>" * 9, 10, 0, 0),
        (b"<svg><foreignObject>" + b"<x-y/>" * 9, 11, 0, 0),
        (b"<span><div></span>" * 9, 18, 0, 0),
    ],
)
def test_what_parsing_would_cost(page: bytes, depth: int, attributes: int, copies: int) -> None:
    assert cost(page) == (depth, attributes, copies)


@settings(deadline=None)
@given(deep=st.integers(0, 50), within=PAGES)
def test_the_depth_of_a_page_is_never_underrated(deep: int, within: str) -> None:
    nested = "<section>" * deep + "x" + "</section>" * deep
    assert cost((within + nested).encode()).depth >= deep


SCRIPTED = st.sampled_from(
    [
        "<script>{}</script>", "<SCRIPT type=a>{}</script\n>", "<style>{}</style>", "<script/>",
        "<script>", "<style>", "<styles>", "<!-- <script> -->", "<!-- {} ", " -->", "<p>", "</p>",
        "<p title='<script>'>", "<p title='<style>{}'>", "<b>", "</b>", "<svg>", "</svg>", "<",
        "</", "</s", "<s", "<script>'<script>{}'</script>", "<style>/*<!--*/{}</style>", "<!-->",
    ]
)  # fmt: skip


@settings(deadline=None, max_examples=400)
@given(pieces=st.lists(SCRIPTED, max_size=30))
def test_what_a_parser_takes_for_text_lies_outside_scripts(pieces: list[str]) -> None:
    page = "".join(f"{piece.format(f' in{at} ')} word{at} " for at, piece in enumerate(pieces))
    data = page.encode()
    shown = b" ".join(data[start:end] for start, end in shown_spans(data)).decode().split()
    tree = LexborHTMLParser(page)
    for element in tree.css("script, style"):
        element.remove()
    words = [word for word in (tree.text() or "").split() if word.startswith("word")]
    assert set(words) <= set(shown)


@pytest.mark.parametrize(
    ("page", "hidden"),
    [
        ("<script>a</script>b<style>c</style>", ["a", "c"]),
        ("<SCRIPT type=x>a</script >b", ["a"]),
        ("<script>a", []),  # not closed
        ("<p title='<script>'>a<script>b</script>", ["b"]),
        ("<svg><style/>a</svg><style>b</style>", ["b"]),
        ("<scripts>a</scripts><styled>b</styled>", []),
    ],
)
def test_only_scripts_and_style_sheets_are_left_out(page: str, hidden: list[str]) -> None:
    spans = shown_spans(page.encode()).tolist()
    gaps = [(one[1], other[0]) for one, other in itertools.pairwise(spans)]
    assert [page[start:end] for start, end in gaps] == hidden
    assert (spans[0][0], spans[-1][1]) == (0, len(page))


def test_literals_are_found_within_the_given_parts() -> None:
    automaton = Literals({b"one": 1, b"two": 2, b"three": 4})
    text = b"one, two and three"
    assert automaton.search(text, np.array([[0, 4], [9, 18]])) == 5
    assert automaton.search(text, np.array([[0, 2], [2, 18]])) == 6  # not across two parts

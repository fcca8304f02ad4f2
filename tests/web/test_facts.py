"""What only the page knows about itself."""

from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from cleaner.web.facts import Facts, Told, read_head, settled_kind, told
from cleaner.web.page import extract_html


def facts(head: str = "", body: str = "<p>text of the page</p>", **options: Any) -> Facts:
    root = options.pop("root", "")
    return extract_html(
        f"<html {root}><head>{head}</head><body>{body}</body></html>", **options
    ).facts


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ("<title> A &amp;\n B </title><meta property='og:title' content='C'>", "", "A & B"),
        ("<title></title><meta property='og:title' content='C'>", "", "C"),
        ("", "<h1>D <i>e</i></h1><p>x", "D e"),
        ("", "<p>x", None),
    ],
)
def test_title(head: str, body: str, title: str | None) -> None:
    assert facts(head, body).title == title


@pytest.mark.parametrize(
    ("head", "body", "day"),
    [
        (
            "<meta property='article:published_time' content='2019-03-05T10:00:00Z'>",
            "",
            "2019-03-05",
        ),
        ("<meta name=PubDate content='2019年3月5日'>", "", "2019-03-05"),
        ("<script type='application/ld+json'>{'datePublished': '2019-03-05'}</script>", "", None),
        (
            '<script type="application/ld+json">{"datePublished": "2019-03-05"}</script>',
            "",
            "2019-03-05",
        ),
        ("", "<p>x <time datetime='2019-03-05'>March</time>", "2019-03-05"),
        ("<meta name=date content=soon>", "<p>on 2019-03-05", None),
    ],
)
def test_day_of_publication(head: str, body: str, day: str | None) -> None:
    assert facts(head, body).published == day


def test_day_in_the_address() -> None:
    assert facts(url="https://x.org/2019/03/05/angles.html").published == "2019-03-05"
    assert facts(url="https://x.org/2019/33/05/angles.html").published is None


@pytest.mark.parametrize(
    ("href", "url", "canonical"),
    [
        ("https://x.org/a", None, "https://x.org/a"), ("/a", "https://x.org/b?c", "https://x.org/a"),
        ("/a", None, None), ("javascript:x", "https://x.org", None),
        ("//[bad", "https://x.org", None),
        ("/a", "no address", None),
    ],
)  # fmt: skip
def test_canonical_address(href: str, url: str | None, canonical: str | None) -> None:
    assert facts(f"<link rel=canonical href='{href}'>", url=url).canonical_url == canonical


@pytest.mark.parametrize(
    ("root", "head", "lang"),
    [
        ("lang=zh-CN", "", "zh-CN"), ("", "<meta property='og:locale' content='en_GB'>", "en-GB"),
        ("", "<meta http-equiv=Content-Language content='de, en'>", "de"), ("lang='?'", "", None),
    ],
)  # fmt: skip
def test_declared_language(root: str, head: str, lang: str | None) -> None:
    assert facts(head, root=root).declared_lang == lang


CC = "https://creativecommons.org/licenses/by-sa/4.0/"


@pytest.mark.parametrize(
    ("head", "body", "licence"),
    [
        (f"<link rel=license href='{CC}'>", "", CC),
        ("", f"<p>x <a rel='nofollow license' href='{CC}'>CC</a>", CC),
        (
            "",
            f"<p>See <a href='https://creativecommons.org/licenses/by/'>x</a> <a href='{CC}'>y</a>",
            CC,
        ),
        ("", "<p>We talk of a license. <a href=/license>x</a>", None),
    ],
)
def test_licence(head: str, body: str, licence: str | None) -> None:
    assert facts(head, body).page_licence == licence


@pytest.mark.parametrize(
    ("head", "headers", "expected"),
    [
        ("", {}, (False, False, False)),
        ("<meta name=robots content='noindex, nofollow'>", {}, (False, False, True)),
        ("<meta name=robots content='NoAI, noimageai'>", {}, (True, False, False)),
        ("<meta name=tdm-reservation content=1>", {}, (False, True, False)),
        ("", {"X-Robots-Tag": "googlebot: noindex"}, (False, False, True)),
        ("", {"x-robots-tag": "noai"}, (True, False, False)),
        ("", {"TDM-Reservation": "1"}, (False, True, False)),
        ("", {"TDM-Reservation": "0"}, (False, False, False)),
    ],
)
def test_opt_outs(head: str, headers: dict[str, str], expected: tuple[bool, ...]) -> None:
    found = facts(head, headers=headers)
    assert (found.optout_noai, found.optout_tdm, found.noindex) == expected


@pytest.mark.parametrize(
    ("head", "url", "kind"),
    [
        ("", None, "article"), ("", "https://bbs.x.org/thread-12-1-1.html", "forum"),
        ("<meta name=generator content='Discuz! X3'>", None, "forum"),
        ('<script type="application/ld+json">{"@type": "Product"}</script>', None, "product"),
        ("<title>404 Not Found</title>", None, "error"),
        ('<script type="application/ld+json">[{"@type": "FAQPage", "mainEntity": [{"@type": '
         '"Question"}]}, {"@type": "Product"}]</script>', None, "product"),
    ],
)  # fmt: skip
def test_page_kind(head: str, url: str | None, kind: str) -> None:
    assert facts(head, url=url).page_kind == kind


@pytest.mark.parametrize(
    ("declared", "links", "code", "posts", "text", "kind"),
    [
        ("article", 0.7, 0, 0, "word " * 999, "list"), ("", 0.1, 0.6, 0, "word " * 999, "code"),
        ("", 0.1, 0, 5, "word " * 999, "forum"), ("error", 0, 0, 0, "word " * 999, "article"),
        ("forum", 0.7, 0, 0, "word " * 999, "forum"), ("list", 0.1, 0, 0, "word " * 999, "list"),
        ("number", 0, 0, 0, "We could not find it: page not found.", "error"),
        ("number", 0, 0, 0, "The 404 leaves the square at noon.", "article"),
    ],
)  # fmt: skip
def test_the_content_settles_the_kind(
    declared: str, links: float, code: float, posts: int, text: str, kind: str
) -> None:
    assert settled_kind(declared, links, code, posts, text) == kind


@pytest.mark.parametrize(
    "title",
    [
        "404 Not Found", "Error 404", "Page not found | Some Shop", "403 Forbidden", "Not Found",
        "Access Denied", "Oops! Page not found - News", "HTTP Status 500", "Just a moment...",
        "502 Bad Gateway", "404错误 - 某某网", "对不起，页面不存在", "您访问的页面不存在_商城",
        "系统提示",
    ],
)  # fmt: skip
def test_titles_of_errors(title: str) -> None:
    assert facts(f"<title>{title}</title>").page_kind == "error"


@pytest.mark.parametrize(
    "title",
    [
        "Exercise 404 - Geometry", "Line 500 of the bus company", "503. Find the roots",
        "Graphs with forbidden minors", "On error terms in quadrature", "第404题 三角形",
        "How to mend a page that is not found by search engines", "怎样处理网页不存在的情况",
    ],
)  # fmt: skip
def test_titles_that_only_hold_such_words(title: str) -> None:
    assert facts(f"<title>{title}</title>").page_kind == "article"


def read(html: str, structured: bool = True) -> Told:
    return told(read_head(LexborHTMLParser(html), structured), "")


def test_a_page_tells_its_title_and_how_its_text_begins() -> None:
    said = read(
        "<head><title>Low water &amp; tides</title><meta property=og:title content='Low water'>"
        "<meta name=description content='The  ferry &lt;b&gt;waits&lt;/b&gt; outside.'></head>"
    )
    assert said == Told("", "Low water & tides Low water", ("The ferry waits outside.",))


def test_what_json_says_is_read_wherever_it_stands() -> None:
    script = (
        '<script type="application/ld+json">{"@type": "Product", "description": '
        '"A \\u201cbrass\\u201d clock with\\n\\u003cb\\u003etwo\\u003c/b\\u003e hands."}</script>'
    )
    assert read(f"<body>{script}</body>").said == ("A \u201cbrass\u201d clock with two hands.",)
    assert read(f"<body>{script}</body>", structured=False).said == ()
    assert read('<head><script type="application/ld+json">{"text": "\\u').said == ()


def test_one_product_in_the_markup_is_the_products_page_and_many_are_a_list() -> None:
    one = '<div itemscope itemtype="https://schema.org/Product"><p>A clock.</p></div>'
    assert facts("", one).page_kind == "product"
    assert facts("", one * 2).page_kind == "article"

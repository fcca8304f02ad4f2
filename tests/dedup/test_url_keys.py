"""Which spellings of a url are one page, and which are not."""

import pytest

from cleaner.dedup.urls import host, normalised


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("HTTP://Example.ORG:80/", "http://example.org"),
        ("https://example.org:443/a/#top", "https://example.org/a"),
        ("https://example.org/a?utm_source=x&UTM_medium=y", "https://example.org/a"),
        ("http://example.org/a;jsessionid=9F?b=2", "http://example.org/a?b=2"),
        ("http://example.org/a?PHPSESSID=1&q=é", "http://example.org/a?q=é"),
        ("http://u:p@example.org./a", "http://example.org/a"),
        ("http://[::1]:8080/x/", "http://[::1]:8080/x"),
        ("  http://example.org/a ", "http://example.org/a"),
        # A session, and what may be the number of a page.
        ("http://example.org/a?sid=0123456789abcdef", "http://example.org/a"),
        ("http://example.org/a?sid=0123456789abcde", "http://example.org/a?sid=0123456789abcde"),
        ("not a url", "not a url"),
        ("http://[broken", "http://[broken"),
        ("", None),
        (None, None),
    ],
)
def test_spelling(url: str | None, key: str | None) -> None:
    assert normalised(url) == key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://a.org/x", "https://a.org/x"),
        ("http://a.org/x", "http://www.a.org/x"),
        ("http://a.org/X", "http://a.org/x"),
        ("http://a.org/x?id=1", "http://a.org/x?id=2"),
        ("http://a.org/x?a=1&b=2", "http://a.org/x?b=2&a=1"),
        ("http://a.org:81/x", "http://a.org/x"),
        ("http://a.org/x?sid=7", "http://a.org/x?sid=8"),
    ],
)
def test_what_may_be_another_page_stays_apart(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


def test_a_canonical_link_counts_on_its_own_host_only() -> None:
    page = "http://a.org/print?id=7"
    assert normalised(page, "/7/") == "http://a.org/7"
    assert normalised(page, "http://A.org/7") == "http://a.org/7"
    assert normalised(page, "http://b.org/7") == page
    assert normalised(page, "http://[") == page
    assert normalised(page, " ") == page


def test_host() -> None:
    assert host("https://WWW.Example.org:8080/x") == "www.example.org"
    assert host("mailto:a@b.org") is None
    assert host(None) is None

"""Addresses on lists: domains with all below them, paths with all below them, nothing else."""

from pathlib import Path

import polars as pl
import pytest

from cleaner.errors import JobError
from cleaner.text.urls import AddressList, load_lists, on_list, words_in


@pytest.fixture
def lists(tmp_path: Path) -> AddressList:
    (tmp_path / "mine.txt").write_text(
        "# a comment\nexample.org\nhttp://www.foo.com/bad/\n*.wild.net\n\ncasino\n10.20.30.40\n"
    )
    category = tmp_path / "ut1" / "adult"
    category.mkdir(parents=True)
    (category / "domains").write_text("adult.example\n1.2.3.4\n")
    (category / "urls").write_text("blog.example/xxx\n")
    (category / "expressions").write_text("(hot|sexy)-girls\n")
    (category / "usage").write_text("black\n")
    return load_lists((str(tmp_path / "mine.txt"), str(tmp_path / "ut1")))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org",
        "https://a.b.EXAMPLE.org./x?y#z",
        "http://user:secret@example.org:8080/",
        "http://www.foo.com/bad",
        "http://foo.com/bad/x?y",
        "http://deep.foo.com/bad/x",
        "http://x.wild.net",
        "http://any.casino/",
        "http://10.20.30.40:8080/",
        "http://adult.example/",
        "http://blog.example/xxx/1",
        "http://other.example/hot-girls.html",
    ],
)
def test_listed(url: str, lists: AddressList) -> None:
    assert on_list(pl.Series([url]), lists).to_list() == [True]


@pytest.mark.parametrize(
    "url",
    [
        "http://notexample.org",
        "http://example.org.other.example",
        "http://other.example/example.org",
        "http://other.example/?u=example.org",
        "http://foo.com/badge",
        "http://foo.com/",
        "http://casino.example/",
        "http://blog.example/xx",
        None,
        "",
        "no address at all",
    ],
)
def test_not_listed(url: str | None, lists: AddressList) -> None:
    assert on_list(pl.Series([url], dtype=pl.String), lists).to_list() == [False]


def test_rows_keep_their_places(lists: AddressList) -> None:
    urls = pl.Series(["http://a.example", None, "http://example.org", "http://b.example"])
    assert on_list(urls, lists).to_list() == [False, False, True, False]


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://a.example/free-casino", True),
        ("http://a.example/FREE/CASINO?x", True),
        ("http://casino", True),
        ("http://a.example/casinos", False),
        ("http://a.example/xpornx", True),
        ("http://a.example/betting", True),
        ("http://alphabet.example", False),
        (None, False),
    ],
)
def test_words_stand_free_unless_a_star_lets_them_go_on(url: str | None, found: bool) -> None:
    urls = pl.Series([url], dtype=pl.String)
    assert words_in(urls, ("casino", "*porn*", "bet*")).to_list() == [found]


def test_a_list_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="no such list"):
        load_lists((str(tmp_path / "none.txt"),))
    with pytest.raises(JobError, match="a folder without files named domains, urls, expressions"):
        load_lists((str(tmp_path),))
    (tmp_path / "expressions").write_text("(\n")
    with pytest.raises(JobError, match="is not a regular expression"):
        load_lists((str(tmp_path),))


@pytest.mark.parametrize(
    ("url", "held"),
    [
        ("https://a.example/?q=%E5%BD%A9%E7%A5%A8", True),  # UTF-8
        ("https://a.example/%B2%CA%C6%B1/1", True),  # GBK
        ("https://xn--ckqr72bptt.example/", True),  # 买彩票
        ("https://a.example/彩票", True),
        ("https://a.example/?q=%E5%BD%A9%E8%99%B9", False),  # 彩虹
        ("https://xn--fiq228c.example/%zz", False),
    ],
)
def test_a_word_is_found_however_an_address_encodes_it(url: str, held: bool) -> None:
    assert words_in(pl.Series([url, None]), ("彩票",)).to_list() == [held, False]

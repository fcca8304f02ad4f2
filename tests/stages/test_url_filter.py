"""The stage `url_filter`: lists, words, and the wishes of page owners."""

from pathlib import Path

import polars as pl
import pytest
from pydantic import ValidationError

from cleaner.errors import JobError
from cleaner.stages.url_filter import UrlFilter

DOCS = pl.DataFrame(
    {
        "url": ["http://bad.example/1", "http://bad.example/good", "http://a.example/casino", None],
        "optout_noai": [False, True, None, True],
        "optout_tdm": [True, False, None, False],
    }
)


@pytest.fixture
def block(tmp_path: Path) -> str:
    (tmp_path / "block.txt").write_text("bad.example\n")
    return str(tmp_path / "block.txt")


def broken(stage: UrlFilter) -> list[list[str]]:
    return stage(DOCS)["broken"].to_list()


def test_lists_block_and_allow(block: str, tmp_path: Path) -> None:
    (tmp_path / "allow.txt").write_text("bad.example/good\n")
    blocked = ["blocked_url"]
    assert broken(UrlFilter(block=(block,))) == [blocked, blocked, [], []]
    allow = (str(tmp_path / "allow.txt"),)
    assert broken(UrlFilter(block=(block,), allow=allow)) == [blocked, [], [], []]


def test_words_block(tmp_path: Path) -> None:
    assert broken(UrlFilter(words=("casino",))) == [[], [], ["blocked_url"], []]
    (tmp_path / "words.txt").write_text("# mine\ncasino\n")
    stage = UrlFilter.model_validate({"words": [str(tmp_path / "words.txt"), "poker"]})
    assert stage.all_words() == ("casino", "poker")


def test_a_word_that_looks_like_a_file_of_words_is_a_word_to_a_worker(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("robots.txt\n")
    stage = UrlFilter.model_validate({"words": str(tmp_path / "words.txt")}).resolve()
    again = UrlFilter.resolved_type().model_validate(stage.model_dump(mode="json"))
    assert again == stage
    docs = pl.DataFrame({"url": ["http://a.org/robots.txt", "http://a.org/"]})
    assert again(docs)["broken"].to_list() == [["blocked_url"], []]


def test_wishes_are_respected() -> None:
    gone = ["opt_out"]
    assert broken(UrlFilter(respect=("noai",))) == [[], gone, [], gone]
    assert broken(UrlFilter(respect=("noai", "tdm"))) == [gone, gone, [], gone]


def test_both_reasons_are_told(block: str) -> None:
    stage = UrlFilter(block=(block,), respect=("tdm",))
    assert broken(stage) == [["blocked_url", "opt_out"], ["blocked_url"], [], []]


def test_on_says_whom_it_judges(block: str) -> None:
    stage = UrlFilter(block=(block,), on="optout_tdm")
    assert broken(stage) == [["blocked_url"], [], [], []]
    assert stage.needs() == {"url", "optout_tdm"}


def test_what_it_reads_is_known_beforehand(block: str) -> None:
    assert UrlFilter(block=(block,)).needs() == {"url"}
    assert UrlFilter(respect=("noai",)).needs() == {"optout_noai"}
    assert UrlFilter(block=(block,)).files() == [block]


def test_wrong_options_are_refused() -> None:
    with pytest.raises(ValidationError, match="at least one of block, words and respect"):
        UrlFilter()
    with pytest.raises(ValidationError, match="respect"):
        UrlFilter.model_validate({"respect": ["robots"]})
    with pytest.raises(JobError, match=r"none\.txt: no such list"):
        UrlFilter(block=("none.txt",)).resolve()

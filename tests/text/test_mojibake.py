"""Misreadings are undone where nothing was lost, and good text is never touched."""

import re
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from support.unicode_texts import texts

from cleaner.text.mojibake import SUSPECT, repair, repair_all

GOOD = {
    "fr": "« L'été dernier, à Orléans, naïveté et cœur »",
    "de": "Straße, Übergröße, Äpfel",
    "ru": "Есть несколько способов отреагировать на нарушение",
    "zh": "在北京，还有一个图书馆。",
    "ja": "組み込みのホストリゾルバ",
}


def misread(text: str, real: str, read: str) -> str:
    """Decode as a browser does: what Windows-1252 leaves open are the C1 controls."""
    if read == "cp1252":
        return "".join(
            bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in text.encode(real)
        )
    return text.encode(real).decode(read)


@pytest.mark.parametrize("language", ["fr", "de", "zh", "ja"])
def test_utf8_read_as_latin_is_undone(language: str) -> None:
    for charset in ("latin-1", "cp1252"):
        assert repair(misread(GOOD[language], "utf-8", charset)) == GOOD[language]


@pytest.mark.parametrize(
    ("text", "real", "read"),
    [
        ("Привет", "utf-8", "cp1251"),
        ("今天天气很好", "utf-8", "gbk"),
        ("你好，我是中国人", "gb2312", "latin-1"),
    ],
)
def test_other_misreadings_are_undone(text: str, real: str, read: str) -> None:
    assert repair(misread(text, real, read)) == text


@pytest.mark.parametrize(
    "text",
    [
        *GOOD.values(),
        "CAFÉ» et «NAÏF»",
        "ROKÅ» 1999",
        "横浜と浜松、杩の字",
        "àéèùçêâîôû",
        "涓涓细流",
        "鐨位系统",
        "ÀÉÎÕÜ",
        "",
    ],
)
def test_good_text_stays(text: str) -> None:
    assert repair(text) == text
    assert repair_all(pl.Series([text])).to_list() == [text]


def test_a_run_that_lost_a_byte_stays() -> None:
    lossy = "在图书馆".encode()[:-1].decode("gbk", "replace")
    assert repair(lossy) == lossy


@given(text=texts)
def test_the_first_look_misses_nothing_that_repair_would_change(text: str) -> None:
    assert repair(text) == text or re.search(SUSPECT, text)


def test_the_column_it_is_given_stays() -> None:
    column = pl.Series(["caf\u00c3\u00a9", None])
    assert repair_all(column).to_list() == ["café", None]
    assert column.to_list() == ["caf\u00c3\u00a9", None]


@pytest.mark.corpora
def test_misread_pages_of_the_corpora_come_back(corpora: Path) -> None:
    dirty = pl.read_parquet(corpora / "open" / "dirty_inputs.parquet").filter(
        pl.col("kind") == "mojibake_text", pl.col("name").str.contains("latin_1|cp1252")
    )
    damaged = pl.Series([content.decode() for content in dirty["content"]])
    same = repair_all(damaged).str.strip_chars() == dirty["gold_text"].str.strip_chars()
    assert same.mean() >= 0.7  # the others lost a byte or hold entities of HTML


@pytest.mark.corpora
def test_good_pages_of_the_corpora_stay(corpora: Path) -> None:
    text = pl.read_parquet(corpora / "open" / "math_vs_web.parquet")["text"]
    assert (repair_all(text) != text).sum() <= 1  # the one is misread in part

"""Which texts need folding: a promise in every case, and seldom a needless look."""

import unicodedata

import polars as pl
import pytest
from hypothesis import given, settings
from support.unicode_texts import texts

from cleaner.kernels.arrow import utf8
from cleaner.kernels.text import nfc


def doubted(batch: list[str]) -> list[bool]:
    offsets, data = utf8(pl.Series(batch, dtype=pl.String))
    return nfc.needs_folding(offsets, data, nfc.forms(), nfc.LEADS).tolist()


def needs(text: str) -> bool:
    return text.isupper() or not unicodedata.is_normalized("NFC", text)


@settings(max_examples=200, deadline=None)
@given(text=texts)
def test_what_needs_folding_is_seen(text: str) -> None:
    assert doubted([text])[0] >= needs(text)


@pytest.mark.parametrize("before", ["", "a", "A", "가", "か", "क", "\u0bc6", "\u0301"])
def test_so_is_every_character_after_another(before: str) -> None:
    points = [*range(0x20, 0xD800), *range(0xE000, 0x30000, 7)]
    batch = [before + chr(point) for point in points]
    found = doubted(batch)
    assert [text for text, seen in zip(batch, found, strict=True) if needs(text) > seen] == []


@pytest.mark.parametrize(
    "text",
    [
        "plain English — with “quotes” and é",
        "русский текст без заглавных",
        "中文，没有问题。",
        "日本語のテキスト「はい」",
        "한국어 문장입니다.",
        "हिन्दी में पाठ",
        "தமிழ் மொழி",
        "😀 emoji",
    ],
)
def test_common_texts_are_left_alone(text: str) -> None:
    assert doubted([text]) == [False]

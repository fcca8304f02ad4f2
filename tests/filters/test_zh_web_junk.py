"""Junk goes in every script and width; honest text about the same things stays."""

from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from cleaner.config import yaml12
from cleaner.config.word_lists import list_names, load_phrases
from cleaner.kernels.arrow import utf8
from cleaner.kernels.dedup.fold import fold
from cleaner.stages.judge import judge
from cleaner.text.segment import modes

FILE = Path(__file__).parent / "texts" / "zh_web_junk.yaml"
DATA = yaml12.load(FILE.read_text(encoding="utf-8"), FILE.name)[0]
JUNK, TRADITIONAL, HONEST = (
    {name: text.replace("\n", "") for name, text in DATA[part].items()}
    for part in ("junk", "traditional", "honest")
)
CHINESE = [name for name in list_names() if name.startswith(("zh_", "yuan_"))]


def broken(text: str) -> list[str]:
    return judge(pl.DataFrame({"text": [text]}), "zh_web_junk")["broken"][0].to_list()


def full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


@pytest.mark.parametrize("rule", JUNK)
def test_junk_goes(rule: str) -> None:
    assert rule in broken(JUNK[rule])
    assert rule in broken(full_width(JUNK[rule]))


@pytest.mark.parametrize("rule", TRADITIONAL)
def test_junk_goes_in_traditional_characters(rule: str) -> None:
    assert rule in broken(TRADITIONAL[rule])


@pytest.mark.parametrize("subject", HONEST)
def test_honest_text_stays(subject: str) -> None:
    assert broken(HONEST[subject]) == []


@pytest.mark.parametrize(
    "name", [name for name in list_names() if name.startswith(("zh_", "yuan_"))]
)
def test_a_list_holds_each_phrase_once_in_its_folded_form(name: str) -> None:
    phrases = pl.Series(load_phrases(name), dtype=pl.String)
    offsets, keys = fold(*utf8(phrases), modes(False, len(phrases)))
    folded = [bytes(keys[a:b]).decode() for a, b in pairwise(offsets.tolist())]
    assert folded == phrases.to_list()

"""Headlines between paragraphs that may be of another page."""

import polars as pl
import pytest

from cleaner.signals import measure
from cleaner.text.headlines import apart_headlines

EN = (
    "The marsh floods in spring, and the reeds grow taller than a man there.",
    "In autumn the herons leave it, and only the wind is heard over the water.",
)
ZH = (
    "每年春天河水都会漫过这片洼地，芦苇长得比人还高。",
    "到了秋天苍鹭飞走以后，水面上就只剩下风的声音了。",
)


def between(line: str, prose: tuple[str, str]) -> str:
    return f"{prose[0]}\n\n{line}\n\n{prose[1]}"


@pytest.mark.parametrize(
    ("line", "prose"),
    [
        ("Minister resigns over pension scandal", EN),
        ("Airline cancels forty flights (312)", EN),
        ("油价明晚迎来年内第五次调整", ZH),
        ("某品牌新款手机下周开售，起价不变", ZH),
    ],
)
def test_a_headline_that_shares_no_word_with_its_text_is_counted(
    line: str, prose: tuple[str, str]
) -> None:
    assert apart_headlines(pl.Series([between(line, prose)])).tolist() == [1]
    assert apart_headlines(pl.Series(["\n".join((prose[0], line, prose[1]))])).tolist() == [1]


@pytest.mark.parametrize(
    ("line", "prose"),
    [
        ("When herons leave the marsh in autumn", EN),  # takes up its text
        ("Chapter two, minister and pension scandal", EN),
        ("- Minister resigns over pension scandal", EN),
        ("Minister resigns.", EN),
        ("Thanks to all", EN),
        ("秋天的苍鹭和洼地里的芦苇", ZH),
        ("三、油价明晚迎来年内第五次调整", ZH),
        ("$x = y$ where pressure equals density everywhere", EN),
    ],
)
def test_a_heading_an_item_or_a_sentence_is_not(line: str, prose: tuple[str, str]) -> None:
    assert apart_headlines(pl.Series([between(line, prose)])).tolist() == [0]


def test_only_between_prose_and_each_text_for_itself() -> None:
    headline = "Minister resigns over pension scandal"
    texts = [f"{headline}\n{EN[0]}", f"{EN[0]}\n{headline}", "", None, between(headline, EN)]
    assert apart_headlines(pl.Series(texts)).tolist() == [0, 0, 0, 0, 1]
    assert measure(texts, ["apart_headlines"])["apart_headlines"].to_list() == [0, 0, 0, 0, 1]

"""Where a text holds what a signal counts: the marked characters make up the signal."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.results.spans import covered, differing, gaps, spans_of
from cleaner.signals import measure

WORDS = st.lists(st.sampled_from(["mill", "river", "stone", "石", "桥", "old"]), max_size=40)
TEXTS = st.lists(WORDS.map(" ".join), max_size=8).map("\n".join)


def marked(text: str, signal: str, **more: object) -> list[str]:
    return [text[start:end] for start, end in spans_of(text, signal, False, **more)]  # type: ignore[arg-type]


@pytest.mark.parametrize("signal", ["dup_line_char_ratio", "dup_paragraph_char_ratio"])
@settings(deadline=None)
@given(text=TEXTS)
def test_copies_of_lines_and_paragraphs_are_marked_whole(signal: str, text: str) -> None:
    value, characters = measure(pl.Series([text]), [signal, "characters"]).row(0)
    assert covered(spans_of(text, signal, False)) == pytest.approx(value * characters, abs=1e-6)


@pytest.mark.parametrize("size", [5, 10])
@settings(deadline=None)
@given(text=TEXTS)
def test_the_words_of_repeated_grams_are_marked(size: int, text: str) -> None:
    signal = f"dup_{size}gram_char_ratio"
    value, characters = measure(pl.Series([text]), [signal, "characters"]).row(0)
    words = sum(len(part) for one in marked(text, signal) for part in one.split())
    assert words == pytest.approx(value * characters, abs=1e-6)


def test_the_most_frequent_gram_is_marked_wherever_it_stands() -> None:
    text = "the old mill and the old bridge by the old mill"
    assert marked(text, "top_2gram_char_ratio") == ["the old", "the old", "the old"]
    assert marked("a b c a b", "repeated_13gram_ratio") == []
    assert marked("a b c a b", "repeated_2gram_ratio") == ["a b", "a b"]
    assert marked("a b c a d", "repeated_2gram_ratio") == []


def test_telling_lines_are_marked() -> None:
    text = "• one\nA sentence stands here.\n\nRead more at https://a.example/x\nand so on..."
    assert marked(text, "bullet_line_ratio") == ["• one"]
    assert marked(text, "ellipsis_line_ratio") == ["and so on..."]
    assert marked(text, "url_char_ratio") == ["Read more at https://a.example/x"]
    assert "A sentence stands here." not in marked(text, "terminal_line_ratio")
    assert "• one" in marked(text, "terminal_line_ratio")


def test_phrases_of_a_list_mark_their_lines() -> None:
    text = "Buy now, best price!\nThe proof is short."
    found = marked(text, "list_density:zh_advert", lists={"zh_advert": ("best price",)})
    assert found == ["Buy now, best price!"]


@pytest.mark.parametrize("signal", ["words", "mean_word_length", "lines", "lang_score", "nonsense"])
def test_what_is_of_the_whole_text_marks_nothing(signal: str) -> None:
    assert spans_of("some text\nsome text", signal) == []


def test_words_that_a_partner_lacks_are_marked() -> None:
    text = "The ferry leaves at nine from the north pier."
    places = differing(text, "The ferry leaves at ten from the pier.")
    assert [text[start:end] for start, end in places] == ["nine", "north"]
    assert differing(text, text) == []


def test_words_that_are_everywhere_are_compared_like_others() -> None:
    text = "the old mill by the river " * 60
    (place,) = differing(f"so {text}", text)
    assert place == (0, 2)
    assert differing(text, f"so {text}") == []


def test_sums_of_money_are_no_formula_in_either_text() -> None:
    text = "It was $5 and $6 now."
    assert differing(text, text) == []
    (place,) = differing(text, "It was $5 and $7 now.")
    assert text[slice(*place)] == "6"


@settings(deadline=None)
@given(text=TEXTS)
def test_marked_and_unmarked_parts_are_the_text(text: str) -> None:
    spans = spans_of(text, "dup_line_ratio", False)
    parts = list(gaps(spans, len(text)))
    assert "".join(text[start:end] for _, (start, end) in parts) == text
    assert sum(end - start for is_marked, (start, end) in parts if is_marked) == covered(spans)

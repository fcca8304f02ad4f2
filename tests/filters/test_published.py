"""Published sets against the plain reading of their papers, on texts around their boundaries.

The cases of `test_boundaries` set signals by hand, and cannot see a wrong signal; here texts are
made so that a rule meets both of its sides. Where words differ by definition the texts do without:
C4 counts a dash between spaces as a word.
"""

import random
import re
from collections.abc import Callable

import polars as pl
import pytest
from support import published

from cleaner.stages.judge import judge
from cleaner.text.segment import words

WORDS = (
    *("the", "river", "runs", "to", "sea", "and", "boats", "of", "old", "men", "with", "nets"),
    *("have", "been", "seen", "there", "by", "many"),
)
ZH = "的年在月是和日了为有被人中他也而由水山河船网老海多见那里过去大小"


def line(rng: random.Random) -> str:
    """Return a line of prose, or one of what rules look for."""
    kind = rng.random()
    size = rng.randint(2, 14)
    if kind < 0.12:
        return "- " + " ".join(rng.choices(WORDS, k=size))
    if kind < 0.2:
        return " ".join(rng.choices(WORDS, k=size)) + "..."
    if kind < 0.26:
        return " ".join(rng.choices(WORDS, k=size)).upper()
    if kind < 0.32:
        return rng.choice(
            ("3 likes", "12 34 56", "menu", "# # x", "We use cookies here, dear all.")
        )
    if kind < 0.36:
        return rng.choice(
            ("a line of code { here it is }.", "This is lorem ipsum and so on.", "1 a")
        )
    text = " ".join(rng.choices(WORDS, k=size))
    return text[0].upper() + text[1:] + rng.choice((".", ".", "", "!"))


def english(number: int) -> str:
    """Return a text of few or many lines, some of them copies, some short or long."""
    rng = random.Random(number)
    lines = [line(rng) for _ in range(rng.choice((1, 2, 5, 12, 30)))]
    if rng.random() < 0.3:
        lines += rng.choices(lines, k=rng.randint(1, len(lines)))
    if rng.random() < 0.2:
        lines += [" ".join(rng.choices(WORDS, k=60)) + "."] * rng.randint(1, 3)
    if rng.random() < 0.15:
        lines = [one.replace(" ", " - ") for one in lines]
    return rng.choice(("\n", "\n", "\n\n")).join(lines)


def chinese(number: int) -> str:
    """Return a Chinese text of few or many sentences, some of them said twice."""
    rng = random.Random(number)
    lines = []
    for _ in range(rng.choice((1, 3, 8, 20))):
        said = "".join(rng.choices(ZH, k=rng.randint(3, 40)))
        lines.append(said + rng.choice(("。", "。", "", "……", " abc def 123")))
    if rng.random() < 0.4:
        lines += lines[: rng.randint(1, len(lines))]
    if rng.random() < 0.2:
        lines += ["some English words stand here instead of Chinese ones"] * rng.randint(1, 9)
    return "\n".join(lines)


def split(text: str) -> list[str]:
    return words(text, formulas=False)


def sentences(one: str) -> int:
    from cleaner.signals import measure

    body = one if len(one.split()) >= 3 else one + " and so on."
    return int(measure([body], ["c4_any_end_sentences"], formulas=False).item())


def agree(
    name: str, texts: list[str], theirs: Callable[[str], published.Verdicts], ever: set[str]
) -> None:
    """Assert that both say the same of every text, and that the rules of `ever` have both sides."""
    broken = judge(pl.DataFrame({"text": texts}), name, formulas=False)["broken"].to_list()
    verdicts = [theirs(text) for text in texts]
    for rule in verdicts[0]:
        here = [rule not in rules for rules in broken]
        there = [kept[rule] for kept in verdicts]
        apart = [text for text, a, b in zip(texts, here, there, strict=True) if a != b]
        assert apart == [], rule
        if rule in ever:
            assert len(set(here)) == 2, f"{rule}: no text on one of its sides"


EN = [english(number) for number in range(250)]


@pytest.mark.parametrize(
    ("name", "theirs", "ever"),
    [
        (
            "gopher_quality",
            lambda text: published.gopher_quality(text, split(text)),
            {"word_count", "bullet_lines", "ellipsis_lines", "stop_words"},
        ),
        (
            "gopher_repetition",
            lambda text: published.gopher_repetition(text, split(text)),
            {"duplicate_lines", "duplicate_line_characters", "top_2gram", "duplicate_5grams"},
        ),
        (
            "fineweb_quality",
            lambda text: published.fineweb_quality(text, split(text)),
            {"terminal_lines", "short_lines", "duplicate_line_characters"},
        ),
        (
            "fineweb_quality_datatrove",
            lambda text: published.fineweb_quality(text, split(text), datatrove=True),
            {"terminal_lines", "duplicate_line_characters", "new_lines_per_word"},
        ),
        ("mc4_paragraphs", published.mc4_paragraphs, {"long_lines"}),
        (
            "refinedweb_lines",
            lambda text: published.refinedweb_lines(text, lambda one: len(split(one))),
            {"words_cut"},
        ),
        ("c4", lambda text: published.c4(text, sentences), {"sentences", "curly_brackets"}),
        (
            "c4_datatrove",
            lambda text: published.c4(text, sentences, 3, 5),
            {"sentences", "curly_brackets", "lorem_ipsum"},
        ),
    ],
)
def test_an_english_set_says_what_was_published(
    name: str, theirs: Callable[[str], published.Verdicts], ever: set[str]
) -> None:
    agree(name, [text for text in EN if " - " not in text or "c4" not in name], theirs, ever)


def test_chinese_web_text_says_what_was_published() -> None:
    texts = [chinese(number) for number in range(200)]
    wholly = [text for text in texts if not re.search("[a-z]", text)]
    agree("chinese_web_text", wholly, published.chinese_web_text, {"length", "mean_line_length"})


def test_a_page_that_says_everything_twice_repeats_itself_wholly() -> None:
    said = "".join(random.Random(1).choices(ZH, k=120))
    for text, broken in ((said, False), (f"{said}\n{said}", True)):
        rules = judge(pl.DataFrame({"text": [text]}), "chinese_web_text")["broken"][0].to_list()
        assert ("repetition" in rules) == broken

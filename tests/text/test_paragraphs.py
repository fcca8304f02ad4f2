"""Repeated paragraphs go, the first stays, and so do short ones."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.text.paragraphs import drop_repeated

LONG = "这是一段足够长的文字，会被比较。"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"{LONG}\n\n{LONG}", LONG),
        (f"{LONG}\n\nb\n\n{LONG}\n\nc", f"{LONG}\n\nb\n\nc"),
        (f"{LONG}\n \t\n\n{LONG}\nd", f"{LONG}\n \t\n\n{LONG}\nd"),  # another last line
        (f"{LONG}\n\n這是一段足夠長的文字,會被比較。", LONG),  # one key, whatever script and width
        ("Yes.\n\nNo.\n\nYes.", "Yes.\n\nNo.\n\nYes."),  # under min_chars
        (f"{LONG}\n{LONG}", LONG),  # no blank line: lines are paragraphs
        ("第一章 极限与连续的概念\n甲\n第一章 极限与连续的概念\n乙",) * 2,  # headings stay
        ("x = make_table(1)\na\nx = make_table(1)\nb",) * 2,  # code stays
        ("| one two | three, four |\na\n| one two | three, four |\nb",) * 2,
        (
            "问：您好！\n答：很高兴来到这里和大家聊天。\n问：好。\n" * 3 + "编者按",
            "问：您好！\n答：很高兴来到这里和大家聊天。\n问：好。\n编者按",
        ),  # a passage goes with its short lines
        ("Yes, he said.\nNo.\nYes, she said.\nNo.",) * 2,
        (
            f"{LONG[:12]}……\n甲\n{LONG}\n乙",
            f"甲\n{LONG}\n乙",
        ),  # the cut-off beginning of what stands below
        (
            f"{LONG}\n甲\n{LONG}……\n乙",
            f"{LONG}\n甲\n乙",
        ),  # all of it, and an ellipsis
        (
            "We met the old miller by the riv\nWe met the old miller by the river.",
            "We met the old miller by the river.",
        ),
        (
            "I waited a week, and then I sold the engine\n"
            "I waited a week, and then I sold the engine to pay for sails.",
            "I waited a week, and then I sold the engine to pay for sails.",
        ),  # cut off between words
        ("The theorem of Rolle\nThe theorem of Rolle holds here.",) * 2,  # a heading
        (
            "Chapter 12: How the tides of the northern sea were measured\n"
            "Chapter 12: How the tides of the northern sea were measured again",
        )
        * 2,
        ("$$\na^2+b^2=c^2+1\n$$\nso\n$$\na^2+b^2=c^2+1\n$$",) * 2,
        (
            "$$a^2 + b^2 = c$$\n\n$$A^2 + b^2 = c$$",
            "$$a^2 + b^2 = c$$\n\n$$A^2 + b^2 = c$$",
        ),  # case counts in formulas
        ("", ""),
    ],
)
def test_the_first_of_equal_paragraphs_stays(text: str, left: str) -> None:
    cleaned, cut = drop_repeated(pl.Series([text]), 10)
    assert cleaned.to_list() == [left]
    assert cut.to_list() == [len(text) - len(left)]


TALK = [
    "Mara: When did the first boats come up the river?",
    "Old man: In the spring of the flood, when the bridge was down.",
    "Mara: And who was on them, do you still remember?",
    "Old man: Two brothers with a sack of salt, and they asked for Ann's house.",
]


@pytest.mark.parametrize(
    "stub", ["~ tap here for what is left ~", "2 / 4", "（本版未完）", "p. 7 >>"]
)
def test_what_parts_two_copies_of_a_text_goes(stub: str) -> None:
    text = "\n".join([*TALK, stub, *(line.replace("'", "’") for line in TALK)])
    assert drop_repeated(pl.Series([text]), 10)[0].to_list() == ["\n".join(TALK)]


def test_a_line_between_copies_stays_where_it_says_something() -> None:
    asked = "\n".join([*TALK, "Mara: Once more, please?", *TALK])
    assert drop_repeated(pl.Series([asked]), 10)[0][0].endswith("house.\nMara: Once more, please?")
    # A heading, above what begins again in the middle of the text.
    later = "\n".join([*TALK, "Mara: A new question, then.", "Salt", *TALK[2:], "He went home."])
    assert "\nSalt\n" in drop_repeated(pl.Series([later]), 10)[0][0]


@pytest.mark.parametrize(
    "line",
    [
        "`for...in` goes over each name of an object.",
        "... and then the wind turned.",
        "……风向变了。",
    ],
)
def test_dots_after_next_to_nothing_cut_nothing_off(line: str) -> None:
    text = f"`for...of` goes over each value instead.\n{line}\nThe end of the text is here."
    assert drop_repeated(pl.Series([text]), 10)[0].to_list() == [text]


def test_documents_are_not_compared_with_each_other() -> None:
    column = pl.Series([LONG, None, f"{LONG}\n\n{LONG}", LONG])
    cleaned, cut = drop_repeated(column, 1)
    assert cleaned.to_list() == [LONG, None, LONG, LONG]
    assert cut.to_list() == [0, 0, len(LONG) + 2, 0]
    assert column[2] == f"{LONG}\n\n{LONG}"


@given(st.lists(st.sampled_from(["aa", "bb", "AA", "c", "$x$"]), max_size=8))
def test_what_is_left_has_no_repeats_and_keeps_its_order(parts: list[str]) -> None:
    left = drop_repeated(pl.Series(["\n\n".join(parts)]), 2)[0][0].split("\n\n")
    first: dict[str, str] = {}
    for part in parts:
        first.setdefault(part.lower() + ("#" * len(first) if len(part) < 2 else ""), part)
    assert left == (list(first.values()) or [""])

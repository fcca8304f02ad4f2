"""Lines judged one by one: what goes, what stays, and that the signals say the same."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from support.unicode_texts import texts

from cleaner.rules.lines import clean, judge_lines, measure_lines, show_cuts
from cleaner.rules.rule_set import load_rules
from cleaner.signals import measure
from cleaner.text.split_lines import split_lines

C4 = load_rules("c4_datatrove_lines")
PAGE = """Home | About

This is a good line of text.[1]
Our privacy policy applies here, dear reader.

好的，这是一行中文。
Short one.
no mark at its end
A line that trails off...
Javascript is needed here, alas."""


def test_c4_leaves_sentences() -> None:
    cleaned, cut = clean(pl.Series([PAGE]), C4)
    assert cleaned[0] == "This is a good line of text.\n\n好的，这是一行中文。"
    assert cut[0] == len(PAGE) - len(cleaned[0])


def test_a_text_that_loses_nothing_is_the_same_byte_for_byte() -> None:
    rows = ["One good line here.\n\n\n\nAnother good line.\n", "", None, "A fine line here.\r"]
    cleaned, cut = clean(pl.Series(rows, dtype=pl.String), C4)
    assert cleaned.to_list() == rows
    assert cut.to_list() == [0, 0, 0, 0]


def test_texts_are_judged_apart() -> None:
    rows = ["menu", "A fine line here.\nmenu", None, "menu\nmenu", "A fine line here."]
    cleaned, cut = clean(pl.Series(rows, dtype=pl.String), C4)
    assert cleaned.to_list() == ["", "A fine line here.", None, "", "A fine line here."]
    assert cut.to_list() == [4, 5, 0, 9, 0]
    assert clean(pl.Series(rows, dtype=pl.String)[1:3], C4)[1].to_list() == [5, 0]


def test_a_formula_is_never_parted() -> None:
    text = "Where $$a\n= b$$ holds.\nnext"
    assert split_lines(pl.Series([text])).line.to_list() == ["Where $$a\n= b$$ holds.", "next"]
    assert clean(pl.Series([text]), C4)[0][0] == "Where $$a\n= b$$ holds."


def test_cuts_can_be_shown() -> None:
    text = "menu\nA line with a note.[2]\nA fine line here."
    assert show_cuts(pl.Series([text]), C4) == [
        "- menu    [terminal_mark, three_words]",
        "- A line with a note.[2]",
        "+ A line with a note.",
        "  A fine line here.",
    ]


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("It ends.", (True, 5, False)),
        ("他说：“好。”", (True, 2, False)),
        ("no end", (False, 3, False)),
        ("x" * 120 + " y", (False, 120, False)),
        ("中" * 200, (False, 0, False)),
        ("3 likes", (False, 5, True)),
        ("1.2k comments", (False, 8, True)),
        ("12 条评论", (False, 2, True)),
        ("3 likes and more", (False, 5, False)),
        ("", (False, 0, False)),
    ],
)
def test_what_only_a_line_has(line: str, values: tuple[bool, int, bool]) -> None:
    measured = measure_lines(
        pl.Series(["-"]), pl.Series([line]), ["ends_sentence", "longest_run", "counter"]
    )
    assert measured.row(0) == values


def test_refinedweb_cuts_counters_and_capitals() -> None:
    text = "SUBSCRIBE NOW TODAY\n1234\n3 likes\nReply\nThe rest stays as it is."
    assert clean(pl.Series([text]), load_rules("refinedweb_lines"))[0][0] == (
        "The rest stays as it is."
    )


@given(text=texts)
def test_lines_put_together_again_are_the_text(text: str) -> None:
    lines = split_lines(pl.Series([text, "x", text]))
    of_first = lines.line.filter(pl.Series(lines.document == 2))
    assert "\n".join(of_first).replace("\r", "") == text.replace("\r", "")


@given(text=texts)
def test_clean_is_total_and_never_adds(text: str) -> None:
    cleaned, cut = clean(pl.Series([text]), C4)
    assert len(cleaned[0]) + cut[0] == len(text)


def left_of(text: pl.Series) -> list[int]:
    lines = judge_lines(text, C4)
    left = lines.filter(
        (pl.col("broken").list.len() == 0) & (pl.col("line").str.strip_chars() != "")
    )
    return np.bincount(left["document"], minlength=len(text)).tolist()


@given(text=texts)
def test_the_filter_counts_the_lines_that_cleaning_leaves(text: str) -> None:
    column = pl.Series([text])
    assert measure(column, ["c4_datatrove_lines"])["c4_datatrove_lines"].to_list() == left_of(
        column
    )


@pytest.mark.corpora
def test_the_filter_counts_the_lines_of_the_corpora(corpora: Path) -> None:
    text = pl.read_parquet(corpora / "open" / "math_vs_web.parquet")["text"]
    same = measure(text, ["c4_datatrove_lines"])["c4_datatrove_lines"] == pl.Series(left_of(text))
    assert same.mean() >= 0.999  # a line alone does not know that it stood in a code fence


@pytest.mark.parametrize(
    "line",
    [
        "2 + 2 = 4",
        "P(A) = 1/6",
        "$$x^2+y^2=z^2$$",
        "$2^{10}=1024$",
        "(3) $$A = B$$",
        "sin(x) → 0",
        "F = m × a",
        "f: A → B",
        "N: = 3 + 4",
    ],
)
@pytest.mark.parametrize("rules", ["refinedweb_lines", "c4_lines", "c4_datatrove_lines"])
def test_a_formula_is_never_cut(line: str, rules: str) -> None:
    text = f"Here is the first line of them all.\n{line}\nAnd here is the last line of them all."
    assert clean(pl.Series([text]), load_rules(rules))[0].to_list() == [text]


@pytest.mark.parametrize(
    "line", ["12345", "HOME > NEWS > SPORT", "3 likes", "12 条评论", "2020", "SMS: +44 12"]
)
def test_what_is_no_formula_is_cut(line: str) -> None:
    text = f"Here is the first line of them all.\n{line}\nAnd here is the last line of them all."
    left = clean(pl.Series([text]), load_rules("refinedweb_lines"))[0][0]
    assert left == text.replace(f"{line}\n", "")


@pytest.mark.parametrize(
    "text",
    [
        "1 Introduction\nThe text begins with a heading here.\n3 likes\nTHE LOUD ONE",
        "P(A) = 1/6\nword\n12\nThis is the rest of the text.\n$$a=b$$",
        "5 条评论\n我们在这里讨论函数的极限。\n7",
    ],
)
def test_the_signal_counts_the_words_of_the_lines_that_are_cut(text: str) -> None:
    judged = judge_lines(pl.Series([text]), load_rules("refinedweb_lines"))
    gone = judged.filter(pl.col("broken").list.len() > 0)["line"]
    words = measure(gone, ["words"])["words"].sum() / measure([text], ["words"])["words"][0]
    assert measure([text], ["refinedweb_cut_ratio"]).item() == pytest.approx(words)

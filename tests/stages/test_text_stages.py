"""normalise, clean_lines, dedup_paragraphs: stages that change the text, and say how much."""

import polars as pl
import pytest
from pydantic import ValidationError

from cleaner.errors import RuleError
from cleaner.stages.clean_lines import CleanLines
from cleaner.stages.dedup_paragraphs import DedupParagraphs
from cleaner.stages.normalise import Normalise


def test_normalise_brings_texts_to_one_spelling() -> None:
    docs = pl.DataFrame({"text": ["cafe\u0301\r\n２", None], "id": ["a", "b"]})
    assert Normalise()(docs).rows() == [("café\n２", "a"), (None, "b")]
    assert Normalise(form="NFKC")(docs)["text"].to_list() == ["café\n2", None]


def test_normalise_repairs_and_masks_on_request() -> None:
    docs = pl.DataFrame({"text": ["cafÃ© a@b.org", "ä½\u00a0å¥½"]})
    assert Normalise()(docs)["text"].to_list() == docs["text"].to_list()
    repaired = Normalise(mojibake=True, personal_data="mask")(docs)
    assert repaired["text"].to_list() == ["café <EMAIL>", "你好"]


def test_clean_lines_cuts_and_counts() -> None:
    docs = pl.DataFrame(
        {
            "text": ["Menu\nA fine line stands here.", None, "A fine line stands here."],
            "characters_cut": [1, 2, 3],
        }
    )
    cleaned = CleanLines()(docs)
    assert cleaned["text"].to_list() == [
        "A fine line stands here.",
        None,
        "A fine line stands here.",
    ]
    assert cleaned["characters_cut"].to_list() == [6, 2, 3]
    assert cleaned.schema["characters_cut"] == pl.UInt32
    assert CleanLines().label() == ":c4_lines"
    assert CleanLines.model_validate(CleanLines.from_short("refinedweb_lines")).label() == (
        ":refinedweb_lines"
    )


def test_clean_lines_knows_the_formulas_that_extract_marked() -> None:
    # Under the rule for unknown text a dollar before a digit closes nothing.
    docs = pl.DataFrame(
        {"text": ["Let $a\nb$2 be such a thing."] * 2, "formulas_marked": [True, False]}
    )
    left = ["Let $a\nb$2 be such a thing.", "b$2 be such a thing."]
    assert CleanLines()(docs)["text"].to_list() == left


def test_clean_lines_needs_rules_for_lines() -> None:
    with pytest.raises(ValidationError, match="c4 has no rules for lines; c4_lines is one"):
        CleanLines(rules="c4")
    with pytest.raises(RuleError, match="unknown filter 'c4_line', did you mean 'c4_lines'"):
        CleanLines(rules="c4_line")


def test_clean_lines_travels_as_data() -> None:
    stage = CleanLines().resolve()
    again = CleanLines.resolved_type().model_validate(stage.model_dump(mode="json"))
    assert again == stage
    assert stage.line_rules.file == "filters/c4_lines.yaml"


def test_dedup_paragraphs_cuts_and_counts() -> None:
    twice = "The same paragraph, said twice.\n\nThe same paragraph, said twice."
    docs = pl.DataFrame({"text": [twice, "Yes.\n\nYes.", None]})
    cleaned = DedupParagraphs()(docs)
    assert cleaned["text"].to_list() == ["The same paragraph, said twice.", "Yes.\n\nYes.", None]
    assert cleaned["characters_cut"].to_list() == [33, 0, 0]
    assert DedupParagraphs(min_chars=1)(docs)["text"][1] == "Yes."

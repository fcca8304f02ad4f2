"""Filter files: parsed whole, refused with a place, and never generous with what is unknown."""

import math
from pathlib import Path

import polars as pl
import pytest

from cleaner.errors import JobError, RuleError
from cleaner.rules.conditions import Limit
from cleaner.rules.rule_set import RuleSet, broken_by_set, broken_rules, load_rules, parse_rules

SET = """
title: Two rules
source: {cite: ours}
rules:
  - name: long_enough
    keep: words BETWEEN 50 AND 100
  - name: few_digits
    keep: digit_ratio <= 0.5 OR lang = 'zh'
    note: Chinese is written with numbers.
"""


@pytest.fixture
def rules() -> RuleSet:
    return parse_rules(SET, "two", "two.yaml")


def test_a_document_keeps_all_rules_or_the_list_says_which_it_broke(rules: RuleSet) -> None:
    frame = pl.DataFrame(
        {
            "words": [50, 49, 101, 50],
            "digit_ratio": [0.5, 0.6, 0.6, 0.6],
            "lang": ["en", "en", "zh", "zh"],
        }
    )
    broken = [[], ["long_enough", "few_digits"], ["long_enough"], []]
    assert broken_rules(frame, rules).to_list() == broken
    assert broken_rules(frame.clear(), rules).dtype == pl.List(pl.String)


def test_what_could_not_be_measured_is_not_kept(rules: RuleSet) -> None:
    frame = pl.DataFrame(
        {
            "words": pl.Series([None, 60, 60, 60], dtype=pl.UInt32),
            "digit_ratio": [0.1, math.nan, None, math.inf],
            "lang": ["en", None, "en", "en"],
        }
    )
    broken = [["long_enough"], ["few_digits"], ["few_digits"], ["few_digits"]]
    assert broken_rules(frame, rules).to_list() == broken


def test_several_sets_are_judged_together(rules: RuleSet) -> None:
    other = parse_rules(SET.replace("50", "10"), "ten", "ten.yaml")
    frame = pl.DataFrame({"words": [20], "digit_ratio": [0.0], "lang": ["en"]})
    assert broken_by_set(frame, [rules, other]).to_dicts() == [{"two": ["long_enough"], "ten": []}]


def test_a_set_travels_as_plain_data(rules: RuleSet) -> None:
    again = RuleSet.model_validate(rules.model_dump(mode="json"))
    assert again == rules
    assert again.file == "two.yaml"
    assert again.columns == ("words", "digit_ratio", "lang")
    assert [rule.limits for rule in again.rules] == [(Limit("words", 50, 100),), ()]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title:", "titel:", "x.yaml:2:1: unknown key 'titel', did you mean 'title'?"),
        (
            "title:",
            "name: mine\ntitle:",
            "x.yaml:2:1: unknown key 'name', did you mean 'frame'?; available: title",
        ),
        ("title:", "file: y.yaml\ntitle:", "x.yaml:2:1: unknown key 'file', did you mean 'title'"),
        ("title: Two rules", "", "x.yaml:1:1: 'title' is missing"),
        ("words B", "wrods > , B", "x.yaml:6:5: rule 'long_enough': found ','"),
        ("note:", "nte:", "x.yaml:9:5: rule 'few_digits': unknown key 'nte', did you mean 'note'?"),
        ("few_digits", "Few", "x.yaml:7:5: rule 'Few': name: String should match pattern"),
        ("few_digits", "long_enough", "x.yaml:4:1: two rules are named 'long_enough'"),
        ("words BETWEEN 50 AND 100", "TRUE", "x.yaml:6:5: rule 'long_enough': keep:"),
        ("words BETWEEN 50 AND 100", "1 < 2", "'1 < 2' reads no signal"),
        ("words BETWEEN 50 AND 100", "words IS NOT NULL", "an unknown is never a yes"),
        ("words BETWEEN 50 AND 100", "[words", "while parsing a flow sequence"),
        ("{cite: ours}", "{cit: ours}", "x.yaml:3:10: unknown key 'cit', did you mean 'cite'?"),
        ("{cite: ours}", "[]", "x.yaml:3:1: source: an empty list"),
        ("title:", "unit: jeiba\ntitle:", "unit: Input should be 'word', 'jieba', 'sudachi' or "),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(old: str, new: str, message: str) -> None:
    with pytest.raises(JobError) as error:
        parse_rules(SET.replace(old, new), "x", "x.yaml")
    assert message in str(error.value)


def test_all_mistakes_of_a_file_are_said_at_once() -> None:
    with pytest.raises(RuleError) as error:
        parse_rules(SET.replace("title", "titel").replace("note", "nte"), "x", "x.yaml")
    assert len(str(error.value).splitlines()) == 3


def test_a_signal_that_is_not_there_is_named_with_what_is(rules: RuleSet) -> None:
    with pytest.raises(RuleError) as error:
        broken_rules(pl.DataFrame({"word": [1], "lang": ["en"]}), rules)
    assert str(error.value) == (
        "two.yaml: rule 'long_enough': unable to find 'words', did you mean 'word'?; "
        "available: lang, word"
    )


def test_a_filter_that_is_not_there_is_named_with_what_is(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r"unknown filter 'gopher_qualty', did you mean 'gopher_q"):
        load_rules("gopher_qualty")
    with pytest.raises(RuleError, match=r"none.yaml: no such filter file"):
        load_rules(tmp_path / "none.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"title: \xff")
    with pytest.raises(RuleError, match="cannot be read"):
        load_rules(tmp_path / "bytes.yaml")


def test_a_path_is_a_filter_too(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(SET)
    assert load_rules(str(tmp_path / "mine.yaml")).name == "mine"

"""The SQL of a rule: what it means, what it refuses, and that an unknown is never a yes."""

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.rules.conditions import Limit, parse
from cleaner.rules.sql import ConditionError

FRAME = pl.DataFrame(
    {
        "words": pl.Series([1, 60, None], dtype=pl.UInt32),
        "ratio": [0.1, math.nan, 0.2],
        "lang": ["zh", "en", None],
        "single": pl.Series([0.1, 0.5, 1.0], dtype=pl.Float32),
        "marked": [True, False, None],
        "day": pl.Series([0, 0, 0], dtype=pl.Date),
    }
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("words BETWEEN 50 AND 100", [False, True, None]),
        ("words NOT BETWEEN 50 AND 100", [True, False, None]),
        ("words >= 1 AND words < 60", [True, False, None]),
        ("60 <= words", [False, True, None]),
        ("words > -1", [True, True, None]),
        ("words - 5 < 0", [True, False, None]),  # unsigned counts do not wrap
        ("words / (words - words) > 1", [None, None, None]),
        ("words % 7 = 4", [False, True, None]),
        ("ratio < 0.5", [True, None, True]),
        ("ratio > 0.5", [False, None, False]),  # Polars calls a NaN the greatest
        ("NOT ratio > 0.5", [True, None, True]),
        ("ratio <> 0.1", [False, None, True]),
        ("single <= 0.1", [True, False, False]),
        ("lang = 'zh'", [True, False, None]),
        ("lang IN ('zh', 'ja')", [True, False, None]),
        ("lang NOT IN ('zh')", [False, True, None]),
        ("lang LIKE 'z%'", [True, False, None]),
        ("lang LIKE '_h'", [True, False, None]),
        ("lang LIKE 'z.'", [False, False, None]),
        ("lang ILIKE 'Z%'", [True, False, None]),
        ("upper(lang) = 'ZH'", [True, False, None]),
        ("length(lang) = 2", [True, True, None]),
        ("marked", [True, False, None]),
        ("NOT marked OR words < 5", [True, True, None]),
        ("words > 5 OR ratio > 0", [True, True, True]),
        ("words > 5 AND ratio > 0", [False, None, None]),
        ("least(words, ratio) < 0.5", [True, None, None]),
        ("sqrt(ratio - 0.15) >= 0", [None, None, True]),
        ("CASE WHEN words > 5 THEN lang = 'en' ELSE ratio < 1 END", [True, True, None]),
        ("(words + 1) * 2 = 4", [True, False, None]),
        ("-words = -1", [True, False, None]),
        ('"words" = 1', [True, False, None]),
        ("words\n  = 1_0 - 9", [True, False, None]),
    ],
)
def test_a_condition_means(text: str, value: list[bool | None]) -> None:
    assert FRAME.select(parse(text).expression(FRAME.schema)).to_series().to_list() == value


@pytest.mark.parametrize("text", ["words / 0 > 1", "words % 0 = 0", "1 < words / -0.0"])
def test_what_is_unknown_for_every_document_is_refused(text: str) -> None:
    with pytest.raises(ConditionError, match="0' is unknown for every document"):
        parse(text)


def test_only_on_may_ask_for_an_unknown() -> None:
    asked = parse("lang IS NULL OR words IS NOT NULL", ask_unknown=True)
    assert FRAME.select(asked.expression(FRAME.schema)).to_series().to_list() == [True, True, True]
    with pytest.raises(ConditionError, match="an unknown is never a yes"):
        parse("lang IS NULL")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("wrods > 1", "unable to find 'wrods', did you mean 'words'?; available: day, lang"),
        ("words = 'a'", "compares a number ('words') with a text ('a')"),
        ("words", "is a number, not a condition"),
        ("words AND marked", "a side of AND must be a truth; 'words' is a number"),
        ("lang + 1 > 2", "a side of + must be a number; 'lang' is a text"),
        ("marked > FALSE", "> cannot order true and false"),
        ("day > 1", "neither number, text"),
        ("words LIKE 'a'", "the left of LIKE must be a text"),
        ("CASE WHEN marked THEN 1 ELSE 'a' END = 1", "branches of CASE are number and text"),
        ("", "it ends where a signal"),
        ("words >", "it ends where a signal"),
        ("(words > 1", "it ends where ) should stand"),
        ("words > 1 words", "found 'words' at character 11"),
        ("words NOT 3", "where BETWEEN, IN, LIKE or ILIKE should stand"),
        ("words > 'a", 'cannot read "\'a" at character 9'),
        ("words > 0.5x", "cannot read"),
        ("words > 1; DROP TABLE x", "cannot read '; DROP TABLE' at character 10"),
        ("words > (SELECT 1)", "'SELECT' at character 10: a condition only reads its own row"),
        ("read_csv('/etc/passwd') = ''", "unknown function 'read_csv' at character 1"),
        ("count(words) > 1", "unknown function 'count'"),
        ("sum(words) OVER () > 1", "unknown function 'sum'"),
        ("EXISTS (SELECT * FROM read_parquet('x'))", "'EXISTS' at character 1"),
        ("abs(words, 1) > 1", "abs takes 1 arguments, not 2"),
        ("CASE WHEN marked THEN TRUE END", "found 'end' at character 28 where ELSE"),
        ("(" * 5000 + "words", "is nested too deep to read"),
        ("NOT " * 2000 + "marked", "is nested too deep to read"),
        ("words > 1 OR " * 1000 + "marked", "is longer than 10,000 characters"),
    ],
)
def test_a_condition_refuses(text: str, message: str) -> None:
    with pytest.raises(ConditionError) as error:
        parse(text).check(FRAME.schema)
    assert message in str(error.value)


@given(text=st.text(alphabet="words><=()'ANDORNT 1.5,+-*/%\"", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        condition = parse(text)
        expression = condition.expression(FRAME.schema)
    except ConditionError:
        return
    assert FRAME.select(expression).to_series().dtype == pl.Boolean


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("words BETWEEN 50 AND 100", (Limit("words", 50, 100),)),
        ("words > 5", (Limit("words", low=5, low_open=True),)),
        ("5 > words", (Limit("words", high=5, high_open=True),)),
        ("words = 5", (Limit("words", 5, 5),)),
        ("words >= 5 AND words > 5", (Limit("words", low=5, low_open=True),)),
        ("words <= 9 AND words < 7", (Limit("words", high=7, high_open=True),)),
        ("words >= -1 AND ratio <= 1e-1", (Limit("words", low=-1), Limit("ratio", high=0.1))),
        ("words > 5 OR words < 3", ()),
        ("NOT words > 5", ()),
        ("words != 5", ()),
        ("words > ratio", ()),
        ("words + 1 > 5", ()),
        ("lang = 'zh' AND words > 5", ()),
    ],
)
def test_a_conjunction_of_comparisons_has_limits(text: str, limits: tuple[Limit, ...]) -> None:
    assert parse(text).limits == limits

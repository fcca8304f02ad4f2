"""The stage `language`: its reasons, one row each, and what it refuses."""

from pathlib import Path

import polars as pl
import pytest
from pydantic import ValidationError

from cleaner.errors import JobError
from cleaner.stages.language import Language

ENGLISH = "It was the best of times, it was the worst of times, it was the age of wisdom. "
GERMAN = "Alle glücklichen Familien gleichen einander, jede unglückliche ist es auf ihre Weise. "
SIMPLIFIED = "这个国家的语言很有意思，我们应该学习它们的历史与文学。"
TRADITIONAL = "這個國家的語言很有意思，我們應該學習它們的歷史與文學。"
BOTH = "\n\n".join([ENGLISH * 3, GERMAN * 3] * 2)


def broken(stage: Language, *batch: str | None) -> list[list[str]]:
    docs = pl.DataFrame({"text": pl.Series(batch, dtype=pl.String)})
    out: list[list[str]] = stage(docs)["broken"].to_list()
    return out


def test_reasons() -> None:
    batch = (ENGLISH, GERMAN, BOTH, "123", SIMPLIFIED, TRADITIONAL)
    assert broken(Language(), *batch) == [[]] * 6  # nothing was asked: it only labels
    assert broken(Language().resolve(), *batch) == [[]] * 6
    assert broken(Language(min_score=0), *batch) == [[], [], [], ["und"], [], []]
    assert broken(Language(keep=["zh", "en"]), *batch) == [
        [],
        ["language"],
        ["mixed"],
        ["und"],
        [],
        [],
    ]
    assert broken(Language(keep=["eng", "ger", "und"]), *batch) == [
        [],
        [],
        [],
        [],
        ["language"],
        ["language"],
    ]


def test_a_script_is_kept_only_if_it_is_named() -> None:
    assert broken(Language(keep=["zh-Hant"]), SIMPLIFIED, TRADITIONAL, "大小多少") == [
        ["language"],
        [],
        [],
    ]


def test_a_low_score_counts_from_100_letters_on_and_never_for_chinese() -> None:
    sure = Language(min_score=1)  # no score is that high
    long = ENGLISH * 3
    assert broken(sure, long, ENGLISH[:60], SIMPLIFIED * 10, BOTH) == [["low_score"], [], [], []]
    assert broken(Language(keep=["de"], min_score=1), long) == [["language", "low_score"]]


def test_a_null_text_is_an_error_and_breaks_nothing() -> None:
    out = Language()(pl.DataFrame({"text": [None, ENGLISH]}))
    assert out["error"].to_list() == ["null text", None]
    assert out["broken"].to_list() == [[], []]
    assert out["lang"].to_list() == [None, "en"]


def test_on_says_which_documents_are_judged() -> None:
    stage = Language(keep=["zh"], on="source = 'web'")
    docs = pl.DataFrame({"text": [ENGLISH, ENGLISH], "source": ["web", "books"]})
    assert stage(docs)["broken"].to_list() == [["language"], []]
    assert stage.needs() == {"text", "source"}


def test_an_empty_frame_has_all_columns() -> None:
    stage = Language(keep=["zh"])
    out = stage(pl.DataFrame({"text": []}, schema={"text": pl.String}))
    assert {name: out.schema[name] for name in stage.adds()} == stage.adds()
    assert out.schema["broken"] == pl.List(pl.String)


def test_resolved_it_names_its_model_and_its_floor() -> None:
    stage = Language(keep=["zh"]).resolve()
    assert stage.model is not None
    assert stage.model.startswith("py3langid:")
    assert stage.min_score == 0.5
    assert stage.files() == []
    assert stage.resolve() == stage
    assert Language(**stage.model_dump()) == stage


@pytest.mark.parametrize("keep", [["chinese"], ["zz"], [], [""]])
def test_what_is_no_language_is_refused(keep: list[str]) -> None:
    with pytest.raises(ValidationError):
        Language(keep=keep)


def test_a_language_that_the_model_does_not_tell_is_refused() -> None:
    with pytest.raises(JobError, match="'bo': py3langid knows no such language; it knows: ace, "):
        Language(keep=["bo"]).resolve()


def test_a_model_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="no such model file"):
        Language(model=str(tmp_path / "lid.bin")).resolve()


@pytest.mark.corpora
@pytest.mark.parametrize("keep", [None, ["zh", "en"]])
def test_hardly_any_mathematics_is_lost(corpora: Path, keep: list[str] | None) -> None:
    table = pl.read_parquet(corpora / "open" / "math_vs_web.parquet").filter(label="math")
    out = Language(keep=keep)(table.rename({"lang": "gold"}))
    lost = out.group_by("gold").agg((pl.col("broken").list.len() > 0).mean().alias("share"))
    assert lost["share"].max() <= 0.01  # type: ignore[operator]


def test_neighbours_that_no_model_parts_are_kept_as_one() -> None:
    found = pl.DataFrame(
        {
            "lang": ["hr", "ms", "grc", "sr", "fr"],
            "lang_detail": ["hr", "ms", "grc", "sr", "fr"],
            "script": ["Latn", "Latn", "Grek", "Cyrl", "Latn"],
            "lang_score": [0.9] * 5,
            "lang_doubted": [True] * 5,
            "lang_shares": [None] * 5,
        }
    )
    stage = Language(keep=["sr", "id", "el"])
    assert found.select(stage._broken(found, 0.5)).to_series().to_list() == [
        [], [], [], [], ["language"],
    ]  # fmt: skip
    exact = Language(keep=["sr-Cyrl"])
    assert found.select(exact._broken(found, 0.5)).to_series().to_list() == [
        ["language"], ["language"], ["language"], [], ["language"],
    ]  # fmt: skip

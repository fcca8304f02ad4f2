"""`plan` says which filters meet languages that they were not made for, before anything runs."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.corpus_maker import texts

from cleaner.job.job_file import Entry, parse_job
from cleaner.job.plan import make_plan
from cleaner.rules.rule_set import filter_names, load_rules
from cleaner.runs.filter_languages import ANY, empty, unsuited
from cleaner.runs.forecast import try_out

INPUT = {"paths": "a.parquet", "text": "text"}


def entries(*stages: Any) -> tuple[Entry, ...]:
    return parse_job({"name": "a", "input": INPUT, "stages": list(stages)}).stages


def judged(stage: str, where: str | None = None, drops: bool = True, **by: int) -> dict[str, Any]:
    languages = {name: {"judged": count, "fails": 0} for name, count in by.items()}
    row = {"stage": stage, "where": where, "drops": drops, "languages": languages}
    return {"judges": [row]}


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (
            judged("0.filter:gopher_quality", en=51, zh=49),
            "0.filter:gopher_quality is for en, 49% of the sample is zh; add where: lang = 'en'",
        ),
        (
            judged("0.filter:gopher_quality", where="words > 9", en=50, zh=30, ru=20),
            "0.filter:gopher_quality is for en, 50% of the sample is others (30% zh); "
            "add where: (words > 9) AND lang = 'en'",
        ),
        (judged("0.filter:gopher_quality", en=98, zh=2), None),
        (judged("0.filter:gopher_quality", en=3, zh=4), None),
        (judged("0.filter:gopher_quality", und=90, mixed=10), None),
        (judged("0.filter:gopher_quality", drops=False, zh=100), None),
    ],
)
def test_a_filter_that_meets_other_languages_is_named(
    counts: dict[str, Any], said: str | None
) -> None:
    found = unsuited(counts, entries({"filter": "gopher_quality"}), "the sample")
    assert found == ([] if said is None else [said])


def test_a_filter_for_two_languages_or_for_all_is_not_named() -> None:
    both = entries({"filter": "math_web"})
    assert unsuited(judged("0.filter:math_web", zh=60, en=40), both, "") == []
    (said,) = unsuited(judged("0.filter:math_web", zh=4, ru=96), both, "x")
    assert said.endswith("96% of x is ru; add where: lang = 'zh' OR lang = 'en'")
    every = entries({"filter": "mc4_paragraphs"})
    assert unsuited(judged("0.filter:mc4_paragraphs", ru=100), every, "") == []


def test_every_shipped_filter_says_what_languages_it_is_for() -> None:
    for name in filter_names():
        languages = load_rules(name).languages
        assert languages, name
        assert languages == (ANY,) or set(languages) <= {"en", "ja", "ko", "zh"}, name


def test_a_run_that_keeps_nothing_says_where_the_last_went() -> None:
    rows = [
        {"stage": "0.filter:a", "in": 9, "kept": 4, "reasons": {"x": 5}},
        {"stage": "1.filter:b", "in": 4, "kept": 0, "reasons": {"y": 1, "z": 3}},
        {"stage": "2.filter:c", "in": 0, "kept": 0, "reasons": {}},
    ]
    stats = {"rows": {"in": 9, "kept": 0}, "stages": rows}
    said = "nothing of the sample is kept; 1.filter:b drops the last 4: z 3, y 1"
    assert empty(stats, "the sample") == [said]
    assert empty({**stats, "rows": {"in": 9, "kept": 1}}, "") == []
    assert empty({**stats, "rows": {"in": 0, "kept": 0}}, "") == []


@pytest.mark.parametrize("labelled", [False, True], ids=["no language", "language"])
def test_the_job_of_a_newcomer_is_found_out_in_a_sample(tmp_path: Path, labelled: bool) -> None:
    """An English filter, then a Chinese one, over texts of both: nothing can pass the two."""
    chinese = [
        f"第{n}篇文章介绍城市里的公园和图书馆，周末有许多人前来散步读书。" * 9 for n in range(20)
    ]
    pl.DataFrame({"text": [*texts(20), *chinese]}).write_parquet(tmp_path / "a.parquet")
    stages: list[Any] = [{"filter": "gopher_quality"}, {"filter": "zh_web_junk"}]
    stages = [{"language": {}}, *stages] if labelled else stages
    entry = {"paths": str(tmp_path / "*.parquet"), "text": "text"}
    tried = try_out(make_plan(parse_job({"name": "a", "input": entry, "stages": stages})), 40)
    at = int(labelled)
    first = "" if labelled else "put language: {} before it and "
    told = f"is for en, 50% of the sample is zh; {first}add where: lang = 'en'"
    assert f"{at}.filter:gopher_quality {told}" in tried.notes
    assert any("is for zh, 100% of the sample is en" in note for note in tried.notes)
    assert tried.notes[0].startswith("nothing of the sample is kept; ")
    assert [row["in"] for row in tried.stats["stages"]][:2] == [40, 40]

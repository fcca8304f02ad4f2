"""The counts of rules, of pairs and of values are those that the ledger itself gives."""

import json
from collections import Counter
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from support.corpus_maker import texts
from support.runs import run

from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.results.finished import Run
from cleaner.rules.conditions import parse
from cleaner.runs.driver import run_plan

FIRST = """
title: First
source: {cite: ours}
rules:
  - {name: long_enough, keep: words >= 60}
  - {name: few_of_both, keep: mean_word_length < 4.9 AND words BETWEEN 20 AND 90}
  - {name: odd, keep: words % 5 != 0 OR mean_word_length > 5}
"""
SECOND = """
title: Second
source: {cite: ours}
rules:
  - {name: long_enough, keep: words >= 50}
  - {name: short_words, keep: mean_word_length <= 4.6}
"""
THIRD = SECOND.replace("50", "75").replace("4.6", "4.5")
SOURCES = ("alpha", "beta", None)


def made(folder: Path, **options: Any) -> Run:
    """Run two filters that are judged together, one that tags, and one after a change of texts."""
    rng = np.random.default_rng(3)
    lengths = [int(n) for n in rng.integers(15, 110, 120)]
    given = [texts(1, seed=n, words=length)[0] for n, length in enumerate(lengths)]
    given[5:9] = ["", " ", "!!", None]  # type: ignore[list-item]
    frame = pl.DataFrame({"text": given, "source": [SOURCES[n % 3] for n in range(120)]})
    frame.write_parquet(folder / "in.parquet")
    for name, text in (("first", FIRST), ("second", SECOND), ("third", THIRD)):
        (folder / f"{name}.yaml").write_text(text)
    stages = [
        {"filter": {"name": str(folder / "first.yaml"), **options}},
        {"filter": {"name": str(folder / "second.yaml"), "where": "source = 'alpha'"}},
        {"filter": {"name": str(folder / "third.yaml"), "action": "tag"}},
        {"normalise": {}},
        {"filter": "gopher_repetition"},
    ]
    entry = {"paths": str(folder / "*.parquet"), "text": "text", "source": {"column": "source"}}
    return run(folder, "run", stages, entry, max_error_rate=1)


@pytest.fixture(scope="module", params=[{}, {"action": "tag"}], ids=["drops", "tags"])
def finished(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return made(tmp_path_factory.mktemp("counts"), **request.param)


def of(run: Run, stage: str, rule: str) -> dict[str, Any]:
    return next(r for r in run.stats["rules"] if (r["stage"], r["rule"]) == (stage, rule))


def reached(ledger: pl.DataFrame, index: int) -> pl.DataFrame:
    """Return the rows that a stage has a verdict on."""
    stage = pl.col("stage").replace("read", "-1.read").str.split(".").list.first().cast(pl.Int64)
    here = (stage == index) & (pl.col("reason").is_null() | (pl.col("reason") == "empty"))
    return ledger.filter((stage.is_null() | (stage >= index)) & ~here.fill_null(False))


def verdicts(rows: pl.DataFrame, rules: list[dict[str, Any]], where: str | None) -> pl.DataFrame:
    """Return for each row which rules it fails, by the conditions and the ledger's values."""
    fails = [~parse(rule["keep"]).expression(rows.schema).fill_null(False) for rule in rules]
    asked = parse(where, ask_unknown=True).expression(rows.schema) if where else pl.lit(True)
    return rows.select(
        (fail & asked.fill_null(False)).alias(rule["rule"])
        for rule, fail in zip(rules, fails, strict=True)
    )


@pytest.mark.parametrize("stage", ["0.filter:first", "1.filter:second", "2.filter:third"])
def test_every_rule_is_counted_under_its_own_filter(finished: Run, stage: str) -> None:
    rules = [rule for rule in finished.stats["rules"] if rule["stage"] == stage]
    where = "source = 'alpha'" if stage.startswith("1.") else None
    rows = reached(as_judged(finished.ledger()), int(stage[0]))
    fails = verdicts(rows, rules, where)
    number = fails.sum_horizontal()
    judged = len(rows) if where is None else len(rows.filter(pl.col("source") == "alpha"))
    assert [rule["judged"] for rule in rules] == [judged] * len(rules)
    assert [rule["fails"] for rule in rules] == list(fails.sum().row(0))
    only = [int((fails[rule["rule"]] & (number == 1)).sum()) for rule in rules]
    assert [rule["fails_only"] for rule in rules] == only
    assert sum(only) > 0


def as_judged(ledger: pl.DataFrame) -> pl.DataFrame:
    """Return the ledger with the signals of the text before `normalise` under their bare names."""
    before = {name: name.split("@")[0] for name in ledger.columns if name.endswith("@0")}
    return ledger.drop(before.values()).rename(before)


def test_counts_by_language_and_source_add_up(finished: Run) -> None:
    for rule in finished.stats["rules"]:
        for label in ("languages", "sources"):
            for name in ("judged", "fails", "fails_only", "comes_back", "fails_before"):
                assert sum(row[name] for row in rule[label].values()) == rule[name]
    assert set(of(finished, "0.filter:first", "odd")["sources"]) == {"alpha", "beta", ""}


def test_what_comes_back_would_pass_the_filters_judged_with_it(tmp_path: Path) -> None:
    finished = made(tmp_path)
    rows = reached(as_judged(finished.ledger()), 0)
    one = verdicts(rows, [r for r in finished.stats["rules"] if r["stage"][0] == "0"], None)
    second = [r for r in finished.stats["rules"] if r["stage"][0] == "1"]
    then = verdicts(rows, second, "source = 'alpha'").sum_horizontal() == 0
    only = (one.sum_horizontal() == 1) & one["long_enough"]
    counts = of(finished, "0.filter:first", "long_enough")
    assert counts["comes_back"] == int((only & then).sum()) < counts["fails_only"]


def test_a_filter_that_only_tags_gives_nothing_back(finished: Run) -> None:
    rules = [rule for rule in finished.stats["rules"] if rule["stage"] == "2.filter:third"]
    assert [rule["comes_back"] for rule in rules] == [0, 0]
    assert sum(rule["fails"] for rule in rules) > 0


def test_pairs_are_the_documents_that_break_both(tmp_path: Path) -> None:
    """Filters that are judged together know of each other on all rows that reached the first."""
    finished = made(tmp_path)
    rows = reached(as_judged(finished.ledger()), 0)
    stages = [(s, w) for s, w in zip("012", (None, "source = 'alpha'", None), strict=True)]
    rules = finished.stats["rules"]
    known = pl.concat(
        [
            verdicts(rows, [r for r in rules if r["stage"][0] == s], where).rename(
                lambda name, s=s: f"{s}.{name}"
            )
            for s, where in stages
        ],
        how="horizontal",
    )
    expected: Counter[tuple[int, int]] = Counter()
    for one, other in combinations_with_replacement(range(known.width), 2):
        if both := int((known.to_series(one) & known.to_series(other)).sum()):
            expected[one, other] = both
    told = {(a, b): both for a, b, both in finished.stats["overlap"] if b < known.width}
    assert told == expected


def test_values_are_counted_on_both_sides_of_every_limit(finished: Run) -> None:
    cells = pl.read_parquet(f"{finished.path}/values.parquet")
    rows = reached(as_judged(finished.ledger()), 0)
    rules = [r for r in finished.stats["rules"] if r["stage"][0] == "0"]
    fails = verdicts(rows, rules, None)
    mine = cells.filter(stage="0.filter:first", rule="few_of_both", signal="words")
    whole = mine.filter(by="")
    assert whole["documents"].sum() == len(rows)
    inside = pl.col("edge").is_between(20, 90)
    assert whole.filter(inside)["documents"].sum() == int(rows["words"].is_between(20, 90).sum())
    # Alone: no other rule fails, and the other limit of this rule holds.
    others = fails.drop("few_of_both").sum_horizontal() == 0
    alone = others & (rows["mean_word_length"] < 4.9)
    assert whole.filter("alone")["documents"].sum() == int(alone.sum())
    passes = alone & (rows["words"].is_between(20, 90))
    assert (
        whole.filter(inside, "alone")["documents"].sum()
        == int(passes.sum())
        == int((fails.sum_horizontal() == 0).sum())
    )
    for by in ("language", "source"):
        told = mine.filter(by=by)
        assert told["documents"].sum() == len(rows)
        assert told.filter(inside, "alone")["documents"].sum() == int(passes.sum())
    # A rule that is no conjunction of limits has no values of its own.
    assert cells.filter(rule="odd").is_empty()


def test_the_cut_of_the_input_changes_no_byte(tmp_path: Path) -> None:
    finished = made(tmp_path)
    job = json.loads(json.dumps(finished.job.resolved()))
    stages = [
        {"filter": {"name": str(tmp_path / "first.yaml")}},
        {"filter": {"name": str(tmp_path / "second.yaml"), "where": "source = 'alpha'"}},
        {"filter": {"name": str(tmp_path / "third.yaml"), "action": "tag"}},
        {"normalise": {}},
        {"filter": "gopher_repetition"},
    ]
    plan = make_plan(parse_job({**job, "stages": stages, "input": job["input"]}), unit_limit=3_000)
    run_plan(plan, str(tmp_path / "small"), engine="inline")
    for name in ("stats.json", "values.parquet"):
        assert (tmp_path / "small" / name).read_bytes() == (tmp_path / "run" / name).read_bytes()

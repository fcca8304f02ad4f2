"""The queries of docs/queries.md run, and say the same in DuckDB, in Polars and in stats."""

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.corpus_maker import texts
from support.runs import run as ran

from cleaner.results.finished import Run
from cleaner.results.funnel import funnel, groups

PAGE = (Path(__file__).parents[1] / "docs/queries.md").read_text()
QUERIES = re.findall(
    r"^## (\d+\. .*?)\n.*?```sql\n(.*?)```\n```python\n(.*?)```", PAGE, re.M | re.S
)
SOURCES = ("alpha", "新闻", None)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("queries")
    given: list[str | None] = [*texts(150, seed=2), *(text[:220] for text in texts(40, seed=5))]
    given[7] = None
    sources = [SOURCES[n % 3] for n in range(len(given))]
    ids = [f"d{n:03d}" for n in range(len(given))]
    frame = pl.DataFrame({"id": ids, "text": given, "source": sources})
    frame.write_parquet(folder / "in.parquet")
    stages: list[Any] = [
        {"language": {}}, {"filter": "gopher_quality"}, {"exact_dedup": {}}, {"near_dedup": {}},
    ]  # fmt: skip
    entry = {
        "paths": str(folder / "*.parquet"), "text": "text", "id": "id",
        "source": {"column": "source"},
    }  # fmt: skip
    return ran(folder, "run", stages, entry, max_error_rate=1)


def in_polars(run: Run, code: str) -> pl.DataFrame:
    frame = eval(code, {"pl": pl, "run": run})  # noqa: S307  # the page is ours
    assert isinstance(frame, pl.LazyFrame)
    return frame.collect()


def test_there_are_ten() -> None:
    assert [title.split(".")[0] for title, _, _ in QUERIES] == [str(n) for n in range(1, 11)]


@pytest.mark.parametrize(("title", "sql", "code"), QUERIES, ids=[q[0] for q in QUERIES])
def test_a_query_says_the_same_in_both(run: Run, title: str, sql: str, code: str) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed (extra: test)")
    there = re.sub(r"'(ledger|shards|clusters)/", rf"'{run.path}/\1/", sql)
    ours = in_polars(run, code)
    cursor = duckdb.sql(there)
    assert cursor.columns == ours.columns
    assert sorted(map(repr, cursor.fetchall())) == sorted(map(repr, ours.rows()))
    assert len(ours)


def test_the_ledger_recounted_in_polars_gives_the_numbers_of_stats(run: Run) -> None:
    by_number = {title.split(".")[0]: code for title, _, code in QUERIES}
    told = {
        (step.stage, reason): count
        for step in funnel(run)
        for reason, count in step.reasons.items()
        if reason != "failed"
    }
    gone = in_polars(run, by_number["1"])
    assert {(s, r): n for s, r, n, _ in gone.rows()} == told
    for number, by in (("2", "source"), ("3", "language")):
        counted = {
            name or "": (n, kept) for name, n, kept in in_polars(run, by_number[number]).rows()
        }
        assert counted == {one.name: (one.came, one.kept.documents) for one in groups(run, by)}
    broken = in_polars(run, by_number["4"])
    mine = broken.filter(stage="1.filter:gopher_quality").select("rule", "documents").rows()
    fails = {r["rule"]: r["fails"] for r in run.stats["rules"] if r["fails"]}
    assert dict(mine) == fails


def test_a_run_shows_its_funnel_in_a_notebook(run: Run) -> None:
    page = run._repr_html_()
    assert page.count("<tr>") == len(funnel(run)) + 1
    assert "1.filter:gopher_quality" in page
    assert "<script" not in page
    assert repr(run) == f"<run {run.path}: kept 126 of 190 documents in 4 stages>"

"""The stage `cap`: so many documents, or words, of each host or value, the best first."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError
from support.corpus_maker import job

from cleaner.api import run
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.runs.driver import run_plan
from cleaner.stages.cap import Cap

URLS = [
    "https://one.example/a", "http://ONE.example:80/b", "https://one.example/c",
    "https://two.example/", None, None, "not a url", "https://münchen.example/x",
]  # fmt: skip
DOCS = pl.DataFrame({
    "url": URLS,
    "text": ["word " * n for n in (3, 9, 5, 1, 2, 2, 2, 4)],
    "score": [0.1, None, 0.9, 0.5, 0.5, 0.5, 0.5, 0.5],
})  # fmt: skip


def over(stage: Cap, docs: pl.DataFrame = DOCS) -> list[int]:
    done = stage(docs)
    assert done.drop("broken").equals(docs)
    assert set(done["broken"].explode().drop_nulls()) <= {"over_cap"}
    return [row for row, broken in enumerate(done["broken"]) if len(broken)]


@pytest.mark.parametrize(
    ("options", "lost"),
    [
        ({"documents": 1}, [0, 2]),  # the longest of a host stays; no host, no cap
        ({"documents": 2}, [0]),
        ({"documents": 3}, []),
        ({"documents": 1, "best_by": "score"}, [0, 1]),  # a null score is the worst
        ({"tokens": 14}, [0]),  # 9 + 5
        ({"tokens": 13}, [0, 2]),  # cut at the first that does not fit
        ({"tokens": 1}, [0, 1, 2, 7]),
        ({"documents": 1, "by": "score"}, [4, 5, 6, 3]),  # the longest of 0.5 is the last
        ({"documents": 1, "on": "words > 4"}, [2]),
    ],
)
def test_the_best_of_each_group_stay(options: dict[str, Any], lost: list[int]) -> None:
    assert over(Cap(**options)) == sorted(lost)


def test_ties_go_by_the_row() -> None:
    docs = pl.DataFrame({"url": ["http://a.example/"] * 3, "text": ["same size"] * 3})
    assert over(Cap(documents=1), docs) == [1, 2]


@pytest.mark.parametrize(
    "options", [{}, {"documents": 1, "tokens": 1}, {"documents": 0}, {"documents": 1, "by": ""}]
)
def test_a_limit_that_is_none_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Cap(**options)


def corpus(folder: Path) -> dict[str, Any]:
    rows = 900
    pl.DataFrame({
        "url": [f"https://site{n % 7}.example/{n}" if n % 5 else None for n in range(rows)],
        "text": [f"Page {n} tells of {'things and ' * (n % 11)}more." for n in range(rows)],
        "tier": [str(n % 3) for n in range(rows)],
    }).write_parquet(folder / "pages.parquet", row_group_size=100)  # fmt: skip
    return {"paths": str(folder / "pages.parquet"), "text": "text", "url": "url", "read": ["tier"]}


@pytest.mark.parametrize("action", ["drop", "tag"])
def test_a_run_caps_as_the_stage_alone_does(tmp_path: Path, action: str) -> None:
    entry = corpus(tmp_path)
    cap = {"documents": 40, "on": "tier <> '2'", "action": action}
    plain = {**job([], {"cap": cap}), "input": [entry]}
    docs = pl.read_parquet(tmp_path / "pages.parquet")
    lost = {row for row in over(Cap(documents=40, on="tier <> '2'"), docs)}
    assert 100 < len(lost) < 500
    small = make_plan(parse_job(plain), unit_limit=4_000)
    run_plan(small, str(tmp_path / "small"), engine="inline")
    opened = run(plain, out=str(tmp_path / "run"), engine="inline")
    ledger = opened.ledger()
    assert ledger.equals(pl.read_parquet(tmp_path / "small/ledger/*.parquet"))
    if action == "tag":
        assert len(ledger.filter(pl.col("fate") == "kept")) == len(docs)
        assert set(ledger.filter(pl.col("tagged").is_not_null())["row"]) == lost
    else:
        gone = ledger.filter(pl.col("reason") == "over_cap")
        assert set(gone["row"]) == lost
        assert gone["stage"].unique().to_list() == ["0.cap"]
        assert opened.stats["dedup"]["0.cap"] == {
            "groups": 7, "capped": 7, "dropped": len(lost),
        }  # fmt: skip


def test_a_classifier_before_it_says_who_is_best() -> None:
    assert Cap(documents=1).resolved(set(), "math_score").best_by == "math_score"
    assert Cap(documents=1, best_by="n").resolved(set(), "math_score").best_by == "n"

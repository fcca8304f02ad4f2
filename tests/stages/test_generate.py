"""The stage `generate`: new texts beside the pages, which a job of its own takes as documents."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.fake_endpoint import serving

import cleaner
from cleaner.errors import JobError
from cleaner.job.job_file import parse_job
from cleaner.models.rewriting.work import answers_at, pool_of

PAGES = [
    f"The proof of case {n} uses the sum $a_{{{n}}}+b=7$ of two terms, and pupils of the school "
    "have read it since it was printed; the square of a real number is never below zero, they know."
    for n in range(12)
]


def asked(_: int, page: str) -> str:
    """Return a question with its answer; of case 3 one with a number that the page has not."""
    case = page.split("case ")[1].split()[0]
    made = f"Question: What does the proof of case {case} use?"
    made += "\n\nAnswer: It uses the sum of two terms."
    return f"{made} It was printed 1834 times." if case == "3" else made


def job(folder: Path, url: str, **options: Any) -> dict[str, Any]:
    pl.DataFrame({"text": PAGES, "name": [f"page-{n}" for n in range(12)]}).write_parquet(
        folder / "in.parquet"
    )
    stage = {
        "prompt": "questions_en",
        "model": "writer-7b",
        "endpoints": [{"base_url": url}],
        "answers": str(folder / "answers.sqlite"),
        "budget": {"requests": 100, "tokens": 10**7},
        **options,
    }
    entry = {"paths": str(folder / "in.parquet"), "text": "text", "id": "name"}
    return {"name": "pages", "input": entry, "stages": [{"generate": stage}]}


@pytest.fixture(autouse=True)
def _anew() -> None:
    answers_at.cache_clear()
    pool_of.cache_clear()


def test_new_documents_go_through_a_job_of_their_own(tmp_path: Path) -> None:
    with serving(asked) as server:
        made = job(tmp_path, server.url, **{"as": "questions"})
        cleaner.run(made, str(tmp_path / "pages"), engine="inline")
    pages = pl.read_parquet(tmp_path / "pages/shards/*.parquet").sort("row")
    assert pages["text"].to_list() == PAGES  # the pages stay what they were
    assert pages["questions"][0].startswith("Question: What does the proof of case 0 use?")
    assert pages["questions"][3] == ""
    assert pages["questions_by"].to_list() == ["questions_en"] * 3 + [None] + ["questions_en"] * 8
    stats = json.loads((tmp_path / "pages/stats.json").read_text())
    assert stats["stages"][-1]["tagged"] == {"rewrite_new_numbers": 1}
    natural = {"in": 12, "kept": 12}
    assert {key: stats["rows"][key] for key in natural} == natural  # no new one is counted here

    later = {
        "name": "questions",
        "input": {
            "paths": str(tmp_path / "pages/shards/*.parquet"),
            "text": "questions",
            "source": {"value": "generated"},
            "read": ["parent", "kind"],
        },
        "stages": [{"language": {}}, {"exact_dedup": {}}],
    }
    cleaner.run(later, str(tmp_path / "made"), engine="inline")
    found = pl.read_parquet(tmp_path / "made/shards/*.parquet").sort("row")
    assert len(found) == 11
    assert set(found["kind"]) == {"generated"}
    assert set(found["source"]) == {"generated"}
    assert found["parent"].sort().to_list() == sorted(f"page-{n}" for n in range(12) if n != 3)
    stats = json.loads((tmp_path / "made/stats.json").read_text())
    assert stats["rows"]["failed"] == 0
    assert [one["reasons"] for one in stats["stages"]][1] == {"empty": 1}


def test_several_prompts_make_a_column_each(tmp_path: Path) -> None:
    with serving(asked) as server:
        made = job(tmp_path, server.url, **{"as": "questions"})
        other = {
            **made["stages"][0]["generate"],
            "prompt": "refine_en",
            "as": "prose",
            "marks": False,
        }
        made["stages"].append({"generate": {**other, "guards": {"length": None}}})
        cleaner.run(made, str(tmp_path / "pages"), engine="inline")
        assert len(server.bodies) == 24
    pages = pl.read_parquet(tmp_path / "pages/shards/*.parquet")
    assert {"questions", "questions_by", "prose", "prose_by", "parent", "kind"} <= {*pages.columns}


def test_a_page_is_never_dropped_for_what_is_made_of_it(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="action"):
        parse_job(job(tmp_path, "http://localhost:1/v1", action="drop"))

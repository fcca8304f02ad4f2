"""A stage that only tags says what it would have dropped, and a later job decides by that."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support import fasttext_models
from support.corpus_maker import texts, write_parquet
from support.runs import run

from cleaner.stages import OPTIONS
from cleaner.stages.options.base import JudgingOptions

READ = {"text": "text", "id": "id", "url": "url", "source": {"column": "source"}, "read": "all"}
JUDGING: dict[str, dict[str, Any]] = {
    "language": {"keep": ["en"]},
    "filter": {"name": "gopher_quality"},
    "url_filter": {"words": ["host3"]},
    "exact_dedup": {},
    "near_dedup": {"threshold": 0.6},
    "cap": {"by": "source", "documents": 20},
    "classify": {"model": "math.bin", "label": "math", "min_score": 0.5},
    "sample": {"share": 0.5},
}
# Stages of pages, of encoder and large models and of benchmarks are held to theirs elsewhere.
ELSEWHERE = {
    "math_prefilter", "extract", "embed_classify", "decontaminate", "rewrite", "generate",
}  # fmt: skip


def test_every_stage_that_judges_is_here_or_elsewhere() -> None:
    judging = {name for name, kind in OPTIONS.items() if issubclass(kind, JudgingOptions)}
    assert judging - ELSEWHERE == JUDGING.keys()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("tags")
    fasttext_models.train(place / "math.bin")
    given = texts(120, 1)
    given[::7] = ["the rest of that is a few words"] * len(given[::7])
    given[::9] = [
        f"春天到了，{n}号花园里的人们在树下读书，谈论去年的收成和明年的计划。" * 4
        for n in range(14)
    ]
    write_parquet(place / "a.parquet", 120, seed=1, group=30, text=given)
    return place


@pytest.mark.parametrize("name", JUDGING)
def test_what_is_tagged_is_what_would_fall_and_a_later_job_drops_it(
    name: str, place: Path, tmp_path: Path
) -> None:
    options = dict(JUDGING[name])
    if "model" in options:
        options["model"] = str(place / options["model"])
    entry = {"paths": str(place / "a.parquet"), **READ}
    dropped = run(tmp_path, "dropped", [{name: options}], entry)
    tagging = [{name: {**options, "action": "tag"}}, {"checkpoint": {}}]
    tagged = run(tmp_path, "tagged", tagging, entry)
    fallen = dropped.manifest["rows"]["dropped"]
    assert 0 < fallen < 120
    assert tagged.manifest["rows"]["dropped"] == 0
    docs = pl.read_parquet(tmp_path / "tagged/checkpoint/*/*.parquet")
    with_tags = docs.filter(pl.col("tags") != "")
    assert len(with_tags) == fallen
    assert with_tags["tags"].str.starts_with(f"0.{name}").all()
    later = {"paths": str(tmp_path / "tagged/checkpoint/*/*.parquet"), **READ}
    decide = [{"sample": {"share": 0, "where": "tags <> ''"}}]
    decided = run(tmp_path, "decided", decide, later)
    ids = [sorted(one.kept().collect()["id"].to_list()) for one in (dropped, decided)]
    assert ids[0] == ids[1]

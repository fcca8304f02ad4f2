"""What reaches a checkpoint is written, and another job starts from it."""

from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest
from support.corpus_maker import write_parquet

from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.results.finished import open_run, verify
from cleaner.runs.driver import run_plan

UNIT = 30_000
STAGES: list[Any] = [
    {"normalise": {}},
    {"filter": {"name": "gopher_quality", "action": "tag"}},
    {"checkpoint": {}},
    {"exact_dedup": {}},
]


def run(
    folder: Path, paths: str, stages: list[Any], *earlier: Path, unit: int = UNIT, **more: Any
) -> Any:
    entry = {"paths": paths, "text": "text", "id": "id", "url": "url", "read": "all"}
    plain = {"name": "a", "input": entry, "stages": stages, **more}
    plan = make_plan(parse_job(plain), out=str(folder), unit_limit=unit)
    run_plan(plan, str(folder), engine="inline", reuse=tuple(map(str, earlier)))
    return open_run(str(folder))


def files(folder: Path, place: str = "checkpoint") -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted((folder / place).rglob("*.parquet"))
    }


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("corpus")
    return write_parquet(place / "a.parquet", 120, seed=1, group=30)


@pytest.fixture(scope="module")
def first(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first") / "run"
    run(folder, str(corpus), STAGES)
    return folder


def test_all_that_reaches_it_is_written_with_its_signals(first: Path) -> None:
    (path,) = (first / "checkpoint" / "2.checkpoint").iterdir()
    docs = pl.read_parquet(path)
    ledger = pl.concat(pl.read_parquet(p) for p in sorted((first / "ledger").iterdir()))
    assert len(docs) == len(ledger)
    joined = docs.join(ledger, on=["file", "row"], suffix="_told")
    assert joined["mean_word_length"].to_list() == joined["mean_word_length_told"].to_list()
    said = pq.read_schema(path).field("mean_word_length").metadata
    assert said == {b"cleaner.signal": b"mean_word_length"}


def test_its_bytes_do_not_depend_on_units(first: Path, corpus: Path, tmp_path: Path) -> None:
    run(tmp_path / "run", str(corpus), STAGES, unit=10**9)
    assert files(tmp_path / "run") == files(first)


def test_the_manifest_names_it_and_verify_reads_it(corpus: Path, tmp_path: Path) -> None:
    made = run(tmp_path / "run", str(corpus), STAGES)
    (said,) = made.manifest["checkpoints"]
    assert (said["stage"], said["rows"]) == ("2.checkpoint", 120)
    assert not verify(made)
    (path,) = files(tmp_path / "run")
    Path(tmp_path / "run", path).write_bytes(b"PAR1")
    assert any(path in str(wrong) for wrong in verify(made))


def test_one_that_nothing_reaches_has_the_schema(corpus: Path, tmp_path: Path) -> None:
    none = [{"sample": {"share": 0}}, {"checkpoint": {}}]
    run(tmp_path / "run", str(corpus), none)
    (path,) = files(tmp_path / "run")
    empty = pl.read_parquet(tmp_path / "run" / path)
    assert len(empty) == 0
    assert "text" in empty.columns


def test_what_lies_behind_it_changes_and_nothing_before_is_done_again(
    first: Path, corpus: Path, tmp_path: Path
) -> None:
    other = [*STAGES[:3], {"sample": {"share": 0.5}}, {"exact_dedup": {}}]
    reused = run(tmp_path / "reused", str(corpus), other, first)
    spent = reused.manifest["spent"]
    assert {name: spent[name] for name in ("read", "pages", "measured")} == dict.fromkeys(
        ("read", "pages", "measured"), 0
    )
    run(tmp_path / "fresh", str(corpus), other)
    for place in ("shards", "ledger", "checkpoint"):
        assert files(tmp_path / "reused", place) == files(tmp_path / "fresh", place)


@pytest.mark.parametrize("place", ["shards", "checkpoint/*"])
def test_another_job_starts_from_what_a_run_left(first: Path, tmp_path: Path, place: str) -> None:
    paths = str(first / place / "*.parquet")
    second = run(tmp_path / "second", paths, STAGES)
    third = run(tmp_path / "third", str(tmp_path / "second" / place / "*.parquet"), STAGES)
    assert second.manifest["rows"]["in"] == len(pl.read_parquet(paths))
    assert third.manifest["rows"]["failed"] == 0
    columns = pl.read_parquet(tmp_path / "third" / place / "*.parquet").columns
    assert len(set(columns)) == len(columns)

"""What reaches a checkpoint is written, and another job starts from it."""

from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.corpus_maker import write_parquet

from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.results.finished import open_run, verify
from cleaner.runs.driver import run_plan
from cleaner.runs.forecast import try_out
from cleaner.signals import VERSION
from cleaner.storage import store

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
    assert said == {b"cleaner.signal": b"mean_word_length", b"cleaner.version": b"%d" % VERSION}


def test_its_bytes_do_not_depend_on_units(first: Path, corpus: Path, tmp_path: Path) -> None:
    run(tmp_path / "run", str(corpus), STAGES, unit=10**9)
    assert files(tmp_path / "run") == files(first)


@pytest.mark.parametrize("unit", [3_000, UNIT, 10**9])
def test_every_document_is_in_one_of_its_files_in_order(
    corpus: Path, tmp_path: Path, unit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cleaner.runs.phases.build.ROWS_PER_FILE", 50)
    run(tmp_path / "run", str(corpus), STAGES, unit=unit)
    parts = [pl.read_parquet(tmp_path / "run" / path) for path in files(tmp_path / "run")]
    assert [len(part) for part in parts] == [50, 50, 20]
    assert pl.concat(parts)["row"].to_list() == list(range(120))
    assert pl.concat(parts)["text"].to_list() == pl.read_parquet(corpus)["text"].to_list()


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


def told(folder: Path) -> pl.DataFrame:
    ledger = pl.concat(pl.read_parquet(p) for p in sorted((folder / "ledger").iterdir()))
    return ledger.drop("url", "shard", "shard_row").sort("file", "row")


DECIDE: list[Any] = [{"filter": {"name": "gopher_quality"}}, {"exact_dedup": {}}]


@pytest.fixture(scope="module")
def bare(first: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The texts of the checkpoint alone: nothing in it says what was measured."""
    place = tmp_path_factory.mktemp("bare")
    docs = pl.read_parquet(first / "checkpoint" / "*" / "*.parquet")
    docs.write_parquet(place / "a.parquet")
    return place / "a.parquet"


def test_a_job_that_starts_from_it_measures_nothing(
    first: Path, bare: Path, tmp_path: Path
) -> None:
    trusting = run(tmp_path / "a", str(first / "checkpoint/*/*.parquet"), DECIDE)
    measuring = run(tmp_path / "b", str(bare), DECIDE)
    assert trusting.manifest["spent"]["measured"] == 0
    assert measuring.manifest["spent"]["measured"] == 120
    assert told(tmp_path / "a").equals(told(tmp_path / "b"))


def test_what_the_files_have_is_what_is_judged_by(first: Path, tmp_path: Path) -> None:
    """A test that the column is read: one that says other values leads to other verdicts."""
    (path,) = (first / "checkpoint" / "2.checkpoint").iterdir()
    table = pq.read_table(path)
    at = table.schema.get_field_index("words")
    lying = pa.array([1] * len(table), table.schema.field(at).type)
    pq.write_table(table.set_column(at, table.schema.field(at), lying), tmp_path / "a.parquet")
    kept = run(tmp_path / "run", str(tmp_path / "a.parquet"), DECIDE).manifest["rows"]["kept"]
    assert kept == 0


def test_after_a_change_of_the_texts_they_are_measured_again(first: Path, tmp_path: Path) -> None:
    stages = [{"clean_lines": {}}, *DECIDE]
    made = run(tmp_path / "run", str(first / "checkpoint/*/*.parquet"), stages)
    assert made.manifest["spent"]["measured"] > 0


@pytest.mark.parametrize("version", ["4", "6", ""])
def test_signals_of_another_version_are_measured_anew_and_the_plan_says_so(
    first: Path, tmp_path: Path, version: str
) -> None:
    (path,) = (first / "checkpoint" / "2.checkpoint").iterdir()
    table = pq.read_table(path)
    schema = pa.schema(
        field.with_metadata({**field.metadata, b"cleaner.version": version.encode()})
        if b"cleaner.signal" in (field.metadata or {})
        else field
        for field in table.schema
    )
    pq.write_table(table.cast(schema), tmp_path / "a.parquet")
    made = run(tmp_path / "run", str(tmp_path / "a.parquet"), DECIDE)
    assert made.manifest["spent"]["measured"] == 120
    plain = {
        "name": "a",
        "input": {"paths": str(tmp_path / "a.parquet"), "text": "text", "read": "all"},
        "stages": DECIDE,
    }
    assert any("measured anew" in note for note in make_plan(parse_job(plain)).notes)


def test_a_checkpoint_among_other_files_is_not_trusted(
    first: Path, bare: Path, tmp_path: Path
) -> None:
    (path,) = (first / "checkpoint" / "2.checkpoint").iterdir()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.parquet").write_bytes(path.read_bytes())
    (tmp_path / "in" / "b.parquet").write_bytes(bare.read_bytes())
    made = run(tmp_path / "run", str(tmp_path / "in" / "*.parquet"), DECIDE)
    assert made.manifest["spent"]["measured"] == 240


def test_a_judged_again_run_killed_at_any_commit_ends_in_the_bytes_of_a_fresh_one(
    first: Path, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = [STAGES[0], {"filter": {"name": "gopher_repetition"}}, {"checkpoint": {}}, STAGES[3]]
    commits = [0]
    real = store.put_if_absent

    def counting(path: str, data: bytes) -> bool:
        commits[0] += 1
        return real(path, data)

    monkeypatch.setattr(store, "put_if_absent", counting)
    run(tmp_path / "fresh", str(corpus), other)
    wanted = {place: files(tmp_path / "fresh", place) for place in ("shards", "checkpoint")}
    assert commits[0] > 10
    run_folder = tmp_path / "killed"
    kills = 0
    for attempt in range(commits[0]):
        left = [attempt + 1]  # whatever is written first in every attempt, it gets further

        def dying(path: str, data: bytes, left: list[int] = left) -> bool:
            left[0] -= 1
            if not left[0]:
                raise KeyboardInterrupt
            return real(path, data)

        monkeypatch.setattr(store, "put_if_absent", dying)
        try:
            run(run_folder, str(corpus), other, first)
            break
        except KeyboardInterrupt:
            kills += 1
    assert kills > 5
    assert {place: files(run_folder, place) for place in wanted} == wanted


def test_the_plan_says_how_large_checkpoints_become(corpus: Path) -> None:
    told = []
    for stages in (STAGES, [one for one in STAGES if "checkpoint" not in one]):
        plain = {"name": "a", "input": {"paths": str(corpus), "text": "text"}, "stages": stages}
        rows = try_out(make_plan(parse_job(plain)), 60).rows
        told.append([row["value"] for row in rows if row["forecast"] == "checkpoints"])
    assert told[0][0].startswith("about ")
    assert told[1] == []

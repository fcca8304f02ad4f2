"""Broken files: each beside a good one ends in a clear account, never in a traceback or silence."""

import gzip
import random
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.broken_files import BROKEN, ROWS, good_lines, parquet, record, zstd
from support.fuzzing import damaged, seeds
from support.good_files import GOOD, read_all

from cleaner.cli import main
from cleaner.corpus.entry import Columns
from cleaner.corpus.files import Piece
from cleaner.corpus.formats import kind_of
from cleaner.corpus.inflate import opened
from cleaner.corpus.read import read_parts
from cleaner.errors import CleanerError, InputError, JobError
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.runs import phases as phase_functions
from cleaner.runs.driver import run_plan
from cleaner.runs.engine import Inline
from cleaner.runs.phases.map import MapUnit
from cleaner.runs.quarantine import READING, find_poison, poisoned


def suffix_of(name: str) -> str:
    return max((suffix for suffix in GOOD if name.endswith(suffix)), key=len)


def job(folder: Path, pages: bool, **more: Any) -> dict[str, Any]:
    columns = {"html": "html"} if pages else {"text": "text"}
    return {
        "name": "broken",
        "input": {"paths": [f"{folder}/*"], **columns},
        "stages": [{"extract": {}}] if pages else [],
        "max_error_rate": 1.0,
        **more,
    }


def account(
    folder: Path, name: str, **entry: str
) -> tuple[dict[str, int], list[str], dict[str, int]]:
    """Run all files of a folder; return the fates of one, the failed units, and the row counts."""
    plain = job(folder / "in", "warc" in name)
    plain["input"].update(entry)
    plan = make_plan(parse_job(plain))
    warnings: list[str] = []
    done = run_plan(plan, str(folder / "run"), engine="inline", warn=warnings.append)
    assert all(any(unit in said for said in warnings) for unit in done["failed_files"])
    rows = done["rows"]
    assert rows["in"] == rows["kept"] + rows["dropped"] + rows["failed"]
    ledger = pl.read_parquet(folder / "run/ledger/*.parquet")
    assert len(ledger) == rows["in"]
    numbers = {Path(file.path).name: file.number for file in plan.files}
    mine = ledger.filter(pl.col("file") == numbers.get(name, -1))
    assert mine.filter(fate="failed")["error"].null_count() == 0
    return dict(mine["fate"].value_counts().rows()), done["failed_files"], rows


def beside_a_good_file(tmp_path: Path, name: str, good: str) -> None:
    make, kept, failed, named = BROKEN[name]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / f"m-{name}").write_bytes(make())
    (tmp_path / "in" / f"{good}{suffix_of(name)}").write_bytes(GOOD[suffix_of(name)])
    ids = {} if "warc" in name else {"id": "id"}
    fates, failed_files, rows = account(tmp_path, f"m-{name}", **ids)
    assert (fates.get("kept", 0), fates.get("failed", 0)) == (kept, failed)
    assert [f"m-{name}" in unit for unit in failed_files] == [True] * named
    assert rows["in"] == ROWS + sum(fates.values())


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_ends_in_a_clear_account(tmp_path: Path, name: str) -> None:
    beside_a_good_file(tmp_path, name, "z")


@pytest.mark.slow
@pytest.mark.parametrize("name", BROKEN)
def test_what_comes_of_a_broken_file_does_not_hang_on_its_place(tmp_path: Path, name: str) -> None:
    beside_a_good_file(tmp_path, name, "a")


@pytest.mark.parametrize("name", ["no-id.jsonl", "no-text.jsonl", "late-text.jsonl"])
def test_lines_without_a_column_meet_the_same_fate_behind_a_good_file(
    tmp_path: Path, name: str
) -> None:
    beside_a_good_file(tmp_path, name, "a")


def test_there_are_over_thirty_kinds() -> None:
    assert len(BROKEN) > 80


def test_a_line_over_the_budget_fails_and_its_memory_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cleaner.corpus.read.MAX_DOCUMENT", 1 << 20)
    body = good_lines() + b'{"id": "long", "text": "' + b"x" * (64 << 20) + b'"}\n' + good_lines()
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(body, 1))
    del body
    columns = Columns(None, "text", "id", {}, {}, {}, {})
    tracemalloc.start()
    parts = list(read_parts([piece(tmp_path / "a.jsonl.gz")], [columns], 1 << 25))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    docs = pl.concat([part.docs for part in parts])
    assert len(docs) == 2 * ROWS + 1
    failed = docs.filter(pl.col("error").is_not_null())
    assert failed["row"].to_list() == [ROWS]
    assert "over the budget of 1,048,576" in failed["error"][0]
    assert peak < 48 << 20


@pytest.mark.parametrize("suffix", [".jsonl.zst", ".jsonl.gz"])
def test_a_bomb_never_fills_the_memory(tmp_path: Path, suffix: str) -> None:
    zeros = bytes(512 << 20)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(zstd(zeros) if suffix.endswith("zst") else gzip.compress(zeros, 9))
    del zeros
    tracemalloc.start()
    with path.open("rb") as source:
        stream = opened(source, str(path))
        assert sum(len(block) for block in iter(lambda: stream.read(1 << 20), b"")) == 512 << 20
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 300 << 20


@pytest.mark.parametrize("suffix", [".jsonl.zst", ".jsonl.gz", ".warc.gz"])
def test_a_bomb_is_named_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setattr("cleaner.corpus.inflate.BOMB_GRACE", 1 << 20)
    monkeypatch.setattr("cleaner.corpus.inflate.MAX_RATIO", 100)
    monkeypatch.setattr("cleaner.corpus.read.MAX_DOCUMENT", 1 << 20)
    zeros = bytes(40 << 20)
    zeros = record(zeros) if "warc" in suffix else zeros
    pack = zstd if suffix.endswith("zst") else gzip.compress
    (tmp_path / "in").mkdir()
    (tmp_path / f"in/m-bomb{suffix}").write_bytes(pack(zeros))
    (tmp_path / f"in/z{suffix}").write_bytes(GOOD[suffix])
    _, failed_files, rows = account(tmp_path, f"m-bomb{suffix}")
    assert "refused as a bomb" in failed_files[0]
    assert rows["kept"] == ROWS


def test_a_zip_is_refused_by_its_suffix(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.jsonl", bytes(1 << 20))
    with pytest.raises(JobError, match="unknown suffix"):
        make_plan(parse_job(job(tmp_path, pages=False)))


def test_a_folder_of_nothing_but_broken_files_exits_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    for name in ("nothing.parquet", "no-footer.parquet"):
        (tmp_path / "in" / name).write_bytes(BROKEN[name][0]())
    file = tmp_path / "job.yaml"
    file.write_text(f"name: x\ninput: {{paths: '{tmp_path}/in/*', text: text}}\nstages: []\n")
    out = str(tmp_path / "run")
    monkeypatch.setattr(
        "sys.argv", ["cleaner", "run", str(file), "--engine", "inline", "--out", out]
    )
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 3
    said = capsys.readouterr().err
    assert "no-footer.parquet" in said
    assert "Traceback" not in said


def piece(path: Path) -> Piece:
    return Piece(0, str(path), "", 0, kind_of(path.name) or "")


@pytest.mark.parametrize("suffix", sorted(GOOD))
def test_damaged_files_end_in_rows_or_a_named_failure(tmp_path: Path, suffix: str) -> None:
    chance = random.Random(suffix)
    path = tmp_path / f"a{suffix}"
    good = seeds()[suffix]
    for number in range(300):
        path.write_bytes(damaged(suffix, good[number % len(good)], chance))
        read_all(path)


@pytest.mark.parametrize("bad", [{3}, {0, 7}, set(range(8))])
def test_a_file_that_kills_its_reader_is_found_and_left_alone(
    tmp_path: Path, bad: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / f"in/{number}.parquet" for number in range(8)]
    paths[0].parent.mkdir()
    for path in paths:
        path.write_bytes(parquet())
    plan = make_plan(parse_job(job(tmp_path / "in", pages=False)))
    assert len(plan.units) == 1
    probes = 0

    class Dying(Inline):
        """Whose worker dies of a bad file, unless a verdict tells it to leave that alone."""

        def run(self, tasks: Any) -> Any:
            for task in tasks:
                yield task, self.attempt(task)

        def attempt(self, task: Any) -> Any:
            nonlocal probes
            probes += task.function == "probe"
            if isinstance(task.payload, MapUnit):
                shunned = {file for file, *_ in task.payload.poison}
                if (bad - shunned) & {piece.file for piece in task.payload.pieces or ()}:
                    return None
            return phase_functions.work(task)

    with monkeypatch.context() as patched:
        patched.setattr("cleaner.runs.driver.engine_of", lambda *_: Dying())
        done = run_plan(plan, str(tmp_path / "run"))
    (found,) = poisoned(str(tmp_path / "run"), "00-map").values()
    assert found == [[number, 0, READING] for number in sorted(bad)]
    assert probes < 40
    assert done["rows"]["in"] == ROWS * (8 - len(bad))
    assert [Path(said.split(": ")[0]).name for said in done["failed_files"]] == [
        f"{number}.parquet" for number in sorted(bad)
    ]
    (tmp_path / "run/manifest.json").unlink()
    for marker in (tmp_path / "run/_work/00-map/_commits").iterdir():
        marker.unlink()
    assert run_plan(plan, str(tmp_path / "run"), engine="inline")["rows"] == done["rows"]


def test_no_file_is_guilty_where_workers_die_with_nothing_to_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/0.parquet").write_bytes(parquet())
    plan = make_plan(parse_job(job(tmp_path / "in", pages=False)))
    ((_, pieces),) = plan.units
    run = str(tmp_path / "run")
    task = phase_functions.Task(folder=run, home=run, phase="00-map", function="map", settings="",
                                unit="000000", key="k", payload=MapUnit(tuple(pieces)))  # fmt: skip
    with pytest.raises(InputError, match="workers die even with nothing to read"):
        find_poison(task, lambda _: None)
    assert poisoned(str(tmp_path / "run"), "00-map") == {}


def refused_for(plain: dict[str, Any]) -> str | None:
    try:
        make_plan(parse_job(plain))
    except CleanerError as error:
        return str(error)
    return None


@pytest.mark.corpora
def test_every_dirty_input_ends_in_a_clear_account(tmp_path: Path, corpora: Path) -> None:
    dirty = pl.read_parquet(corpora / "open/dirty_inputs.parquet")
    files = dirty.filter(pl.col("kind").is_in(["archive", "container"]))
    refused: list[str] = []
    for number, (name, content) in enumerate(files.select("name", "content").rows()):
        place = tmp_path / str(number)
        (place / "in").mkdir(parents=True)
        (place / "in" / name).write_bytes(content)
        beside = [suffix for suffix in GOOD if name.endswith(suffix)]
        if beside:
            (place / f"in/z{beside[0]}").write_bytes(GOOD[beside[0]])
        said = refused_for(job(place / "in", "warc" in name or "wet" in name))
        if said is not None:
            assert name in said
            refused.append(name)
            continue
        fates, failed_files, rows = account(place, name)
        assert all(name in unit for unit in failed_files)
        assert rows["in"] == sum(fates.values()) + (ROWS if beside else 0)
        assert fates or failed_files or name in NO_PAGES
        if name.startswith("good."):
            assert (fates, failed_files) == ({"kept": 60}, [])
    assert {Path(name).suffix for name in refused} == {".arc", ".gz", ".wat"}
    assert len(refused) == 6


NO_PAGES = ("empty.jsonl", "example-digest.warc")  # a file of nothing, an archive of requests

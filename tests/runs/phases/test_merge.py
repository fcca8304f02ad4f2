"""Files of an exchange that are joined give the same rows in the same order, for fewer requests."""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from support.corpus_maker import job
from support.runs import STAGES, fingerprint

from cleaner.errors import Damaged
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.runs.driver import run_plan
from cleaner.runs.phases import base, merge
from cleaner.runs.phases.base import DataFile, Everything, exchange_bytes, exchange_sources
from cleaner.runs.phases.build import build_phases
from cleaner.runs.phases.merge import MergeUnit, joined, run_merge
from cleaner.stages import global_stage
from cleaner.storage.commits import Committer, committed
from cleaner.storage.exchange import read_partition

UNITS, RANGES = 2_000, 64


class Counted:
    """The requests that were made of a store, each by its bytes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[int] = []  # by tasks side by side
        real = base._opened
        mine = self

        class File:
            def __init__(self, folder: str, file: DataFile) -> None:
                self.file = real(folder, file)

            def read_at(self, size: int, offset: int) -> bytes:
                mine.asked.append(size)
                return self.file.read_at(size, offset)

            def read_buffer(self) -> Any:
                mine.asked.append(self.file.size())
                return self.file.read_buffer()

            def close(self) -> None:
                self.file.close()

            def __enter__(self) -> "File":
                return self

            def __exit__(self, *_: object) -> None:
                self.close()

        monkeypatch.setattr(base, "_opened", File)


@contextmanager
def few_descriptors(count: int = 256) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def rows_of(unit: int, count: int) -> pl.DataFrame:
    chance = np.random.default_rng(unit)
    slots = chance.integers(0, 2**64, count, np.uint64, endpoint=False)
    return pl.DataFrame({"slot": slots, "unit": [unit] * count, "row": range(count)})


@pytest.fixture
def files(tmp_path: Path) -> list[DataFile]:
    """What two thousand tiny units send, of 100 rows each."""
    found = []
    for unit in range(UNITS):
        made = exchange_bytes(rows_of(unit, 100), "slot", RANGES)
        data = b"".join(made.pieces())
        (tmp_path / f"{unit}.keys").write_bytes(data)
        said = made.said()
        found.append(DataFile(f"{unit}.keys", len(data), said["sha256"], said["bytes"]))
    return found


def read(folder: Path, files: list[DataFile]) -> list[pl.DataFrame]:
    """Read every range as its own task would."""
    found = []
    for part in range(RANGES):
        with exchange_sources(str(folder), files) as sources:
            found.append(read_partition(sources, part))
    return found


def join(folder: Path, files: list[DataFile], ranges: int = RANGES) -> list[DataFile]:
    found = []
    for number, members in enumerate(joined([file.size for file in files], ranges)):
        out = Committer(str(folder), "00-map.merged", f"keys-{number:05d}", "0" * 16)
        run_merge(Everything(), MergeUnit("keys", tuple(files[i] for i in members)), out)
        found.append(DataFile.of(out.done[0], "keys"))
    return found


def test_thousands_of_tiny_units_are_joined_and_read_by_few_requests(
    tmp_path: Path, files: list[DataFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counted(monkeypatch)
    with few_descriptors():
        (made,) = join(tmp_path, files)
        assert len(counted.asked) == UNITS
        whole = read(tmp_path, [made])
        # Once where the ranges lie, and the schema; then of each range its bytes.
        assert len(counted.asked) == UNITS + 2 + RANGES
        counted.asked.clear()
        base._remembered.clear()
        with exchange_sources(str(tmp_path), files) as sources:
            some = read_partition(sources, 37)
    # What the task of one range asked, and each of the others too: a piece may have no rows.
    assert 1.7 * UNITS < len(counted.asked) <= 2 * UNITS + 1
    assert whole[37].equals(some)
    assert sum(map(len, whole)) == 100 * UNITS
    rows = pl.concat(whole)
    assert (
        rows.sort("unit", "row")
        .select("unit", "row")
        .equals(pl.concat([rows_of(unit, 100) for unit in range(UNITS)]).select("unit", "row"))
    )


def test_as_many_files_as_do_not_go_up_in_batches_are_joined_whole(
    tmp_path: Path, files: list[DataFile]
) -> None:
    (made,) = join(tmp_path, files[:19])
    assert sum(map(len, read(tmp_path, [made]))) == 19 * 100


def test_files_are_joined_while_that_saves_requests() -> None:
    mib = 1 << 20
    assert joined([mib] * 16, 64) == []  # few files
    assert joined([mib] * 2_000, 1) == []  # a piece is a file
    assert joined([64 * mib] * 2_000, 64) == []  # a piece is large as it is
    assert joined([mib] * 2_000, 64) == [
        range(a, min(2_000, a + 256)) for a in range(0, 2_000, 256)
    ]  # into files of 64 pieces of 4 MiB
    assert joined([200 * mib] * 40, 1_024) == [range(20), range(20, 40)]
    assert joined([900 * mib] * 17, 1_024) == []  # four at a time: not worth writing all again


def test_a_damaged_file_is_named(tmp_path: Path, files: list[DataFile]) -> None:
    path = tmp_path / files[5].path
    data = bytearray(path.read_bytes())
    data[600] ^= 1
    path.write_bytes(data)
    with pytest.raises(Damaged, match=r"5\.keys"):
        join(tmp_path, files[:50])


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    from support.corpus_maker import write_parquet

    folder = tmp_path_factory.mktemp("corpus")
    return [
        write_parquet(folder / f"{n}.parquet", 60, seed=n, source=f"s{n}", group=6)
        for n in range(3)
    ]


def test_a_run_whose_exchanges_are_joined_leaves_the_same_bytes(
    corpus: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(global_stage, "PARTITION_ROWS", 40)
    plan = make_plan(parse_job(job(corpus, *STAGES)), unit_limit=60_000, part_limit=3_000)
    run_plan(plan, str(tmp_path / "plain"), engine="inline")
    monkeypatch.setattr(merge, "FEW", 2)
    run_plan(plan, str(tmp_path / "joined"), engine="inline")
    assert fingerprint(tmp_path / "plain") == fingerprint(tmp_path / "joined")
    done = {
        phase.name: len(committed(str(tmp_path / "joined"), phase.name))
        for phase in build_phases(plan)
        if phase.function == "merge"
    }
    assert sum(count > 0 for count in done.values()) >= 3, done


KILLED = """
import json, sys
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.runs.driver import run_plan
from cleaner.runs.phases import merge
from cleaner.stages import global_stage
merge.FEW, global_stage.PARTITION_ROWS = 2, 40
plan = make_plan(parse_job(json.loads(sys.argv[1])), unit_limit=60_000, part_limit=3_000)
run_plan(plan, sys.argv[2], engine="inline")
"""


@pytest.mark.slow
@pytest.mark.parametrize("point", ["data", "marker", "after"])
def test_a_run_that_is_killed_while_it_joins_goes_on(
    corpus: list[Path], tmp_path: Path, point: str
) -> None:
    command = [sys.executable, "-c", KILLED, json.dumps(job(corpus, *STAGES))]
    subprocess.run([*command, str(tmp_path / "whole")], check=True)
    dying = {**os.environ, "CLEANER_FAILPOINT": f"*.merged:*:{point}"}
    died = subprocess.run([*command, str(tmp_path / "killed")], env=dying)
    assert died.returncode == -signal.SIGKILL
    subprocess.run([*command, str(tmp_path / "killed")], check=True)
    assert fingerprint(tmp_path / "killed") == fingerprint(tmp_path / "whole")


def test_a_read_of_an_exchange_is_a_piece_at_least(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of files that are not joined, too: what tells where their ranges lie is read once."""
    found = []
    for unit in range(20):
        made = exchange_bytes(rows_of(unit, 24_000), "slot", RANGES)
        data = b"".join(made.pieces())
        (tmp_path / f"{unit}.keys").write_bytes(data)
        said = made.said()
        found.append(DataFile(f"{unit}.keys", len(data), said["sha256"], said["bytes"]))
    counted = Counted(monkeypatch)
    read(tmp_path, found)
    pieces = sum(file.size for file in found) / (len(found) * RANGES)
    assert sum(counted.asked) / len(counted.asked) > 0.95 * pieces

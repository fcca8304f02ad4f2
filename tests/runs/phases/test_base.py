"""Files between phases: written, read back, and found damaged; and what a phase is."""

import dataclasses
import hashlib
import heapq
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from support.phase_units import Units, part

from cleaner.errors import Damaged, StorageError
from cleaner.runs import phases
from cleaner.runs.phases import base
from cleaner.runs.phases.base import (
    DataFile,
    Everything,
    Phase,
    State,
    batches_bytes,
    exchange_bytes,
    exchange_sources,
    load_settings,
    ranges_in,
    read_batches,
    read_table,
    slot,
    with_asked,
    without_asked,
)
from cleaner.runs.phases.map import MapUnit
from cleaner.runs.phases.shuffle import CutSettings
from cleaner.storage.commits import Committer

ROWS = pl.DataFrame({"n": [1, 2, 3], "slot": pl.Series([0, 1 << 63, 3 << 62], dtype=pl.UInt64)})


def ranged(folder: Path, data: Any) -> DataFile:
    """Return the file of a phase that committed this."""
    out = Committer(str(folder), "given", "u", "0" * 16)
    return DataFile.of(out.commit(0, True, {"rows": data}, {}), "rows")


def phase(function: str, **more: Any) -> Phase:
    """Return a phase that is never run."""

    def prepare(state: State) -> Any:
        raise NotImplementedError

    return Phase("00-x", function, "x", Everything(), prepare, **more)


def test_a_phase_that_writes_products_has_them_where_a_replacement_is_made() -> None:
    here = State("run")
    assert (here.home, here.place_of(phase("shard")), here.home_of(phase("shard"))) == (
        "run", "", "run",
    )  # fmt: skip
    there = State("run", place="_next/a")
    for function, writes in [("map", False), ("shard", True), ("account", True), ("index", True),
                             ("cut", False), ("step", False)]:  # fmt: skip
        one = phase(function)
        assert one.products is writes
        assert there.place_of(one) == ("_next/a" if writes else "")
        assert there.home_of(one) == ("run/_next/a" if writes else "run")
    afresh = State("run", place="_next/a", fresh=True)
    assert afresh.place_of(phase("map")) == "_next/a"
    assert afresh.home_of(phase("map")) == afresh.home == "run/_next/a"
    assert phase("map", of_map=0).counts_rows
    assert not phase("map").counts_rows


def test_a_file_is_named_by_its_place() -> None:
    marker = part(3, (0, 0), 1)
    assert DataFile.of(marker, "text") == DataFile("text/3", 32, "text-3", 0)
    moved = dataclasses.replace(marker, place="_next/a")
    assert DataFile.of(moved, "text").path == "_next/a/text/3"
    said = {"path": "p", "bytes": 90, "sha256": "whole", "trailer": {"sha256": "t", "bytes": 40}}
    file = DataFile.said(said)
    assert file == DataFile("p", 90, "t", 40)
    assert DataFile.from_plain(file.plain()) == file


def test_a_table_comes_back_or_is_damaged(tmp_path: Path) -> None:
    file = Units(tmp_path).table(ROWS)
    path = tmp_path / file.path
    assert read_table(str(tmp_path), file).equals(ROWS)
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    with pytest.raises(Damaged, match="has lost bytes"):
        read_table(str(tmp_path), file)
    path.write_bytes(data[:100] + bytes([data[100] ^ 1]) + data[101:])
    with pytest.raises(Damaged, match="its bytes are not those that were written"):
        read_table(str(tmp_path), file)
    path.unlink()
    with pytest.raises(Damaged, match="is gone"):
        read_table(str(tmp_path), file)


def test_an_exchange_file_is_read_whole_too_and_its_trailer_is_checked(tmp_path: Path) -> None:
    file = Units(tmp_path).exchange(ROWS[::-1], "slot", 4)
    assert read_table(str(tmp_path), file)["n"].to_list() == [1, 2, 3]
    path = tmp_path / file.path
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    base._remembered.clear()  # as a worker that reads it for the first time
    with pytest.raises(Damaged, match="has lost bytes"):
        read_table(str(tmp_path), file)
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    base._remembered.clear()
    with pytest.raises(Damaged, match="its bytes are not those that were written"):
        read_table(str(tmp_path), file)


@pytest.mark.parametrize(
    ("batch", "sizes"), [(1, [1, 1, 1]), (2, [2, 1]), (3, [3]), (9, [3]), (None, [3])]
)
def test_batches_come_back_as_they_were_cut(
    tmp_path: Path, batch: int | None, sizes: list[int]
) -> None:
    file = ranged(tmp_path, batches_bytes(ROWS, batch))
    found = list(read_batches(str(tmp_path), file))
    assert [len(frame) for frame in found] == sizes
    assert pl.concat(found).equals(ROWS)


def test_an_empty_frame_has_no_batch_and_keeps_its_columns(tmp_path: Path) -> None:
    file = ranged(tmp_path, batches_bytes(ROWS.clear()))
    assert list(read_batches(str(tmp_path), file)) == []
    assert read_table(str(tmp_path), file).schema == ROWS.schema


def test_only_the_parts_that_can_have_rows_are_in_the_trailer(tmp_path: Path) -> None:
    whole = ranged(tmp_path, exchange_bytes(ROWS, "slot", 4))
    assert ranges_in(whole) == 4
    with exchange_sources(str(tmp_path), [whole]) as (source,):
        assert [part.rows for part in source.parts] == [1, 0, 1, 1]
    (tmp_path / "half").mkdir()
    half = ranged(tmp_path / "half", exchange_bytes(ROWS, "slot", 4, slice(2, 4)))
    with exchange_sources(str(tmp_path / "half"), [half]) as (source,):
        assert [part.rows for part in source.parts] == [1, 1]


def test_few_files_are_open_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "_OPEN", 2)
    units = Units(tmp_path)
    files = [units.exchange(ROWS, "slot", 4) for _ in range(3)]
    opened: list[str] = []
    opening = base._opened

    def counted(folder: str, file: DataFile) -> Any:
        opened.append(file.path)
        return opening(folder, file)

    monkeypatch.setattr(base, "_opened", counted)
    ranges = base._Ranges(str(tmp_path))
    a, b, c = (ranges.source(file) for file in files)
    assert opened == [file.path for file in files]
    assert list(ranges._open) == [files[1].path, files[2].path]
    b.fetch(b.parts[0])  # asked for last, so that the third goes for the first
    a.fetch(a.parts[0])
    assert list(ranges._open) == [files[1].path, files[0].path]
    assert len(opened) == 4
    c.fetch(c.parts[0])
    assert list(ranges._open) == [files[0].path, files[2].path]
    held = list(ranges._open.values())
    ranges.close()
    assert not ranges._open
    assert all(file.closed for file in held)


def test_a_slot_is_the_middle_of_its_range() -> None:
    found = slot(np.array([0, 1, 2, 1]), 3)
    third = 2**64 // 6
    assert found.to_list() == [third, 3 * 2**63 // 3, 5 * 2**63 // 3, 3 * 2**63 // 3]
    assert (found.name, found.dtype) == ("slot", pl.UInt64)
    assert slot(np.array([0]), 1).to_list() == [2**63]


def test_a_stage_sees_carried_columns_by_the_names_of_the_job() -> None:
    docs = pl.DataFrame({"row": [0], "carried_tier": ["x"]})
    seen = with_asked(docs, {"tier": "carried_tier"})
    assert seen["tier"].to_list() == ["x"]
    made = seen.with_columns(new=pl.lit(1))
    assert without_asked(made, {"tier": "carried_tier"}).columns == ["row", "carried_tier", "new"]
    assert without_asked(made, {}) is made


def test_settings_are_read_once(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"a": 1}')

    def read(plain: Mapping[str, Any]) -> Any:
        return dict(plain)

    first = load_settings(str(path), read)
    assert first == {"a": 1}
    path.write_text('{"a": 2}')
    assert load_settings(str(path), read) is first


def test_a_task_that_is_committed_since_is_not_done_again(tmp_path: Path) -> None:
    task = phases.Task(folder=str(tmp_path), phase="00-map", function="map", settings="nowhere",
                       unit="u", key="0" * 16, payload=MapUnit())  # fmt: skip
    out = Committer(str(tmp_path), "00-map", "u", "0" * 16)
    out.commit(0, True, {}, {"rows": 3})
    (told,) = phases.work(task)
    assert (told["unit"], told["part"], told["last"], told["facts"]) == ("u", 0, True, {"rows": 3})
    # Others come after a first part that was there before.
    for other in (
        dataclasses.replace(task, have=(0,)),
        dataclasses.replace(task, unit="v"),
        dataclasses.replace(task, function="probe"),
    ):
        with pytest.raises(Exception, match="nowhere"):
            phases.work(other)


def test_a_damaged_file_is_named_instead(tmp_path: Path) -> None:
    units = Units(tmp_path)
    file = units.table(ROWS)
    (tmp_path / file.path).unlink()
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps(CutSettings("bytes", 5, sizes=(file,)).plain()))
    task = phases.Task(folder=str(tmp_path), phase="01-cut", function="cut", key="0" * 16,
                       settings=str(settings), unit="all", payload=Everything())  # fmt: skip
    assert phases.work(task) == [{"damaged": [file.path, "is gone"]}]


@pytest.mark.parametrize("name", ["disk", None])
def test_a_shortage_names_its_unit_and_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str | None
) -> None:
    def short(*told: Any) -> None:
        raise OSError(28, "No space left on device", name)

    monkeypatch.setitem(phases.FUNCTIONS, "cut", phases.Function(short, CutSettings, Everything))
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps(CutSettings("bytes", 5).plain()))
    task = phases.Task(folder=str(tmp_path), phase="01-cut", function="cut", key="0" * 16,
                       settings=str(settings), unit="all", payload=Everything())  # fmt: skip
    where = "01-cut: unit all: disk: No space" if name else "01-cut: unit all: No space"
    with pytest.raises(StorageError, match=where):
        phases.work(task)


def test_products_are_checked_by_their_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"as written")
    good = {"path": "a", "sha256": hashlib.sha256(b"as written").hexdigest()}
    task = phases.Check(phase="09-account", settings="", unit="00000", key="k", part=0,
                        home=str(tmp_path), files=(good,))  # fmt: skip
    assert phases.work(task) == []
    (tmp_path / "a").write_bytes(b"as changed")
    assert phases.work(task) == [{"damaged": ["a", "its bytes have changed"]}]


def ends(units: list[base.Unit], slots: int) -> list[float]:
    """Return when each unit ends that is begun in this order, a task in each of some slots."""
    free, found = [0.0] * slots, []
    for unit in units:
        at = heapq.heappop(free) + max(unit.weight, unit.size)
        heapq.heappush(free, at)
        found.append(at)
    return sorted(found)


def test_the_last_of_very_uneven_units_do_not_hold_up_the_others() -> None:
    rng = np.random.default_rng(5)
    sizes = [*rng.pareto(1.2, 2_000) * (4 << 20), 3 << 30]  # the largest file is listed last
    units = [base.Unit(f"{n:06d}", Everything(), "", size=int(s)) for n, s in enumerate(sizes)]

    def tail(order: list[base.Unit]) -> float:
        found = ends(order, slots=8)
        return 1 - found[int(0.99 * len(found))] / found[-1]

    assert tail(units) > 0.3
    assert tail(base.largest_first(units)) < 0.1


def test_equal_units_are_begun_in_the_order_of_their_names() -> None:
    units = [base.Unit(f"{n:06d}", Everything(), "") for n in range(30)]
    assert base.largest_first(units) == units
    heavy = base.Unit("000031", Everything(), "", weight=1)
    assert base.largest_first([*units, heavy]) == [heavy, *units]

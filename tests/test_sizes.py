"""Corpora of extreme shapes, small: what is opened, how it is cut, and what is in memory at once.

`tests/benchmarks/sizes.py` runs the real ones.
"""

import gzip
import io
import json
import tracemalloc
from collections import Counter
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.corpus_maker import job

from cleaner.corpus.entry import Columns
from cleaner.corpus.files import PART_ROWS, InputFile, Piece, cut_units, read_footers, unit_bytes
from cleaner.corpus.read import read_parts
from cleaner.errors import InputError, StorageError
from cleaner.job.job_file import parse_job
from cleaner.job.plan import WORKER, Plan, make_plan
from cleaner.runs.driver import run_plan
from cleaner.runs.phases.base import State
from cleaner.runs.phases.build import build_phases
from cleaner.runs.resources import check_disk, disk_needed, machine_memory, workers_that_fit
from cleaner.storage import clients, store

TEXT = Columns(None, "text", None, {}, {}, {}, {})
TINY = 5_000


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each file is opened."""
    count: Counter[str] = Counter()
    real = store.open_input

    def counting(path: str) -> pa.NativeFile:
        count[path] += 1
        return real(path)

    monkeypatch.setattr(store, "open_input", counting)
    return count


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five thousand Parquet files of about 5 kB."""
    folder = tmp_path_factory.mktemp("tiny")
    sink = io.BytesIO()
    text = "A short text about a river, a stone and a house. " * 45
    pq.write_table(
        pa.table({"text": [text, text[1:]]}), sink, compression="none", write_statistics=False
    )
    assert 4_000 < len(sink.getvalue()) < 6_000
    for number in range(TINY):
        (folder / f"{number:05d}.parquet").write_bytes(sink.getvalue())
    return folder


def plan_of(pattern: str, *stages: object, **more: object) -> Plan:
    plain = job([], *stages, **more)
    plain["input"] = {"paths": [pattern], "text": "text"}
    return make_plan(parse_job(plain))


def test_thousands_of_small_files_are_planned_without_opening_them(
    tiny: Path, opened: Counter[str]
) -> None:
    tracemalloc.start()
    plan = plan_of(f"{tiny}/*.parquet")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(plan.files) == TINY
    # A few, spread over all: for their columns, and for the types of these.
    assert len(opened) <= 16
    assert max(opened.values()) <= 2
    assert len(plan.units) == 3
    assert peak < 3_000 * TINY  # bytes a file: 200,000 of them stay far below a gigabyte


def test_a_unit_of_small_files_opens_each_once(tiny: Path, opened: Counter[str]) -> None:
    _, pieces = plan_of(f"{tiny}/0000*.parquet").units[0]
    opened.clear()
    (part,) = read_parts(pieces, [TEXT], 32 << 20)
    assert len(part.docs) == 20
    assert set(opened.values()) == {1}


class Remote:
    """An object store of one object that counts its requests."""

    def __init__(self, data: bytes) -> None:
        self.data, self.asked = data, 0

    def tail(self, path: str, size: int) -> tuple[clients.Object, bytes]:
        self.asked += 1
        return clients.Object(path, len(self.data), "tag", 0), self.data[-size:]

    def get(self, _: str, start: int, end: int) -> bytes:
        self.asked += 1
        return self.data[start:end]


@pytest.mark.parametrize("small", [True, False])
def test_a_small_object_is_fetched_by_one_request(
    monkeypatch: pytest.MonkeyPatch, small: bool
) -> None:
    sink = io.BytesIO()
    texts = [f"text {number}" * 10 for number in range(20 if small else 50_000)]
    pq.write_table(pa.table({"text": texts}), sink, compression="none", row_group_size=10_000)
    remote = Remote(sink.getvalue())
    monkeypatch.setattr(clients, "tail", remote.tail)
    monkeypatch.setattr(clients, "get", remote.get)
    far = Piece(0, "s3://b/a.parquet", "", 0, "parquet")
    assert sum(len(part.docs) for part in read_parts([far], [TEXT], 4 << 20)) == len(texts)
    assert (remote.asked == 1) is small


def test_two_large_files_beside_many_small_ones_are_cut_and_the_others_packed(
    opened: Counter[str],
) -> None:
    big = [
        InputFile(
            number, f"a{number}.parquet", 40 << 20, "", 0, "parquet", ((1_000, 20 << 20),) * 8
        )
        for number in range(2)
    ]
    small = [InputFile(n, f"b{n}.parquet", 5_000, "", 1, "parquet") for n in range(2, 20_002)]
    files, failed = read_footers(small)
    assert (len(files), failed, opened.total()) == (20_000, [], 0)
    units = [pieces for _, pieces in cut_units([*big, *small], unit_bytes([*big, *small]))]
    assert [len(pieces) for pieces in units[:16]] == [1] * 16  # two groups of 20 MB are over 32 MB
    assert sum(len(pieces) for pieces in units[16:]) == 20_000
    assert len(units[16:]) == 12
    assert all(len({piece.entry for piece in pieces}) == 1 for pieces in units)


def test_a_gzip_stream_is_one_unit_of_many_parts_in_bounded_memory(tmp_path: Path) -> None:
    lines = [json.dumps({"text": f"{n} " + "a river and a stone " * 50}) for n in range(20_000)]
    member = gzip.compress("\n".join(lines).encode() + b"\n", 6)
    path = tmp_path / "a.jsonl.gz"
    peaks = []
    for times in (1, 4):
        path.write_bytes(member * times)
        tracemalloc.start()
        rows = [len(part.docs) for part in read_parts([piece(path)], [TEXT], 4 << 20)]
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert sum(rows) == 20_000 * times
        assert len(rows) >= 4 * times
    assert peaks[1] < 1.1 * peaks[0]
    (_, pieces), *others = plan_of(f"{path}").units
    assert (len(pieces), others) == (1, [])


def piece(path: Path) -> Piece:
    return Piece(0, str(path), "", 0, "jsonl" if "jsonl" in path.name else "parquet")


def arrow_peak(path: Path) -> tuple[int, int]:
    """Return the rows of a file read in parts of 4 MB, and the bytes Arrow held at most."""
    pool = pa.default_memory_pool()
    before, rows, most = pool.bytes_allocated(), 0, 0
    for part in read_parts([piece(path)], [TEXT], 4 << 20):
        rows += len(part.docs)
        assert part.docs.estimated_size() < 200 << 20
        most = max(most, pool.bytes_allocated() - before)
        del part
    return rows, most


@pytest.mark.parametrize("dictionary", [True, False])
@pytest.mark.parametrize("times", [1, 20])
def test_one_huge_row_group_is_read_in_parts(tmp_path: Path, times: int, dictionary: bool) -> None:
    body = "a river and a stone " * 100
    text = pa.array([f"{n} {body}" for n in range(100_000 // times)])
    table = pa.table({"text": pa.chunked_array([text] * times)})
    path = tmp_path / "a.parquet"
    pq.write_table(table, path, row_group_size=len(table), use_dictionary=dictionary)
    assert pq.ParquetFile(path).metadata.row_group(0).total_byte_size > 190 << 20 or dictionary
    rows, most = arrow_peak(path)
    assert rows == 100_000
    assert most < 64 << 20


def test_values_of_a_large_row_group_stay_what_and_where_they_are(tmp_path: Path) -> None:
    # Repeated ones first, then different ones, an absent one and a huge one among them.
    texts = [f"repeated {n % 3}" for n in range(9_000)]
    texts += [f"{n} " + "a river and a stone " * 60 for n in range(20_000)]
    given: list[str | None] = [*texts]
    given[8_999] = given[15_000] = None
    given[20_000] = "x" * (9 << 20)
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": given, "id": texts}), path, row_group_size=len(given))
    columns = Columns(None, "text", "id", {}, {}, {}, {})
    docs = pl.concat([part.docs for part in read_parts([piece(path)], [columns], 4 << 20)])
    assert docs["text"].to_list() == given
    assert docs["id"].to_list() == texts
    assert docs["row"].to_list() == list(range(len(given)))


def test_no_part_is_larger_than_it_may_be(tmp_path: Path) -> None:
    texts = ["tiny"] * 250_000
    pq.write_table(pa.table({"text": texts}), tmp_path / "tiny.parquet")
    rows = [len(part.docs) for part in read_parts([piece(tmp_path / "tiny.parquet")], [TEXT])]
    assert max(rows) <= PART_ROWS
    assert sum(rows) == 250_000
    lines = [json.dumps({"text": "x" * size}) for size in (10, 3 << 20, 3 << 20, 9 << 20, 10, 10)]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    sizes = [
        [len(text) for text in part.docs["text"]]
        for part in read_parts([piece(tmp_path / "a.jsonl")], [TEXT], 4 << 20)
    ]
    assert sizes == [[10, 3 << 20], [3 << 20], [9 << 20], [10, 10]]


def test_no_part_is_in_memory_while_the_next_one_is_read(tmp_path: Path) -> None:
    texts = [f"{n} " + "a river and a stone " * 500 for n in range(4_000)]
    pq.write_table(pa.table({"text": texts}), tmp_path / "a.parquet", row_group_size=100)
    pool, left = pa.default_memory_pool(), []
    before = pool.bytes_allocated()
    for part in read_parts([piece(tmp_path / "a.parquet")], [TEXT], 16 << 20):
        part.docs = part.docs.clear()
        left.append(pool.bytes_allocated() - before)
    assert len(left) == 3
    assert max(left) < 8 << 20


@pytest.mark.parametrize("repeated", [True, False])
def test_what_shrinks_a_thousandfold_in_a_page_is_not_spelt_out_at_once(
    tmp_path: Path, repeated: bool
) -> None:
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 300), pa.array(["x" * (1 << 20)]))
    path = tmp_path / "a.parquet"
    table = pa.table({"text": texts if repeated else texts.dictionary_decode()})
    # A page is the least that can be decompressed; `write_batch_size` keeps them at 8 MB.
    options = {"use_dictionary": repeated, "compression": "zstd", "write_batch_size": 8}
    pq.write_table(table, path, store_schema=False, **options)
    assert pq.read_schema(path).field("text").type == pa.string()
    assert path.stat().st_size < 1 << 20  # of 300 MB of text
    rows, most = arrow_peak(path)
    assert rows == 300
    assert most < 64 << 20


def test_a_plan_states_what_its_tasks_take_and_how_many_fit(tiny: Path) -> None:
    plan = plan_of(f"{tiny}/0*.parquet", {"exact_dedup": {}})
    assert WORKER < plan.task_memory < 2 * WORKER
    machine = 16 << 30
    assert workers_that_fit(plan, machine, cores=4) == 4
    assert workers_that_fit(plan, machine, cores=64) == (15 << 30) // plan.task_memory
    assert workers_that_fit(plan, 1 << 30, cores=4) == 1
    assert machine_memory() > 1 << 28


def test_the_disk_is_judged_before_documents_are_written_again(
    tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(f"{tiny}/0000*.parquet", {"exact_dedup": {"on": "text"}}, {"normalise": {}})
    free = 1 << 40
    monkeypatch.setattr(store, "free_bytes", lambda _: free)
    said: list[str] = []
    run_plan(plan, str(tmp_path / "whole"), engine="inline", warn=said.append)
    assert not any("are free" in line for line in said)
    free = disk_needed(plan) - 1
    phases = build_phases(plan)
    check_disk(plan, phases, 0, State(str(tmp_path / "new")), said.append)
    assert "the run may write" in said.pop()
    free = 100
    with pytest.raises(InputError, match=r"100 B are free, and the run may write .* make room"):
        run_plan(plan, str(tmp_path / "full"), engine="inline")
    free = 1 << 40
    assert run_plan(plan, str(tmp_path / "full"), engine="inline")["rows"]["in"] == 20


def test_a_full_disk_is_told_as_such_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    for write in (store.write_whole, store.put_if_absent):
        with pytest.raises(StorageError, match="No space left on device; what is committed stays"):
            write(str(tmp_path / "a"), b"data")
    assert list(tmp_path.iterdir()) == []

"""Rows that go through an exchange come back whole, in order, in the partition of their hash."""

import os
import resource
from pathlib import Path
from unittest import mock

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.errors import Damaged
from cleaner.runs.phases.base import DataFile, exchange_bytes, exchange_sources
from cleaner.storage import exchange
from cleaner.storage.exchange import Source, in_pieces, read_partition, write_partitions

HASHES = st.lists(st.integers(0, 2**64 - 1), max_size=40)


def frame(hashes: list[int], start: int = 0) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "hash": pl.Series(hashes, dtype=pl.UInt64),
            "row": pl.Series(range(start, start + len(hashes)), dtype=pl.UInt64),
            "id": pl.Series(
                [f"é{i}" if i % 3 else None for i in range(len(hashes))], dtype=pl.String
            ),
            "set": pl.Series([[i] * (i % 4) for i in range(len(hashes))], dtype=pl.List(pl.UInt64)),
        }
    )


def written(rows: pl.DataFrame, parts: int) -> Source:
    made = write_partitions(rows, "hash", parts)
    return Source(pa.BufferReader(made.data).read_at, made.parts, made.head)


@settings(deadline=None)  # the first call compiles
@given(files=st.lists(HASHES, min_size=1, max_size=4), parts=st.integers(1, 9))
def test_partitions_hold_every_row_once_in_order(files: list[list[int]], parts: int) -> None:
    frames = [frame(hashes, 100 * i) for i, hashes in enumerate(files)]
    sources = [written(rows, parts) for rows in frames]
    whole = pl.concat(frames)
    for part in range(parts):
        mine = [(h * parts) >> 64 == part for h in whole["hash"].to_list()]
        expected = whole.filter(pl.Series(mine, dtype=pl.Boolean))
        assert read_partition(sources, part).equals(expected)


@settings(deadline=None)
@given(hashes=HASHES, parts=st.integers(1, 3), pieces=st.integers(1, 4), held=st.integers(1, 9))
def test_a_partition_in_pieces_is_a_finer_cut(
    hashes: list[int], parts: int, pieces: int, held: int
) -> None:
    frames = [frame(hashes), frame(hashes[:3], 100)]
    sources = [written(one, parts) for one in frames]
    finer = [written(one, parts * pieces) for one in frames]
    for part in range(parts):
        with (
            mock.patch.object(exchange, "_GATHERED", held),
            in_pieces(sources, "hash", part, parts, pieces) as read,
        ):
            found = [read(piece) for piece in range(pieces)]
        for piece, rows in enumerate(found):
            assert rows.equals(read_partition(finer, part * pieces + piece))


def test_a_partition_is_one_batch_of_an_ordinary_arrow_file() -> None:
    rows = frame(np.linspace(0, 2**64 - 1e6, 50).astype(np.uint64).tolist())
    made = write_partitions(rows, "hash", 4)
    opened = pa.ipc.open_file(made.data)
    assert [opened.get_batch(i).num_rows for i in range(4)] == [part.rows for part in made.parts]


def test_no_bit_of_a_part_may_be_another() -> None:
    made = write_partitions(frame([1, 2**63, 2**64 - 1]), "hash", 3)
    places = [(part, i) for i, part in enumerate(made.parts)] + [(made.head, 0)]
    for part, number in places:
        for at in range(part.offset, part.offset + part.size, 13):
            data = bytearray(made.data)
            data[at] ^= 1 << at % 8
            source = Source(pa.BufferReader(bytes(data)).read_at, made.parts, made.head, "a.keys")
            with pytest.raises(Damaged, match=r"a\.keys: its bytes are not those"):
                read_partition([source], number)


@pytest.mark.parametrize("parts", [1, 7])
def test_no_rows_come_back_with_their_columns(parts: int) -> None:
    source = written(frame([]), parts)
    assert read_partition([source, source], 0).schema == frame([1]).schema


def test_more_files_than_may_be_open_are_read(tmp_path: Path) -> None:
    """A task reads a range of every unit's file; it holds few of them open."""
    rows = [frame([n, 2**64 - 1 - n], n) for n in range(200)]
    files = []
    for number, one in enumerate(rows):
        data = exchange_bytes(one, "hash", 2)
        (tmp_path / f"{number}.keys").write_bytes(data.data.to_pybytes() + data.trailer)
        size = data.data.size + len(data.trailer)
        said = {"path": f"{number}.keys", "bytes": size, "sha256": "", "trailer": data.said()}
        files.append(DataFile.said(said))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    open_now = len(os.listdir("/proc/self/fd"))
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (open_now + 150, hard))
        with exchange_sources(str(tmp_path), files) as sources:
            found = [read_partition(sources, part) for part in (0, 1, 0)]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert [len(part) for part in found] == [200, 200, 200]
    assert found[0]["hash"].to_list() == list(range(200))
    assert len(os.listdir("/proc/self/fd")) <= open_now + 1

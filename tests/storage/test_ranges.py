"""An object as a file: the bytes of the object by few requests, whatever is read in which order."""

import random

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.storage.ranges import RangedFile

WHOLE = random.Random(0).randbytes(40 << 20)


class Asked:
    """An object that counts what is asked of it."""

    def __init__(self, size: int, tail: int = 64 << 10, ahead: bool = True) -> None:
        self.data, self.asked = WHOLE[:size], list[tuple[int, int]]()
        self.file = RangedFile(self.fetch, size, self.data[-tail:] if tail else b"", ahead)

    def fetch(self, start: int, end: int) -> bytes:
        assert 0 <= start < end <= len(self.data)
        self.asked.append((start, end))
        return self.data[start:end]

    @property
    def bytes(self) -> int:
        return sum(end - start for start, end in self.asked)


@given(
    size=st.integers(0, 400_000),
    tail=st.sampled_from([0, 1, 70_000]),
    ahead=st.booleans(),
    reads=st.lists(st.tuples(st.integers(0, 400_000), st.integers(0, 200_000)), max_size=12),
)
def test_what_is_read_are_the_bytes_of_the_object(
    size: int, tail: int, ahead: bool, reads: list[tuple[int, int]]
) -> None:
    asked = Asked(size, tail, ahead)
    for at, want in reads:
        asked.file.seek(at)
        assert asked.file.read(want) == asked.data[at : at + want]
    asked.file.seek(0)
    assert asked.file.read() == asked.data


def test_a_small_object_is_there_once_it_is_open() -> None:
    asked = Asked(50_000)
    assert asked.file.read() == asked.data
    assert asked.asked == []


def test_a_stream_takes_ever_larger_requests() -> None:
    asked = Asked(40 << 20)
    while asked.file.read(100_000):
        assert sum(len(data) for _, data in asked.file._windows) <= 32 << 20
    assert len(asked.asked) <= 9
    assert asked.bytes == (40 << 20) - (64 << 10)


def test_who_reads_here_and_there_is_given_little_more_than_he_asks_for() -> None:
    asked = Asked(40 << 20, ahead=False)
    for at in range(1000, 30 << 20, 1 << 20):
        asked.file.seek(at)
        assert len(asked.file.read(5000)) == 5000
    assert asked.bytes == 30 * 5000


def test_columns_that_are_read_in_turn_are_read_ahead_each() -> None:
    asked = Asked(40 << 20)
    places = [0, 10 << 20, 20 << 20, 30 << 20]
    for _ in range(64):
        for number, at in enumerate(places):
            asked.file.seek(at)
            asked.file.read(64 << 10)
            places[number] += 64 << 10
    assert len(asked.asked) <= 4 * 5


@pytest.mark.parametrize("want", [8 << 20, 33 << 20])
def test_a_large_read_comes_in_pieces_that_are_not_kept(want: int) -> None:
    asked = Asked(40 << 20)
    asked.file.seek(100)
    assert asked.file.read(want) == asked.data[100 : 100 + want]
    assert max(end - start for start, end in asked.asked) <= 16 << 20
    assert sum(len(data) for _, data in asked.file._windows) <= 8 << 20
    assert asked.bytes <= want + (64 << 10)


def test_pyarrow_reads_it() -> None:
    asked = Asked(1 << 20)
    with pa.PythonFile(asked.file, mode="r") as file:
        assert file.size() == 1 << 20
        assert file.read_at(10, 5) == asked.data[5:15]
        file.seek(0)
        assert file.read() == asked.data

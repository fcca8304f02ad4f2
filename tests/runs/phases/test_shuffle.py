"""Where the shards are cut, and what each holds: documents in order of their hash, each once."""

import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.phase_units import Units, keys

from cleaner.ledger import OTHER
from cleaner.runs.phases import shuffle
from cleaner.runs.phases.held_out import FIRST
from cleaner.runs.phases.shuffle import (
    BIN_BITS,
    CutSettings,
    ShardSettings,
    ShardUnit,
    most_frequent,
    moves_between,
    shard_bounds,
    shard_count,
)
from cleaner.storage.schemas import schema_text

BIN = 2**48
FINE = 2**44  # of those in which a run sums sizes
WHOLE = 2**64


def measure(**bins: int) -> np.ndarray:
    """Return sums of 65,536 bins: `b3=2` is two in the third."""
    sums = np.zeros(2**16, np.int64)
    for name, value in bins.items():
        sums[int(name[1:])] = value
    return sums


@pytest.mark.parametrize(
    ("sums", "shards", "inner"),
    [
        (measure(b0=2, b1=2), 1, []),
        (measure(b0=2, b1=2), 2, [BIN]),
        (measure(b0=2, b1=2), 4, [BIN // 2, BIN, BIN + BIN // 2]),
        # The empty bins between belong to the shard before.
        (measure(b0=3, b9=3), 2, [9 * BIN]),
        (measure(b5=8), 4, [5 * BIN + k * BIN // 4 for k in (1, 2, 3)]),
        # The last bin: its end is 2^64.
        (measure(b65535=2), 2, [WHOLE - BIN // 2]),
        # More shards than documents: some are empty, none runs back.
        (measure(b2=1), 3, [2 * BIN, 2 * BIN]),
        # 3 and 7 of 10: the goals are whole numbers, rounded down.
        (measure(b0=10), 3, [3 * BIN // 10, 6 * BIN // 10]),
        (measure(), 2, [WHOLE]),
    ],
)
def test_bounds_part_the_range_by_equal_measure(
    sums: np.ndarray, shards: int, inner: list[int]
) -> None:
    assert shard_bounds(sums, np.where(sums, 2, 0), shards, BIN) == [0, *inner, WHOLE]


def sizes(*rows: tuple[int, int, int, int]) -> pl.DataFrame:
    """Return sums of one unit: bin, rows, tokens, bytes."""
    schema = {"bin": pl.UInt32, "rows": pl.UInt64, "tokens": pl.UInt64, "bytes": pl.UInt64}
    return pl.DataFrame(rows, schema, orient="row")


@pytest.mark.parametrize(
    ("by", "target", "bounds", "text"),
    [
        ("tokens", 100, [0, WHOLE], [60]),
        ("tokens", 8, [0, WHOLE], [60]),
        # 8 words of 4 a shard: bin 1 has 6 of them, bin 4 has 2; 60 bytes lie as 20 and 40.
        ("tokens", 4, [0, FINE + 4 * FINE // 6, WHOLE], [13, 46]),
        ("tokens", 5, [0, FINE + 4 * FINE // 6, WHOLE], [13, 46]),
        # One document is not cut: half of 60 lies nearer to its begin.
        ("bytes", 30, [0, 4 * FINE, WHOLE], [20, 40]),
        ("bytes", 59, [0, 4 * FINE, WHOLE], [20, 40]),
        ("bytes", 60, [0, WHOLE], [60]),
    ],
)
def test_the_sums_of_all_units_decide_the_cut(
    tmp_path: Path, by: Any, target: int, bounds: list[int], text: list[int]
) -> None:
    units = Units(tmp_path)
    files = (units.table(sizes((1, 1, 5, 10), (4, 1, 2, 40))), units.table(sizes((1, 1, 1, 10))))
    (marker,) = units.did("cut", CutSettings(by, target, sizes=files))
    assert marker.last
    assert marker.facts["bounds"] == [str(bound) for bound in bounds]
    assert marker.facts["sizes"] == text


def test_what_is_held_out_is_one_shard_behind_the_others_while_it_is_small(tmp_path: Path) -> None:
    units = Units(tmp_path)
    behind = FIRST >> (64 - BIN_BITS)
    files = (units.table(sizes((1, 2, 8, 20), (behind + 3, 4, 8, 30), (behind + 9, 4, 8, 30))),)
    how = CutSettings("tokens", 100, at_least=2, held_out=True, sizes=files)
    (marker,) = units.did("cut", how)
    assert (marker.facts["held_out"], marker.facts["counts"]) == (1, [2, 8])
    assert marker.facts["sizes"] == [20, 60]


def test_what_is_rare_is_counted_with_what_was_rare_before() -> None:
    counts = Counter({"a": 5, "b": 5, "c": 2, "d": 1})
    assert most_frequent(counts, 2) == {"a": 5, "b": 5, OTHER: 3}
    assert most_frequent(counts + Counter({OTHER: 9}), 2) == {OTHER: 9 + 5 + 3, "a": 5}
    assert most_frequent(counts, 4) == dict(counts)
    assert len(most_frequent(Counter({str(n): 1 for n in range(102)}))) == 101


def exact(sizes: list[int], shards: int) -> list[list[int]]:
    """Return the sizes of the documents of each shard, where each has a bin of its own."""
    count = np.zeros(2**10, np.int64)
    at = np.linspace(3, 2**10 - 5, len(sizes)).astype(np.int64)
    count[at] = sizes
    bounds = shard_bounds(count, np.sign(count), shards, 2**54)
    places = [int(place) << 54 for place in at]
    return [
        [size for size, place in zip(sizes, places, strict=True) if low <= place < high]
        for low, high in itertools.pairwise(bounds)
    ]


@pytest.mark.parametrize(
    ("sizes", "parted"),
    [
        ([5, 5, 5, 5], [[5, 5], [5, 5]]),
        ([5, 5, 5], [[5], [5, 5]]),  # the middle goes by the nearer side, the first of two
        ([1, 90, 9], [[1, 90], [9]]),
        ([49, 50, 1], [[49], [50, 1]]),
        ([90, 1, 9], [[90], [1, 9]]),
        ([1, 9, 90], [[1, 9], [90]]),
        # One that is larger than a shard leaves one for each of the others.
        ([1, 1, 98], [[1], [1], [98]]),
        ([98, 1, 1], [[98], [1], [1]]),
        ([1, 98, 1], [[1], [98], [1]]),
    ],
)
def test_no_document_is_cut_and_no_shard_is_empty(
    sizes: list[int], parted: list[list[int]]
) -> None:
    assert exact(sizes, len(parted)) == parted


@given(
    st.lists(st.integers(1, 10**6), min_size=1, max_size=300),
    st.integers(1, 40),
    st.integers(1, 9),
)
def test_shards_are_as_many_as_there_are_documents_at_most(
    sizes: list[int], at_least: int, multiple_of: int
) -> None:
    shards = shard_count(1, at_least, multiple_of, len(sizes))
    parted = exact(sizes, shards)
    assert [size for part in parted for size in part] == sizes
    assert min(len(part) for part in parted) > 0
    if len(sizes) >= -(-at_least // multiple_of) * multiple_of:
        assert shards >= at_least
    if len(sizes) >= multiple_of:
        assert shards % multiple_of == 0


def test_shards_of_a_hundred_documents_differ_by_less_than_two_percent() -> None:
    rng = np.random.default_rng(5)
    lengths = rng.integers(800, 1_200, 900)
    parted = exact(lengths.tolist(), 9)
    sums = np.array([sum(part) for part in parted])
    assert min(len(part) for part in parted) >= 90
    assert np.abs(sums / sums.mean() - 1).max() < 0.02


def drawn(kind: str, documents: int) -> np.ndarray:
    """Return lengths of documents as corpora have them: a few are very long."""
    rng = np.random.default_rng(3)
    if kind == "log-normal":
        return rng.lognormal(6, 1.5, documents).astype(np.int64) + 1
    if kind == "pareto":
        return np.minimum(50 * (1 + rng.pareto(1.5, documents)), 9_000).astype(np.int64)
    return rng.integers(100, 1_000, documents)


@pytest.mark.parametrize("kind", ["log-normal", "pareto", "even"])
@pytest.mark.parametrize("each", [100, 400])
def test_shards_of_a_hundred_documents_are_even_whatever_the_lengths(kind: str, each: int) -> None:
    shards, bins = 40, 1 << 18
    lengths = drawn(kind, shards * each)
    places = np.random.default_rng(4).integers(0, bins, len(lengths))
    measure = np.bincount(places, lengths, bins).astype(np.int64)
    rows = np.bincount(places, minlength=bins)
    width = (1 << 64) // bins
    bounds = shard_bounds(measure, rows, shards, width)
    moves = moves_between(measure, rows, bounds, width)
    of = np.searchsorted(np.array([bound // width for bound in bounds[1:-1]]), places, side="right")
    assert len({at for at, _, _ in moves}) == len(moves)
    for at, old, new in moves:
        assert set(of[places == at]) == {old}
        assert abs(old - new) == 1
        of[places == at] = new
    sums = np.bincount(of, lengths, shards)
    # It was up to 0.25. A document that is larger than a shard takes what its neighbours lack.
    large = lengths.max() > sums.mean()
    assert np.sort(np.abs(sums / sums.mean() - 1))[-1 - 2 * large] < 0.02
    assert np.bincount(of, minlength=shards).min() > 0


@given(
    st.lists(st.tuples(st.integers(0, 63), st.integers(1, 10**6)), min_size=1, max_size=80),
    st.integers(1, 9),
)
def test_moves_leave_no_shard_that_had_some_without_a_document(
    docs: list[tuple[int, int]], shards: int
) -> None:
    measure, rows = np.zeros(64, np.int64), np.zeros(64, np.int64)
    for place, length in docs:
        measure[place] += length
        rows[place] += 1
    bounds = shard_bounds(measure, rows, shards, BIN)
    moves = moves_between(measure, rows, bounds, BIN)
    whole = [
        {at for at in np.flatnonzero(rows) if low <= at * BIN and (at + 1) * BIN <= high}
        for low, high in itertools.pairwise(bounds)
    ]
    before = [len(of) for of in whole]
    for at, old, new in moves:
        whole[old].remove(at)
        whole[new].add(at)
    assert all(of or not had for of, had in zip(whole, before, strict=True))


def documents(*places: int) -> pl.DataFrame:
    """Return documents at these places of the order, of files 0 and 1, each of n words."""
    count = len(places)
    return pl.DataFrame(
        {
            "shuffle": pl.Series(places, dtype=pl.UInt64),
            **keys(*((n % 2, n) for n in range(count))),
            "text": [f"w{n}é" for n in range(count)],
            "words": pl.Series(range(1, count + 1), dtype=pl.UInt32),
        }
    )


PLACES = (3 * BIN, 0, WHOLE - 1, WHOLE // 2, WHOLE // 2 - 1)  # of documents 0 to 4


def shard(
    tmp_path: Path, low: int, high: int, parts: int = 4, size: int = 1, **moves: tuple[int, ...]
) -> tuple[Any, pl.DataFrame, pl.DataFrame]:
    """Write one shard; return its marker, its rows and the places of its documents."""
    units = Units(tmp_path)
    docs = documents(*PLACES)
    files = tuple(units.exchange(half, "shuffle", parts) for half in (docs[3:], docs[:3]))
    kinds = {"text": pl.String, "n": pl.UInt32, "title": pl.String}
    settings = ShardSettings(
        format="parquet",
        schema=schema_text(kinds),
        columns={"text": "text", "n": "words", "title": "title"},
        files=files,
        parts=parts,
        groups=(0, 1 << 40),  # the second group begins with file 1
    )
    unit = ShardUnit(7, "part-00007-of-00008.parquet", low, high, size, **moves)
    (marker,) = units.did("shard", settings, unit)
    written = pl.read_parquet(tmp_path / "shards/part-00007-of-00008.parquet")
    return marker, written, units.read(marker, "places")


@pytest.mark.parametrize(
    ("low", "high", "holds"),
    [
        (0, WHOLE, [1, 0, 4, 3, 2]),
        (0, WHOLE // 2, [1, 0, 4]),
        (WHOLE // 2, WHOLE, [3, 2]),
        (0, WHOLE // 2 + 1, [1, 0, 4, 3]),
        (WHOLE // 2, WHOLE - 1, [3]),
        (1, 3 * BIN + 1, [0]),
        (1, 3 * BIN, []),
    ],
)
@pytest.mark.parametrize("parts", [1, 4, 64])
def test_a_shard_holds_its_range_in_order(
    tmp_path: Path, low: int, high: int, holds: list[int], parts: int
) -> None:
    marker, written, places = shard(tmp_path, low, high, parts)
    assert written["text"].to_list() == [f"w{n}é" for n in holds]
    assert written["n"].to_list() == [n + 1 for n in holds]
    assert written["title"].to_list() == [None] * len(holds)
    facts = marker.facts
    assert (facts["rows"], facts["words"]) == (len(holds), sum(n + 1 for n in holds))
    assert facts["text_bytes"] == 4 * len(holds)
    assert facts["path"] == "shards/part-00007-of-00008.parquet"
    found = places.sort("shard_row").select("file", "row", "shard", "shard_row").rows()
    assert found == [(n % 2, n, 7, at) for at, n in enumerate(holds)]


def test_places_go_to_the_groups_of_their_documents(tmp_path: Path) -> None:
    _, _, places = shard(tmp_path, 0, WHOLE)
    first = places.filter(pl.col("slot") < WHOLE // 2)
    assert sorted(first["row"]) == [0, 2, 4]
    assert set(first["file"]) == {0}
    assert len(places) == 5


def test_a_large_shard_is_read_in_passes_and_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    pieces = shuffle.read_pieces

    def counted(sources: Any, part: int) -> Any:
        read.append(part)
        return pieces(sources, part)

    monkeypatch.setattr(shuffle, "read_pieces", counted)
    (tmp_path / "whole").mkdir()
    whole = shard(tmp_path / "whole", 0, WHOLE)
    assert read == [0, 1, 2, 3]
    read.clear()
    (tmp_path / "one").mkdir()
    shard(tmp_path / "one", 0, WHOLE, parts=1)
    assert read == [0]  # what fits is read once
    read.clear()
    monkeypatch.setattr(shuffle, "SHARD_HELD", 2)
    (tmp_path / "passes").mkdir()
    passes = shard(tmp_path / "passes", 0, WHOLE, size=4)
    assert read == [0, 1, 2, 3]  # two passes, each over its own half
    assert passes[1].equals(whole[1])
    assert passes[0].facts == whole[0].facts
    assert passes[2].sort("row").equals(whole[2].sort("row"))
    read.clear()
    (tmp_path / "more").mkdir()
    more = shard(tmp_path / "more", WHOLE // 4, WHOLE - 1, size=5)
    assert read == [1, 1, 2, 2, 3]  # three passes over three parts; their ends lie inside
    assert more[1]["text"].to_list() == ["w4é", "w3é"]


@pytest.mark.parametrize("parts", [1, 4, 64])
@pytest.mark.parametrize("size", [1, 5])
def test_what_changed_sides_is_in_the_shard_that_it_went_to_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: int, size: int
) -> None:
    monkeypatch.setattr(shuffle, "SHARD_HELD", 2)
    bins = {n: PLACES[n] >> (64 - BIN_BITS) for n in range(5)}
    middle = WHOLE // 2
    moves = {"without": (bins[0], bins[4]), "also": (bins[2],)}
    (tmp_path / "low").mkdir()
    low = shard(tmp_path / "low", 0, middle, parts, size, **moves)
    assert low[1]["text"].to_list() == ["w1é", "w2é"]
    moves = {"without": (bins[2],), "also": (bins[0], bins[4])}
    (tmp_path / "high").mkdir()
    high = shard(tmp_path / "high", middle, WHOLE, parts, size, **moves)
    assert high[1]["text"].to_list() == ["w0é", "w4é", "w3é"]

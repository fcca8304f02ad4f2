"""The account of three rows: what the ledger, the clusters and the counts must say of them."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from support.phase_units import Units, cast, keys

from cleaner.errors import AccountError
from cleaner.ledger import COLUMNS
from cleaner.runs.phases import account
from cleaner.runs.phases.account import AccountSettings, AccountUnit, Table, _encodings
from cleaner.runs.phases.base import DataFile
from cleaner.runs.phases.map import RECORD
from cleaner.storage.commits import Committer

MEASURED = {"characters": pl.UInt32, "words": pl.UInt32, "ratio": pl.Float64}


def records(*rows: tuple[tuple[int, int], dict[str, Any]], **more: Any) -> pl.DataFrame:
    """Return a record of one map phase: a row for each key."""
    table = {**keys(*(key for key, _ in rows))}
    names = {name for _, said in rows for name in said}
    columns = {name: [said.get(name) for _, said in rows] for name in names}
    return cast({**table, **columns}, {**RECORD, **MEASURED, **more})


def places(*found: tuple[tuple[int, int], int, int]) -> pl.DataFrame:
    """Return where rows lie: key, shard, row in it."""
    return pl.DataFrame(
        {
            **keys(*(key for key, _, _ in found)),
            "shard": pl.Series([shard for _, shard, _ in found], dtype=pl.UInt32),
            "shard_row": pl.Series([row for _, _, row in found], dtype=pl.UInt64),
            "slot": pl.Series([1] * len(found), dtype=pl.UInt64),
        }
    )


KEPT = ((0, 0), {"source": "a", "lang": "en", "characters": 9, "words": 2, "ratio": 0.123})
FELL = (
    (0, 1),
    {"source": "b", "characters": 5, "words": 1, "ratio": 0.126, "fate": "dropped",
     "stage": "1.near_dedup", "reason": "near_duplicate", "broken": ["near_duplicate"],
     "id": "d1", "duplicate_of": "d0", "duplicate_file": 0, "duplicate_row": 0, "jaccard": 0.9,
     "cluster_size": 2},
)  # fmt: skip
FAILED = ((0, 2), {"source": "a", "fate": "failed", "stage": "0.filter:c4", "error": "it raised"})
PLACE = ((0, 0), 3, 8)


class Account:
    """One file of the ledger, made of the records of map phases and the places of the shards."""

    def __init__(self, folder: Path, *phases: list[pl.DataFrame], at: pl.DataFrame) -> None:
        self.units, self.folder = Units(folder), folder
        self.records = tuple(tuple(self.units.table(part) for part in parts) for parts in phases)
        self.rows_of = tuple(len(part) for part in phases[0])
        self.places = (self.units.exchange(at, "slot", 1),)

    def made(self, keep: Any = "full", skip: int = 0, rows: int | None = None, **more: Any) -> Any:
        """Return the marker of the file."""
        settings = AccountSettings(
            **{
                "measured": ("characters", "words", "ratio"),
                "counted": {"characters": ("characters",), "words": ("words",)},
                "changes": (),
                "clustered": ("1.near_dedup",),
                "judges": (),
                "keep_rows": keep,
                "places": self.places,
                **more,
            }
        )
        rows = sum(self.rows_of) - skip if rows is None else rows
        unit = AccountUnit(4, skip, rows, self.rows_of, self.records, (0,))
        (marker,) = self.units.did("account", settings, unit)
        assert marker.last
        return marker

    def ledger(self) -> pl.DataFrame:
        """Return the file."""
        return pl.read_parquet(self.folder / "ledger/part-00004.parquet")


def test_three_rows_end_as_kept_dropped_and_failed(tmp_path: Path) -> None:
    made = Account(tmp_path, [records(KEPT, FELL, FAILED)], at=places(PLACE))
    marker = made.made()
    ledger = made.ledger()
    assert ledger.columns == [*COLUMNS, "characters", "words", "ratio"]
    told = ledger.select("row", "fate", "shard", "shard_row", "stage", "error").rows()
    assert told == [
        (0, "kept", 3, 8, None, None),
        (1, "dropped", None, None, "1.near_dedup", None),
        (2, "failed", None, None, "0.filter:c4", "it raised"),
    ]
    assert marker.facts["rows"] == 3
    counts = marker.facts["counts"]
    assert counts["falls"] == [
        ["dropped", "1.near_dedup", "near_duplicate", "b", None, 1, 5, 1],
        ["failed", "0.filter:c4", None, "a", None, 1, 0, 0],
        ["kept", None, None, "a", "en", 1, 9, 2],
    ]
    assert counts["entered"] == [14, 3]
    outputs = marker.facts["outputs"]
    assert [(file["path"], file["rows"]) for file in outputs] == [
        ("ledger/part-00004.parquet", 3),
        ("clusters/part-00004.parquet", 1),
    ]
    clusters = pl.read_parquet(tmp_path / "clusters/part-00004.parquet")
    assert clusters.rows(named=True) == [
        {"stage": "1.near_dedup", "file": 0, "row": 1, "duplicate": "d1", "kept": "d0",
         "kept_file": 0, "kept_row": 0, "source": "b", "jaccard": 0.9, "cluster_size": 2}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("keep", "rows"), [("full", [0, 1, 2]), ("dropped", [1, 2]), ("counts", None)]
)
def test_the_ledger_keeps_the_rows_that_it_is_asked_to(
    tmp_path: Path, keep: str, rows: list[int] | None
) -> None:
    made = Account(tmp_path, [records(KEPT, FELL, FAILED)], at=places(PLACE))
    marker = made.made(keep)
    named = {file["path"]: file["rows"] for file in marker.facts["outputs"]}
    assert named.pop("clusters/part-00004.parquet") == 1
    assert marker.facts["counts"]["entered"] == [14, 3]
    if rows is None:
        assert named == {}
        assert not (tmp_path / "ledger").exists()
        return
    assert named == {"ledger/part-00004.parquet": len(rows)}
    assert made.ledger()["row"].to_list() == rows
    assert made.ledger().columns == [*COLUMNS, *(MEASURED if keep == "full" else ())]


def test_a_row_that_was_only_tagged_as_a_duplicate_is_in_no_cluster(tmp_path: Path) -> None:
    tagged = (KEPT[0], {**KEPT[1], "duplicate_of": "d9", "tagged": ["1.near_dedup:near_duplicate"]})
    # Dropped later for something else: it names its partner and did not fall for it.
    later = ((0, 1), {**FELL[1], "reason": "word_count", "stage": "2.filter:c4"})
    made = Account(tmp_path, [records(tagged, later)], at=places(PLACE))
    made.made()
    clusters = pl.read_parquet(tmp_path / "clusters/part-00004.parquet")
    assert clusters.height == 0
    assert clusters.columns[:3] == ["stage", "file", "row"]


def test_what_a_later_phase_found_goes_over_what_the_first_did(tmp_path: Path) -> None:
    stays, falls = ((0, 0), {**KEPT[1], "id": "d0"}), ((0, 1), {**KEPT[1], "id": "d1"})
    first = records(stays, falls, FAILED)
    gone = {"fate": "dropped", "stage": "2.filter:c4", "reason": "few", "words": 1, "late": 5}
    second = records(((0, 0), {"ratio": 0.5}), ((0, 1), gone), late=pl.UInt32)
    made = Account(tmp_path, [first], [second], at=places(PLACE))
    made.made(measured=("characters", "words", "ratio", "late"))
    asked = ("row", "id", "fate", "reason", "characters", "words", "ratio", "late", "error")
    assert made.ledger().select(asked).rows() == [
        (0, "d0", "kept", None, 9, 2, 0.5, None, None),
        (1, "d1", "dropped", "few", 9, 1, 0.123, 5, None),
        (2, None, "failed", None, None, None, None, None, "it raised"),
    ]


@pytest.mark.parametrize("row", [0, 1, 2])
def test_each_row_of_a_block_may_be_found_again(tmp_path: Path, row: int) -> None:
    others = records(((0, row), {"words": 7}), ((0, 9), {"words": 8}))
    rows = [((0, n), {**FAILED[1], "words": 2}) for n in range(3)]
    made = Account(tmp_path, [records(*rows)], [others], at=places())
    made.made()
    assert made.ledger()["words"].to_list() == [7 if n == row else 2 for n in range(3)]


def test_the_counts_of_a_text_are_the_last_and_what_entered_the_first(tmp_path: Path) -> None:
    kinds = {"characters@1": pl.UInt32, "words@1": pl.UInt32}
    # Cut from 9 to 7 characters at the stage; the other never came to it.
    cut = (KEPT[0], {**KEPT[1], "characters@1": 9, "words@1": 2, "characters": 7, "words": 1})
    early = (FELL[0], {**FELL[1], "characters": None, "words": None, "characters@1": 5,
                       "words@1": 1})  # fmt: skip
    made = Account(tmp_path, [records(cut, early, **kinds)], at=places(PLACE))
    marker = made.made(
        measured=("characters", "words", "characters@1", "words@1"),
        counted={name: (name, f"{name}@1") for name in ("characters", "words")},
        changes=(("1.clean_lines", ("characters@1", "characters"), ("words@1", "words")),),
    )
    counts = marker.facts["counts"]
    assert [fall[5:] for fall in counts["falls"]] == [[1, 5, 1], [1, 7, 1]]
    assert counts["entered"] == [14, 3]
    # Shortened, characters cut and added, words cut and added.
    assert counts["changes"] == [["1.clean_lines", 1, 2, 0, 1, 0]]


def numbered(*rows: int) -> pl.DataFrame:
    """Return a record of rows that fell, each for a reason of its own."""
    fate = {"fate": "dropped", "stage": "0.filter:c4"}
    return records(*(((0, row), {**fate, "reason": f"r{row}"}) for row in rows))


@pytest.mark.parametrize(
    ("skip", "rows", "holds"), [(0, 7, range(7)), (1, 4, range(1, 5)), (2, 5, range(2, 7))]
)
@pytest.mark.parametrize("block", [1, 2, 3, 7, 100])
def test_a_file_is_its_rows_whatever_the_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, skip: int, rows: int, holds: range, block: int
) -> None:
    monkeypatch.setattr(account, "ROWS_AT_ONCE", block)
    parts = [numbered(0, 1, 2), numbered(3), numbered(4, 5, 6)]
    made = Account(tmp_path, parts, at=places())
    marker = made.made(skip=skip, rows=rows)
    assert made.ledger()["row"].to_list() == list(holds)
    assert made.ledger()["reason"].to_list() == [f"r{row}" for row in holds]
    assert len(marker.facts["counts"]["falls"]) == len(holds)
    file = pq.ParquetFile(tmp_path / "ledger/part-00004.parquet")
    groups = [file.metadata.row_group(n) for n in range(file.num_row_groups)]
    assert [group.num_rows for group in groups[:-1]] == [block] * (len(groups) - 1)
    assert 0 < groups[-1].num_rows <= block
    # With a page index, by which one row is found without reading the others.
    assert all(group.column(0).has_offset_index for group in groups)


def test_a_block_reads_the_parts_that_hold_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "ROWS_AT_ONCE", 2)
    parts = [numbered(0, 1), numbered(2), numbered(3), numbered(4, 5)]
    made = Account(tmp_path, parts, at=places())
    number = {file.path: at for at, file in enumerate(made.records[0])}
    asked: list[int] = []
    read = account.read_table

    def counted(folder: str, file: DataFile) -> pl.DataFrame:
        asked.append(number[file.path])
        return read(folder, file)

    monkeypatch.setattr(account, "read_table", counted)
    made.made()
    assert asked == [0, 1, 2, 3]
    asked.clear()
    made.made(skip=1, rows=4)
    assert asked == [0, 1, 2, 3]  # rows 1 and 2, then 3 and 4


def test_a_ledger_without_rows_has_its_columns(tmp_path: Path) -> None:
    made = Account(tmp_path, [numbered()], at=places())
    marker = made.made()
    assert made.ledger().columns == [*COLUMNS, "characters", "words", "ratio"]
    assert (marker.facts["rows"], len(made.ledger())) == (0, 0)
    assert marker.facts["counts"]["falls"] == []


def test_a_row_without_a_fate_is_an_error(tmp_path: Path) -> None:
    stays = ((0, 7), KEPT[1])
    made = Account(tmp_path, [records(KEPT, FAILED, stays)], at=places(PLACE))
    with pytest.raises(AccountError, match=r"^1 rows have no fate .* the first is \(0, 7\)$"):
        made.made()


def test_a_row_that_fell_and_lies_in_a_shard_is_an_error(tmp_path: Path) -> None:
    both = places(PLACE, ((0, 1), 3, 9))
    made = Account(tmp_path, [records(KEPT, FELL)], at=both)
    with pytest.raises(AccountError, match=r"^1 rows are in a shard and fell at 1\.near_dedup$"):
        made.made()


def test_records_that_lack_rows_are_an_error(tmp_path: Path) -> None:
    made = Account(tmp_path, [numbered(0, 1)], at=places())
    made.rows_of = (3,)
    with pytest.raises(AccountError, match="ledger file 4: 2 of 3 rows are there"):
        made.made()


def test_a_column_is_written_as_its_values_want_it_and_none_is_changed(tmp_path: Path) -> None:
    rows = 20_000
    chance = np.random.default_rng(3)
    words = chance.integers(50, 5_000, rows)
    frame = pl.DataFrame(
        {
            "row": pl.Series(range(rows), dtype=pl.UInt64),
            "id": [f"crawl-{n // 7}/page-{n}" for n in range(rows)],
            "source": ["abc"[n % 3] for n in range(rows)],
            "broken": [["word_count"] if n % 5 else [] for n in range(rows)],
            "words": pl.Series(words, dtype=pl.UInt32),
            "ratio": chance.integers(0, 5_000, rows) / words,
            "jaccard": [None if n % 4 else 0.5 + n / 1e5 for n in range(rows)],
        }
    )
    out = Committer(str(tmp_path), "09-account", "00000", "0" * 16)
    with Table(out, "ledger/part-00000.parquet") as book:
        book.add(frame[:15_000])
        book.add(frame[15_000:])
    path = tmp_path / "ledger/part-00000.parquet"
    assert pl.read_parquet(path).equals(frame)
    usual = tmp_path / "usual.parquet"
    pq.write_table(frame.to_arrow(), usual, compression="zstd", compression_level=3)
    assert path.stat().st_size < 0.8 * usual.stat().st_size
    group = pq.ParquetFile(path).metadata.row_group(0)
    written = {group.column(i).path_in_schema: group.column(i) for i in range(group.num_columns)}
    dictionary = {name for name, one in written.items() if one.has_dictionary_page}
    assert dictionary == {"source", "broken.list.element"}
    assert "DELTA_BINARY_PACKED" in written["row"].encodings


def test_values_that_stand_four_times_go_into_a_dictionary() -> None:
    table = pl.DataFrame({
        "four": [n // 4 for n in range(20)],
        "fewer": [n // 4 for n in range(16)] + [4, 4, 4, 5],
    }).to_arrow()  # fmt: skip
    assert _encodings(table)["use_dictionary"] == ["four"]

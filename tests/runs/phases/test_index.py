"""What a run leaves for later ones to be held against, and how it is found again."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from support.corpus_maker import job

import cleaner
from cleaner.errors import InputError
from cleaner.results.finished import open_run
from cleaner.runs.phases import index
from cleaner.runs.phases.base import DataFile, read_table
from cleaner.stages import global_stage

TOPICS = ("sea", "sky", "sun", "ice", "oak", "fog")


def prose(topic: str, words: int = 40) -> str:
    """Return a text of words that no other topic has."""
    return " ".join(f"{topic}{n}" for n in range(words))


STAGES: list[Any] = [
    {"exact_dedup": {}},
    {"near_dedup": {"bands": 40, "rows": 2, "threshold": 0.6}},
    {"line_dedup": {"min_documents": 3}},
]


def done(folder: Path, name: str, texts: list[str], *against: Any, **output: Any) -> Any:
    """Run the three stages that leave an index over some texts, against earlier runs."""
    path = folder / f"{name}.parquet"
    frame = pl.DataFrame({"text": texts, "id": [f"{name}{n}" for n in range(len(texts))]})
    frame = frame.with_columns(url=pl.lit("http://a.example/"), source=pl.lit("s"))
    frame.write_parquet(path, row_group_size=2)
    runs = [run.path for run in against]
    stages = [{kind: {**more, **({"against": runs} if runs else {})}}
              for stage in STAGES for kind, more in stage.items()]  # fmt: skip
    cleaner.run(job([path], *stages, output=output), str(folder / name), engine="inline")
    return open_run(str(folder / name))


def fates(run: Any) -> dict[str, tuple[Any, ...]]:
    """Return by id where each document fell and what it lost to."""
    return {row["id"]: (row["stage"], row["duplicate_of"]) for row in
            run.ledger().iter_rows(named=True)}  # fmt: skip


BANNER = "this line stands below all of them every day"


@pytest.mark.parametrize(("first", "second"), [(None, None), (2, None), (None, 2), (2, 3)])
def test_copies_of_what_earlier_runs_kept_fall(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: int | None, second: int | None
) -> None:
    # With few rows to a partition an index has several files, and a task several ranges of them.
    monkeypatch.setattr(global_stage, "PARTITION_ROWS", first or 2_000_000)
    old = done(tmp_path, "a", [f"{prose(t)}\n{BANNER}" for t in TOPICS[:4]], shard_bytes=300)
    files = list((tmp_path / "a/index/0.exact_dedup").iterdir())
    assert len(files) == (2 if first else 1)
    older = done(tmp_path, "b", [prose("elm"), f"{prose('ash')}\n{BANNER}"])
    monkeypatch.setattr(global_stage, "PARTITION_ROWS", second or 2_000_000)
    kept = open_run(str(tmp_path / "a")).kept().collect()
    assert not kept["text"].str.contains(BANNER).any()  # four documents had it
    texts = [
        f"{prose('sea')}\n{BANNER}",  # as it came, with its banner
        f"{prose('sky')} and more",  # near
        prose("oak"),  # of nobody
        prose("elm").upper(),  # of the other run
        f"{prose('ash')}\n{BANNER} not",  # near
        f"{prose('yew')}\n{BANNER}",  # the banner stands in one more: it was in four, and in one
    ]
    new = done(tmp_path, "c", texts, old, older)
    a, b = old.path, older.path
    assert fates(new) == {
        "c0": ("0.exact_dedup", f"{a}:a0"),
        "c1": ("1.near_dedup", f"{a}:a1"),
        "c2": (None, None),
        "c3": ("0.exact_dedup", f"{b}:b0"),
        "c4": ("1.near_dedup", f"{b}:b1"),
        "c5": (None, None),
    }
    rows = {row["id"]: row for row in new.ledger().iter_rows(named=True)}
    assert rows["c1"]["jaccard"] == pytest.approx(36 / 38)
    assert rows["c1"]["duplicate_row"] is None


def test_an_index_that_is_damaged_is_named(tmp_path: Path) -> None:
    old = done(tmp_path, "a", [prose(t) for t in TOPICS[:3]])
    (path,) = (tmp_path / "a/index/0.exact_dedup").iterdir()
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"against: .*run .* again"):
        done(tmp_path, "b", [prose("sea")], old)


def test_an_index_names_the_place_of_each_document_in_the_shards(tmp_path: Path) -> None:
    old = done(tmp_path, "a", [prose(t) for t in TOPICS], shard_bytes=500)
    assert len(old.shards.paths) > 1
    ledger = old.ledger()
    (entry,) = (one for one in old.manifest["index"] if one["stage"] == "0.exact_dedup")
    assert entry["rows"] == 6
    (file,) = entry["files"]
    rows = read_table(str(tmp_path / "a"), DataFile.said(file))
    assert rows["hi"].is_sorted()
    where = {row["id"]: (row["file"], row["row"]) for row in rows.iter_rows(named=True)}
    assert where == {row["id"]: (row["shard"], row["shard_row"]) for row in
                     ledger.iter_rows(named=True)}  # fmt: skip
    assert (tmp_path / "a" / file["path"]).stat().st_size == file["bytes"]
    assert file["trailer"]["bytes"] == 40 * (64 + 1)  # an entry for each range, and the schema


def test_each_file_of_an_index_holds_its_own_ranges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(global_stage, "PARTITION_ROWS", 3)
    old = done(tmp_path, "a", [prose(t) for t in TOPICS])
    (entry,) = (one for one in old.manifest["index"] if one["stage"] == "0.exact_dedup")
    assert len(entry["files"]) == 2
    for number, file in enumerate(entry["files"]):
        assert file["trailer"]["bytes"] == 40 * (entry["ranges"] + 1)
        rows = read_table(str(tmp_path / "a"), DataFile.said(file))
        assert (rows["hi"].to_numpy() >> 63).tolist() == [number] * len(rows)


@pytest.mark.parametrize(
    ("part", "parts", "read"),
    [
        (0, 1, [(0, [0, 1, 2]), (1, [0, 1, 2])]),
        (0, 2, [(0, [0, 1, 2])]),
        (1, 2, [(1, [0, 1, 2])]),
        (0, 4, [(0, [0, 1])]),
        (1, 4, [(0, [1, 2])]),
        (2, 4, [(1, [0, 1])]),
        (3, 4, [(1, [1, 2])]),
        (2, 6, [(0, [2])]),
        (3, 6, [(1, [0])]),
        (11, 12, [(1, [2])]),
    ],
)
def test_a_task_reads_the_ranges_of_an_index_that_overlap_its_own(
    monkeypatch: pytest.MonkeyPatch, part: int, parts: int, read: list[Any]
) -> None:
    found: list[Any] = []

    def of_run(run: str, file: DataFile, wanted: range) -> Any:
        found.append((int(file.path), list(wanted)))
        yield from ()

    monkeypatch.setattr(index, "_of_run", of_run)
    # Two files of three ranges each.
    files = (("0", 9, "x", 1), ("1", 9, "x", 1))
    earlier: Any = SimpleNamespace(run="r", files=files, ranges=3, by="hi")
    assert list(index._ranges(earlier, part, parts)) == []
    assert found == read

"""Labels: what a file calls its documents, as text that no neighbour changes and none shares."""

import hashlib
import json
import random
import uuid
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.reading import whole
from support.runs import run

TEXTS = [f"Document {i} tells of what nobody else has told in {i * i} words." for i in range(300)]


def digests(size: int) -> list[bytes]:
    return [hashlib.md5(text.encode()).digest()[:size] for text in TEXTS]


def parquet(path: Path, ids: pa.Array, **more: Any) -> Path:
    pq.write_table(pa.table({"text": TEXTS[: len(ids)], "id": ids, **more}), path)
    return path


@pytest.mark.parametrize("size", [3, 4, 8, 15, 20])
def test_bytes_that_are_no_text_are_hex(tmp_path: Path, size: int) -> None:
    raw = digests(min(size, 16)) if size <= 16 else [one + one[:4] for one in digests(16)]
    kinds = [
        pa.binary(),
        pa.large_binary(),
        pa.binary(len(raw[0])),
        pa.dictionary(pa.int32(), pa.binary()),
    ]
    for kind in kinds:
        found = whole(
            parquet(tmp_path / "a.parquet", pa.array(raw, pa.binary()).cast(kind)), id="id"
        )
        assert found["id"].to_list() == [one.hex() for one in raw]


def test_uuids_are_written_as_such(tmp_path: Path) -> None:
    rng = random.Random(3)
    raw = [uuid.UUID(bytes=rng.randbytes(16)) for _ in range(50)]
    for kind in (pa.uuid(), pa.binary(16)):
        ids = pa.array([one.bytes for one in raw], pa.binary(16)).cast(kind)
        found = whole(parquet(tmp_path / "a.parquet", ids), id="id", source={"column": "id"})
        assert found["id"].to_list() == [str(one) for one in raw]
        assert found["source"].to_list() == [str(one) for one in raw]


def test_bytes_that_are_text_stay_text(tmp_path: Path) -> None:
    ids = pa.array([b"caf\xc3\xa9", None, b"plain", b""], pa.binary())
    place = parquet(tmp_path / "a.parquet", ids)
    unnamed = f"{place}#1"
    assert whole(place, id="id", url="id")["id"].to_list() == ["café", unnamed, "plain", ""]


def test_a_string_with_a_bad_byte_shows_it_and_stays_different(tmp_path: Path) -> None:
    raw = pa.array([b"a\xff", b"a\xfe", b"a"], pa.binary())
    ids = pa.Array.from_buffers(pa.string(), 3, raw.buffers())
    found = whole(parquet(tmp_path / "a.parquet", ids), id="id")
    assert found["id"].to_list() == ["a\\xff", "a\\xfe", "a"]


def test_one_rule_holds_for_all_files_of_an_entry(tmp_path: Path) -> None:
    """One file whose bytes are all UTF-8 is written as its neighbours are."""
    parquet(tmp_path / "a.parquet", pa.array([b"abcd", b"efgh"], pa.binary()))
    parquet(tmp_path / "b.parquet", pa.array([b"\xff\xfe\xfd\xfc", b"ijkl"], pa.binary()))
    entry = {"paths": str(tmp_path / "?.parquet"), "text": "text", "id": "id"}
    kept = run(tmp_path, "run", [], entry).kept().collect().sort("file", "row")
    assert kept["id"].to_list() == ["61626364", "65666768", "fffefdfc", "696a6b6c"]


@pytest.mark.parametrize("kind", [pa.binary(), pa.binary(8), pa.large_binary()])
def test_different_bytes_are_no_duplicates(tmp_path: Path, kind: pa.DataType) -> None:
    raw = digests(8)
    twice = pa.array([*raw, *raw[:20]], kind)
    pq.write_table(pa.table({"text": TEXTS + TEXTS[:20], "key": twice}), tmp_path / "a.parquet")
    entry = {"paths": str(tmp_path / "a.parquet"), "text": "text", "id": "key"}
    by_label = run(tmp_path, "label", [{"exact_dedup": {"on": "id", "keep": "first"}}], entry)
    carried = run(
        tmp_path, "carried", [{"exact_dedup": {"on": "key", "keep": "first"}}],
        {**entry, "id": None, "read": "key"},
    )  # fmt: skip
    for opened in (by_label, carried):
        assert sorted(opened.kept().collect()["row"]) == list(range(300))
    assert carried.kept().collect().sort("row")["key"].to_list() == raw


LINES: list[Any] = [
    1,
    2,
    2.5,
    9007199254740993,
    9007199254740992,
    0.5,
    True,
    "1",
    None,
    [1],
    {"a": 2},
    10**30,
]
LABELS = [
    "1", "2", "2.5", "9007199254740993", "9007199254740992", "0.5", "true", "1", None, "[1]",
    '{"a": 2}', "1" + "0" * 30,
]  # fmt: skip


@pytest.mark.parametrize("alone", [False, True])
def test_a_label_of_json_does_not_depend_on_its_neighbours(tmp_path: Path, alone: bool) -> None:
    place = tmp_path / "a.jsonl"
    shown = []
    for some in [[value] for value in LINES] if alone else [LINES]:
        place.write_text("\n".join(json.dumps({"text": "one", "id": value}) for value in some))
        found = whole(place, id="id", source={"column": "id"})
        assert all(
            i == (s or f"{place}#{r}") for i, s, r in found.select("id", "source", "row").rows()
        )
        shown += found["source"].to_list()
    assert shown == LABELS


def test_a_flat_key_does_not_hide_the_nested_one_of_others(tmp_path: Path) -> None:
    rows = [{"meta": {"url": "a"}}, {"meta.url": "b", "meta": {"url": "c"}}, {"meta": 1}, {}]
    place = tmp_path / "a.jsonl"
    place.write_text("\n".join(json.dumps({"text": "one", **row}) for row in rows))
    assert whole(place, url="meta.url")["url"].to_list() == ["a", "b", None, None]
    assert pl.Series(whole(place, read=("meta.url",))["@meta.url"]).to_list() == [
        "a",
        "b",
        None,
        None,
    ]

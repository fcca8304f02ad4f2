"""What every format of shards owes: the same rows back, whatever they hold."""

import datetime as dt
import io
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal
from support.corpus_maker import job

from cleaner.api import run
from cleaner.results.finished import verify
from cleaner.results.source_texts import texts_of
from cleaner.shards import FORMATS, Expected, Format, parquet
from cleaner.storage.run_folder import SHARD_SUFFIXES
from cleaner.storage.shortages import is_shortage

# Of the formats that hold whatever columns there are.
every_table = pytest.mark.parametrize(
    "name", [name for name, form in FORMATS.items() if form.columns is None]
)

HOSTILE = pl.DataFrame({
    "text": ['a\u2028b\n\r"\\ \x00\x1f\x7f\x85', "数学 \U0001f600 {} [] ,", "", "[1]"],
    "id": ["1", "01", None, "1e5"],
    "file": pl.Series([2**32 - 1, 0, 1, 2], dtype=pl.UInt32),
    "row": pl.Series([2**64 - 1, 0, 1, 2**53 + 1], dtype=pl.UInt64),
    "large": [2**63 - 1, -(2**63), None, 0],
    "score": [0.1, 1e300, 5e-324, None],
    "small": pl.Series([0.1, 1e30, -0.0, None], dtype=pl.Float32),
    "flag": [True, False, None, True],
    "bytes": [b"\xff\x00", b"", None, b"text"],
    "money": pl.Series([Decimal("1.10"), Decimal("-99999999999999999.01"), None, None]),
    "day": [dt.date(1, 1, 1), dt.date(9999, 12, 31), None, None],
    "moment": [dt.datetime(2020, 1, 2, 3, 4, 5, 678901), None, None, None],
    "zoned": pl.Series([dt.datetime(2020, 1, 2, tzinfo=dt.UTC), None, None, None]),
    "clock": [dt.time(23, 59, 59, 999999), None, None, None],
    "span": [dt.timedelta(days=-3, microseconds=1), None, None, None],
    "list": [["a", None, ""], [], None, ["\n"]],
    "lists": [[[1], []], [None], [], None],
    "struct": [{"a": 1, "b": {"c": "x"}}, {"a": None, "b": {"c": None}}, {"a": 2, "b": {"c": "\n"}},
               {"a": 3, "b": {"c": ""}}],
    "deep": [[{"k": b"\xfe", "d": dt.timedelta(1)}], [], None, [{"k": None, "d": None}]],
    "*": [1, 2, 3, 4], "^x$": [1, 2, 3, 4], "a.b": [1, 2, 3, 4], 'quo"te': [1, 2, 3, 4],
    "": [1, 2, 3, 4], "new\nline": [1, 2, 3, 4],
})  # fmt: skip


def written(form: Format, frames: list[pl.DataFrame], schema: pa.Schema) -> bytes:
    sink = pa.BufferOutputStream()
    form.write(iter(frames), schema, [sink], Expected())
    return sink.getvalue().to_pybytes()


def arrow(frame: pl.DataFrame) -> pa.Schema:
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest()).schema


@every_table
def test_what_was_written_is_read_back(name: str, tmp_path: Path) -> None:
    form, schema = FORMATS[name], arrow(HOSTILE)
    data = written(form, [HOSTILE], schema)
    frames = list(form.chunks([pa.BufferReader(data)], schema, None, None))
    assert [start for start, _ in frames] == [0]
    assert_frame_equal(frames[0][1], HOSTILE)
    path = tmp_path / f"part.{form.suffix}"
    path.write_bytes(data)
    assert_frame_equal(form.scan([str(path), str(path)], schema).collect(), HOSTILE.vstack(HOSTILE))


@every_table
def test_the_cut_of_frames_does_not_matter(name: str) -> None:
    form, schema = FORMATS[name], arrow(HOSTILE)
    whole = written(form, [HOSTILE], schema)
    assert written(form, [HOSTILE[:1], HOSTILE[1:1], HOSTILE[1:]], schema) == whole


@every_table
def test_only_wanted_rows_and_columns_are_read(name: str) -> None:
    form = FORMATS[name]
    many = pl.DataFrame(
        {"text": [f"Document {n} is here." for n in range(120_000)], "n": range(120_000)}
    )
    schema = arrow(many)
    data = pa.BufferReader(written(form, [many], schema))
    wanted = np.array([3, 119_999])
    found = list(form.chunks([data], schema, ["n"], wanted))
    assert sum(len(frame) for _, frame in found) < len(many)
    for start, frame in found:
        assert frame.columns == ["n"]
        assert frame["n"].to_list() == list(range(start, start + len(frame)))
    assert {n for _, frame in found for n in frame["n"]} >= set(wanted.tolist())


@every_table
def test_no_rows_are_a_file_all_the_same(name: str, tmp_path: Path) -> None:
    form, schema = FORMATS[name], arrow(HOSTILE)
    path = tmp_path / f"part.{form.suffix}"
    path.write_bytes(written(form, [], schema))
    assert not list(form.chunks([pa.BufferReader(path.read_bytes())], schema, None, None))
    assert_frame_equal(form.scan([str(path)], schema).collect(), HOSTILE.clear())


def test_json_lines_are_lines_of_json() -> None:
    import json

    import zstandard

    data = written(
        FORMATS["jsonl.zst"], [HOSTILE.drop("bytes", "deep")], arrow(HOSTILE.drop("bytes", "deep"))
    )
    plain = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)).read().decode()
    rows = [json.loads(line) for line in plain.split("\n")[:-1]]
    assert [row["text"] for row in rows] == HOSTILE["text"].to_list()
    assert [row["row"] for row in rows] == HOSTILE["row"].to_list()
    assert rows[0]["moment"] == "2020-01-02 03:04:05.678901"


def test_a_run_folder_knows_the_names_of_every_format() -> None:
    assert tuple(s for form in FORMATS.values() for s in form.suffixes) == SHARD_SUFFIXES


@every_table
def test_a_run_writes_lists_verifies_and_is_compared_with(name: str, tmp_path: Path) -> None:
    texts = [f"Story {n} tells of town {n % 7} and of the year {n}, at length." for n in range(40)]
    docs = {
        "text": [*texts, *texts[:5]],
        "url": None,
        "source": "s",
        "id": [f"i{n}" for n in range(45)],
    }
    docs |= {"raw": [b"\xff%d" % n for n in range(45)], "*": [[n] for n in range(45)]}
    pl.DataFrame(docs, schema_overrides={"url": pl.String}).write_parquet(tmp_path / "a.parquet")
    plain = job([tmp_path / "a.parquet"], {"near_dedup": {"preset": "fineweb"}})
    plain["input"][0]["read"] = "all"
    plain["output"] = {"format": name, "shard_bytes": 700}
    made = run(plain, str(tmp_path / "run"), engine="inline")
    assert {path.name.split(".", 1)[1] for path in (tmp_path / "run/shards").iterdir()} == {
        FORMATS[name].suffix
    }
    assert len(made.shards.paths) > 2
    kept = made.kept().collect()
    assert sorted(kept["text"]) == sorted(texts)
    assert dict(zip(kept["id"], kept["raw"], strict=True)) == {
        f"i{n}": b"\xff%d" % n for n in range(40)
    }
    assert verify(made) == []
    row = made.ledger().filter(pl.col("id") == "i7")
    assert texts_of(made, row) == [texts[7]]
    again = {"near_dedup": {"preset": "fineweb", "against": str(tmp_path / "run")}}
    held = run(job([tmp_path / "a.parquet"], again), str(tmp_path / "held"), engine="inline")
    assert len(held.kept().collect()) == 0
    broken = tmp_path / "run" / made.shards.paths[1]
    broken.write_bytes(broken.read_bytes()[:-1])
    assert [line.split(":")[0] for line in verify(made)] == [made.shards.paths[1]]


@every_table
def test_a_file_that_was_cut_is_told_from_a_shortage(name: str) -> None:
    form, schema = FORMATS[name], arrow(HOSTILE)
    data = written(form, [HOSTILE], schema)
    for cut in (data[: len(data) // 2], b"\x00" * len(data)):
        with pytest.raises((OSError, pa.ArrowException)) as told:
            list(form.chunks([pa.BufferReader(cut)], schema, None, None))
        assert not is_shortage(told.value)


def sized(sizes: list[int]) -> pl.DataFrame:
    return pl.DataFrame({"text": ["a" * size for size in sizes]}, {"text": pl.String})


@pytest.mark.parametrize(
    ("sizes", "groups"),
    [
        ([20_000] * 8, [8]),
        ([20_000] * 2_000, [1_000, 1_000]),  # 40 MB: two halves, not a full one and a rest
        ([9_000] * 3_000 + [200] * 20, [3_020]),
        ([], []),
    ],
)
def test_row_groups_of_a_file_are_even(sizes: list[int], groups: list[int]) -> None:
    frame = sized(sizes)
    expected = Expected(len(sizes), sum(sizes))
    assert [len(one) for one in parquet.row_groups([frame], expected)] == groups
    halves = [frame[: len(frame) // 3], frame[len(frame) // 3 :]]
    assert [len(one) for one in parquet.row_groups(halves, expected)] == groups


def test_row_groups_stay_bounded_where_less_was_expected() -> None:
    frame = sized([100_000] * 1_200)
    sizes = [int(one["text"].str.len_bytes().sum()) for one in parquet.row_groups([frame])]
    assert sum(sizes) == 120_000_000
    assert max(sizes) <= 1.5 * parquet.ROW_GROUP_BYTES + 100_000

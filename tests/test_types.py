"""Files of one entry that differ: one type that takes all values unchanged, or a word about it."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.runs import run

from cleaner.corpus.files import Piece, read_footers
from cleaner.corpus.listing import list_files
from cleaner.corpus.read import read_parts
from cleaner.errors import JobError
from cleaner.job.input_columns import resolve_columns
from cleaner.job.job_file import Input


def carried(folder: Path, *read: str, parts: int = 1 << 25) -> tuple[pl.DataFrame, list[str]]:
    """Return the columns that all files of a folder carry, and what was said of them."""
    entry = Input(paths=(f"{folder}/*",), text="text", read=read or "all")
    files, said = read_footers(list_files([entry.paths]))
    columns, found, failed = resolve_columns([entry], files)
    told = [one.error for one in (*said, *failed)]
    bad = {one.path for one in failed}
    frames = []
    for file in files:
        if file.path not in bad:
            piece = Piece(file.number, file.path, "", 0, file.kind)
            for part in read_parts([piece], columns, parts):
                frames.append(part.docs)
                told += [one.error for one in part.failed]
                told += [f"{name}: {count} {why}" for (name, why), count in part.unfit.items()]
    docs = pl.concat(frame for frame in frames if len(frame)).sort("file", "row")
    names = [name for name in docs.columns if name.startswith("@")]
    return docs.select(names).rename({name: name[1:] for name in names}), [*found.notes, *told]


def parquet(place: Path, **columns: Any) -> None:
    rows = len(next(iter(columns.values())))
    pq.write_table(pa.table({"text": ["one text"] * rows, **columns}), place)


US, MS = dt.datetime(2024, 1, 2, 3, 4, 5, 678_901), dt.datetime(2024, 1, 2, 3, 4, 5, 678_000)
UNITED: dict[str, tuple[pa.Array, pa.Array, list[Any]]] = {
    "float32, float64": (
        pa.array([0.5, None], pa.float32()), pa.array([1e300, 0.1]), [0.5, None, 1e300, 0.1],
    ),
    "ms, us": (pa.array([MS], pa.timestamp("ms")), pa.array([US], pa.timestamp("us")), [MS, US]),
    "list of int, of float": (pa.array([[1], []]), pa.array([[1.5]]), [[1.0], [], [1.5]]),
    "null, list of struct": (
        pa.array([[], None], pa.list_(pa.null())), pa.array([[{"a": 1}]]), [[], None, [{"a": 1}]],
    ),
    "null, text": (pa.nulls(1), pa.array(["x"]), [None, "x"]),
    "float16, float32": (
        pa.array([1.5, None, -65504.0], pa.float16()), pa.array([0.25], pa.float32()),
        [1.5, None, -65504.0, 0.25],
    ),
    "float16, int64": (pa.array([0.5], pa.float16()), pa.array([70_000]), [0.5, 70_000.0]),
    "int32, int64": (pa.array([-1], pa.int32()), pa.array([5_000_000_000]), [-1, 5_000_000_000]),
    "int32, float64": (pa.array([7], pa.int32()), pa.array([9.5]), [7.0, 9.5]),
    "uint64, int64": (
        pa.array([2**64 - 1], pa.uint64()), pa.array([-5]), [Decimal(2**64 - 1), Decimal(-5)],
    ),
    "a field more, in another order": (
        pa.array([{"a": 1, "b": "x"}]),
        pa.array([{"c": 2.5, "b": "y", "a": 2}, None]),
        [{"a": 1, "b": "x", "c": None}, {"a": 2, "b": "y", "c": 2.5}, None],
    ),
    "decimals": (
        pa.array([Decimal("1.5")], pa.decimal128(3, 1)),
        pa.array([Decimal("22.25")], pa.decimal128(9, 2)),
        [Decimal("1.5"), Decimal("22.25")],
    ),
    "dictionary, text": (pa.array(["a"]).dictionary_encode(), pa.array(["b"]), ["a", "b"]),
    "fixed and other lists": (
        pa.array([[1, 2], None], pa.list_(pa.int8(), 2)), pa.array([[3]]), [[1, 2], None, [3]],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNITED)
@pytest.mark.parametrize("turned", [False, True])
def test_two_types_are_united_where_one_takes_both(tmp_path: Path, name: str, turned: bool) -> None:
    one, other, wanted = UNITED[name]
    rows = [wanted[: len(one)], wanted[len(one) :]]
    if turned:
        one, other = other, one
        rows.reverse()
    parquet(tmp_path / "a.parquet", v=one)
    parquet(tmp_path / "b.parquet", v=other)
    found, told = carried(tmp_path)
    assert found["v"].to_list() == [*rows[0], *rows[1]]
    assert told == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pa.array([1]), pa.array(["a"])),
        (pa.array(["a"]), pa.array([b"a"])),
        (pa.array([True]), pa.array([1])),
        (pa.array([dt.date(2024, 1, 1)]), pa.array([US])),
        (pa.array([[1]]), pa.array([1])),
        (pa.array([{"a": 1}]), pa.array([{"a": "x"}])),
        (pa.array([US], pa.timestamp("us", "UTC")), pa.array([US], pa.timestamp("us"))),
        (pa.array([1.5]), pa.array([Decimal("1.5")])),
    ],
)
def test_a_file_that_cannot_be_united_is_named_with_what_differs(
    tmp_path: Path, one: pa.Array, other: pa.Array
) -> None:
    parquet(tmp_path / "a.parquet", v=one)
    parquet(tmp_path / "b.parquet", v=other)
    found, (told,) = carried(tmp_path)
    assert found["v"].to_list() == one.to_pylist()
    assert f"{tmp_path}/b.parquet: column 'v' is {other.type} here and " in told
    assert f" in {tmp_path}/a.parquet, and no type takes both unchanged" in told


def test_an_integer_that_no_float_holds_is_null_and_counted(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet", v=pa.array([2**53 + 1, 2**53, -3, None]))
    parquet(tmp_path / "b.parquet", v=pa.array([0.5]))
    found, (told,) = carried(tmp_path)
    assert found["v"].to_list() == [None, 2.0**53, -3.0, None, 0.5]
    assert told == "v: 1 values of type int64 are no double, and null in the output"


def test_columns_that_only_some_files_have_are_null_in_the_others(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet", a=[1])
    parquet(tmp_path / "b.parquet", b=["x"], deep=[{"c": 1}])
    parquet(tmp_path / "c.parquet", a=[2])
    found, told = carried(tmp_path)
    assert found.to_dict(as_series=False) == {
        "a": [1, None, 2], "b": [None, "x", None], "deep": [None, {"c": 1}, None],
    }  # fmt: skip
    named, said = carried(tmp_path, "deep.c", "a")
    assert named.to_dict(as_series=False) == {"deep.c": [None, 1, None], "a": [1, None, 2]}
    assert told == said == []


def test_wide_decimals_go_as_text_and_it_is_said(tmp_path: Path) -> None:
    wide = Decimal("12345678901234567890123456789012345678901234.50")
    narrow = pa.array([Decimal("1.5")], pa.decimal256(38, 1))
    parquet(tmp_path / "a.parquet", d=pa.array([wide], pa.decimal256(60, 2)), f=narrow)
    found, told = carried(tmp_path)
    assert found.to_dict(as_series=False) == {"d": [str(wide)], "f": [Decimal("1.5")]}
    assert told == ["input.0: column 'd' is decimal256(60, 2), and is carried as text"]


def unchecked(rows: list[bytes]) -> pa.Array:
    """Return strings of which nobody checks that they are UTF-8."""
    raw = pa.array(rows, pa.binary())
    return pa.Array.from_buffers(pa.string(), len(raw), raw.buffers())


def test_strings_that_are_not_utf_8_are_null_and_counted(tmp_path: Path) -> None:
    flat = unchecked([b"good", b"bad \xff"])
    deep = pa.StructArray.from_arrays([flat], ["s"])
    listed = pa.ListArray.from_arrays([0, 1, 2], flat)
    pairs = pa.MapArray.from_arrays([0, 1, 2], pa.array(["k", "k"]), flat)
    parquet(tmp_path / "a.parquet", flat=flat, deep=deep, listed=listed, pairs=pairs)
    found, told = carried(tmp_path)
    assert found.head(1).to_dict(as_series=False) == {
        "flat": ["good"], "deep": [{"s": "good"}], "listed": [["good"]], "pairs": [{"k": "good"}],
    }  # fmt: skip
    assert found.tail(1).row(0) == (None, None, None, None)
    assert [line.partition(" values")[0] for line in told] == [
        "flat: 1", "deep: 1", "listed: 1", "pairs: 1",
    ]  # fmt: skip


KINDS: dict[str, tuple[pa.DataType, Any]] = {
    "bool": (pa.bool_(), st.booleans()),
    "i8": (pa.int8(), st.integers(-128, 127)),
    "i32": (pa.int32(), st.integers(-(2**31), 2**31 - 1)),
    "i64": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "u8": (pa.uint8(), st.integers(0, 255)),
    "u64": (pa.uint64(), st.integers(0, 2**64 - 1)),
    "f16": (pa.float16(), st.floats(width=16, allow_nan=False)),
    "f32": (pa.float32(), st.floats(width=32, allow_nan=False)),
    "f64": (pa.float64(), st.floats(allow_nan=False)),
    "text": (pa.string(), st.text(max_size=4)),
    "large": (pa.large_string(), st.text(max_size=4)),
    "bytes": (pa.binary(), st.binary(max_size=4)),
    "fixed": (pa.binary(3), st.binary(min_size=3, max_size=3)),
    "date": (pa.date32(), st.dates()),
    "ms": (pa.timestamp("ms"), st.integers(-(10**14), 10**14)),
    "us": (pa.timestamp("us"), st.integers(-(10**17), 10**17)),
    "ns": (pa.timestamp("ns"), st.integers(-(10**18), 10**18).map(lambda n: n * 1000 // 1000)),
    "tz": (pa.timestamp("us", "Asia/Shanghai"), st.integers(0, 10**15)),
    "d5": (pa.decimal128(5, 2), st.decimals(-999, 999, places=2)),
    "d30": (pa.decimal128(30, 10), st.decimals(-999, 999, places=10)),
    "t32": (pa.time32("s"), st.integers(0, 86_399)),
    "t64": (pa.time64("ns"), st.integers(0, 86_399_999_999_999)),
    "lasting": (pa.duration("s"), st.integers(-(10**9), 10**9)),
    "lasting ns": (pa.duration("ns"), st.integers(-(10**18), 10**18)),
    "s": (pa.timestamp("s"), st.integers(-(10**11), 10**11)),
    "view": (pa.string_view(), st.text(max_size=4)),
    "bytes view": (pa.binary_view(), st.binary(max_size=4)),
    "null": (pa.null(), st.none()),
}


@st.composite
def arrays(draw: Any) -> pa.Array:
    kind, values = draw(st.sampled_from(list(KINDS.values())))
    for _ in range(draw(st.integers(0, 2))):
        how = draw(st.sampled_from(["list", "struct", "map"]))
        if how == "list":
            kind, values = pa.list_(kind), st.lists(st.none() | values, max_size=3)
        elif how == "struct":
            names = draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=2, unique=True))
            values = st.fixed_dictionaries({name: st.none() | values for name in names})
            kind = pa.struct([(name, kind) for name in names])
        else:
            kind = pa.map_(pa.string(), kind)
            values = st.dictionaries(st.text(max_size=2), st.none() | values, max_size=2).map(
                lambda pairs: list(pairs.items())
            )
    return pa.array(draw(st.lists(st.none() | values, min_size=1, max_size=4)), kind)


def plainly(value: Any) -> Any:
    """Return a value as it compares, however it was held."""
    if isinstance(value, dict):
        return {name: plainly(item) for name, item in value.items() if plainly(item) is not None}
    return [plainly(item) for item in value] if isinstance(value, list) else value


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(one=arrays(), other=arrays())
def test_no_value_of_two_files_changes_unsaid(
    tmp_path_factory: pytest.TempPathFactory, one: pa.Array, other: pa.Array
) -> None:
    folder = tmp_path_factory.mktemp("pair")
    parquet(folder / "a.parquet", v=one)
    parquet(folder / "b.parquet", v=other)
    found, told = carried(folder)
    # As Polars reads each file alone.
    alone = [pl.read_parquet(folder / name)["v"].to_list() for name in ("a.parquet", "b.parquet")]
    made = found["v"].to_list()
    if any("b.parquet: column 'v'" in line for line in told):
        assert plainly(made) == plainly(alone[0])
        return
    assert len(made) == len(one) + len(other)
    off = [
        (a, b)
        for a, b in zip(made, [*alone[0], *alone[1]], strict=True)
        if plainly(a) != plainly(b)
    ]
    counted = sum(int(line.split()[1]) for line in told if " values of type " in line)
    assert all(a is None for a, _ in off)
    assert len(off) == counted


def lines(place: Path, *rows: Any) -> None:
    place.write_text("".join(json.dumps({"text": "one text", **row}) + "\n" for row in rows))


ODD: dict[str, tuple[list[Any], list[Any], list[Any]]] = {
    "an empty list first": ([[]], [[1]], [[], [1]]),
    "empty lists in lists": ([[[]]], [[[1]]], [[[]], [[1]]]),
    "a list of nothing in a struct": ([{"a": []}], [{"a": [1]}], [{"a": []}, {"a": [1]}]),
    "empty objects": ([{}, {}], [], ["{}", "{}"]),
    "an empty object, then one with a key": ([{}], [{"a": 1}], [{"a": None}, {"a": 1}]),
    "7 then 3.5": ([7] * 300, [3.5], [7.0] * 300 + [3.5]),
    "nested 7 then 3.5": ([{"a": 7}] * 300, [{"a": 3.5}], [{"a": 7.0}] * 300 + [{"a": 3.5}]),
    "keys that the first object lacks": (
        [{"a": 1}, {"a": 1, "b": 2}], [], [{"a": 1, "b": None}, {"a": 1, "b": 2}],
    ),
    "null, then an object": ([None] * 250, [{"a": [1]}], [None] * 250 + [{"a": [1]}]),
    "one odd value": ([1] * 300, ["?", 1], ["1"] * 300 + ['"?"', "1"]),
    "small, then 2^64 - 1": ([1] * 300, [2**64 - 1], [1] * 300 + [2**64 - 1]),
    "an integer beyond 64 bits": ([1], [10**30], ["1", "1" + "0" * 30]),
    "-1 and 2^64 - 1": ([-1], [2**64 - 1], ["-1", str(2**64 - 1)]),
    "2^53 + 1 beside 0.5": ([2**53 + 1], [0.5], [str(2**53 + 1), "0.5"]),
    "true beside 1": ([True], [1], ["true", "1"]),
    "a scalar beside an object": ([{"a": 1}], [7], ['{"a": 1}', "7"]),
    "shapes that differ deep down": ([{"a": [1]}], [{"a": [{}]}], ['{"a": [1]}', '{"a": [{}]}']),
    "only nulls": ([None], [None], [None, None]),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("files", [1, 2])
def test_json_values_of_several_shapes(tmp_path: Path, name: str, files: int) -> None:
    one, other, wanted = ODD[name]
    if files == 1:
        lines(tmp_path / "a.jsonl", *({"v": value} for value in (*one, *other)))
    else:
        lines(tmp_path / "a.jsonl", *({"v": value} for value in one))
        lines(tmp_path / "b.jsonl", *({"v": value} for value in other))
    found, told = carried(tmp_path)
    assert found["v"].to_list() == wanted
    # Whole runs, too: what is held as Arrow on the way must come out at the end.
    entry = {"paths": str(tmp_path / "?.jsonl"), "text": "text", "read": "all"}
    kept = run(tmp_path, "run", [], entry).kept().collect().sort("file", "row")
    assert kept["v"].to_list() == wanted
    why = name if name == "empty objects" else "values of several shapes"
    said = [f"input.0: column 'v' has {why}; carried as JSON text"]
    assert told == (said if all(isinstance(v, str) for v in wanted) else [])


def test_json_that_comes_too_late_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was not looked at costs no file and no row, and is never silent."""
    monkeypatch.setattr("cleaner.corpus.formats.json_lines._LOOKED", 100)
    monkeypatch.setattr("cleaner.corpus.formats.json_lines._LEAST", 100)
    rows = [{"n": 1, "m": {"a": 1}}] * 50
    late = [{"n": "?", "m": {"a": 1, "b": 2}}, {"n": 2.5, "m": 3, "new": 1}, {"n": 3.0}]
    lines(tmp_path / "a.jsonl", *rows, *late)
    found, told = carried(tmp_path)
    assert found["n"].to_list() == [1] * 50 + [None, None, 3]
    assert found["m"].to_list() == [{"a": 1}] * 51 + [None, None]
    assert sorted(told) == [
        "m: 1 values are no struct<a: int64>, and null in the output",
        "m: 1 values have a field 'b', which is not carried: it came too late",
        "n: 2 values are no int64, and null in the output",
        "new: 1 values are not carried: no line that was looked at has this key",
    ]
    for size in (1, 1000):
        assert carried(tmp_path, parts=size)[0].equals(found)


def test_what_was_not_carried_is_warned_of_and_stands_in_the_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cleaner.corpus.formats.json_lines._LOOKED", 100)
    monkeypatch.setattr("cleaner.corpus.formats.json_lines._LEAST", 100)
    lines(tmp_path / "a.jsonl", *[{"n": 1}] * 20, {"n": "?"})
    entry = {"paths": str(tmp_path / "a.jsonl"), "text": "text", "read": "n"}
    warned: list[str] = []
    opened = run(tmp_path, "run", [], entry, warn=warned.append)
    assert "column 'n': 1 values are no int64, and null in the output" in warned
    assert opened.manifest["unfit"] == [
        {"column": "n", "values": 1, "said": "values are no int64, and null in the output"}
    ]
    assert opened.stats["rows"]["kept"] == 21


def test_json_beside_parquet_takes_its_types(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet", n=pa.array([1], pa.int32()), s=["x"])
    lines(tmp_path / "b.jsonl", {"n": 2.5, "s": "y"}, {"n": 7, "s": None})
    found, told = carried(tmp_path)
    assert found.to_dict(as_series=False) == {"n": [1.0, 2.5, 7.0], "s": ["x", "y", None]}
    assert told == []


def test_entries_of_other_types_are_united_too(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet", n=pa.array([1], pa.int32()))
    parquet(tmp_path / "b.parquet", n=pa.array([2.5]))
    several = [Input(paths=(f"{tmp_path}/{n}.parquet",), text="text", read=("n",)) for n in "ab"]
    _, found, _ = resolve_columns(several, list_files([one.paths for one in several]))
    assert found.types == {"n": pl.Float64}
    parquet(tmp_path / "b.parquet", n=["x"])
    with pytest.raises(JobError, match=r"read: n is large_string here and int32 in another"):
        resolve_columns(several, list_files([one.paths for one in several]))


def test_shards_with_maps_are_read_by_polars(tmp_path: Path) -> None:
    pairs = pa.array([[("a", 1)], None, []], pa.map_(pa.string(), pa.int32()))
    parquet(tmp_path / "a.parquet", pairs=pairs)
    entry = {"paths": str(tmp_path / "a.parquet"), "text": "text", "read": "all"}
    opened = run(tmp_path, "run", [], entry)
    kept = opened.kept().collect().sort("row")
    assert kept["pairs"].to_list() == [{"a": 1}, None, {}]
    table = pq.read_table(tmp_path / "run" / opened.manifest["outputs"][0]["path"])
    assert pa.types.is_map(table.schema.field("pairs").type)


def test_a_file_with_integers_of_128_bits_is_named_with_the_way_out(tmp_path: Path) -> None:
    wide = pl.Series("n", [1], dtype=pl.Int128)
    pl.DataFrame({"text": ["one text"]}).with_columns(wide).write_parquet(tmp_path / "a.parquet")
    parquet(tmp_path / "b.parquet", n=[1])
    found, (told,) = carried(tmp_path)
    assert found["n"].to_list() == [1]
    assert f"{tmp_path}/a.parquet: not a readable Parquet file: Integers with more than 64" in told
    assert "cast the column of Int128 to Decimal or Int64" in told

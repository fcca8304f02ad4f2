"""Readers: every row gets its key, broken rows say why, broken files are named."""

import gzip
import io
import json
import re
import zipfile
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from support.reading import entry, read, whole

from cleaner.corpus import jsonl
from cleaner.corpus.entry import Columns
from cleaner.corpus.files import Piece, cut_units, read_footers
from cleaner.corpus.formats import FORMATS, kind_of
from cleaner.corpus.listing import list_files
from cleaner.corpus.read import Part, read_parts
from cleaner.errors import InputError, JobError
from cleaner.job.input_columns import resolve_columns


def jsonl_file(path: Path, lines: list[bytes]) -> Path:
    body = b"\n".join(lines) + b"\n"
    packed = {
        ".gz": gzip.compress,
        ".zst": zstandard.ZstdCompressor().compress,
    }.get(path.suffix, bytes)
    path.write_bytes(packed(body))
    return path


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz", "jsonl.zst"])
def test_jsonl_rows_and_their_errors(tmp_path: Path, suffix: str) -> None:
    lines = [
        b'\xef\xbb\xbf{"text": "one", "id": 7}',
        b"",
        b'{"text": "t\xc3\xa4x"}\r',
        b"{broken",
        b'{"text": 5}',
        b'{"other": 1}',
        b"[1, 2]",
        b'{"text": null}',
        b'{"text": "bad \xff bytes"}',
        b'{"text": "\\ud800"}',
    ]
    found = whole(jsonl_file(tmp_path / f"a.{suffix}", lines), id="id")
    assert found["row"].to_list() == list(range(9))
    assert found["text"].to_list()[:2] == ["one", "täx"]
    assert found["id"][0] == "7"
    errors = found["error"].to_list()
    assert errors[:2] == [None, None]
    assert errors[2].startswith("line is not JSON")
    assert errors[3:7] == [
        "text is a number, not a string", "no text", "line is an array, not a JSON object",
        "null text",
    ]  # fmt: skip
    assert errors[7].startswith("line is not JSON")
    assert errors[8].startswith("line is not JSON")


@pytest.mark.parametrize(("suffix", "what"), [("jsonl.gz", "gzip"), ("jsonl.zst", "zstd")])
def test_a_cut_stream_gives_its_rows_and_says_where_it_ends(
    tmp_path: Path, suffix: str, what: str
) -> None:
    import random

    rng = random.Random(0)
    lines = [json.dumps({"text": rng.randbytes(60).hex()}).encode() for _ in range(3000)]
    path = jsonl_file(tmp_path / f"a.{suffix}", lines)
    path.write_bytes(path.read_bytes()[:-100])
    parts = read(path)
    (failed,) = [one for part in parts for one in part.failed]
    assert f"ends in the middle of its {what} data" in failed.error


def test_members_and_frames_follow_one_another(tmp_path: Path) -> None:
    one, two = (json.dumps({"text": word}).encode() + b"\n" for word in ("one", "two"))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(one) + gzip.compress(two))
    packed = zstandard.ZstdCompressor().compress
    (tmp_path / "b.jsonl.zst").write_bytes(packed(one) + packed(two))
    for name in ("a.jsonl.gz", "b.jsonl.zst"):
        assert whole(tmp_path / name)["text"].to_list() == ["one", "two"]


def carried(folder: Path, *read: str) -> pl.DataFrame:
    """Read all files of a folder with further columns."""
    source = entry(folder, read=read)
    files = list_files([source.paths])
    columns, _, failed = resolve_columns([source], files)
    assert failed == []
    parts = [
        part
        for file in files
        for part in read_parts([Piece(file.number, file.path, "", 0, file.kind)], columns, 1 << 25)
    ]
    assert [part.failed for part in parts if part.failed] == []
    return pl.concat([part.docs for part in parts if len(part.docs)])


@pytest.mark.parametrize("names", ["ab", "ba"])
def test_columns_of_lines_do_not_depend_on_which_file_comes_first(
    tmp_path: Path, names: str
) -> None:
    jsonl_file(tmp_path / f"{names[0]}.jsonl", [b'{"text": "one", "n": 1, "tags": ["x"]}'])
    jsonl_file(tmp_path / f"{names[1]}.jsonl.gz", [b'{"text": "two", "n": 2.5}', b'{"text": "3"}'])
    (tmp_path / "0.jsonl").write_bytes(b"")
    found = carried(tmp_path, "n", "tags").sort("text")
    assert found["text"].to_list() == ["3", "one", "two"]
    assert found["@n"].to_list() == [None, 1.0, 2.5]
    assert found["@tags"].to_list() == [None, ["x"], None]


def test_a_column_that_no_line_has_is_a_mistake_of_the_job(tmp_path: Path) -> None:
    for number in range(30):
        jsonl_file(tmp_path / f"{number:02d}.jsonl", [b'{"text": "one", "url": "u"}'])
    files = list_files([entry(tmp_path).paths])
    for wrong in ({"url": "urll"}, {"read": ("text.a", "none")}):
        with pytest.raises(InputError, match=r"no file has .*; available: text, url"):
            resolve_columns([entry(tmp_path, **wrong)], files)
    jsonl_file(tmp_path / "15.jsonl", [b'{"text": "one", "urll": "u"}'])
    _, _, failed = resolve_columns([entry(tmp_path, url="urll")], files)
    assert failed == []


def test_a_line_over_budget_is_one_failed_row() -> None:
    stream = io.BytesIO(b'{"text": "a"}\n' + b"x" * 5_000_000 + b'\n{"text": "b"}\n')
    ((first, lines),) = jsonl.read_lines(stream, "a.jsonl", 1 << 30, longest=1_000_000)
    assert first == 0
    assert lines[0] == b'{"text": "a"}'
    assert lines[1] == "line of 5,000,000 bytes is over the budget of 1,000,000"
    assert lines[2] == b'{"text": "b"}'


@given(st.lists(st.binary(max_size=40).map(lambda b: b.replace(b"\n", b""))), st.integers(3, 50))
def test_lines_do_not_depend_on_blocks(lines: list[bytes], block: int) -> None:
    body = b"\n".join(lines)
    wanted = [line for line in body.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip()]

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(block)

    batches = jsonl.read_lines(Slow(body), "a.jsonl", 10, 1 << 20)
    assert [line for _, some in batches for line in some] == wanted


def test_nested_paths_are_joined_by_newlines(tmp_path: Path) -> None:
    rows = [
        {"messages": [{"content": "one"}, {"content": "two"}], "meta": {"u": "x"}},
        {"messages": [], "meta": {"u": None}},
        {"messages": None, "meta": None},
    ]
    frame = pl.DataFrame(
        rows,
        schema={
            "messages": pl.List(pl.Struct({"content": pl.String})),
            "meta": pl.Struct({"u": pl.String}),
        },
    )
    frame.write_parquet(tmp_path / "a.parquet")
    found = whole(tmp_path / "a.parquet", text="messages[].content", url="meta.u")
    assert found["text"].to_list() == ["one\ntwo", "", None]
    assert found["url"].to_list() == ["x", None, None]
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    again = whole(tmp_path / "a.jsonl", text="messages[].content", url="meta.u")
    assert again["text"].to_list() == ["one\ntwo", "", None]


def test_types_of_parquet_strings_do_not_matter(tmp_path: Path) -> None:
    for number, kind in enumerate(
        [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]
    ):
        table = pa.table({"text": pa.array(["ä", None, "b"], pa.string()).cast(kind)})
        pq.write_table(table, tmp_path / f"{number}.parquet")
        assert whole(tmp_path / f"{number}.parquet")["text"].to_list() == ["ä", None, "b"]
    pq.write_table(pa.table({"text": pa.array([b"\xc3\xa4", b"\xff"])}), tmp_path / "b.parquet")
    found = whole(tmp_path / "b.parquet")
    assert found["text"].to_list() == ["ä", None]
    assert found["error"].to_list() == [None, "invalid UTF-8"]


def test_carried_columns_keep_their_types_and_bear_other_names_inside(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"text": ["a"], "n": [3], "when": [None], "file": ["x"], "deep": [{"a": [1, 2]}]},
        schema_overrides={"when": pl.Datetime("us")},
    )
    frame.write_parquet(tmp_path / "a.parquet")
    found = whole(tmp_path / "a.parquet", read="all")
    assert found.schema["@n"] == pl.Int64
    assert found.schema["@when"] == pl.Datetime("us")
    assert found["@file"].to_list() == ["x"]
    assert found["@deep"].to_list() == [{"a": [1, 2]}]


def test_sources_come_from_a_column_a_value_or_the_path(tmp_path: Path) -> None:
    place = tmp_path / "cc/2024/a.parquet"
    place.parent.mkdir(parents=True)
    pl.DataFrame({"text": ["a"], "s": [5]}).write_parquet(place)
    assert whole(place, source={"column": "s"})["source"].to_list() == ["5"]
    assert whole(place, source={"value": "wanjuan"})["source"].to_list() == ["wanjuan"]
    assert whole(place, source={"path": "cc/([^/]+)/"})["source"].to_list() == ["2024"]


def test_a_bad_row_group_is_failed_rows_not_a_lost_file(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    texts = [f"text number {i} " * 50 for i in range(300)]
    pq.write_table(pa.table({"text": texts}), path, row_group_size=100, compression="zstd")
    meta = pq.ParquetFile(path).metadata
    chunk = meta.row_group(1).column(0)
    raw = bytearray(path.read_bytes())
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    size = chunk.total_compressed_size
    raw[start + 20 : start + size - 4] = b"\x55" * (size - 24)
    path.write_bytes(bytes(raw))
    found = whole(path)
    assert found["row"].to_list() == list(range(300))
    bad = found.filter(pl.col("error").is_not_null())
    assert bad["row"].to_list() == list(range(100, 200))
    assert "row group 1 cannot be decoded" in bad["error"][0]
    assert str(tmp_path) not in bad["error"][0]


def warc(*records: tuple[str, bytes]) -> bytes:
    made = b""
    for kind, body in records:
        head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: http://a.example/{kind}\r\n"
        head += "WARC-Date: 2024-01-01T00:00:00Z\r\n"
        head += "WARC-Record-ID: <urn:uuid:12345678-0000-0000-0000-000000000001>\r\n"
        http = "text/plain" if kind == "conversion" else f"application/http; msgtype={kind}"
        head += f"Content-Type: {http}\r\nContent-Length: {len(body)}\r\n\r\n"
        made += head.encode() + body + b"\r\n\r\n"
    return made


def test_warc_rows_are_responses_with_their_http_facts(tmp_path: Path) -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Robots-Tag: noai\r\n\r\n<p>hi</p>"
    body = warc(("warcinfo", b"x"), ("request", b"GET /"), ("response", page))
    for name, packed in (("a.warc", body), ("b.warc.gz", gzip.compress(body))):
        (tmp_path / name).write_bytes(packed)
        found = whole(tmp_path / name, text=None, html="payload")
        assert found["html"].to_list() == [b"<p>hi</p>"]
        assert found["url"].to_list() == ["http://a.example/response"]
        assert found["@status"].to_list() == [200]
        assert "X-Robots-Tag: noai" in found["@headers"][0]


def test_wet_rows_are_conversions(tmp_path: Path) -> None:
    (tmp_path / "a.wet").write_bytes(warc(("conversion", "plain ä".encode())))
    assert whole(tmp_path / "a.wet")["text"].to_list() == ["plain ä"]


def unchecked(path: Path) -> list[Part]:
    """Read a file that no plan would have found usable."""
    archive = "warc" in path.name
    body = {"html": "payload", "text": None} if archive else {"html": None, "text": "text"}
    columns = Columns(**body, id=None, labels={}, source={}, carried={}, carried_types={})
    piece = Piece(0, str(path), "", 0, kind_of(path.name) or "")
    return list(read_parts([piece], [columns], 1 << 20))


BROKEN = {
    "empty.parquet": b"",
    "magic.parquet": b"PAR1",
    "garbage.parquet": bytes(range(256)) * 20,
    "empty.jsonl.gz": b"\x1f\x8b",
    "text.jsonl.gz": b'{"text": "not compressed"}\n',
    "text.jsonl.zst": b'{"text": "not compressed"}\n',
    "zip.jsonl.gz": b"PK\3\4",
    "skippable.jsonl.zst": b"\x50\x2a\x4d\x18\x04",
    "html.warc": b"<html>no archive</html>",
    "short.warc.gz": gzip.compress(warc(("response", b"HTTP/1.1 200 OK\r\n\r\nx")))[:40],
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_named_and_nothing_else_happens(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(BROKEN[name])
    parts = unchecked(path)
    failed = [one.error for part in parts for one in part.failed]
    rows = sum(len(part.docs) for part in parts)
    good = sum(int(part.docs["error"].is_null().sum()) for part in parts)
    assert good == 0
    assert failed or rows == 0
    assert all(name in error for error in failed)


def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cleaner.corpus.inflate.BOMB_GRACE", 1 << 20)
    monkeypatch.setattr("cleaner.corpus.inflate.MAX_RATIO", 100)
    (tmp_path / "a.jsonl.zst").write_bytes(zstandard.ZstdCompressor().compress(b"0" * 50_000_000))
    (failed,) = unchecked(tmp_path / "a.jsonl.zst")[-1].failed
    assert "refused as a bomb" in failed.error


def test_parts_are_cut_by_bytes_and_the_last_is_marked(tmp_path: Path) -> None:
    frame = pl.DataFrame({"text": [f"{i} " + "x" * 1000 for i in range(5000)]})
    frame.write_parquet(tmp_path / "a.parquet", row_group_size=100_000)
    parts = read(tmp_path / "a.parquet", part_bytes=1_000_000)
    assert len(parts) > 1
    assert [part.last for part in parts] == [False] * (len(parts) - 1) + [True]
    rows = [row for part in parts for row in part.docs["row"].to_list()]
    assert rows == list(range(5000))
    assert [part.spans[0][0] for part in parts] == [0] * len(parts)


def test_a_document_over_budget_fails_and_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cleaner.corpus.read.MAX_DOCUMENT", 100)
    for name, column in (("text", "text"), ("html", "html")):
        pl.DataFrame({column: ["a", "b" * 101, "c" * 100]}).write_parquet(tmp_path / "a.parquet")
        entry = {"text": "text"} if name == "text" else {"text": None, "html": "html"}
        found = whole(tmp_path / "a.parquet", **entry)
        assert found["error"].to_list() == [None, "101 bytes are over the budget of 100", None]
        assert found[column][1] is None


def test_small_files_are_packed_and_large_ones_cut_at_row_groups(tmp_path: Path) -> None:
    for i in range(20):
        pl.DataFrame({"text": ["small"]}).write_parquet(tmp_path / f"s{i:02d}.parquet")
    import numpy as np

    rng = np.random.default_rng(0)
    big = pl.DataFrame({"text": [rng.bytes(3000).hex() for _ in range(1200)]})
    big.write_parquet(tmp_path / "zbig.parquet", row_group_size=300, compression="uncompressed")
    files, failed = read_footers(list_files([[f"{tmp_path}/*.parquet"]]))
    assert not failed
    units = cut_units(files, 4_000_000)
    assert [len(pieces) for _, pieces in units] == [20, 1, 1]
    assert [pieces[0].groups for _, pieces in units][1:] == [(0, 2), (2, 4)]
    assert units[2][1][0].first_row == 600


def test_files_are_listed_in_order_and_only_once(tmp_path: Path) -> None:
    for name in ("b.parquet", "a.parquet", "deep/c.parquet"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        pl.DataFrame({"text": ["x"]}).write_parquet(tmp_path / name)
    flat = list_files([[f"{tmp_path}/*.parquet"]])
    assert [Path(file.path).name for file in flat] == ["a.parquet", "b.parquet"]
    deep = list_files([[f"{tmp_path}/**/*.parquet"]])
    assert [Path(file.path).name for file in deep] == ["a.parquet", "b.parquet", "c.parquet"]
    with pytest.raises(JobError, match=r"also in input\.0"):
        list_files([[f"{tmp_path}/*.parquet"], [f"{tmp_path}/a.parquet"]])
    with zipfile.ZipFile(tmp_path / "a.zip", "w"):
        pass
    with pytest.raises(JobError, match=r"unknown suffix; available: \.parquet"):
        list_files([[f"{tmp_path}/*.zip"]])
    with pytest.raises(InputError, match="no file matches"):
        list_files([[str(tmp_path / "none*")]])


DELTA = ["DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"]


@pytest.mark.parametrize("encoding", DELTA)
@pytest.mark.parametrize("column", ["text", "url", "id", "more", "unread"])
def test_delta_encoded_strings_are_read(tmp_path: Path, encoding: str, column: str) -> None:
    rows = 1000
    table = pa.table(
        {
            "text": [f"text {i}" for i in range(rows)],
            "url": [f"http://a.example/{i}" for i in range(rows)],
            "id": pa.array([f"id {i % 7}".encode() for i in range(rows)], pa.binary()),
            "more": pa.array([None] * rows, pa.string()),
            "unread": ["x"] * rows,
            "n": list(range(rows)),
        }
    )
    pq.write_table(
        table, tmp_path / "a.parquet", use_dictionary=False, row_group_size=400,
        column_encoding={column: encoding, "n": "DELTA_BINARY_PACKED"},
    )  # fmt: skip
    found = whole(tmp_path / "a.parquet", id="id", url="url", read=("more", "n"))
    assert found["error"].null_count() == rows
    for name in ("text", "url"):
        assert found[name].to_list() == table[name].to_pylist()
    assert found["id"].to_list()[:3] == ["id 0", "id 1", "id 2"]
    assert found["@n"].to_list() == list(range(rows))
    assert found["row"].to_list() == list(range(rows))


def test_pages_that_turn_from_a_dictionary_to_delta_in_the_middle(tmp_path: Path) -> None:
    texts = [*["the same"] * 3000, *[f"text {i} " * 40 for i in range(3000)]]
    pq.write_table(
        pa.table({"text": texts}), tmp_path / "a.parquet", data_page_size=2000, version="2.6",
        dictionary_pagesize_limit=4000, data_page_version="2.0",
    )  # fmt: skip
    assert whole(tmp_path / "a.parquet")["text"].to_list() == texts


NAMES = [
    "a.jsonl", "a.ndjson", "a.json", "a.jsonl.gz", "a.json.gz", "a.ndjson.gz", "a.json.zst",
    "a.ndjson.zst", "a.jsonl.zstd", "a.JSONL.GZ", "a.jsonl.ZST", "a.Json.Gz",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_lines_are_read_by_every_suffix_in_use(tmp_path: Path, name: str) -> None:
    body = b'{"text": "one"}\n{"text": "two"}\n'
    if name.lower().endswith("gz"):
        body = gzip.compress(body)
    elif name.lower().endswith(("zst", "zstd")):
        body = zstandard.ZstdCompressor().compress(body)
    (tmp_path / name).write_bytes(body)
    assert whole(tmp_path / name)["text"].to_list() == ["one", "two"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("a.csv", "write it as Parquet"),
        ("a.ARROW", "write it as Parquet"),
        ("a.feather", "write it as Parquet"),
        ("a.txt", "one JSON object per document"),
        ("README.md", "one JSON object per document"),
        ("a.jsonl.bz2", "pack it as .gz or .zst"),
        ("a.parquet.gz", "available: .parquet, .jsonl, "),
        ("_SUCCESS", "narrow the pattern"),
    ],
)
def test_other_suffixes_are_refused_with_what_there_is(
    tmp_path: Path, name: str, hint: str
) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(JobError, match=r"available: .parquet, .jsonl, .*") as error:
        list_files([[str(tmp_path / name)]])
    assert hint in str(error.value)


@pytest.mark.parametrize(
    "body", ['[{"text": "one"}]', '[\n{"text": "one"}\n]', '{\n"text": "one"\n}']
)
def test_a_json_document_is_not_taken_for_lines(tmp_path: Path, body: str) -> None:
    (tmp_path / "a.json").write_text(body)
    with pytest.raises(InputError, match="is one JSON value, not one object per line"):
        whole(tmp_path / "a.json")


def test_the_page_on_inputs_names_every_suffix() -> None:
    page = (Path(__file__).parents[1] / "docs/inputs.md").read_text("utf-8")
    formats = page.split("## Formats")[1].split("## Columns")[0]
    for suffix in (suffix for one in FORMATS.values() for suffix in one.suffixes):
        base, *packed = re.findall(r"\.[a-z]+", suffix)
        alone = [f"`{name}`" in formats for name in (base, *packed)]
        assert f"`{suffix}`" in formats or all(alone), suffix

"""Archives as crawlers write them: a body is what a browser shows, and what warcio reads."""

import gzip
import io
import zlib
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from support.corpus_maker import texts
from warcio.archiveiterator import ArchiveIterator

from cleaner.corpus.http import unchunked
from cleaner.corpus.warc import read_records
from cleaner.errors import UnreadableFile
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.runs.driver import run_plan

PAGE = ("<html><body><p>" + " ".join(texts(6, seed=5)) + "</p></body></html>").encode()
LONG = "\n".join(texts(600, seed=6)).encode()
OTHER = "<p>Ein Übersatz über Flüsse, 河流 und Brücken.</p>".encode()


def response(head: str, body: bytes, end: str = "\r\n") -> bytes:
    lines = ["HTTP/1.1 200 OK", "Content-Type: text/html", *head.split("|")]
    return end.join([*(line for line in lines if line), "", ""]).encode() + body


def record(block: bytes, kind: str = "response", **fields: str) -> bytes:
    """Return a record; a field named `content_length` takes the place of the usual one."""
    known = {
        "WARC-Type": kind, "WARC-Target-URI": "http://a.example/",
        "WARC-Date": "2024-01-01T00:00:00Z", "WARC-Record-ID": "<urn:uuid:1>",
        "Content-Type": "application/http; msgtype=response", "Content-Length": str(len(block)),
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }  # fmt: skip
    head = "".join(f"{name}: {value}\r\n" for name, value in known.items())
    return f"WARC/1.0\r\n{head}\r\n".encode() + block + b"\r\n\r\n"


def rows(archive: bytes, name: str = "a.warc", longest: int = 1 << 24) -> list[dict[str, Any]]:
    batches = read_records(io.BytesIO(archive), name, 1 << 20, longest)
    return [row for _, columns in batches for row in pl.DataFrame(columns).iter_rows(named=True)]


def peer(archive: bytes) -> list[bytes]:
    found = ArchiveIterator(io.BytesIO(archive))
    return [one.content_stream().read() for one in found if one.rec_type == "response"]


def chunks(body: bytes, size: int = 100, extension: str = "", end: bytes = b"\r\n") -> bytes:
    cut = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(f"{len(one):x}{extension}".encode() + end + one + end for one in cut)


def brotli(body: bytes) -> bytes:
    return bytes(pa.Codec("brotli").compress(body, asbytes=True))


def bare_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(body) + packer.flush()


LAST = b"0\r\n\r\n"
CHUNKED = "Transfer-Encoding: chunked"
WHOLE = {
    "plain": ("", PAGE),
    "chunked": (CHUNKED, chunks(PAGE) + LAST),
    "chunked, extensions": (CHUNKED, chunks(PAGE, extension=";name=value") + LAST),
    "chunked, a quoted extension": (CHUNKED, chunks(PAGE, extension=' ; a="b; c"') + LAST),
    "chunked, no last chunk": (CHUNKED, chunks(PAGE)),
    "chunked, padded sizes": (CHUNKED, chunks(PAGE, extension="   ") + LAST),
    "chunked, bare LF": (CHUNKED, chunks(PAGE, end=b"\n") + b"0\n\n"),
    "chunked, trailers": (CHUNKED, chunks(PAGE) + b"0\r\nExpires: never\r\n\r\n"),
    "chunked, one large": ("transfer-encoding: Chunked", chunks(PAGE, 1 << 20) + LAST),
    "no chunks": (CHUNKED, PAGE),
    "gzip": ("Content-Encoding: gzip", gzip.compress(PAGE)),
    "gzip, members": (
        "Content-Encoding: x-gzip", gzip.compress(PAGE[:9]) + gzip.compress(PAGE[9:]),
    ),
    "gzip, noise behind": ("Content-Encoding: gzip", gzip.compress(PAGE) + b"\r\n<!-- -->"),
    "deflate": ("Content-Encoding: deflate", zlib.compress(PAGE)),
    "deflate, bare": ("Content-Encoding: deflate", bare_deflate(PAGE)),
    "br": ("Content-Encoding: br", brotli(PAGE)),
    "zstd": ("Content-Encoding: zstd", zstandard.compress(PAGE)),
    "twice": ("Content-Encoding: gzip, br", brotli(gzip.compress(PAGE))),
    "said twice": ("Content-Encoding: gzip|Content-Encoding: gzip", gzip.compress(PAGE)),
    "gzip in chunks": (f"Content-Encoding: gzip|{CHUNKED}", chunks(gzip.compress(PAGE)) + LAST),
    "gzip for the transfer": ("Transfer-Encoding: gzip, chunked", chunks(gzip.compress(PAGE))),
    "gzip undone": ("Content-Encoding: gzip", PAGE),
    "deflate undone": ("Content-Encoding: deflate", PAGE),
    "br undone": ("Content-Encoding: br", PAGE),
    "zstd undone": ("Content-Encoding: zstd", PAGE),
    "unknown": ("Content-Encoding: identity, UTF-8", PAGE),
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_a_body_is_whole_whatever_its_head_says(name: str) -> None:
    head, body = WHOLE[name]
    archive = record(response(head, body)) + record(response("", OTHER))
    assert [(row["payload"], row["error"]) for row in rows(archive)] == [
        (PAGE, None),
        (OTHER, None),
    ]


# What warcio leaves encoded: a transfer encoding beside chunks, `Chunked` in capitals, chunks that
# end in a bare LF, a second encoding, noise, `x-gzip`, and encodings that it has no library for.
ALONE = (
    "gzip, members", "chunked, one large",
    "gzip for the transfer", "chunked, bare LF", "chunked, trailers", "br", "br undone", "zstd",
    "zstd undone", "twice", "said twice", "gzip, noise behind",
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(WHOLE) - set(ALONE)))
def test_warcio_reads_the_same_body(name: str) -> None:
    head, body = WHOLE[name]
    archive = record(response(head, body))
    assert [row["payload"] for row in rows(archive)] == peer(archive)


@pytest.mark.parametrize(
    "text", ["x^2 + y^2 = z^2, said once more", "{no page} at all", "nnnn", "6"]
)
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, deflate"])
def test_short_plain_text_is_never_decoded(text: str, coding: str) -> None:
    (row,) = rows(record(response(f"Content-Encoding: {coding}", text.encode())))
    assert (row["payload"], row["error"]) == (text.encode(), None)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize("charset", ["gb18030", "utf-16", "shift_jis", "windows-1251"])
def test_a_plain_body_in_any_charset_stays(coding: str, charset: str) -> None:
    text = {"shift_jis": "<p>川と橋の話です。", "windows-1251": "<p>Река и мост."}
    page = text.get(charset, "<p>河流与桥梁的故事。").encode(charset)
    (row,) = rows(record(response(f"Content-Encoding: {coding}", page)))
    assert (row["payload"], row["error"]) == (page, None)


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(LONG)),
        ("deflate", zlib.compress(LONG)),
        ("br", brotli(LONG)),
        ("zstd", zstandard.compress(LONG)),  # nothing comes of less than a block
    ],
)
def test_a_cut_body_is_read_up_to_the_cut(coding: str, packed: bytes) -> None:
    cut = packed[: len(packed) * 9 // 10]
    (row,) = rows(record(response(f"Content-Encoding: {coding}", cut)))
    assert row["error"] is None
    assert LONG.startswith(row["payload"])
    assert len(row["payload"]) > 200


def test_chunks_that_are_cut_leave_no_sizes_in_the_text() -> None:
    whole = chunks(PAGE) + LAST
    for cut in range(4, len(whole)):
        body = unchunked(whole[:cut])
        assert PAGE.startswith(body) or body + b"\r" == PAGE, cut


def test_a_page_that_begins_with_a_number_stays() -> None:
    for page in (
        b"10\nGreen bottles stand in a long row upon a wall.",
        b"0\nis the first number",
        b"",
    ):
        assert unchunked(page) == page


@given(st.binary(max_size=300), st.integers(1, 40))
def test_chunks_give_back_any_bytes(body: bytes, size: int) -> None:
    assert unchunked(chunks(body, size) + LAST) == body


HEADS = {
    "bare LF": response("X-A: b", PAGE, end="\n"),
    "one bare LF": b"HTTP/1.1 200 OK\nContent-Type: text/html\r\nX-A: b\r\n\r\n" + PAGE,
    "bare LF at the end": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-A: b\n\n" + PAGE,
    "blank lines before": b"\r\n\r\n" + response("X-A: b", PAGE),
    "continued": b"HTTP/1.1 200 OK\r\nContent-Type:\r\n text/html\r\nX-A:\r\n\tb\r\n\r\n" + PAGE,
    "no reason": b"HTTP/2 200\r\ncontent-type: text/html\r\nx-a: b\r\n\r\n" + PAGE,
    "a line that is no field": response("nothing|X-A: b", PAGE),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADS)
def test_a_head_is_read_however_its_lines_end(name: str) -> None:
    (row,) = rows(record(HEADS[name]))
    assert (row["payload"], row["status"]) == (PAGE, 200)
    fields = dict(line.lower().split(": ", 1) for line in row["headers"].splitlines())
    assert fields == {"content-type": "text/html", "x-a": "b"}


def test_what_is_no_answer_is_the_body() -> None:
    blocks = [b"HTTP is a protocol", b"", b"no head at all", b"\x89PNG\r\n\x1a\n"]
    found = rows(b"".join(record(block) for block in blocks))
    assert [(row["payload"], row["status"]) for row in found] == [(block, None) for block in blocks]
    (resource,) = rows(record(response("", PAGE), "resource", Content_Type="text/plain"))
    assert resource["payload"] == response("", PAGE)


def test_a_uri_in_brackets_is_taken_out_of_them() -> None:
    for given_, url in (
        ("<http://a/>", "http://a/"), ("http://a/<b>", "http://a/<b>"), ("<http://a/", "<http://a/"),
    ):  # fmt: skip
        archive = record(response("", PAGE), WARC_Target_URI=given_)
        assert [row["url"] for row in rows(archive)] == [url]


@pytest.mark.parametrize("change", [str.lower, str.upper, lambda head: head.replace("\r\n", "\n")])
def test_fields_of_a_record_go_by_any_case_and_line_end(change: Any) -> None:
    block = response("", PAGE)
    head, _, _ = record(block).decode().partition("\r\n\r\n")
    first, _, rest = head.partition("\r\n")
    names = [line.split(": ", 1) for line in rest.split("\r\n")]
    lines = [first, *(f"{change(name)}: {value}" for name, value in names)]
    one = change("\r\n").join([*lines, "", ""]) if change("\r\n") == "\n" else "\r\n".join(lines)
    made = (one if one.endswith("\n\n") else one + "\r\n\r\n").encode() + block + b"\r\n\r\n"
    found = rows(made + record(response("", OTHER)))
    assert [row["payload"] for row in found] == [PAGE, OTHER]
    assert found[0]["url"] == "http://a.example/"


def test_records_are_streamed_over_any_block(monkeypatch: pytest.MonkeyPatch) -> None:
    archive = b"".join(record(response("", PAGE[: n * 7])) for n in range(40))
    whole = rows(archive)
    assert [len(row["payload"]) for row in whole] == [min(n * 7, len(PAGE)) for n in range(40)]
    for block in (1, 7, 64, 1000):
        monkeypatch.setattr("cleaner.corpus.warc._BLOCK", block)
        assert rows(archive) == whole
        assert rows(gzip.compress(archive), "a.warc.gz") == whole


def test_damage_is_named_by_its_byte() -> None:
    good = record(response("", PAGE))
    for bad in (
        b"noise\r\n" + good,
        b"WARC 1.0\r\n",
        record(response("", PAGE), Content_Length="9"),
    ):
        with pytest.raises(UnreadableFile, match=rf"begins at byte ({len(good):,}|[\d,]+)"):
            rows(good + bad)


@pytest.mark.parametrize("read", ["all", ["status", "headers"]])
def test_an_archive_is_read_with_all_its_columns(tmp_path: Path, read: Any) -> None:
    (tmp_path / "a.warc").write_bytes(record(response("X-A: b", PAGE)))
    entry = {"paths": str(tmp_path / "a.warc"), "html": "html", "read": read}
    plain = {"name": "a", "input": entry, "stages": [{"extract": {}}]}
    done = run_plan(make_plan(parse_job(plain)), str(tmp_path / "run"), engine="inline")
    assert done["rows"]["kept"] == 1
    (shard,) = (tmp_path / "run/shards").iterdir()
    found = pl.read_parquet(shard).row(0, named=True)
    assert found["status"] == 200
    assert "X-A: b" in found["headers"]


def test_a_wet_file_is_read_with_all_its_columns(tmp_path: Path) -> None:
    block = " ".join(texts(1)).encode()
    (tmp_path / "a.wet").write_bytes(record(block, "conversion", Content_Type="text/plain"))
    entry = {"paths": str(tmp_path / "a.wet"), "text": "text", "read": "all"}
    plain = {"name": "a", "input": entry, "stages": []}
    done = run_plan(make_plan(parse_job(plain)), str(tmp_path / "run"), engine="inline")
    assert (done["rows"]["kept"], done["failed_files"]) == (1, [])

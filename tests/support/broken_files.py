"""Files broken in every way we know, by name: how to make each, and what must come of it."""

import gzip
import io
import json
import struct
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

ROWS = 30
TEXTS = [
    f"Text number {i} tells of rivers, stones and the houses beside them." for i in range(ROWS)
]


def parquet(table: pa.Table | None = None, group: int = 10, **options: Any) -> bytes:
    """Return a Parquet file of three row groups of ten texts, or of `table`."""
    sink = io.BytesIO()
    ids = [f"d{i}" for i in range(ROWS)]
    given = pa.table({"id": ids, "text": TEXTS}) if table is None else table
    pq.write_table(given, sink, row_group_size=group, **options)
    return sink.getvalue()


def lines(*rows: Any) -> bytes:
    """Return JSON Lines; a row that is bytes already goes in as it is."""
    made = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    return b"".join(line + b"\n" for line in made)


def good_lines() -> bytes:
    return lines(*({"id": f"d{i}", "text": text} for i, text in enumerate(TEXTS)))


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


def record(body: bytes, kind: str = "response", length: int | None = None) -> bytes:
    """Return one WARC record; `length` is what its head claims."""
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: http://a.example/\r\n"
        "WARC-Date: 2024-01-01T00:00:00Z\r\n"
        "WARC-Record-ID: <urn:uuid:12345678-0000-0000-0000-000000000001>\r\n"
        "Content-Type: application/http; msgtype=response\r\n"
        f"Content-Length: {len(body) if length is None else length}\r\n\r\n"
    )
    return head.encode() + body + b"\r\n\r\n"


def answer(text: str = TEXTS[0], head: str = "Content-Type: text/html") -> bytes:
    """Return an HTTP response with a small page."""
    return f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n<html><body><p>{text}</p></body></html>".encode()


def archive() -> bytes:
    return b"".join(record(answer(text)) for text in TEXTS)


def _footer_length(data: bytes, length: int) -> bytes:
    return data[:-8] + struct.pack("<I", length) + data[-4:]


def _without_footer() -> bytes:
    data = parquet()
    (length,) = struct.unpack("<I", data[-8:-4])
    return data[: -8 - length]


def _noise_in_footer() -> bytes:
    data = bytearray(parquet())
    (length,) = struct.unpack("<I", data[-8:-4])
    middle = len(data) - 8 - length // 2
    data[middle : middle + 40] = b"\xff" * 40
    return bytes(data)


def _damaged_page(column: str, **options: Any) -> bytes:
    """Damage the pages of one column in the second row group."""
    data = bytearray(parquet(use_dictionary=False, **options))
    group = pq.ParquetFile(io.BytesIO(bytes(data))).metadata.row_group(1)
    chunk = next(
        group.column(i)
        for i in range(group.num_columns)
        if group.column(i).path_in_schema.startswith(column)
    )
    end = chunk.data_page_offset + chunk.total_compressed_size
    data[end - 40 : end - 4] = b"\xaa" * 36
    return bytes(data)


def _page_header() -> bytes:
    data = bytearray(parquet(use_dictionary=False))
    chunk = pq.ParquetFile(io.BytesIO(bytes(data))).metadata.row_group(1).column(1)
    data[chunk.data_page_offset : chunk.data_page_offset + 8] = b"\xff" * 8
    return bytes(data)


def _cut_at_group(number: int) -> bytes:
    """Cut bytes out of a row group and keep the footer, as a bad copy does."""
    data = parquet(use_dictionary=False)
    chunk = pq.ParquetFile(io.BytesIO(data)).metadata.row_group(number).column(1)
    return data[: chunk.data_page_offset] + data[chunk.data_page_offset + 100 :]


def _text_as(values: Sequence[Any], kind: pa.DataType) -> bytes:
    return parquet(pa.table({"id": [f"d{i}" for i in range(len(values))],
                             "text": pa.array(values, kind)}))  # fmt: skip


def _bad_utf8() -> bytes:
    raw = [text.encode() for text in TEXTS]
    raw[7] = b"\xff\xfe broken"
    array = pa.array(raw, pa.binary()).cast(pa.binary())
    broken = pa.Array.from_buffers(pa.string(), len(raw), array.buffers())
    return parquet(pa.table({"id": [f"d{i}" for i in range(ROWS)], "text": broken}))


def _many_groups() -> bytes:
    return parquet(pa.table({"id": ["d"] * 3000, "text": [f"{i} words" for i in range(3000)]}), 1)


def _zip(data: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("data.jsonl", data)
    return sink.getvalue()


def _flipped(data: bytes, at: float) -> bytes:
    changed = bytearray(data)
    place = int(len(data) * at)
    changed[place : place + 8] = bytes(255 - byte for byte in changed[place : place + 8])
    return bytes(changed)


def _gzip_bad_sum() -> bytes:
    data = gzip.compress(good_lines(), mtime=0)
    return data[:-8] + b"\0\0\0\0" + data[-4:]


def _struct() -> bytes:
    sink = io.BytesIO()
    pl.DataFrame({"id": ["d0"], "text": [{"a": [None, "x"]}]}).write_parquet(sink)
    return sink.getvalue()


_ROW = {"id": "d0", "text": TEXTS[0]}
_DEEP = b'{"id": "deep", "text": "fine", "more": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"
_OPEN = b'{"id": "deep", "text": ' + b'{"a":' * 50_000

# file name -> (its bytes, rows kept, rows failed, whether the file is named as failed)
Broken = tuple[Callable[[], bytes], int, int, bool]
BROKEN: dict[str, Broken] = {
    # Parquet, truncated at each structural place
    "nothing.parquet": (lambda: b"", 0, 0, True),
    "head-magic-only.parquet": (lambda: b"PAR1", 0, 0, True),
    "both-magics-only.parquet": (lambda: b"PAR1PAR1", 0, 0, True),
    "cut-in-a-page.parquet": (lambda: parquet()[:200], 0, 0, True),
    "no-footer.parquet": (_without_footer, 0, 0, True),
    "cut-in-the-footer.parquet": (lambda: parquet()[:-300], 0, 0, True),
    "cut-in-the-footer-length.parquet": (lambda: parquet()[:-6], 0, 0, True),
    "no-tail-magic.parquet": (lambda: parquet()[:-4], 0, 0, True),
    # Parquet, damaged
    "tail-magic.parquet": (lambda: parquet()[:-4] + b"PAR2", 0, 0, True),
    "encrypted-magic.parquet": (lambda: parquet()[:-4] + b"PARE", 0, 0, True),
    "footer-length-huge.parquet": (lambda: _footer_length(parquet(), 2**31), 0, 0, True),
    "footer-length-zero.parquet": (lambda: _footer_length(parquet(), 0), 0, 0, True),
    "footer-noise.parquet": (_noise_in_footer, 0, 0, True),
    "text.parquet": (lambda: b"not a Parquet file\n" * 100, 0, 0, True),
    "zipped.parquet": (lambda: _zip(parquet()), 0, 0, True),
    "page-header.parquet": (_page_header, 20, 10, False),
    "zstd-page.parquet": (lambda: _damaged_page("text", compression="zstd"), 20, 10, False),
    "gzip-page.parquet": (lambda: _damaged_page("text", compression="gzip"), 20, 10, False),
    "snappy-page.parquet": (lambda: _damaged_page("text", compression="snappy"), 20, 10, False),
    "cut-out-of-a-group.parquet": (lambda: _cut_at_group(1), 10, 20, False),
    # Parquet, of another shape than the job expects
    "no-text.parquet": (lambda: parquet(pa.table({"id": ["a"], "body": ["b"]})), 0, 0, True),
    "no-columns.parquet": (lambda: parquet(pa.table({})), 0, 0, True),
    "zero-rows.parquet": (lambda: parquet(pa.table({"id": TEXTS, "text": TEXTS})[:0]), 0, 0, False),
    "text-is-integer.parquet": (lambda: _text_as(range(ROWS), pa.int64()), 0, 0, True),
    "text-is-float.parquet": (lambda: _text_as([0.5, 1.5], pa.float64()), 0, 0, True),
    "text-is-list.parquet": (lambda: _text_as([["a"]], pa.list_(pa.string())), 0, 0, True),
    "text-is-struct.parquet": (_struct, 0, 0, True),
    "text-is-null.parquet": (lambda: _text_as([None] * 5, pa.null()), 0, 5, False),
    "nulls-between.parquet": (lambda: _text_as(["a b", None, "c d"], pa.string()), 2, 1, False),
    "bad-utf8.parquet": (_bad_utf8, 29, 1, False),
    "id-is-list.parquet": (
        lambda: parquet(pa.table({"id": [["a"]], "text": ["b"]})), 0, 0, True,
    ),
    "ids-repeat.parquet": (
        lambda: parquet(pa.table({"id": ["same"] * ROWS, "text": TEXTS})), ROWS, 0, False,
    ),
    "column-name-is-not-utf8.parquet": (
        lambda: parquet(store_schema=False).replace(b"text", b"te\xffx"), 0, 0, True,
    ),
    "columns-repeat.parquet": (
        lambda: parquet(pa.table([["a"], ["b"], ["c"]], names=["id", "text", "text"])), 0, 0, True,
    ),
    "many-groups.parquet": (_many_groups, 3000, 0, False),
    # JSON Lines
    "nothing.jsonl": (lambda: b"", 0, 0, False),
    "blank.jsonl": (lambda: b"\n \n\r\n\t\n", 0, 0, False),
    "bom.jsonl": (lambda: b"\xef\xbb\xbf" + good_lines(), ROWS, 0, False),
    "bom-inside.jsonl": (lambda: good_lines() + b"\xef\xbb\xbf" + lines(_ROW), ROWS, 1, False),
    "crlf.jsonl": (lambda: good_lines().replace(b"\n", b"\r\n"), ROWS, 0, False),
    "cr-only.jsonl": (lambda: good_lines().replace(b"\n", b"\r"), 0, 1, False),
    "utf-16.jsonl": (lambda: good_lines().decode().encode("utf-16"), 0, ROWS + 1, False),
    "nul.jsonl": (lambda: lines(_ROW, b'{"text": "a\0b"}', b"\0" * 99), 1, 2, False),
    "nul-escaped.jsonl": (lambda: lines(_ROW, {"text": "a\0b c"}), 2, 0, False),
    "lone-surrogate.jsonl": (lambda: lines(b'{"text": "a \\ud800 b"}', _ROW), 1, 1, False),
    "bad-utf8.jsonl": (lambda: lines(b'{"text": "a \xff b"}', _ROW), 1, 1, False),
    "deep.jsonl": (lambda: lines(_DEEP, _ROW), 1, 1, False),
    "deep-open.jsonl": (lambda: lines(_OPEN, _ROW), 1, 1, False),
    "no-last-newline.jsonl": (lambda: good_lines()[:-1], ROWS, 0, False),
    "cut-line.jsonl": (lambda: good_lines()[:-20], ROWS - 1, 1, False),
    "one-array.json.jsonl": (lambda: json.dumps([_ROW, _ROW]).encode(), 0, 1, False),
    "pretty.jsonl": (lambda: json.dumps(_ROW, indent=2).encode(), 0, 4, False),
    "scalars.jsonl": (lambda: b'1\n"a"\nnull\ntrue\n1e999\nNaN\n[]\n{}\n', 0, 8, False),
    "texts-of-any-type.jsonl": (
        lambda: lines(*({"id": "d", "text": v} for v in (1, 1.5, None, True, [], {}, "a b"))),
        1, 6, False,
    ),
    "huge-numbers.jsonl": (
        lambda: lines(b'{"id": 1' + b"0" * 5000 + b', "text": "a b"}', {"id": 2**70, "text": "c"}),
        1, 1, False,
    ),
    "ids-of-any-type.jsonl": (
        lambda: lines(*({"id": v, "text": "a b"} for v in (1, "x", None, True, 2.5))), 5, 0, False,
    ),
    "keys-repeat.jsonl": (
        lambda: lines(b'{"id": "d", "text": "first", "text": "second"}'), 1, 0, False,
    ),
    "no-id.jsonl": (lambda: lines(*({"text": text} for text in TEXTS)), ROWS, 0, False),
    "no-text.jsonl": (
        lambda: lines(*({"id": "d", "body": text} for text in TEXTS)), 0, ROWS, False,
    ),
    "late-text.jsonl": (
        lambda: lines(*[{"id": "d"}] * 250, *({"text": text} for text in TEXTS)), ROWS, 250, False,
    ),
    "parquet.jsonl": (lambda: b"PAR1\n\x15\x04\nPAR1", 0, 3, False),
    # compressed streams
    "nothing.jsonl.gz": (lambda: b"", 0, 0, False),
    "head-only.jsonl.gz": (lambda: gzip.compress(b"")[:10], 0, 0, True),
    "plain.jsonl.gz": (good_lines, 0, 0, True),
    "zip.jsonl.gz": (lambda: _zip(good_lines()), 0, 0, True),
    "cut.jsonl.gz": (lambda: gzip.compress(good_lines(), mtime=0)[:150], 8, 0, True),
    "bad-sum.jsonl.gz": (_gzip_bad_sum, 0, 0, True),
    "garbage-after.jsonl.gz": (lambda: gzip.compress(good_lines()) + b"xyz", ROWS, 0, True),
    "members.jsonl.gz": (
        lambda: gzip.compress(good_lines()[:333]) + gzip.compress(good_lines()[333:]),
        ROWS, 0, False,
    ),
    "empty-members.jsonl.gz": (
        lambda: gzip.compress(b"") * 3 + gzip.compress(good_lines()), ROWS, 0, False,
    ),
    "nothing.jsonl.zst": (lambda: b"", 0, 0, False),
    "magic-only.jsonl.zst": (lambda: zstd(b"x")[:4], 0, 0, True),
    "flipped.jsonl.zst": (lambda: _flipped(zstd(good_lines()), 0.5), 0, 0, True),
    "cut.jsonl.zst": (lambda: zstd(good_lines())[:-30], 0, 0, True),
    "plain.jsonl.zst": (good_lines, 0, 0, True),
    "window.jsonl.zst": (
        lambda: b"\x28\xb5\x2f\xfd\x00\xff" + b"\0" * 16, 0, 0, True,
    ),
    "frames.jsonl.zst": (
        lambda: zstd(good_lines()[:333]) + zstd(good_lines()[333:]), ROWS, 0, False,
    ),
    "skippable.jsonl.zst": (
        lambda: b"\x50\x2a\x4d\x18\x03\0\0\0abc" + zstd(good_lines()), ROWS, 0, False,
    ),
    "doubly.jsonl.gz": (lambda: gzip.compress(b"\x1f\x8b\x08\0\n\xed\n"), 0, 2, False),
    # archives
    "nothing.warc": (lambda: b"", 0, 0, False),
    "html.warc": (lambda: answer(), 0, 0, True),
    "cut-in-a-head.warc": (lambda: archive() + archive()[:40], ROWS, 1, False),
    "cut-in-a-body.warc": (lambda: archive() + record(answer())[:-40], ROWS, 1, True),
    "length-too-long.warc": (lambda: record(answer(), length=10**6) + archive(), 0, 1, True),
    "length-too-short.warc": (lambda: archive() + record(answer(), length=40), ROWS, 0, True),
    "length-negative.warc": (lambda: archive() + record(answer(), length=-1), ROWS, 1, True),
    "no-http.warc": (lambda: record(b"no HTTP at all") + archive(), ROWS, 0, False),
    "bad-chunks.warc": (
        lambda: record(answer(head="Transfer-Encoding: chunked")) + archive(), ROWS + 1, 0, False,
    ),
    "bad-gzip-body.warc": (
        lambda: record(answer(head="Content-Encoding: gzip").replace(b"<html", b"\x1f\x8b\x08"))
        + archive(), ROWS, 1, False,
    ),
    "plain-for-gzip-body.warc": (
        lambda: record(answer(head="Content-Encoding: gzip")) + archive(), ROWS + 1, 0, False,
    ),
    "noise-between.warc": (lambda: archive() + b"\0noise\r\n" + archive(), ROWS, 0, True),
    "cut.warc.gz": (lambda: gzip.compress(archive(), mtime=0)[:-20], 27, 0, True),
    "plain.warc.gz": (archive, 0, 0, True),
    "swallowed-by-a-request.warc": (
        lambda: archive() + record(b"GET /", "request", 10**6) + archive(), ROWS, 0, True,
    ),
}  # fmt: skip

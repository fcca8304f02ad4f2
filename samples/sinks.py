"""Files of rows: Parquet, JSON Lines and web archives; equal rows give equal bytes."""

import gzip
import json
import uuid
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import IO, Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from .rows import Form, Gold, Row

_LABELS = ("url", "date", "source", "licence")
SCHEMAS: dict[str, pa.Schema] = {
    form: pa.schema(
        [("id", pa.large_string()), (form, kind), *((name, pa.large_string()) for name in _LABELS)]
    )
    for form, kind in (("html", pa.large_binary()), ("text", pa.large_string()))
}
_TYPES = {"bool": pa.bool_(), "int": pa.int32(), "float | None": pa.float32()}
GOLD = pa.schema(
    [
        ("file", pa.large_string()),
        ("row", pa.int64()),
        ("id", pa.large_string()),
        *(
            (
                field.name,
                _TYPES.get(getattr(field.type, "__name__", str(field.type)), pa.large_string()),
            )
            for field in fields(Gold)
        ),
    ]
)


class Sink(Protocol):
    """Where rows go."""

    def write(self, rows: list[Row]) -> None:
        """Take some rows."""

    def cut(self) -> None:
        """End a row group, where there is such a thing."""

    def close(self) -> None:
        """End the file."""


def parquet_writer(path: Path, schema: pa.Schema, level: int) -> pq.ParquetWriter:
    """Return a Parquet writer; every setting that changes bytes is named, not left to pyarrow."""
    many = ("html", "text", "id", "url", "row", "cluster")
    return pq.ParquetWriter(
        path, schema, version="2.6", compression="zstd", compression_level=level,
        use_dictionary=[name for name in schema.names if name not in many],
        data_page_size=4 << 20, data_page_version="1.0",
        write_statistics=True, write_page_index=True, store_schema=True,
    )  # fmt: skip


def data_table(rows: list[Row], form: Form) -> pa.Table:
    """Return rows as a corpus holds them."""
    columns = [[getattr(row, name) for row in rows] for name in ("id", "payload", *_LABELS)]
    schema = SCHEMAS[form]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema=schema)


def gold_table(rows: list[Row], first: int, file: str) -> pa.Table:
    """Return the gold of rows, the first of which has the number `first` in its file."""
    columns: list[list[Any]] = [
        [file] * len(rows),
        list(range(first, first + len(rows))),
        [row.id for row in rows],
    ]
    columns += [[getattr(row.gold, field.name) for row in rows] for field in fields(Gold)]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, GOLD, strict=True)]
    return pa.table(arrays, schema=GOLD)


class Parquet:
    """Parquet with zstd; a row group is written when it is whole, from chunks without a copy."""

    def __init__(self, path: Path, form: Form, level: int = 3) -> None:
        self._writer = parquet_writer(path, SCHEMAS[form], level)
        self._form = form
        self._group: list[pa.Table] = []

    def write(self, rows: list[Row]) -> None:
        self._group.append(data_table(rows, self._form))

    def cut(self) -> None:
        if self._group:
            table = pa.concat_tables(self._group)
            self._writer.write_table(table, row_group_size=table.num_rows)
            self._group = []

    def close(self) -> None:
        self.cut()
        self._writer.close()


def _packed(path: Path, raw: IO[bytes]) -> Any:
    """Return a file that compresses as its name says; nothing of the clock gets into it."""
    if path.suffix == ".gz":
        return gzip.GzipFile("", "wb", 2, raw, mtime=0)
    if path.suffix == ".zst":
        import zstandard

        return zstandard.ZstdCompressor(level=3).stream_writer(raw, closefd=False)
    return raw


class Lines:
    """JSON Lines; bytes that are no UTF-8 become replacement characters, as JSON must be text."""

    def __init__(self, path: Path, form: Form) -> None:
        self._raw = path.open("wb")
        self._file = _packed(path, self._raw)
        self._form = form

    def write(self, rows: list[Row]) -> None:
        for row in rows:
            payload = row.payload
            text = payload.decode(errors="replace") if isinstance(payload, bytes) else payload
            record = {
                "id": row.id,
                self._form: text,
                **{name: getattr(row, name) for name in _LABELS},
            }
            self._file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")

    def cut(self) -> None:
        pass

    def close(self) -> None:
        self._file.close()
        self._raw.close()


class Archive:
    """A web archive: pages as `response` records, texts as `conversion`, a gzip member each."""

    def __init__(self, path: Path, form: Form) -> None:
        self._file = path.open("wb")
        self._form = form
        self._pack: Callable[[bytes], bytes] = (
            (lambda data: gzip.compress(data, 2, mtime=0))
            if path.suffix == ".gz"
            else lambda data: data
        )
        self._put(
            {"WARC-Type": "warcinfo", "Content-Type": "application/warc-fields"},
            b"software: samples\r\n",
            "2020-01-01",
            "info",
        )

    def _put(self, headers: dict[str, str], body: bytes, date: str, name: str) -> None:
        label = uuid.uuid5(uuid.NAMESPACE_URL, name)
        lines = {
            **headers,
            "WARC-Date": f"{date}T00:00:00Z",
            "WARC-Record-ID": f"<urn:uuid:{label}>",
            "Content-Length": str(len(body)),
        }
        head = "".join(f"{key}: {value}\r\n" for key, value in lines.items())
        self._file.write(self._pack(b"WARC/1.0\r\n" + head.encode() + b"\r\n" + body + b"\r\n\r\n"))

    def write(self, rows: list[Row]) -> None:
        for row in rows:
            payload = row.payload or b""
            body = payload.encode() if isinstance(payload, str) else payload
            place = {"WARC-Target-URI": row.url} if row.url else {}
            if self._form == "html":
                kind = {
                    "WARC-Type": "response",
                    **place,
                    "Content-Type": "application/http; msgtype=response",
                }
                body = (
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n"
                    % len(body)
                    + body
                )
            else:
                kind = {"WARC-Type": "conversion", **place, "Content-Type": "text/plain"}
            self._put(kind, body, row.date, f"{row.id}")

    def cut(self) -> None:
        pass

    def close(self) -> None:
        self._file.close()


SUFFIXES = ("parquet", "jsonl", "jsonl.gz", "jsonl.zst", "warc", "warc.gz", "wet", "wet.gz")


def sink(path: Path, form: Form, level: int) -> Sink:
    """Return a sink for a file by the end of its name."""
    kind = path.name.lstrip(".").split(".")[1]
    if kind == "parquet":
        return Parquet(path, form, level)
    return Lines(path, form) if kind == "jsonl" else Archive(path, form)

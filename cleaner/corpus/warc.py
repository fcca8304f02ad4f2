"""WARC and WET archives: a row is a record of type response, resource or conversion."""

from collections.abc import Iterator
from typing import Any

import polars as pl
from fastwarc.warc import ArchiveIterator, WarcRecordType

from cleaner.corpus.inflate import opened

COLUMNS = {
    "payload": pl.Binary,  # the body, transfer and content encodings undone
    "text": pl.String,  # the body of a conversion record
    "url": pl.String,
    "date": pl.String,
    "id": pl.String,
    "status": pl.Int32,
    "headers": pl.String,
    "error": pl.String,
}
_WANTED = WarcRecordType.response | WarcRecordType.resource | WarcRecordType.conversion


def read_records(
    source: Any, path: str, batch_bytes: int, longest: int
) -> Iterator[tuple[int, dict[str, pl.Series]]]:
    """Yield `(first row, columns)` of the records, a batch at a time.

    Raises OSError where the archive cannot be parsed on.
    """
    batch: list[dict[str, Any]] = []
    first = size = 0
    stream = opened(source, path)
    for record in ArchiveIterator(stream, record_types=_WANTED, auto_decode="all"):
        row = _row(record, longest)
        batch.append(row)
        size += len(row["payload"] or b"") + len(row["text"] or "")
        if size >= batch_bytes:
            yield first, _columns(batch)
            first, batch, size = first + len(batch), [], 0
    if batch:
        yield first, _columns(batch)


def _row(record: Any, longest: int) -> dict[str, Any]:
    body = record.reader.read(longest + 1)
    error = None
    if len(body) > longest:
        body, error = b"", f"record is over the budget of {longest:,} bytes"
    http = record.http_headers
    text = None
    if record.record_type == WarcRecordType.conversion and error is None:
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            error = "invalid UTF-8"
    return {
        "payload": body,
        "text": text,
        "url": record.headers.get("WARC-Target-URI"),
        "date": record.headers.get("WARC-Date"),
        "id": record.record_id,
        "status": http.status_code if http is not None else None,
        "headers": None if http is None else "".join(f"{k}: {v}\n" for k, v in http),
        "error": error,
    }


def _columns(batch: list[dict[str, Any]]) -> dict[str, pl.Series]:
    columns = {
        name: pl.Series(name, [row[name] for row in batch], kind) for name, kind in COLUMNS.items()
    }
    return {**columns, "html": columns["payload"]}

"""WARC and WET archives: a row is a record of type response, resource or conversion."""

from collections.abc import Iterator
from copy import copy
from typing import Any

import polars as pl
from fastwarc.warc import ArchiveIterator, WarcRecordType

from cleaner.corpus.files import first_line
from cleaner.corpus.inflate import decoded, opened
from cleaner.errors import UnreadableFile

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
_CUT = "record ends before its Content-Length; the archive is cut, or the length is wrong"
_WANTED = WarcRecordType.response | WarcRecordType.resource | WarcRecordType.conversion


def read_records(
    source: Any, path: str, batch_bytes: int, longest: int
) -> Iterator[tuple[int, dict[str, pl.Series]]]:
    """Yield `(first row, columns)` of the records, a batch at a time.

    Raises OSError where the archive cannot be parsed on, after what came whole before.
    """
    batch: list[dict[str, Any]] = []
    first = size = 0
    stream = opened(source, path)
    try:
        # Records of other types are looked at too: one that is cut may have swallowed pages.
        for record in ArchiveIterator(stream, parse_http=False):
            wanted = record.record_type & _WANTED
            claimed = record.content_length
            if not wanted:
                if record.reader.consume() < claimed:
                    raise UnreadableFile(f"{path}: {_CUT}")
                continue
            row = _row(record, claimed, longest)
            batch.append(row)
            if row["error"] == _CUT:
                raise UnreadableFile(f"{path}: {_CUT}")
            size += len(row["payload"] or b"") + len(row["text"] or "")
            if size >= batch_bytes:
                yield first, _columns(batch)
                first, batch, size = first + len(batch), [], 0
    except (OSError, UnreadableFile):
        if batch:
            yield first, _columns(batch)
        raise
    if batch:
        yield first, _columns(batch)


def _row(record: Any, claimed: int, longest: int) -> dict[str, Any]:
    row: dict[str, Any] = {
        "payload": b"",
        "text": None,
        "url": record.headers.get("WARC-Target-URI"),
        "date": record.headers.get("WARC-Date"),
        "id": record.record_id,
        "status": None,
        "headers": None,
        "error": None,
    }
    if record.headers.get("Content-Length", "?").strip().lstrip("0") != f"{claimed or ''}":
        return {**row, "error": "record without a usable Content-Length"}
    if claimed > longest:
        fits = record.reader.consume() == claimed
        return {**row, "error": f"record is over the budget of {longest:,} bytes" if fits else _CUT}
    record.freeze()
    if record.content_length < claimed:
        return {**row, "error": _CUT}
    http, body, error = _body(record, longest)
    if http is not None:
        row["status"] = http.status_code
        row["headers"] = "".join(f"{name}: {value}\n" for name, value in http)
    if error is None and record.record_type == WarcRecordType.conversion:
        try:
            row["text"] = body.decode("utf-8")
        except UnicodeDecodeError:
            error = "invalid UTF-8"
    return {**row, "payload": body, "error": error}


def _body(record: Any, longest: int) -> tuple[Any, bytes, str | None]:
    """Return HTTP headers, if there are any, the decoded body, and why there is none.

    Some crawlers undo the chunks and leave the header that tells of them.
    """
    wrong = ""
    for chunks in ("transfer", "none"):
        mine = copy(record)  # a body that cannot be decoded must not end the archive
        try:
            if mine.is_http:
                mine.parse_http(auto_decode=chunks)
            body = mine.reader.read()  # no longer than the record, which is not over the budget
            if mine.http_headers is not None:
                encodings = mine.http_headers.get("Content-Encoding", "")
                body = decoded(body, encodings, longest + 1)
        except OSError as error:
            wrong = wrong or first_line(error)
            continue
        if len(body) > longest:
            return mine.http_headers, b"", f"record is over the budget of {longest:,} bytes"
        return mine.http_headers, body, None
    return None, b"", f"record cannot be decoded: {wrong}"


def _columns(batch: list[dict[str, Any]]) -> dict[str, pl.Series]:
    columns = {
        name: pl.Series(name, [row[name] for row in batch], kind) for name, kind in COLUMNS.items()
    }
    return {**columns, "html": columns["payload"]}

"""WARC and WET archives: a row is a record of type response, resource or conversion."""

import re
from collections.abc import Iterator
from typing import Any

import polars as pl

from cleaner.corpus.files import first_line
from cleaner.corpus.http import body_of, parse_answer, parse_fields
from cleaner.corpus.inflate import opened
from cleaner.errors import UnreadableFile
from cleaner.storage.shortages import is_shortage

COLUMNS = {
    "payload": pl.Binary,  # the body, transfer and content encodings undone
    "text": pl.String,  # the body of a conversion record
    "url": pl.String,
    "date": pl.String,
    "id": pl.String,
    "status": pl.Int32,
    "headers": pl.String,
}
_TYPES = {**COLUMNS, "error": pl.String}
_CUT = "record ends before its Content-Length; the archive is cut, or the length is wrong"
_WANTED = ("response", "resource", "conversion")
_BLOCK = 1 << 20
_LINE = 1 << 16  # bytes of a line of a head, at most
_LINES = 1000  # of a head
_LENGTH = re.compile(r"\d{1,18}", re.ASCII)


def read_records(
    source: Any, path: str, batch_bytes: int, longest: int
) -> Iterator[tuple[int, dict[str, pl.Series]]]:
    """Yield `(first row, columns)` of the records, a batch at a time.

    Raises OSError or UnreadableFile where the archive cannot be parsed on, after what came whole
    before.
    """
    batch: list[dict[str, Any]] = []
    first = size = 0
    stream = _Stream(opened(source, path), path)
    try:
        while (fields := _head(stream)) is not None:
            kind, length = fields.get("warc-type", "").lower(), _length(fields)
            # Records of other types are looked at too: one that is cut may have swallowed pages.
            if kind not in _WANTED:
                if stream.skip(length or 0) < (length or 0):
                    raise UnreadableFile(f"{path}: {_CUT}")
                continue
            row = _row(stream, fields, length, longest)
            batch.append(row)
            if row["error"] == _CUT:
                raise UnreadableFile(f"{path}: {_CUT}")
            size += len(row["payload"] or b"") + len(row["text"] or "")
            if size >= batch_bytes:
                yield first, _columns(batch)
                first, batch, size = first + len(batch), [], 0
    except (OSError, UnreadableFile) as error:
        if batch and not is_shortage(error):
            yield first, _columns(batch)
        raise
    if batch:
        yield first, _columns(batch)


class _Stream:
    """Lines and blocks of a stream that is read forward."""

    def __init__(self, source: Any, path: str) -> None:
        self.source, self.path = source, path
        self._held, self._at = b"", 0
        self._before = 0  # bytes of the stream before those held

    def tell(self) -> int:
        return self._before + self._at

    def line(self) -> bytes:
        """Return a line with its end; without one at the end of the stream, or beyond _LINE."""
        while (end := self._held.find(b"\n", self._at, self._at + _LINE)) < 0:
            if len(self._held) - self._at >= _LINE or not self._more():
                return self.take(_LINE)
        return self.take(end + 1 - self._at)

    def take(self, size: int) -> bytes:
        """Return `size` bytes; fewer at the end of the stream."""
        found = [self._held[self._at : self._at + size]]
        self._at += len(found[0])
        left = size - len(found[0])
        while left and self._more():
            found.append(self._held[:left])
            self._at = len(found[-1])
            left -= self._at
        return b"".join(found)

    def skip(self, size: int) -> int:
        """Pass over `size` bytes; return how many there were."""
        left = size
        while left and (block := self.take(min(left, _BLOCK))):
            left -= len(block)
        return size - left

    def _more(self) -> bool:
        """Hold more of the stream, behind what is left; return whether there was more."""
        block = self.source.read(_BLOCK)
        self._before += self._at
        self._held, self._at = self._held[self._at :] + block, 0
        return bool(block)


def _head(stream: _Stream) -> dict[str, str] | None:
    """Return the fields of the next record, their names in lower case; None at the end."""
    at = stream.tell()
    while (line := stream.line()) and not line.strip():
        at = stream.tell()
    if not line:
        return None
    if not line.startswith(b"WARC/"):
        raise UnreadableFile(f"{stream.path}: no record of an archive begins at byte {at:,}")
    lines: list[bytes] = []
    while (line := stream.line().rstrip(b"\r\n")) and len(lines) < _LINES:
        lines.append(line)
    fields: dict[str, str] = {}
    for name, value in parse_fields(lines):
        fields.setdefault(name.lower(), value)
    return fields


def _length(fields: dict[str, str]) -> int | None:
    """Return the bytes of a record's block, or None where its head does not say."""
    said = _LENGTH.fullmatch(fields.get("content-length", ""))
    return int(said[0]) if said else None


def _row(
    stream: _Stream, fields: dict[str, str], length: int | None, longest: int
) -> dict[str, Any]:
    url = fields.get("warc-target-uri")
    row: dict[str, Any] = {
        "payload": b"",
        "text": None,
        # WARC 1.0 wrote brackets around it, and wget still does.
        "url": url[1:-1] if url and url.startswith("<") and url.endswith(">") else url,
        "date": fields.get("warc-date"),
        "id": fields.get("warc-record-id"),
        "status": None,
        "headers": None,
        "error": None,
    }
    if length is None:
        return {**row, "error": "record without a usable Content-Length"}
    if length > longest:
        fits = stream.skip(length) == length
        return {**row, "error": f"record is over the budget of {longest:,} bytes" if fits else _CUT}
    block = stream.take(length)
    if len(block) < length:
        return {**row, "error": _CUT}
    kind = fields["warc-type"].lower()
    http = kind == "response" or "application/http" in fields.get("content-type", "").lower()
    body = block
    if http and (answer := parse_answer(block)) is not None:
        row["status"] = answer.status
        row["headers"] = "".join(f"{name}: {value}\n" for name, value in answer.fields)
        try:
            body = body_of(answer, longest + 1)
        except OSError as error:
            if is_shortage(error):
                raise
            return {**row, "error": f"record cannot be decoded: {first_line(error)}"}
        if len(body) > longest:
            return {**row, "error": f"record is over the budget of {longest:,} bytes"}
    if kind == "conversion":
        try:
            row["text"] = body.decode("utf-8")
        except UnicodeDecodeError:
            row["error"] = "invalid UTF-8"
    return {**row, "payload": body}


def _columns(batch: list[dict[str, Any]]) -> dict[str, pl.Series]:
    columns = {
        name: pl.Series(name, [row[name] for row in batch], kind) for name, kind in _TYPES.items()
    }
    return {**columns, "html": columns["payload"]}

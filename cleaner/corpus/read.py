"""Units to frames of documents: streamed, cut into parts of bounded size, each row with its key."""

import base64
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from cleaner import store
from cleaner.corpus import jsonl, warc
from cleaner.corpus.columns import (
    KEY,
    LABELS,
    as_carried,
    as_label,
    as_text,
    column,
    root,
    type_at,
)
from cleaner.corpus.files import FailedFile, Piece, first_line, parquet_in
from cleaner.errors import InputError, UnreadableFile, is_panic

# Bytes of one page or text. A longer one fails: at its worst moment a stage holds a document
# about 16 times, and a worker must stay under 1.5 GiB.
MAX_DOCUMENT = 64 << 20
_BATCH_BYTES = 4 << 20
_BATCH_ROWS = 4096
_SPELT_OUT = 64 << 20  # bytes of repeated values in one batch before it is taken in slices
_STREAMED = 64 << 20  # row groups above this are decoded through a small buffer

Get = Callable[[str], pl.Series]


@dataclass(frozen=True)
class Columns:
    """What one entry of the input reads, and under which names it goes on."""

    html: str | None
    text: str | None
    id: str | None
    labels: Mapping[str, str]  # url, date, licence -> the column of the file
    source: Mapping[str, str]  # {column: ..} | {value: ..} | {path: regex} | {}
    carried: Mapping[str, str]  # our name -> the column of the file
    carried_types: Mapping[str, pl.DataType]

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> "Columns":
        """Return the columns that `plan` resolved and wrote as plain data."""
        schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(data["carried_schema"])))
        types = dict(pl.DataFrame(schema.empty_table()).schema)
        given = {key: data[key] for key in ("html", "text", "id", "labels", "source", "carried")}
        return cls(**given, carried_types=types)

    def roots(self) -> list[str]:
        """Return the top-level columns to read, each once."""
        paths = [self.html, self.text, self.id, *self.labels.values(), *self.carried.values()]
        paths.append(self.source.get("column"))
        return list(dict.fromkeys(path for path in paths if path is not None))

    def empty(self) -> pl.DataFrame:
        """Return a frame of no documents."""
        names = ("id", *LABELS, "source", "error", *(["text"] if self.text else []))
        html = {"html": pl.Binary} if self.html else {}
        schema: Mapping[str, Any] = {**KEY, **dict.fromkeys(names, pl.String), **html}
        return pl.DataFrame(schema={**schema, **self.carried_types})

    def missing(self, schema: pa.Schema) -> list[str]:
        """Return the mapped columns that a Parquet schema does not have."""
        return [path for path in self.roots() if type_at(schema, path) is None]


@dataclass
class Part:
    """Documents that are committed together, with the rows of the input they stand for."""

    docs: pl.DataFrame
    spans: list[tuple[int, int, int, int]]  # (file, first row, last row, rows), sorted
    failed: list[FailedFile] = field(default_factory=list)
    last: bool = False


def read_parts(
    pieces: Sequence[Piece], columns: Sequence[Columns], part_bytes: int
) -> Iterator[Part]:
    """Yield the documents of a unit in parts of about `part_bytes`, the last one marked.

    A file that cannot be opened or read on is reported in `failed` of the part where it happened;
    rows of a Parquet row group that cannot be decoded are documents with an `error`.
    """
    empty = columns[pieces[0].entry].empty()
    frames: list[pl.DataFrame] = []
    failed: list[FailedFile] = []
    size = 0
    waiting: Part | None = None
    for piece in pieces:
        for docs in _read(piece, columns[piece.entry], failed):
            if frames and (size >= part_bytes or docs.schema != frames[0].schema):
                if waiting is not None:
                    yield waiting
                waiting = _part(frames or [empty], failed)
                frames, failed, size = [], [], 0
            frames.append(docs)
            size += int(docs.estimated_size())
    if waiting is not None and (frames or failed):
        yield waiting
        waiting = None
    if waiting is None:
        waiting = _part(frames or [empty], failed)
    waiting.last = True
    yield waiting


def _part(frames: list[pl.DataFrame], failed: list[FailedFile]) -> Part:
    docs = pl.concat(frames)
    spans = (
        docs.group_by("file", maintain_order=True)
        .agg(pl.col("row").min().alias("a"), pl.col("row").max().alias("b"), pl.len())
        .rows()
    )
    return Part(docs, [tuple(span) for span in spans], list(failed))


def _read(piece: Piece, columns: Columns, failed: list[FailedFile]) -> Iterator[pl.DataFrame]:
    reader = {"parquet": _parquet, "jsonl": _jsonl, "warc": _warc, "wet": _warc}[piece.kind]
    at: int | None = None
    try:
        for docs in reader(piece, columns):
            at = docs["row"][-1] + 1
            if piece.take is None:
                yield docs
                continue
            yield docs.filter(pl.col("row").is_in(piece.take))
            if at > piece.take[-1]:
                return
    except BaseException as error:
        known = (InputError, OSError, pa.ArrowException, UnicodeError)
        if not (isinstance(error, known) or is_panic(error)):
            raise
        said = str(error) if isinstance(error, InputError) else first_line(error)
        said = said if said.startswith(piece.path) else f"{piece.path}: {said}"
        failed.append(FailedFile(piece.path, at, said))


def _parquet(piece: Piece, columns: Columns) -> Iterator[pl.DataFrame]:
    with store.open_input(piece.path) as source:
        parquet = parquet_in(source, piece.path)
        meta, schema = parquet.metadata, parquet.schema_arrow
        if missing := columns.missing(schema):
            have = ", ".join(schema.names) or "none"
            raise UnreadableFile(f"{piece.path}: no column {', '.join(missing)}; there are: {have}")
        groups = range(*(piece.groups or (0, meta.num_row_groups)))
        roots = columns.roots()
        names = [path if schema.get_field_index(path) >= 0 else root(path) for path in roots]
        names = list(dict.fromkeys(names))
        # As dictionaries, so that a value is in memory once however many rows repeat it. What the
        # footer says of single columns is not asked: a damaged one ends the process there.
        strings = [name for name in names if _is_string(type_at(schema, name))]
        streamed = any(meta.row_group(i).total_byte_size > _STREAMED for i in groups)
        buffer = 1 << 20 if streamed else 0
        parquet = parquet_in(
            source, piece.path, metadata=meta, buffer_size=buffer, read_dictionary=strings
        )
        row = piece.first_row
        for index in groups:
            rows = meta.row_group(index).num_rows
            if piece.take is None or _any_between(piece.take, row, row + rows):
                yield from _row_group(parquet, piece, columns, names, index, row)
            row += rows


def _is_string(kind: pa.DataType | None) -> bool:
    types = pa.types
    return kind is not None and (
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_binary(kind)
        or types.is_large_binary(kind)
    )


def _row_group(
    parquet: pq.ParquetFile,
    piece: Piece,
    columns: Columns,
    names: list[str],
    index: int,
    row: int,
) -> Iterator[pl.DataFrame]:
    group = parquet.metadata.row_group(index)
    done = 0
    mean = max(1, group.total_byte_size // max(1, group.num_rows))
    batch_rows = max(1, min(_BATCH_ROWS, _BATCH_BYTES // mean))
    said = f"row group {index} ends before its last row"
    try:
        for whole in parquet.iter_batches(batch_rows, [index], columns=names, use_threads=False):
            for batch in _bounded(whole):
                get = partial(column, batch)
                yield _documents(get, batch.num_rows, piece, columns, row + done)
                done += batch.num_rows
    except (OSError, pa.ArrowException) as error:
        said = f"row group {index} cannot be decoded: {first_line(error)}"
    # The footer says how many rows there are, so each of them is accounted for.
    yield from _unread(piece, columns, row + done, group.num_rows - done, said)


def _bounded(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Yield a batch in slices that stay small when their dictionaries are spelt out."""
    size = np.zeros(batch.num_rows, np.int64)
    for values in batch.columns:
        if pa.types.is_dictionary(values.type) and _is_string(values.type.value_type):
            lengths = pa.compute.binary_length(values.dictionary).take(values.indices)
            size += lengths.fill_null(0).to_numpy(zero_copy_only=False)
    if size.sum() <= _SPELT_OUT:
        yield batch
        return
    running = np.cumsum(size) // _BATCH_BYTES
    cuts = [0, *(np.nonzero(np.diff(running))[0] + 1).tolist(), batch.num_rows]
    for start, end in itertools.pairwise(cuts):
        yield batch.slice(start, end - start)


def _unread(
    piece: Piece, columns: Columns, row: int, rows: int, said: str
) -> Iterator[pl.DataFrame]:
    for start in range(0, rows, _BATCH_ROWS):
        count = min(_BATCH_ROWS, rows - start)
        nothing = pl.Series("", [None] * count, pl.Binary)
        docs = _documents(partial(_same, nothing), count, piece, columns, row + start)
        yield docs.with_columns(error=pl.lit(said))


def _same(values: pl.Series, path: str) -> pl.Series:
    return values.alias(path)


def _jsonl(piece: Piece, columns: Columns) -> Iterator[pl.DataFrame]:
    with store.open_input(piece.path) as source:
        for first, lines in jsonl.read_lines(source, piece.path, _BATCH_BYTES, MAX_DOCUMENT):
            values, errors = jsonl.parse(lines, columns.text or columns.html or "")

            def get(path: str, values: list[Any] = values) -> pl.Series:
                return jsonl.values_at(values, path)

            docs = _documents(get, len(values), piece, columns, first)
            yield docs.with_columns(error=pl.coalesce(pl.lit(errors), "error"))


def _warc(piece: Piece, columns: Columns) -> Iterator[pl.DataFrame]:
    with store.open_input(piece.path) as source:
        for first, records in warc.read_records(source, piece.path, _BATCH_BYTES, MAX_DOCUMENT):
            errors = records.pop("error")
            rows = len(errors)

            def get(path: str, records: dict[str, Any] = records, rows: int = rows) -> pl.Series:
                if path not in records:
                    have = ", ".join(records)
                    raise UnreadableFile(f"{piece.path}: no column {path}; there are: {have}")
                return records[path]

            docs = _documents(get, rows, piece, columns, first)
            yield docs.with_columns(error=pl.coalesce(pl.lit(errors), "error"))


def _documents(get: Get, rows: int, piece: Piece, columns: Columns, first: int) -> pl.DataFrame:
    """Return the frame of documents of one batch, in the order of the file."""
    row = pl.Series("row", range(first, first + rows), pl.UInt64)
    docs = pl.DataFrame({"row": row}).select(pl.lit(piece.file, pl.UInt32).alias("file"), "row")
    unnamed = pl.concat_str(pl.lit(f"{piece.path}#"), pl.col("row").cast(pl.String))
    if columns.id is not None:
        docs = docs.with_columns(as_label(get(columns.id).alias(columns.id)).alias("id"))
        docs = docs.with_columns(id=pl.coalesce("id", unnamed))
    else:
        docs = docs.with_columns(id=unnamed)
    for name in LABELS:
        path = columns.labels.get(name)
        given = as_label(get(path).alias(path)) if path is not None else None
        docs = docs.with_columns((pl.lit(None, pl.String) if given is None else given).alias(name))
    docs = docs.with_columns(_source(get, piece, columns).alias("source"))
    error: pl.Series | pl.Expr = pl.lit(None, pl.String)
    if columns.text is not None:
        text, why = as_text(get(columns.text).alias(columns.text))
        docs = docs.with_columns(text.alias("text"))
        error = why
    elif columns.html is not None:
        page = get(columns.html)
        if page.dtype == pl.Null:
            page = page.cast(pl.Binary)
        if page.dtype not in (pl.Binary, pl.String):
            raise UnreadableFile(
                f"{piece.path}: column {columns.html!r} is {page.dtype}, not a page"
            )
        docs = docs.with_columns(page.alias("html"))
        error = pl.when(pl.col("html").is_null()).then(pl.lit("null page"))
    docs = _within_budget(docs.with_columns(error.alias("error")))
    for name, kind in columns.carried_types.items():
        if name in columns.carried:
            values = as_carried(get(columns.carried[name]).alias(columns.carried[name]), kind)
            docs = docs.with_columns(values.alias(name))
        else:
            docs = docs.with_columns(pl.lit(None, kind).alias(name))
    return docs


def _within_budget(docs: pl.DataFrame) -> pl.DataFrame:
    """Return `docs` with the bodies over MAX_DOCUMENT taken out, and the error that says so."""
    name = "text" if "text" in docs.columns else "html"
    body = docs[name]
    size = body.str.len_bytes() if body.dtype == pl.String else body.bin.size()
    if not len(docs) or (size.max() or 0) <= MAX_DOCUMENT:  # type: ignore[operator]
        return docs
    over = pl.lit(size > MAX_DOCUMENT)
    told = pl.format("{} bytes are over the budget of {}", pl.lit(size), MAX_DOCUMENT)
    return docs.with_columns(
        pl.when(~over).then(name).alias(name),
        error=pl.when(over.fill_null(False)).then(told).otherwise("error"),
    )


def _source(get: Get, piece: Piece, columns: Columns) -> pl.Series | pl.Expr:
    if "column" in columns.source:
        path = columns.source["column"]
        return as_label(get(path).alias(path))
    if "value" in columns.source:
        return pl.lit(columns.source["value"], pl.String)
    if "path" in columns.source:
        return pl.lit(piece.path).str.extract(columns.source["path"], 1)
    return pl.lit(None, pl.String)


def _any_between(rows: Sequence[int], start: int, end: int) -> bool:
    import bisect

    at = bisect.bisect_left(rows, start)
    return at < len(rows) and rows[at] < end

"""Units to frames of documents: streamed, cut into parts of bounded size, each row with its key."""

import base64
import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from cleaner.corpus import jsonl, warc
from cleaner.corpus.columns import (
    KEY,
    LABELS,
    MAX_DOCUMENT,
    Form,
    array_at,
    as_label,
    as_text,
    column,
    label_form,
    root,
    said_where,
    type_at,
)
from cleaner.corpus.files import FailedFile, Piece, first_line, parquet_in
from cleaner.corpus.hive import keys_of
from cleaner.corpus.types import Unfits, taken
from cleaner.errors import InputError, UnreadableFile, is_panic
from cleaner.storage import store
from cleaner.storage.shortages import is_shortage, told

_BATCH_BYTES = 4 << 20
_BATCH_ROWS = 4096
_SPELT_OUT = 64 << 20  # bytes of repeated values in one batch before it is taken in slices
_PLAIN_ROWS = 256  # in one batch whose values are all spelt out: they may be far above the mean
_STREAMED = 64 << 20  # row groups above this are decoded through a small buffer

Get = Callable[[str], pl.Series]
Carry = Callable[[str, pa.DataType], pa.Array]


@dataclass(frozen=True)
class _Batch:
    """Rows of one file: their columns as they are, as labels, and as they are carried."""

    rows: int
    get: Get
    label: Get
    carry: Carry


@dataclass(frozen=True)
class Columns:
    """What one entry of the input reads, and under which names it goes on."""

    html: str | None
    text: str | None
    id: str | None
    labels: Mapping[str, str]  # url, date, licence -> the column of the file
    source: Mapping[str, str]  # {column: ..} | {value: ..} | {path: regex} | {}
    carried: Mapping[str, str]  # the name inside the engine -> the column of the file
    carried_types: Mapping[str, pl.DataType]
    bytes_as: Mapping[str, Form] = field(default_factory=dict)  # how labels of bytes are written
    as_json: Collection[str] = ()  # columns of JSON Lines that are carried as JSON text
    everything: bool = False  # `read: all`: what nobody has seen in time is counted
    in_path: Collection[str] = ()  # columns that no file has, but its path

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> "Columns":
        """Return the columns that `plan` resolved and wrote as plain data."""
        schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(data["carried_schema"])))
        types = dict(pl.DataFrame(schema.empty_table()).schema)
        own = (
            "html",
            "text",
            "id",
            "labels",
            "source",
            "carried",
            "bytes_as",
            "as_json",
            "everything",
            "in_path",
        )
        given = {name: data[name] for name in own}
        return cls(**given, carried_types=types)

    def roots(self) -> list[str]:
        """Return the top-level columns to read, each once."""
        carried = [path for path in self.carried.values() if path not in self.in_path]
        return list(dict.fromkeys([*self.mapped(), *carried]))

    def mapped(self) -> list[str]:
        """Return the columns that have a meaning; without one of them no file can be read."""
        paths = [self.html, self.text, self.id, *self.labels.values(), self.source.get("column")]
        return [path for path in paths if path is not None and path not in self.in_path]

    def forms(self) -> list[tuple[str, Form]]:
        """Return each column that is a label, and how its bytes are written where it has bytes."""
        paths = [self.id, *self.labels.values(), self.source.get("column")]
        mine = [path for path in paths if path is not None and path not in self.in_path]
        return [(path, self.bytes_as.get(path, "text")) for path in mine]

    def empty(self) -> pl.DataFrame:
        """Return a frame of no documents."""
        names = ("id", *LABELS, "source", "error", *(["text"] if self.text else []))
        html = {"html": pl.Binary} if self.html else {}
        schema: Mapping[str, Any] = {**KEY, **dict.fromkeys(names, pl.String), **html}
        return pl.DataFrame(schema={**schema, **self.carried_types})

    def missing(self, schema: pa.Schema) -> list[str]:
        """Return the mapped columns that a Parquet schema does not have."""
        return [path for path in self.mapped() if type_at(schema, path) is None]


@dataclass
class Part:
    """Documents that are committed together, with the rows of the input they stand for."""

    docs: pl.DataFrame
    spans: list[tuple[int, int, int, int]]  # (file, first row, last row, rows), sorted
    failed: list[FailedFile] = field(default_factory=list)
    last: bool = False
    unfit: Unfits = field(default_factory=Counter)


def read_parts(
    pieces: Sequence[Piece],
    columns: Sequence[Columns],
    part_bytes: int,
    shunned: Collection[tuple[int, int]] = (),
) -> Iterator[Part]:
    """Yield the documents of a unit in parts of about `part_bytes`, the last one marked.

    A file that cannot be opened or read on is reported in `failed` of the part where it happened;
    rows of a Parquet row group that cannot be decoded are documents with an `error`. Pieces that
    are `shunned`, by file and first row, were found to kill their reader and are not opened.
    """
    if not pieces:
        return
    empty = columns[pieces[0].entry].empty()
    frames: list[pl.DataFrame] = []
    failed: list[FailedFile] = []
    unfit: Unfits = Counter()
    size = 0
    waiting: Part | None = None
    for piece in pieces:
        if (piece.file, piece.first_row) in shunned:
            said = f"{piece.path}: reading it kills or hangs the worker"
            failed.append(FailedFile(piece.path, piece.first_row or None, said))
            continue
        for docs in _read(piece, columns[piece.entry], failed, unfit):
            if frames and (size >= part_bytes or docs.schema != frames[0].schema):
                if waiting is not None:
                    yield waiting
                waiting = _part(frames or [empty], failed, unfit)
                frames, failed, size = [], [], 0
                unfit.clear()
            frames.append(docs)
            size += int(docs.estimated_size())
    if waiting is not None and (frames or failed):
        yield waiting
        waiting = None
    if waiting is None:
        waiting = _part(frames or [empty], failed, unfit)
    waiting.last = True
    yield waiting


def _part(frames: list[pl.DataFrame], failed: list[FailedFile], unfit: Unfits) -> Part:
    docs = pl.concat(frames)
    spans = (
        docs.group_by("file", maintain_order=True)
        .agg(pl.col("row").min().alias("a"), pl.col("row").max().alias("b"), pl.len())
        .rows()
    )
    return Part(docs, [tuple(span) for span in spans], list(failed), unfit=Counter(unfit))


def _read(
    piece: Piece, columns: Columns, failed: list[FailedFile], unfit: Unfits
) -> Iterator[pl.DataFrame]:
    reader = {"parquet": _parquet, "jsonl": _jsonl, "warc": _warc, "wet": _warc}[piece.kind]
    at: int | None = None
    with _as_planned(piece):
        try:
            for docs in reader(piece, columns, unfit):
                at = docs["row"][-1] + 1
                if piece.take is None:
                    yield docs
                    continue
                yield docs.filter(pl.col("row").is_in(piece.take))
                if at > piece.take[-1]:
                    return
        except BaseException as error:
            if is_shortage(error):
                raise told(error, piece.path) from error
            known = (UnreadableFile, OSError, pa.ArrowException, UnicodeError)
            if not (isinstance(error, known) or is_panic(error)):
                raise
            said = str(error) if isinstance(error, UnreadableFile) else first_line(error)
            said = said if said.startswith(piece.path) else f"{piece.path}: {said}"
            failed.append(FailedFile(piece.path, at, said))


@contextmanager
def _as_planned(piece: Piece) -> Iterator[None]:
    """Raise InputError where a file is not, or no more, the one that was planned.

    Its tag at the end speaks for all that was read before. At the beginning, too, where asking is
    free: else the parts of a long file would be committed first, for nothing.
    """
    if not store.is_remote(piece.path):
        _not_changed(piece)
    yield
    _not_changed(piece)


def _not_changed(piece: Piece) -> None:
    if piece.etag and store.etag(piece.path) != piece.etag:
        raise InputError(f"{piece.path}: changed since the plan; the same command plans anew")


def _parquet(piece: Piece, columns: Columns, unfit: Unfits) -> Iterator[pl.DataFrame]:
    with store.open_input(piece.path) as source:
        parquet = parquet_in(source, piece.path)
        meta, schema = parquet.metadata, parquet.schema_arrow
        if missing := columns.missing(schema):
            have = ", ".join(schema.names) or "none"
            raise UnreadableFile(f"{piece.path}: no column {', '.join(missing)}; there are: {have}")
        groups = range(*(piece.groups or (0, meta.num_row_groups)))
        roots = [path for path in columns.roots() if type_at(schema, path) is not None]
        names = [path if schema.get_field_index(path) >= 0 else root(path) for path in roots]
        names = list(dict.fromkeys(names))
        streamed = any(meta.row_group(i).total_byte_size > _STREAMED for i in groups)
        strings = [name for name in names if _is_string(type_at(schema, name))]
        opened = _Groups(source, piece.path, meta, strings, 1 << 20 if streamed else 0)
        forms = {path: label_form(type_at(schema, path), form) for path, form in columns.forms()}
        row = piece.first_row
        for index in groups:
            rows = meta.row_group(index).num_rows
            if piece.take is None or _any_between(piece.take, row, row + rows):
                yield from _row_group(opened, piece, columns, names, forms, index, row, unfit)
            row += rows


def _is_string(kind: pa.DataType | None) -> bool:
    types = pa.types
    return kind is not None and (
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_binary(kind)
        or types.is_large_binary(kind)
    )


class _Groups:
    """The row groups of a Parquet file, its strings as dictionaries where its pages allow it.

    As dictionaries, so that a value is in memory once however many rows repeat it. Pages of the
    DELTA encodings, and those alone, cannot be read so. What the footer says of single columns is
    not asked: a damaged one ends the process there.
    """

    def __init__(
        self, source: Any, path: str, meta: pq.FileMetaData, strings: list[str], buffer: int
    ) -> None:
        self.source, self.path, self.meta, self.buffer = source, path, meta, buffer
        self.strings = strings
        self._parquet = self._opened()

    def _opened(self) -> pq.ParquetFile:
        return parquet_in(
            self.source,
            self.path,
            metadata=self.meta,
            buffer_size=self.buffer,
            read_dictionary=self.strings,
        )

    def batches(self, index: int, names: list[str], rows: int) -> Iterator[pa.RecordBatch]:
        """Yield a row group in batches of at most so many rows."""
        done = 0
        if self.strings:
            try:
                for batch in self._batches(index, names, rows):
                    yield batch
                    done += batch.num_rows
                return
            except OSError as error:
                if not str(error).startswith("Not yet implemented"):
                    raise
                self.strings = []
                self._parquet = self._opened()
        for batch in self._batches(index, names, min(rows, _PLAIN_ROWS)):
            fresh = batch.slice(min(done, batch.num_rows))
            done -= batch.num_rows - fresh.num_rows
            if fresh.num_rows:
                yield fresh

    def _batches(self, index: int, names: list[str], rows: int) -> Iterator[pa.RecordBatch]:
        return self._parquet.iter_batches(rows, [index], columns=names, use_threads=False)


def _row_group(
    groups: _Groups,
    piece: Piece,
    columns: Columns,
    names: list[str],
    forms: Mapping[str, Form],
    index: int,
    row: int,
    unfit: Unfits,
) -> Iterator[pl.DataFrame]:
    group = groups.meta.row_group(index)
    done = 0
    mean = max(1, group.total_byte_size // max(1, group.num_rows))
    batch_rows = max(1, min(_BATCH_ROWS, _BATCH_BYTES // mean))
    said = f"row group {index} ends before its last row"
    try:
        for whole in groups.batches(index, names, batch_rows):
            for batch in _bounded(whole):
                yield _documents(_of_batch(batch, forms, unfit), piece, columns, row + done)
                done += batch.num_rows
    except (OSError, pa.ArrowException) as error:
        if is_shortage(error):
            raise
        said = f"row group {index} cannot be decoded: {first_line(error)}"
    # The footer says how many rows there are, so each of them is accounted for.
    yield from _unread(piece, columns, row + done, group.num_rows - done, said)


def _of_batch(batch: pa.RecordBatch, forms: Mapping[str, Form], unfit: Unfits) -> _Batch:
    def label(path: str) -> pl.Series:
        return as_label(column(batch, path), path, forms[path])

    def carry(path: str, kind: pa.DataType) -> pa.Array:
        if type_at(batch.schema, path) is None:
            return pa.nulls(batch.num_rows, kind)  # other files have it
        array = array_at(batch, path)
        return _counted(_arrow(column(batch, path)) if array is None else array, kind, path, unfit)

    return _Batch(batch.num_rows, partial(column, batch), label, carry)


def _counted(array: pa.Array, kind: pa.DataType, path: str, unfit: Unfits) -> pa.Array:
    made, bad = taken(array, kind)
    if bad:
        unfit[path, f"values of type {array.type} are no {kind}, and null in the output"] += bad
    return made


def _arrow(values: pl.Series) -> pa.Array:
    return values.to_arrow(compat_level=pl.CompatLevel.oldest())


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
        body = partial(_same, pl.Series([None] * count, dtype=pl.Binary))
        label = partial(_same, pl.Series([None] * count, dtype=pl.String))
        docs = _documents(
            _Batch(count, body, label, partial(_nulls, count)), piece, columns, row + start
        )
        yield docs.with_columns(error=pl.lit(said))


def _nulls(rows: int, path: str, kind: pa.DataType) -> pa.Array:
    return pa.nulls(rows, kind)


def _same(values: pl.Series, path: str) -> pl.Series:
    return values


def _jsonl(piece: Piece, columns: Columns, unfit: Unfits) -> Iterator[pl.DataFrame]:
    with store.open_input(piece.path) as source:
        for first, lines in jsonl.read_lines(source, piece.path, _BATCH_BYTES, MAX_DOCUMENT):
            values, errors = jsonl.parse(lines, columns.text or columns.html or "")

            batch = _of_lines(values, columns, unfit)
            docs = _documents(batch, piece, columns, first)
            yield docs.with_columns(error=pl.coalesce(pl.lit(errors), "error"))


def _of_lines(values: list[dict[str, Any]], columns: Columns, unfit: Unfits) -> _Batch:
    if columns.everything:
        known = {part for path in columns.roots() for part in (path, root(path))}
        late = Counter(name for value in values for name in value.keys() - known)
        for name, count in late.items():
            unfit[name, "values are not carried: no line that was looked at has this key"] += count

    def carry(path: str, kind: pa.DataType) -> pa.Array:
        return jsonl.carried_at(values, path, kind, path in columns.as_json, unfit)

    get, label = partial(jsonl.strings_at, values), partial(jsonl.labels_at, values)
    return _Batch(len(values), get, label, carry)


def _warc(piece: Piece, columns: Columns, unfit: Unfits) -> Iterator[pl.DataFrame]:
    with store.open_input(piece.path) as source:
        for first, records in warc.read_records(source, piece.path, _BATCH_BYTES, MAX_DOCUMENT):
            errors = records.pop("error")
            rows = len(errors)

            def get(path: str, records: dict[str, Any] = records, rows: int = rows) -> pl.Series:
                if path not in records:
                    have = ", ".join(records)
                    raise UnreadableFile(f"{piece.path}: no column {path}; there are: {have}")
                return records[path].alias("")

            docs = _documents(_of_records(rows, get, unfit), piece, columns, first)
            yield docs.with_columns(error=pl.coalesce(pl.lit(errors), "error"))


def _of_records(rows: int, get: Get, unfit: Unfits) -> _Batch:
    def label(path: str) -> pl.Series:
        return as_label(get(path), path)

    def carry(path: str, kind: pa.DataType) -> pa.Array:
        return _counted(_arrow(get(path)), kind, path, unfit)

    return _Batch(rows, get, label, carry)


def _documents(batch: _Batch, piece: Piece, columns: Columns, first: int) -> pl.DataFrame:
    """Return the frame of documents of one batch, in the order of the file.

    Column by column, without a query: a batch may be a file of two documents, one of very many.
    """
    batch = _with_path(batch, piece, columns)
    rows, get = batch.rows, batch.get
    row = pl.Series("row", np.arange(first, first + rows, dtype=np.uint64))
    made = [_constant("file", piece.file, pl.UInt32, rows), row, _ids(batch, row, piece, columns)]
    for name in LABELS:
        path = columns.labels.get(name)
        given = batch.label(path) if path is not None else None
        made.append(_constant(name, None, pl.String, rows) if given is None else given.alias(name))
    made.append(_source(batch, piece, columns).alias("source"))
    if columns.text is not None:
        made += _within_budget(*as_text(get(columns.text), columns.text), "text")
    elif columns.html is not None:
        page = get(columns.html)
        if page.dtype == pl.Null:
            page = page.cast(pl.Binary)
        if page.dtype not in (pl.Binary, pl.String):
            raise UnreadableFile(
                f"{piece.path}: column {columns.html!r} is {page.dtype}, not a page"
            )
        made += _within_budget(page, said_where(page.is_null(), "null page"), "html")
    else:
        made.append(_constant("error", None, pl.String, rows))
    for name, kind in columns.carried_types.items():
        if name in columns.carried:
            carried = pl.Series(
                batch.carry(columns.carried[name], _arrow(pl.Series(dtype=kind)).type)
            )
            made.append(carried.alias(name))
        else:
            made.append(_constant(name, None, kind, rows))
    return pl.DataFrame(made)


def _with_path(batch: _Batch, piece: Piece, columns: Columns) -> _Batch:
    """Return a batch that also has the columns that stand in the path of its file."""
    if not columns.in_path:
        return batch
    known = keys_of(piece.path)

    def label(path: str) -> pl.Series:
        if path not in columns.in_path:
            return batch.label(path)
        return _constant("", known.get(path), pl.String, batch.rows)

    def carry(path: str, kind: pa.DataType) -> pa.Array:
        return _arrow(label(path)) if path in columns.in_path else batch.carry(path, kind)

    return replace(batch, label=label, carry=carry)


def _constant(name: str, value: Any, kind: Any, rows: int) -> pl.Series:
    return pl.Series(name, [value], kind).new_from_index(0, rows)


def _ids(batch: _Batch, row: pl.Series, piece: Piece, columns: Columns) -> pl.Series:
    """Return the labels of documents: what the file has, else `PATH#ROW`."""
    given = None
    if columns.id is not None:
        given = batch.label(columns.id).alias("id")
        if not given.null_count():
            return given
    unnamed = f"{piece.path}#" + row.cast(pl.String)
    return unnamed.alias("id") if given is None else given.zip_with(given.is_not_null(), unnamed)


def _within_budget(body: pl.Series, error: pl.Series, name: str) -> list[pl.Series]:
    """Return bodies and errors, those over MAX_DOCUMENT taken out and said so."""
    body, error = body.alias(name), error.alias("error")
    size = body.str.len_bytes() if body.dtype == pl.String else body.bin.size()
    if not len(body) or (size.max() or 0) <= MAX_DOCUMENT:  # type: ignore[operator]
        return [body, error]
    over = (size > MAX_DOCUMENT).fill_null(False)
    told = size.cast(pl.String) + f" bytes are over the budget of {MAX_DOCUMENT}"
    nothing = _constant(name, None, body.dtype, len(body))
    return [body.zip_with(~over, nothing), told.alias("error").zip_with(over, error)]


def _source(batch: _Batch, piece: Piece, columns: Columns) -> pl.Series:
    if "column" in columns.source:
        return batch.label(columns.source["column"])
    value = columns.source.get("value")
    if "path" in columns.source:
        value = pl.Series([piece.path]).str.extract(columns.source["path"], 1)[0]
    return _constant("source", value, pl.String, batch.rows)


def _any_between(rows: Sequence[int], start: int, end: int) -> bool:
    import bisect

    at = bisect.bisect_left(rows, start)
    return at < len(rows) and rows[at] < end

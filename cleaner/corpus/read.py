"""Units to frames of documents: streamed, cut into parts of bounded size, each row with its key."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from cleaner.corpus.batch import Batch, arrow
from cleaner.corpus.columns import LABELS, MAX_DOCUMENT, as_text, said_where
from cleaner.corpus.entry import Columns
from cleaner.corpus.files import PART_BYTES, PART_ROWS, FailedFile, Piece, first_line
from cleaner.corpus.formats import FORMATS
from cleaner.corpus.hive import keys_of
from cleaner.corpus.types import Unfits
from cleaner.errors import InputError, UnreadableFile, is_panic
from cleaner.storage import store
from cleaner.storage.shortages import is_shortage, told


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
    part_bytes: int = PART_BYTES,
    shunned: Collection[tuple[int, int]] = (),
) -> Iterator[Part]:
    """Yield the documents of a unit in parts of at most `part_bytes` and PART_ROWS.

    A single document may be larger. The last part is marked. A file that cannot be opened or read
    on is reported in `failed` of the part where it happened; rows of a Parquet row group that
    cannot be decoded are documents with an `error`. Pieces that are `shunned`, by file and first
    row, were found to kill their reader and are not opened. No part is held while the next one is
    read.
    """
    if not pieces:
        return
    empty = columns[pieces[0].entry].empty()
    frames: list[pl.DataFrame] = []
    failed: list[FailedFile] = []
    unfit: Unfits = Counter()
    size = rows = 0
    for piece in pieces:
        if (piece.file, piece.first_row) in shunned:
            said = f"{piece.path}: reading it kills or hangs the worker"
            failed.append(FailedFile(piece.path, piece.first_row or None, said))
            continue
        for batch in _read(piece, columns[piece.entry], failed, unfit):
            for docs, held in _at_most(batch, part_bytes):
                full = size + held > part_bytes or rows + len(docs) > PART_ROWS
                if frames and (full or docs.schema != frames[0].schema):
                    yield _part(frames, failed, unfit)
                    size = rows = 0
                frames.append(docs)
                size += held
                rows += len(docs)
    part = _part(frames or [empty], failed, unfit)
    part.last = True
    yield part


def _at_most(docs: pl.DataFrame, most: int) -> Iterator[tuple[pl.DataFrame, int]]:
    """Yield a frame in halves that a part can take, each with its bytes; at least a row."""
    size = int(docs.estimated_size())
    if len(docs) < 2 or (size <= most and len(docs) <= PART_ROWS):
        yield docs, size
        return
    half = len(docs) // 2
    yield from _at_most(docs[:half], most)
    yield from _at_most(docs[half:], most)


def _part(frames: list[pl.DataFrame], failed: list[FailedFile], unfit: Unfits) -> Part:
    """Return what was read as a part, and begin afresh: what is given away is not held here."""
    docs = pl.concat(frames)
    spans = (
        docs.group_by("file", maintain_order=True)
        .agg(pl.col("row").min().alias("a"), pl.col("row").max().alias("b"), pl.len())
        .rows()
    )
    made = Part(docs, [tuple(span) for span in spans], list(failed), unfit=Counter(unfit))
    for held in (frames, failed, unfit):
        held.clear()
    return made


def _read(
    piece: Piece, columns: Columns, failed: list[FailedFile], unfit: Unfits
) -> Iterator[pl.DataFrame]:
    batches = FORMATS[piece.kind].read(piece, columns, unfit, MAX_DOCUMENT)
    at: int | None = None
    with _as_planned(piece):
        try:
            for first, batch in batches:
                docs = _documents(batch, piece, columns, first)
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
        raise InputError(
            f"{piece.path}: changed since the plan was made; run the same command to plan again"
        )


def _documents(batch: Batch, piece: Piece, columns: Columns, first: int) -> pl.DataFrame:
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
                batch.carry(columns.carried[name], arrow(pl.Series(dtype=kind)).type)
            )
            made.append(carried.alias(name))
        else:
            made.append(_constant(name, None, kind, rows))
    docs = pl.DataFrame(made)
    if batch.errors is None:
        return docs
    return docs.with_columns(error=pl.coalesce(pl.lit(batch.errors), "error"))


def _with_path(batch: Batch, piece: Piece, columns: Columns) -> Batch:
    """Return a batch that also has the columns that stand in the path of its file."""
    if not columns.in_path:
        return batch
    known = keys_of(piece.path)

    def label(path: str) -> pl.Series:
        if path not in columns.in_path:
            return batch.label(path)
        return _constant("", known.get(path), pl.String, batch.rows)

    def carry(path: str, kind: pa.DataType) -> pa.Array:
        return arrow(label(path)) if path in columns.in_path else batch.carry(path, kind)

    return replace(batch, label=label, carry=carry)


def _constant(name: str, value: Any, kind: Any, rows: int) -> pl.Series:
    return pl.Series(name, [value], kind).new_from_index(0, rows)


def _ids(batch: Batch, row: pl.Series, piece: Piece, columns: Columns) -> pl.Series:
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


def _source(batch: Batch, piece: Piece, columns: Columns) -> pl.Series:
    if "column" in columns.source:
        return batch.label(columns.source["column"])
    value = columns.source.get("value")
    if "path" in columns.source:
        value = pl.Series([piece.path]).str.extract(columns.source["path"], 1)[0]
    return _constant("source", value, pl.String, batch.rows)

"""Parquet: rows of row groups, streamed where they are large; types from every footer."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from cleaner.corpus.batch import BATCH_BYTES, BATCH_ROWS, Batch, arrow, counted, unread
from cleaner.corpus.columns import Form, array_at, as_label, column, label_form, root, type_at
from cleaner.corpus.entry import Columns
from cleaner.corpus.files import InputFile, Piece, first_line, open_parquet, parquet_in, spread
from cleaner.corpus.formats.base import InputFormat
from cleaner.corpus.types import Unfits, plain, united
from cleaner.errors import JobError, UnreadableFile
from cleaner.storage import store
from cleaner.storage.shortages import is_shortage

if TYPE_CHECKING:
    from cleaner.corpus.file_columns import Look

_SPELT_OUT = 64 << 20  # bytes of repeated values in one batch before it is taken in slices
_PLAIN_ROWS = 256  # in one batch whose values are all spelt out: they may be far above the mean
_FEW_ROWS = 16  # of them that are decoded at once where a row is large
_DISTINCT = 8 << 20  # bytes of different strings in a row group; above, they are not repeated ones
_STREAMED = 64 << 20  # row groups above this are decoded through a small buffer


def read(
    piece: Piece, columns: Columns, unfit: Unfits, longest: int
) -> Iterator[tuple[int, Batch]]:
    """Yield the rows of some row groups; those that cannot be decoded say so, row by row."""
    with store.open_input(piece.path) as source:
        parquet = parquet_in(source, piece.path)
        meta, schema = parquet.metadata, parquet.schema_arrow
        if missing := columns.missing(schema):
            have = ", ".join(schema.names) or "none"
            raise UnreadableFile(f"{piece.path}: no column {', '.join(missing)}; available: {have}")
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
                yield from _row_group(opened, names, forms, index, row, unfit)
            row += rows


def _any_between(rows: Sequence[int], start: int, end: int) -> bool:
    at = bisect.bisect_left(rows, start)
    return at < len(rows) and rows[at] < end


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
    DELTA encodings, and those alone, cannot be read so. A dictionary goes on to the end of its row
    group: where values differ, it would hold the whole of it, so they are spelt out from there on.
    What the footer says of single columns is not asked: a damaged one ends the process there.
    """

    def __init__(
        self, source: Any, path: str, meta: pq.FileMetaData, strings: list[str], buffer: int
    ) -> None:
        self.source, self.path, self.meta, self.buffer = source, path, meta, buffer
        self.strings = strings
        self._parquet = self._opened(strings)

    def _opened(self, strings: list[str]) -> pq.ParquetFile:
        return parquet_in(
            self.source,
            self.path,
            metadata=self.meta,
            buffer_size=self.buffer,
            read_dictionary=strings,
        )

    def batches(self, index: int, names: list[str], rows: int) -> Iterator[pa.RecordBatch]:
        """Yield a row group in batches of at most so many rows."""
        done, few = 0, min(rows, _PLAIN_ROWS)
        plain = self._parquet
        if self.strings:
            try:
                for batch in self._batches(self._parquet, index, names, rows):
                    yield batch
                    done += batch.num_rows
                    if _distinct(batch) > _DISTINCT:
                        mean = max(1, int(_spelt_out(batch).mean()))
                        few = max(_FEW_ROWS, min(rows, BATCH_BYTES // (4 * mean)))
                        break
                else:
                    return
                del batch
                plain = self._opened([])
            except OSError as error:
                if not str(error).startswith("Not yet implemented"):
                    raise
                self.strings = []
                plain = self._parquet = self._opened([])
        for batch in _gathered(self._batches(plain, index, names, few), rows):
            fresh = batch.slice(min(done, batch.num_rows))
            done -= batch.num_rows - fresh.num_rows
            if fresh.num_rows:
                yield fresh

    def _batches(
        self, parquet: pq.ParquetFile, index: int, names: list[str], rows: int
    ) -> Iterator[pa.RecordBatch]:
        return parquet.iter_batches(rows, [index], columns=names, use_threads=False)


def _gathered(batches: Iterator[pa.RecordBatch], most: int) -> Iterator[pa.RecordBatch]:
    """Yield the same rows in batches of at most so many, and of about BATCH_BYTES."""
    held: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        if held and (size >= BATCH_BYTES or rows + batch.num_rows > most):
            yield pa.concat_batches(held)
            held, rows, size = [], 0, 0
        held.append(batch)
        rows += batch.num_rows
        size += batch.nbytes
    if held:
        yield pa.concat_batches(held)


def _distinct(batch: pa.RecordBatch) -> int:
    """Return the bytes of the dictionaries of a batch."""
    return sum(one.dictionary.nbytes for one in batch if pa.types.is_dictionary(one.type))


def _row_group(
    groups: _Groups,
    names: list[str],
    forms: Mapping[str, Form],
    index: int,
    row: int,
    unfit: Unfits,
) -> Iterator[tuple[int, Batch]]:
    group = groups.meta.row_group(index)
    done = 0
    mean = max(1, group.total_byte_size // max(1, group.num_rows))
    batch_rows = max(1, min(BATCH_ROWS, BATCH_BYTES // mean))
    said = f"row group {index} ends before its last row"
    try:
        for whole in groups.batches(index, names, batch_rows):
            for batch in _bounded(whole):
                yield row + done, _of_batch(batch, forms, unfit)
                done += batch.num_rows
    except (OSError, pa.ArrowException) as error:
        if is_shortage(error):
            raise
        said = f"row group {index} cannot be decoded: {first_line(error)}"
    # The footer says how many rows there are, so each of them is accounted for.
    for start in range(done, group.num_rows, BATCH_ROWS):
        yield row + start, unread(min(BATCH_ROWS, group.num_rows - start), said)


def _of_batch(batch: pa.RecordBatch, forms: Mapping[str, Form], unfit: Unfits) -> Batch:
    def label(path: str) -> pl.Series:
        return as_label(column(batch, path), path, forms[path])

    def carry(path: str, kind: pa.DataType) -> pa.Array:
        if type_at(batch.schema, path) is None:
            return pa.nulls(batch.num_rows, kind)  # other files have it
        array = array_at(batch, path)
        return counted(arrow(column(batch, path)) if array is None else array, kind, path, unfit)

    return Batch(batch.num_rows, partial(column, batch), label, carry)


def _bounded(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Yield a batch in slices that stay small when their dictionaries are spelt out."""
    size = _spelt_out(batch)
    if size.sum() <= _SPELT_OUT:
        yield batch
        return
    running = np.cumsum(size) // BATCH_BYTES
    cuts = [0, *(np.nonzero(np.diff(running))[0] + 1).tolist(), batch.num_rows]
    for start, end in itertools.pairwise(cuts):
        yield batch.slice(start, end - start)


def _spelt_out(batch: pa.RecordBatch) -> np.ndarray:
    """Return the bytes that the dictionaries of each row take once they are spelt out."""
    size = np.zeros(batch.num_rows, np.int64)
    for values in batch.columns:
        if pa.types.is_dictionary(values.type) and _is_string(values.type.value_type):
            lengths = pa.compute.binary_length(values.dictionary).take(values.indices)
            size += lengths.fill_null(0).to_numpy(zero_copy_only=False)
    return size


def look(look: Look, files: Sequence[InputFile]) -> None:
    """Tell a look the columns of every footer that the plan has read, and of some others."""
    unopened = [file for file in files if file.schema is None]
    for file in [*(f for f in files if f.schema is not None), *spread(unopened)]:
        look.attempt(partial(_look_at, look), file)


def _look_at(look: Look, file: InputFile) -> None:
    schema = file.schema
    if schema is None:
        with open_parquet(file.path) as parquet:
            schema = parquet.schema_arrow
    if any(schema.equals(one) for one in look.schemas):
        return
    if missing := [path for path in look.mapped if type_at(schema, path) is None]:
        have = ", ".join(schema.names) or "none"
        if twice := [path for path in missing if schema.names.count(path) > 1]:
            raise UnreadableFile(f"{file.path}: has several columns named {twice[0]}")
        raise UnreadableFile(f"{file.path}: no column {', '.join(missing)}; available: {have}")
    found = {path: kind for path in look.mapped if (kind := type_at(schema, path)) is not None}
    found = dict.fromkeys(found, pa.null())
    for path in dict.fromkeys(schema.names if look.read == "all" else look.read):
        if look.is_carried(path) and (kind := _carried(look, schema, path, file)) is not None:
            found[path] = kind
    for path, kind in found.items():
        look.found.types[path] = kind
        look.first.setdefault(path, file.path)
    look.schemas.append(schema)


def _carried(look: Look, schema: pa.Schema, path: str, file: InputFile) -> pa.DataType | None:
    """Return the type that takes this file's values of a column and those seen before."""
    kind = type_at(schema, path)
    if len(schema.get_all_field_indices(path)) > 1:
        raise UnreadableFile(f"{file.path}: has several columns named {path!r}")
    if kind is None:
        return None
    try:
        mine = plain(kind)
    except pa.ArrowInvalid as error:
        if look.read != "all":
            raise JobError(f"read: {path!r}: {error}") from None
        look.note(f"column {path!r} is left out: {error}")
        return None
    if pa.types.is_decimal256(kind) and pa.types.is_large_string(mine):
        look.note(f"column {path!r} is {kind}, and is carried as text")
    have = look.found.types.get(path, mine)
    if (both := united(have, mine)) is None:
        raise UnreadableFile(
            f"{file.path}: column {path!r} is {kind} here and {have} in {look.first[path]}, "
            "and no type takes both unchanged"
        )
    return both


FORMAT = InputFormat("parquet", (".parquet",), read, look)

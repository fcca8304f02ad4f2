"""WARC and WET archives: a row is a record that holds a page, or the text of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from cleaner.corpus import warc
from cleaner.corpus.batch import BATCH_BYTES, Batch, Get, arrow, counted
from cleaner.corpus.columns import as_label
from cleaner.corpus.entry import Columns
from cleaner.corpus.files import InputFile, Piece
from cleaner.corpus.formats.base import InputFormat
from cleaner.corpus.types import Unfits
from cleaner.errors import UnreadableFile
from cleaner.storage import store

if TYPE_CHECKING:
    from cleaner.corpus.file_columns import Look


def read(
    piece: Piece, columns: Columns, unfit: Unfits, longest: int
) -> Iterator[tuple[int, Batch]]:
    """Yield the pages of an archive; those whose record or HTTP message is broken say so."""
    with store.open_input(piece.path) as source:
        for first, records in warc.read_records(source, piece.path, BATCH_BYTES, longest):
            errors = records.pop("error")
            rows = len(errors)

            def get(path: str, records: dict[str, Any] = records, rows: int = rows) -> pl.Series:
                if path not in records:
                    have = ", ".join(records)
                    raise UnreadableFile(f"{piece.path}: no column {path}; available: {have}")
                return records[path].alias("")

            yield first, _of_records(rows, get, errors, unfit)


def _of_records(rows: int, get: Get, errors: pl.Series, unfit: Unfits) -> Batch:
    def label(path: str) -> pl.Series:
        return as_label(get(path), path)

    def carry(path: str, kind: pa.DataType) -> pa.Array:
        return counted(arrow(get(path)), kind, path, unfit)

    return Batch(rows, get, label, carry, errors)


def look(look: Look, files: Sequence[InputFile]) -> None:
    """Tell a look the columns that every archive has; none is opened for it."""
    body = ("payload", "html", "text", "error")  # of which no second copy is carried
    kinds = {"status": pa.int32(), "payload": pa.large_binary(), "html": pa.large_binary()}
    for name in (*warc.COLUMNS, "html"):
        if name != "error" and (look.read != "all" or name not in body or name in look.mapped):
            look.found.types[name] = kinds.get(name, pa.large_string())
    look.found.types.setdefault(look.mapped[0], pa.large_binary())  # whatever the body is called
    look.usable += 1


WARC = InputFormat("warc", (".warc", ".warc.gz"), read, look)
WET = InputFormat("wet", (".wet", ".wet.gz"), read, look)

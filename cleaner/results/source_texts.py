"""The texts behind ledger rows: from the shards when kept, else from the input."""

from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from cleaner.corpus.entry import Columns
from cleaner.corpus.files import InputFile, Piece
from cleaner.corpus.formats import kind_of
from cleaner.corpus.listing import list_files
from cleaner.corpus.read import read_parts
from cleaner.errors import InputError, StorageError
from cleaner.job.input_columns import resolve_columns
from cleaner.results.finished import Run


def texts_of(run: Run, rows: pl.DataFrame) -> list[str | None]:
    """Return the text of each ledger row, in order; None where its input is gone."""
    source = Source(run)
    return [
        _kept(run, row) if row["fate"] == "kept" else source.text(row)
        for row in rows.iter_rows(named=True)
    ]


def _kept(run: Run, row: dict[str, Any]) -> str | None:
    wanted = np.array([row["shard_row"]], np.uint64)
    for start, frame in run.shards.read(row["shard"], ("text",), wanted):
        at = row["shard_row"] - start
        if 0 <= at < len(frame):
            return frame["text"][at]
    return None


class Source:
    """The input of a run, listed once, as it is now."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @cached_property
    def files(self) -> list[InputFile]:
        """The files that the job's globs match."""
        return list_files([entry.paths for entry in self.run.job.input], self.run.path)

    @cached_property
    def entries(self) -> dict[str, int]:
        """Path -> the entry of the job that reads it."""
        return {file.path: file.entry for file in self.files}

    @cached_property
    def columns(self) -> list[Columns]:
        """What each entry reads."""
        columns, _, _ = resolve_columns(self.run.job.input, self.files)
        return columns

    def document(self, row: dict[str, Any]) -> pl.DataFrame | None:
        """Return the row as the job's stages get it; None where the input is gone."""
        path = self.run.inputs[row["file"]]
        try:
            entry = self.entries.get(path)
            if entry is None:
                return None
            piece = Piece(row["file"], path, "", entry, kind_of(path) or "", take=(row["row"],))
            part = next(iter(read_parts([piece], self.columns, 1 << 20)))
        except (InputError, StorageError):
            return None
        return part.docs if len(part.docs) else None

    def text(self, row: dict[str, Any]) -> str | None:
        """Return the text as the input has it; a page is extracted as the job would."""
        docs = self.document(row)
        if docs is None:
            return None
        if "html" in docs.columns:
            from cleaner.web.page import extract_html

            page = docs["html"][0]
            return extract_html(page).text if page is not None else None
        return docs["text"][0]

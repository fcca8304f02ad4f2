"""The texts behind ledger rows: from the shards when kept, else from the shadow or the input."""

from collections.abc import Mapping, Sequence
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
    return texts_of_rows(run, rows.to_dicts())


def texts_of_rows(run: Run, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
    """Return the text of each ledger row, in order; None where its input is gone."""
    source = Source(run)
    fallen = [(row["file"], row["row"]) for row in rows if row["fate"] != "kept"]
    sampled = of_shadow(run, fallen) if fallen else {}
    return [
        _kept(run, row)
        if row["fate"] == "kept"
        else text
        if (text := sampled.get((row["file"], row["row"]))) is not None
        else source.text(row)
        for row in rows
    ]


def texts_at(run: Run, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
    """Return the text of each document of some keys, in order; None where its input is gone."""
    if not rows:
        return []
    keys = [(row["file"], row["row"]) for row in rows]
    wanted = pl.LazyFrame(keys, schema={"file": pl.UInt32, "row": pl.UInt64}, orient="row")
    told = ["file", "row", "fate", "shard", "shard_row"]
    found = run.scan_ledger().select(told).join(wanted, on=["file", "row"], how="semi").collect()
    of = {(row["file"], row["row"]): row for row in found.to_dicts()}
    there = [of[key] for key in keys if key in of]
    texts = dict(zip([key for key in keys if key in of], texts_of_rows(run, there), strict=True))
    return [texts.get(key) for key in keys]


def of_shadow(run: Run, keys: Sequence[tuple[int, int]]) -> dict[tuple[int, int], str | None]:
    """Return the texts of those documents that are in the shadow, as the last stage left them."""
    shadow = run.scan_shadow()
    if shadow is None:
        return {}
    wanted = pl.LazyFrame(keys, schema={"file": pl.UInt32, "row": pl.UInt64}, orient="row")
    found = shadow.select("file", "row", "text").join(wanted, on=["file", "row"], how="semi")
    return {(file, row): text for file, row, text in found.collect().iter_rows()}


def _kept(run: Run, row: Mapping[str, Any]) -> str | None:
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

    def document(self, row: Mapping[str, Any]) -> pl.DataFrame | None:
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

    def text(self, row: Mapping[str, Any]) -> str | None:
        """Return the text as the input has it; a page is extracted as the job would."""
        docs = self.document(row)
        if docs is None:
            return None
        if "html" in docs.columns:
            from cleaner.web.page import extract_html

            page = docs["html"][0]
            return extract_html(page).text if page is not None else None
        return docs["text"][0]

"""The texts behind ledger rows: from the shards when kept, else from the shadow or the input."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from cleaner.corpus.columns import inside
from cleaner.corpus.entry import Columns
from cleaner.corpus.files import InputFile, Piece
from cleaner.corpus.formats import kind_of
from cleaner.corpus.listing import list_files
from cleaner.corpus.read import read_parts
from cleaner.errors import InputError, StorageError
from cleaner.job.input_columns import resolve_columns
from cleaner.results.finished import Run
from cleaner.stages.base import Stage


def texts_of(run: Run, rows: pl.DataFrame) -> list[str | None]:
    """Return the text of each ledger row, in order; None where its input is gone."""
    return texts_of_rows(run, rows.select("file", "row", "fate", "shard", "shard_row").to_dicts())


def texts_of_rows(run: Run, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
    """Return the text of each ledger row, in order; None where its input is gone.

    Each shard and each file of the input is read once.
    """
    found: list[str | None] = [None] * len(rows)
    fallen = [(row["file"], row["row"]) for row in rows if row["fate"] != "kept"]
    sampled = of_shadow(run, fallen) if fallen else {}
    wanted: dict[tuple[bool, int], dict[int, list[int]]] = {}  # by shard or file: row -> places
    told = run.shards.as_format().holds_text  # else the input has the texts
    for at, row in enumerate(rows):
        key = (row["file"], row["row"])
        found[at] = sampled.get(key)
        if row["fate"] == "kept" and told:
            wanted.setdefault((True, row["shard"]), {}).setdefault(row["shard_row"], []).append(at)
        elif key not in sampled or (found[at] is None and row["fate"] == "failed"):
            # A page that was dropped before a text was made of it has none in the shadow, either.
            wanted.setdefault((False, row["file"]), {}).setdefault(row["row"], []).append(at)
    source = Source(run)
    for (kept, number), places in wanted.items():
        asked = sorted(places)
        texts = _of_shard(run, number, asked) if kept else source.texts(number, asked)
        for name, text in texts:
            for at in places[name]:
                found[at] = text
    return found


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


def _of_shard(run: Run, shard: int, rows: Sequence[int]) -> Iterator[tuple[int, str | None]]:
    """Yield some rows of a shard, sorted, with their texts."""
    for start, frame in run.shards.read(shard, ("text",), np.array(rows, np.uint64)):
        here = [row for row in rows if start <= row < start + len(frame)]
        yield from zip(here, frame["text"].gather([row - start for row in here]), strict=True)


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

    @cached_property
    def maker(self) -> Stage | None:
        """The stage that makes texts of pages."""
        stages = (entry.stage for entry in self.run.job.stages)
        return next((stage for stage in stages if "text" in stage.adds()), None)

    def documents(self, file: int, rows: Sequence[int]) -> Iterator[pl.DataFrame]:
        """Yield some rows of a file, sorted, as the job's stages get them; none of one gone."""
        path = self.run.inputs[file]
        try:
            entry = self.entries.get(path)
            if entry is None:
                return
            piece = Piece(file, path, "", entry, kind_of(path) or "", take=tuple(rows))
            for part in read_parts([piece], self.columns, 1 << 25):
                if len(part.docs):
                    yield part.docs
        except (InputError, StorageError):
            return

    def document(self, row: Mapping[str, Any]) -> pl.DataFrame | None:
        """Return a ledger row as the job's stages get it; None where the input is gone."""
        return next(self.documents(row["file"], [row["row"]]), None)

    def texts(self, file: int, rows: Sequence[int]) -> Iterator[tuple[int, str | None]]:
        """Yield some rows of a file, sorted, with the texts that the job's stages begin with."""
        for docs in self.documents(file, rows):
            if "html" in docs.columns and self.maker is not None:
                known = {name: inside(name) for name in self.maker.may_read()}
                there = [docs[i].alias(n) for n, i in known.items() if i in docs.columns]
                docs = self.maker(docs.with_columns(there))
            if "text" in docs.columns:
                yield from docs.select("row", "text").rows()

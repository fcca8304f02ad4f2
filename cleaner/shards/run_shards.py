"""The shards of a finished run, as its manifest tells of them, to be read in any format."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import polars as pl
import pyarrow as pa

from cleaner.config.plain import Plain
from cleaner.errors import InputError
from cleaner.shards import FORMATS, Format
from cleaner.shards.base import frame_of
from cleaner.storage import store
from cleaner.storage.schemas import arrow_schema


@dataclass(frozen=True)
class Shards(Plain):
    """Where the shards of a run lie, in order, and how they are read."""

    run: str
    format: str
    schema: str  # as `schema_text` gives it
    paths: tuple[str, ...]  # below the run folder

    @classmethod
    def of(cls, run: str, manifest: Mapping[str, Any]) -> Self:
        """Return the shards of the run in a folder.

        Raises InputError for a format that this version does not know.
        """
        told = manifest["shards"]
        if told["format"] not in FORMATS:
            there = ", ".join(FORMATS)
            raise InputError(f"{run}: its shards are {told['format']}; this version reads: {there}")
        paths = tuple(output["path"] for output in manifest["outputs"])
        return cls(run, told["format"], told["schema"], paths)

    def as_format(self) -> Format:
        """Return how they are read."""
        return FORMATS[self.format]

    def arrow_schema(self) -> pa.Schema:
        """Return the columns that every shard has."""
        return arrow_schema(self.schema)

    def scan(self, folder: str = "") -> pl.LazyFrame:
        """Return all shards, or those of one folder, as one lazy frame."""
        paths = [store.join(self.run, path) for path in self.paths if path.startswith(folder)]
        if not paths:
            return frame_of(self.arrow_schema().empty_table()).lazy()
        return self.as_format().scan(paths, self.arrow_schema())

    def read(
        self,
        number: int,
        columns: Sequence[str] | None = None,
        wanted: np.ndarray | None = None,
    ) -> Iterator[tuple[int, pl.DataFrame]]:
        """Yield (first row, frame) of one shard, of the columns that it has.

        Where `wanted` rows are given, in order, what holds none of them may be left out.
        """
        schema = self.arrow_schema()
        if columns is not None:
            columns = [name for name in columns if name in schema.names]
        with ExitStack() as stack:
            files = self.as_format().files(store.join(self.run, self.paths[number]))
            sources = [stack.enter_context(store.open_input(file)) for file in files]
            yield from self.as_format().chunks(sources, schema, columns, wanted)

    def rows(self, number: int) -> int:
        """Return how many rows one shard has, by reading it through."""
        return sum(len(frame) for _, frame in self.read(number))

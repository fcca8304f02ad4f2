"""Drop what was removed from earlier runs: what they are asked to forget does not come back."""

from functools import lru_cache
from typing import ClassVar

import polars as pl

from cleaner.dedup.tombstones import Tombstones
from cleaner.stages.base import Stage
from cleaner.stages.options.removed import RemovedOptions
from cleaner.storage import store


class Removed(RemovedOptions, Stage):
    """The stage at work; its options say what it does."""

    version: ClassVar[int] = 1

    def files(self) -> list[str]:
        """Return the lists."""
        return list(self.lists)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs` with `broken`."""
        known = pl.repeat(False, docs.height, eager=True)
        for path in self.lists:
            known |= _read(path, store.sha256(path)).know(docs)
        broken = pl.when(known).then(pl.lit(["removed"])).otherwise(pl.lit([], pl.List(pl.String)))
        return docs.with_columns(broken=broken)


@lru_cache(maxsize=8)
def _read(path: str, sha256: str) -> Tombstones:
    return Tombstones.read(path)

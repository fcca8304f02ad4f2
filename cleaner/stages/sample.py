"""A seeded sample: the same rows whatever the number of workers."""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from cleaner.stages.base import Judging
from cleaner.stages.cuts import Cut
from cleaner.stages.global_stage import GlobalStage
from cleaner.stages.options.sample import SampleOptions
from cleaner.storage.row_key import sample_key

WHOLE = 2**64
_LOW = 44  # bits of a sample key that only decide ties; the upper 20 are its score


class Sample(SampleOptions, Judging):
    """The stage at work; its options say what it does."""

    drops_most: ClassVar[bool] = True

    def global_stage(self) -> GlobalStage | None:
        """Return the cut over all rows that a number of documents is."""
        return SampleCut(self) if self.documents is not None else None

    def needs(self) -> set[str]:
        """Return the key, and what `where` reads; a sample reads no text."""
        return {"file", "row"} | self.asked_needs()

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs` with `broken`: `not_sampled`, or nothing."""
        if self.share is None:
            raise NotImplementedError("a number of documents is drawn over all rows, by the engine")
        key = sample_key(docs["file"], docs["row"], self.seed)
        # A share of 1 keeps the greatest key too, which no 64-bit bound can lie above.
        bound = round(self.share * WHOLE)
        kept = key < bound if bound < WHOLE else pl.repeat(True, len(key), eager=True)
        fallen = pl.select(
            pl.when(kept | ~self.judged(docs))
            .then(pl.lit([], pl.List(pl.String)))
            .otherwise(pl.lit(["not_sampled"]))
        )
        return docs.with_columns(broken=fallen.to_series())


@dataclass(frozen=True)
class SampleCut(Cut):
    """A number of documents: those with the smallest sample keys."""

    stage: Sample
    reason: ClassVar[str] = "not_sampled"

    def limits(self) -> tuple[float | None, int | None]:
        """Return the number of documents; each weighs 1."""
        return None, self.stage.documents

    def rows(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return what decides the cut: a smaller key scores more."""
        key = sample_key(docs["file"], docs["row"], self.stage.seed)
        return pl.select(
            group=pl.repeat("", len(docs)),
            score=(2**20 - 1) - pl.lit(key // 2**_LOW).cast(pl.Int64),
            tie=pl.lit(key % 2**_LOW),
            weight=pl.repeat(1, len(docs), dtype=pl.UInt64),
        )

    def below(self, docs: pl.DataFrame, cuts: pl.DataFrame) -> pl.Series:
        """Return which documents are not drawn."""
        score, tie = (cuts[name][0] if len(cuts) else 0 for name in ("score", "tie"))
        at = pl.col("score") == score
        kept = (pl.col("score") > score) | (at & (pl.col("tie") <= tie))
        return self.rows(docs).select(~kept).to_series()

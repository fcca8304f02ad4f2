"""Keep one of all documents that are nearly the same, each removal with its partner and Jaccard."""

from collections.abc import Iterable
from typing import Any, ClassVar, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from cleaner.dedup.account import sample
from cleaner.dedup.keys import has_word
from cleaner.dedup.near import (
    bucket_pairs,
    settle_stars,
    shingle_sets,
    sign,
    signature_rows,
)
from cleaner.dedup.presets import PRESETS, Banding, optimal
from cleaner.dedup.ranks import ranks
from cleaner.kernels.minhash import Scheme
from cleaner.stages.duplicates import KEY, Duplicates


class NearDedup(Duplicates):
    """Add `broken` (`near_duplicate`), the partner with its Jaccard, and `cluster_size`.

    Candidates come from MinHash bands: a `preset`, or `ngram`, `bands` and `rows`, or the bands
    that `datasketch` finds best for `threshold` and `permutations`. With `verify` a document falls
    only if its true Jaccard to a kept one is at least `threshold`.
    """

    version: ClassVar[int] = 2  # keys compose what invisible characters parted
    reason: ClassVar[str] = "near_duplicate"

    preset: Literal["fineweb", "refinedweb", "curator", "megamath"] | None = None
    ngram: int = Field(5, ge=1, le=100)
    bands: int | None = Field(None, ge=1, le=1000)
    rows: int | None = Field(None, ge=1, le=1000)
    permutations: int | None = Field(None, ge=2, le=1024)
    seed: int = Field(1, ge=0, lt=2**32)
    scheme: Scheme = "affine32"
    threshold: float = Field(0.8, gt=0, le=1)
    verify: bool = True
    cluster: Literal["star", "components"] = "star"

    @classmethod
    def from_short(cls, value: Any) -> dict[str, Any]:
        """Return options for `near_dedup: fineweb`."""
        return {"preset": value} if isinstance(value, str) else super().from_short(value)

    @model_validator(mode="after")
    def _one_banding(self) -> Self:
        if (self.bands is None) != (self.rows is None):
            raise ValueError("bands and rows go together")
        given = [name for name in ("preset", "bands", "permutations") if getattr(self, name)]
        if len(given) > 1:
            raise ValueError(f"takes one of preset, bands and rows, permutations; got {given}")
        return self

    @property
    def banding(self) -> Banding:
        """The words of a shingle, the bands, and the signature values of a band."""
        if self.bands and self.rows:
            return Banding(self.ngram, self.bands, self.rows)
        if self.permutations:
            return Banding(self.ngram, *optimal(self.threshold, self.permutations))
        return PRESETS[self.preset or "fineweb"]._replace(ngram=self.ngram)

    def needs(self) -> set[str]:
        """Return the columns this stage reads."""
        return super().needs() | self.asked()

    def compares(self) -> dict[str, Any]:
        """Return what two runs must have in common for their indexes to be compared."""
        signed = {"seed": self.seed, "scheme": self.scheme}
        return {**self.banding._asdict(), **signed, **super().compares()}

    def band_rows(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of `BANDS` of some documents."""
        return self.band_rows_and_sample(docs, 0)[0]

    def band_rows_and_sample(
        self, docs: pl.DataFrame, share: float
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the rows of `BANDS`, and of `SAMPLED` for about `share` of the documents."""
        docs = docs.filter(self.judged(docs))
        signed = sign(docs, self.banding, self.within, self.seed, self.scheme)
        rows = signature_rows(docs, signed, ranks(docs, **self.policy()))
        return rows, sample(docs, signed, share, self.seed)

    def sets(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of `SETS` of candidates."""
        return shingle_sets(docs, self.banding.ngram, **self.policy())

    def settle(
        self,
        sets: pl.DataFrame | Iterable[pl.DataFrame],
        pairs: pl.DataFrame | Iterable[pl.DataFrame],
    ) -> pl.DataFrame:
        """Return the `VERDICTS` on whole components, given whole or piece by piece."""
        return settle_stars(sets, pairs, self.threshold, self.verify, self.cluster)

    def verdicts(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `VERDICTS` for one frame that is the whole corpus."""
        pairs = bucket_pairs(self.band_rows(docs))
        ends = [pairs.select(KEY), pairs.select(file="other_file", row="other_row")]
        candidates = docs.join(pl.concat(ends).unique(), on=KEY, how="semi", maintain_order="left")
        return self.settle(self.sets(candidates), pairs)

    def wordless(self, docs: pl.DataFrame) -> pl.Series:
        """Return which texts have no word to make a shingle of."""
        return ~has_word(docs)

"""A seeded sample: the same rows whatever the number of workers."""

import numpy as np
import polars as pl
from pydantic import Field, model_validator

from cleaner.stages.base import Judging

WHOLE = 2**64


class Sample(Judging):
    """Keep a share of the documents, or a number of them; the others are `not_sampled`.

    A share is judged row by row. A number needs all rows: the engine keeps the `documents` rows
    with the smallest `sample_key`.
    """

    share: float | None = Field(None, ge=0, le=1)
    documents: int | None = Field(None, ge=0)
    seed: int = Field(0, ge=0, lt=2**63)

    @model_validator(mode="after")
    def _one(self) -> "Sample":
        if (self.share is None) == (self.documents is None):
            raise ValueError("takes exactly one of share and documents")
        if self.on is not None and self.documents is not None:
            raise ValueError("on: goes with share; a number of documents is drawn of all")
        return self

    def needs(self) -> set[str]:
        """Return the key, and what `on` reads; a sample reads no text."""
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


def sample_key(file: pl.Series, row: pl.Series, seed: int) -> pl.Series:
    """Return a 64-bit hash of each row's key: who has the smallest is drawn first.

    >>> sample_key(pl.Series([0, 0]), pl.Series([0, 1]), seed=0).to_list()
    [2558736989570252433, 3400964856525257824]
    """
    with np.errstate(over="ignore"):
        start = _mix(np.full(len(file), seed, np.uint64))
        with_file = _mix(start ^ file.cast(pl.UInt64).to_numpy())
        return pl.Series("sample_key", _mix(with_file ^ row.cast(pl.UInt64).to_numpy()))


def _mix(value: np.ndarray) -> np.ndarray:
    """Return one step of splitmix64 (Steele et al. 2014): every bit depends on every bit."""
    value = value + np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))

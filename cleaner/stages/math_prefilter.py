"""Drop pages whose raw bytes show no mathematics, before anything is parsed."""

from typing import ClassVar

import polars as pl

from cleaner.stages.base import Judging
from cleaner.stages.options.math_prefilter import MathPrefilterOptions
from cleaner.web.prefilter import may_hold_mathematics


class MathPrefilter(MathPrefilterOptions, Judging):
    """The stage at work; its options say what it does."""

    drops_most: ClassVar[bool] = True

    def needs(self) -> set[str]:
        """Return the columns this stage reads."""
        return {"html"} | self.asked_needs()

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs` with `broken` added, in the same order."""
        maybe = may_hold_mathematics(docs["html"], self.weak)
        # A null page is not judged here: it is text already, or `extract` says what is wrong.
        return docs.with_columns(
            broken=pl.when(maybe.eq(False).fill_null(False) & self.judged(docs))
            .then(pl.lit(["no_math_markup"], pl.List(pl.String)))
            .otherwise(pl.lit([], pl.List(pl.String)))
        )

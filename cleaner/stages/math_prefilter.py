"""Drop pages whose raw bytes show no mathematics, before anything is parsed."""

from typing import ClassVar

import polars as pl

from cleaner.stages.base import Judging
from cleaner.web.prefilter import Weak, may_hold_mathematics


class MathPrefilter(Judging):
    """Add `broken`: `no_math_markup` for pages without mathematical markup or weak TeX evidence.

    Rows without a page but with text (those of a `text` entry) pass.
    """

    drops_most: ClassVar[bool] = True

    weak: Weak = "auto"

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

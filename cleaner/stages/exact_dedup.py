"""Keep one of all documents whose key is equal: the text, the url, or a column."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import polars as pl

from cleaner.config.choices import Keep
from cleaner.dedup.exact import decide_exact, exact_keys
from cleaner.dedup.keys import has_word
from cleaner.errors import JobError
from cleaner.stages.duplicates import Duplicates, commit_verdicts
from cleaner.stages.global_stage import VERDICTS, Role, Step, Work
from cleaner.stages.options.exact_dedup import ExactDedupOptions


class ExactDedup(ExactDedupOptions, Duplicates):
    """The stage at work; its options say what it does."""

    version: ClassVar[int] = 3  # keep: newest reads more forms of dates
    reason: ClassVar[str] = "exact_duplicate"
    index_by: ClassVar[str] = "hi"

    def compares_text(self) -> bool:
        """Return whether texts are what is compared."""
        return self.on == "text"

    def _usual_keep(self, columns: Collection[str]) -> Keep:
        return "newest" if self.on == "url" and "date" in columns else "longest"

    def needs(self) -> set[str]:
        """Return the columns this stage reads."""
        return (super().needs() - {"text"}) | {self.on} | self.asked_needs()

    def check(self, columns: Mapping[str, Any]) -> None:
        """Raise JobError where `on` is a column whose values are no single ones."""
        super().check(columns)
        kind = columns.get(self.on)
        if kind is not None and kind.is_nested():
            raise JobError(f"on: {self.on!r} is {kind}; it takes a column of single values")

    def compares(self) -> dict[str, Any]:
        """Return what two runs must have in common for their indexes to be compared."""
        return {"on": self.on, **super().compares()}

    def keys(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of `KEYS` of some documents."""
        docs = docs.filter(self.judged(docs))
        return exact_keys(docs, self.on, within=self.within, **self.policy())

    def key_rows(self, rows: int) -> int:
        """Return the number of documents: each sends one key."""
        return rows

    def sent(self, docs: pl.DataFrame, roles: Sequence[Role]) -> Mapping[str, pl.DataFrame]:
        """Return the keys of a frame, by their upper half."""
        return {"keys": self.keys(docs).with_columns(slot=pl.col("hi"))}

    def steps(self) -> tuple[Step, ...]:
        """Return the one step: equal keys meet in one range."""
        return (Step("decide", _decide, over="ranges", makes={VERDICTS: "by row"}),)

    def verdicts(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `VERDICTS` for one frame that is the whole corpus."""
        return decide_exact(self.keys(docs))

    def wordless(self, docs: pl.DataFrame) -> pl.Series:
        """Return which texts have no word, when texts are what is compared."""
        if self.on != "text":
            return pl.Series(np.zeros(docs.height, bool))
        return ~has_word(docs)


def _decide(stage: ExactDedup, work: Work) -> None:
    for piece in work.pieces("keys"):
        known = piece.all()
        commit_verdicts(decide_exact(known), known, work, piece.number, piece.last)

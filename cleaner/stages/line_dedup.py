"""Cut the lines or paragraphs that stand in many documents."""

from typing import Any, ClassVar, Literal

import polars as pl
from pydantic import Field

from cleaner.dedup.keys import Within, has_word
from cleaner.dedup.lines import Unit, cut_lines, line_counts, settle_lines
from cleaner.stages.base import Stage
from cleaner.stages.duplicates import KEY, Runs, alone, keyed
from cleaner.stages.marked import cut_so_far


class LineDedup(Stage):
    """Cut each line that at least `min_documents` documents hold, of all or of one host.

    Lines are compared as keys (see `cleaner.kernels.fold`); those of fewer than `min_words` words
    and those inside code fences stay, and no formula is parted. With `keep_first` a line stays in
    the first document that has it. A text left without a word is `broken`: `repeated_line`.
    """

    version: ClassVar[int] = 2  # keys compose what invisible characters parted
    kind: ClassVar[Literal["document", "corpus"]] = "corpus"
    changes_text: ClassVar[bool] = True
    reason: ClassVar[str] = "repeated_line"

    unit: Unit = "line"
    min_documents: int = Field(10, ge=2)
    min_words: int = Field(5, ge=1)
    within: Within = "all"
    keep_first: bool = False
    against: Runs = ()

    @classmethod
    def from_short(cls, value: Any) -> dict[str, Any]:
        """Return options for `line_dedup: paragraph`."""
        return {"unit": value} if isinstance(value, str) else super().from_short(value)

    def needs(self) -> set[str]:
        """Return the columns this stage reads."""
        return {"text"} | {"source": {"source"}, "host": {"url"}, "all": set()}[self.within]

    def adds(self) -> dict[str, Any]:
        """Return `lines_cut`: how many lines, or paragraphs, went."""
        return {"lines_cut": pl.UInt32}

    def compares(self) -> dict[str, Any]:
        """Return what two runs must have in common for their indexes to be compared."""
        return {
            "unit": self.unit, "min_words": self.min_words, "within": self.within,
            "version": self.version,
        }  # fmt: skip

    def counts(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of `LINES` of one unit, to exchange by `line`."""
        return line_counts(docs, self.unit, self.min_words, self.within)

    def settle(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of `FREQUENT` of one partition, each for the unit that sent it."""
        return settle_lines(rows, self.min_documents)

    def apply(self, docs: pl.DataFrame, frequent: pl.DataFrame) -> pl.DataFrame:
        """Return `docs` with `text`, `characters_cut`, `lines_cut` and `broken`."""
        text, lines = cut_lines(
            docs, frequent, self.unit, self.min_words, self.within, self.keep_first
        )
        cut = docs["text"].str.len_chars().fill_null(0) - text.str.len_chars().fill_null(0)
        after = docs.drop("words", strict=False).with_columns(text=text)
        nothing = ~has_word(after) & (lines > 0)
        return docs.with_columns(
            text=text,
            characters_cut=cut_so_far(docs, cut),
            lines_cut=lines,
            broken=pl.select(
                pl.when(nothing)
                .then(pl.lit([self.reason]))
                .otherwise(pl.lit([], pl.List(pl.String)))
            ).to_series(),
        )

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs`, the whole corpus in one frame, without its frequent lines."""
        alone(self)
        ours = keyed(docs)
        done = self.apply(ours, self.settle(self.counts(ours)))
        return done if set(KEY) <= set(docs.columns) else done.drop(KEY)

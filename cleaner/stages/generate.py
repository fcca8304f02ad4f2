"""New texts beside those of the pages, out of which a large model wrote them."""

from collections.abc import Sequence
from typing import Any, ClassVar

import polars as pl

from cleaner.stages.asked import ByPrompts, FromFiles, WithPrompts
from cleaner.stages.options.generate import GenerateOptions

KIND = "generated"


class Generating(GenerateOptions, ByPrompts):
    """What the stage does, whether its prompts are still in files or already at hand."""

    changes_text: ClassVar[bool] = False

    def needs(self) -> set[str]:
        """Return what is asked about, and the id that becomes `parent`."""
        return super().needs() | ({"id"} if self.marks else set())

    def adds(self) -> dict[str, Any]:
        """Return the new text, the prompt that it answers, the page that it is of, and its kind."""
        marks = ("parent", "kind") if self.marks else ()
        return dict.fromkeys((self.name, f"{self.name}_by", *marks), pl.String)

    def new_column(self) -> str:
        """Return the column that has what the model wrote."""
        return self.name

    def written(
        self,
        docs: pl.DataFrame,
        new: Sequence[str | None],
        by: Sequence[str | None],
        hashes: Sequence[str | None],
    ) -> pl.DataFrame:
        """Return documents with the new texts beside the old ones."""
        docs = docs.with_columns(
            # A page without one is `empty` in the job that reads this column: no failure.
            pl.Series(self.name, new, pl.String).fill_null(""),
            pl.Series(f"{self.name}_by", by, pl.String),
        )
        if not self.marks:
            return docs
        return docs.with_columns(parent=pl.col("id").cast(pl.String), kind=pl.lit(KIND))


class ResolvedGenerate(Generating, WithPrompts):
    """The stage with its prompts and phrases as data: no worker opens their files."""


class Generate(Generating, FromFiles):
    """The stage at work; its options say what it does."""

    @classmethod
    def resolved_type(cls) -> type[ResolvedGenerate]:
        """Return the type of the stage with its prompts."""
        return ResolvedGenerate

    def resolve(self) -> ResolvedGenerate:
        """Return these options with the prompts of their files."""
        return ResolvedGenerate(**self.model_dump(), read=self.read, phrases=self.phrases)

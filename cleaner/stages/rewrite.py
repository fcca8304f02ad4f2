"""Texts are replaced by another form of them that a large model wrote."""

from collections.abc import Sequence
from typing import Any, ClassVar

import polars as pl

from cleaner.stages.asked import ByPrompts, FromFiles, WithPrompts
from cleaner.stages.options.rewrite import RewriteOptions


class Rewriting(RewriteOptions, ByPrompts):
    """What the stage does, whether its prompts are still in files or already at hand."""

    changes_text: ClassVar[bool] = True

    def adds(self) -> dict[str, Any]:
        """Return the prompt by which a text was rewritten, and the hash of what it was."""
        return {"rewritten": pl.String, "original_sha256": pl.String}

    def labels(self) -> set[str]:
        """Return the prompt: the ledger can be counted by it."""
        return {"rewritten"}

    def new_column(self) -> str:
        """Return the column that has what the model wrote."""
        return "text"

    def written(
        self,
        docs: pl.DataFrame,
        new: Sequence[str | None],
        by: Sequence[str | None],
        hashes: Sequence[str | None],
    ) -> pl.DataFrame:
        """Return documents with the new texts in the place of the old ones."""
        return docs.with_columns(
            text=pl.Series(new, dtype=pl.String).fill_null(docs["text"]),
            rewritten=pl.Series(by, dtype=pl.String),
            original_sha256=pl.Series(hashes, dtype=pl.String),
        )


class ResolvedRewrite(Rewriting, WithPrompts):
    """The stage with its prompts and phrases as data: no worker opens their files."""


class Rewrite(Rewriting, FromFiles):
    """The stage at work; its options say what it does."""

    @classmethod
    def resolved_type(cls) -> type[ResolvedRewrite]:
        """Return the type of the stage with its prompts."""
        return ResolvedRewrite

    def resolve(self) -> ResolvedRewrite:
        """Return these options with the prompts of their files."""
        return ResolvedRewrite(**self.model_dump(), read=self.read, phrases=self.phrases)

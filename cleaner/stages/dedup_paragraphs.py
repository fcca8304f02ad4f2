"""Cut what a text says twice."""

from typing import ClassVar

import polars as pl

from cleaner.stages.base import Stage
from cleaner.stages.marked import cut_so_far
from cleaner.stages.options.dedup_paragraphs import DedupParagraphsOptions
from cleaner.text.paragraphs import drop_repeated
from cleaner.text.segment import formulas_of


class DedupParagraphs(DedupParagraphsOptions, Stage):
    """The stage at work; its options say what it does."""

    version: ClassVar[int] = 7  # what parts two copies of a text goes with the second
    changes_text: ClassVar[bool] = True

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs` with `text` without repeated paragraphs, and `characters_cut`."""
        text, cut = drop_repeated(docs["text"], self.min_chars, formulas_of(docs))
        return docs.with_columns(text=text, characters_cut=cut_so_far(docs, cut))

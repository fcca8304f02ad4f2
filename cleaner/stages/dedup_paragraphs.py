"""Cut what a text says twice."""

from typing import ClassVar

import polars as pl
from pydantic import Field

from cleaner.stages.base import Stage
from cleaner.stages.marked import cut_so_far, formulas_of
from cleaner.text.paragraphs import drop_repeated


class DedupParagraphs(Stage):
    """Cut copies of earlier paragraphs of the same document; count `characters_cut`.

    Paragraphs are parted by blank lines. Those under `min_chars` characters stay: short ones, such
    as lines of a dialogue, are said twice for a reason.
    """

    version: ClassVar[int] = 2  # keys compose what invisible characters parted
    changes_text: ClassVar[bool] = True

    min_chars: int = Field(20, ge=1)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs` with `text` without repeated paragraphs, and `characters_cut`."""
        text, cut = drop_repeated(docs["text"], self.min_chars, formulas_of(docs))
        return docs.with_columns(text=text, characters_cut=cut_so_far(docs, cut))

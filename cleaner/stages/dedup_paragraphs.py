"""Cut what a text says twice."""

from typing import ClassVar

import polars as pl
from pydantic import Field

from cleaner.stages.base import Stage
from cleaner.stages.marked import cut_so_far
from cleaner.text.paragraphs import drop_repeated
from cleaner.text.segment import formulas_of


class DedupParagraphs(Stage):
    """Cut copies of earlier paragraphs of the same document; count `characters_cut`.

    Paragraphs are parted by blank lines; in a text without any, every line is one. Those under
    `min_chars` characters stay, but for lines of a passage that is said again as a whole: short
    ones, such as those of a dialogue, are said twice for a reason. The cut-off beginning of another
    paragraph (a teaser that ends in …) goes too. The refrain of a song set without blank lines is
    cut where its lines are long.
    """

    version: ClassVar[int] = 4  # a whole paragraph with an ellipsis after it is a copy, too
    changes_text: ClassVar[bool] = True

    min_chars: int = Field(20, ge=1)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs` with `text` without repeated paragraphs, and `characters_cut`."""
        text, cut = drop_repeated(docs["text"], self.min_chars, formulas_of(docs))
        return docs.with_columns(text=text, characters_cut=cut_so_far(docs, cut))

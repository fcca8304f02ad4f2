"""Tell what each document is about, or what kind of text it is."""

from typing import Any, ClassVar

import numpy as np
import polars as pl
import pyarrow.compute as pc

from cleaner.stages.base import Stage
from cleaner.stages.options.categorise import CategoriseOptions

UNSURE = "unsure"


class Categorise(CategoriseOptions, Stage):
    """The stage at work; its options say what it does."""

    exact: ClassVar[bool] = False

    def adds(self) -> dict[str, Any]:
        """Return the category and its probability."""
        return {self.name: pl.String, f"{self.name}_score": pl.Float64}

    def labels(self) -> set[str]:
        """Return the category."""
        return {self.name}

    def files(self) -> list[str]:
        """Return the model and its card."""
        from cleaner.models.scoring.card import card_path

        card = card_path(self.model)
        return [self.model, *([str(card)] if card.is_file() else [])]

    def resolve(self) -> "Categorise":
        """Return these options; model, card and labels are checked, on the driver."""
        from cleaner.models.scoring import card, fasttext
        from cleaner.models.scoring.taxonomy import read_taxonomy

        header = fasttext.read_header(self.model)
        read_taxonomy(self.taxonomy).check(header.labels, self.model)
        if found := card.read_card(self.model):
            card.check_card(self.model, found)
        return self

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs` with the category of every document."""
        from cleaner.models.scoring.card import read_card
        from cleaner.models.scoring.prepare import RAW, prepare
        from cleaner.models.scoring.score import best

        card = read_card(self.model)
        prepared = prepare(docs["text"], card.preparation if card else RAW)
        names, scores = best(self.model, prepared)
        # Without a token there is nothing to judge: the model's prior is no score.
        scores[pc.equal(pc.binary_length(prepared), 0).to_numpy(zero_copy_only=False)] = 0.0
        sure = (scores > 0) & (scores >= self.min_score)
        return docs.with_columns(
            pl.Series(self.name, np.where(sure, names, UNSURE).tolist(), pl.String),
            pl.Series(f"{self.name}_score", scores, pl.Float64),
        )

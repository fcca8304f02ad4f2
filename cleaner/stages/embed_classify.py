"""Score documents by an embedding model with a head, and drop those below a cut."""

from typing import ClassVar

import numpy as np
import polars as pl

from cleaner.stages.classify import Scored
from cleaner.stages.options.embed_classify import EmbedClassifyOptions


class EmbedClassify(EmbedClassifyOptions, Scored):
    """The stage at work; its options say what it does."""

    version: ClassVar[int] = 1
    gpu: ClassVar[bool] = True

    def files(self) -> list[str]:
        """Return the head, its card, and the files of its encoder."""
        from cleaner.models.scoring import embed
        from cleaner.models.scoring.card import card_path

        card = card_path(self.model)
        encoder = embed.read_head(self.model).encoder
        return [
            self.model,
            *([str(card)] if card.is_file() else []),
            *embed.files(encoder.path),
        ]

    def resolve(self) -> "Scored":
        """Return these options with the cut filled in; head, label and encoder are checked."""
        from cleaner.models.scoring import card, embed

        embed.load(embed.check(self.model, self.target).encoder.path)
        if found := card.read_card(self.model):
            card.check_card(self.model, found)
        return super().resolve()

    def default_cut(self) -> float | None:
        """Return the cut of the model card, if there is one for this label."""
        from cleaner.models.scoring.card import default_cut

        return default_cut(self.model, self.target)

    def scores(self, text: pl.Series) -> np.ndarray:
        """Return the score of the label for every text, rounded to 6 decimals."""
        from cleaner.models.scoring.embed import score

        return score(self.model, text, self.target)

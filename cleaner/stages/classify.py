"""Score documents by a fastText model, and drop those below a cut."""

from typing import Any, ClassVar

import numpy as np
import polars as pl
import pyarrow.compute as pc

from cleaner.errors import JobError
from cleaner.rules.conditions import Limit
from cleaner.stages.base import Judging
from cleaner.stages.cuts import ShareCut
from cleaner.stages.global_stage import GlobalStage
from cleaner.stages.options.classify import ClassifyOptions
from cleaner.stages.options.scored import ScoredOptions


class Scored(ScoredOptions, Judging):
    """What `classify` and `embed_classify` share: one score, at most one cut."""

    exact: ClassVar[bool] = False
    judged_by: ClassVar[frozenset[str]] = frozenset(
        {"min_score", "keep_share", "keep_tokens", "per", "action", "where"}
    )

    @property
    def column(self) -> str:
        """The name of the score column."""
        return self.name or f"{self.target.removeprefix('__label__')}_score"

    def score(self) -> str | None:
        """Return the score column."""
        return self.column

    def global_stage(self) -> GlobalStage | None:
        """Return the share-based cut, where there is one."""
        return ShareCut(self) if self.shares else None

    def needs(self) -> set[str]:
        """Return the columns of the frame this stage reads."""
        return super().needs() | set(self.per)

    def adds(self) -> dict[str, Any]:
        """Return the score column."""
        return {self.column: pl.Float64}

    def scores(self, text: pl.Series) -> np.ndarray:
        """Return the probability of the label for every text, rounded to 6 decimals."""
        raise NotImplementedError

    def default_cut(self) -> float | None:
        """Return the cut of the model card, if there is one."""
        raise NotImplementedError

    def resolve(self) -> "Scored":
        """Return these options with the cut filled in; the model is checked, on the driver."""
        cut = self.floor()
        return self if cut is None else self.model_copy(update={"min_score": cut})

    def limits(self) -> tuple[Limit, ...]:
        """Return the score below which a document falls, where it is fixed."""
        floor = self.floor()
        return () if floor is None else (Limit(self.column, low=round(floor, 6)),)

    def floor(self) -> float | None:
        """Return the score below which a document falls; None when no fixed cut is meant."""
        if self.min_score is not None or self.shares:
            return self.min_score
        cut = self.default_cut()
        if cut is None and self.action == "drop":
            raise JobError(
                f"{self.model}: no model card with a cut for {self.target!r} beside it; give "
                "min_score, keep_share or keep_tokens"
            )
        return cut

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs` with the score, and `broken`: `low_score` below a fixed cut."""
        score = pl.Series(self.column, self.scores(docs["text"]), pl.Float64)
        return self.rejudged(docs.with_columns(score))

    def rejudged(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs`, which have the score, with `broken`."""
        floor = self.floor()
        nothing = pl.lit([], pl.List(pl.String))
        if floor is None:
            return docs.with_columns(broken=nothing)
        low = self.judged(docs) & (docs[self.column] < round(floor, 6))
        return docs.with_columns(broken=pl.when(low).then(pl.lit(["low_score"])).otherwise(nothing))


class Classify(ClassifyOptions, Scored):
    """The stage at work; its options say what it does."""

    def files(self) -> list[str]:
        """Return the model and its card."""
        from cleaner.models.scoring.card import card_path

        card = card_path(self.model)
        return [self.model, *([str(card)] if card.is_file() else [])]

    def resolve(self) -> "Scored":
        """Return these options with the cut filled in; model, label and card are checked."""
        from cleaner.models.scoring import card, fasttext, score

        header = fasttext.read_header(self.model)
        score.column(header, self.target)
        if found := card.read_card(self.model):
            card.check_card(self.model, found)
        return super().resolve()

    def default_cut(self) -> float | None:
        """Return the cut of the model card, if there is one for this label."""
        from cleaner.models.scoring.card import default_cut

        return default_cut(self.model, self.target.removeprefix("__label__"))

    def scores(self, text: pl.Series) -> np.ndarray:
        """Return the probability of the label for every text, rounded to 6 decimals."""
        from cleaner.models.scoring.card import read_card
        from cleaner.models.scoring.prepare import RAW, prepare
        from cleaner.models.scoring.score import score

        card = read_card(self.model)
        prepared = prepare(text, card.preparation if card else RAW)
        found = score(self.model, prepared, self.target)
        found[pc.equal(pc.binary_length(prepared), 0).to_numpy(zero_copy_only=False)] = 0.0
        return found  # without a token there is nothing to judge: the model's prior is no score

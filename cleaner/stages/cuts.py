"""Share-based cuts: which score, and which document at that score, is the last one kept.

Every row that reaches the stage is known by its group, its score in whole millionths and a seeded
scramble of its key, so the cut depends on the documents alone, never on who met them first.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl

from cleaner.stages.global_stage import VERDICTS, GlobalStage, Role, Step, Whole, Work
from cleaner.stages.marked import word_counts
from cleaner.storage.row_key import tie_key

if TYPE_CHECKING:
    from cleaner.stages.classify import Scored

MICRO = 1_000_000


def cut_rows(docs: pl.DataFrame, stage: Scored, seed: int = 0) -> pl.DataFrame:
    """Return what decides a share-based cut, a row per scored document.

    `group` (String) names the values of `per`, `score` (Int64) counts millionths and is -1 for a
    document that `on` leaves out, `tie` (UInt64) is a seeded scramble of (file, row), different for
    every document, and `weight` (UInt64) is 1, or the document's words for `keep_tokens`.
    """
    if stage.keep_tokens is None:
        weight = pl.repeat(1, len(docs), dtype=pl.UInt64, eager=True)
    else:
        weight = word_counts(docs)
    return docs.select(
        group=_group(stage),
        score=pl.when(stage.judged(docs)).then(micro(pl.col(stage.column))).otherwise(-1),
        tie=tie_key(docs, seed),
        weight=weight,
    )


def micro(score: pl.Expr) -> pl.Expr:
    """Return a score as whole millionths; an unknown one is below all."""
    return (score.fill_nan(None) * MICRO).round().cast(pl.Int64).fill_null(-1)


def _group(stage: Scored) -> pl.Expr:
    parts = [pl.col(name).cast(pl.String).fill_null("") for name in stage.per]
    return pl.concat_str(parts, separator="\t") if parts else pl.lit("")


CUTS = {
    "group": pl.String,
    "score": pl.Int64,
    "tie": pl.UInt64,
    "documents": pl.UInt64,
    "weight": pl.UInt64,
}


def decide_cut(
    rows: pl.DataFrame | pl.LazyFrame, share: float | None = None, tokens: int | None = None
) -> pl.DataFrame:
    """Return for each group the last document kept: its `score` and `tie`, and what is kept.

    Documents are taken by falling score, then rising tie: `share` of them (to the nearest whole
    document), or as many as weigh no more than `tokens` together. Rows may be lazy; two passes are
    made, and only the documents at the cut itself are sorted.
    """
    lazy = rows.lazy().filter(pl.col("score") >= 0)
    counts = (
        lazy.group_by("group", "score")
        .agg(documents=pl.len().cast(pl.UInt64), weight=pl.col("weight").sum())
        .collect(engine="streaming")
        .sort("group", "score", descending=[False, True])
    )
    part = Fraction(repr(share)) if share is not None else None
    wanted: dict[str, int] = {}
    at_cut: list[tuple[str, int, int, int]] = []  # group, score, documents and weight above it
    measure = "documents" if part is not None else "weight"
    for (group,), facts in counts.group_by("group", maintain_order=True):
        total = int(facts["documents"].sum())
        limit = int(part * total + Fraction(1, 2)) if part is not None else int(tokens or 0)
        wanted[str(group)] = limit
        sums = facts[measure].cum_sum()
        # The first score whose documents do not all fit; when all fit, the last score.
        at = min(int((sums <= limit).sum()), len(facts) - 1)
        above = facts[:at]
        at_cut.append(
            (
                str(group),
                int(facts["score"][at]),
                int(above["documents"].sum()),
                int(above["weight"].sum()),
            )
        )
    edge = pl.DataFrame(
        at_cut,
        schema={
            "group": pl.String,
            "score": pl.Int64,
            "above": pl.UInt64,
            "heavier": pl.UInt64,
        },
        orient="row",
    )
    ties = (
        lazy.join(edge.lazy(), on=["group", "score"])
        .collect(engine="streaming")
        .sort("group", "tie")
    )
    out = []
    for (group,), facts in ties.group_by("group", maintain_order=True):
        documents, weight = int(facts["above"][0]), int(facts["heavier"][0])
        score, tie = int(facts["score"][0]), None
        spent = documents if part is not None else weight
        room = wanted[str(group)] - spent
        sums = (
            facts["weight"] if part is None else pl.Series(np.ones(len(facts), np.uint64))
        ).cum_sum()
        taken = int((sums <= room).sum())
        if taken:
            tie = int(facts["tie"][taken - 1])
            documents, weight = documents + taken, weight + int(facts["weight"][:taken].sum())
        else:  # nothing at this score: keep from just above it
            score, tie = score + 1, 2**64 - 1
        out.append((str(group), score, tie, documents, weight))
    return pl.DataFrame(out, schema=CUTS, orient="row")


def below_cut(docs: pl.DataFrame, stage: Scored, cuts: pl.DataFrame, seed: int = 0) -> pl.Series:
    """Return for each document whether it falls at the decided cut.

    One without a score, or of a group that nobody decided, falls; what `on` leaves out does not.
    """
    rows = cut_rows(docs, stage.model_copy(update={"keep_tokens": None}), seed)
    joined = rows.join(
        cuts.select("group", at="score", last="tie"), on="group", how="left", maintain_order="left"
    )
    kept = (pl.col("score") > pl.col("at")) | (
        (pl.col("score") == pl.col("at")) & (pl.col("tie") <= pl.col("last"))
    )
    return joined.select(below=~kept.fill_null(False))["below"] & stage.judged(docs)


class Cut(GlobalStage):
    """What a cut over all rows asks of the engine: one task decides it, every task applies it."""

    gathered: ClassVar[bool] = False
    reads_again: ClassVar[bool] = True
    reason: ClassVar[str]

    @abstractmethod
    def limits(self) -> tuple[float | None, int | None]:
        """Return the share of documents to keep, or the weight."""

    @abstractmethod
    def rows(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return what decides the cut, as `cut_rows` does."""

    @abstractmethod
    def below(self, docs: pl.DataFrame, cuts: pl.DataFrame) -> pl.Series:
        """Return which documents lie below the decided cut."""

    def key_rows(self, rows: int) -> int:
        """Return 0: what is sent is few bytes a document, and is read as a stream."""
        return 0

    def sent(self, docs: pl.DataFrame, roles: Sequence[Role]) -> Mapping[str, pl.DataFrame]:
        """Return what decides the cut, all for one task."""
        return {"keys": self.rows(docs).with_columns(slot=pl.lit(0, pl.UInt64))}

    def steps(self) -> tuple[Step, ...]:
        """Return the one step."""
        return (Step("cut", _cut, over="all", reads=("keys",), makes={VERDICTS: "whole"}),)

    def applied(self, docs: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
        """Return `docs` with `broken`: the reason of those below the cut."""
        down = pl.lit(self.below(docs, verdicts))
        reason = pl.lit([self.reason], pl.List(pl.String))
        nothing = pl.lit([], pl.List(pl.String))
        return docs.with_columns(broken=pl.when(down).then(reason).otherwise(nothing))


def _cut(stage: Cut, work: Work) -> None:
    cuts = decide_cut(pl.concat(list(work.frames("keys"))), *stage.limits())
    work.commit(0, True, {VERDICTS: Whole(cuts)}, {})


@dataclass(frozen=True)
class ShareCut(Cut):
    """The cut of a stage that keeps a share of what it scores."""

    scored: Scored
    scores_first: ClassVar[bool] = True
    reason: ClassVar[str] = "below_cut"

    def limits(self) -> tuple[float | None, int | None]:
        """Return the share of documents to keep, or the words."""
        return self.scored.keep_share, self.scored.keep_tokens

    def rows(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return what decides the cut."""
        return cut_rows(docs, self.scored)

    def below(self, docs: pl.DataFrame, cuts: pl.DataFrame) -> pl.Series:
        """Return which documents lie below the decided cut."""
        return below_cut(docs, self.scored, cuts)

"""Keep so many documents, or words, of each host or of each value of a column."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Self

import polars as pl

from cleaner.dedup.keys import column_keys, hashed, required
from cleaner.dedup.ranks import ranks
from cleaner.dedup.tables import summed
from cleaner.dedup.urls import hosts
from cleaner.kernels.arrow import utf8
from cleaner.stages.base import Judging
from cleaner.stages.duplicates import KEY, keyed
from cleaner.stages.global_stage import (
    VERDICTS,
    ByRow,
    Facts,
    GlobalStage,
    Role,
    Step,
    Tables,
    Work,
)
from cleaner.stages.marked import word_counts
from cleaner.stages.options.cap import CapOptions

REASON = "over_cap"
# A document of a group, known by the two halves of a 128-bit hash of the group's name.
GROUPED = pl.Schema({
    "hi": pl.UInt64, "lo": pl.UInt64, "rank": pl.Int64, "file": pl.UInt32, "row": pl.UInt64,
    "weight": pl.UInt64,
})  # fmt: skip
_GROUP = ("hi", "lo")


class Cap(CapOptions, Judging, GlobalStage):
    """The stage at work; its options say what it does."""

    def global_stage(self) -> GlobalStage:
        """Return this stage: it sees all rows."""
        return self

    def resolved(self, columns: Collection[str], score: str | None = None) -> Self:
        """Return this stage with `best_by` filled in by the last classifier before."""
        return self.model_copy(update={"best_by": self.best_by or score})

    def needs(self) -> set[str]:
        """Return the columns this stage reads."""
        chosen = {self.best_by or "text", "url" if self.by == "host" else self.by}
        return chosen | ({"words"} if self.tokens else set()) | self.asked_needs()

    def key_rows(self, rows: int) -> int:
        """Return the number of documents: each sends one row."""
        return rows

    def grouped(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return a row of `GROUPED` per document that has a group and is judged."""
        of_host = self.by == "host"
        offsets, data = (
            utf8(hosts(required(docs, "url", "by: host")))
            if of_host
            else column_keys(docs, self.by)
        )
        known = pl.Series(offsets[1:] > offsets[:-1])
        hi, lo = hashed(offsets, data, pl.zeros(docs.height, pl.UInt64, eager=True).to_numpy())
        weight = word_counts(docs) if self.tokens else pl.repeat(1, docs.height, eager=True)
        rows = docs.select(KEY).with_columns(
            ranks(docs, "best" if self.best_by else "longest", self.best_by),
            hi=pl.Series(hi),
            lo=pl.Series(lo),
            weight=weight,
        )
        return rows.select(list(GROUPED)).cast(GROUPED).filter(known & self.judged(docs))

    def over(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the keys of the documents of some whole groups that are over the cap."""
        rows = rows.sort(*_GROUP, "rank", *KEY)
        spent = rows.select(pl.col("weight").cum_sum().over(_GROUP)).to_series()
        return rows.filter(spent > (self.documents or self.tokens or 0)).select(KEY)

    def sent(self, docs: pl.DataFrame, roles: Sequence[Role]) -> Mapping[str, pl.DataFrame]:
        """Return the documents of a frame by their group."""
        return {"keys": self.grouped(docs).with_columns(slot=pl.col("hi"))}

    def steps(self) -> tuple[Step, ...]:
        """Return the one step: a group meets in one range."""
        return (Step("decide", _decide, over="ranges", makes={VERDICTS: "by row"}),)

    def applied(self, docs: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
        """Return `docs` with `broken`."""
        over = verdicts.with_columns(broken=pl.lit([REASON]))
        docs = docs.join(over, on=KEY, how="left", maintain_order="left")
        return docs.with_columns(pl.col("broken").fill_null([]))

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs`, the whole corpus in one frame, with `broken`."""
        ours = keyed(docs)
        done = self.applied(ours, self.over(self.grouped(ours)))
        return docs.with_columns(done["broken"])

    def found(self, facts: Mapping[str, Sequence[Facts]]) -> dict[str, Any] | None:
        """Return how many groups there are, and how many were over the cap."""
        return summed(facts)

    def tables(self, title: str, found: Mapping[str, Any]) -> Tables:
        """Yield one line of text."""
        told = f"{found['capped']:,} of {found['groups']:,} groups were over the cap"
        yield f"{title}: {told}; they lost {found['dropped']:,} documents", []


def _decide(stage: Cap, work: Work) -> None:
    for piece in work.pieces("keys"):
        over = stage.over(piece.rows)
        lost = piece.rows.join(over, on=KEY, how="semi")
        facts = {
            "groups": piece.rows.select(_GROUP).n_unique(),
            "capped": lost.select(_GROUP).n_unique(),
            "dropped": len(over),
        }
        work.commit(piece.number, piece.last, {VERDICTS: ByRow(over.sort(KEY))}, facts)

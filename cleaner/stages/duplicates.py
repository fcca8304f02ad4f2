"""What the stages that look for duplicates share: which copy stays, and who is compared."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar, Self

import polars as pl

from cleaner.config.choices import Keep
from cleaner.dedup.account import merge_tallies, tallied
from cleaner.dedup.against import fell, of_this_run
from cleaner.dedup.dates import moments
from cleaner.dedup.ranks import OLDEST, ranks
from cleaner.dedup.tables import summed, tables_of
from cleaner.errors import JobError
from cleaner.stages.base import Judging
from cleaner.stages.global_stage import VERDICTS, ByRow, Facts, Indexed, Tables, Work
from cleaner.stages.options.duplicates import DuplicatesOptions

KEY = ("file", "row")


NOTHING = pl.lit([], pl.List(pl.String))
PARTNER = ("duplicate_file", "duplicate_row", "duplicate_of", "jaccard", "cluster_size")


def alone(stage: Indexed) -> None:
    """Raise JobError where a stage on one frame is held against a run: only a run can be."""
    if stage.earlier_runs():
        raise JobError("against: works only in a run, not on a single frame")


def keyed(docs: pl.DataFrame) -> pl.DataFrame:
    """Return `docs` with a key; those that have none are the rows of one file."""
    if set(KEY) <= set(docs.columns):
        return docs
    row = pl.int_range(pl.len(), dtype=pl.UInt64)
    return docs.with_columns(file=pl.lit(0, pl.UInt32), row=row)


class Duplicates(DuplicatesOptions, Judging, Indexed):
    """A stage that looks for duplicates; `resolved` fills in the defaults."""

    clusters: ClassVar[bool] = True
    watched: ClassVar[bool] = True
    reason: ClassVar[str]

    def resolved(self, columns: Collection[str], score: str | None = None) -> Self:
        """Return this stage with its keep policy filled in."""
        best_by = self.best_by
        keep = self.keep
        if keep is None:
            if self.source_priority:
                keep = "source_priority"
            elif best_by or score:
                keep = "best"
            else:
                keep = self._usual_keep(columns)
        if keep == "best":
            best_by = best_by or score
        return self.model_copy(update={"keep": keep, "best_by": best_by})

    def _usual_keep(self, columns: Collection[str]) -> Keep:
        return "longest"

    def policy(self) -> dict[str, Any]:
        """Return the arguments of `ranks`."""
        return {
            "keep": self.keep or "longest",
            "best_by": self.best_by,
            "source_priority": self.source_priority,
        }

    def stays(self) -> str:
        """Return in words which of some duplicates stays."""
        return f"keeps the {self.keep}{f' by {self.best_by}' if self.best_by else ''}"

    def needs(self) -> set[str]:
        """Return the columns this stage reads."""
        found = {"text"}
        if self.within == "source" or self.source_priority:
            found.add("source")
        if self.within == "host":
            found.add("url")
        if self.keep == "newest":
            found.add("date")
        return found | ({self.best_by} if self.best_by else set())

    def check(self, columns: Mapping[str, Any]) -> None:
        """Raise JobError where `best_by` is no number or time."""
        super().check(columns)
        if self.keep == "best" and self.best_by is not None and self.best_by in columns:
            ranks(pl.DataFrame(schema={self.best_by: columns[self.best_by]}), "best", self.best_by)

    def adds(self) -> dict[str, Any]:
        """Return `cluster_size`: how many documents of the input a kept one stands for."""
        return {"cluster_size": pl.UInt32}

    def unread(self, docs: pl.DataFrame) -> tuple[int, list[str]]:
        """Return how many documents have a date where the newest stays, and those that are none."""
        if self.keep != "newest":
            return 0, []
        dates = docs["date"].drop_nulls()
        return len(dates), dates.filter(moments(dates).is_null()).cast(pl.String).to_list()

    def compares(self) -> dict[str, Any]:
        """Return what two runs must have in common for their indexes to be compared."""
        return {"within": self.within, "version": self.version}

    def global_stage(self) -> Indexed:
        """Return this stage: it sees all rows."""
        return self

    def earlier_runs(self) -> tuple[str, ...]:
        """Return the folders of the runs that this one is held against."""
        return self.against

    def index_rows(self, read: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
        """Return the keys of the documents in the shards, under their place there."""
        rows = read.join(places, on=KEY, how="inner", maintain_order="left")
        rank = pl.lit(OLDEST, pl.Int64)
        rows = rows.with_columns(file=pl.col("shard"), row=pl.col("shard_row"), rank=rank)
        return rows.select(read.columns)

    def applied(self, docs: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
        """Return `docs` with their partners, and `cluster_size` where they stand for others."""
        if self.action == "tag":
            verdicts = verdicts.filter(fell()).drop("cluster_size")
            docs = docs.join(verdicts, on=KEY, how="left", maintain_order="left")
        else:
            stood_for = docs["cluster_size"]
            docs = docs.drop("cluster_size").join(
                verdicts, on=KEY, how="left", maintain_order="left"
            )
            docs = docs.with_columns(pl.col("cluster_size").fill_null(stood_for))
        reason = pl.lit([self.reason], pl.List(pl.String))
        return docs.with_columns(broken=pl.when(fell()).then(reason).otherwise(NOTHING))

    def found(self, facts: Mapping[str, Sequence[Facts]]) -> dict[str, Any] | None:
        """Return counts of what was compared and dropped, and who lost to whom."""
        accounts = [one["account"] for part in facts.values() for one in part if "account" in one]
        return {**summed(facts), **merge_tallies(accounts)}

    def tables(self, title: str, found: Mapping[str, Any]) -> Tables:
        """Yield who lost to whom, and the sizes of clusters."""
        yield from tables_of(title, found)

    def verdicts(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `VERDICTS` for one frame that is the whole corpus."""
        raise NotImplementedError

    def wordless(self, docs: pl.DataFrame) -> pl.Series:
        """Return which documents have no word to be compared by."""
        raise NotImplementedError

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs`, the whole corpus in one frame, with `broken` and the columns `PARTNER`."""
        alone(self)
        ours = keyed(docs)
        stage = self.resolved(docs.columns)
        verdicts = stage.verdicts(ours)
        found = ours.select(KEY, empty=stage.wordless(ours)).join(
            verdicts, on=KEY, how="left", maintain_order="left"
        )
        reasons = (
            pl.when("empty")
            .then(pl.lit(["empty"]))
            .when(pl.col("duplicate_file").is_not_null())
            .then(pl.lit([self.reason]))
            .otherwise(NOTHING)
        )
        weight = ours["cluster_size"] if "cluster_size" in ours.columns else pl.lit(1, pl.UInt32)
        added = found.select(
            reasons.alias("broken"),
            *PARTNER[:-1],
            pl.coalesce("cluster_size", weight).cast(pl.UInt32).alias("cluster_size"),
        )
        return docs.with_columns(added)


def commit_verdicts(
    verdicts: pl.DataFrame, known: pl.DataFrame, work: Work, number: int, last: bool
) -> None:
    """Commit what was decided on documents of this run, and its account.

    `known` are all documents that were compared, those of earlier runs too.
    """
    ours = of_this_run(verdicts).sort(KEY)
    for_earlier = fell() & pl.col("duplicate_row").is_null()
    facts = {
        "verdicts": len(ours),
        "dropped": int(ours.select(fell().sum()).item()),
        "for_earlier_runs": int(ours.select(for_earlier.sum()).item()),
        "account": tallied(known, verdicts),
    }
    work.commit(number, last, {VERDICTS: ByRow(ours)}, facts)

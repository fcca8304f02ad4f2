"""What a run would have kept under other thresholds, without running it again.

Exact is what the ledger knows: the verdicts of a stage on what reached it, and what is kept in the
end where nothing that comes in meets a stage whose verdict on it nobody knows, and no later stage
compares documents. Everything else is an interval, in which the figure of a run with these
thresholds lies 95 times in 100:

- what comes in and meets stages that never saw it: from the share of such documents in the shadow
  that pass them (a Beta-binomial prediction, Jeffreys' prior);
- what comes in and meets a stage that compares documents: between none of them having a duplicate,
  and as many as among those that were compared;
- what goes out there: between one and all of the duplicates that it stood for coming back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from cleaner.errors import InputError
from cleaner.job.job_file import Entry
from cleaner.results.changes import Change, read_changes
from cleaner.results.finished import Run, drawn
from cleaner.results.rejudged import KEYS, Rejudged, distance
from cleaner.stages.duplicates import Duplicates
from cleaner.stages.exact_dedup import ExactDedup
from cleaner.stages.language import Language

_DRAWS = 20_000
_EDGES = (0.025, 0.975)
# Of near duplicates whose survivor goes, so many at least come back: the others were like a second
# document, too, which the ledger does not name.
_COMES_BACK = 0.8
_WORDS_OF = (
    "id",
    "url",
    "source",
    "lang",
    "fate",
    "stage",
    "reason",
    "broken",
    "shard",
    "shard_row",
)


@dataclass(frozen=True)
class Figure:
    """A count: exact, or an interval in which it lies 95 times in 100."""

    value: int
    low: int
    high: int
    exact: bool


@dataclass(frozen=True)
class AtStage:
    """What a changed stage drops of what reaches it, in the run and now."""

    stage: str
    reached: int
    dropped: int
    would_reach: int
    would_drop: int
    exact: bool  # False: of what comes in before it nobody knows all; without those


@dataclass(frozen=True)
class Group:
    """What changes in one source or language."""

    name: str
    kept: int
    goes_out: int
    comes_in: int  # known to be kept
    may_come_in: int  # passes the changed stages; what later ones say is not known


@dataclass(frozen=True)
class WhatIf:
    """A run under other thresholds."""

    run: str
    changes: Sequence[str]
    stages: Sequence[AtStage]
    documents: int
    kept: int
    would_keep: Figure
    goes_out: int
    comes_in: int
    may_come_in: int
    sampled: int  # of those that may come in, documents of the shadow
    why: Sequence[str]  # it is an interval; empty: it is exact
    sources: Sequence[Group]
    languages: Sequence[Group]
    out: Sequence[dict[str, Any]] = field(
        default=()
    )  # rows of the ledger, nearest to the cut first
    into: Sequence[dict[str, Any]] = field(default=())


def what_if(
    run: Run, filter: str | None = None, settings: Sequence[str] = (), count: int = 5
) -> WhatIf:
    """Return what a run would have kept under other thresholds; `count` documents of each kind."""
    if run.job.ledger != "full":
        raise InputError(
            f"{run.path}: was made with ledger: {run.job.ledger}; without the signals of every "
            "document no other threshold can be tried (ledger: full keeps them)"
        )
    changes = read_changes(run, filter, settings)
    rows = Rejudged(run.job.stages, changes, run.scan_ledger())
    return _Case(run, changes, rows).answer(count)


@dataclass(frozen=True)
class _Case:
    run: Run
    changes: Sequence[Change]
    rows: Rejudged

    @property
    def comparing(self) -> list[Entry]:
        """Later stages whose verdict on a document depends on others."""
        later = self.run.job.stages[self.rows.first :]
        return [entry for entry in later if entry.stage.global_stage() is not None]

    def answer(self, count: int) -> WhatIf:
        was_kept = pl.col("fate") == "kept"
        falls, unsure = self.rows.falls(), self.rows.unsure()
        reached = self.rows.reached()
        flags = {
            "kept": was_kept,
            "goes_out": was_kept & falls,
            "comes_in": ~was_kept & ~falls & ~unsure,
            "may_come_in": ~was_kept & unsure,
            "may_go_out": was_kept & unsure,
        }
        sums = [flag.sum().alias(name) for name, flag in flags.items()]
        by = reached.group_by("source", "lang").agg(*sums, *self._stage_sums())
        near = self._near()
        wanted = {name for name in _WORDS_OF if name in self.rows.schema}
        columns = [*KEYS, *sorted(wanted), *self._read()]
        lists = [
            drawn(reached.filter(flag), 0)
            .with_columns((near if near is not None else pl.lit(0.0)).alias("_near"))
            .select(*columns, "_near", "_draw")
            .bottom_k(max(count, 1), by=["_near", "_draw"])
            .sort("_near", "_draw")
            .head(count)
            for flag in (flags["goes_out"], flags["comes_in"] | flags["may_come_in"])
        ]
        counts, out, into = pl.collect_all([by, *lists], engine="streaming")
        total = counts.sum()
        sums_of = {
            name: int(total[name][0] or 0)
            for name in total.columns
            if name not in ("source", "lang")
        }
        figure, sampled, why = self._kept(sums_of)
        return WhatIf(
            run=self.run.path,
            changes=[change.said for change in self.changes],
            stages=self._at_stages(sums_of),
            documents=self.run.manifest["rows"]["in"],
            kept=self.run.manifest["rows"]["kept"],
            would_keep=figure,
            goes_out=sums_of["goes_out"],
            comes_in=sums_of["comes_in"],
            may_come_in=sums_of["may_come_in"],
            sampled=sampled,
            why=why,
            sources=_groups(counts, "source"),
            languages=_groups(counts, "lang"),
            out=out.drop("_near", "_draw").to_dicts(),
            into=into.drop("_near", "_draw").to_dicts(),
        )

    def _changed(self) -> list[Entry]:
        indexes = {change.entry.index for change in self.changes}
        return [entry for entry in self.run.job.stages if entry.index in indexes]

    def _stage_sums(self) -> list[pl.Expr]:
        made = []
        for entry in self._changed():
            index = entry.index
            here = ~self.rows.falls(index) & ~self.rows.unsure(index)
            down, fell = pl.col(f"_falls_{index}"), pl.col("_at") == index
            dropped = fell & (pl.col("fate") == "dropped")
            flags = {
                "reached": pl.col("_at") >= index,
                "dropped": dropped,
                "would_reach": here,
                "would_drop": here & down & (pl.col("fate") != "failed"),
                "untold": self.rows.unsure(index) | (here & pl.col(f"_unsure_{index}")),
            }
            made += [flag.sum().alias(f"{name}@{index}") for name, flag in flags.items()]
        return made

    def _at_stages(self, sums: dict[str, int]) -> list[AtStage]:
        names = ("reached", "dropped", "would_reach", "would_drop")
        return [
            AtStage(
                stage=entry.title,
                exact=sums[f"untold@{entry.index}"] == 0,
                **{name: sums[f"{name}@{entry.index}"] for name in names},
            )
            for entry in self._changed()
        ]

    def _near(self) -> pl.Expr | None:
        return distance(self.changes, self.rows.schema.names())

    def _read(self) -> list[str]:
        """Return the columns by which the changes judge, for people to see."""
        names = [name for change in self.changes for name in change.reads]
        mine = [n for n in self.rows.schema.names() if n.split("@")[0] in names]
        return [n for n in mine if n not in (*_WORDS_OF, *KEYS)]

    def _kept(self, sums: dict[str, int]) -> tuple[Figure, int, list[str]]:
        """Return what is kept in the end, how many documents of the shadow tell it, and why so."""
        base = self.run.manifest["rows"]["kept"] - sums["goes_out"] + sums["comes_in"]
        why: list[str] = []
        rng = np.random.default_rng(0)
        low = high = np.full(_DRAWS, base - sums["may_go_out"])
        comparing = self.comparing if self.changes else []
        sampled = 0
        if sums["may_go_out"]:
            found, passing, _ = self._of_shadow(pl.col("fate") == "kept", None)
            more = _predicted(rng, sums["may_go_out"], found, passing)
            low, high = low + more, high + more
            why.append(
                "the ledger does not tell for which documents the score of the language counts"
            )
        if sums["may_come_in"]:
            sampled, passing, _ = self._of_shadow(pl.col("fate") != "kept", None)
            more = _predicted(rng, sums["may_come_in"], sampled, passing)
            later = self.rows.unseen()
            if later:
                why.append(
                    f"{sums['may_come_in']:,} documents would meet {', '.join(later)}, which never "
                    f"saw them; {sampled:,} of them are in the shadow"
                )
            fewest = more
            for entry in comparing:
                fewest = rng.binomial(fewest, self._alone(entry))
            low, high = low + fewest, high + more
            if comparing and isinstance(comparing[-1].stage, Duplicates):
                # One that comes in may take the place of one that was kept, and fall later itself.
                reaching, _, stopped = self._of_shadow(
                    pl.col("fate") != "kept", comparing[-1].index
                )
                lost = _predicted(rng, sums["may_come_in"], reaching, stopped)
                low = low - rng.binomial(lost, 1 - self._alone(comparing[-1]))
        for place, entry in enumerate(comparing):
            fewest, most = self._back(entry, rng)
            for later_one in comparing[place + 1 :]:
                fewest = rng.binomial(np.maximum(fewest, 0), self._alone(later_one))
            low, high = low + fewest, high + most
        if comparing:
            titles = ", ".join(entry.title for entry in comparing)
            why.append(f"compared again would be what reaches {titles}")
        low, high = np.maximum(low, 0), np.minimum(high, self.run.manifest["rows"]["in"])
        ends = [int(np.quantile(low, _EDGES[0])), int(np.ceil(np.quantile(high, _EDGES[1])))]
        middle = round(float(np.median(low) + np.median(high)) / 2)
        return Figure(middle, ends[0], ends[1], not why), sampled, why

    def _of_shadow(self, which: pl.Expr, until: int | None) -> tuple[int, int, int]:
        """Return how many documents of the shadow nobody can tell of, and of them how many pass.

        Last how many pass what is before `until`, and not all.
        """
        shadow = self.run.scan_shadow()
        if shadow is None:
            return 0, 0, 0
        rows = Rejudged(self.run.job.stages, self.changes, shadow)
        chosen = rows.reached().filter(which & rows.unsure())
        found = chosen.select(
            passes=rows.passes(self._doubted), near=rows.passes(self._doubted, until)
        ).collect()
        stopped = found["near"] & ~found["passes"]
        return len(found), int(found["passes"].sum()), int(stopped.sum())

    def _doubted(self, texts: pl.Series) -> pl.Series:
        from cleaner.models.language.backends import backend
        from cleaner.models.language.language import identify

        (stage,) = (e.stage for e in self._changed() if isinstance(e.stage, Language))
        return identify(texts.fill_null(""), backend(stage.model))["doubted"]

    def _alone(self, entry: Entry) -> float:
        """Return the share of what reached a stage that was no duplicate and had none."""
        reached = next(row["in"] for row in self.run.stats["stages"] if row["stage"] == entry.title)
        if not isinstance(entry.stage, Duplicates):
            dropped = self._dropped(entry)
            return (reached - dropped) / max(reached, 1)
        pairs = self.run.clusters().filter(stage=entry.title)
        survivors = pairs.select(pl.struct("kept_file", "kept_row", "kept").n_unique()).item()
        return max(0.0, (reached - len(pairs) - survivors) / max(reached, 1))

    def _dropped(self, entry: Entry) -> int:
        return next(
            row["dropped"] for row in self.run.stats["stages"] if row["stage"] == entry.title
        )

    def _back(self, entry: Entry, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return how many documents come back from a stage for what goes out before it."""
        none = np.zeros(_DRAWS, np.int64)
        if self.rows.first > entry.index:
            return none, none
        gone = self.rows.reached().filter(
            (pl.col("_at") >= entry.index) & self.rows.falls(entry.index)
        )
        if not isinstance(entry.stage, Duplicates):
            most = min(
                gone.select(pl.len()).collect(engine="streaming").item(), self._dropped(entry)
            )
            return none - most, none + most
        gone = gone.select(*KEYS)
        fell = self.rows.reached().filter(
            pl.col("_at") == entry.index,
            pl.col("duplicate_row").is_not_null(),
            ~self.rows.falls(entry.index),
        )
        pair = ["duplicate_file", "duplicate_row"]
        back = (
            fell.select(*KEYS, *pair)
            .join(gone, left_on=pair, right_on=list(KEYS), how="semi")
            .collect(engine="streaming")
        )
        if not len(back):
            return none, none
        clusters = back.select(pl.struct(pair).n_unique()).item()
        sampled, passing = self._back_in_shadow(back)
        one_each = np.full(_DRAWS, clusters)
        if not isinstance(entry.stage, ExactDedup):
            one_each = rng.binomial(one_each, _COMES_BACK)
        most = clusters if isinstance(entry.stage, ExactDedup) else len(back)
        if not self._later_than(entry):
            return one_each, none + most
        share = rng.beta(passing + 0.5, sampled - passing + 0.5, _DRAWS)
        return rng.binomial(one_each, share), rng.binomial(most, share)

    def _later_than(self, entry: Entry) -> bool:
        rest = self.run.job.stages[entry.index + 1 :]
        return any(one.stage.global_stage() is None for one in rest)

    def _back_in_shadow(self, back: pl.DataFrame) -> tuple[int, int]:
        shadow = self.run.scan_shadow()
        if shadow is None:
            return 0, 0
        rows = Rejudged(self.run.job.stages, self.changes, shadow)
        mine = rows.reached().join(back.lazy().select(*KEYS), on=list(KEYS), how="semi")
        found = mine.select(passes=rows.passes(self._doubted)).collect()["passes"]
        return len(found), int(found.sum())


def _predicted(rng: np.random.Generator, total: int, sampled: int, passing: int) -> np.ndarray:
    """Return draws of how many of `total` pass, of which `passing` of `sampled` are known to."""
    share = rng.beta(passing + 0.5, sampled - passing + 0.5, _DRAWS)
    return passing + rng.binomial(max(0, total - sampled), share)


def _groups(counts: pl.DataFrame, label: str) -> list[Group]:
    names = ("kept", "goes_out", "comes_in", "may_come_in")
    by = counts.group_by(pl.col(label).fill_null("").alias("name")).agg(pl.col(names).sum())
    changed = by.filter(pl.any_horizontal(pl.col(name) > 0 for name in names[1:]))
    order = changed.sort(pl.sum_horizontal(names[1:]), "name", descending=[True, False])
    return [Group(**row) for row in order.iter_rows(named=True)]

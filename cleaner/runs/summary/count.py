"""Counts of some rows of the ledger: by rule, by pairs of rules, and by values of signals.

All are sums: those of any parts of a corpus can be added, and the order of adding does not matter.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from cleaner.ledger import OTHER
from cleaner.rules.conditions import Limit, parse
from cleaner.runs.summary.grid import COARSE, FINE, bins, edges, limit_edges
from cleaner.runs.summary.judges import Bound, Judge, RuleAt

# Of a rule ("" stands for the stage: what it judged) and a language or source (`by` "": of all).
RULES: dict[str, Any] = {
    "stage": pl.String, "rule": pl.String, "by": pl.String, "value": pl.String,
    "judged": pl.UInt64,  # documents that reached the stage, and that its `where` takes
    "fails": pl.UInt64,  # of those judged
    "fails_only": pl.UInt64,  # ... and no other rule of this filter
    "comes_back": pl.UInt64,  # ... and would pass the filters that were judged with it, too
    "fails_before": pl.UInt64,  # it fails here as well, and fell at an earlier filter
}  # fmt: skip
PAIRS: dict[str, Any] = {
    "stage": pl.String, "rule": pl.String, "other_stage": pl.String, "other_rule": pl.String,
    "both": pl.UInt64,
}  # fmt: skip
# How many documents have a value from `edge` up to the next one; null: it was not measured.
CELLS: dict[str, Any] = {
    "stage": pl.String, "rule": pl.String, "signal": pl.String, "by": pl.String,
    "value": pl.String,
    "alone": pl.Boolean,  # nothing else of this filter stands against the document
    "edge": pl.Float64,
    "documents": pl.UInt64,
}  # fmt: skip
_SUMS = ("judged", "fails", "fails_only", "comes_back", "fails_before", "both", "documents")
MOST_LABELS = 50  # languages and sources that are counted by name
_KEPT = 1 << 30  # the place where a kept document fell: behind all stages


@dataclass(frozen=True)
class Summary:
    """What some rows say of rules and signals."""

    rules: pl.DataFrame
    pairs: pl.DataFrame
    cells: pl.DataFrame

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        """Return the tables by name."""
        return {"rules": self.rules, "pairs": self.pairs, "cells": self.cells}


def added(summaries: Iterable[Summary]) -> Summary:
    """Return the sum of summaries, in no order: a step on the way to `merged`."""
    found = list(summaries)
    return Summary(
        _summed((one.rules for one in found), RULES),
        _summed((one.pairs for one in found), PAIRS),
        _summed((one.cells for one in found), CELLS),
    )


def merged(summaries: Iterable[Summary]) -> Summary:
    """Return the sum of summaries, in an order of its own."""
    whole = added(summaries)
    return Summary(_sorted(whole.rules), _sorted(whole.pairs), _sorted(whole.cells))


def capped(summary: Summary) -> Summary:
    """Return a summary with all but the languages of most documents as one."""
    judged = (
        summary.rules.filter((pl.col("by") == "language") & (pl.col("rule") == ""))
        .group_by("value")
        .agg(pl.col("judged").sum())
        .sort("judged", "value", descending=[True, False])
    )
    if len(judged) <= MOST_LABELS:
        return summary
    rare = (pl.col("by") == "language") & ~pl.col("value").is_in(judged["value"][:MOST_LABELS])
    value = pl.when(rare).then(pl.lit(OTHER)).otherwise("value")
    return merged(
        [
            Summary(
                summary.rules.with_columns(value=value),
                summary.pairs,
                summary.cells.with_columns(value=value),
            )
        ]
    )


def _summed(frames: Iterable[pl.DataFrame], schema: Mapping[str, Any]) -> pl.DataFrame:
    keys = [name for name in schema if name not in _SUMS]
    sums = [name for name in schema if name in _SUMS]
    whole = pl.concat([pl.DataFrame(schema=schema), *frames])
    return whole.group_by(keys).agg(pl.col(sums).sum())


def _sorted(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sort([name for name in frame.columns if name not in _SUMS], nulls_last=True)


def summarised(ledger: pl.DataFrame, judges: Sequence[Judge], sources: Sequence[str]) -> Summary:
    """Return what some rows of the ledger, with their signals, say of rules and signals.

    `sources` are those that are counted by name; the rest is one.
    """
    if not judges or not len(ledger):
        return merged(())
    rows = _Rows(ledger, judges, sources)
    rules = [row for judge in judges for row in rows.rules(judge)]
    cells = [frame for judge in judges for frame in rows.cells(judge)]
    return Summary(
        pl.DataFrame(rules, schema=RULES, orient="row"),
        pl.DataFrame(rows.pairs(), schema=PAIRS, orient="row"),
        pl.concat([pl.DataFrame(schema=CELLS), *cells]),
    )


@dataclass(frozen=True)
class _Labels:
    """A label of every row as a number, with the names."""

    by: str
    names: tuple[str, ...]
    codes: np.ndarray

    def counts(self, chosen: np.ndarray) -> np.ndarray:
        """Return how many of the chosen rows there are of each name."""
        return np.bincount(self.codes[chosen], minlength=len(self.names))


def _labels(by: str, values: pl.Series, known: Sequence[str] | None = None) -> _Labels:
    named = values.fill_null("")
    if known is not None:
        named = named.replace_strict(known, known, default=OTHER, return_dtype=pl.String)
    names = tuple(named.unique().sort())
    codes = named.replace_strict(names, range(len(names)), return_dtype=pl.Int64).to_numpy()
    return _Labels(by, names, codes)


@dataclass(frozen=True)
class _Binned:
    """The bins of a column's values, of either width: their lower edges, and that of each row.

    The last bin, without an edge, is that of what was not measured.
    """

    fine: tuple[np.ndarray, np.ndarray]
    coarse: tuple[np.ndarray, np.ndarray]


class _Rows:
    """Some rows of the ledger, with the verdicts of every rule on them as far as they are known."""

    def __init__(
        self, ledger: pl.DataFrame, judges: Sequence[Judge], sources: Sequence[str]
    ) -> None:
        self.ledger, self.judges = ledger, judges
        self.labels = (
            _Labels("", ("",), np.zeros(len(ledger), np.int64)),
            _labels("language", ledger["lang"]),
            _labels("source", ledger["source"], sources),
        )
        self.fell = _places(ledger["stage"])
        self.ids = {(j.title, rule.name): 0 for j in judges for rule in j.rules}
        self.ids = {key: number for number, key in enumerate(self.ids)}
        self.broken = np.zeros((len(ledger), len(self.ids)), bool)
        self.binned: dict[str, _Binned] = {}
        self._take_broken()
        self._take_tagged()

    def _take_broken(self) -> None:
        """Note the rules that documents broke where they fell, of later filters too."""
        known: dict[tuple[str, str], int] = {}
        for at in self.judges:
            known |= {(at.title, rule.name): self.ids[at.title, rule.name] for rule in at.rules}
            for later in self.judges:
                if later.group == at.group and later.index > at.index:
                    for rule in later.rules:
                        name = f"{later.label}.{rule.name}"
                        known.setdefault((at.title, name), self.ids[later.title, rule.name])
        told = (
            self.ledger.lazy()
            .select("stage", "broken", row=pl.int_range(pl.len()))
            .filter(self.ledger["fate"] == "dropped")
            .explode("broken")
        )
        self._note(told, known)

    def _take_tagged(self) -> None:
        """Note the rules of filters that only tag."""
        if self.ledger["tagged"].null_count() == len(self.ledger):
            return
        tags = self.ledger.lazy().select("tagged", row=pl.int_range(pl.len())).explode("tagged")
        for judge in self.judges:
            if judge.drops or not judge.rules:
                continue
            known = {(judge.title, r.name): self.ids[judge.title, r.name] for r in judge.rules}
            head = f"{judge.title}:"
            told = tags.filter(pl.col("tagged").str.starts_with(head)).select(
                pl.lit(judge.title).alias("stage"),
                pl.col("tagged").str.strip_prefix(head).str.split(",").alias("broken"),
                "row",
            )
            self._note(told.explode("broken"), known)

    def _note(self, told: pl.LazyFrame, known: Mapping[tuple[str, str], int]) -> None:
        names = pl.DataFrame(
            [(*key, number) for key, number in known.items()],
            schema={"stage": pl.String, "broken": pl.String, "id": pl.Int64},
            orient="row",
        )
        found = told.join(names.lazy(), on=["stage", "broken"]).select("row", "id").collect()
        self.broken[found["row"].to_numpy(), found["id"].to_numpy()] = True

    def pairs(self) -> Iterator[tuple[str, str, str, str, int]]:
        """Yield how many rows are known to break both of two rules."""
        # In floats, which BLAS multiplies: sums of up to 2**24 are exact.
        counts = self.broken.astype(np.float32)
        both = np.triu(counts.T @ counts)
        keys = list(self.ids)
        for one, other in np.argwhere(both):
            yield *keys[one], *keys[other], int(both[one, other])

    def judged(self, judge: Judge) -> np.ndarray:
        """Return which rows reached a stage and were judged there."""
        reached = self.fell >= judge.index
        here = self.fell == judge.index
        none = ~(self.ledger["fate"] == "dropped").to_numpy()  # it failed, and has no verdict
        if not any(rule.name == "empty" for rule in judge.rules):
            none |= (self.ledger["reason"] == "empty").fill_null(False).to_numpy()
        judged = reached & ~(here & none)
        if judge.where is None or not judge.all_known:
            return judged
        frame = self.ledger.select(
            pl.col(column).alias(name) for name, column in judge.columns.items()
        )
        asked = parse(judge.where, ask_unknown=True).expression(frame.schema)
        return judged & frame.select(asked.fill_null(False)).to_series().to_numpy()

    def rules(self, judge: Judge) -> Iterator[tuple[Any, ...]]:
        """Yield the counts of a stage and of its rules, each of all, by language and by source."""
        judged, reached = self.judged(judge), self.fell >= judge.index
        failed = self._of(judge)
        number = failed.sum(axis=1)
        down = number > 0 if judge.rules else self.fell == judge.index
        later = [
            other
            for other in self.judges
            if other.group == judge.group and other.index > judge.index and other.drops
        ]
        nothing = np.zeros(len(judged), bool)
        others = nothing if not later else np.any([self._of(o).any(axis=1) for o in later], axis=0)
        counted = [("", judged, judged & down, nothing, nothing, ~reached & down)]
        for place, rule in enumerate(judge.rules):
            fails = failed[:, place]
            only = judged & fails & (number == 1)
            back = only & ~others if judge.drops else nothing
            counted.append((rule.name, judged, judged & fails, only, back, ~reached & fails))
        for name, *chosen in counted:
            for label in self.labels:
                columns = [label.counts(rows) for rows in chosen]
                for value, *sums in zip(label.names, *columns, strict=True):
                    if any(sums):
                        yield judge.title, name, label.by, value, *(int(n) for n in sums)

    def _of(self, judge: Judge) -> np.ndarray:
        ids = [self.ids[judge.title, rule.name] for rule in judge.rules]
        return self.broken[:, ids]

    def cells(self, judge: Judge) -> Iterator[pl.DataFrame]:
        """Yield how many of the judged documents have which value, for every limit of a stage."""
        judged = np.flatnonzero(self.judged(judge))
        failed = self._of(judge)[judged]
        number = failed.sum(axis=1)
        for place, rule in enumerate(judge.rules):
            others = number - failed[:, place] == 0
            for bound in rule.bounds:
                alone = others & self._rest_holds(rule, bound, judged)
                yield from self._cells(judge.title, rule.name, bound, judged, alone)
        for bound in judge.scores:
            every = np.ones(len(judged), bool)
            yield from self._cells(judge.title, "", bound, judged, every)

    def _rest_holds(self, rule: RuleAt, bound: Bound, judged: np.ndarray) -> np.ndarray:
        """Return whether the other limits of a rule hold: an unknown value is in none."""
        holds = np.ones(len(judged), bool)
        for other in rule.bounds:
            if other != bound:
                values, known = self._values(other.column, judged)
                holds &= known & within(values, other.limit)
        return holds

    def _values(self, column: str, judged: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values = self.ledger[column].gather(judged).cast(pl.Float64).to_numpy()
        return values, ~np.isnan(values)  # a null is a NaN here, and both are unknown

    def _binned(self, column: str) -> _Binned:
        """Return where the values of all rows lie; it is worked out once for a column."""
        if column not in self.binned:
            more = limit_edges(
                each.limit
                for judge in self.judges
                for each in (*judge.scores, *(b for one in judge.rules for b in one.bounds))
                if each.column == column
            )
            fine, coarse = edges(FINE, more), edges(COARSE, more)
            values = self.ledger[column].cast(pl.Float64).to_numpy()
            place = np.where(np.isnan(values), len(fine), bins(values, fine))
            wider = np.append(bins(fine, coarse), len(coarse))
            self.binned[column] = _Binned(
                (np.append(fine, np.nan), place), (np.append(coarse, np.nan), wider[place])
            )
        return self.binned[column]

    def _cells(
        self, stage: str, rule: str, bound: Bound, judged: np.ndarray, alone: np.ndarray
    ) -> Iterator[pl.DataFrame]:
        binned = self._binned(bound.column)
        for label in self.labels:
            lows, places = binned.coarse if label.by else binned.fine
            codes = (label.codes[judged] * 2 + alone) * len(lows) + places[judged]
            counts = np.bincount(codes)
            found = np.flatnonzero(counts)
            of, place = np.divmod(found, len(lows))
            names = pl.Series(label.names, dtype=pl.String)
            yield pl.DataFrame(
                {
                    "stage": pl.repeat(stage, len(found), eager=True),
                    "rule": pl.repeat(rule, len(found), eager=True),
                    "signal": pl.repeat(bound.limit.signal, len(found), eager=True),
                    "by": pl.repeat(label.by, len(found), eager=True),
                    "value": names.gather(of // 2),
                    "alone": pl.Series(of % 2 == 1),
                    "edge": pl.Series(lows[place], dtype=pl.Float64).fill_nan(None),
                    "documents": pl.Series(counts[found], dtype=pl.UInt64),
                },
                schema=CELLS,
            )


def within(values: np.ndarray, limit: Limit) -> np.ndarray:
    """Return which values a limit lets pass."""
    holds = np.ones(len(values), bool)
    if limit.low is not None:
        holds &= values > limit.low if limit.low_open else values >= limit.low
    if limit.high is not None:
        holds &= values < limit.high if limit.high_open else values <= limit.high
    return holds


def _places(stages: pl.Series) -> np.ndarray:
    """Return the index of the stage at which each row fell; kept ones come behind all stages."""
    titles = stages.unique().drop_nulls().to_list()
    index = {title: -1 if title == "read" else int(title.split(".")[0]) for title in titles}
    return stages.replace_strict(
        list(index), list(index.values()), default=_KEPT, return_dtype=pl.Int64
    ).to_numpy()

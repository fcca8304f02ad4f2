"""The values of signals as a run counted them: how many documents lie between which edges.

What lies on either side of an edge is exact; edges are decimal numbers and the limits in use.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from cleaner.errors import JobError
from cleaner.results.record import Record
from cleaner.rules.conditions import Limit, parse
from cleaner.runs.summary.count import within
from cleaner.runs.summary.grid import COARSE, FINE, grid, limit_edges, quantiles
from cleaner.storage.run_folder import VALUES


@dataclass(frozen=True)
class Values:
    """One signal as one rule judged it, of all documents or of one language or source.

    `alone[i]` documents with a value from `edges[i]` up to the next edge have nothing else of this
    filter against them; against `others[i]` another rule, or another limit of this one, stands.
    """

    stage: str
    rule: str  # "" for a score that a stage itself judges by
    signal: str
    limit: Limit
    by: str  # "", language or source
    value: str
    edges: tuple[float, ...]
    alone: tuple[int, ...]
    others: tuple[int, ...]
    unmeasured: int

    @property
    def documents(self) -> tuple[int, ...]:
        """All documents with a value, by edge."""
        return tuple(a + b for a, b in zip(self.alone, self.others, strict=True))

    def quantiles(self, shares: Iterable[float]) -> list[float]:
        """Return the edge at each share of the documents; none where nothing was measured."""
        return quantiles(self.edges, self.documents, shares)

    def passing(self, limit: Limit) -> tuple[int, int]:
        """Return how many documents another limit would let pass: alone, and with others failing.

        JobError where it lies between two edges: then the counts do not know.
        """
        known = {*self.edges, *grid(COARSE if self.by else FINE), *limit_edges([self.limit])}
        for edge in limit_edges([limit]):
            if edge not in known:
                raise JobError(f"{self.signal}: {edge:g} lies between two edges of the counts")
        inside = within(np.array(self.edges), limit)
        return int(np.array(self.alone)[inside].sum()), int(np.array(self.others)[inside].sum())


def values(
    run: Record,
    signal: str | None = None,
    *,
    rule: str | None = None,
    stage: str | None = None,
    by: str = "",
) -> tuple[Values, ...]:
    """Return what was counted of a signal by each rule that judges by it, in the order of the job.

    `by` is "", language or source: then there is one for each of those, too.
    """
    cells = pl.read_parquet(io.BytesIO(run.record(VALUES))).filter(pl.col("by") == by)
    for name, wanted in (("signal", signal), ("rule", rule), ("stage", stage)):
        if wanted is not None:
            cells = cells.filter(pl.col(name) == wanted)
    limits = {
        (row["stage"], row["rule"], limit.signal): limit
        for row in run.stats["rules"]
        for limit in parse(row["keep"]).limits
    }
    limits |= {
        (row["stage"], "", one["signal"]): Limit(one["signal"], one["low"], one["high"])
        for row in run.stats["judges"]
        for one in row["limits"]
    }
    order = {row["stage"]: place for place, row in enumerate(run.stats["judges"])}
    places = {key: place for place, key in enumerate(limits)}
    frames = cells.partition_by("stage", "rule", "signal", "value", as_dict=True)
    found = [
        _values(frame, limits.get(key[:3], Limit(key[2])), by) for key, frame in frames.items()
    ]
    return tuple(
        sorted(
            found,
            key=lambda one: (
                order[one.stage],
                places.get((one.stage, one.rule, one.signal), 0),
                -sum(one.documents),
                one.value,
            ),
        )
    )


def _values(cells: pl.DataFrame, limit: Limit, by: str) -> Values:
    first = cells.row(0, named=True)
    known = cells.drop_nulls("edge")
    edges = known["edge"].unique().sort().to_list()

    def counts(alone: bool) -> Sequence[int]:
        mine = dict(known.filter(pl.col("alone") == alone).select("edge", "documents").rows())
        return tuple(mine.get(edge, 0) for edge in edges)

    return Values(
        first["stage"],
        first["rule"],
        first["signal"],
        limit,
        by,
        first["value"],
        tuple(edges),
        tuple(counts(True)),
        tuple(counts(False)),
        int(cells.filter(pl.col("edge").is_null())["documents"].sum()),
    )


def signals(run: Record) -> tuple[str, ...]:
    """Return the signals whose values a run counted."""
    cells = pl.read_parquet(io.BytesIO(run.record(VALUES)), columns=["signal"])
    return tuple(cells["signal"].unique().sort())

"""Rules with their histograms and overlaps, and the limits that a reader can move."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from markupsafe import Markup

from cleaner.job.job_file import Entry
from cleaner.report.charts import spark
from cleaner.report.contents import Cell, FilterTable, Overlap, OverlapRow, RuleRow, Slider
from cleaner.results.finished import Run
from cleaner.results.rules import Overlap as Pairs
from cleaner.results.rules import RuleCounts, overlap, rules
from cleaner.results.values import Values
from cleaner.rules.conditions import Limit
from cleaner.rules.rule_set import Rule

BINS = 256  # of a slider; its limits are edges of their own
_SPARK_BINS = 48
_MOST_OVERLAPPING = 20


@dataclass(frozen=True)
class Binned:
    """Counts of a signal's values in few bins: from an edge up to the next one."""

    edges: np.ndarray
    alone: np.ndarray
    others: np.ndarray

    @classmethod
    def of(cls, values: Values) -> Self:
        """Return the bins that a run counted in."""
        return cls(*(np.array(one) for one in (values.edges, values.alone, values.others)))

    @property
    def counts(self) -> np.ndarray:
        """All documents of each bin."""
        return self.alone + self.others

    def places(self, limit: Limit) -> np.ndarray:
        """Return where the edges lie on an axis from 0 to 1, and the end of the last bin.

        The axis reaches from the 1st to the 99th hundredth and to the limits; it is one of
        logarithms where values differ by more than some powers of ten.
        """
        sums = np.cumsum(self.counts) / max(self.counts.sum(), 1)
        few, most = (int(np.searchsorted(sums, share)) for share in (0.01, 0.99))
        bounds = [one for one in (limit.low, limit.high) if one is not None]
        ends = [float(self.edges[min(place, len(sums) - 1)]) for place in (few, most)]
        typical = max(abs(one) for one in ends) or 1.0
        near = [one for one in bounds if abs(one) <= 20 * typical]
        low, high = min([*ends, *near]), max([*ends, *near])
        high += (high - low) * 0.05 or abs(high) * 0.05 or 1.0
        middle = float(self.edges[min(int(np.searchsorted(sums, 0.5)), len(sums) - 1)])
        logs = low >= 0 and high > 30 * max(middle, 1.0)

        def scaled(values: np.ndarray) -> np.ndarray:
            return np.log1p(np.maximum(values, 0)) if logs else values

        first, last = scaled(np.array([low, high]))
        edges = np.append(scaled(self.edges), last)
        return np.maximum.accumulate(np.clip((edges - first) / (last - first), 0.0, 1.0))

    def bars(self, limit: Limit, number: int) -> tuple[np.ndarray, np.ndarray, list[float]]:
        """Return the documents within and beyond a limit in bars of equal width, and its places."""
        places = self.places(limit)
        first, last = self.within(limit)
        bar = np.minimum((places[:-1] * number).astype(np.int64), number - 1)
        inside = np.zeros(len(bar), bool)
        inside[first : last + 1] = True
        kept, gone = (
            np.bincount(bar, weights=np.where(chosen, self.counts, 0), minlength=number)
            for chosen in (inside, ~inside)
        )
        cuts = [float(places[at]) for at in (first, last + 1) if 0 < at < len(self.edges)]
        return kept, gone, cuts

    def within(self, limit: Limit) -> tuple[int, int]:
        """Return the first and the last bin that lie within a limit."""
        first, last = 0, len(self.edges) - 1
        if limit.low is not None:
            low = np.nextafter(limit.low, np.inf) if limit.low_open else limit.low
            first = int(np.searchsorted(self.edges, low, side="left"))
        if limit.high is not None:
            high = np.nextafter(limit.high, -np.inf) if limit.high_open else limit.high
            last = int(np.searchsorted(self.edges, high, side="right")) - 1
        return first, last


def filters(run: Run, found: Sequence[Values]) -> Iterator[FilterTable]:
    """Yield a table for every stage that judges by rules."""
    whole = {judge["stage"]: judge for judge in run.stats["judges"]}
    counted, pairs = rules(run), overlap(run)
    for entry in run.job.stages:
        mine = [rule for rule in counted if rule.stage == entry.title]
        if not mine:
            continue
        judge, said = whole[entry.title], _said(entry)
        rows = [_row(rule, said.get(rule.rule), found) for rule in mine]
        yield FilterTable(
            title=entry.title,
            anchor=f"filter-{entry.index}",
            reached=judge["judged"],
            fails=judge["fails"],
            verb="dropped" if judge["drops"] else "tagged",
            where=judge["where"] or "",
            rules=sorted(rows, key=lambda row: (-row.fails, row.name)),
            overlap=_overlap(entry.title, rows, pairs),
        )


def _said(entry: Entry) -> dict[str, Rule]:
    rules = entry.stage.rule_set()
    return {rule.name: rule for rule in (() if rules is None else rules.rules)}


def _row(counted: RuleCounts, rule: Rule | None, found: Sequence[Values]) -> RuleRow:
    drawn = Markup("")
    key = counted.stage, counted.rule
    for one in [one for one in found if (one.stage, one.rule) == key][:1]:
        kept, gone, cuts = Binned.of(one).bars(one.limit, _SPARK_BINS)
        drawn = spark(kept.tolist(), gone.tolist(), cuts, f"values of {one.signal}")
    counts = counted.counts
    return RuleRow(
        name=counted.rule,
        keep=counted.keep,
        note=rule.note if rule is not None else "",
        fails=counts.fails,
        share=counts.fails / counts.judged if counts.judged else 0.0,
        only=counts.fails_only,
        back=counts.comes_back,
        spark=drawn,
    )


def sliders(stages: Sequence[Entry], found: Sequence[Values]) -> Iterator[Slider]:
    """Yield every limit of every rule, those that decide most by themselves first."""
    entries = {entry.title: entry for entry in stages}
    made = []
    for one in found:
        rule = _said(entries[one.stage]).get(one.rule)
        if rule is not None and any(one.documents):
            few = rebinned(Binned.of(one), one.limit, BINS)
            first, last = few.within(one.limit)
            lost = few.alone.sum() - few.alone[first : last + 1].sum()
            slider = _slider(entries[one.stage], rule, one.limit, few, one.unmeasured)
            made.append((-int(lost), slider))
    for _, slider in sorted(made, key=lambda one: (one[0], one[1].stage, one[1].rule)):
        yield slider


def _slider(entry: Entry, rule: Rule, limit: Limit, few: Binned, unmeasured: int) -> Slider:
    first, last = few.within(limit)
    ends = [*few.edges[1:].tolist(), float(few.edges[-1])]
    return Slider(
        stage=entry.title,
        filter=entry.stage.label().removeprefix(":"),
        rule=rule.name,
        signal=limit.signal,
        low=limit.low,
        high=limit.high,
        low_open=limit.low_open,
        high_open=limit.high_open,
        rest=" AND ".join(_sql(other) for other in rule.limits if other != limit),
        first=first,
        last=last,
        places=[round(float(place), 4) for place in few.places(limit)],
        lows=few.edges.tolist(),
        highs=[float(np.nextafter(end, -np.inf)) for end in ends],
        alone=few.alone.tolist(),
        others=few.others.tolist(),
        unmeasured=unmeasured,
    )


def _sql(limit: Limit) -> str:
    """Return a limit as a rule would state it.

    >>> _sql(Limit("words", low=50, high=100, high_open=True))
    'words >= 50 AND words < 100'
    """
    terms = []
    if limit.low is not None:
        terms.append(f"{limit.signal} {'>' if limit.low_open else '>='} {limit.low:.10g}")
    if limit.high is not None:
        terms.append(f"{limit.signal} {'<' if limit.high_open else '<='} {limit.high:.10g}")
    return " AND ".join(terms)


def rebinned(whole: Binned, limit: Limit, most: int) -> Binned:
    """Return counts in about `most` bins of like counts, with an edge at each limit."""
    sums = np.cumsum(whole.counts)
    chosen = np.searchsorted(sums, np.linspace(0, sums[-1], most, endpoint=False), side="right")
    first, last = whole.within(limit)
    keep = {0, first, last + 1, *chosen.tolist()}
    starts = np.array(sorted(place for place in keep if 0 <= place < len(whole.edges)))
    return Binned(
        whole.edges[starts],
        np.add.reduceat(whole.alone, starts),
        np.add.reduceat(whole.others, starts),
    )


def _overlap(stage: str, rows: Sequence[RuleRow], pairs: Pairs) -> Overlap | None:
    failing = sorted((row for row in rows if row.fails), key=lambda row: -row.fails)
    names = [row.name for row in failing[:_MOST_OVERLAPPING]]
    if len(names) < 2:
        return None
    at = [pairs.rules.index((stage, name)) for name in names]
    table = [
        OverlapRow(
            name,
            [
                Cell(None)
                if one == other
                else _shared(pairs.both[one][other], pairs.both[one][one])
                for other in at
            ],
        )
        for name, one in zip(names, at, strict=True)
    ]
    return Overlap(names, table)


def _shared(both: int, fails: int) -> Cell:
    share = both / fails if fails else 0.0
    return Cell(share, sum(share > step for step in (0.1, 0.3, 0.6, 0.9)))

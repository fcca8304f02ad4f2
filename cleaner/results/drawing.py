"""Values of a signal as the few bars that a page or a terminal has room for."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from cleaner.rules.conditions import Limit
from cleaner.runs.summary.grid import limit_edges

if TYPE_CHECKING:
    from cleaner.results.values import Values

_TAIL = 0.002  # of the documents at either end share a bar


@dataclass(frozen=True)
class Bar:
    """Some neighbouring bins. `limit` is what begins here, or ends just before."""

    low: float
    label: str
    documents: int
    inside: bool
    limit: str = ""


def limit_text(limit: Limit) -> str:
    """Return what a limit keeps, in SQL.

    >>> limit_text(Limit("words", low=50, high=100, high_open=True))
    'words >= 50 AND words < 100'
    """
    return " AND ".join(text for text in _sides(limit) if text)


def _sides(limit: Limit) -> tuple[str, str]:
    low = f"{limit.signal} {'>' if limit.low_open else '>='} {number(limit.low)}"
    high = f"{limit.signal} {'<' if limit.high_open else '<='} {number(limit.high)}"
    return (low if limit.low is not None else "", high if limit.high is not None else "")


def number(value: float | None) -> str:
    """Return a number in as few digits as tell it apart.

    >>> number(100000.0), number(0.30000000000000004), number(1.5)
    ('100,000', '0.3', '1.5')
    """
    if value is None:
        return ""
    return f"{int(value):,}" if abs(value) < 1e15 and value == int(value) else f"{value:.6g}"


def drawn(values: Values, most: int = 14) -> list[Bar]:
    """Return about `most` bars that hold all documents; a limit always parts two of them."""
    edges, counts = values.edges, values.documents
    if not edges:
        return []
    first, last = values.quantiles([_TAIL, 1 - _TAIL])
    limits = dict(zip(limit_edges([values.limit]), filter(None, _sides(values.limit)), strict=True))
    parted = {edge for edge in limits if edges[0] < edge <= edges[-1]}
    cuts = sorted({*_nice(first, last, most), *parted} - {edges[0]})
    cuts = [edge for edge in cuts if edges[0] < edge <= edges[-1]]
    sums = [0] * (len(cuts) + 1)
    for edge, count in zip(edges, counts, strict=True):
        sums[bisect_right(cuts, edge)] += count
    lows = [edges[0], *cuts]
    bars = [
        Bar(low, "", documents, _inside(low, values.limit), limits.get(low, ""))
        for low, documents in zip(lows, sums, strict=True)
    ]
    return _labelled(_joined(bars))


def _inside(low: float, limit: Limit) -> bool:
    after = limit.low is None or (low > limit.low if limit.low_open else low >= limit.low)
    before = limit.high is None or (low < limit.high if limit.high_open else low <= limit.high)
    return after and before


def _nice(first: float, last: float, most: int) -> list[float]:
    """Return round numbers between two: in equal steps, or in equal ratios where they are far."""
    if last <= first:
        return [first]
    if first > 0 and last / first > 30:
        powers = range(math.floor(math.log10(first)), math.ceil(math.log10(last)) + 1)
        for heads in ((1, 1.5, 2, 3, 4, 5, 6, 8), (1, 2, 3, 5), (1, 2, 5), (1, 3), (1,)):
            cuts = [float(f"{head}e{power}") for power in powers for head in heads]
            cuts = [edge for edge in cuts if first <= edge <= last]
            if len(cuts) <= most:
                return cuts
        return cuts
    power = math.floor(math.log10((last - first) / most))
    for head in (1, 2, 5, 10):
        low, high = (math.ceil(end / (head * 10.0**power) - 1e-9) for end in (first, last))
        if high - low <= most:
            return [float(f"{n * head}e{power}") for n in range(low, high + 1)]
    return []


def _joined(bars: list[Bar]) -> list[Bar]:
    """Join empty bars at either end with their neighbours."""
    while len(bars) > 1 and not bars[-1].documents and not bars[-1].limit:
        bars.pop()
    return bars


def _labelled(bars: list[Bar]) -> list[Bar]:
    ends = [f"< {number(after.low)}" for _, after in pairwise(bars)]
    labels = [f"{number(bar.low)} … {end}" for bar, end in zip(bars, ends, strict=False)]
    labels.append(f"{number(bars[-1].low)} …")
    return [
        Bar(bar.low, label, bar.documents, bar.inside, bar.limit)
        for bar, label in zip(bars, labels, strict=True)
    ]

"""The edges at which values of signals are counted: the same for every corpus.

Edges are decimal numbers of three digits (two where a signal is counted by language or source), so
that a limit that a person would write is an edge itself; to them come the limits in use. What is
counted between edges can be added up, and what lies on either side of an edge is known exactly.
"""

import sys
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from cleaner.rules.conditions import Limit

FINE, COARSE = 3, 2  # digits
LOWEST = -sys.float_info.max  # the first edge: JSON has no infinity
_SMALLEST, _LARGEST = -6, 12  # powers of ten between which there are edges


@lru_cache
def grid(digits: int) -> np.ndarray:
    """Return the edges of some digits, in order: the first is below all, zero has a bin of its own.

    >>> [float(edge) for edge in grid(2) if 0.97 < edge < 1.4]
    [0.98, 0.99, 1.0, 1.1, 1.2, 1.3]
    """
    heads = range(10 ** (digits - 1), 10**digits)
    powers = range(_SMALLEST, _LARGEST)
    above = [float(f"{head}e{power - digits + 1}") for power in powers for head in heads]
    above.append(float(f"1e{_LARGEST}"))
    below = [-edge for edge in reversed(above)]
    return np.array([LOWEST, *below, 0.0, np.nextafter(0.0, 1.0), *above])


def limit_edges(limits: Iterable[Limit]) -> tuple[float, ...]:
    """Return the numbers from which on values are on the other side of a limit.

    >>> limit_edges([Limit("words", low=50, high=100)])
    (50.0, 100.00000000000001)
    """
    found = set()
    for limit in limits:
        if limit.low is not None:
            found.add(_above(limit.low) if limit.low_open else float(limit.low))
        if limit.high is not None:
            found.add(float(limit.high) if limit.high_open else _above(limit.high))
    return tuple(sorted(found))


def _above(number: float) -> float:
    return float(np.nextafter(float(number), np.inf))


@lru_cache(maxsize=256)
def edges(digits: int, more: tuple[float, ...]) -> np.ndarray:
    """Return the edges of some digits with some more among them."""
    return np.union1d(grid(digits), more)


def bins(values: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Return for each value the place of its bin: that of the last edge that is not above it."""
    return np.maximum(np.searchsorted(among, values, side="right") - 1, 0)


def quantiles(lows: Sequence[float], counts: Sequence[int], shares: Iterable[float]) -> list[float]:
    """Return, for each share, the edge below which no more than that share of the values lie.

    >>> quantiles([1.0, 2.0, 5.0], [10, 80, 10], [0.05, 0.5, 0.95])
    [1.0, 2.0, 5.0]
    """
    sums = np.cumsum(counts)
    if not len(sums) or not sums[-1]:
        return []
    places = [int(np.searchsorted(sums, share * sums[-1], side="right")) for share in shares]
    return [float(lows[min(place, len(lows) - 1)]) for place in places]

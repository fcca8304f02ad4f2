"""Intervals of shares that were counted on a sample."""

from math import sqrt


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927).

    >>> [round(bound, 3) for bound in wilson(2, 100)]
    [0.006, 0.07]
    """
    if not of:
        return 0.0, 1.0
    z, p = 1.959963984540054, hits / of
    middle = p + z * z / (2 * of)
    spread = z * sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    scale = 1 + z * z / of
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)

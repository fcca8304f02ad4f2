"""Published settings of MinHash banding, and what a banding catches."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np


class Banding(NamedTuple):
    """Words of a shingle, bands, and signature values in a band."""

    ngram: int
    bands: int
    rows: int


PRESETS = {
    "fineweb": Banding(5, 14, 8),  # Penedo et al. 2024, arXiv:2406.17557
    "refinedweb": Banding(5, 450, 20),  # Penedo et al. 2023, arXiv:2306.01116
    "curator": Banding(5, 20, 13),  # NeMo Curator's defaults, over words instead of characters
    "megamath": Banding(5, 11, 10),  # Zhou et al. 2025, arXiv:2504.02807
}


@lru_cache(maxsize=16)
def optimal(threshold: float, permutations: int) -> tuple[int, int]:
    """Return the bands and rows that err least around a threshold, of those that fit.

    What errs is the area over which `caught` is not 0 below the threshold and not 1 above it; the
    search is that of `datasketch.MinHashLSH`.

    >>> optimal(0.8, 128)
    (9, 13)
    """
    from datasketch import MinHashLSH

    try:
        found = MinHashLSH(threshold=threshold, num_perm=permutations)
    except ValueError:  # one band would be best, which it refuses; its integrals are closed
        rows = range(1, permutations + 1)
        return 1, min(rows, key=lambda r: (2 * threshold ** (r + 1) - 1) / (r + 1))
    return found.b, found.r


def caught(jaccard: float | np.ndarray, banding: Banding) -> float | np.ndarray:
    """Return the probability that a pair of this Jaccard shares a bucket: 1 - (1 - s^r)^b.

    >>> round(float(caught(0.8, PRESETS["fineweb"])), 3)
    0.924
    """
    return 1 - (1 - np.asarray(jaccard) ** banding.rows) ** banding.bands

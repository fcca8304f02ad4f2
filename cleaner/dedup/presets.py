"""Published settings of MinHash banding, and what a banding catches."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np


class Banding(NamedTuple):
    """Words of a shingle, bands, and signature values in a band."""

    ngram: int
    bands: int
    rows: int


_PLACES = 256  # of an integral

PRESETS = {
    "fineweb": Banding(5, 14, 8),  # Penedo et al. 2024, arXiv:2406.17557
    "refinedweb": Banding(5, 450, 20),  # Penedo et al. 2023, arXiv:2306.01116
    "curator": Banding(5, 20, 13),  # NeMo Curator's defaults, over words instead of characters
    "megamath": Banding(5, 11, 10),  # Zhou et al. 2025, arXiv:2504.02807
}


@lru_cache(maxsize=16)
def optimal(threshold: float, permutations: int) -> tuple[int, int]:
    """Return the bands and rows that err least around a threshold, of those that fit.

    What errs is the area over which `caught` is not 0 below the threshold and not 1 above it.
    `datasketch.MinHashLSH` takes the same ones.

    >>> optimal(0.8, 128)
    (9, 13)
    """
    # The curves are polynomials of a degree up to `permutations`: so many places make it exact.
    places, weights = np.polynomial.legendre.leggauss(min(permutations // 2 + 1, _PLACES))
    below, above = threshold * (places + 1) / 2, 1 - (1 - threshold) * (places + 1) / 2

    def wrong(bands: int, rows: int) -> float:
        banding = Banding(0, bands, rows)
        taken = threshold * weights @ caught(below, banding)
        missed = (1 - threshold) * weights @ (1 - caught(above, banding))
        return float(taken + missed)

    fit = [(b, r) for b in range(1, permutations + 1) for r in range(1, permutations // b + 1)]
    return min(fit, key=lambda one: wrong(*one))


def caught(jaccard: float | np.ndarray, banding: Banding) -> float | np.ndarray:
    """Return the probability that a pair of this Jaccard shares a bucket: 1 - (1 - s^r)^b.

    >>> round(float(caught(0.8, PRESETS["fineweb"])), 3)
    0.924
    """
    return 1 - (1 - np.asarray(jaccard) ** banding.rows) ** banding.bands

"""The bandings that were published, and the one that errs least."""

import numpy as np
import pytest

from cleaner.dedup.presets import PRESETS, Banding, caught, optimal


@pytest.mark.parametrize(
    ("name", "ngram", "hashes", "bands"),
    [
        ("fineweb", 5, 112, 14),  # 112 hash functions in 14 buckets of 8
        ("refinedweb", 5, 9000, 450),  # 9,000 hashes in 450 buckets of 20
        ("curator", 5, 260, 20),  # 20 bands of 13
        ("megamath", 5, 110, 11),  # 11 bands of 10
    ],
)
def test_a_preset_is_what_was_published(name: str, ngram: int, hashes: int, bands: int) -> None:
    banding = PRESETS[name]
    assert (banding.ngram, banding.bands * banding.rows, banding.bands) == (ngram, hashes, bands)


def test_a_banding_catches_what_was_published() -> None:
    """Penedo et al. 2024: of pairs alike by 0.7, 0.75, 0.8 and 0.85 FineWeb's finds these."""
    chances = caught(np.array([0.7, 0.75, 0.8, 0.85]), PRESETS["fineweb"])
    assert np.round(chances, 2).tolist() == [0.56, 0.77, 0.92, 0.99]
    assert caught(np.array([0.0, 1.0]), PRESETS["fineweb"]).tolist() == [0, 1]


def test_all_presets_are_those() -> None:
    assert list(PRESETS) == ["fineweb", "refinedweb", "curator", "megamath"]


@pytest.mark.parametrize(
    ("threshold", "permutations"),
    [(0.5, 2), (0.5, 3), (0.7, 4), (0.8, 6), (0.8, 8), (0.9, 8), (0.9, 16), (0.5, 16), (0.7, 12)],
)
def test_no_banding_errs_less(threshold: float, permutations: int) -> None:
    at = (np.arange(20_000) + 0.5) / 20_000
    below = at < threshold

    def errs(bands: int, rows: int) -> float:
        chance = np.asarray(caught(at, Banding(5, bands, rows)))
        return float(np.where(below, chance, 1 - chance).sum())

    all_of_them = [
        (bands, rows)
        for bands in range(1, permutations + 1)
        for rows in range(1, permutations // bands + 1)
    ]
    assert optimal(threshold, permutations) == min(all_of_them, key=lambda one: errs(*one))

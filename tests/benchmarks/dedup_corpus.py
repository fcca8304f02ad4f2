"""A corpus with known clusters, made unit by unit from seeds: originals, near copies, templates."""

from functools import cache

import numpy as np
import polars as pl

UNIT = 20_000
WORDS = 60_000  # of the vocabulary, used by Zipf's law
TEMPLATES, TEMPLATE_SHARE = 40, 0.01  # of all documents
COPIES, EDITS = 0.10, 0.20  # near copies of all documents, and at most this share of words edited


@cache
def _vocabulary() -> pl.Series:
    rng = np.random.default_rng(7)
    syllables = [
        a + b for a in "bcdfghklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er", "is")
    ]
    parts = [
        [syllables[i] for i in rng.integers(0, len(syllables), k)]
        for k in rng.integers(1, 5, WORDS)
    ]
    return pl.Series(
        ["".join(part) + format(i % 97, "x") * (i > 3000) for i, part in enumerate(parts)]
    )


@cache
def _law() -> np.ndarray:
    weights = 1 / (np.arange(WORDS) + 2.7)
    return np.cumsum(weights) / weights.sum()


def _draw(rng: np.random.Generator, count: int) -> np.ndarray:
    return np.searchsorted(_law(), rng.random(count)).astype(np.uint32)


@cache
def _originals(unit: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the words of a unit's originals, and where each begins."""
    rng = np.random.default_rng([unit, 0])
    lengths = np.clip(rng.lognormal(5.6, 0.6, size), 30, 3000).astype(np.int64)
    return _draw(rng, int(lengths.sum())), np.concatenate([[0], np.cumsum(lengths)])


def unit(number: int, units: int, size: int = UNIT) -> pl.DataFrame:
    """Return one unit: file, row, id, text, source, and `origin`, what a copy is a copy of."""
    words, first = _originals(number, size)
    rng = np.random.default_rng([number, 1])
    kinds = rng.random(size)
    donor = int(np.random.default_rng([number, 2]).integers(0, units))
    other, starts = _originals(donor, size)
    pieces, origin = [], []
    for row in range(size):
        if kinds[row] < COPIES + TEMPLATE_SHARE:
            if kinds[row] < COPIES:
                of = int(rng.integers(0, size))
                piece = other[starts[of] : starts[of + 1]].copy()
                edited = rng.random(len(piece)) < rng.random() * EDITS
                origin.append(f"{donor}-{of}")
            else:
                of = int(rng.integers(0, TEMPLATES))
                piece = _draw(np.random.default_rng([of, 3]), 300)
                edited = np.zeros(300, bool)
                edited[rng.integers(0, 300, 3)] = True
                origin.append(f"template-{of}")
            piece[edited] = _draw(rng, int(edited.sum()))
        else:
            piece = words[first[row] : first[row + 1]]
            origin.append(f"{number}-{row}")
        pieces.append(piece)
    bounds = np.cumsum([0, *map(len, pieces)])
    flat = _vocabulary().gather(np.concatenate(pieces))
    text = (
        pl.DataFrame({"word": flat, "row": np.repeat(np.arange(size), np.diff(bounds))})
        .group_by("row", maintain_order=True)
        .agg(pl.col("word").str.join(" "))["word"]
    )
    if number > 8:
        _originals.cache_clear()
    return pl.DataFrame(
        {
            "file": np.full(size, number, np.uint32),
            "row": np.arange(size, dtype=np.uint64),
            "id": [f"{number}-{row}" for row in range(size)],
            "text": text,
            "source": pl.Series(["web", "books", "wiki"])[rng.integers(0, 3, size)],
            "origin": origin,
        }
    )

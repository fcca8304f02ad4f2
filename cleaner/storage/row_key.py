"""The key of a row, (file, row), as one number, and the seeded hashes that are made of it.

A hash decides what must not depend on workers or arrival: the order of shards, who is drawn, who
wins a tie. Each use has a hash of its own; none of their values may ever change.
"""

import numpy as np
import polars as pl

from cleaner.kernels.hashing import mixed, mixed_pairs

ROW_BITS = 40
FILE_LIMIT = 1 << 23  # files of a run have smaller numbers; those of earlier runs follow


def packed(file: int, row: int) -> int:
    """Return one key as a number that sorts alike."""
    return (file << ROW_BITS) | row


def position(docs: pl.DataFrame) -> np.ndarray:
    """Return the keys of documents as UInt64 that sort alike."""
    file = docs["file"].to_numpy().astype(np.uint64)
    return (file << np.uint64(ROW_BITS)) | docs["row"].to_numpy().astype(np.uint64)


def shuffle_key(docs: pl.DataFrame, seed: int) -> pl.Series:
    """Return the place of each document in the global order of the shards, as UInt64."""
    keys = position(docs)
    return pl.Series("shuffle", mixed(mixed_pairs(keys, np.zeros(len(docs), np.uint64)), seed))


def tie_key(docs: pl.DataFrame, seed: int = 0) -> pl.Series:
    """Return what decides between documents of equal score, as UInt64, different for each."""
    scramble = (seed * 0x9E3779B97F4A7C15 + 0x2545F4914F6CDD1D) % 2**64
    return pl.Series("tie", mixed(position(docs), np.uint64(scramble)))


def sample_key(file: pl.Series, row: pl.Series, seed: int) -> pl.Series:
    """Return a 64-bit hash of each row's key: who has the smallest is drawn first.

    >>> sample_key(pl.Series([0, 0]), pl.Series([0, 1]), seed=0).to_list()
    [2558736989570252433, 3400964856525257824]
    """
    with np.errstate(over="ignore"):
        start = _mix(np.full(len(file), seed, np.uint64))
        with_file = _mix(start ^ file.cast(pl.UInt64).to_numpy())
        return pl.Series("sample_key", _mix(with_file ^ row.cast(pl.UInt64).to_numpy()))


def drawn(docs: pl.DataFrame, share: float, seed: int) -> pl.Series:
    """Return which documents are of a seeded sample of about this share of all rows."""
    if share >= 1:  # no 64-bit bound lies above the greatest key
        return pl.repeat(True, len(docs), dtype=pl.Boolean, eager=True)
    return sample_key(docs["file"], docs["row"], seed) < round(share * 2**64)


def _mix(value: np.ndarray) -> np.ndarray:
    """Return one step of splitmix64 (Steele et al. 2014): every bit depends on every bit."""
    value = value + np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))

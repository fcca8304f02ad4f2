"""MinHash signatures and band hashes, bit-identical to `datasketch` 2.0 for the same token hashes.

`affine32`, its default: a token's 32-bit hash goes once through MurmurHash3's finalizer, then
permutation k is a_k * h + b_k mod 2^32 with a_k odd. `legacy`, its only scheme before 2.0:
(a_k * h + b_k mod 2^64) mod (2^61 - 1), cut to 32 bits. Tokens come as 64-bit hashes, of which the
low 32 bits count.
"""

from functools import lru_cache

import numpy as np
from numba import uint32, uint64

from cleaner.config.choices import Scheme
from cleaner.kernels import jit
from cleaner.kernels.hashing import mix64

_PRIME = (1 << 61) - 1


@lru_cache(maxsize=16)
def permutations(count: int, seed: int, scheme: Scheme) -> tuple[np.ndarray, np.ndarray]:
    """Return the factors and summands that `datasketch.MinHash(count, seed, scheme=scheme)` uses.

    >>> permutations(2, 1, "affine32")[0].dtype
    dtype('uint32')
    """
    draw = np.random.RandomState(seed)
    if scheme == "legacy":
        pairs = [
            (draw.randint(1, _PRIME, dtype=np.uint64), draw.randint(0, _PRIME, dtype=np.uint64))
            for _ in range(count)
        ]
        factors, summands = np.array(pairs, np.uint64).reshape(count, 2).T
        return np.ascontiguousarray(factors), np.ascontiguousarray(summands)
    odd = draw.randint(0, 1 << 31, count, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return odd, draw.randint(0, 1 << 32, count, dtype=np.uint32)


def signatures(
    bounds: np.ndarray, tokens: np.ndarray, count: int, seed: int = 1, scheme: Scheme = "affine32"
) -> np.ndarray:
    """Return a row of `count` uint32 per document.

    Document i holds the token hashes `tokens[bounds[i]:bounds[i + 1]]` (uint64); without any its
    row is all ones, as an empty `datasketch.MinHash`.
    """
    kernel = _legacy if scheme == "legacy" else _affine
    return kernel(bounds, tokens, *permutations(count, seed, scheme))


@jit
def _affine(
    bounds: np.ndarray, tokens: np.ndarray, factors: np.ndarray, summands: np.ndarray
) -> np.ndarray:
    documents, count = len(bounds) - 1, len(factors)
    out = np.empty((documents, count), np.uint32)
    longest = 0
    for i in range(documents):
        longest = max(longest, bounds[i + 1] - bounds[i])
    mixed = np.empty(longest, np.uint32)
    for i in range(documents):
        start, n = bounds[i], bounds[i + 1] - bounds[i]
        for j in range(n):
            value = uint32(tokens[start + j])
            value = uint32(value ^ (value >> uint32(16))) * uint32(0x85EBCA6B)
            value = uint32(value)
            value = uint32(value ^ (value >> uint32(13))) * uint32(0xC2B2AE35)
            value = uint32(value)
            mixed[j] = value ^ (value >> uint32(16))
        # Permutations outside, tokens inside: the minimum over tokens becomes SIMD.
        for k in range(count):
            factor, summand = factors[k], summands[k]
            least = uint32(0xFFFFFFFF)
            for j in range(n):
                least = min(least, uint32(factor * mixed[j] + summand))
            out[i, k] = least
    return out


@jit
def _legacy(
    bounds: np.ndarray, tokens: np.ndarray, factors: np.ndarray, summands: np.ndarray
) -> np.ndarray:
    documents, count = len(bounds) - 1, len(factors)
    out = np.empty((documents, count), np.uint32)
    prime, low = uint64(_PRIME), uint64(0xFFFFFFFF)
    for i in range(documents):
        for k in range(count):
            factor, summand = factors[k], summands[k]
            least = low
            for j in range(bounds[i], bounds[i + 1]):
                value = factor * (tokens[j] & low) + summand
                value = (value & prime) + (value >> uint64(61))
                if value >= prime:
                    value -= prime
                least = min(least, value & low)
            out[i, k] = least
    return out


@jit
def band_hashes(signatures: np.ndarray, bands: int, rows: int, salts: np.ndarray) -> np.ndarray:
    """Return a uint64 per document and band of `rows` consecutive signature values.

    The band's number and the document's salt are mixed in: equal hashes mean one bucket.
    """
    out = np.empty((len(signatures), bands), np.uint64)
    for i in range(len(signatures)):
        for band in range(bands):
            value = mix64(salts[i] + uint64(band + 1))
            for k in range(band * rows, (band + 1) * rows):
                value = mix64(value ^ uint64(signatures[i, k]))
            out[i, band] = value
    return out


def warm() -> None:
    """Compile, or load from the cache, the default scheme."""
    found = signatures(np.array([0, 1]), np.zeros(1, np.uint64), 2)
    band_hashes(found, 1, 2, np.zeros(1, np.uint64))

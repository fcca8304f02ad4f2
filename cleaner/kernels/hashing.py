"""Hashes of 64 bits: mixing, hash ranges, and which values occur more than once."""

from typing import Any

import numpy as np
from numba import uint64

from cleaner.kernels import inlined, jit

MIX_1 = uint64(0xFF51AFD7ED558CCD)  # MurmurHash3's 64-bit finalizer, public domain
MIX_2 = uint64(0xC4CEB9FE1A85EC53)
LOW_32 = uint64(0xFFFFFFFF)


@inlined
def mix64(value: Any) -> Any:
    """Return a bijective scramble of 64 bits in which every bit depends on every other."""
    value = uint64(value)
    value ^= value >> uint64(33)
    value *= MIX_1
    value ^= value >> uint64(33)
    value *= MIX_2
    value ^= value >> uint64(33)
    return value


@inlined
def high_product(left: Any, right: Any) -> Any:
    """Return the upper 64 bits of the 128-bit product of two unsigned numbers."""
    left_low, left_high = left & LOW_32, left >> uint64(32)
    right_low, right_high = right & LOW_32, right >> uint64(32)
    middle = left_high * right_low + ((left_low * right_low) >> uint64(32))
    carry = left_low * right_high + (middle & LOW_32)
    return left_high * right_high + (middle >> uint64(32)) + (carry >> uint64(32))


@jit
def mixed(values: np.ndarray, salt: int) -> np.ndarray:
    """Return `mix64(value ^ salt)` for an array of uint64."""
    out = np.empty(len(values), np.uint64)
    for i in range(len(values)):
        out[i] = mix64(values[i] ^ uint64(salt))
    return out


@jit
def mixed_pairs(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return one uint64 hash per row of two uint64 arrays; the order of the two matters."""
    out = np.empty(len(first), np.uint64)
    for i in range(len(first)):
        out[i] = mix64(mix64(first[i]) + second[i])
    return out


@jit
def range_order(hashes: np.ndarray, parts: int) -> tuple[np.ndarray, np.ndarray]:
    """Sort rows stably by which of `parts` equal ranges of 64 bits their hash lies in.

    Returns the order of rows and the `parts + 1` bounds of the ranges in it.
    """
    bounds = np.zeros(parts + 1, np.int64)
    ranges = np.empty(len(hashes), np.uint32)
    for i in range(len(hashes)):
        ranges[i] = high_product(hashes[i], uint64(parts))
        bounds[ranges[i] + 1] += 1
    for k in range(parts):
        bounds[k + 1] += bounds[k]
    at = bounds[:-1].copy()
    order = np.empty(len(hashes), np.int64)
    for i in range(len(hashes)):
        order[at[ranges[i]]] = i
        at[ranges[i]] += 1
    return order, bounds


@jit
def in_range(hashes: np.ndarray, parts: int, part: int) -> np.ndarray:
    """Return for each hash whether it lies in range `part` of `parts`."""
    out = np.empty(len(hashes), np.bool_)
    for i in range(len(hashes)):
        out[i] = high_product(hashes[i], uint64(parts)) == uint64(part)
    return out


BLOCK = 1 << 16  # values looked at together: they and their table stay in the cache


@jit
def repeated(hashes: np.ndarray) -> np.ndarray:
    """Return for each uint64 whether it occurs more than once; linear, 21 bytes a value."""
    n = len(hashes)
    blocks = uint64(n // BLOCK + 1)
    bounds = np.zeros(blocks + uint64(1), np.int64)
    for i in range(n):
        bounds[high_product(mix64(hashes[i]), blocks) + uint64(1)] += 1
    most = 0
    for b in range(blocks):
        most = max(most, bounds[b + 1])
        bounds[b + 1] += bounds[b]
    places = np.empty(n, np.int64)
    values = np.empty(n, np.uint64)
    at = bounds[:-1].copy()
    for i in range(n):
        b = high_product(mix64(hashes[i]), blocks)
        places[at[b]] = i
        values[at[b]] = hashes[i]
        at[b] += 1
    size = 16
    while size < 2 * most:
        size *= 2
    mask = uint64(size - 1)
    slots = np.full(size, -1, np.int64)
    out = np.zeros(n, np.bool_)
    for b in range(blocks):
        slots[:] = -1
        for k in range(bounds[b], bounds[b + 1]):
            slot = mix64(values[k]) & mask
            while slots[slot] >= 0 and values[slots[slot]] != values[k]:
                slot = (slot + uint64(1)) & mask
            if slots[slot] < 0:
                slots[slot] = k
            else:
                out[places[k]] = True
                out[places[slots[slot]]] = True
    return out


def warm() -> None:
    """Compile, or load from the cache, for arrays as Polars gives them."""
    hashes = np.zeros(2, np.uint64)
    mixed_pairs(hashes, hashes)
    hashes.flags.writeable = False
    mixed(hashes, 0)
    range_order(hashes, 2)
    in_range(hashes, 2, 0)
    repeated(hashes)

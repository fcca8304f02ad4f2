"""Connected components by union-find; the root of each is its smallest member."""

from typing import Any

import numpy as np

from cleaner.kernels import inlined, jit


@inlined
def _root(parents: np.ndarray, node: Any) -> Any:
    while parents[node] != node:
        parents[node] = parents[parents[node]]
        node = parents[node]
    return node


@jit
def unite(parents: np.ndarray, left: np.ndarray, right: np.ndarray) -> None:
    """Join the sets of `left[i]` and `right[i]`, in place; the smaller root wins.

    `parents` starts as `arange(n)`. The order of pairs and calls does not change the components.
    """
    for i in range(len(left)):
        a, b = _root(parents, left[i]), _root(parents, right[i])
        if a < b:
            parents[b] = a
        elif b < a:
            parents[a] = b


@jit
def flatten(parents: np.ndarray) -> None:
    """Let every node point at its root, in place; one pass, since a parent is never larger."""
    for node in range(len(parents)):
        parents[node] = parents[parents[node]]


@inlined
def ones(word):  # type: ignore[no-untyped-def]
    """Return how many bits of a uint64 are set (Warren, Hacker's Delight, 5-1)."""
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + (
        (word >> np.uint64(2)) & np.uint64(0x3333333333333333)
    )
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@jit
def raise_tops(tops, file, row):  # type: ignore[no-untyped-def]
    """Raise `tops[f]` to one more than the highest row of file f, in place."""
    for i in range(len(file)):
        tops[file[i]] = max(tops[file[i]], np.int64(row[i]) + 1)


@jit
def mark(bits, starts, file, row):  # type: ignore[no-untyped-def]
    """Set the bit of every document, in place; file f has the bits from `starts[f]`."""
    for i in range(len(file)):
        at = starts[file[i]] + np.int64(row[i])
        bits[at >> 6] |= np.uint64(1) << np.uint64(at & 63)


@jit
def count_before(bits):  # type: ignore[no-untyped-def]
    """Return how many bits are set before each word, and in all."""
    before = np.zeros(len(bits) + 1, np.int64)
    for word in range(len(bits)):
        before[word + 1] = before[word] + ones(bits[word])
    return before


@jit
def marked_places(bits, before, starts, file, row):  # type: ignore[no-untyped-def]
    """Return how many marked documents stand before each of these, which are marked."""
    out = np.empty(len(file), np.int64)
    for i in range(len(file)):
        at = starts[file[i]] + np.int64(row[i])
        lower = (np.uint64(1) << np.uint64(at & 63)) - np.uint64(1)
        out[i] = before[at >> 6] + ones(bits[at >> 6] & lower)
    return out


@jit
def marked_keys(bits, count, starts):  # type: ignore[no-untyped-def]
    """Return file and row of the `count` marked documents, ascending."""
    file, row = np.empty(count, np.uint32), np.empty(count, np.uint64)
    k = 0
    for f in range(len(starts) - 1):
        at = starts[f]
        while at < starts[f + 1]:
            word = bits[at >> 6] >> np.uint64(at & 63)
            if word == 0:
                at = (at | 63) + 1
                continue
            if word & np.uint64(1):
                file[k], row[k] = f, at - starts[f]
                k += 1
            at += 1
    return file, row


def warm() -> None:
    """Compile, or load from the cache, what components need."""
    file, row = np.zeros(1, np.uint32), np.zeros(1, np.uint64)
    file.flags.writeable = row.flags.writeable = False
    tops, starts, bits = np.zeros(1, np.int64), np.array([0, 1]), np.zeros(1, np.uint64)
    raise_tops(tops, file, row)
    mark(bits, starts, file, row)
    before = count_before(bits)
    places = marked_places(bits, before, starts, file, row)
    parents = np.zeros(1, np.uint32)
    unite(parents, places, places)
    flatten(parents)
    marked_keys(bits, 1, starts)

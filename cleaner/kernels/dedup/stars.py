"""Pairs of documents that share a bucket, and which of them are duplicates of a kept one."""

import numpy as np

from cleaner.kernels import inlined, jit


@jit
def star_pairs(starts, members, fan):  # type: ignore[no-untyped-def]
    """Return pairs `(earlier << 32 | later)` of places in rank order, with repeats, per bucket.

    Bucket b holds the places `members[starts[b]:starts[b + 1]]`, ascending. Every place is paired
    with the first of its bucket and with the next `fan`: linear in the members.
    """
    count = 0
    for b in range(len(starts) - 1):
        size = starts[b + 1] - starts[b]
        for i in range(size):
            count += min(fan, size - 1 - i) + (1 if i > fan else 0)
    out = np.empty(count, np.uint64)
    at = 0
    for b in range(len(starts) - 1):
        lo, hi = starts[b], starts[b + 1]
        for i in range(lo, hi):
            for j in range(i + 1, min(hi, i + 1 + fan)):
                out[at] = np.uint64(members[i]) << np.uint64(32) | np.uint64(members[j])
                at += 1
            if i - lo > fan:
                out[at] = np.uint64(members[lo]) << np.uint64(32) | np.uint64(members[i])
                at += 1
    return out


@inlined
def shared(values, i, end, j, stop):  # type: ignore[no-untyped-def]
    """Return how many values the two sorted runs `values[i:end]` and `values[j:stop]` share."""
    both = 0
    while i < end and j < stop:
        left, right = values[i], values[j]
        both += left == right
        i += left <= right
        j += right <= left
    return both


@inlined
def jaccard_of(starts, ends, values, a, b, least):  # type: ignore[no-untyped-def]
    """Return the Jaccard of the sets of a and b, or -1 if their sizes keep it below `least`."""
    one, other = ends[a] - starts[a], ends[b] - starts[b]
    if min(one, other) < least * max(one, other) * (1 - 1e-12):  # but for rounding
        return -1.0
    both = shared(values, starts[a], ends[a], starts[b], ends[b])
    return both / (one + other - both)


@jit
def decide(starts, ends, values, first, partners, threshold, verify, old):  # type: ignore[no-untyped-def]
    """Return `(kept, jaccard)`: for each document in rank order the kept one it falls for, or -1.

    Document d has the sorted set `values[starts[d]:ends[d]]` and the earlier partners
    `partners[first[d]:first[d + 1]]`, ascending. It falls if a kept partner has a Jaccard of at
    least `threshold`, for the most similar one, the first in rank on a tie. If none has, the kept
    ones that its other partners fell for are compared in the same way: a copy that missed the
    bucket of what is kept meets it there. Without `verify` it falls for the first kept partner.
    The first `old` documents always stay.
    """
    documents = len(first) - 1
    kept = np.full(documents, -1, np.int64)
    jaccard = np.full(documents, np.nan)
    met = np.full(documents, -1, np.int64)  # whom a kept document was last compared with
    for d in range(old, documents):
        for hop in range(2):
            best = -1.0
            for k in range(first[d], first[d + 1]):
                other = partners[k]
                if hop == 0:
                    if kept[other] >= 0:
                        continue
                elif kept[other] < 0:
                    continue
                else:
                    other = kept[other]
                if not verify:
                    kept[d] = other
                    break
                if met[other] == d:
                    continue
                met[other] = d
                found = jaccard_of(starts, ends, values, d, other, max(best, threshold))
                tie = found == best and other < kept[d]
                if found >= threshold and (found > best or tie):
                    best = found
                    kept[d] = other
                    jaccard[d] = found
            if kept[d] >= 0 or not verify:
                break
    return kept, jaccard


@jit
def similar(starts, ends, values, left, right):  # type: ignore[no-untyped-def]
    """Return the Jaccard of the sets of `left[i]` and `right[i]`, as `decide` reads them."""
    out = np.empty(len(left))
    for i in range(len(left)):
        out[i] = jaccard_of(starts, ends, values, left[i], right[i], 0.0)
    return out


@jit
def sorted_sets(first, values):  # type: ignore[no-untyped-def]
    """Return `(first, values)` with each row sorted and each of its values once."""
    out = np.empty(len(values), values.dtype)
    bounds = np.zeros(len(first), np.int64)
    at = 0
    for d in range(len(first) - 1):
        row = np.sort(values[first[d] : first[d + 1]])
        for k in range(len(row)):
            if k == 0 or row[k] != row[k - 1]:
                out[at] = row[k]
                at += 1
        bounds[d + 1] = at
    return bounds, out[:at]


def warm() -> None:
    """Compile, or load from the cache, what verified stars need."""
    bounds, values = sorted_sets(np.array([0, 1, 2]), np.zeros(2, np.uint64))
    members = np.arange(2, dtype=np.uint32)
    members.flags.writeable = False
    star_pairs(np.array([0, 2]), members, 8)
    decide(
        bounds[:-1][[0, 1]],
        bounds[1:][[0, 1]],
        values,
        np.array([0, 0, 1]),
        np.array([0]),
        0.8,
        True,
        0,
    )

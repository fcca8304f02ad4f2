"""Repeated n-grams of words, exactly and without hashing most of them.

A k-gram can occur twice only where the (k-1)-grams at i and i + 1 both do; so each length is looked
for only where the one before left candidates.
"""

import numpy as np

from cleaner.kernels import inlined, leaf
from cleaner.kernels.signals import columns as C
from cleaner.kernels.text.segment import SINGLE

M = np.uint64(0x9E3779B97F4A7C15)
STEP = np.uint64(0xD6E8FEB86659FD93)  # odd: what a word at another place is multiplied by

_TOP, _DUP = C.TOP_2 - 2, C.DUP_5 - 5  # plus n; 13 stands where 11 would
_UNIQUE, _TOP_WORD = C.UNIQUE_WORDS, C.TOP_WORD
DEEPEST = 13


@inlined
def insert(hashes, places, everywhere, n, keys, tallies, slots):  # type: ignore[no-untyped-def]
    """Count equal hashes at `places[:n]`, or at the first n if `everywhere`.

    Write the slot of each to `slots`, and to `tallies` how often each slot's hash occurs; return
    how many slots there are.
    """
    size = 16
    bits = 4
    while size < 2 * n:
        size *= 2
        bits += 1
    tallies[:size] = 0
    shift = np.uint64(64 - bits)
    mask = size - 1
    for c in range(n):
        value = hashes[c if everywhere else places[c]]
        slot = np.int64(value * M >> shift)
        while tallies[slot] != 0 and keys[slot] != value:
            slot = (slot + 1) & mask
        keys[slot] = value
        tallies[slot] += 1
        slots[c] = slot
    return size


@leaf
def gram_length(i, n, kinds, reach, always_spaced):  # type: ignore[no-untyped-def]
    """Return the characters of the n words from i on, with spaces between them.

    Two graphemes of scripts without spaces have none between them.
    """
    length = reach[i + n] - reach[i]
    for w in range(i, i + n - 1):
        length += always_spaced or kinds[w] != SINGLE or kinds[w + 1] != SINGLE
    return length


@leaf
def repetition(  # type: ignore[no-untyped-def]
    words, kinds, count, reach, always_spaced, deepest, hashes, places, slots, keys, tallies, row
):
    """Set the counts of one document in `row`, and return the entropy of its words in nats.

    `words` holds a hash per word; `deepest` is the largest n that is asked for.
    """
    if count == 0:
        return 0.0
    size = insert(words, places, True, count, keys, tallies, slots)
    entropy = 0.0
    if deepest <= 1:
        for slot in range(size):
            tally = tallies[slot]
            if tally:
                row[_UNIQUE] += 1
                row[_TOP_WORD] = max(row[_TOP_WORD], tally)
                entropy -= tally / count * np.log(tally / count)
        return max(entropy, 0.0)
    for n in range(2, min(deepest, 4) + 1):
        if count >= n:  # until one is found twice
            row[_TOP + n] = gram_length(0, n, kinds, reach, always_spaced)
    left = count
    for n in range(2, deepest + 1):
        kept = 0
        again = tallies[slots[0]] > 1
        for c in range(left - 1):
            here = again
            again = tallies[slots[c + 1]] > 1
            if here and again:
                i = c if n == 2 else places[c]
                if n == 2 or places[c + 1] == i + 1:
                    places[kept] = i
                    kept += 1
        left = kept
        if left == 0:
            break
        for c in range(left):
            i = places[c]
            start = words[i] if n == 2 else hashes[i]
            hashes[i] = (start ^ (start >> np.uint64(29))) * STEP + words[i + n - 1]
        insert(hashes, places, False, left, keys, tallies, slots)
        if n <= 4:
            best = 1
            where = 0
            for c in range(left):
                if tallies[slots[c]] > best:
                    best = tallies[slots[c]]
                    where = places[c]
            if best > 1:
                row[_TOP + n] = best * gram_length(where, n, kinds, reach, always_spaced)
        elif n <= 10 or n == DEEPEST:
            free = 0
            repeated = 0
            # the first copy of each marks its slot by a negative tally
            for c in range(left):
                i = places[c]
                if i < free:
                    continue
                slot = slots[c]
                if tallies[slot] < 0:
                    repeated += reach[i + n] - reach[i]
                    free = i + n
                elif tallies[slot] > 1:
                    tallies[slot] = -tallies[slot]
            for c in range(left):
                tallies[slots[c]] = abs(tallies[slots[c]])
            row[_DUP + min(n, 11)] = repeated
    return 0.0

"""Symmetric trees: every node of a level asks the same question, so a leaf is a number in bits."""

import numpy as np

from cleaner.kernels import jit


@jit
def scores(
    rows: np.ndarray, asked: np.ndarray, limits: np.ndarray, leaves: np.ndarray, start: int
) -> np.ndarray:
    """Return the sum of the leaves that each row of numbers falls into, and `start`.

    `asked[tree, level]` is the feature that is compared, bit `level` of the leaf is 1 where it is
    above `limits[tree, level]`; leaves are integers, so that a sum has no order.
    """
    trees, depth = asked.shape
    out = np.full(len(rows), start, np.int64)
    for row in range(len(rows)):
        for tree in range(trees):
            leaf = 0
            for level in range(depth):
                leaf |= (rows[row, asked[tree, level]] > limits[tree, level]) << level
            out[row] += leaves[tree, leaf]
    return out


@jit
def histograms(
    bins: np.ndarray,
    columns: np.ndarray,
    leaf: np.ndarray,
    both: np.ndarray,
    leaves: int,
    width: int,
) -> np.ndarray:
    """Return, per feature of `columns`, leaf and bin, the sums of the two numbers of its rows."""
    found = np.zeros((len(columns), leaves, width, 2))
    for at in range(len(columns)):
        here, of = found[at], bins[columns[at]]
        for row in range(len(leaf)):
            cell = here[leaf[row], of[row]]
            cell[0] += both[row, 0]
            cell[1] += both[row, 1]
    return found


@jit
def chosen(
    score: np.ndarray, weight: np.ndarray, usable: np.ndarray, table: np.ndarray, step: int
) -> np.ndarray:
    """Return which rows to take so that the F1 that is to be expected is highest.

    `table[k]` is how likely, in ten-thousandths, a row is with the score `(k - middle) * step`.
    Taking all above half of the F1 that is reached is best; that share is found by repeating.
    """
    middle = len(table) // 2
    most = (len(table) - 1) * step
    likely = np.zeros(len(score), np.int64)
    expected = 0
    for row in range(len(score)):
        at = min(max(score[row] + middle * step, 0), most - 1)
        slot, rest = at // step, at % step
        likely[row] = (table[slot] * (step - rest) + table[slot + 1] * rest) // step
        if usable[row]:
            expected += likely[row] * weight[row]
    limit = 5_000
    for _ in range(8):
        taken = right = 0
        for row in range(len(score)):
            if usable[row] and likely[row] > limit:
                taken += weight[row]
                right += likely[row] * weight[row]
        whole = 10_000 * taken + expected
        limit = min(5_000, max(1_000, (10_000 * right) // whole if whole > 0 else 5_000))
    return usable & (likely > limit)


@jit
def place_hashes(
    container: np.ndarray, kind: np.ndarray, parent: np.ndarray, label: np.ndarray, levels: int
) -> np.ndarray:
    """Return a hash per block of its kind and of the labels of `levels` containers above it.

    Blocks that say the same of the subjects of a list, one a card, have the same place.
    """
    out = np.zeros(len(container), np.uint64)
    for block in range(len(container)):
        key = np.uint64(kind[block] + 1)
        here = container[block]
        for _ in range(levels):
            key = (key ^ label[here]) * np.uint64(0x9E3779B97F4A7C15)
            key ^= key >> np.uint64(29)
            if here == 0:
                break
            here = parent[here]
        out[block] = max(key, np.uint64(1))
    return out


@jit
def evened(score: np.ndarray, weight: np.ndarray, place: np.ndarray, few: int) -> np.ndarray:
    """Return the scores with those of `few` or more blocks of one place replaced by their mean."""
    slots = 1
    while slots < 2 * len(score):
        slots *= 2
    keys = np.zeros(slots, np.uint64)
    many, heavy, total = np.zeros((3, slots), np.int64)
    slot_of = np.zeros(len(score), np.int64)
    for row in range(len(score)):
        slot = np.int64(place[row] >> np.uint64(33)) & (slots - 1)
        while keys[slot] != 0 and keys[slot] != place[row]:
            slot = (slot + 1) & (slots - 1)
        keys[slot] = place[row]
        slot_of[row] = slot
        many[slot] += 1
        heavy[slot] += weight[row]
        total[slot] += weight[row] * score[row]
    out = score.copy()
    for row in range(len(score)):
        slot = slot_of[row]
        if many[slot] >= few:
            out[row] = total[slot] // heavy[slot]
    return out

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
    bins: np.ndarray, leaf: np.ndarray, pull: np.ndarray, mass: np.ndarray, leaves: int, width: int
) -> np.ndarray:
    """Return, per leaf and bin of one feature, the sums of `pull` and of `mass`."""
    found = np.zeros((2, leaves, width))
    for row in range(len(bins)):
        found[0, leaf[row], bins[row]] += pull[row]
        found[1, leaf[row], bins[row]] += mass[row]
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

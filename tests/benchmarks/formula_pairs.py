"""How well the comparator of formulas agrees with people, its constants fitted out of fold.

    PYTHONPATH=. python tests/benchmarks/formula_pairs.py ../shared/corpora/formula_pairs.jsonl

A line of the file has two formulas, `truth` and `found`, and `human`, the ratings of some people.
For each of ten folds the three fitted constants are those with the best sum of both correlations
on the other nine; the scores of all folds together are then compared with the mean ratings. The
interval is that of 2,000 bootstrap samples of the pairs.
"""

import argparse
import itertools
import json
from pathlib import Path

import numpy as np
from scipy.stats import pearsonr, spearmanr

from cleaner.web.compare import Constants, compare_formulas, score, signs_of
from cleaner.web.compare.distance import Distance, distance

FOLDS, SEED = 10, 7
GRID = [
    Constants(*values)
    for values in itertools.product(
        (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4), (0.5, 1.0, 2.0, 3.0, 4.0), (0.0, 0.1, 0.2, 0.4)
    )
]


def scores(found: list[tuple[Distance, int]], constants: Constants) -> np.ndarray:
    """Return the scores of pairs whose differences are known."""
    return np.array([score(apart, length, constants) for apart, length in found])


def agreement(given: np.ndarray, rated: np.ndarray) -> tuple[float, float]:
    """Return Pearson's and Spearman's correlation."""
    return float(pearsonr(given, rated)[0]), float(spearmanr(given, rated)[0])


def best(found: list[tuple[Distance, int]], rated: np.ndarray) -> Constants:
    """Return the constants that agree best with some ratings."""
    return max(GRID, key=lambda one: sum(agreement(scores(found, one), rated)))


def main() -> None:
    """Print the agreement out of fold, with its interval, and that of the shipped constants."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=Path)
    rows = [json.loads(line) for line in parser.parse_args().pairs.read_text("utf-8").splitlines()]
    rated = np.array([np.mean(row["human"]) for row in rows])
    signs = [(signs_of(row["truth"]), signs_of(row["found"])) for row in rows]
    found = [(distance(*pair), max(map(len, pair))) for pair in signs]
    rng = np.random.default_rng(SEED)
    fold = rng.permutation(len(rows)) % FOLDS
    given = np.zeros(len(rows))
    chosen = []
    for number in range(FOLDS):
        rest = np.flatnonzero(fold != number)
        constants = best([found[at] for at in rest], rated[rest])
        chosen.append(constants)
        for at in np.flatnonzero(fold == number):
            given[at] = scores([found[at]], constants)[0]
    samples = [rng.integers(0, len(rows), len(rows)) for _ in range(2_000)]
    resampled = np.array([agreement(given[at], rated[at]) for at in samples])
    low, high = np.quantile(resampled, (0.025, 0.975), axis=0)
    for at, name in enumerate(("Pearson", "Spearman")):
        value = agreement(given, rated)[at]
        print(f"{name} out of fold, n={len(rows)}: {value:.3f} ({low[at]:.3f}..{high[at]:.3f})")
    print("fitted per fold:", *sorted(set(chosen)), sep="\n  ")
    print("fitted on all, as it ships:", best(found, rated))
    shipped = np.array([compare_formulas(row["truth"], row["found"]) for row in rows])
    print("in sample, shipped constants: {:.3f} {:.3f}".format(*agreement(shipped, rated)))


if __name__ == "__main__":
    main()

"""What a score is worth on labelled documents: ranking, calibration, and what a cut would keep.

`truth` is an array of booleans (the document has the label), `score` one of floats. `prevalence` is
the share of such documents in the corpus to be filtered, which is never that of a training set.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cleaner.config.intervals import wilson

THRESHOLDS = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05),
    *(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
    *(0.95, 0.98, 0.99, 0.995, 0.998, 0.999),
)


def auc(truth: np.ndarray, score: np.ndarray) -> float:
    """Return the chance that a document with the label outscores one without; ties count half.

    >>> auc(np.array([True, True, False]), np.array([0.9, 0.5, 0.5]))
    0.75
    """
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if not positives or not negatives:
        return float("nan")
    _, tie, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2  # the mean rank of each tie, from 1
    won = ranks[tie][truth].sum() - positives * (positives + 1) / 2
    return float(won / (positives * negatives))


def _falling(
    truth: np.ndarray, score: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the different scores, falling, and the weight of each class that scores as high."""
    order = np.argsort(-score, kind="stable")
    score, truth, weight = score[order], truth[order], weight[order]
    last = np.append(np.flatnonzero(np.diff(score)), len(score) - 1)
    return score[last], np.cumsum(weight * truth)[last], np.cumsum(weight * ~truth)[last]


def average_precision(truth: np.ndarray, score: np.ndarray) -> float:
    """Return the mean precision at each document with the label; tied documents come together.

    >>> round(average_precision(np.array([True, False, True]), np.array([0.9, 0.8, 0.7])), 4)
    0.8333
    """
    if not truth.any():
        return float("nan")
    _, hits, misses = _falling(truth, score, np.ones(len(truth), np.int64))
    gained = np.diff(hits, prepend=0)
    return float((gained * hits / (hits + misses)).sum() / truth.sum())


@dataclass(frozen=True)
class AtCut:
    """A cut on labelled documents as they are, at their own prevalence."""

    precision: float
    recall: float
    f1: float


def at_cut(truth: np.ndarray, score: np.ndarray, cut: float) -> AtCut:
    """Return precision, recall and F1 of keeping what scores at least `cut`."""
    kept = score >= cut
    hits = int((kept & truth).sum())
    precision = hits / int(kept.sum()) if kept.any() else 0.0
    recall = hits / int(truth.sum()) if truth.any() else 0.0
    f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
    return AtCut(precision, recall, f1)


def calibration(truth: np.ndarray, score: np.ndarray, bins: int = 10) -> dict[str, Any]:
    """Return the Brier score, the expected calibration error, and a row per tenth of the scale."""
    at = np.minimum((score * bins).astype(int), bins - 1)
    rows = {}
    error = 0.0
    for part in range(bins):
        inside = at == part
        if not inside.any():
            continue
        said, was = float(score[inside].mean()), float(truth[inside].mean())
        name = f"{part / bins:g} to {(part + 1) / bins:g}"
        rows[name] = {"documents": int(inside.sum()), "score": said, "share": was}
        error += abs(said - was) * inside.sum() / len(score)
    return {
        "brier": float(np.mean((score - truth) ** 2)) if len(score) else float("nan"),
        "expected_error": float(error),
        "bins": rows,
    }


@dataclass(frozen=True)
class Point:
    """What keeping from `threshold` on would mean in a corpus of the stated prevalence."""

    threshold: float
    recall: float
    false_positive_rate: float
    kept_share: float
    precision: float
    precision_at_least: float  # with the rates at the bad ends of their 95 % intervals


def point(
    threshold: float, hits: int, positives: int, misses: int, negatives: int, prevalence: float
) -> Point:
    """Return what a threshold means that `hits` documents with the label reach, and `misses`."""
    recall, false = hits / max(positives, 1), misses / max(negatives, 1)
    low, high = wilson(hits, positives)[0], wilson(misses, negatives)[1]
    kept = prevalence * recall + (1 - prevalence) * false
    return Point(
        threshold,
        recall,
        false,
        kept,
        _precision(recall, false, prevalence),
        _precision(low, high, prevalence),
    )


def _precision(recall: float, false: float, prevalence: float) -> float:
    right = prevalence * recall
    kept = right + (1 - prevalence) * false
    return right / kept if kept else 0.0


def curve(truth: np.ndarray, score: np.ndarray, prevalence: float) -> list[dict[str, float]]:
    """Return kept share and precision by threshold, at the stated prevalence."""
    positives, negatives = int(truth.sum()), int((~truth).sum())
    rows = []
    for threshold in THRESHOLDS:
        kept = score >= threshold
        hits, misses = int((kept & truth).sum()), int((kept & ~truth).sum())
        rows.append(asdict(point(threshold, hits, positives, misses, negatives, prevalence)))
    return rows


def points(
    truth: np.ndarray, score: np.ndarray, prevalence: float, weight: np.ndarray | None = None
) -> list[Point]:
    """Return the point of every score there is, falling; rates of `weight` instead of documents."""
    weight = np.ones(len(truth), np.int64) if weight is None else weight
    positives, negatives = int(weight[truth].sum()), int(weight[~truth].sum())
    levels, hits, misses = _falling(truth, score, weight)
    return [
        point(float(level), int(hit), positives, int(miss), negatives, prevalence)
        for level, hit, miss in zip(levels, hits, misses, strict=True)
    ]


def cut_for_precision(
    truth: np.ndarray, score: np.ndarray, prevalence: float, target: float
) -> Point | None:
    """Return the lowest score that keeps with the target precision, or None when none does."""
    good = [p for p in points(truth, score, prevalence) if p.precision >= target]
    return good[-1] if good else None


def cut_for_share(
    truth: np.ndarray,
    score: np.ndarray,
    prevalence: float,
    share: float,
    weight: np.ndarray | None = None,
) -> Point | None:
    """Return the lowest score that keeps at most this share of the corpus, or None.

    With `weight`, the tokens of each document, it is a share of the tokens.
    """
    good = [p for p in points(truth, score, prevalence, weight) if p.kept_share <= share]
    return good[-1] if good else None


def summary(truth: np.ndarray, score: np.ndarray, cut: float) -> dict[str, float]:
    """Return the figures of one group of documents in a row of a table."""
    kept = score >= cut
    row: dict[str, float] = {
        "documents": len(truth),
        "positives": int(truth.sum()),
        "auc": auc(truth, score),
        "average_precision": average_precision(truth, score),
        "f1": at_cut(truth, score, cut).f1,
        "kept_of_positives": float(kept[truth].mean()) if truth.any() else float("nan"),
        "kept_of_negatives": float(kept[~truth].mean()) if (~truth).any() else float("nan"),
    }
    return {name: value for name, value in row.items() if value == value}  # one class: no AUC


def categories(truth: np.ndarray, said: np.ndarray) -> dict[str, dict[str, float]]:
    """Return precision, recall and F1 of each category, by the names that documents have and got.

    >>> found = categories(np.array(["a", "a", "b"]), np.array(["a", "b", "b"]))
    >>> found["a"]
    {'documents': 2, 'precision': 1.0, 'recall': 0.5, 'f1': 0.6666666666666666}
    """
    found = {}
    for name in sorted(set(truth)):
        right = int(((truth == name) & (said == name)).sum())
        has, got = int((truth == name).sum()), int((said == name).sum())
        found[str(name)] = {
            "documents": has,
            "precision": right / got if got else 0.0,
            "recall": right / has,
            "f1": 2 * right / (has + got),
        }
    return found

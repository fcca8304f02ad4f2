"""Metrics against their definitions, written out slowly."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.models.training import metrics

labelled = st.lists(
    st.tuples(st.booleans(), st.integers(0, 8).map(lambda n: n / 8)), min_size=1, max_size=40
).map(lambda rows: tuple(np.array(column) for column in zip(*rows, strict=True)))


@given(labelled)
def test_auc_is_the_share_of_pairs_won(rows: tuple[np.ndarray, np.ndarray]) -> None:
    truth, score = rows
    pairs = [(a > b) + (a == b) / 2 for a in score[truth] for b in score[~truth]]
    expected = float(np.mean(pairs)) if pairs else math.nan
    assert metrics.auc(truth, score) == pytest.approx(expected, nan_ok=True)


@given(labelled)
def test_average_precision_walks_down_the_scores(rows: tuple[np.ndarray, np.ndarray]) -> None:
    truth, score = rows
    total = 0.0
    for level in sorted(set(score), reverse=True):
        gained = (truth & (score == level)).sum()
        total += gained * truth[score >= level].mean()
    expected = total / truth.sum() if truth.any() else math.nan
    assert metrics.average_precision(truth, score) == pytest.approx(expected, nan_ok=True)


@given(labelled, st.sampled_from([0.001, 0.3, 0.9]))
def test_points_say_what_a_corpus_would_keep(
    rows: tuple[np.ndarray, np.ndarray], prevalence: float
) -> None:
    truth, score = rows
    for point in metrics.points(truth, score, prevalence):
        kept = score >= point.threshold
        recall = kept[truth].mean() if truth.any() else 0
        false = kept[~truth].mean() if (~truth).any() else 0
        share = prevalence * recall + (1 - prevalence) * false
        assert point.kept_share == pytest.approx(share)
        assert point.precision == pytest.approx(prevalence * recall / share if share else 0)
        assert point.precision_at_least <= point.precision + 1e-12


def test_cuts_by_precision_and_share() -> None:
    truth = np.array([True] * 4 + [False] * 4)
    score = np.array([0.9, 0.8, 0.7, 0.2, 0.75, 0.3, 0.2, 0.1])
    cut = metrics.cut_for_precision(truth, score, 0.5, 0.75)
    assert (cut.threshold, cut.recall, cut.precision) == (0.7, 0.75, 0.75)
    assert metrics.cut_for_precision(truth, score, 0.001, 0.999).threshold == 0.8
    assert metrics.cut_for_precision(truth, 1 - score, 0.001, 0.9) is None
    assert metrics.cut_for_share(truth, score, 0.5, 0.375).threshold == 0.75
    assert metrics.cut_for_share(truth, score, 0.5, 0.1) is None
    weight = np.array([1, 1, 1, 97, 1, 1, 1, 97])
    assert metrics.cut_for_share(truth, score, 0.5, 0.03, weight).threshold == 0.3


def test_f1_and_calibration() -> None:
    truth = np.array([True, True, False, False])
    score = np.array([0.95, 0.35, 0.35, 0.05])
    at = metrics.at_cut(truth, score, 0.3)
    assert (at.precision, at.recall, at.f1) == (2 / 3, 1.0, 0.8)
    found = metrics.calibration(truth, score)
    assert found["expected_error"] == pytest.approx((0.05 + 2 * 0.15 + 0.05) / 4)
    assert [row["documents"] for row in found["bins"].values()] == [1, 2, 1]


def test_one_class_has_no_auc() -> None:
    row = metrics.summary(np.array([True]), np.array([0.9]), 0.5)
    assert row == {
        "documents": 1,
        "positives": 1,
        "average_precision": 1.0,
        "f1": 1.0,
        "kept_of_positives": 1.0,
    }

"""The account of a deduplication adds up, and its sample measures what a banding misses."""

import numpy as np
import polars as pl
import pytest

from cleaner.dedup.account import (
    LOSSES,
    curve,
    decide_sample,
    histograms,
    losses,
    merge_recall,
    recall,
    sample,
)
from cleaner.dedup.exact import decide_exact
from cleaner.dedup.near import sign
from cleaner.dedup.presets import PRESETS, Banding, caught
from cleaner.kernels.hashing import in_range
from cleaner.stages.exact_dedup import ExactDedup


def corpus(texts: list[str], **columns: list) -> pl.DataFrame:
    docs = pl.DataFrame({"text": texts, **columns})
    return docs.with_columns(
        file=pl.lit(0, pl.UInt32), row=pl.int_range(pl.len(), dtype=pl.UInt64),
        id=pl.format("d{}", pl.int_range(pl.len())),
    )  # fmt: skip


def test_who_lost_to_whom() -> None:
    docs = corpus(
        ["a", "a", "a", "b", "b", "c"],
        source=["web", "books", "web", None, "web", "web"],
        cluster_size=[1, 2, 3, 1, 1, 1],
    )
    rows = ExactDedup(keep="first").keys(docs)
    found = losses(rows, decide_exact(rows))
    assert found.schema == LOSSES
    assert found.rows() == [("books", "web", 1, 2), ("web", None, 1, 1), ("web", "web", 1, 3)]


def test_histograms_count_removals_and_clusters() -> None:
    verdicts = pl.DataFrame(
        {
            "duplicate_row": [None, 0, 0, None, 3],
            "duplicate_of": [None, "a", "a", None, "d"],
            "jaccard": [None, 0.83, 0.831, None, 1.0],
            "cluster_size": [3, 3, 3, 2, 2],
        }
    )
    assert histograms(verdicts) == {
        "jaccard": [[0.83, 2], [1.0, 1]],
        "cluster_size": [[2, 2]],
    }


def test_the_curve_is_the_formula_of_the_banding() -> None:
    fineweb = dict(map(tuple, curve(PRESETS["fineweb"])))
    assert fineweb[0.0] == 0
    assert fineweb[1.0] == 1
    assert fineweb[0.8] == pytest.approx(0.924, abs=0.001)
    assert fineweb[0.7] == pytest.approx(0.565, abs=0.001)


def near_copies(count: int) -> pl.DataFrame:
    """Return pairs of documents of which up to 20 % of the words differ."""
    rng = np.random.default_rng(0)
    texts = []
    for i in range(count):
        words = [f"w{i}x{k}" for k in range(100)]
        copy = list(words)
        for k in rng.choice(100, int(rng.integers(0, 6)), replace=False):
            copy[k] = f"new{i}x{k}"
        texts += [" ".join(words), " ".join(copy)]
    return corpus(texts)


def test_the_sample_measures_recall() -> None:
    docs = near_copies(4000)
    banding = Banding(5, 4, 12)
    rows = sample(docs, sign(docs, banding), 0.5)
    assert rows.height == pytest.approx(docs.height / 2, rel=0.05)
    found = decide_sample(rows)
    # Nearly all pairs of a sampled document are found, not half of them: the sample is coordinated.
    assert found["pairs"].sum() == pytest.approx(4000 / 2, rel=0.05)
    for low, pairs, shared, _ in found.filter(pl.col("pairs") > 100).rows():
        expected = caught(np.array([low, low + 0.01]), banding)
        assert expected[0] - 0.1 <= shared / pairs <= expected[1] + 0.1
    assert recall(found, 1.0) == 1.0
    assert 0 < recall(found, 0.8) < 1


def test_a_sample_merges_over_partitions_and_takes_everything_at_share_one() -> None:
    docs = near_copies(200)
    rows = sample(docs, sign(docs, PRESETS["fineweb"]), 1.0)
    assert rows.height == docs.height
    parts = [
        decide_sample(rows.filter(pl.Series(in_range(rows["group"].to_numpy(), 3, part))))
        for part in range(3)
    ]
    whole = decide_sample(rows)
    assert merge_recall(parts)["seen"].to_list() == whole["seen"].to_list()
    assert np.allclose(merge_recall(parts)["pairs"], whole["pairs"])


def test_nothing_sampled() -> None:
    docs = corpus(["", "..."])
    rows = sample(docs, sign(docs, PRESETS["fineweb"]), 1.0)
    assert rows.is_empty()
    assert decide_sample(rows).is_empty()
    assert recall(decide_sample(rows), 0.8) is None

"""near_dedup on versions of real documents, judged by the true Jaccard of all their pairs."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from support import duplicates_reference as reference

from cleaner.stages.near_dedup import NearDedup

pytestmark = pytest.mark.corpora


@pytest.fixture(scope="module")
def docs(corpora: Path) -> pl.DataFrame:
    found = pl.read_parquet(corpora / "open" / "neardup_docs.parquet")
    return found.select(id="doc_id", text="text")


@pytest.fixture(scope="module")
def sets(docs: pl.DataFrame) -> dict[str, set]:
    return {name: reference.shingles(text) for name, text in docs.rows()}


@pytest.fixture(scope="module")
def close(sets: dict[str, set]) -> dict[frozenset[str], float]:
    """Every pair with a Jaccard of at least 0.7."""
    names = sorted(sets, key=lambda name: len(sets[name]))
    found = {}
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            if not sets[one] or len(sets[one]) < 0.7 * len(sets[other]):
                break
            value = reference.jaccard(sets[one], sets[other])
            if value >= 0.7:
                found[frozenset((one, other))] = value
    return found


@pytest.mark.parametrize(("threshold", "least"), [(0.7, 0.95), (0.8, 0.99), (0.9, 0.99)])
def test_removals_are_right_and_nearly_all_there_are(
    docs: pl.DataFrame, close: dict, threshold: float, least: float
) -> None:
    found = NearDedup(keep="first", threshold=threshold)(docs)
    kept = found.filter(pl.col("broken").list.len() == 0)["id"].to_list()
    fell = found.filter(pl.col("duplicate_of").is_not_null())
    for name, partner, jaccard in fell.select("id", "duplicate_of", "jaccard").rows():
        assert partner in set(kept)
        assert jaccard >= threshold
        assert jaccard == close[frozenset((name, partner))]
    stays: list[str] = []
    missed = 0
    for name in kept:
        if any(close.get(frozenset((name, one)), 0) >= threshold for one in stays):
            missed += 1
        else:
            stays.append(name)
    assert fell.height / (fell.height + missed) >= least


def test_the_reference_agrees_with_the_labels(corpora: Path, sets: dict[str, set]) -> None:
    pairs = pl.read_parquet(corpora / "open" / "neardup_pairs.parquet")
    ours = np.array(
        [reference.jaccard(sets[a], sets[b]) for a, b in pairs.select("doc_a", "doc_b").rows()]
    )
    theirs = pairs["jaccard_w5"].to_numpy()
    # A formula is one word here and many there, and case and width are folded in another way.
    assert np.abs(ours - theirs).mean() < 0.02
    assert ((ours >= 0.8) == (theirs >= 0.8)).mean() > 0.97

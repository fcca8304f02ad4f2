"""The account of a deduplication adds up, and its sample measures what a banding misses."""

import numpy as np
import polars as pl
import pytest

from cleaner.dedup import account
from cleaner.dedup.account import (
    LOSSES,
    OTHER,
    RECALL,
    curve,
    decide_sample,
    histograms,
    losses,
    merge_recall,
    merge_tallies,
    precision,
    quality,
    recall,
    sample,
    tallied,
)
from cleaner.dedup.against import OLD
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


def test_tallies_add_up_and_the_largest_losses_come_first() -> None:
    one = {"losses": [["a", "b", 2, 3]], "jaccard": [[0.8, 1], [0.9, 2]], "cluster_size": [[2, 1]]}
    other = {"losses": [["a", "b", 1, 1], [None, "b", 4, 4], ["b", "a", 3, 5]],
             "jaccard": [[0.81, 5], [0.9, 1]], "cluster_size": [[2, 4], [8, 1]]}  # fmt: skip
    assert merge_tallies([one, other]) == {
        "losses": [[None, "b", 4, 4], ["a", "b", 3, 4], ["b", "a", 3, 5]],
        "jaccard": [[0.8, 1], [0.81, 5], [0.9, 3]],
        "cluster_size": [[2, 5], [8, 1]],
    }
    assert merge_tallies([]) == {"losses": [], "jaccard": [], "cluster_size": []}


def test_losses_of_many_sources_end_as_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "MOST_LOSSES", 2)
    rows = [["a", "a", 5, 5], ["b", "a", 3, 4], ["c", "a", 2, 2], ["d", "d", 1, 9]]
    told = merge_tallies([{"losses": rows, "jaccard": [], "cluster_size": []}])["losses"]
    assert told == [*rows[:2], [OTHER, OTHER, 3, 11]]
    again = {"losses": told, "jaccard": [], "cluster_size": []}
    assert merge_tallies([again])["losses"] == told
    assert merge_tallies([again, again])["losses"][2] == [OTHER, OTHER, 6, 22]
    assert merge_tallies([{**again, "losses": rows[:2]}])["losses"] == rows[:2]


def test_a_partition_tells_of_its_own_documents() -> None:
    known = pl.DataFrame(
        {"file": [0, 0, OLD], "row": [0, 1, 0], "source": ["a", "b", "old:x"], "weight": [1, 2, 1]}
    )
    verdicts = pl.DataFrame(
        {
            "file": [0, 0, OLD],
            "row": [0, 1, 0],
            "duplicate_file": [None, OLD, None],
            "duplicate_row": [None, 0, None],
            "duplicate_of": [None, "old:d", None],
            "jaccard": [None, 0.855, None],
            "cluster_size": [4, 3, 3],
        }
    )
    assert tallied(known, verdicts) == {
        "losses": [["b", "old:x", 1, 2]],
        "jaccard": [[0.85, 1]],
        "cluster_size": [[4, 1]],
    }


@pytest.mark.parametrize(
    ("size", "power"), [(0, 1), (1, 1), (2, 2), (3, 2), (4, 4), (7, 4), (8, 8), (1000, 512)]
)
def test_sizes_are_counted_by_powers_of_two(size: int, power: int) -> None:
    verdicts = pl.DataFrame(
        {"duplicate_row": [None], "duplicate_of": [None], "jaccard": [None],
         "cluster_size": [size]},
        schema_overrides={"jaccard": pl.Float64, "duplicate_of": pl.String},
    )  # fmt: skip
    assert histograms(verdicts)["cluster_size"] == [[power, 1]]


def test_the_curve_has_a_point_for_every_twentieth() -> None:
    points = curve(Banding(5, 1, 1))
    assert points == [[round(n / 20, 2), round(n / 20, 4)] for n in range(21)]
    assert curve(Banding(5, 3, 2))[10] == [0.5, 0.5781]


def sampled(*pairs: tuple[float, float, float, int]) -> pl.DataFrame:
    """Return `RECALL`: Jaccard, weight of all pairs, of those in a bucket, and their number."""
    return pl.DataFrame(pairs, schema=RECALL, orient="row")


def test_recall_and_precision_are_shares_of_the_weights() -> None:
    found = sampled((0.5, 8, 2, 4), (0.79, 4, 2, 3), (0.8, 4, 3, 5), (0.9, 6, 6, 6))
    assert recall(found, 0.8) == 0.9
    assert precision(found, 0.8) == 9 / 13
    assert recall(found, 0.95) is None
    assert precision(found, 0.95) == 0.0
    assert precision(found.with_columns(caught=pl.lit(0.0)), 0.8) is None


def test_the_curve_stands_beside_the_pairs_around_each_point() -> None:
    found = sampled(
        (0.76, 3, 3, 3), (0.78, 2, 1, 2), (0.8, 4, 3, 5), (0.81, 3, 2, 1), (0.83, 7, 7, 7)
    )
    told = quality(found, Banding(5, 14, 8), 0.8)
    by = {row["jaccard"]: row for row in told["curve"]}
    assert len(by) == 21
    # From 0.775 up to 0.825: the bins of 0.78, 0.8 and 0.81, by their middles.
    assert by[0.8] == {"jaccard": 0.8, "expected": 0.9235, "measured": 0.6667, "pairs": 8}
    assert (by[0.75]["measured"], by[0.75]["pairs"]) == (1.0, 3)
    assert (by[0.85]["measured"], by[0.85]["pairs"]) == (1.0, 7)
    assert by[0.5] == {"jaccard": 0.5, "expected": 0.0533, "measured": None, "pairs": 0}
    assert told["pairs"] == 13
    assert told["recall"] == round(12 / 14, 4) == 0.8571
    assert told["precision"] == 0.75
    nothing = quality(sampled(), Banding(5, 14, 8), 0.8)
    assert (nothing["recall"], nothing["precision"], nothing["pairs"]) == (None, None, 0)


def test_pairs_of_a_group_are_compared_up_to_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    def rows(*sets: tuple[int, list[int], list[int]]) -> pl.DataFrame:
        table = [(group, 0, n, bands, shingles) for n, (group, bands, shingles) in enumerate(sets)]
        return pl.DataFrame(table, schema=account.SAMPLED, orient="row")

    given = rows(
        (7, [1, 2], [1, 2, 3, 4]),
        (7, [1, 9], [1, 2, 3, 5]),  # 3 of 5 with the first, in one bucket
        (7, [3, 8], [1, 2, 3, 4]),  # equal to the first, in none
        (9, [1, 2], [1, 2, 3, 4]),  # of another group
    )
    weights = [1 / 0.6, 1.0]
    told = decide_sample(given)
    assert told["jaccard"].to_list() == [0.6, 1.0]
    assert told["seen"].to_list() == [2, 1]
    assert np.allclose(told["pairs"], [2 * weights[0], 1.0], atol=1e-6)
    assert np.allclose(told["caught"], [weights[0], 0.0], atol=1e-6)
    monkeypatch.setattr(account, "MOST", 2)
    assert decide_sample(given)["seen"].to_list() == [1]


def test_no_share_is_no_sample() -> None:
    docs = corpus([f"text number {n} of ten different ones" for n in range(10)])
    signed = sign(docs, PRESETS["fineweb"])
    assert sample(docs, signed, 0).is_empty()
    assert sample(docs, signed, 0).schema == account.SAMPLED
    assert sample(docs, signed, 1.0).height == 10

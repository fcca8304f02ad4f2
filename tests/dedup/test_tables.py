"""What was found of duplicates, in the words and columns that people read."""

from typing import Any

from cleaner.dedup.tables import banding_table, summed, tables_of


def test_counts_are_added_and_of_the_biggest_there_is_one() -> None:
    facts = {
        "pairs": [{"pairs": 2, "biggest_bucket": 3, "found": [1]}, {"pairs": 5}],
        "verify": [{"pairs": 1, "biggest_bucket": 2, "losses": 4}],
    }
    assert summed(facts) == {"pairs": 8, "biggest_bucket": 3, "losses": 4}
    assert summed({}) == {}


def found(**more: Any) -> dict[str, Any]:
    """Return what a search found: 1,200 duplicates, of one document and of another."""
    return {
        "dropped": 1200, "for_earlier_runs": 0, "cluster_size": [[2, 1001], [64, 3]],
        "losses": [["a", "a", 1200, 1200]], **more,
    }  # fmt: skip


def test_sizes_of_clusters_are_told_in_powers_of_two() -> None:
    ((told, sizes),) = tables_of("1.exact_dedup", found())
    assert told == "1.exact_dedup: 1,200 documents fell; 1,004 stay for others"
    assert sizes == [
        {"documents in a cluster": "2 to 3", "clusters": 1001},
        {"documents in a cluster": "64 to 127", "clusters": 3},
    ]
    ((_, sizes),) = tables_of("s", found(cluster_size=[[1, 5], [1024, 1]]))
    assert [row["documents in a cluster"] for row in sizes] == ["1", "1,024 to 2,047"]


def test_what_lost_to_an_earlier_run_and_buckets_are_told() -> None:
    counts = {"candidates": 3000, "buckets": 2500, "big_buckets": 1}
    ((told, _),) = tables_of("1.near_dedup", found(for_earlier_runs=7, **counts))
    assert told == (
        "1.near_dedup: 1,200 documents fell, 7 of them for one of an earlier run; 1,004 stay for "
        "others; 3,000 candidates in 2,500 buckets, 1 of over 10,000"
    )


def test_who_lost_to_whom_is_told_where_it_says_something() -> None:
    # A source that lost to itself alone is no table.
    assert len(list(tables_of("s", found()))) == 1
    (_, (told, rows)) = tables_of("s", found(losses=[["a", "b", 2, 2]]))
    assert told == "s: who lost to whom"
    assert rows == [{"source": "a", "lost to": "b", "documents": 2}]
    (_, (_, rows)) = tables_of("s", found(losses=[["a", "a", 3, 3], [None, None, 2, 2]]))
    assert [(row["source"], row["lost to"]) for row in rows] == [("a", "a"), ("(none)", "(none)")]


def test_twelve_sources_are_told_and_how_many_there_are() -> None:
    many = [[f"s{n:02}", "a", 20 - n, 1] for n in range(13)]
    (_, (told, rows)) = tables_of("s", found(losses=many[:12]))
    assert (told, len(rows)) == ("s: who lost to whom", 12)
    (_, (told, rows)) = tables_of("s", found(losses=many))
    assert told == "s: who lost to whom, the 12 largest of 13"
    assert [row["source"] for row in rows] == [f"s{n:02}" for n in range(12)]


def measured(**more: Any) -> dict[str, Any]:
    """Return what a banding catches as it was measured."""
    curve = [
        {"jaccard": 0.35, "expected": 0.01, "measured": None, "pairs": 9},
        {"jaccard": 0.4, "expected": 0.0123, "measured": None, "pairs": 0},
        {"jaccard": 0.8, "expected": 0.9237, "measured": 0.9346, "pairs": 12},
    ]
    return {"bands": 14, "rows": 8, "sampled": 1500, "recall": 0.98765, "pairs": 1234,
            "threshold": 0.8, "precision": 0.5, "verify": True, "curve": curve, **more}  # fmt: skip


def test_a_banding_is_told_with_its_curve() -> None:
    told, rows = banding_table("1.near_dedup", measured())
    assert told == (
        "1.near_dedup: 14 bands of 8 rows, measured on 1,500 sampled documents: 98.8% of 1,234 "
        "pairs of Jaccard 0.8 or more share a bucket; of the pairs that share one 50.0% are so "
        "similar (and, as verified, all that fell)"
    )
    names = ("Jaccard", "share a bucket, %", "of those sampled, %", "pairs sampled")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("0.40", 1.2, None, 0),
        ("0.80", 92.4, 93.5, 12),
    ]
    unverified, _ = banding_table("s", measured(verify=False))
    assert unverified.endswith("50.0% are so similar (none is verified)")


def test_what_could_not_be_measured_is_not_told() -> None:
    told, _ = banding_table("s", measured(recall=None, precision=None))
    assert told == "s: 14 bands of 8 rows, measured on 1,500 sampled documents"

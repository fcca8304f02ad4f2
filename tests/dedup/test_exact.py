"""Exact duplicates: decided in any partition and order as in one sorted pass."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.dedup.exact import KEYS, VERDICTS, decide_exact, exact_keys
from cleaner.kernels.hashing import in_range

ROWS = st.lists(
    st.tuples(
        st.integers(0, 3) | st.just(2**63), st.integers(0, 1), st.integers(-2, 2),
        st.integers(0, 2), st.integers(0, 50), st.integers(1, 5),
    ),
    max_size=40, unique_by=lambda row: row[3:5],
)  # fmt: skip


def frame(rows: list[tuple]) -> pl.DataFrame:
    full = [(*row[:5], f"d{row[3]}-{row[4]}", None, row[5]) for row in rows]
    return pl.DataFrame(full, KEYS, orient="row")


def reference(rows: list[tuple]) -> list[tuple]:
    """Return the verdicts of sorted rows in a dict of keys."""
    clusters: dict[tuple, list[tuple]] = {}
    for row in sorted(rows, key=lambda row: row[2:5]):
        clusters.setdefault(row[:2], []).append(row)
    found = []
    for first, *others in clusters.values():
        size = first[5] + sum(row[5] for row in others)
        if others:
            found.append((first[3], first[4], None, None, None, None, size))
        name = f"d{first[3]}-{first[4]}"
        found += [(row[3], row[4], first[3], first[4], name, None, size) for row in others]
    return sorted(found)


@settings(deadline=None)
@given(rows=ROWS)
def test_the_first_in_rank_stays(rows: list[tuple]) -> None:
    verdicts = decide_exact(frame(rows))
    assert verdicts.schema == VERDICTS
    assert sorted(verdicts.rows()) == reference(rows)


@settings(deadline=None)
@given(rows=ROWS, data=st.data(), parts=st.integers(1, 4))
def test_order_and_partitions_do_not_matter(rows: list, data: st.DataObject, parts: int) -> None:
    shuffled = frame(data.draw(st.permutations(rows)))
    found = [
        decide_exact(shuffled.filter(pl.Series(in_range(shuffled["hi"].to_numpy(), parts, part))))
        for part in range(parts)
    ]
    assert sorted(pl.concat(found).rows()) == reference(rows)


def docs(**columns: list) -> pl.DataFrame:
    rows = len(next(iter(columns.values())))
    key = {
        "file": pl.Series([0] * rows, dtype=pl.UInt32),
        "row": pl.Series(range(rows), dtype=pl.UInt64),
    }
    return pl.DataFrame({**key, **columns})


def test_null_empty_and_wordless_keys_give_no_row() -> None:
    texts = ["a", "A ", "", "...", None, "\u200b", "$=$"]
    assert exact_keys(docs(text=texts))["row"].to_list() == [0, 1, 6]
    assert exact_keys(docs(text=texts, title=["x", None, " ", "X", "", "!", "y"]), on="title")[
        "row"
    ].to_list() == [0, 3, 5, 6]
    assert exact_keys(docs(text=texts[:3], url=["http://a", None, " "]), on="url")[
        "row"
    ].to_list() == [0]


def test_equal_keys_have_equal_hashes_only_within_their_group() -> None:
    same = docs(
        text=["one text"] * 6,
        source=["a", "a", "b", None, None, "b"],
        url=["http://x/1", "http://X/2", "http://y/", None, "z", "http://y/"],
    )
    assert exact_keys(same).select("hi", "lo").n_unique() == 1
    by_source = exact_keys(same, within="source")
    assert by_source["lo"].rank("dense").n_unique() == 3
    by_host = exact_keys(same, within="host")
    assert by_host["row"].to_list() == [
        0,
        1,
        2,
        5,
    ]  # without a host there is nobody to compare with
    assert by_host["lo"].n_unique() == 2


def test_weights_are_the_clusters_of_earlier_stages() -> None:
    again = docs(text=["a b", "a b", "c"], cluster_size=pl.Series([3, None, 2], dtype=pl.UInt32))
    verdicts = decide_exact(exact_keys(again, keep="first"))
    assert verdicts["cluster_size"].to_list() == [4, 4]


def test_a_column_of_numbers_is_a_key() -> None:
    assert exact_keys(docs(text=["a", "b", "c"], n=[1, 1, None]), on="n").height == 2

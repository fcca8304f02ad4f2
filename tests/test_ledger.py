"""The counts of the ledger on a few rows: what they are, how they merge, how they add up."""

from typing import Any

import polars as pl
import pytest

from cleaner import ledger
from cleaner.ledger import (
    OTHER,
    Change,
    Changed,
    by_label,
    capped,
    dropped,
    failed,
    funnel,
    kept,
    merge,
    tagged,
    tally,
)


def rows(*said: dict[str, Any]) -> pl.DataFrame:
    """Return ledger rows with their counts, null where nothing is said."""
    kinds = {
        **{name: pl.String for name in ("fate", "stage", "reason", "source", "lang")},
        **{name: pl.UInt32 for name in ("characters", "words", "first_characters", "first_words")},
        **{name: pl.UInt32 for name in ("characters@0", "words@0")},
        "tagged": pl.List(pl.String),
    }
    return pl.DataFrame([{name: row.get(name) for name in kinds} for row in said], schema=kinds)


def test_a_fate_is_written_whole() -> None:
    docs = pl.DataFrame({"row": [0, 1]})
    told = dropped(docs, "0.url_filter", "blocked_url").rows(named=True)
    assert told[1] == {"row": 1, "fate": "dropped", "stage": "0.url_filter",
                       "reason": "blocked_url", "broken": ["blocked_url"]}  # fmt: skip
    broken = docs.with_columns(broken=pl.Series([["a", "b"], ["b"]]))
    first = dropped(broken, "1.filter:c4", pl.col("broken").list.first(), pl.col("broken"))
    assert first.select("reason", "broken").rows() == [("a", ["a", "b"]), ("b", ["b"])]
    assert failed(docs, "read").rows() == [(0, "failed", "read"), (1, "failed", "read")]
    fell = dropped(docs, "0.c", "r")
    assert kept(fell, pl.col("row") == 1)["fate"].to_list() == ["dropped", "kept"]


def test_a_tag_is_one_more() -> None:
    docs = rows({"words": 1, "tagged": ["a"]}, {"words": 2}, {"words": 3, "tagged": ["b"]})
    told = tagged(docs, pl.col("words") < 3, pl.lit("new"))["tagged"].to_list()
    assert told == [["a", "new"], ["new"], ["b"]]


KEPT = {"fate": "kept", "source": "a", "lang": "en", "characters": 30, "words": 6,
        "first_characters": 40, "first_words": 8, "characters@0": 40, "words@0": 8}  # fmt: skip
GREW = {**KEPT, "characters": 43, "words": 9}
FELL = {"fate": "dropped", "stage": "0.clean_lines", "reason": "too_short", "source": "b",
        "characters": 5, "words": 1, "first_characters": 5, "first_words": 1,
        "characters@0": 5, "words@0": 1}  # fmt: skip
# It fell at the change itself: no text came out of it, and none was counted after.
FAILED = {"fate": "failed", "stage": "read", "source": "a"}
CHANGE = Change("0.clean_lines", ("characters@0", "characters"), ("words@0", "words"))


def test_three_rows_are_tallied() -> None:
    counts = tally(rows(KEPT, GREW, FELL, FAILED), [CHANGE])
    assert counts["falls"] == [
        ("dropped", "0.clean_lines", "too_short", "b", None, 1, 5, 1),
        ("failed", "read", None, "a", None, 1, 0, 0),
        ("kept", None, None, "a", "en", 2, 73, 15),
    ]
    assert counts["entered"] == [85, 17]
    # One lost 10 characters and 2 words, one won 3 and 1.
    assert counts["changes"] == [("0.clean_lines", 1, 10, 3, 2, 1)]
    assert tally(rows())["falls"] == []
    assert tally(rows())["entered"] == [0, 0]


@pytest.mark.parametrize(
    ("after", "shortened"),
    [((40, 8), 0), ((39, 8), 1), ((40, 7), 1), ((41, 7), 1), ((None, None), 0)],
)
def test_a_document_is_shortened_by_a_character_or_a_word(after: Any, shortened: int) -> None:
    characters, words = after
    counts = tally(rows({**KEPT, "characters": characters, "words": words}), [CHANGE])
    assert counts["changes"][0][1] == shortened


def test_tallies_add_up() -> None:
    parts = [tally(rows(*some), [CHANGE]) for some in ([KEPT, FELL], [GREW], [FAILED], [KEPT])]
    whole = tally(rows(KEPT, FELL, GREW, FAILED, KEPT), [CHANGE])
    assert merge(parts) == {**whole, "falls": merge([whole])["falls"]}
    assert merge([whole])["falls"] == whole["falls"]
    assert merge(parts[::-1]) == merge(parts)
    assert merge([]) == {"falls": [], "changes": [], "tags": [], "entered": [0, 0]}


def test_tags_are_counted_by_stage_and_first_reason() -> None:
    tag = "2.rewrite:clean_math_en:rewrite_numbers,rewrite_names"
    once = {**KEPT, "tagged": [tag, "3.filter:c4:few"]}
    parts = [tally(rows(once, KEPT)), tally(rows({**FELL, "tagged": [tag]}))]
    assert merge(parts)["tags"] == [
        ("2.rewrite:clean_math_en", "rewrite_numbers", 2), ("3.filter:c4", "few", 1),
    ]  # fmt: skip
    of_rewrite = funnel(merge(parts), ["0.clean_lines", "2.rewrite:clean_math_en"])[-1]
    assert of_rewrite["tagged"] == {"rewrite_numbers": 2}


def falls(*sources: tuple[str | None, int]) -> dict[str, Any]:
    """Return counts of kept documents by source, ten characters and two words each."""
    kept = [("kept", None, None, name, None, n, 10 * n, 2 * n) for name, n in sources]
    return {"falls": kept, "changes": [("c", 1, 2, 3, 4, 5)], "tags": [], "entered": [7, 8]}


def test_the_sources_of_most_documents_are_named() -> None:
    counts = falls(("a", 2), ("b", 5), (None, 3), ("c", 2), ("d", 1))
    assert capped(counts, 5) is counts
    few = capped(counts, 3)
    assert [(fall[3], *fall[5:]) for fall in few["falls"]] == [
        (None, 3, 30, 6), (OTHER, 3, 30, 6), ("a", 2, 20, 4), ("b", 5, 50, 10),
    ]  # fmt: skip
    assert (few["changes"], few["entered"]) == (counts["changes"], counts["entered"])
    # A source that fell in several ways is counted over all of them.
    more = falls(("a", 2), ("a", 2), ("b", 3))
    more["falls"][1] = ("failed", "read", None, "a", None, 2, 0, 0)
    assert {fall[3] for fall in capped(more, 1)["falls"]} == {"a", OTHER}


def counted() -> dict[str, Any]:
    """Return the counts of ten documents: one failed, three fell, six stayed."""
    return {
        "falls": [
            ("failed", "read", None, "b", None, 1, 0, 0),
            ("dropped", "1.filter:c4", "few", "b", "en", 1, 10, 2),
            ("dropped", "1.filter:c4", "few", None, "zh", 1, 12, 3),
            ("dropped", "1.filter:c4", "bad", "a", "en", 1, 8, 1),
            ("failed", "1.filter:c4", None, "a", None, 1, 5, 1),
            ("kept", None, None, "a", "en", 5, 500, 100),
        ],
        "changes": [("0.clean_lines", 2, 40, 4, 9, 1)],
        "tags": [],
        "entered": [0, 0],
    }


def test_the_funnel_adds_up_stage_by_stage() -> None:
    read, lines, judged = funnel(counted(), ["0.clean_lines", "1.filter:c4"])
    assert read == {
        "stage": "read", "in": 10, "in_characters": 571, "in_words": 115,
        "kept": 9, "kept_characters": 571, "kept_words": 115,
        "dropped": 0, "dropped_characters": 0, "dropped_words": 0,
        "failed": 1, "failed_characters": 0, "failed_words": 0,
        "shortened": 0, "cut_characters": 0, "cut_words": 0,
        "added_characters": 0, "added_words": 0,
        "reasons": {"failed": 1}, "tagged": {},
        "lost_by_source": {"b": 1}, "lost_by_language": {"": 1},
    }  # fmt: skip
    assert (lines["in"], lines["kept"], lines["shortened"]) == (9, 9, 2)
    assert (lines["cut_characters"], lines["added_characters"]) == (40, 4)
    assert (lines["cut_words"], lines["added_words"]) == (9, 1)
    assert (lines["kept_characters"], lines["kept_words"]) == (535, 107)
    assert (lines["reasons"], lines["lost_by_source"]) == ({}, {})
    assert (judged["in"], judged["dropped"], judged["failed"], judged["kept"]) == (9, 3, 1, 5)
    assert (judged["dropped_characters"], judged["dropped_words"]) == (30, 6)
    assert (judged["failed_characters"], judged["failed_words"]) == (5, 1)
    assert (judged["kept_characters"], judged["kept_words"]) == (500, 100)
    assert judged["reasons"] == {"bad": 1, "failed": 1, "few": 2}
    assert judged["lost_by_source"] == {"a": 2, "": 1, "b": 1}
    assert judged["lost_by_language"] == {"en": 2, "": 1, "zh": 1}


def test_what_a_stage_cut_and_added() -> None:
    change = Changed(2, 40, 4, 9, 1)
    assert (change.cut, change.added) == ([0, 40, 9], [0, 4, 1])


def test_fates_by_source_and_by_language() -> None:
    nothing = {"kept_words": 0, "kept_characters": 0}
    assert by_label(counted(), "source") == {
        "a": {"in": 7, "kept": 5, "dropped": 1, "failed": 1, "kept_words": 100,
              "kept_characters": 500},
        "b": {"in": 2, "kept": 0, "dropped": 1, "failed": 1, **nothing},
        "": {"in": 1, "kept": 0, "dropped": 1, "failed": 0, **nothing},
    }  # fmt: skip
    assert list(by_label(counted(), "lang")) == ["en", "", "zh"]


def test_a_thousand_labels_are_named_and_ten_thousand_sources_counted() -> None:
    many = falls(*((f"s{n}", 1) for n in range(10_002)))
    few = capped(many)
    assert sum(fall[3] == OTHER for fall in few["falls"]) == 1
    assert len({fall[3] for fall in few["falls"]}) == 10_001
    told = by_label(few, "source")
    assert (len(told), told[OTHER]["in"]) == (1_001, 9_002)
    assert len(by_label(falls(*((f"s{n}", 1) for n in range(1_000))), "source")) == 1_000


def test_many_labels_end_as_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_MOST_LABELS", 2)
    counts = falls(("a", 1), ("b", 4), (OTHER, 9), ("c", 2), ("d", 1))
    told = {name: row["in"] for name, row in by_label(counts, "source").items()}
    assert told == {"b": 4, "c": 2, OTHER: 11}
    assert list(told) == ["b", "c", OTHER]
    two = falls(("b", 4), ("c", 2))
    assert list(by_label(two, "source")) == ["b", "c"]
    lost = [("dropped", "0.x", "r", name, None, n, 0, 0) for *_, name, _, n, _, _ in
            counts["falls"]]  # fmt: skip
    (_, row) = funnel({**counts, "falls": lost, "changes": []}, ["0.x"])
    assert row["lost_by_source"] == {"b": 4, "c": 2, OTHER: 11}
    assert row["lost_by_language"] == {"": 17}

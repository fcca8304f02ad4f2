"""Which texts hold an item: hard negatives stay, planted items are found."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cleaner.config.yaml12 import load_own
from cleaner.leakage.index import Index, make_index
from cleaner.leakage.items import Item
from cleaner.leakage.matching import judged, limit, stops
from cleaner.leakage.planting import KINDS
from cleaner.leakage.search import search

HERE = Path(__file__).parent


def item_of(name: str, said: dict[str, Any]) -> Item:
    choices = tuple(map(str, said.get("choices", ())))
    return Item(name, said["question"], str(said.get("answer", "")), choices)


NEGATIVES = load_own((HERE / "negatives.yaml").read_text())
OURS = [item_of(said["id"], said) for said in load_own((HERE / "items.yaml").read_text())]


@pytest.fixture(scope="module")
def index() -> Index:
    return make_index([*(item_of(said["name"], said["item"]) for said in NEGATIVES), *OURS])


def names(index: Index, texts: list[str]) -> list[set[str]]:
    """Return the items that each text matches."""
    out: list[set[str]] = [set() for _ in texts]
    said = judged(search(pl.Series(texts), index).found, index)
    for doc, known in said.filter("matched").select("doc", "known").iter_rows():
        out[doc].add(index.known[known].item.name)
    return out


def test_no_hard_negative_matches(index: Index) -> None:
    found = names(index, [said["page"] for said in NEGATIVES])
    assert [said["name"] for said, some in zip(NEGATIVES, found, strict=True) if some] == []


def test_each_of_their_items_would_be_found_if_it_leaked(index: Index) -> None:
    items = index.items[: len(NEGATIVES)]
    found = names(index, [item.plain() for item in items])
    lost = [item.name for item, some in zip(items, found, strict=True) if item.name not in some]
    # Of one formula, or of an idiom with a gap for a word, too little is left to be known by.
    assert lost == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "one word in ten"])
def test_planted_items_are_found(index: Index, kind: str) -> None:
    found = names(index, [KINDS[kind](item, seed) for seed, item in enumerate(OURS)])
    lost = [item.name for item, some in zip(OURS, found, strict=True) if item.name not in some]
    assert lost == []


def test_items_of_ten_words_are_found_with_one_in_ten_changed(index: Index) -> None:
    long = [item for item in OURS if not item.name.startswith("short")]
    found = names(index, [KINDS["one word in ten"](item, seed) for seed, item in enumerate(long)])
    lost = [item.name for item, some in zip(long, found, strict=True) if item.name not in some]
    assert len(lost) <= len(long) // 10


@pytest.mark.parametrize(
    ("text", "leaks"),
    [
        ("Which river flows through Dresden?", True),  # a line of its own
        ("12. Which river flows through Dresden?", True),
        ("A quiz. Which river flows through Dresden? The Elbe does.", True),  # with its answer
        ("He asked which river flows through Dresden, and why it floods.", False),
        ("We asked: which river flows through Dresden? Nobody knew it.", False),
        ("Question: Which river flows through Dresden? Nobody knew it.", True),
        ("地球的卫星是什么？", True),
        ("老师问他，地球的卫星是什么样子的。", False),
    ],
)
def test_a_short_question_needs_something_beside_it(index: Index, text: str, leaks: bool) -> None:
    assert bool(names(index, [f"Some words before.\n{text}\nSome words after."])[0]) is leaks


@pytest.mark.parametrize(
    ("answer", "text", "leaks"),
    [
        # The question has no mark of its own; what answers it stands there with blanks between.
        (
            "three hens and two geese",
            "Fill in: the farmer keeps ____ three hens and two geese",
            True,
        ),
        (
            "three hens and two geese",
            "Fill in: the farmer keeps ____\u3000 three  hens and\ntwo geese",
            True,
        ),
        (
            "three hens and two geese",
            "Fill in: the farmer keeps ____ for his aunt in the town",
            False,
        ),
        # One word is what a saying goes on with.
        ("bees", "Fill in: the farmer keeps bees behind his house for the honey", False),
    ],
)
def test_a_long_answer_directly_behind_it_closes_a_question(
    answer: str, text: str, leaks: bool
) -> None:
    index = make_index([Item("cloze", "Fill in: the farmer keeps", answer, ())])
    assert bool(names(index, [f"Some words.\n{text} and so on"])[0]) is leaks


LICENCE = (
    "You may copy this file, change it and pass it on, as long as this notice stays in it, "
    "and nobody owes you anything if it breaks, burns or eats your lunch."
)
TASK = "Write a function that returns the longest palindrome hidden in a string of digits."


def frame(found: pl.DataFrame) -> pl.DataFrame:
    return found.with_columns(file=pl.lit(0, pl.UInt32), row=pl.col("doc").cast(pl.UInt64))


def test_a_notice_that_many_documents_hold_carries_no_weight_and_a_leak_keeps_its_own() -> None:
    index = make_index([Item("a", f"{LICENCE} {TASK}"), Item("b", TASK)])
    half = "Write a function that returns the longest palindrome hidden somewhere else."
    leaks = [f"{LICENCE} {TASK}"] * 40
    texts = [f"{LICENCE} Here is another program, number {n}." for n in range(30)] + leaks
    searched = search(pl.Series([*texts, f"{LICENCE} {half}", TASK]), index)
    docs_with = dict(enumerate(searched.docs_with.tolist()))
    found = frame(searched.found)
    stopped = stops(found, index, docs_with, most=limit(len(texts)))
    by_known: dict[int, list[int]] = {}
    for known, at in stopped.iter_rows():
        by_known.setdefault(known, []).append(at)
    assert by_known.keys() == {0}  # the task is in 41 documents, and leaked in each of them
    assert max(by_known[0]) < len(LICENCE.split())
    said = judged(found, index, by_known).filter("matched")
    both = said.filter(pl.col("known") == 0)["doc"].unique().sort().to_list()
    assert both == [*range(30, 70), 71]  # the task alone is enough now, the notice alone is not

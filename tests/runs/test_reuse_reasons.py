"""Why an earlier unit is not taken, in words, from a phase as it was and as it is."""

import copy
from typing import Any

import pytest

from cleaner.runs.reuse_reasons import MADE_OF, why
from cleaner.storage.books import Book

FILES = {"0": ["in/a.parquet", 10, "etag"]}


def stage(index: int, name: str, **more: Any) -> dict[str, Any]:
    """Return a stage as the options of a phase tell of it."""
    return {"index": index, "name": name, "version": 1, "files": {}, "reads": {}, "options": {},
            **more}  # fmt: skip


def was() -> dict[str, Any]:
    """Return the options of a phase with three stages."""
    rules = {"title": "t", "rules": [{"name": "long", "keep": "words > 9"}]}
    return {"stages": [
        stage(0, "language", options={"min_score": 0.5}),
        stage(1, "filter", options={"rules": rules, "phrases": {"junk": ["a"], "ads": ["b"]}}),
        stage(2, "classify", options={"label": "math"}, files={"m.bin": "1" * 64}),
    ]}  # fmt: skip


def told(
    now: dict[str, Any], files: Any = FILES, version: int = 1, depends: str = "d"
) -> list[str]:
    book = Book("map", 1, "t", was(), "s", "d", {}, {}, {}, FILES)
    return why(now, version, depends, files, book)


def test_nothing_differs() -> None:
    assert told(was()) == []


@pytest.mark.parametrize(
    ("at", "change", "said"),
    [
        (0, {"options": {"min_score": 0.6}}, "stage 0 language: min_score 0.5 -> 0.6"),
        (0, {"version": 2}, "stage 0 language: stage version 1 -> 2"),
        (0, {"source": "x"}, "stage 0 language: the module of the plugin has changed"),
        (0, {"reads": {"a": "b"}}, "stage 0 language: it reads other columns"),
        (2, {"files": {"m.bin": "2" * 64}}, "stage 2 classify: model file m.bin has changed"),
    ],
)
def test_a_stage_says_what_has_changed_of_it(at: int, change: dict[str, Any], said: str) -> None:
    now = was()
    now["stages"][at] |= change
    assert told(now) == [said]


def test_rules_and_lists_are_named() -> None:
    now = copy.deepcopy(was())
    options = now["stages"][1]["options"]
    options["rules"]["rules"] = [
        {"name": "long", "keep": "words > 5"},
        {"name": "new", "keep": "x"},
    ]
    options["phrases"]["ads"] = ["c"]
    assert told(now) == [
        "stage 1 filter: rule long: words > 9 -> words > 5",
        "stage 1 filter: rule new is new",
        "stage 1 filter: the list ads has changed",
    ]


def test_files_of_the_input_are_named() -> None:
    now = {"0": ["in/a.parquet", 11, "other"], "1": ["in/b.parquet", 1, "e"]}
    assert told(was(), now) == [
        "input file in/a.parquet has changed", "input file in/b.parquet is new",
    ]  # fmt: skip


def test_stages_that_came_went_or_moved_are_told_by_their_places() -> None:
    now = was()
    now["stages"] = [now["stages"][2] | {"index": 0}, now["stages"][0] | {"index": 1}]
    assert told(now) == [
        "stage 0 classify was stage 2", "stage 1 filter is gone", "stage 1 language was stage 0",
    ]  # fmt: skip


def test_another_release_and_what_is_before_are_told_last() -> None:
    assert told(was(), version=2) == ["this release does it otherwise"]
    assert told(was(), depends="other") == [MADE_OF]

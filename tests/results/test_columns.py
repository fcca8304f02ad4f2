"""A signal of a text that changed on the way is read as the stage that judged it did."""

from types import SimpleNamespace
from typing import Any

import pytest

from cleaner.results.columns import judged_columns


def stages(*kinds: str) -> Any:
    """Return stages: `c` changes texts, `f` is a filter, `own` measures in a way of its own."""
    return [
        SimpleNamespace(
            index=index,
            stage=SimpleNamespace(
                changes_text=kind == "c",
                adds=lambda kind=kind: {"w:own": None} if kind == "own" else {"w": None},
            ),
        )
        for index, kind in enumerate(kinds)
    ]


@pytest.mark.parametrize(
    ("kinds", "index", "ledger", "columns"),
    [
        ("f", 0, ["w"], ["w"]),
        ("f", 0, ["other"], []),
        ("cf", 1, ["w@0", "w"], ["w"]),
        # The filter met what was measured before it, and not what a later stage made of it.
        ("fc", 0, ["w@0", "w"], ["w@0", "w"]),
        ("cfc", 1, ["w@0", "w@1", "w"], ["w@1", "w"]),
        ("cffc", 2, ["w@0", "w@1", "w"], ["w@1", "w"]),
        ("ffffc", 3, ["w@0", "w@2", "w@4", "w"], ["w@2", "w@0", "w"]),
        ("fcf", 2, ["w@0", "w"], ["w"]),
        ("cfcf", 3, ["w@0", "w@1", "w"], ["w"]),
        ("fcfc", 0, ["w@0", "w@2", "w"], ["w@0", "w"]),
        ("cf", 1, ["ww@1", "w"], ["w"]),
    ],
)
def test_a_signal_is_that_of_the_text_which_a_stage_met(
    kinds: str, index: int, ledger: list[str], columns: list[str]
) -> None:
    job = stages(*kinds)
    assert judged_columns(job, job[index], "w", ledger) == columns


def test_what_a_filter_measures_its_own_way_is_its_own() -> None:
    job = stages("f", "own")
    names = ["w", "w:own", "w@0", "v", "v:own"]
    assert judged_columns(job, job[1], "w", names) == ["w:own"]
    assert judged_columns(job, job[0], "w", names) == ["w@0", "w"]
    assert judged_columns(job, job[1], "v", names) == ["v"]
    assert judged_columns(job, job[1], "w", ["w"]) == ["w"]

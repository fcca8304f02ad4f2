"""What a stage made of a text: the lines that went and came, and which documents are shown."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.few_texts import ran

from cleaner.errors import JobError
from cleaner.results import before_after
from cleaner.results.before_after import changed, diff
from cleaner.results.finished import Run

LINE = "Nobody asked what the old man had in the bag that he carried."


def test_a_diff_is_the_lines_before_after_and_in_both() -> None:
    assert diff("a\nb", "a\nb") == ["  a", "  b"]
    assert diff("a\nb\nc", "a\nx\nc\nd") == ["  a", "- b", "+ x", "  c", "+ d"]
    assert diff("", "a") == ["- ", "+ a"]


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (["  a", "  b", "- c", "  d", "  e"], ["… 1 line as before", "  b", "- c", "  d",
                                              "… 1 line as before"]),
        (["- a", "  b", "  c", "  d", "+ e"], ["- a", "  b", "… 1 line as before", "  d", "+ e"]),
        (["- a", "  b", "  c", "  d", "  e"], ["- a", "  b", "… 3 lines as before"]),
        (["- a", "  b", "  c", "+ d"], ["- a", "  b", "  c", "+ d"]),
        (["- a"], ["- a"]),
        (["  a", "  b"], ["… 2 lines as before"]),
        ([], []),
    ],
)  # fmt: skip
def test_lines_far_from_a_change_are_a_count(lines: list[str], shown: list[str]) -> None:
    assert before_after._folded(lines) == shown


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Four texts, spelt anew, cut by line rules, judged, and cut within each."""
    texts = [
        f"{LINE}\nA menu of things",
        f"{LINE} One more of them.",
        f"\ufb01ve of the oldest men sat down. {LINE}\n{LINE}\nShort",
        f"{LINE}\nMenu\n{LINE.replace('bag', 'box')}",
    ]
    stages: list[Any] = [
        {"normalise": {"form": "NFKC"}},
        {"clean_lines": "c4_lines"},
        {"language": {}},
        {"dedup_paragraphs": {}},
        {"filter": {"name": "gopher_quality", "action": "tag"}},
    ]
    made: Run = ran(tmp_path_factory.mktemp("changes"), texts, *stages)
    return made


def rows(run: Run, stage: str, count: int = 9, seed: int = 0) -> list[int]:
    """Return the rows that are shown for a stage."""
    return [one.row["row"] for one in changed(run, stage, count, seed)]


def test_those_are_shown_whose_text_a_stage_changed(run: Run) -> None:
    assert sorted(rows(run, "normalise")) == [2]
    assert sorted(rows(run, "clean_lines")) == [0, 2, 3]
    (spelt,) = changed(run, "normalise", 3)
    assert spelt.before.startswith("\ufb01ve")
    assert spelt.after.startswith("five")
    assert spelt.shown == (
        f"- \ufb01ve of the oldest men sat down. {LINE}",
        f"+ five of the oldest men sat down. {LINE}",
        f"  {LINE}",
        "… 1 line as before",
    )


def test_the_text_before_is_that_of_the_stages_before(run: Run) -> None:
    found = {one.row["row"]: one for one in changed(run, "clean_lines", 9)}
    assert found[2].before.startswith("five")
    assert found[2].after.endswith(LINE)
    assert [line[:2] for line in found[0].shown] == ["  ", "- "]
    assert found[0].shown[1].startswith("- A menu of things    [")


def test_as_many_are_shown_as_are_asked_for_in_the_order_of_the_seed(run: Run) -> None:
    orders = [rows(run, "clean_lines", seed=seed) for seed in range(6)]
    assert len({tuple(order) for order in orders}) > 1
    assert orders[0] != orders[1]
    assert [one.row["row"] for one in changed(run, "clean_lines", 9)] == orders[0]
    for seed, order in enumerate(orders):
        assert rows(run, "clean_lines", 2, seed) == order[:2]
        assert rows(run, "clean_lines", 1, seed) == order[:1]
    assert rows(run, "clean_lines", 0) == []


def test_those_whose_counts_changed_come_first(run: Run) -> None:
    entry = next(one for one in run.job.stages if one.name == "clean_lines")
    for seed in range(4):
        order = before_after._candidates(run, entry, 9, seed)["row"].to_list()
        assert set(order[:3]) == {0, 2, 3}
        assert order[3:] == [1]
        assert before_after._candidates(run, entry, 2, seed)["row"].to_list() == order[:2]


def test_a_stage_without_another_text_is_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"^--diff: 2\.language changes no text; available: 0\.norm"):
        list(changed(run, "language", 1))
    few = ran(tmp_path, [LINE], {"url_filter": {"words": ["x"]}}, ledger="dropped")
    with pytest.raises(JobError, match=r"changes no text; available: none$"):
        list(changed(few, "url_filter", 1))


def test_a_run_that_kept_no_counts_is_refused(tmp_path: Path) -> None:
    run = ran(tmp_path, [LINE], {"clean_lines": {}}, ledger="dropped")
    with pytest.raises(JobError, match="was made without `ledger: full`; it keeps no counts"):
        list(changed(run, "clean_lines", 1))


def test_only_the_stages_that_a_text_hangs_on_are_run_again(run: Run) -> None:
    def needed(name: str) -> list[str]:
        entry = next(one for one in run.job.stages if one.name == name)
        return [one.name for one in before_after._needed(run, entry)]

    assert needed("normalise") == ["normalise"]
    assert needed("clean_lines") == ["normalise", "clean_lines"]
    assert needed("dedup_paragraphs") == ["normalise", "clean_lines", "dedup_paragraphs"]


def test_a_document_whose_input_is_gone_is_not_shown(tmp_path: Path) -> None:
    run = ran(tmp_path, [f"{LINE}\nMenu", f"{LINE}\nOther menu"], {"clean_lines": {}})
    assert len(rows(run, "clean_lines")) == 2
    pl.read_parquet(tmp_path / "in.parquet")[:1].write_parquet(tmp_path / "in.parquet")
    assert rows(run, "clean_lines") == [0]


def test_the_lines_of_one_document_are_those_that_changed(run: Run) -> None:
    entry = next(one for one in run.job.stages if one.name == "clean_lines")
    rows = {row["row"]: row for row in run.ledger().iter_rows(named=True)}
    (first, *_) = (one for one in changed(run, "clean_lines", 9) if one.row["row"] == 0)
    assert before_after.lines_changed(run, entry, rows[0]) == first.shown
    assert before_after.lines_changed(run, entry, rows[1]) == ()


def test_a_stage_before_one_that_sees_all_is_shown(tmp_path: Path) -> None:
    run = ran(tmp_path, [f"{LINE}\nMenu"], {"clean_lines": {}}, {"line_dedup": {}})
    assert rows(run, "clean_lines") == [0]
    with pytest.raises(JobError, match="sees all documents"):
        list(changed(run, "line_dedup", 1))

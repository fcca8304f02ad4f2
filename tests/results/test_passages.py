"""The text of a document as a stage met it, and what decided there."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.commands import command
from support.thresholds import finished

from cleaner.results.finished import Run, explain
from cleaner.results.passages import as_it_fell, found_in, passages
from cleaner.rules.rule_set import load_rules

STORY = (
    "The keeper lit the lamp before dusk and wrote the weather into his book. The sea was calm, "
    "and two boats stood off the point until the tide had turned and the wind went round to west."
)
TWICE = f"{STORY}\n" + "Subscribe to our letter for more stories like this one.\n" * 6
TEXTS = [
    f"{STORY}\nShare this page on the board.",
    TWICE,
    f"{STORY} Nobody slept.",
    f"{STORY} Nobody slept!",
]


@pytest.fixture(scope="module", params=[None, "off"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run over four texts, with a shadow and without."""
    place = tmp_path_factory.mktemp("passages")
    pl.DataFrame({"text": TEXTS, "id": list("abcd")}).write_parquet(place / "in.parquet")
    lines = place / "board.yaml"
    lines.write_text(
        "{title: board, source: {cite: ours}, cut: ['Share this page on the board\\.'], "
        "lines: [{name: some, keep: 'words >= 1'}]}"
    )
    stages: list[Any] = [
        {"filter": "gopher_repetition"},
        {"clean_lines": str(lines)},
        {"near_dedup": {"threshold": 0.5}},
    ]
    entry = {"paths": str(place / "in.parquet"), "text": "text", "id": "id"}
    job: dict[str, Any] = {"name": "told", "input": entry, "stages": stages}
    return finished({**job, **({"shadow": "off"} if request.param else {})}, place / "run")


RULES = {rule.name: rule for rule in load_rules("gopher_repetition").rules}


def of(run: Run, wanted: str) -> Any:
    (item,) = explain(run, wanted)
    return item, passages(run, item.row)


def test_what_is_repeated_is_marked_in_the_text_that_was_judged(run: Run) -> None:
    item, told = of(run, "b")
    assert item.row["stage"] == "0.filter:gopher_repetition"
    assert told.text == TWICE
    rules = {
        (one.rule, signal) for one in told.found for signal in RULES[one.rule].condition.columns
    }
    assert {(one.rule, one.signal) for one in told.found} <= rules
    copies = next(one for one in told.found if one.signal == "dup_line_ratio")
    assert [TWICE[start:end] for start, end in copies.spans] == [
        "Subscribe to our letter for more stories like this one."
    ] * 5


def test_dollars_are_formulas_where_the_page_marked_them(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def spans(text: str, signal: str, marked: bool, lists: Any) -> list[Any]:
        asked.append(marked)
        return []

    monkeypatch.setattr("cleaner.results.passages.spans_of", spans)
    (item,) = explain(run, "b")
    for marked in (None, False, True):
        asked.clear()
        found_in(run, {**item.row, "formulas_marked": marked}, TWICE)
        assert set(asked) == {marked is True}


def test_the_shadow_has_a_text_as_it_fell_where_no_later_stage_changes_texts(run: Run) -> None:
    titles = ("0.filter:gopher_repetition", "1.clean_lines:board", "2.near_dedup", "3.none", None)
    assert [as_it_fell(run, title) for title in titles] == [False, False, True, False, False]


def test_a_duplicate_is_held_against_its_partner(run: Run) -> None:
    item, told = of(run, "d")
    assert item.row["duplicate_of"] in ("a", "c")
    assert told.differs is not None
    assert {told.text[start:end] for start, end in told.differs} <= {"Nobody slept"}


def test_cut_lines_of_a_kept_text_are_told(run: Run) -> None:
    kept = run.ledger().filter(pl.col("fate") == "kept", pl.col("characters_cut") > 0)
    for name in kept["id"]:
        _, told = of(run, name)
        assert told.origin == "shards"
        (cut,) = told.cut
        assert any("Share this page" in line for line in cut.lines)
        assert "Share this page" not in told.text


def test_a_document_is_found_by_its_place_in_a_shard(run: Run) -> None:
    row = run.ledger().filter(pl.col("fate") == "kept").row(0, named=True)
    (item,) = explain(run, row["id"])
    place = item.verdict.removeprefix("kept: ").split(",")[0]
    assert " row " in place
    for wanted in (place, place.replace(" row ", "#"), f"{run.path}/{place}"):
        assert [one.row["id"] for one in explain(run, wanted)] == [row["id"]]


def test_by_the_command_line(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(monkeypatch, "explain", run.path, "b") == 0
    assert "[[Subscribe to our letter" in capsys.readouterr().out
    assert command(monkeypatch, "explain", run.path, "b", "--no-text") == 0
    assert "Subscribe" not in capsys.readouterr().out
    assert command(monkeypatch, "explain", run.path, "b", "--json") == 0
    (said,) = json.loads(capsys.readouterr().out)
    assert said["text"] == TWICE
    assert said["found"][0]["spans"][0][0] > len(STORY)


def test_without_its_input_a_text_is_that_of_the_shadow_or_gone(run: Run) -> None:
    given = Path(run.path).parent / "in.parquet"
    away = given.rename(given.with_name("away"))
    try:
        _, told = of(run, "b")
        assert told.origin == (
            None if run.scan_shadow() is None else "shadow, changed by later stages"
        )
        assert (told.text is None) == (told.origin is None)
    finally:
        away.rename(given)

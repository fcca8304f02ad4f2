"""Two runs side by side: who changed fate, matched by place, id or url."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.commands import command
from support.thresholds import finished

from cleaner.results.diff import diff
from cleaner.results.finished import Run

TEXTS = [
    f"Letter {n}. " + " ".join(["The harbour was calm and the boats lay still."] * (n % 6 + 1))
    for n in range(30)
]


def ran(place: Path, name: str, least: int, rows: range = range(30), **more: Any) -> Run:
    """Run a job that keeps texts of at least so many words, over rows of TEXTS."""
    file = place / more.pop("file", "in.parquet")
    given = [TEXTS[row] for row in rows]
    ids, urls = [f"d{row}" for row in rows], [f"https://a.example/{row}" for row in rows]
    labels = {"id": ids, "url": urls}
    for label in more.pop("without", ()):
        labels.pop(label)
    pl.DataFrame({"text": given, **labels}).write_parquet(file)
    rules = place / f"{least}" / "long.yaml"
    rules.parent.mkdir(exist_ok=True)
    rule = f"{{name: enough, keep: 'words >= {least}'}}"
    rules.write_text(f"{{title: long, source: {{cite: ours}}, rules: [{rule}]}}")
    stages = [*more.pop("first", []), {"filter": str(rules)}]
    entry = {"paths": str(file), "text": "text", **{label: label for label in labels}}
    return finished({"name": name, "input": entry, "stages": stages, **more}, place / name)


def test_who_went_out_and_why(tmp_path: Path) -> None:
    one, other = ran(tmp_path, "a", 15), ran(tmp_path, "b", 25)
    found = diff(one, other)
    was = one.ledger().filter(fate="kept")["row"].to_list()
    now = other.ledger().filter(fate="kept")["row"].to_list()
    gone = set(was) - set(now)
    assert (found.by_place, found.same, found.unmatched) == (30, 30 - len(gone), (0, 0))
    assert (found.came_in, found.went_out) == (0, len(gone))
    (move,) = found.moves
    assert (move.was, move.now, move.documents) == ("kept", "filter:long: enough", len(gone))
    assert {row["row"] for row in move.sample} < gone
    (rule,) = found.rules
    assert (rule.rule, rule.now - rule.was) == ("enough", len(gone))
    (words,) = [signal for signal in found.signals if signal.signal == "words"]
    sides = [
        [one["words"].quantile(share, "nearest") for share in (0.05, 0.5, 0.95)]
        for one in (run.ledger().filter(fate="kept") for run in (one, other))
    ]
    assert [words.was, words.now] == sides
    (low, middle, high), (_, now, _) = sides
    assert words.shift == round((now - middle) / (high - low), 4) > 0  # type: ignore[operator]


def test_a_rule_that_one_run_lacks_failed_nobody_there(tmp_path: Path) -> None:
    more = {"first": [{"filter": "gopher_repetition"}]}
    found = diff(ran(tmp_path, "a", 15, **more), ran(tmp_path, "b", 15))
    lost = [rule for rule in found.rules if "gopher_repetition" in rule.stage]
    assert lost
    assert all(rule.now == 0 < rule.was for rule in lost)


def test_the_same_run_twice_differs_in_nothing(tmp_path: Path) -> None:
    found = diff(ran(tmp_path, "a", 15), ran(tmp_path, "b", 15))
    assert (found.same, found.moves, found.rules, found.signals) == (30, [], [], [])


def test_a_stage_more_moves_nobody(tmp_path: Path) -> None:
    one = ran(tmp_path, "a", 15)
    found = diff(one, ran(tmp_path, "b", 15, first=[{"normalise": {}}]))
    assert (found.same, found.moves) == (30, [])


@pytest.mark.parametrize(
    ("without", "by_id", "by_url"), [((), 20, 0), (("id",), 0, 20), (("id", "url"), 0, 0)]
)
def test_where_files_moved_labels_match(
    tmp_path: Path, without: tuple[str, ...], by_id: int, by_url: int
) -> None:
    one = ran(tmp_path, "a", 15, range(20), without=without)
    found = diff(one, ran(tmp_path, "b", 15, range(30), file="moved.parquet", without=without))
    assert (found.by_place, found.by_id, found.by_url) == (0, by_id, by_url)
    assert found.unmatched == (20 - by_id - by_url, 30 - by_id - by_url)
    assert (found.same, found.moves) == (by_id + by_url, [])


def test_a_label_that_stands_for_two_documents_matches_none(tmp_path: Path) -> None:
    texts = [TEXTS[0], TEXTS[1], TEXTS[2], TEXTS[3]]
    ids = [["a", "a", None, "b"], ["a", "c", None, "b"]]
    runs = []
    for name, mine in zip("xy", ids, strict=True):
        given = tmp_path / f"{name}.parquet"
        pl.DataFrame({"text": texts, "id": mine}).write_parquet(given)
        entry = {"paths": str(given), "text": "text", "id": "id"}
        runs.append(finished({"name": name, "input": entry, "stages": []}, tmp_path / name))
    found = diff(*runs)
    assert (found.by_place, found.by_id, found.by_url, found.unmatched) == (0, 1, 0, (3, 3))


def test_a_file_with_other_bytes_is_no_place(tmp_path: Path) -> None:
    one = ran(tmp_path, "a", 15, range(20))
    found = diff(one, ran(tmp_path, "b", 15, range(5, 30)))
    assert (found.by_place, found.by_id, found.unmatched) == (0, 15, (5, 10))
    assert found.moves == []


def test_what_a_ledger_of_dropped_rows_does_not_name_was_kept(tmp_path: Path) -> None:
    one = ran(tmp_path, "a", 15, ledger="dropped")
    found = diff(one, ran(tmp_path, "b", 25))
    assert found.went_out == diff(ran(tmp_path, "c", 15), ran(tmp_path, "d", 25)).went_out > 0
    assert (found.same + found.went_out, found.signals) == (30, [])
    assert (found.by_place, found.by_id, found.unmatched) == (30, 0, (0, 0))
    (move,) = found.moves
    assert [row["id"] for row in move.sample] == [f"d{row['row']}" for row in move.sample]
    assert "ledger: dropped" in found.unknown[0]


def test_by_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran(tmp_path, "a", 15), ran(tmp_path, "b", 25)
    paths = [str(tmp_path / "a"), str(tmp_path / "b")]
    assert command(monkeypatch, "diff", *paths) == 0
    shown = capsys.readouterr().out
    assert "kept  ->  filter:long: enough" in shown
    assert max(map(len, shown.splitlines()[2:])) <= 80  # after the paths
    assert command(monkeypatch, "diff", *paths, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["moves"][0]["sample"][0]["text"].startswith("Letter")

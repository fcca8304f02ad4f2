"""A finished run of a few rows, opened: what it says of each, and what it finds wrong."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from support.few_texts import PLAIN, ran

from cleaner.errors import InputError, JobError
from cleaner.results import finished
from cleaner.results.finished import (
    Run,
    explain,
    open_run,
    signals_of,
    stage_title,
    verdict,
    verify,
)
from cleaner.results.record import Record
from cleaner.results.samples import sample_documents
from cleaner.rules.conditions import Limit
from cleaner.storage.row_key import sample_key

NEAR = PLAIN.replace("river", "stone")
OTHER = (
    "A train left the station in the early morning with all of its lamps lit. Those who had to "
    "wait on the platform drank tea and that was how they knew each other by name at last. It "
    "would be a long day in the hills, and the snow that had come with the night was deep to the "
    "knee of the oldest of them."
)
TEXTS = [PLAIN, PLAIN, NEAR, NEAR, "two words", OTHER, None]
STAGES: list[Any] = [
    {"filter": {"name": "gopher_quality"}},
    {"exact_dedup": {}},
    {"near_dedup": {"bands": 40, "rows": 2, "threshold": 0.5}},
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Seven rows: one text and its copies, one of two words, one of its own, one that is null."""
    made: Run = ran(tmp_path_factory.mktemp("finished"), TEXTS, *STAGES, max_error_rate=1)
    return made


def said(run: Run, row: int) -> str:
    """Return the verdict on a row."""
    (found,) = explain(run, f"0#{row}")
    return found.verdict


def test_each_fate_is_told_in_a_line(run: Run) -> None:
    shards = "shards/part-00000-of-00001.parquet"
    place = {row["row"]: row["shard_row"] for row in run.ledger().iter_rows(named=True)}
    assert said(run, 0) == f"kept: {shards} row {place[0]}, stands for 4 documents"
    assert said(run, 5) == f"kept: {shards} row {place[5]}"
    assert said(run, 1) == "dropped at 1.exact_dedup: exact_duplicate of d0"
    # Of 51 shingles of 5 words 2 hold the other word: 49 of 53 are the same.
    assert said(run, 2) == "dropped at 2.near_dedup: near_duplicate of d0 with Jaccard 0.925"
    assert said(run, 4) == (
        "dropped at 0.filter:gopher_quality: word_count: words = 2, kept if words BETWEEN 50 AND "
        "100000 (and 1 more)"
    )
    assert said(run, 6).startswith("failed at read: ")


def test_a_copy_that_was_only_tagged_falls_later_for_a_rule(tmp_path: Path) -> None:
    stages: list[Any] = [
        {"exact_dedup": {"action": "tag"}},
        {"filter": {"name": "gopher_quality"}},
        {"cap": {"by": "host", "documents": 1}},
    ]
    short = "two words"
    run = ran(tmp_path, [PLAIN, short, short, PLAIN], *stages, max_error_rate=1)
    rule = "word_count: words = 2, kept if words BETWEEN 50 AND 100000 (and 1 more)"
    assert said(run, 2) == f"dropped at 1.filter:gopher_quality: {rule}"
    assert said(run, 3).startswith("kept: shards/part-00000-of-00001.parquet row ")
    assert said(run, 3).endswith(", tagged 0.exact_dedup:exact_duplicate of d0")


def test_a_run_says_whether_it_has_finished(run: Run, tmp_path: Path) -> None:
    assert repr(run) == f"<run {run.path}: kept 2 of 7 documents in 3 stages>"
    other = shutil.copytree(run.path, tmp_path / "run")
    (other / "manifest.json").unlink()
    assert repr(Record(str(other))) == f"<run {other}: not finished>"


def test_a_document_is_found_by_its_place_in_a_shard(run: Run) -> None:
    shard = "shards/part-00000-of-00001.parquet"
    place = {row["shard_row"]: row["row"] for row in run.ledger().iter_rows(named=True)}
    for at in (0, 1):
        assert run.find(f"{shard} row {at}")["row"].to_list() == [place[at]]
        assert run.find(f"kept: /anywhere/{shard}#{at}")["row"].to_list() == [place[at]]
    for wanted in (f"{shard} row 9", "shards/part-00001-of-00001.parquet row 0"):
        with pytest.raises(JobError, match="no document of this run has that id"):
            run.find(wanted)


def test_a_run_has_a_shadow_unless_it_is_off(run: Run, tmp_path: Path) -> None:
    shadow = run.scan_shadow()
    assert shadow is not None
    assert sorted(shadow.collect()["row"]) == list(range(len(TEXTS)))  # of few rows it has all
    assert ran(tmp_path, [PLAIN], shadow="off").scan_shadow() is None


def test_a_chain_of_duplicates_is_followed_to_its_end(run: Run) -> None:
    (found,) = explain(run, "d3")
    assert found.chain == [
        f"d2: {said(run, 2)}",
        f"d0: {said(run, 0)}",
    ]
    assert explain(run, "d0")[0].chain == []


def test_limits_are_those_of_every_rule(run: Run) -> None:
    (found,) = explain(run, "d4")
    limits = {limit.rule: limit for limit in found.limits}
    count = limits["word_count"]
    assert (count.stage, count.condition, count.signal) == (
        "0.filter:gopher_quality", "words BETWEEN 50 AND 100000", "words",
    )  # fmt: skip
    assert (count.value, count.margin, count.broken) == (2, -48.0, True)
    assert {name for name, limit in limits.items() if limit.broken} == set(found.row["broken"])
    assert not any(limit.broken for limit in explain(run, "d5")[0].limits)


def ledger_row(**more: Any) -> dict[str, Any]:
    """Return a row of a ledger in which nothing is said but this."""
    names = ("fate", "stage", "reason", "broken", "duplicate_of", "duplicate_file",
             "duplicate_row", "jaccard", "cluster_size", "shard", "shard_row", "tagged", "error",
             "lang")  # fmt: skip
    return {**dict.fromkeys(names), **more}


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"fate": "kept", "shard": None, "cluster_size": None, "shard_row": 3}, "kept: ? row 3"),
        ({"fate": "kept", "shard": 0, "cluster_size": 1, "shard_row": 0},
         "kept: shards/part-00000-of-00001.parquet row 0"),
        ({"fate": "kept", "shard_row": 3, "cluster_size": 2, "tagged": ["a:x", "b:y"]},
         "kept: ? row 3, stands for 2 documents, tagged a:x, b:y"),
        ({"fate": "kept", "shard_row": 3, "tagged": ["1.exact_dedup:exact_duplicate"],
          "duplicate_file": 0, "duplicate_row": 9},
         "kept: ? row 3, tagged 1.exact_dedup:exact_duplicate of 0#9"),
        ({"fate": "failed", "stage": "x", "error": "why"}, "failed at x: why"),
        ({"fate": "dropped", "stage": "x", "reason": "language"},
         "dropped at x: language (unknown)"),
        ({"fate": "dropped", "stage": "x", "reason": "low_score", "lang": "de",
          "lang_score": 0.1236}, "dropped at x: low_score (de, score 0.124)"),
        ({"fate": "dropped", "stage": "x", "reason": "mixed", "lang": "zh"},
         "dropped at x: mixed (zh)"),
        ({"fate": "dropped", "stage": "x", "reason": "blocked_url", "lang": "zh"},
         "dropped at x: blocked_url"),
        ({"fate": "dropped", "stage": "x", "reason": "benchmark", "benchmark_item": "q7",
          "benchmark_share": 0.5, "benchmark_also": None},
         "dropped at x: benchmark: the item q7, 50 % of its question"),
        ({"fate": "kept", "shard_row": 3, "tagged": ["x:benchmark"], "benchmark_item": "q7",
          "benchmark_share": 1.0, "benchmark_also": "q8, q9"},
         "kept: ? row 3, tagged x:benchmark: the item q7, 100 % of its question (and q8, q9)"),
    ],
)  # fmt: skip
def test_verdicts_say_what_is_known(run: Run, row: dict[str, Any], told: str) -> None:
    assert verdict(run, ledger_row(**row)) == told


def test_a_fraction_is_told_in_six_digits(run: Run) -> None:
    broken = [finished.Limit("s", "r", "x > 1", "x", 0.123456789, -0.9, True)]
    row = ledger_row(fate="dropped", stage="s", reason="r", broken=["r"])
    assert verdict(run, row, broken) == "dropped at s: r: x = 0.123457, kept if x > 1"
    nameless = [finished.Limit("s", "r", "a OR b", None, None, None, True)]
    more = ledger_row(fate="dropped", stage="s", reason="r", broken=["r", "b", "c"])
    assert verdict(run, more, nameless) == "dropped at s: r: kept if a OR b (and 2 more)"


def test_a_filter_between_two_changes_is_explained_by_what_it_met(tmp_path: Path) -> None:
    # One line goes before the filter, and a paragraph said twice after it: 171, 168, 112 words.
    text = f"{OTHER}\nno end mark\n{PLAIN}\n\n{PLAIN}".replace("\n", "\n\n")
    between = ran(
        tmp_path, [text], {"clean_lines": "c4_lines"}, {"filter": "gopher_quality"},
        {"dedup_paragraphs": {}},
    )  # fmt: skip
    (row,) = between.ledger().iter_rows(named=True)
    assert row["words@0"] > row["words@1"] > row["words"]
    (told,) = explain(between, "d0")
    count = next(limit for limit in told.limits if limit.rule == "word_count")
    assert (count.value, count.margin) == (row["words@1"], row["words@1"] - 50)


@pytest.mark.parametrize(
    ("low", "high", "value", "margin"),
    [(2, None, 5, 3), (2, None, 1, -1), (None, 9, 5, 4), (None, 9, 12, -3), (2, 9, 5, 3),
     (2, 9, 8, 1), (2, 9, 2, 0), (None, None, 5, None), (2, 9, None, None)],
)  # fmt: skip
def test_a_margin_is_to_the_nearer_side(low: Any, high: Any, value: Any, margin: Any) -> None:
    assert finished._margin(Limit("w", low=low, high=high), value) == margin
    assert finished._margin(None, value) is None


def test_the_limit_that_is_nearest_or_furthest_beyond_is_told() -> None:
    stage = SimpleNamespace(index=0, stage=SimpleNamespace(adds=dict))
    row = {"a": 5, "b": 5, "c": None}
    a, b, c = Limit("a", low=2), Limit("b", low=4), Limit("c", low=0)
    assert finished._tightest([a, b], row, [], stage) == ("b", 5, 1.0)
    assert finished._tightest([b, a], row, [], stage) == ("b", 5, 1.0)
    assert finished._tightest([c, a], row, [], stage) == ("a", 5, 3.0)
    assert finished._tightest([a, c], row, [], stage) == ("a", 5, 3.0)
    assert finished._tightest([c, Limit("d", low=0)], row, [], stage) == ("c", None, None)
    same = Limit("b", low=2)
    assert finished._tightest([a, same], row, [], stage) == ("a", 5, 3.0)
    assert finished._tightest([], row, [], stage) == (None, None, None)


def test_signals_are_what_was_measured(run: Run) -> None:
    row = run.at(0, 5).row(0, named=True)
    found = signals_of(row)
    assert found["words"] == len(OTHER.split())
    assert not {"fate", "id", "shard"} & found.keys()
    assert "words" not in signals_of({**row, "words": None})


def test_the_frames_of_a_run(run: Run) -> None:
    funnel = run.funnel()
    assert funnel["stage"].to_list() == ["read", "0.filter:gopher_quality", "1.exact_dedup",
                                         "2.near_dedup"]  # fmt: skip
    assert funnel["kept"].to_list() == [6, 5, 3, 2]
    assert "reasons" not in funnel.columns
    rules = {row["rule"]: row for row in run.rules().iter_rows(named=True)}
    assert (rules["word_count"]["fails"], rules["word_count"]["judged"]) == (1, 6)
    assert len(run.ledger()) == 7
    clusters = run.clusters().sort("row")
    assert clusters.select("row", "duplicate", "kept").rows() == [
        (1, "d1", "d0"), (2, "d2", "d0"), (3, "d3", "d2"),
    ]  # fmt: skip
    assert sorted(run.kept().collect()["text"]) == sorted([PLAIN, OTHER])
    assert run.at(0, 3)["id"].to_list() == ["d3"]
    assert run.at(0, 9).height == run.at(1, 3).height == 0


def test_documents_are_drawn_by_their_key(run: Run) -> None:
    def order(rows: list[int], seed: int) -> list[int]:
        keys = sample_key(pl.Series([0] * len(rows)), pl.Series(rows), seed)
        return [row for _, row in sorted(zip(keys, rows, strict=True))]

    for seed in range(4):
        assert sample_documents(run, seed=seed)["row"].to_list() == order([0, 5], seed)
        fell = sample_documents(run, "exact_dedup", seed=seed)
        assert fell["row"].to_list() == order([1, 3], seed)
    assert sample_documents(run, count=1).height == 1
    assert sample_documents(run, count=0).height == 0
    assert sample_documents(run, rule="word_count")["row"].to_list() == [4]
    assert sample_documents(run, "near_dedup", "word_count").height == 0
    assert "_draw" not in sample_documents(run).columns


def test_the_nearest_to_a_limit_come_first(tmp_path: Path) -> None:
    words = ["the", "and", "of", "to", "be", "have", "with", "that"]
    texts = [" ".join((words * 9)[:count]) for count in (3, 48, 30)]
    run = ran(tmp_path, texts, {"filter": "gopher_quality"})
    assert sample_documents(run, rule="word_count", near=True)["row"].to_list() == [1, 2, 0]
    nearest = sample_documents(run, "filter", "word_count", near=True, count=1)
    assert nearest["row"].to_list() == [1]
    with pytest.raises(JobError, match="--rule no_such_rule: no such rule; available: word_count"):
        sample_documents(run, rule="no_such_rule", near=True)
    with pytest.raises(JobError, match="--near: needs a rule with a limit"):
        sample_documents(run, "read", near=True)


@pytest.mark.parametrize(
    ("wanted", "title"),
    [("0", "0.filter:gopher_quality"), ("filter", "0.filter:gopher_quality"),
     ("gopher_quality", "0.filter:gopher_quality"), ("1", "1.exact_dedup"), ("read", "read"),
     ("filter:gopher_quality", "0.filter:gopher_quality"), ("2.near_dedup", "2.near_dedup")],
)  # fmt: skip
def test_a_stage_is_named_by_any_of_its_names(run: Run, wanted: str, title: str) -> None:
    assert stage_title(run, wanted) == title


def test_a_name_of_none_or_of_several_stages_is_refused(tmp_path: Path, run: Run) -> None:
    with pytest.raises(JobError, match=r"--stage x: no stage of that name; available: read, 0\.f"):
        stage_title(run, "x")
    with pytest.raises(JobError, match="no stage of that name"):
        stage_title(run, "")
    two = ran(tmp_path, [PLAIN], {"url_filter": {"words": ["a"]}}, {"url_filter": {"words": ["b"]}})
    with pytest.raises(JobError, match="--stage url_filter: 2 stages of that name"):
        stage_title(two, "url_filter")
    assert stage_title(two, "1") == "1.url_filter"


def test_a_document_is_found_by_id_url_and_place(run: Run) -> None:
    path = run.inputs[0]
    for name in ("d2", "https://site2.example/page", "0#2", f"{path}#2", "in.parquet#2", "x (0#2)"):
        assert run.find(name)["row"].to_list() == [2], name
    for name in ("d9", "1#2", "0#9", "n.parquet#2", "0#", "#2", "x#y"):
        with pytest.raises(JobError, match="no document of this run has that id"):
            run.find(name)


@pytest.mark.parametrize(
    ("name", "path", "same"),
    [
        ("/a/b.parquet", "/a/b.parquet", True), ("b.parquet", "/a/b.parquet", True),
        ("a/b.parquet", "/a/b.parquet", True), ("./b.parquet", "/a/b.parquet", True),
        (".parquet", "/a/b.parquet", False), ("s3://x/b", "s3://x/b", True),
        ("x/b", "s3://x/b", True), ("s3://x/b", "b", False), ("c/../b", "/a/b", True),
    ],
)  # fmt: skip
def test_a_file_is_named_by_the_end_of_its_path(name: str, path: str, same: bool) -> None:
    assert finished._is_path_of(name, path) is same


@pytest.fixture
def small(tmp_path: Path) -> Run:
    """A run of two rows, to be damaged."""
    made: Run = ran(tmp_path, [PLAIN, OTHER], {"url_filter": {"words": ["site1"]}})
    return made


def test_what_is_wrong_with_the_files_of_a_run_is_told_line_by_line(small: Run) -> None:
    assert verify(small) == []
    folder = Path(small.path)
    shard = "shards/part-00000-of-00001.parquet"
    ledger = "ledger/part-00000.parquet"
    (folder / "shards/stray.tmp").write_text("")
    (folder / "ledger/part-00009.parquet").write_text("")
    assert verify(small) == [
        "ledger/part-00009.parquet: not in the manifest",
        "shards/stray.tmp: not in the manifest",
    ]
    (folder / "shards/stray.tmp").unlink()
    (folder / "ledger/part-00009.parquet").unlink()
    (folder / ledger).unlink()
    data = bytearray((folder / shard).read_bytes())
    data[40] ^= 1
    (folder / shard).write_bytes(data)
    wrong = dict(line.split(": ", 1) for line in verify(small))
    assert wrong.keys() == {ledger, shard}
    assert wrong[ledger] == "missing"
    of = next(file["sha256"] for file in small.manifest["outputs"] if file["path"] == shard)
    assert wrong[shard].startswith("SHA-256 is ")
    assert wrong[shard].endswith(f"…, not {of[:12]}…")


def test_a_file_of_other_rows_than_were_counted_is_told(small: Run) -> None:
    for file in (*small.manifest["outputs"], *small.manifest["ledger_files"]):
        file["rows"] += 1
    told = {line.split(": ")[0]: line.split(": ")[1] for line in verify(small)}
    assert told["shards/part-00000-of-00001.parquet"] == "1 rows, not 2"
    assert told["ledger/part-00000.parquet"] == "2 rows, not 3"
    assert told["clusters/part-00000.parquet"] == "0 rows, not 1"


def test_what_is_no_finished_run_is_said(small: Run, tmp_path: Path) -> None:
    with pytest.raises(JobError, match="not a run folder: no run was begun in it"):
        open_run(str(tmp_path / "nowhere"))
    folder = Path(small.path)
    assert open_run(f"{folder}/").path == str(folder)
    stats = (folder / "stats.json").read_bytes()
    (folder / "stats.json").write_bytes(stats[:-5])
    with pytest.raises(InputError, match=r"stats\.json: is .* the same command"):
        _ = open_run(str(folder)).stats
    (folder / "stats.json").write_bytes(stats)
    assert open_run(str(folder)).stats == json.loads(stats)
    manifest = folder / "manifest.json"
    whole = manifest.read_bytes()
    manifest.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"manifest\.json: is .* the same command"):
        _ = open_run(str(folder)).manifest
    manifest.unlink()
    with pytest.raises(InputError, match="this run is not finished; run the same command"):
        _ = open_run(str(folder)).manifest


def test_a_run_without_rows_says_so(tmp_path: Path) -> None:
    run = ran(tmp_path, [PLAIN], ledger="counts")
    with pytest.raises(InputError, match="was made with ledger: counts; it has no rows"):
        run.ledger()
    assert run.funnel().height == 1


def test_what_an_earlier_run_kept_is_told_with_its_place_there(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    old = ran(tmp_path / "old", [PLAIN, OTHER], {"exact_dedup": {}})
    against = {"exact_dedup": {"against": [old.path]}}
    new = ran(tmp_path / "new", [OTHER, NEAR], against)
    (found,) = explain(new, "d0")
    told = f"dropped at 0.exact_dedup: exact_duplicate of d1, which the run {old.path} kept,"
    assert found.verdict == told
    place = old.at(0, 1)["shard_row"][0]
    kept = f"kept: shards/part-00000-of-00001.parquet row {place}"
    assert found.chain == [f"{old.path}: d1: {kept}"]
    (Path(old.path) / "manifest.json").unlink()
    (gone,) = explain(new, "d0")[0].chain
    assert gone.startswith(f"{old.path}: d1: {old.path}: this run is not finished")

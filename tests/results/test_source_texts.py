"""The text behind a row of the ledger: from the shards, from the input, or gone."""

import gzip
import json
from pathlib import Path

import polars as pl
import pytest
from support.corpus_maker import job
from support.few_texts import PLAIN, ran

from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.results.finished import open_run
from cleaner.results.source_texts import Source, texts_at, texts_of
from cleaner.runs.driver import run_plan

TEXTS = [PLAIN, "two words", f"{PLAIN} And more.", "three of them"]


def test_each_row_has_its_text(tmp_path: Path) -> None:
    run = ran(tmp_path, TEXTS, {"filter": "gopher_quality"}, output={"shard_bytes": 300})
    assert len(run.shards.paths) > 1
    rows = run.ledger()
    assert rows["fate"].to_list() == ["kept", "dropped", "kept", "dropped"]
    assert texts_of(run, rows) == TEXTS
    assert texts_of(run, rows[::-1]) == TEXTS[::-1]
    assert texts_of(run, rows.clear()) == []


@pytest.mark.parametrize("shadow", [True, False])
def test_what_was_dropped_is_gone_with_its_input_unless_it_was_sampled(
    tmp_path: Path, shadow: bool
) -> None:
    off = {} if shadow else {"shadow": "off"}
    run = ran(tmp_path, TEXTS, {"filter": "gopher_quality"}, **off)
    (tmp_path / "in.parquet").unlink()
    fell = TEXTS if shadow else [None] * 4
    assert texts_of(run, run.ledger()) == [TEXTS[0], fell[1], TEXTS[2], fell[3]]


def test_a_kept_text_is_that_of_the_shards(tmp_path: Path) -> None:
    run = ran(tmp_path, ["ﬁve words of them all"], {"normalise": {"form": "NFKC"}})
    assert texts_of(run, run.ledger()) == ["five words of them all"]
    assert list(Source(run).texts(0, [0])) == [(0, "ﬁve words of them all")]
    # No row of that number is in the shard.
    assert texts_of(run, run.ledger().with_columns(shard_row=5)) == [None]


def test_texts_are_found_by_their_keys_in_any_order(tmp_path: Path) -> None:
    run = ran(tmp_path, TEXTS, {"filter": "gopher_quality"}, shadow="off")
    keys = [{"file": 0, "row": row} for row in (3, 0, 9, 1, 0)]
    assert texts_at(run, keys) == [TEXTS[3], TEXTS[0], None, TEXTS[1], TEXTS[0]]
    assert texts_at(run, []) == []


@pytest.mark.parametrize("packed", [False, True])
def test_lines_are_found_by_their_number(tmp_path: Path, packed: bool) -> None:
    lines = "\n".join(json.dumps({"text": text, "id": "i"}) for text in TEXTS).encode()
    path = tmp_path / ("a.jsonl.gz" if packed else "a.jsonl")
    path.write_bytes(gzip.compress(lines) if packed else lines)
    data = job([path], {"filter": "gopher_quality"})
    data |= {"input": {"paths": str(path), "text": "text"}, "shadow": "off"}
    run_plan(make_plan(parse_job(data)), str(tmp_path / "run"), engine="inline")
    run = open_run(str(tmp_path / "run"))
    assert texts_of(run, run.ledger()) == TEXTS
    path.write_bytes(gzip.compress(b"") if packed else b"")
    assert texts_of(run, run.ledger())[1] is None


def test_a_page_is_extracted_and_one_that_is_null_has_no_text(tmp_path: Path) -> None:
    pages = ["<html><body><article><p>One page of few words.</p></article></body></html>", None]
    pl.DataFrame({"html": pages}).write_parquet(tmp_path / "p.parquet")
    stages = [{"extract": {}}, {"filter": "gopher_quality"}]
    entry = {"paths": str(tmp_path / "p.parquet"), "html": "html"}
    data = {"name": "p", "input": entry, "stages": stages, "max_error_rate": 1}
    run_plan(make_plan(parse_job(data)), str(tmp_path / "run"), engine="inline")
    run = open_run(str(tmp_path / "run"))
    assert texts_of(run, run.ledger()) == ["One page of few words.", None]


def test_a_page_without_a_text_in_the_shadow_is_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pl.DataFrame({"html": ["<html><body></body></html>"]}).write_parquet(tmp_path / "p.parquet")
    entry = {"paths": str(tmp_path / "p.parquet"), "html": "html"}
    data = {"name": "p", "input": entry, "stages": [{"extract": {}}]}
    run_plan(make_plan(parse_job(data)), str(tmp_path / "run"), engine="inline")
    run = open_run(str(tmp_path / "run"))
    monkeypatch.setattr(Source, "texts", lambda *_: pytest.fail("the page was read again"))
    assert run.ledger()["reason"].to_list() == ["empty"]
    assert texts_of(run, run.ledger()) == [None]

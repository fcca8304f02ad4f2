"""The first week: what others' tools write goes from nothing to shards without a hand's help."""

import json
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from support.commands import command
from support.week_one import WEEK, Shape


@pytest.mark.parametrize("name", WEEK)
def test_a_corpus_as_others_write_it_goes_to_shards(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shape = WEEK[name]
    shape.make(tmp_path / "corpus")
    monkeypatch.chdir(tmp_path / "corpus")
    stages = [{"extract": {}}] if "html" in shape.entry else []
    job = {"name": name, "input": shape.entry, "stages": [*stages, {"exact_dedup": {}}]}
    (tmp_path / "job.yaml").write_text(json.dumps(job), encoding="utf-8")
    run = tmp_path / "run"
    words = ["run", str(tmp_path / "job.yaml"), "--engine", "inline", "--out", str(run)]
    code = command(monkeypatch, *words)
    said = capsys.readouterr().err
    assert code == 0, said
    assert_as_wanted(shape, run, said)
    assert command(monkeypatch, "verify", str(run)) == 0


def assert_as_wanted(shape: Shape, run: Path, said: str) -> None:
    kept = pl.read_parquet(run / "shards/*.parquet").sort("file", "row")
    texts = [" ".join(text.split()) for text in kept["text"]]
    assert Counter(texts) == Counter(" ".join(text.split()) for text in shape.kept)
    for column, values in shape.carried.items():
        found = kept[column].to_list()
        assert sorted(map(repr, found)) == sorted(map(repr, values)), column
    manifest = json.loads((run / "manifest.json").read_text())
    rows = manifest["rows"]
    assert rows["kept"] == len(shape.kept)
    assert rows["in"] == rows["kept"] + rows["dropped"] + rows["failed"]
    assert rows["failed"] == shape.failed
    assert len(pl.read_parquet(run / "ledger/*.parquet")) == rows["in"]
    assert len(manifest["failed_files"]) == len(shape.said)
    for one in shape.said:
        assert one in said
        assert any(one in unit for unit in manifest["failed_files"])


@pytest.mark.ray
@pytest.mark.slow
def test_a_day_in_the_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All corpora that have texts in one job, with Ray: seen, planned, run, stopped, verified."""
    shapes = {name: shape for name, shape in WEEK.items() if "html" not in shape.entry}
    entries = []
    for name, shape in shapes.items():
        shape.make(tmp_path / name)
        paths = f"{name}/{shape.entry['paths']}"
        entries.append({**shape.entry, "paths": paths, "source": {"value": name}, "read": []})
    job = {"name": "week", "input": entries, "stages": [{"normalise": {}}]}
    (tmp_path / "job.yaml").write_text(json.dumps(job), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert command(monkeypatch, "plan", "job.yaml") == 0
    assert command(monkeypatch, "run", "job.yaml", "--out", "run", "--workers", "2") == 0
    for words in ("verify", "stats", "status", "gc"):
        assert command(monkeypatch, words, "run") == 0, words
    kept = pl.read_parquet(tmp_path / "run/shards/*.parquet")
    wanted = Counter((name, len(shape.kept)) for name, shape in shapes.items())
    assert Counter(kept["source"].value_counts().rows()) == wanted
    assert "0617.jsonl.gz" in capsys.readouterr().err

"""What people come to do, from the command line, step by step, with the seconds of each step."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml
from support.commands import INLINE, command
from support.corpus_maker import job, write_parquet
from support.runs import fingerprint

pytestmark = [pytest.mark.slow, pytest.mark.stories]


class Teller:
    """Calls commands, and notes the seconds that each takes as a property of the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, note: Any, capsys: Any) -> None:
        self.monkeypatch, self.note, self.capsys = monkeypatch, note, capsys

    def __call__(self, *words: str) -> str:
        began = time.perf_counter()
        assert command(self.monkeypatch, *words) == 0
        self.note(" ".join(words), round(time.perf_counter() - began, 2))
        return " ".join(self.capsys.readouterr().out.split())


@pytest.fixture
def teller(
    monkeypatch: pytest.MonkeyPatch, record_property: Any, capsys: pytest.CaptureFixture[str]
) -> Teller:
    return Teller(monkeypatch, record_property, capsys)


def test_a_threshold_changed(tmp_path: Path, teller: Teller) -> None:
    """Somebody sees the result, wants another limit, and pays for the change alone."""
    corpus = [write_parquet(tmp_path / f"{n}.parquet", 150, seed=n) for n in range(3)]
    stages: list[Any] = [
        {"normalise": {}},
        {"filter": {"name": "gopher_quality"}},
        {"language": {"min_score": 0.5}},
        {"near_dedup": {"threshold": 0.7}},
    ]
    path = tmp_path / "job.yaml"
    path.write_text(yaml.safe_dump(job(corpus, *stages)))
    one, two, fresh = (str(tmp_path / name) for name in ("first", "second", "fresh"))
    teller("run", str(path), "--out", one, *INLINE)
    other = ("--set", "language.min_score=0.9", "--set", "near_dedup.threshold=0.9")
    reuse = ("--out", two, "--reuse", one)
    said = teller("plan", str(path), *reuse, *other)
    assert "stage 2 language: min_score 0.5 -> 0.9" in said
    teller("run", str(path), *reuse, *other, *INLINE)
    teller("run", str(path), "--out", fresh, *other, *INLINE)
    teller("verify", two)
    assert fingerprint(Path(two)) == fingerprint(Path(fresh)) != fingerprint(Path(one))
    spent = json.loads((tmp_path / "second/manifest.json").read_text())["spent"]
    assert {name: spent[name] for name in ("read", "pages", "measured")} == {
        "read": 0, "pages": 0, "measured": 0,
    }  # fmt: skip
    assert spent["judged_again"] > 0


def test_a_new_crawl_arrives(tmp_path: Path, teller: Teller) -> None:
    """More files lie in the folder: these alone are read, measured and signed."""
    each, files = 400, 3

    def crawled(number: int) -> None:
        # Letters at random, more than 4 MiB compressed: no file shares a unit with a neighbour.
        letters = np.random.default_rng(number).integers(97, 123, (each, 20_000), np.uint8)
        letters[:, ::9] = ord(" ")
        made = [row.tobytes().decode() for row in letters]
        write_parquet(tmp_path / f"crawl-{number}.parquet", each, seed=number, text=made)

    for number in range(files):
        crawled(number)
    path = tmp_path / "job.yaml"
    path.write_text(yaml.safe_dump(job([tmp_path / "crawl-*.parquet"], {"near_dedup": {}})))
    one, two, fresh = (str(tmp_path / name) for name in ("first", "second", "fresh"))
    teller("run", str(path), "--out", one, *INLINE)
    crawled(files)
    teller("run", str(path), "--out", two, "--reuse", one, *INLINE)
    teller("run", str(path), "--out", fresh, *INLINE)
    teller("verify", two)
    assert fingerprint(Path(two)) == fingerprint(Path(fresh)) != fingerprint(Path(one))
    spent = json.loads((tmp_path / "second/manifest.json").read_text())["spent"]
    assert (spent["read"], spent["measured"], spent["signed"] <= each) == (each, each, True)


def test_a_takedown_request(tmp_path: Path, teller: Teller) -> None:
    """A list of addresses has to go, from this run and from those after it."""
    corpus = write_parquet(tmp_path / "in.parquet", 600)
    docs = pl.read_parquet(corpus).with_row_index("n")
    docs = docs.with_columns(url=pl.format("https://site.example.org/{}", "n")).drop("n")
    docs.write_parquet(corpus)
    plain = job([corpus], {"exact_dedup": {}}, {"near_dedup": {}})
    plain["input"][0]["url"] = "url"
    path, run = tmp_path / "job.yaml", str(tmp_path / "run")
    path.write_text(yaml.safe_dump(plain))
    teller("run", str(path), "--out", run, *INLINE)
    listed = docs["url"].sample(60, seed=1).to_list()
    (tmp_path / "list.txt").write_text("\n".join(listed))
    takedown = ("remove", run, str(tmp_path / "list.txt"), "--by", "url")
    assert "documents named: 60" in teller(*takedown, "--dry-run")
    assert "none holds a text that was removed" in teller(*takedown, "--purge")
    teller("verify", run)
    again = str(tmp_path / "again")
    teller("run", str(path), "--out", again, "--reuse", run, *INLINE)
    for folder in (run, again):
        ledger = pl.read_parquet(f"{folder}/ledger/*.parquet")
        kept = ledger.filter(pl.col("url").is_in(listed), pl.col("fate") == "kept")
        assert kept.height == 0
        shown = teller("explain", folder, listed[0])
        assert "dropped at" in shown

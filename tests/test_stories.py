"""What people come to do, from the command line, step by step, with the seconds of each step."""

import json
import time
from pathlib import Path
from typing import Any

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

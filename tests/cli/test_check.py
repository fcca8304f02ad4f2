"""`cleaner check` looks at a stranger's files, drops nothing, and leaves a report."""

import json
from pathlib import Path

import polars as pl
import pytest
from support.commands import command
from support.few_texts import PLAIN

from cleaner.results.finished import open_run

CHINESE = "今天我们在公园里散步,看见许多花开了。孩子们在草地上跑来跑去,老人坐在长椅上聊天。"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    texts = [f"{PLAIN} This is number {n}." for n in range(20)]
    texts += [f"{PLAIN} Write to someone{n}@mail.example." for n in range(5)]
    texts += [f"{CHINESE * 4}第{n}篇。" for n in range(10)] + [f"{PLAIN} This is number 1."] * 3
    rows = [{"content": text, "link": f"https://a.example/{n}"} for n, text in enumerate(texts)]
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    return tmp_path


def test_it_says_what_would_go_and_drops_nothing(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(corpus)
    assert command(monkeypatch, "check", "*.jsonl", "--engine", "inline") == 0
    said = capsys.readouterr()
    assert "reads text: content, url: link" in said.err
    assert "38 documents" in said.out
    assert "languages: en 73.7 %, zh 26.3 %" in said.out
    told = {line.split()[0]: line.split()[1:4] for line in said.out.splitlines() if " " in line}
    assert told["4.filter:gopher_quality"][0] == "28"
    assert told["11.filter:personal_data"] == ["38", "5", "13.2"]
    assert told["12.exact_dedup"][:2] == ["38", "3"]
    run = open_run("runs/check")
    assert run.stats["rows"]["kept"] == 38
    page = Path("runs/check/report.html")
    assert said.out.rstrip().endswith(f"report: {page.absolute()}")
    assert "personal_data" in page.read_text()


def test_a_sample_is_drawn_and_checked_again(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(corpus)
    pl.read_ndjson("a.jsonl").write_parquet("a.parquet")
    for number in (7, 9):
        words = ("check", "*.parquet", "--engine", "inline", "--sample", str(number))
        assert command(monkeypatch, *words) == 0
        assert open_run("runs/check").stats["rows"]["in"] == number


def test_no_file_is_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command(monkeypatch, "check", "none/*.parquet") == 3
    assert "no file matches" in capsys.readouterr().err

"""`cleaner new` writes a job for a stranger's files that is valid, planned and run as it stands."""

import gzip
import io
import json
from pathlib import Path

import polars as pl
import pytest
from support.commands import command
from support.few_texts import PLAIN
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from cleaner.config.yaml12 import load_own
from cleaner.job.job_file import load_job
from cleaner.job.plan import make_plan
from cleaner.results.finished import open_run

CHINESE = "今天我们在公园里散步,看见许多花开了。孩子们在草地上跑来跑去,老人坐在长椅上聊天。"
TEXTS = [f"{PLAIN} This is number {n}." for n in range(20)]
TEXTS += [f"{CHINESE * 4}第{n}篇。" for n in range(10)]


def parquet(folder: Path) -> str:
    addresses = [f"https://a.example/{n}" for n in range(len(TEXTS))]
    pl.DataFrame({"body": TEXTS, "uri": addresses}).write_parquet(folder / "mine.parquet")
    return "mine.parquet"


def dolma(folder: Path) -> str:
    rows = [
        {"id": f"d{n}", "text": text, "source": "web", "added": "2023-04-11T09:57:03Z",
         "created": "2020-01-01T00:00:00Z", "metadata": {"url": f"https://b.example/{n}"}}
        for n, text in enumerate(TEXTS)
    ]  # fmt: skip
    lines = "\n".join(json.dumps(row) for row in rows).encode()
    (folder / "part-0001.json.gz").write_bytes(gzip.compress(lines))
    return "*.json.gz"


def archive(folder: Path) -> str:
    with open(folder / "crawl.warc.gz", "wb") as file:
        writer = WARCWriter(file, gzip=True)
        for n, text in enumerate(TEXTS):
            page = f"<html><body><article><p>{text}</p><p>{text}</p></article></body></html>"
            kind = [("Content-Type", "text/html; charset=utf-8")]
            record = writer.create_warc_record(
                f"https://c.example/{n}", "response", payload=io.BytesIO(page.encode()),
                http_headers=StatusAndHeaders("200 OK", kind, protocol="HTTP/1.0"),
            )  # fmt: skip
            writer.write_record(record)
    return "crawl.warc.gz"


STAGES = ["normalise", "exact_dedup", "language", "filter", "filter", "filter", "exact_dedup",
          "near_dedup"]  # fmt: skip


@pytest.mark.parametrize(
    ("made", "says", "stages"),
    [
        (parquet, {"text": "body", "url": "uri"}, STAGES),
        (dolma, {"text": "text", "url": "metadata.url", "source": "source"}, STAGES),
        (archive, {"html": "html"}, ["extract", *STAGES]),
    ],
)
def test_it_writes_a_job_that_suits_the_files(
    made, says: dict[str, str], stages: list[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert command(monkeypatch, "new", made(tmp_path), "--out", "first.yaml") == 0
    told = capsys.readouterr()
    assert "languages of the first documents: en 66.7 %, zh 33.3 %" in told.err
    page = Path("first.yaml").read_text("utf-8")
    assert told.out == page
    assert all(line.partition("  # ")[2] for line in page.splitlines())
    assert says.items() <= load_own(page)["input"].items()
    job = load_job("first.yaml")
    assert [entry.name for entry in job.stages] == stages
    assert make_plan(job).failed == ()


def test_what_it_wrote_runs_and_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = parquet(tmp_path)
    assert command(monkeypatch, "new", path) == 0
    assert command(monkeypatch, "run", "job.yaml", "--engine", "inline") == 0
    rows = open_run("runs/job").stats["rows"]
    assert rows["in"] == 30
    assert rows["failed"] == 0
    assert command(monkeypatch, "new", path) == 2
    assert "job.yaml: is there already" in capsys.readouterr().err


def test_flags_say_what_cannot_be_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = [parquet(tmp_path), "--text", "uri", "--languages", "ja, de", "--math"]
    assert command(monkeypatch, "new", *words, "--name", "mine", "--out", "m.yaml") == 0
    job = load_job("m.yaml")
    assert (job.name, job.input[0].text) == ("mine", "uri")
    filters = [entry.title for entry in job.stages if entry.name == "filter"]
    assert [title.split(":")[1] for title in filters] == ["fineweb2_ja_char", "math_web"]


def test_a_name_that_cannot_be_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command(monkeypatch, "new", parquet(tmp_path), "--name", "my corpus") == 2
    assert "not 'my corpus'" in capsys.readouterr().err
    assert not Path("job.yaml").exists()

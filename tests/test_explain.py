"""`explain` finds a document by every name that the tool prints, and explains every stage."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.corpus_maker import job, write_parquet
from support.few_texts import PLAIN, ran

from cleaner.errors import JobError
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.results.finished import explain, open_run
from cleaner.results.samples import sample_documents
from cleaner.results.source_texts import texts_of
from cleaner.runs.driver import run_plan

STAGES: list[Any] = [{"extract": {}}, {"filter": "gopher_quality"}]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A run over three files of which the first is broken, with line rules and a line dedup."""
    folder = tmp_path_factory.mktemp("explain")
    (folder / "a.parquet").write_bytes(b"not Parquet")
    write_parquet(folder / "b.parquet", 40)
    lines = [json.dumps({"text": f"Line rules cut none of page {i}.", "id": i}) for i in range(5)]
    (folder / "7.jsonl").write_text("\n".join(lines))
    stages: list[Any] = [
        {"clean_lines": "c4_lines"},
        {"line_dedup": {"min_documents": 3}},
        {"filter": "gopher_quality"},
    ]
    paths = [str(folder / name) for name in ("a.parquet", "b.parquet", "7.jsonl")]
    plan = make_plan(parse_job({**job(paths, *stages), "max_error_rate": 1}))
    run_plan(plan, str(folder / "run"), engine="inline")
    return open_run(str(folder / "run"))


def test_a_run_with_line_rules_is_explained(finished: Any) -> None:
    for row in finished.ledger().iter_rows(named=True):
        (item,) = explain(finished, f"{row['file']}#{row['row']}")
        assert (item.row["file"], item.row["row"]) == (row["file"], row["row"])
        assert {limit.stage for limit in item.limits} == {"2.filter:gopher_quality"}


@pytest.mark.parametrize(
    "name",
    ["{file}#3", "({file}#3)", "{id} ({file}#3)", "{path}#3", "b.parquet#3", "./{near}#3", "{id}"],
)
def test_a_document_is_found_by_every_name(
    finished: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Path(finished.path).parent
    monkeypatch.chdir(place)
    ledger = finished.ledger()
    file = next(n for n, path in finished.inputs.items() if path.endswith("b.parquet"))
    row = ledger.filter(pl.col("file") == file, pl.col("row") == 3).row(0, named=True)
    wanted = name.format(file=file, id=row["id"], path=place / "b.parquet", near="b.parquet")
    assert [item.row["id"] for item in explain(finished, wanted)] == [row["id"]]


@pytest.mark.parametrize("name", ["9#3", "b.parquet#99", "arquet#3", "#3", "b.parquet#-3", "#", ""])
def test_what_is_no_document_is_said(finished: Any, name: str) -> None:
    with pytest.raises(JobError, match="no document of this run has that id, url, PATH#ROW or"):
        explain(finished, name)


def test_a_path_in_full_names_a_file_that_the_job_names_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    write_parquet(tmp_path / "in/t.parquet", 5)
    run_plan(make_plan(parse_job(job(["in/t.parquet"]))), "run", engine="inline")
    found = explain(open_run("run"), f"{tmp_path}/in/t.parquet#2")
    assert [item.row["row"] for item in found] == [2]


@pytest.mark.parametrize("by", ["id", "url", "neither"])
@pytest.mark.parametrize(
    ("stage", "html"),
    [({"url_filter": {"words": ["casino"]}}, False), ({"sample": {"share": 0.01}}, False),
     ({"math_prefilter": {}}, True)],
)  # fmt: skip
def test_what_a_cheap_stage_drops_is_found_by_its_name(
    tmp_path: Path, by: str, stage: dict[str, Any], html: bool
) -> None:
    frame = pl.DataFrame(
        {
            "key": [f"urn:{i:03}" for i in range(20)],
            "link": [f"http://casino.example/p/{i}" for i in range(20)],
            "body": [f"<p>A plain page, the {i}th, that holds no formula.</p>" for i in range(20)],
        }
    )
    frame.write_parquet(tmp_path / "in.parquet")
    named = {"id": {"id": "key"}, "url": {"url": "link"}, "neither": {"url": "link"}}[by]
    entry = {"paths": str(tmp_path / "in.parquet"), "html" if html else "text": "body", **named}
    if stage.get("url_filter"):
        entry["url"] = "link"
    plain = {
        "name": "cheap",
        "input": entry,
        "stages": [stage, *([{"extract": {}}] if html else [])],
    }
    run_plan(make_plan(parse_job(plain)), str(tmp_path / "run"), engine="inline")
    opened = open_run(str(tmp_path / "run"))
    (gone,) = opened.ledger().filter(fate="dropped").tail(1).rows(named=True)
    place = gone["row"]
    wanted = {
        "id": f"urn:{place:03}",
        "url": f"http://casino.example/p/{place}",
        "neither": f"{tmp_path}/in.parquet#{place}",
    }[by]
    assert [item.row["row"] for item in explain(opened, wanted)] == [place]


def test_a_margin_is_positive_inside_a_limit_and_negative_outside(tmp_path: Path) -> None:
    texts = [PLAIN * 4, "too few words here", " ".join(["#"] * 100 + ["the", "and", "words"] * 30)]
    run = ran(tmp_path, texts, {"filter": "gopher_quality"})
    seen = set()
    for number in range(len(texts)):
        (item,) = explain(run, f"d{number}")
        for limit in item.limits:
            if limit.margin is None:
                continue
            seen.add(limit.broken)
            assert (limit.margin < 0) == limit.broken, (number, limit)
    assert seen == {True, False}
    (short,) = explain(run, "d1")
    words = next(limit for limit in short.limits if limit.rule == "word_count")
    assert (words.value, words.margin, words.broken) == (4, -46, True)


def test_a_sample_shows_the_text_of_each_page(tmp_path: Path) -> None:
    bodies = [
        f"<p>A page of few words.</p><p>Page number {word}.</p>" for word in ("one", "two", "three")
    ]
    pages = [f"<html><body><article>{body}</article></body></html>" for body in bodies]
    pl.DataFrame({"html": pages, "id": ["one", "two", "three"]}).write_parquet(
        tmp_path / "p.parquet"
    )
    entry = {"paths": str(tmp_path / "p.parquet"), "html": "html", "id": "id"}
    plan = make_plan(parse_job({"name": "p", "input": entry, "stages": STAGES}))
    run_plan(plan, str(tmp_path / "run"), engine="inline")
    opened = open_run(str(tmp_path / "run"))
    fell = sample_documents(opened, "filter")
    assert sorted(fell["id"]) == ["one", "three", "two"]
    for name, text in zip(fell["id"], texts_of(opened, fell), strict=True):
        assert text is not None
        assert f"Page number {name}." in text

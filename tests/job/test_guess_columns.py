"""Files of others are understood by the names of their columns and by what stands in them."""

import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cleaner.errors import InputError, JobError
from cleaner.job.guess_columns import entry_for
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan

PAGE = "<!DOCTYPE html><html><body><p>Hello there, this is a page.</p></body></html>"


def guessed(path: Path, **given: Any) -> dict[str, Any]:
    entry = entry_for([str(path)], **given)
    make_plan(parse_job({"name": "t", "input": entry, "stages": [{"extract": {}}]}))
    assert entry.pop("paths") == [str(path)]
    return entry


def lines(path: Path, *rows: dict[str, Any]) -> Path:
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def table(path: Path, **columns: list[Any]) -> Path:
    pl.DataFrame(columns).write_parquet(path)
    return path


def test_documents_of_dolma(tmp_path: Path) -> None:
    row = {"id": "a", "text": "Words.", "source": "cc", "added": "2024-01-01", "created": "2023",
           "metadata": {"url": "https://a.example/", "license": "CC0"}}  # fmt: skip
    assert guessed(lines(tmp_path / "d.jsonl.gz", row)) == {
        "text": "text", "id": "id", "source": "source", "date": "created",
        "url": "metadata.url", "licence": "metadata.license",
    }  # fmt: skip


def test_a_dataset_of_the_hub(tmp_path: Path) -> None:
    path = table(tmp_path / "h.parquet", text=["Words."], url=["https://a.example/"], dump=["x"])
    assert guessed(path) == {"text": "text", "url": "url"}


@pytest.mark.parametrize("page", [PAGE, PAGE.encode("utf-16"), PAGE.encode("gb18030")])
def test_a_column_called_content_is_a_page_when_pages_stand_in_it(
    tmp_path: Path, page: str | bytes
) -> None:
    found = guessed(table(tmp_path / "c.parquet", content=[page, page], link=["a", "b"]))
    if isinstance(page, str) or b"\0" not in page:
        assert found == {"html": "content", "url": "link"}


def test_a_column_called_content_is_a_text_when_texts_stand_in_it(tmp_path: Path) -> None:
    texts = ["a < b and c > d", "About the tag <p> in one text of two.", "plain"]
    assert guessed(table(tmp_path / "c.parquet", content=texts)) == {"text": "content"}


def test_a_page_is_taken_before_a_text_that_was_made_of_it(tmp_path: Path) -> None:
    found = guessed(table(tmp_path / "b.parquet", text=["Hello"], html=[PAGE]))
    assert found == {"html": "html"}


def test_a_named_column_is_taken(tmp_path: Path) -> None:
    path = table(tmp_path / "n.parquet", text=["x"], answer=["A longer text."])
    assert guessed(path, text="answer") == {"text": "answer"}


def test_columns_that_nobody_can_guess_are_told(tmp_path: Path) -> None:
    path = table(tmp_path / "n.parquet", prompt=["x"], score=[1.0], text=[3])
    with pytest.raises(JobError, match=r"name one of them with --text or --html; available: prom"):
        entry_for([str(path)])


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"no Parquet")
    with pytest.raises(InputError, match=r"x\.parquet"):
        entry_for([str(tmp_path / "x.parquet")])


def test_a_column_without_rows_is_a_text(tmp_path: Path) -> None:
    path = tmp_path / "e.parquet"
    pl.DataFrame(schema={"content": pl.String}).write_parquet(path)
    assert guessed(path) == {"text": "content"}

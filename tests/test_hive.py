"""Columns that stand in paths are read where no file has them."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.corpus_maker import texts

from cleaner.errors import InputError
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.runs.driver import run_plan

PARTS = (
    "dump=2024-10/lang=en",
    "dump=2024-18/lang=__HIVE_DEFAULT_PARTITION__",
    "dump=a%3Ab/lang=zh",
)


def shards(place: Path, suffix: str, **entry: Any) -> pl.DataFrame:
    for number, part in enumerate(PARTS):
        frame = pl.DataFrame({"text": texts(3, number), "n": [1, 2, 3]})
        (place / part).mkdir(parents=True)
        if suffix == "parquet":
            frame.write_parquet(place / part / "a.parquet")
        else:
            lines = "".join(json.dumps(row) + "\n" for row in frame.iter_rows(named=True))
            (place / part / "a.jsonl").write_text(lines)
    given = {"paths": f"{place}/**/*.{suffix}", "text": "text", **entry}
    plan = make_plan(parse_job({"name": "hive", "input": given, "stages": []}))
    run_plan(plan, str(place / "run"), engine="inline")
    return pl.read_parquet(place / "run/shards/*.parquet").sort("file", "row")


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_a_part_of_the_path_is_a_column(tmp_path: Path, suffix: str) -> None:
    found = shards(tmp_path, suffix, read=["dump", "n", "lang"], source={"column": "dump"})
    assert found["dump"].to_list() == ["2024-10"] * 3 + ["2024-18"] * 3 + ["a:b"] * 3
    assert found["source"].to_list() == found["dump"].to_list()
    assert (
        found["input_lang" if "input_lang" in found.columns else "lang"].to_list()[3:6]
        == [None] * 3
    )
    assert found["n"].to_list() == [1, 2, 3] * 3


def test_a_column_of_the_files_stands_before_the_path(tmp_path: Path) -> None:
    (tmp_path / "n=9").mkdir()
    found = shards(tmp_path / "n=9", "parquet", read=["n", "dump"])
    assert found["n"].to_list() == [1, 2, 3] * 3


def test_all_means_the_columns_of_the_files(tmp_path: Path) -> None:
    found = shards(tmp_path, "parquet", read="all")
    assert "n" in found.columns
    assert "dump" not in found.columns


def test_a_key_that_some_path_lacks_is_no_column(tmp_path: Path) -> None:
    pl.DataFrame({"text": texts(3)}).write_parquet(tmp_path / "b.parquet")
    with pytest.raises(InputError, match="no file has dump"):
        shards(tmp_path, "parquet", read=["dump"])

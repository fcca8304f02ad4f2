"""Each of the usual mistakes in a job file: its whole message, with place, cause and remedy."""

from pathlib import Path

import polars as pl
import pytest
import yaml

from cleaner.errors import CleanerError
from cleaner.job.job_file import load_job
from cleaner.job.plan import Plan, make_plan
from cleaner.rules.conditions import parse

CASES = yaml.safe_load((Path(__file__).parent / "mistakes.yaml").read_text("utf-8"))
INPUT = "input: {paths: in.parquet, text: text}\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mistakes")
    docs = pl.DataFrame({"text": ["one", "two"], "html": ["<p>a</p>"] * 2, "n": [1, 2]})
    docs.write_parquet(folder / "in.parquet")
    return folder


def planned(written: str) -> Plan:
    Path("job.yaml").write_text(written if written.startswith("input") else INPUT + written)
    return make_plan(load_job("job.yaml"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["job"])
def test_a_mistake_is_said_in_full(
    case: dict[str, str], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    with pytest.raises(CleanerError) as refused:
        planned(case["job"])
    said, wanted = str(refused.value).split("\n"), case["says"].split("\n")
    assert len(said) == len(wanted), said
    for line, known in zip(said, wanted, strict=True):
        whole = known.removesuffix("…")
        assert line.startswith(whole) if known.endswith("…") else line == known


def test_there_are_ninety_of_them() -> None:
    assert len({case["job"] for case in CASES}) >= 90


@pytest.mark.parametrize(
    "written",
    [
        "stages: [{language: {keep: zh}}]",
        "output: {shard_tokens: 100M}",
        "output: {shard_bytes: 200MB}",
        "name: 2024-10.math_v1",
    ],
)
def test_what_is_clear_is_read(written: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    assert planned(written).notes == ()


@pytest.mark.parametrize(
    "condition",
    ["(words > 5) = (lines > 1)", "words BETWEEN 5 AND 9 AND lines < 3", '"words" > 5'],
)
def test_conditions_that_only_look_like_slips_are_read(condition: str) -> None:
    assert "words" in parse(condition).columns


def test_a_prefilter_behind_the_work_that_it_saves_is_noted(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    pages = "input: {paths: in.parquet, html: html}\nstages: "
    (note,) = planned(f"{pages}[extract, math_prefilter]").notes
    assert note.startswith("1.math_prefilter: judges the page, and the text was made before it")
    assert planned(f"{pages}[math_prefilter, extract]").notes == ()
    assert planned(f"{pages}[extract, sample: {{share: 0.5}}]").notes == ()

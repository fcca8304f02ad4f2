"""What a plan says that a run will write, hold, take of cores and leave is what it then counts."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import polars as pl
import pytest

from cleaner.errors import JobError
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.runs.driver import run_plan
from cleaner.runs.forecast import try_out
from cleaner.runs.phases import build
from cleaner.runs.prices import DEFAULT, money, prices
from cleaner.stages import global_stage

WORDS = [f"{a}{b}{c}" for a in ("ba", "co", "di", "fu", "ge") for b in ("lan", "mer", "nos", "pri")
         for c in ("", "da", "ta", "ing", "ous", "ment")]  # fmt: skip
SMALL = ["the", "of", "and", "to", "with", "that", "have", "be"]
ROWS = 10_000


def texts(rows: int, seed: int) -> list[str]:
    """Return texts of very different lengths, no two of them alike."""
    rng = np.random.default_rng(seed)
    made = []
    for number, size in enumerate(np.exp(rng.normal(4.5, 0.6, rows)).astype(int)):
        words = [str(w) for w in rng.choice([*WORDS, *SMALL * 12], max(20, size))]
        lines = [
            " ".join(words[at : at + 14]).capitalize() + "." for at in range(0, len(words), 14)
        ]
        made.append(f"Number {number} of {seed}.\n" + "\n".join(lines))
    return made


def ids(rows: int, seed: int) -> list[str]:
    """Return names that do not shrink where neighbours stand together, as a crawl's do not."""
    return [f"<urn:uuid:{UUID(bytes=np.random.default_rng([seed, n]).bytes(16))}>"
            for n in range(rows)]  # fmt: skip


def parquet(at: Path) -> dict[str, Any]:
    frame = pl.DataFrame({"text": texts(ROWS, 1)}).with_columns(
        pl.Series("id", ids(ROWS, 1)), source=pl.lit("a")
    )
    for number, part in enumerate(frame.iter_slices(ROWS // 4)):
        part.write_parquet(at / f"{number}.parquet", row_group_size=500)
    return {"paths": f"{at}/*.parquet", "text": "text", "id": "id"}


def json_lines(at: Path) -> dict[str, Any]:
    """Files that do not say their rows, of texts that are longer than a plan guesses."""
    made = texts(ROWS, 2)
    for number in range(4):
        lines = [json.dumps({"text": text}) for text in made[number::4]]
        (at / f"{number}.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode(), 1))
    return {"paths": f"{at}/*.jsonl.gz", "text": "text"}


def pages(at: Path) -> dict[str, Any]:
    made = [
        f"<html><head><title>t</title></head><body><article><p>{'</p><p>'.join(t.splitlines())}"
        "</article></body></html>"
        for t in texts(ROWS // 2, 3)
    ]
    pl.DataFrame({"html": made, "id": ids(ROWS // 2, 3)}).write_parquet(
        at / "pages.parquet", row_group_size=300
    )
    return {"paths": f"{at}/pages.parquet", "html": "html", "id": "id"}


Made = Callable[[Path], dict[str, Any]]
JOBS: dict[str, tuple[Made, dict[str, Any]]] = {
    "filters": (parquet, {"stages": [{"normalise": {}}, {"filter": "gopher_quality"}],
                          "output": {"shard_bytes": 500_000, "format": "jsonl.zst"}}),
    "exact": (json_lines, {"stages": [{"language": {}}, {"exact_dedup": {}}, "checkpoint"],
                           "output": {"shard_bytes": 1_000_000}}),
    "pages": (pages, {"stages": [{"extract": {}}, {"filter": "gopher_repetition"}],
                      "output": {"shard_bytes": 1_000_000}, "shadow": "off"}),
    "near": (parquet, {"stages": [{"near_dedup": {"preset": "fineweb"}}], "ledger": "dropped",
                       "output": {"shard_bytes": 1_000_000}}),
}  # fmt: skip


@pytest.mark.parametrize("name", JOBS)
def test_what_a_plan_forecasts_is_what_a_run_counts(name: str, tmp_path: Path) -> None:
    """Bytes within a tenth; cores only roughly, for both are seconds of a machine that is busy."""
    (tmp_path / "in").mkdir()
    make, more = JOBS[name]
    plan = make_plan(parse_job({"name": name, "input": make(tmp_path / "in"), **more}),
                     unit_limit=300_000)  # fmt: skip
    said = try_out(plan, 2_000, prices(["default"])).needs
    counted = run_plan(plan, str(tmp_path / "run"), engine="inline")
    assert said["rows"] == pytest.approx(counted["rows"]["in"], rel=0.1)
    assert said["peak_scratch"] == pytest.approx(counted["peak_scratch"], rel=0.1)
    assert said["written"].keys() == counted["written"].keys()
    for folder, size in counted["written"].items():
        assert said["written"][folder] == pytest.approx(size, rel=0.1), folder
    assert 1 / 5 < said["core_seconds"] / counted["core_seconds"] < 5
    on_disk = {place: sum(file.stat().st_size for file in (tmp_path / "run").glob(place))
               for place in ("_work/*/data/*", "ledger/*", "shards/*")}  # fmt: skip
    assert on_disk == {
        "_work/*/data/*": counted["peak_scratch"],
        "ledger/*": counted["written"]["ledger"],
        "shards/*": counted["written"]["shards"],
    }


def test_files_that_are_joined_count_with_their_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many small units and many ranges: what goes to the shards and the keys are joined."""
    monkeypatch.setattr(global_stage, "PARTITION_ROWS", 1_000)
    monkeypatch.setattr(build, "PARTITION_BYTES", 1 << 20)
    frame = pl.DataFrame({"text": texts(4_000, 5), "id": ids(4_000, 5)})
    for number, part in enumerate(frame.iter_slices(100)):
        part.write_parquet(tmp_path / f"{number:03d}.parquet")
    job = {"name": "joined", "input": {"paths": f"{tmp_path}/*.parquet", "text": "text"},
           "stages": [{"exact_dedup": {}}], "output": {"shard_bytes": 1_000_000}}  # fmt: skip
    plan = make_plan(parse_job(job), unit_limit=50_000)
    said = try_out(plan, 800).needs
    counted = run_plan(plan, str(tmp_path / "run"), engine="inline")
    assert [one["units"] for one in counted["phases"] if one["title"].startswith("join")] != []
    assert counted["temporary"] > 1_000_000
    assert said["temporary"] == pytest.approx(counted["temporary"], rel=0.1)
    assert said["peak_scratch"] == pytest.approx(counted["peak_scratch"], rel=0.1)


def test_money_is_of_cores_of_requests_and_of_a_month_of_what_is_left() -> None:
    of = prices(["core_hour=0.10", "gb_month=0.02"])
    assert of == {**DEFAULT, "core_hour": 0.10, "gb_month": 0.02}
    made = {"put": 90_000, "list": 10_000, "get": 900_000, "head": 100_000, "delete": 7}
    assert money(of, 7200.0, made, 50e9) == {
        "cores": pytest.approx(0.20),
        "requests": pytest.approx(100 * 0.005 + 1000 * 0.0004),
        "a month of what it leaves": pytest.approx(1.0),
    }


@pytest.mark.parametrize(
    ("said", "told"),
    [("core=1", "no price 'core'"), ("gb_month=cheap", "not a number"), ("x", "not a number"),
     ("core_hour=-1", "0 or more"), ("core_hour=nan", "0 or more")],
)  # fmt: skip
def test_a_price_that_is_none_is_refused(said: str, told: str) -> None:
    with pytest.raises(JobError, match=told):
        prices([said])

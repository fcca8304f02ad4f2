"""What a run is said to ask of an object store is what it then asks."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.corpus_maker import job, texts

from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.runs.driver import run_plan
from cleaner.runs.requests_forecast import requests
from cleaner.stages import global_stage
from cleaner.storage import store
from cleaner.storage.requests import since_last

FILTERS: list[Any] = [{"normalise": {}}, {"language": {}}, {"filter": "gopher_quality"}]
JOBS: dict[str, list[Any]] = {
    "rows": FILTERS,
    "exact": [*FILTERS, {"exact_dedup": {}}],
    "near": [{"exact_dedup": {"on": "url"}}, *FILTERS, {"near_dedup": {"preset": "fineweb"}}],
}


@pytest.mark.parametrize(
    ("name", "unit_bytes", "rows_a_range"),
    [("rows", 5_000, None), ("exact", 40_000, None), ("near", 5_000, None), ("near", 5_000, 1_000)],
)
def test_the_forecast_of_requests_is_what_a_run_counts(
    name: str,
    unit_bytes: int,
    rows_a_range: int | None,
    bucket: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of all and of the dear kinds, within a tenth; over few and many units, and many ranges."""
    if rows_a_range is not None:
        monkeypatch.setattr(global_stage, "PARTITION_ROWS", rows_a_range)
    frame = pl.DataFrame({"text": texts(400, 1)}).with_columns(
        id=pl.int_range(pl.len()).cast(pl.String),
        source=pl.lit("a"),
        url="https://a.example/" + pl.int_range(pl.len()).cast(pl.String),
    )
    for number, part in enumerate(frame.iter_slices(8)):
        part.write_parquet(tmp_path / "part.parquet")
        store.write_whole(
            f"{bucket}/in/{number:03d}.parquet", (tmp_path / "part.parquet").read_bytes()
        )
    asked = parse_job(job([f"{bucket}/in/*.parquet"], *JOBS[name]))
    plan = make_plan(asked, unit_limit=unit_bytes, part_limit=1 << 20)
    since_last()
    manifest = run_plan(plan, f"{bucket}/run", engine="inline")
    made, said = manifest["requests"], requests(plan, len(manifest["outputs"]))
    told = json.dumps([len(plan.units), made, said])
    assert abs(sum(said.values()) / sum(made.values()) - 1) < 0.1, told
    dear = [sum(one[kind] for kind in ("put", "list")) for one in (said, made)]
    assert abs(dear[0] / dear[1] - 1) < 0.1, told

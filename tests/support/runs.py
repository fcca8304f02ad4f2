"""Runs of jobs: what they are made of, and the bytes that they leave."""

import hashlib
from pathlib import Path
from typing import Any

from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.results.finished import open_run
from cleaner.runs.driver import run_plan

STAGES: list[Any] = [
    {"normalise": {}},
    {"exact_dedup": {}},
    {"filter": "gopher_repetition"},
    {"near_dedup": {"preset": "fineweb", "threshold": 0.7}},
    {"sample": {"share": 0.9, "seed": 3}},
]


def fingerprint(folder: str | Path) -> dict[str, str]:
    """Return the SHA-256 of every product of a run."""
    found = {}
    paths = [
        path
        for place in ("shards", "ledger", "clusters", "index", "shadow", "checkpoint")
        for path in sorted(Path(folder, place).rglob("*"))
    ]
    for path in [*paths, Path(folder, "stats.json"), Path(folder, "values.parquet")]:
        if path.is_file():
            name = str(path.relative_to(folder))
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def markers(folder: str) -> dict[Path, int]:
    """Return every commit marker with its time: committed work is never done again."""
    found = Path(folder, "_work").glob("*/_commits/*.json")
    return {path: path.stat().st_mtime_ns for path in found}


def run(folder: Path, name: str, stages: list[Any], entry: dict[str, Any], **more: Any) -> Any:
    """Run a job in this process and return what it left."""
    said = {"warn": more.pop("warn")} if "warn" in more else {}
    data = {"name": name, "input": entry, "stages": stages, **more}
    run_plan(make_plan(parse_job(data)), str(folder / name), engine="inline", **said)
    return open_run(str(folder / name))

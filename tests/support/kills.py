"""Drivers and workers that are killed, frozen and followed."""

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl

from cleaner.job.plan import Plan
from cleaner.runs import phases as phase_functions
from cleaner.runs.engine import Inline
from cleaner.runs.phases.build import build_phases
from support import fasttext_models
from support.corpus_maker import texts, write_parquet

PAGES = Path(__file__).parents[2] / "samples" / "pages.parquet"


POINTS = ("data", "marker", "after")


UNIT = 40_000  # bytes: several units in every map phase


BANNER = "this site uses many cookies and tells you so on every page"


def every_kind(place: Path) -> dict[str, Any]:
    """Return a job with every kind of phase, over pages and texts that are written to a folder."""
    pages = pl.read_parquet(PAGES).head(40)
    pages.write_parquet(place / "pages.parquet", row_group_size=10)
    for number in range(2):
        given = [f"{BANNER}\n{text}" if i % 3 else text for i, text in enumerate(texts(60, number))]
        write_parquet(place / f"in/{number}.parquet", 60, seed=number, group=20, text=given)
    fasttext_models.train(place / "math.bin")
    return {
        "name": "everything",
        "input": [
            {"paths": str(place / "pages.parquet"), "html": "html"},
            {"paths": str(place / "in/*.parquet"), "text": "text", "id": "id", "url": "url"},
        ],
        "stages": [
            {"math_prefilter": {}},
            {"extract": {}},
            {"normalise": {}},
            {"language": {}},
            {"filter": "gopher_repetition"},
            {"classify": {"model": str(place / "math.bin"), "label": "math", "keep_share": 0.95}},
            {"exact_dedup": {}},
            {"near_dedup": {"preset": "fineweb", "threshold": 0.7}},
            {"line_dedup": {"min_documents": 5}},
            {"sample": {"documents": 70}},
        ],
        "output": {"shard_bytes": 12_000},
        "max_error_rate": 0.5,
    }


def names(plan: Plan) -> list[str]:
    """Return the phases that a plan has, whichever they are, but those that join many files."""
    return [phase.name for phase in build_phases(plan) if phase.function != "merge"]


RUN = """
import json, sys
from cleaner.runs.engine import Inline
from cleaner.errors import InputError
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.runs.driver import run_plan
job, folder, engine, unit = sys.argv[1:]
plan = make_plan(parse_job(json.loads(job)), unit_limit=int(unit))
run_plan(plan, folder, engine=engine, workers=2 if engine == "ray" else None, warn=print)
"""


def driver(plain: dict[str, Any], folder: Path, engine: str = "inline", **env: str) -> Any:
    """Start a run in a process of its own."""
    command = [sys.executable, "-c", RUN, json.dumps(plain), str(folder), engine, str(UNIT)]
    return subprocess.Popen(command, env={**os.environ, **env})


def frozen(met: Path, name: str) -> int:
    """Wait until a worker has frozen at a fail-point; return its process."""
    deadline = time.time() + 120
    while not (met / name).exists():
        assert time.time() < deadline, name
        time.sleep(0.05)
    return int((met / name).read_text())


def tell(process: int, number: int) -> None:
    """Send a signal to a process, which may be gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)


class Died(BaseException):
    """What a worker that is killed looks like from outside."""


class Dying(Inline):
    """Runs tasks in this process; one that dies comes back without a result."""

    def run(self, tasks: Any) -> Any:
        for task in tasks:
            yield task, self.attempt(task)

    def attempt(self, task: Any) -> Any:
        try:
            return phase_functions.work(task)
        except Died:
            return None

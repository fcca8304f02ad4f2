"""Running a job from Python."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cleaner.job.job_file import Job, load_job, parse_job, run_of
from cleaner.job.plan import make_plan
from cleaner.report.notebook import Opened, open_run
from cleaner.runs.driver import run_plan
from cleaner.runs.engine import Engine


def run(
    job: Job | str | Path | Mapping[str, Any],
    out: str | None = None,
    *,
    engine: Engine = "ray",
    address: str | None = None,
    workers: int | None = None,
    replace: bool = False,
    fresh: bool = False,
    reuse: Sequence[str] = (),
) -> Opened:
    """Run a job (a file, plain data or a `Job`), or continue it, and return the finished run.

    A finished run of another job or input in that folder is replaced only with `replace`; with
    `fresh` too, and then nothing of it is taken again. What is the same in the runs in the folders
    `reuse` is taken from them.
    """
    recorded = None
    if isinstance(job, str | Path):
        loaded, recorded = load_job(job), run_of(job)
    elif isinstance(job, Job):
        loaded = job
    else:
        loaded = parse_job(dict(job))
    folder = out or recorded or f"runs/{loaded.name}"
    run_plan(
        make_plan(loaded, out=folder, reuse=reuse),
        folder,
        engine=engine,
        address=address,
        workers=workers,
        replace=replace,
        fresh=fresh,
        reuse=reuse,
    )
    return open_run(folder)

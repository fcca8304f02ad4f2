"""Running a job from Python."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cleaner.errors import JobError
from cleaner.job.job_file import Job, load_job, parse_job, run_of
from cleaner.job.plan import make_plan
from cleaner.report.notebook import Opened, open_run
from cleaner.runs.driver import run_plan
from cleaner.runs.engine import Engine
from cleaner.runs.forecast import sampled
from cleaner.runs.status import Progress


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
    sample: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Opened:
    """Run a job (a file, plain data or a `Job`), or continue it, and return the finished run.

    A finished run of another job or input in that folder is replaced only with `replace`; with
    `fresh` too, and then nothing of it is taken again. What is the same in the runs in the folders
    `reuse` is taken from them. `sample` takes only so many documents, spread over the input, in a
    folder of their own. `progress` is called with where the run stands, about once a second.
    """
    if isinstance(reuse, str):
        raise JobError(f"reuse: is a list of run folders; write [{reuse!r}]")
    if sample is not None and sample < 1:
        raise JobError(f"sample: is a number of documents from 1, not {sample}")
    recorded = None
    if isinstance(job, str | Path):
        loaded, recorded = load_job(job), run_of(job)
    elif isinstance(job, Job):
        loaded = job
    else:
        loaded = parse_job(dict(job))
    usual = f"runs/{loaded.name}{f'-sample-{sample}' if sample else ''}"
    folder = out or recorded or usual
    plan = make_plan(loaded, out=folder, reuse=reuse)
    run_plan(
        sampled(plan, sample) if sample else plan,
        folder,
        engine=engine,
        address=address,
        workers=workers,
        replace=replace,
        fresh=fresh,
        reuse=reuse,
        report=progress or (lambda _: None),
    )
    return open_run(folder)

"""One worker against two over one map phase: what the second worker is worth.

    python tests/benchmarks/scaling.py --gb 2 --scratch /tmp/scaling

The seconds are those of the map phase alone: Ray has started before, its workers start within. The
corpus is read once before anything is timed. The bar is 1.7.
"""

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

from cleaner.job.job_file import load_job
from cleaner.job.plan import make_plan
from cleaner.runs.driver import run_plan
from cleaner.runs.status import Progress

JOB = """
name: scaling
input: {{paths: ["{corpus}/texts-*.parquet"], text: text, id: id}}
stages:
  - normalise: {{}}
  - language: {{}}
  - filter: gopher_repetition
  - filter: gopher_quality
  - filter: c4
  - filter: fineweb_quality
max_error_rate: 1
"""


class Clock:
    """Takes the times of a run's first phase."""

    def __init__(self) -> None:
        self.seconds = self.bytes = 0.0

    def __call__(self, progress: Progress) -> None:
        """Keep what the first phase says when it ends."""
        if progress.number == 0 and progress.finished:
            self.seconds, self.bytes = progress.seconds, progress.bytes


def timed(job: Path, folder: Path, workers: int) -> float:
    """Return the seconds of the map phase."""
    shutil.rmtree(folder, ignore_errors=True)
    clock = Clock()
    run_plan(make_plan(load_job(str(job))), str(folder), workers=workers, report=clock)
    shutil.rmtree(folder)
    return clock.seconds


def main() -> None:
    """Print the seconds and the ratio of each repetition."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--gb", type=float, default=2)
    asked.add_argument("--repeat", type=int, default=2)
    asked.add_argument("--scratch", type=Path, default=Path("/tmp/scaling"))
    options = asked.parse_args()
    corpus, job = options.scratch / "in", options.scratch / "job.yaml"
    if not corpus.exists():
        command = [sys.executable, "-m", "samples.generate", "--out", str(corpus)]
        command += ["--bytes", f"{int(options.gb * 1e9)}", "--files", "32", "--format", "text"]
        subprocess.run([*command, "--workers", "2"], check=True)
    job.write_text(JOB.format(corpus=corpus))
    size = sum(len(path.read_bytes()) for path in corpus.glob("texts-*.parquet"))
    print(f"{size / 1e6:,.0f} MB on disk, {time.strftime('%Y-%m-%d')}")
    for _ in range(options.repeat):
        one, two = (timed(job, options.scratch / "run", workers) for workers in (1, 2))
        print(f"map phase: 1 worker {one:.1f} s, 2 workers {two:.1f} s, {one / two:.2f} times")


if __name__ == "__main__":
    main()

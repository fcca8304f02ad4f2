"""What large runs ask of the driver, tried in the small: each figure with its bar.

    python tests/benchmarks/scale.py [plan] [resume] [workers] [--scale 1]

`plan`: 200,000 files are listed and planned. `resume`: a run with one task a file is stopped at its
half and goes on; what counts is the time until a task begins. `workers`: the same bytes by 1, 2 and
16 workers. Each in a process of its own, whose memory is that of a driver; all of them by default.
`--scale` multiplies their sizes, which stand beside the bars. What a plan says of requests and
scratch is held against what runs count by tests/runs/test_requests_forecast.py and
tests/runs/test_size_forecast.py.
"""

import argparse
import contextlib
import gzip
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

sys.path[:0] = [str(Path(__file__).parents[1])]

from support.corpus_maker import job, write_parquet  # noqa: E402
from support.runs import STAGES, fingerprint  # noqa: E402

from cleaner.job.job_file import parse_job  # noqa: E402
from cleaner.job.plan import make_plan  # noqa: E402
from cleaner.runs import phases as phase_functions  # noqa: E402
from cleaner.runs.driver import run_plan  # noqa: E402


def told(what: str, figure: float, bar: float, unit: str) -> bool:
    """Print a figure with its bar; return whether it is met."""
    good = figure <= bar
    print(f"  {what}: {figure:,.2f} {unit} (bar: at most {bar:g}){'' if good else '  MISSED'}")
    return good


def memory() -> float:
    """Return the most memory that this process has had, in GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)


def plan_files(place: Path, scale: float) -> bool:
    """Plan many files of several folders."""
    count = int(200_000 * scale)
    body = gzip.compress(b'{"text": "a few words"}\n', 1)
    for number in range(count):
        folder = place / f"dump={number // 10_000:02d}"
        if number % 10_000 == 0:
            folder.mkdir()
        (folder / f"{number:06d}.jsonl.gz").write_bytes(body)
    read = {"paths": f"{place}/*/*.jsonl.gz", "text": "text"}
    asked = parse_job({"name": "many", "input": read, "stages": [{"exact_dedup": {}}]})
    began = time.monotonic()
    plan = make_plan(asked)
    seconds = time.monotonic() - began
    print(f"plan: {len(plan.files):,} files, {len(plan.units):,} units")
    good = told("seconds", seconds, 120, "s")
    return told("driver", memory(), 2, "GiB") and good


class Half(BaseException):
    """Raised where a run is to stop."""


def resume(place: Path, scale: float) -> bool:
    """Stop a run of one task a file at its half, and see how long it takes to go on."""
    count = int(6_000 * scale)
    for number in range(count):
        row = json.dumps({"text": f"a few words, number {number}"})
        (place / f"{number:06d}.jsonl").write_text(row)
    read = {"paths": f"{place}/*.jsonl", "text": "text"}
    plan = make_plan(parse_job({"name": "half", "input": read}), unit_limit=1)
    done, real, first = 0, phase_functions.work, 0.0

    def half(task: Any) -> Any:
        nonlocal done
        done += 1
        if done > count // 2:
            raise Half
        return real(task)

    def begun(task: Any) -> Any:
        nonlocal first
        first = first or time.monotonic()
        return real(task)

    folder = str(place / "run")
    with mock.patch.object(phase_functions, "work", half), contextlib.suppress(Half):
        run_plan(plan, folder, engine="inline")
    began = time.monotonic()
    with mock.patch.object(phase_functions, "work", begun):
        run_plan(plan, folder, engine="inline")
    print(f"resume: {count:,} units, half of them done (instead of 50,000)")
    good = told("until it goes on", first - began, 300 * count / 50_000, "s")
    print(f"  by reckoning, of 50,000 units: {(first - began) * 50_000 / count:,.0f} s")
    return told("driver", memory(), 2, "GiB") and good


def workers(place: Path, scale: float) -> bool:
    """Run one job by 1, 2 and 16 workers of this machine."""
    corpus = [write_parquet(place / f"in/{n}.parquet", int(100 * scale), n) for n in range(24)]
    made: dict[int, Any] = {}
    plan = make_plan(parse_job(job(corpus, *STAGES)), unit_limit=20_000)
    for number in (1, 2, 16):
        folder = place / f"run{number}"
        run_plan(plan, str(folder), workers=number)
        made[number] = fingerprint(folder)
    print(f"workers: {len(plan.units)} units, {len(made[1])} files")
    different = sum(one != made[1] for one in made.values())
    return told("of 1, 2 and 16 workers, with other bytes", different, 0, "runs")


PARTS: dict[str, Callable[[Path, float], bool]] = {
    "plan": plan_files, "resume": resume, "workers": workers,
}  # fmt: skip


def main() -> None:
    """Run each part in a process of its own; exit 1 where a bar is missed."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("parts", nargs="*")
    asked.add_argument("--scale", type=float, default=1.0)
    asked.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.alone:
        with tempfile.TemporaryDirectory(prefix="cleaner-scale-") as place:
            sys.exit(not PARTS[options.parts[0]](Path(place), options.scale))
    missed = 0
    for part in options.parts or PARTS:
        own = [sys.executable, __file__, part, "--alone", "--scale", str(options.scale)]
        missed += subprocess.run(own, check=False).returncode != 0
    sys.exit(missed)


if __name__ == "__main__":
    main()

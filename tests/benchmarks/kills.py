"""Kill one run at random times, again and again; count what was redone and compare the bytes.

    python tests/benchmarks/kills.py [--kills 50] [--rows 3000] [--seed 0] [--engine inline]

Each round kills the driver with SIGKILL after a random time and starts the same command again,
until `--kills` have happened over as many runs as that takes; with `--engine ray` every other kill
takes a worker instead, and the run goes on. Every run must end in the bytes of an undisturbed one,
and no marker that was once committed may change.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

sys.path[:0] = [str(Path(__file__).parents[1])]

from support.corpus_maker import job, write_parquet  # noqa: E402
from support.runs import STAGES, fingerprint, markers  # noqa: E402

from cleaner.runs.status import read_progress  # noqa: E402

MORE = [{"line_dedup": {"min_documents": 5}}, {"sample": {"documents": 5000}}]


def main() -> None:
    """Print one line a run and the counts at the end; exit 1 when anything differs."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--kills", type=int, default=50)
    asked.add_argument("--rows", type=int, default=3000)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--engine", choices=("inline", "ray"), default="inline")
    options = asked.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="cleaner-kills-") as scratch:
        place = Path(scratch)
        # Files over 4 MB are units of their own; smaller ones are packed.
        corpus = [write_parquet(place / f"in/{n}.parquet", options.rows, n) for n in range(4)]
        (place / "job.yaml").write_text(json.dumps(job(corpus, *STAGES, *MORE)))
        _run(place, "whole", options.engine, None)  # compiles what is not compiled yet
        began = time.monotonic()
        _run(place, "again", options.engine, None)
        length = time.monotonic() - began
        wanted = _products(place / "whole")
        print(f"undisturbed: {length:.1f} s, {len(markers(str(place / 'whole')))} commits")
        kills = redone = different = runs = found = left = 0
        phases: Counter[str] = Counter()
        while kills < options.kills:
            name = f"run{runs}"
            runs += 1
            here = 0
            while kills < options.kills:
                before = markers(str(place / name))
                began = time.monotonic()
                worker = options.engine == "ray" and bool(kills % 2)
                after_seconds = chance.uniform(0.1, 1.0) * length
                died = _run(place, name, options.engine, after_seconds, worker)
                after = markers(str(place / name))
                redone += sum(after.get(path) != at for path, at in before.items())
                found += len(before)
                if not died:
                    if not here:  # the machine was busy before: aim at what it needs now
                        length = min(length, time.monotonic() - began)
                    break
                kills += 1
                here += 1
                at = read_progress(str(place / name))
                who = "worker" if worker else "driver"
                phases[f"{who} in {at['phase'] if at else 'the beginning'}"] += 1
                if worker:
                    break  # it went on to the end
            else:
                _run(place, name, options.engine, None)
            same = _products(place / name) == wanted
            left += len(list((place / name).glob("*/.tmp-*")))
            different += not same
            print(f"{name}: {here} kills, {'same bytes' if same else 'OTHER BYTES'}", flush=True)
        print(
            f"{kills} kills in {runs} runs: {different} ended in other bytes; {redone} of {found} "
            f"commits found at a restart were made again; {left} unfinished files were left behind"
        )
        for where, count in sorted(phases.items()):
            print(f"  {where}: {count}")
        sys.exit(1 if different or redone else 0)


def _products(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of what a reader of the folder finds; a dot hides unfinished files."""
    return {name: of for name, of in fingerprint(folder).items() if "/." not in name}


def _run(place: Path, name: str, engine: str, after: float | None, worker: bool = False) -> bool:
    """Run or continue the job; return whether a kill was made, which is after so many seconds."""
    command = [sys.executable, "-m", "cleaner", "run", str(place / "job.yaml")]
    started = subprocess.Popen(
        [*command, "--engine", engine, "--out", str(place / name)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    killed = False
    try:
        _, said = started.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        if not worker:
            os.killpg(started.pid, signal.SIGKILL)
            started.communicate()
            return True
        while not killed and started.poll() is None:
            killed = _kill_worker(started.pid)
        _, said = started.communicate()
    if started.returncode:
        raise SystemExit(f"{name}: exit {started.returncode}\n{said}")
    return killed


def _kill_worker(driver: int) -> bool:
    """Kill a process that is at one of our tasks; return whether there was one."""
    for one in psutil.Process(driver).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "".join(one.cmdline()[:1]).startswith("ray::_work"):
                one.kill()
                return True
    return False


if __name__ == "__main__":
    main()

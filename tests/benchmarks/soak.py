"""Run one large job for an hour, again and again, kill it at random, and see whether it holds.

    python tests/benchmarks/soak.py --gb 10 --minutes 60 --scratch /tmp/soak

A corpus is generated once, 30 % of its bytes pages, the others texts. The same job then runs on two
Ray workers until the time is over. Every 20 to 90 seconds either its driver with everything below
it or one of its workers is killed with SIGKILL; a dead driver is started again by the same command.
Every run must end in the bytes of the first, its account must add up to the rows that were
generated, and no commit that was found at a restart may be made again. Private memory (USS) of the
driver and of every worker is polled all the time: the peaks of the runs must not rise. Exit code 1
when anything differs.
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pyarrow.parquet as pq

STAGES = [
    {"extract": {}},
    {"normalise": {}},
    {"exact_dedup": {}},
    {"language": {"keep": ["en", "zh"]}},
    {"filter": "gopher_repetition"},
    {"filter": {"name": "gopher_quality", "on": "lang = 'en'"}},
    {"near_dedup": {"preset": "fineweb"}},
    {"line_dedup": {"min_documents": 1000}},
]
POLL = 0.5  # seconds between two looks at the memory


@dataclass
class Count:
    """What happened in one run."""

    drivers: int = 0
    workers: int = 0
    found: int = 0
    redone: int = 0
    peak_worker: int = 0
    peak_driver: int = 0
    samples: list[tuple[float, int, int]] = field(default_factory=list)


def generate(folder: Path, size: float) -> list[Path]:
    """Write the corpus: pages and texts."""
    for form, share in (("html", 0.3), ("text", 0.7)):
        if not (folder / form).exists():
            command = [sys.executable, "-m", "samples.generate", "--out", str(folder / form)]
            command += ["--bytes", f"{int(share * size * 1e9)}", "--files", "24", "--format", form]
            subprocess.run([*command, "--workers", "2", "--seed", "7"], check=True)
    return sorted(path for path in folder.rglob("*.parquet") if "gold" not in path.name)


def look(pid: int, count: Count, began: float) -> list[psutil.Process]:
    """Return the Ray workers below a process, after noting their private memory."""
    workers, most = [], 0
    try:
        root = psutil.Process(pid)
        driver = root.memory_full_info().uss
        for child in root.children(recursive=True):
            try:
                if "ray::" in " ".join(child.cmdline()[:1]):
                    most = max(most, child.memory_full_info().uss)
                    workers.append(child)
            except psutil.Error:
                continue
    except psutil.Error:
        return workers
    count.peak_worker = max(count.peak_worker, most)
    count.peak_driver = max(count.peak_driver, driver)
    count.samples.append((round(time.monotonic() - began, 1), most, driver))
    return workers


def markers(run: Path) -> dict[Path, int]:
    """Return every commit of a run with its time."""
    return {path: path.stat().st_mtime_ns for path in run.glob("_work/*/_commits/*.json")}


def attempt(job: Path, run: Path, chance: random.Random, count: Count, began: float) -> bool:
    """Run or continue the job; return whether it ended by itself."""
    before = markers(run)
    count.found += len(before)
    command = [sys.executable, "-m", "cleaner", "run", str(job), "--out", str(run)]
    process = subprocess.Popen(
        [*command, "--workers", "2"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    due = time.monotonic() + chance.uniform(20, 90)
    try:
        while True:
            try:
                _, said = process.communicate(timeout=POLL)
                if process.returncode:
                    raise SystemExit(f"exit {process.returncode}\n{said}")
                return True
            except subprocess.TimeoutExpired:
                workers = look(process.pid, count, began)
            if time.monotonic() < due:
                continue
            due = time.monotonic() + chance.uniform(20, 90)
            if workers and chance.random() < 0.5:
                count.workers += 1
                chance.choice(workers).kill()
                continue
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            count.drivers += 1
            return False
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        after = markers(run)
        count.redone += sum(after.get(path, at) != at for path, at in before.items())


def products(run: Path) -> str:
    """Return one SHA-256 over names and bytes of all products of a run."""
    whole = hashlib.sha256()
    for place in ("shards", "ledger", "clusters"):
        for path in sorted((run / place).iterdir()):
            if not path.name.startswith("."):
                whole.update(path.name.encode())
                whole.update(hashlib.file_digest(path.open("rb"), "sha256").digest())
    return whole.hexdigest()


def main() -> None:
    """Print a line a run and the counts at the end."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--gb", type=float, default=10)
    asked.add_argument("--minutes", type=float, default=60)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--scratch", type=Path, default=Path("/tmp/cleaner-soak"))
    options = asked.parse_args()
    scratch: Path = options.scratch
    files = generate(scratch / "corpus", options.gb)
    rows = sum(pq.ParquetFile(path).metadata.num_rows for path in files)
    job = scratch / "job.yaml"
    entries = [
        {"paths": f"{scratch}/corpus/html/pages-*.parquet", "html": "html", "id": "id"},
        {"paths": f"{scratch}/corpus/text/texts-*.parquet", "text": "text", "id": "id"},
    ]
    plain = {"name": "soak", "input": entries, "stages": STAGES, "max_error_rate": 1}
    job.write_text(json.dumps(plain))
    print(f"{rows:,} rows, {sum(path.stat().st_size for path in files) / 1e9:.1f} GB on disk")
    chance, began, wanted, wrong = random.Random(options.seed), time.monotonic(), "", 0
    runs: list[Count] = []
    while not runs or time.monotonic() - began < options.minutes * 60:
        run, count, start = scratch / "run", Count(), time.monotonic()
        shutil.rmtree(run, ignore_errors=True)
        while not attempt(job, run, chance, count, began):
            pass
        fates = json.loads((run / "manifest.json").read_bytes())["rows"]
        exact = fates["in"] == rows == fates["kept"] + fates["dropped"] + fates["failed"]
        print(f"products {(here := products(run))[:16]}", end=" ")
        wanted = wanted or here
        wrong += not exact or here != wanted or count.redone > 0
        runs.append(count)
        print(
            f"run {len(runs)}: {time.monotonic() - start:.0f} s, {count.drivers} drivers and "
            f"{count.workers} workers killed, {fates}, account {'exact' if exact else 'WRONG'}, "
            f"{'same bytes' if here == wanted else 'OTHER BYTES'}, {count.redone} of {count.found} "
            f"commits made again, peak worker {count.peak_worker / 2**30:.2f} GiB, driver "
            f"{count.peak_driver / 2**30:.2f} GiB",
            flush=True,
        )
        with (scratch / "memory.jsonl").open("a") as out:
            out.writelines(json.dumps([len(runs), *sample]) + "\n" for sample in count.samples)
    shutil.rmtree(scratch / "run")
    minutes = (time.monotonic() - began) / 60
    print(
        f"{minutes:.0f} minutes, {len(runs)} runs, {sum(c.drivers for c in runs)} drivers and "
        f"{sum(c.workers for c in runs)} workers killed, {wrong} runs wrong; peaks of the worker "
        f"{', '.join(f'{c.peak_worker / 2**30:.2f}' for c in runs)} GiB"
    )
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

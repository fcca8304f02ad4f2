"""Run large jobs for an hour, again and again, kill them at random, and see whether they hold.

    python tests/benchmarks/soak.py --gb 10 --minutes 60 --scratch /tmp/soak

A corpus is generated once, 30 % of its bytes pages, the others texts, and cut into slices. Runs go
over one slice after the other, on two Ray workers, until the time is over and every slice was read.
Every 40 to 150 seconds a driver with everything below it, one of its workers, or its raylet, as
when a node is lost, is killed with SIGKILL; a run that ended is started again by the same command.
Every account must add up to the rows that were generated, a slice must always end in the same
bytes, and no commit that was found at a restart may be made again. Private memory (USS) of the
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
    raylets: int = 0
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


def look(pid: int, count: Count, began: float) -> dict[str, list[psutil.Process]]:
    """Return the Ray workers and the raylet below a process, after noting their private memory."""
    found: dict[str, list[psutil.Process]] = {"workers": [], "raylets": []}
    most = 0
    try:
        root = psutil.Process(pid)
        driver = root.memory_full_info().uss
        for child in root.children(recursive=True):
            try:
                name = " ".join(child.cmdline()[:1])
                if name.startswith(("ray::_work", "ray::IDLE")):
                    most = max(most, child.memory_full_info().uss)
                    found["workers"].append(child)
                elif name.endswith("/raylet"):
                    found["raylets"].append(child)
            except psutil.Error:
                continue
    except psutil.Error:
        return found
    count.peak_worker = max(count.peak_worker, most)
    count.peak_driver = max(count.peak_driver, driver)
    count.samples.append((round(time.monotonic() - began, 1), most, driver))
    return found


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
    due = time.monotonic() + chance.uniform(40, 150)
    lost = False
    try:
        while True:
            try:
                _, said = process.communicate(timeout=POLL)
                if process.returncode and not (lost and process.returncode == 3):
                    raise SystemExit(f"exit {process.returncode}\n{said}")
                return process.returncode == 0
            except subprocess.TimeoutExpired:
                found = look(process.pid, count, began)
            if time.monotonic() < due:
                continue
            due = time.monotonic() + chance.uniform(40, 150)
            kind = chance.choice(["drivers", "workers", "raylets"])
            if kind != "drivers":
                if found[kind]:
                    setattr(count, kind, getattr(count, kind) + 1)
                    lost |= kind == "raylets"
                    chance.choice(found[kind]).kill()
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


def write_job(scratch: Path, part: int, files: list[Path]) -> Path:
    """Write the job of one slice."""
    pages = [str(path) for path in files if path.name.startswith("pages")]
    texts = [str(path) for path in files if path.name.startswith("texts")]
    entries = [
        {"paths": pages, "html": "html", "id": "id"},
        {"paths": texts, "text": "text", "id": "id"},
    ]
    plain = {"name": f"soak{part}", "input": entries, "stages": STAGES, "max_error_rate": 1}
    path = scratch / f"job{part}.yaml"
    path.write_text(json.dumps(plain))
    return path


def main() -> None:
    """Print a line a run and the counts at the end."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--gb", type=float, default=10)
    asked.add_argument("--minutes", type=float, default=60)
    asked.add_argument("--slices", type=int, default=4)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--scratch", type=Path, default=Path("/tmp/cleaner-soak"))
    options = asked.parse_args()
    scratch: Path = options.scratch
    files = generate(scratch / "corpus", options.gb)
    slices = [files[part :: options.slices] for part in range(options.slices)]
    jobs = [write_job(scratch, part, slices[part]) for part in range(options.slices)]
    rows = [sum(pq.ParquetFile(path).metadata.num_rows for path in part) for part in slices]
    print(f"{sum(rows):,} rows, {sum(path.stat().st_size for path in files) / 1e9:.1f} GB on disk")
    chance, began, wrong = random.Random(options.seed), time.monotonic(), 0
    wanted: dict[int, str] = {}
    runs: list[Count] = []
    while len(runs) < len(slices) or time.monotonic() - began < options.minutes * 60:
        part = len(runs) % len(slices)
        run, count, start = scratch / "run", Count(), time.monotonic()
        shutil.rmtree(run, ignore_errors=True)
        while not attempt(jobs[part], run, chance, count, began):
            pass
        fates = json.loads((run / "manifest.json").read_bytes())["rows"]
        exact = fates["in"] == rows[part] == fates["kept"] + fates["dropped"] + fates["failed"]
        here = products(run)
        said = "first bytes" if part not in wanted else "same bytes"
        if wanted.setdefault(part, here) != here:
            said = "OTHER BYTES"
        wrong += not exact or said == "OTHER BYTES" or count.redone > 0
        runs.append(count)
        print(
            f"run {len(runs)}, slice {part}: {time.monotonic() - start:.0f} s, {count.drivers} "
            f"drivers, {count.workers} workers and {count.raylets} raylets killed, {fates}, "
            f"account {'exact' if exact else 'WRONG'}, {said}, {count.redone} of {count.found} "
            f"commits made again, peak worker {count.peak_worker / 2**30:.2f} GiB, driver "
            f"{count.peak_driver / 2**30:.2f} GiB",
            flush=True,
        )
        with (scratch / "memory.jsonl").open("a") as out:
            out.writelines(json.dumps([len(runs), *sample]) + "\n" for sample in count.samples)
    shutil.rmtree(scratch / "run")
    minutes = (time.monotonic() - began) / 60
    print(
        f"{minutes:.0f} minutes, {len(runs)} runs, {sum(c.drivers for c in runs)} drivers, "
        f"{sum(c.workers for c in runs)} workers and {sum(c.raylets for c in runs)} raylets "
        f"killed, {wrong} runs wrong; peaks of the worker "
        f"{', '.join(f'{c.peak_worker / 2**30:.2f}' for c in runs)} GiB"
    )
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

"""Peak memory of a worker: on a corpus, on one four times as large, on one huge row group, on one
huge .jsonl.gz.

    python tests/benchmarks/memory.py --gb 2 --scratch /tmp/memory
    python tests/benchmarks/memory.py --only group jsonl --gb 4

Private memory (USS) of every Ray worker is polled; the peak of the largest one counts. Bars: under
1.5 GiB, and under 10 % more for four times the corpus.
"""

import argparse
import gzip
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq

STAGES = [
    {"normalise": {}},
    {"exact_dedup": {}},
    {"language": {}},
    {"filter": "gopher_repetition"},
    {"filter": {"name": "gopher_quality", "on": "lang = 'en'"}},
    {"near_dedup": {"preset": "fineweb"}},
]
BAR = 1.5 * 2**30


def generate(folder: Path, size: float, files: int) -> list[Path]:
    if not folder.exists():
        command = [sys.executable, "-m", "samples.generate", "--out", str(folder)]
        command += ["--bytes", f"{int(size * 1e9)}", "--files", str(files), "--format", "text"]
        subprocess.run([*command, "--workers", "2"], check=True)
    return sorted(path for path in folder.rglob("*.parquet") if "gold" not in path.name)


def one_group(source: list[Path], target: Path, size: float) -> Path:
    """Write one Parquet file of a single row group of `size` GB of text."""
    if target.exists():
        return target
    schema = pa.schema({"id": pa.large_string(), "text": pa.large_string()})
    done = 0
    tables = []
    while done < size * 1e9:
        for path in source:
            table = pq.read_table(path, columns=["id", "text"]).cast(schema)
            tables.append(table)
            done += table.nbytes
            if done >= size * 1e9:
                break
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        whole = pa.concat_tables(tables)
        writer.write_table(whole, row_group_size=len(whole))
    return target


def one_jsonl(source: list[Path], target: Path, size: float) -> Path:
    """Write one .jsonl.gz of `size` GB of text."""
    if target.exists():
        return target
    done = 0
    with gzip.open(target, "wt", compresslevel=1, encoding="utf-8") as file:
        while done < size * 1e9:
            for path in source:
                for batch in pq.ParquetFile(path).iter_batches(1000, columns=["id", "text"]):
                    for row in batch.to_pylist():
                        if row["text"] is not None:
                            file.write(json.dumps(row, ensure_ascii=False) + "\n")
                            done += len(row["text"].encode())
                if done >= size * 1e9:
                    break
    return target


class Watch(threading.Thread):
    """Polls the private memory of Ray workers below a process."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.root = psutil.Process(pid)
        self.peak = 0
        self.driver = 0
        self.done = False

    def run(self) -> None:
        while not self.done:
            try:
                self.driver = max(self.driver, self.root.memory_full_info().uss)
                for child in self.root.children(recursive=True):
                    if "ray::" in " ".join(child.cmdline()[:1]):
                        self.peak = max(self.peak, child.memory_full_info().uss)
            except (psutil.NoSuchProcess, psutil.AccessDenied, IndexError):
                pass
            time.sleep(0.1)


@dataclass(frozen=True)
class Measured:
    """One run: private bytes of the largest worker and of the driver, and what it was about."""

    worker: int
    driver: int
    seconds: float
    units: int
    rows: int


def measure(name: str, paths: Sequence[Path | str], scratch: Path, stages: list[Any]) -> Measured:
    """Run a job over some texts with two workers and watch it."""
    plain = {
        "name": name,
        "input": {"paths": [str(path) for path in paths], "text": "text", "id": "id"},
        "stages": stages,
        "output": {"shard_bytes": 200_000_000},
        "max_error_rate": 1,
    }
    file, run = scratch / f"{name}.yaml", scratch / f"run-{name}"
    file.write_text(json.dumps(plain))
    shutil.rmtree(run, ignore_errors=True)
    started = time.time()
    command = [sys.executable, "-m", "cleaner", "run", str(file), "--out", str(run)]
    process = subprocess.Popen([*command, "--workers", "2"])
    watch = Watch(process.pid)
    watch.start()
    code = process.wait()
    watch.done = True
    seconds = time.time() - started
    if code:
        raise SystemExit(f"{name}: exit code {code}")
    units = json.loads((run / "plan.json").read_text())["units"]
    rows = json.loads((run / "manifest.json").read_text())["rows"]["in"]
    shutil.rmtree(run, ignore_errors=True)
    return Measured(watch.peak, watch.driver, seconds, units, rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--gb", type=float, default=2)
    parser.add_argument("--scratch", type=Path, default=Path("/tmp/cleaner-memory"))
    parser.add_argument("--only", nargs="*", default=["one", "four", "group", "jsonl"])
    options = parser.parse_args()
    scratch: Path = options.scratch
    scratch.mkdir(parents=True, exist_ok=True)
    small = generate(scratch / "quarter", options.gb / 4, 4)
    cases = {
        "one": lambda: small,
        "four": lambda: generate(scratch / "whole", options.gb, 16),
        "group": lambda: [one_group(small, scratch / "group.parquet", 2 * options.gb)],
        "jsonl": lambda: [one_jsonl(small, scratch / "one.jsonl.gz", 2 * options.gb)],
    }
    peaks = {}
    for name in options.only:
        paths = cases[name]()
        size = sum(path.stat().st_size for path in paths)
        found = measure(name, paths, scratch, STAGES)
        peaks[name] = found.worker
        print(
            f"{name}: {size / 1e9:.2f} GB on disk, worker peak {peaks[name] / 2**30:.2f} GiB "
            f"(bar 1.50), driver {found.driver / 2**30:.2f} GiB, {found.seconds:.0f} s"
        )
    if {"one", "four"} <= set(peaks):
        print(f"four times the corpus: {peaks['four'] / peaks['one'] - 1:+.1%} (bar +10 %)")
    if max(peaks.values()) >= BAR:
        raise SystemExit("over the bar")


if __name__ == "__main__":
    main()

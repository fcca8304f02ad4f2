"""What a plan says that a task takes, beside what one takes: inputs of extreme shapes."""

import gzip
import json
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

# A process of its own, for memory that was taken once counts for ever. VmHWM and not ru_maxrss:
# what a process took before it became this one counts in the latter.
RUN = """
import json, sys
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.runs.driver import run_plan
job, folder = sys.argv[1:]
plan = make_plan(parse_job(json.loads(job)))
run_plan(plan, folder, engine="inline")
(peak,) = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(json.dumps([plan.task_memory, 1024 * int(peak)]))
"""
CHANCE = random.Random(5)
WORDS = ["".join(CHANCE.choices("abcdefghijklmnoprstu", k=6)) for _ in range(3_000)]


def text(words: int) -> str:
    return " ".join(CHANCE.choices(WORDS, k=words))


PARAGRAPHS = [text(500) for _ in range(400)]


def long_text(size: int) -> str:
    return text(20) + " ".join(CHANCE.choices(PARAGRAPHS, k=max(1, size // 3_500)))


def long_texts(folder: Path) -> Path:
    """Write a row group of 140 MB of texts of 14 kB, all different."""
    texts = [long_text(14_000) for _ in range(10_000)]
    path = folder / "long.parquet"
    pq.write_table(pa.table({"text": texts}), path, row_group_size=len(texts), compression="zstd")
    return path


def tiny_rows(folder: Path) -> Path:
    """Write a row group of 800,000 texts of 35 bytes."""
    texts = [" ".join(WORDS[CHANCE.randrange(3_000)] for _ in range(5)) for _ in range(800_000)]
    path = folder / "tiny.parquet"
    pq.write_table(pa.table({"text": texts}), path, row_group_size=len(texts), compression="zstd")
    return path


def long_lines(folder: Path) -> Path:
    """Write 90 lines of JSON of 1.2 MB."""
    path = folder / "long.jsonl"
    with path.open("w") as file:
        for _ in range(90):
            file.write(json.dumps({"text": long_text(1_200_000)}) + "\n")
    return path


def archive(folder: Path) -> Path:
    """Write an archive of 6,000 pages of 18 kB."""
    path = folder / "a.warc.gz"
    with gzip.open(path, "wb", 1) as file:
        for number in range(6_000):
            paragraphs = "".join(f"<p>{one}</p>" for one in CHANCE.choices(PARAGRAPHS, k=5))
            page = f"<html><head><title>t</title></head><body>{number}{paragraphs}</body></html>"
            body = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{page}"
            file.write(
                "WARC/1.0\r\nWARC-Type: response\r\n"
                f"WARC-Target-URI: http://e.org/{number}\r\nWARC-Date: 2024-01-01T00:00:00Z\r\n"
                f"WARC-Record-ID: <urn:uuid:{number:032d}>\r\n"
                "Content-Type: application/http; msgtype=response\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}\r\n\r\n".encode()
            )
    return path


FEW = ("gopher_quality",)
MANY = (*FEW, "gopher_repetition", "math_web", "zh_web_junk")  # 65 columns of signals


@pytest.mark.slow
@pytest.mark.parametrize(
    ("write", "filters"),
    [(long_texts, FEW), (tiny_rows, FEW), (tiny_rows, MANY), (long_lines, FEW), (archive, FEW)],
)
def test_no_task_takes_more_than_the_plan_states_or_less_than_half(
    tmp_path: Path, write: Callable[[Path], Path], filters: Sequence[str]
) -> None:
    kind = "html" if write is archive else "text"
    first = {"extract": {}} if kind == "html" else {"normalise": {}}
    job = {
        "name": "memory",
        "input": {"paths": str(write(tmp_path)), kind: kind},
        "stages": [first, {"exact_dedup": {}}, *({"filter": name} for name in filters)],
        "max_error_rate": 1,
    }
    command = [sys.executable, "-c", RUN, json.dumps(job), str(tmp_path / "run")]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    stated, peak = json.loads(said.splitlines()[-1])
    print(f"{write.__name__}: {stated >> 20} MiB stated, {peak >> 20} MiB measured")
    assert peak <= stated <= 2 * peak

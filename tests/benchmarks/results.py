"""How fast a finished run answers: whatif, explain, sample and diff on a made ledger.

    python tests/benchmarks/results.py [ROWS] [FOLDER]

makes a run of so many rows (10 million) by running a small job and repeating its ledger and shadow,
then times each command that looks into it in a process of its own, and says the memory of the
largest.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.runs.driver import run_plan

ROWS_PER_FILE = 1_000_000
SAMPLES = Path(__file__).parents[2] / "samples" / "texts.parquet"


def made(folder: Path, rows: int) -> int:
    """Make a finished run of so many rows; return how many there are."""
    stages = [
        {"normalise": {}},
        {"language": {"keep": ["en", "zh"]}},
        {"filter": {"name": "gopher_quality", "where": "lang = 'en'"}},
        {"exact_dedup": {}},
        {"filter": "fineweb_quality"},
    ]
    entry = {"paths": str(SAMPLES), "text": "text", "id": "id", "url": "url", "source": "source"}
    shadow = {"share": 0.2, "at_least": 0}
    job = {"name": "many", "input": entry, "stages": stages, "shadow": shadow}
    run_plan(make_plan(parse_job(job)), str(folder), engine="inline")
    manifest = json.loads((folder / "manifest.json").read_text())
    small = pl.read_parquet(folder / "ledger/*.parquet")
    times = -(-rows // len(small))
    files, at, number = [], 0, 0
    while at < times:
        here = range(at, min(times, at + ROWS_PER_FILE // len(small)))
        parts = [
            small.with_columns(
                (pl.col("row") + copy * len(small)).alias("row"),
                pl.concat_str("id", pl.lit(f"-{copy}")).alias("id"),
                (pl.col("duplicate_row") + copy * len(small)).alias("duplicate_row"),
            )
            for copy in here
        ]
        path = f"ledger/part-{number:05d}.parquet"
        pl.concat(parts).write_parquet(folder / path, row_group_size=1 << 17)
        files.append({"path": path, "bytes": (folder / path).stat().st_size, "rows": 0})
        at, number = here.stop, number + 1
    others = [one for one in manifest["ledger_files"] if not one["path"].startswith("ledger/")]
    manifest["ledger_files"] = [*files, *others]
    manifest["rows"] = {name: count * times for name, count in manifest["rows"].items()}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return times * len(small)


def timed(*words: str) -> float:
    """Return the seconds of a command in a process of its own."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "cleaner", *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(words)}: {done.stderr}")
    return time.perf_counter() - started


def main() -> None:
    """Make a run and print how long each command takes."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    above = sys.argv[2] if len(sys.argv) > 2 else None
    if above is not None:
        Path(above).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=above) as place:
        folder = Path(place) / "run"
        count = made(folder, rows)
        run, looser = str(folder), "word_count=words BETWEEN 20 AND 100000"
        tighter = "short_lines=short_line_ratio < 0.3"
        first = pl.scan_parquet(folder / "ledger/*.parquet").select("id").first().collect()
        commands = {
            "whatif, looser": ("whatif", run, "--filter", "2", "--set", looser),
            "whatif, tighter": ("whatif", run, "--filter", "4", "--set", tighter),
            "explain by id": ("explain", run, str(first["id"][0])),
            "explain by place": ("explain", run, f"0#{count - 1}"),
            "sample near": ("sample", run, "--rule", "word_count", "--near"),
            "sample of each": ("sample", run, "--each", "-n", "2"),
            "stats": ("stats", run),
            "report": ("report", run),
        }  # fmt: skip
        print(f"{count:,} rows")
        for name, words in commands.items():
            print(f"{name:20} {timed(*words):6.1f} s")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        print(f"{'largest process':20} {peak / 1e6:6.1f} GB")


if __name__ == "__main__":
    main()

"""A takedown: how long `cleaner remove` takes for some addresses of a finished run.

    python tests/benchmarks/removals.py [--documents 1_000_000] [--addresses 1_000] [--purge]

Documents are generated, 60 words each, every hundredth a near copy of the one before it; the run
has exact and near deduplication. Seconds are those of the command, start and all. The bar, of the
story "a takedown request": 1,000 addresses of 10^6 documents in two minutes.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl


def write(path: Path, documents: int) -> None:
    """Write the corpus, with an address for each document."""
    rng = np.random.default_rng(7)
    words = np.array([f"w{number:05d}" for number in range(30_000)])
    made = []
    for start in range(0, documents, 100_000):
        count = min(100_000, documents - start)
        drawn = words[rng.integers(0, len(words), (count, 60))]
        drawn[99::100] = drawn[98::100][: len(drawn[99::100])]
        drawn[99::100, 0] = "changed"
        made.append(pl.DataFrame({"text": [" ".join(row) for row in drawn]}))
    frame = pl.concat(made).with_row_index("n")
    frame = frame.with_columns(
        url=pl.format("https://s{}.example.org/{}", pl.col("n") % 5_000, "n")
    )
    frame.drop("n").write_parquet(path, row_group_size=50_000)


def cleaner(*words: str) -> float:
    """Return the seconds of a command."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "cleaner", *words], check=True, stdout=subprocess.PIPE)
    return time.perf_counter() - began


def main() -> None:
    """Generate, run, remove, and say how long each took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--addresses", type=int, default=1_000)
    parser.add_argument("--purge", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write(folder / "in.parquet", asked.documents)
        job = {
            "name": "takedown",
            "input": {"paths": str(folder / "in.parquet"), "text": "text", "url": "url"},
            "stages": [{"exact_dedup": {}}, {"near_dedup": {"preset": "fineweb"}}],
            "output": {"shard_tokens": asked.documents // 2},
        }
        (folder / "job.yaml").write_text(json.dumps(job))
        run = str(folder / "run")
        ran = cleaner("run", str(folder / "job.yaml"), "--engine", "inline", "--out", run)
        urls = pl.scan_parquet(folder / "in.parquet").select("url").collect()["url"]
        listed = urls.sample(asked.addresses, seed=1)
        (folder / "list.txt").write_text("\n".join(listed))
        words = ["remove", run, str(folder / "list.txt"), "--by", "url"]
        removed = cleaner(*words, *(["--purge"] if asked.purge else []))
        verified = cleaner("verify", run)
        receipt = json.loads((folder / "run/removal-001.json").read_text())
        shards = [path for path in receipt["files"] if path.startswith("shards/")]
        print(f"{asked.documents:,} documents: run {ran:.1f} s, verify {verified:.1f} s")
        gone = receipt["removed"]["documents"]
        print(f"{asked.addresses:,} addresses: {gone:,} documents out of {len(shards)} shards")
        print(f"cleaner remove {removed:.1f} s (bar 120)")


if __name__ == "__main__":
    main()

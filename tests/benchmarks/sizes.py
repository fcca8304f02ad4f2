"""Corpora of extreme shapes: a job over each, with tasks, wall time and private memory.

    python tests/benchmarks/sizes.py --scratch /tmp/sizes [--only tiny uneven stream group]
    python tests/benchmarks/sizes.py --only stream --gb 1 5 20

tiny: 200,000 Parquet files of 5 kB. uneven: two files of 200 MB beside 20,000 of 5 kB. stream: one
.jsonl.gz of --gb uncompressed. group: one Parquet file whose only row group is 4 GB. Bars: a worker
under 1.5 GiB, the driver under 1 GiB, and neither growing with --gb.
"""

import argparse
import gzip
import itertools
import json
import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

sys.path[:0] = [str(Path(__file__).parent)]

from memory import BAR, measure  # noqa: E402

DRIVER_BAR = 2**30
CHEAP = [{"sample": {"share": 0.002}}]
USUAL = [{"normalise": {}}, {"exact_dedup": {}}, {"filter": "gopher_repetition"}]
_WORDS = [f"{a}{b}{c}" for a in "bdfglmnprst" for b in "aeiou" for c in "klmnrst"]


def document(chance: random.Random, words: int) -> str:
    """Return sentences of made-up words."""
    chosen = chance.choices(_WORDS, k=words)
    return " ".join(" ".join(chosen[i : i + 12]) + "." for i in range(0, words, 12))


def small_files(folder: Path, count: int, chance: random.Random) -> None:
    """Write Parquet files of about 5 kB, a thousand to a folder."""
    for number in range(count):
        place = folder / f"{number // 1000:03d}"
        if number % 1000 == 0:
            place.mkdir(parents=True, exist_ok=True)
        rows = [f"{number}-{i}" for i in range(2)]
        table = pa.table({"id": rows, "text": [document(chance, 180) for _ in rows]})
        pq.write_table(table, place / f"{number:06d}.parquet", compression="none")


def large_file(path: Path, size: float, chance: random.Random, rows: int | None) -> None:
    """Write a Parquet file of `size` bytes of text, `rows` to a row group; None: all in one."""
    texts = pa.array([document(chance, 1_000) for _ in range(8_000)], pa.large_string())
    times = int(size / texts.nbytes) + 1  # the same texts again; in memory they are once
    ids = pa.array(map(str, range(times * len(texts))), pa.large_string())
    table = pa.table({"id": ids, "text": pa.chunked_array([texts] * times)})
    pq.write_table(
        table, path, row_group_size=rows or len(table), compression="zstd", use_dictionary=False
    )


def stream(path: Path, size: float, chance: random.Random) -> None:
    """Write a .jsonl.gz of `size` bytes of lines: one compressed block again and again."""
    pool = [document(chance, 150) for _ in range(12)]
    lines = (
        json.dumps({"id": str(n), "text": " ".join(chance.choices(pool, k=4))}) + "\n"
        for n in range(20_000)
    )
    block = "".join(lines).encode()
    member = gzip.compress(block, 9)
    with path.open("wb") as file:
        for _ in range(int(size / len(block)) + 1):
            file.write(member)


def main() -> None:
    """Print a line a case; exit 1 when a bar is missed."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--scratch", type=Path, default=Path("/tmp/cleaner-sizes"))
    asked.add_argument("--only", nargs="*", default=["tiny", "uneven", "stream", "group"])
    asked.add_argument("--gb", nargs="*", type=float, default=[20])
    asked.add_argument("--files", type=int, default=200_000)
    options = asked.parse_args()
    scratch: Path = options.scratch
    chance = random.Random(0)

    def tiny(folder: Path) -> list[str]:
        small_files(folder, options.files, chance)
        return [f"{folder}/*/*.parquet"]

    def uneven(folder: Path) -> list[str]:
        small_files(folder, options.files // 10, chance)
        for name in ("a", "z"):
            large_file(folder / f"{name}.parquet", 2e8, chance, 4_000)
        return [f"{folder}/*.parquet", f"{folder}/*/*.parquet"]

    def streamed(size: float) -> Callable[[Path], list[str]]:
        def make(folder: Path) -> list[str]:
            stream(folder / "one.jsonl.gz", size * 1e9, chance)
            return [f"{folder}/one.jsonl.gz"]

        return make

    def group(folder: Path) -> list[str]:
        large_file(folder / "one.parquet", 4e9, chance, None)
        assert pq.ParquetFile(folder / "one.parquet").num_row_groups == 1
        return [f"{folder}/one.parquet"]

    cases: dict[str, tuple[Callable[[Path], list[str]], list[Any]]] = {
        "tiny": (tiny, USUAL),
        "uneven": (uneven, USUAL),
        "group": (group, CHEAP),
        **{f"stream-{size:g}": (streamed(size), CHEAP) for size in options.gb},
    }
    over = False
    for name in itertools.chain.from_iterable(
        [one for one in cases if one.split("-")[0] == wanted] for wanted in options.only
    ):
        make, stages = cases[name]
        folder = scratch / name
        folder.mkdir(parents=True)
        paths = make(folder)
        found = measure(name, paths, scratch, stages)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        shutil.rmtree(folder)
        over |= found.worker >= BAR or found.driver >= DRIVER_BAR
        print(
            f"{name}: {size / 1e9:.2f} GB on disk, {found.units:,} units, {found.rows:,} rows, "
            f"worker peak {found.worker / 2**30:.2f} GiB, driver {found.driver / 2**30:.2f} GiB, "
            f"{found.seconds:.0f} s",
            flush=True,
        )
    if over:
        raise SystemExit("over the bar")


if __name__ == "__main__":
    main()

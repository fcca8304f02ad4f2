"""What writing shards costs beside the libraries that do the work: ratios of CPU seconds.

    python tests/benchmarks/shards.py [--documents 20000] [--turns 5]

Ours and the library's own call take turns in this process; the smallest of each counts. A share of
0.9 says that ours has nine tenths of the library's speed.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# One core for both: the library would take all of them.
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard
from tokenizers import Tokenizer as Library

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.corpus_maker import texts
from support.tokenizers_made import byte_bpe

from cleaner.shards import FORMATS, Expected
from cleaner.shards.tokenizer import TOKENS, Tokenizer


def corpus(documents: int) -> pl.DataFrame:
    some = texts(min(documents, 4_000), words=400)
    return pl.DataFrame({
        "id": [f"doc-{n}" for n in range(documents)],
        "text": [f"{n} {some[n % len(some)]}" for n in range(documents)],
        "url": [f"https://host{n % 97}.example/{n}" for n in range(documents)],
        "score": [n % 1_000 / 1_000 for n in range(documents)],
    })  # fmt: skip


def cpu(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def share(ours: Callable[[], Any], theirs: Callable[[], Any], turns: int) -> tuple[float, float]:
    """Return the seconds of both, the least of some turns."""
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(turns):
        found[0].append(cpu(ours))
        found[1].append(cpu(theirs))
    return min(found[0]), min(found[1])


def written(form: str, frames: list[pl.DataFrame], schema: pa.Schema, expected: Expected) -> None:
    sinks = [pa.BufferOutputStream() for _ in FORMATS[form].suffixes]
    FORMATS[form].write(iter(frames), schema, sinks, expected)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--documents", type=int, default=20_000)
    asked.add_argument("--turns", type=int, default=5)
    told = asked.parse_args()
    frame = corpus(told.documents)
    size = int(frame["text"].str.len_bytes().sum())
    expected = Expected(len(frame), size)
    frames = list(frame.iter_slices(3_000))
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    schema = table.schema
    groups = -(-size // (32 << 20))

    def by_pyarrow() -> None:
        pq.write_table(
            table, pa.BufferOutputStream(), compression="zstd", compression_level=3,
            write_page_index=True, row_group_size=-(-len(frame) // groups),
        )  # fmt: skip

    def by_zstandard() -> None:
        compressor = zstandard.ZstdCompressor(level=3)
        for some in frames:
            compressor.compress(some.write_ndjson().encode())

    rows = [
        ("parquet, beside pyarrow", lambda: written("parquet", frames, schema, expected),
         by_pyarrow),
        ("jsonl.zst, beside polars and zstandard",
         lambda: written("jsonl.zst", frames, schema, expected), by_zstandard),
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        some = frame["text"].head(500).to_list()
        path = byte_bpe(Path(folder) / "tokenizer.json", some, size=8_000)
        tokenizer, library = Tokenizer.of(path), Library.from_file(path)
        few = frame.head(max(1, told.documents // 10))
        plain = few["text"].to_list()
        lists = pl.List(pl.UInt16)

        def tokenised() -> None:
            docs = tokenizer.added(few, as_tokens=True)
            found = docs.select(pl.col(TOKENS).cast(lists).alias("tokens"))
            written("megatron", [found], pa.schema([("tokens", pa.large_list(pa.uint16()))]),
                    expected)  # fmt: skip

        rows.append((
            "megatron, beside tokenizers' encode_batch_fast", tokenised,
            lambda: library.encode_batch_fast(plain, add_special_tokens=False),
        ))  # fmt: skip
        print(f"{len(frame):,} documents, {size / 1e6:.0f} MB of text, {told.turns} turns")
        for name, ours, theirs in rows:
            mine, own = share(ours, theirs, told.turns)
            print(f"{name}: {mine:.2f} s and {own:.2f} s, {own / mine:.2f} of its speed")


if __name__ == "__main__":
    main()

"""Mutated files of every kind through the readers, for as long as asked.

    python tests/benchmarks/fuzz.py [--seconds 600] [--seed 0] [--keep /tmp/fuzz]

Every file must end in rows, each with its text or an error, or in a failure that names it: no
exception, no crash of a library, no file that takes over --longest seconds, no memory over --most.
A child reads; what kills or stops it is kept under --keep, and the next child goes on.
"""

import argparse
import gzip
import multiprocessing
import random
import struct
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa

sys.path[:0] = [str(Path(__file__).parents[1])]

from broken_files import ROWS, TEXTS, answer, archive, good_lines, parquet, record, zstd  # noqa: E402
from test_broken_files import read_all  # noqa: E402

EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)


def seeds() -> dict[str, list[bytes]]:
    """Return good files by suffix, each kind in the shapes that writers make."""
    ids = [f"d{i}" for i in range(ROWS)]
    repeated = pa.table({"id": ids, "text": [TEXTS[i % 3] for i in range(ROWS)]})
    nested = pa.table({"id": ids, "text": TEXTS, "more": [{"a": [{"b": text}]} for text in TEXTS]})
    nulls = pa.table({"id": ids, "text": [text if i % 4 else None for i, text in enumerate(TEXTS)]})
    files = [parquet(compression=c) for c in ("none", "snappy", "zstd", "gzip", "lz4", "brotli")]
    files += [parquet(table) for table in (repeated, nested, nulls)]
    files += [parquet(use_dictionary=False, data_page_version="2.0", write_page_index=True)]
    files += [parquet(use_dictionary=False, column_encoding="DELTA_BYTE_ARRAY")]
    packed = gzip.compress(answer().split(b"\r\n\r\n", 1)[1])
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n"
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    other = record(head + packed) + record(chunked) + record(b"text", "conversion")
    archives = [archive(), other + archive()]
    return {
        ".parquet": files,
        ".jsonl": [good_lines()],
        ".jsonl.gz": [gzip.compress(good_lines())],
        ".jsonl.zst": [zstd(good_lines())],
        ".warc": archives,
        ".warc.gz": [b"".join(gzip.compress(record(answer(text))) for text in TEXTS)],
    }


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return a file after a few flips, cuts, doublings, insertions and extreme numbers."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        at = chance.randrange(max(1, len(changed)))
        if chance.random() < 0.3:  # where footers and trailers lie
            at = max(0, len(changed) - 1 - chance.randrange(400))
        size = chance.choice((1, 2, 4, 8, 64, 500))
        match chance.randrange(7):
            case 0:
                changed[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                changed[at : at + 1] = bytes(
                    [(changed[at] if changed else 0) ^ 1 << chance.randrange(8)]
                )
            case 2:
                del changed[at : at + size]
            case 3:
                changed[at:at] = changed[at : at + size]
            case 4:
                changed[at:at] = chance.randbytes(size)
            case 5:
                kind = chance.choice(["<B", "<H", "<I", ">I", "<Q"])
                number = chance.choice(EXTREMES) & (1 << 8 * struct.calcsize(kind)) - 1
                changed[at : at + struct.calcsize(kind)] = struct.pack(kind, number)
            case 6 if chance.random() < 0.3:
                del changed[at:]
    return bytes(changed)


def child(seed: int, place: Path, told: Any) -> None:
    """Read mutated files until killed; tell each name before, each exception after."""
    chance = random.Random(seed)
    kinds = seeds()
    while True:
        suffix = chance.choice(list(kinds))
        data = chance.choice(kinds[suffix])
        if suffix in (".jsonl.gz", ".warc.gz") and chance.random() < 0.5:
            plain = mutated(gzip.decompress(data), chance)
            data = gzip.compress(plain, 1)
        elif suffix == ".jsonl.zst" and chance.random() < 0.5:
            data = zstd(mutated(good_lines(), chance))
        else:
            data = mutated(data, chance)
        path = place / f"a{suffix}"
        path.write_bytes(data)
        told.send((suffix, None))
        try:
            read_all(path)
        except BaseException:
            told.send((suffix, traceback.format_exc()))


def private(pid: int) -> int:
    """Return the bytes that a process has in memory for itself."""
    import psutil

    return int(psutil.Process(pid).memory_full_info().uss)


def main() -> None:
    """Print counts by kind and every finding; exit 1 when there is one."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seconds", type=float, default=600)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--keep", type=Path, default=Path("/tmp/cleaner-fuzz"))
    asked.add_argument("--longest", type=float, default=30)
    asked.add_argument("--most", type=int, default=1 << 30)
    options = asked.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    ends = time.monotonic() + options.seconds
    read: Counter[str] = Counter()
    found = 0
    for seed in range(options.seed, 1 << 30):
        ours, theirs = multiprocessing.Pipe(duplex=False)
        running = multiprocessing.Process(target=child, args=(seed, options.keep, theirs))
        running.start()
        theirs.close()
        suffix, wrong = "", ""
        while not wrong and time.monotonic() < ends:
            try:
                if not ours.poll(options.longest):
                    wrong = f"over {options.longest:g} s"
                    break
                suffix, wrong = ours.recv()
            except EOFError:
                running.join()
                wrong = f"the reader died: {running.exitcode}"
                break
            read[suffix] += 1
            if read.total() % 500 == 0 and private(running.pid or 0) > options.most:
                wrong = f"{private(running.pid or 0):,} bytes in memory"
        running.kill()
        running.join()
        if wrong:
            found += 1
            kept = options.keep / f"found-{found}{suffix}"
            kept.write_bytes((options.keep / f"a{suffix}").read_bytes())
            print(f"{kept}: {wrong}", flush=True)
        if time.monotonic() >= ends or found >= 20:
            break
    print(f"{read.total():,} files: {dict(sorted(read.items()))}; {found} findings")
    raise SystemExit(bool(found))


if __name__ == "__main__":
    main()

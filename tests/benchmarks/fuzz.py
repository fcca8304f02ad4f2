"""Mutated files of every kind through the readers, for as long as asked.

    python tests/benchmarks/fuzz.py [--seconds 600] [--seed 0] [--keep /tmp/fuzz]

Every file must end in rows, each with its text or an error, or in a failure that names it: no
exception, no crash of a library, no file that takes over --longest seconds, no memory over --most.
A child reads; what kills or stops it is kept under --keep, and the next child goes on.
"""

import argparse
import multiprocessing
import random
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1])]

from support.fuzzing import damaged, seeds  # noqa: E402
from support.good_files import read_all  # noqa: E402


def child(seed: int, place: Path, told: Any) -> None:
    """Read mutated files until killed; tell each name before, each exception after."""
    chance = random.Random(seed)
    kinds = seeds()
    while True:
        suffix = chance.choice(list(kinds))
        data = damaged(suffix, chance.choice(kinds[suffix]), chance)
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

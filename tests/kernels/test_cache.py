"""Kernels compile once, and nothing that cannot be written stops them."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest

from cleaner import kernels

RUN = """
from cleaner.kernels import cache_folder
from cleaner.kernels.text.segment import segment
from cleaner.text.segment import words
assert words("to be") == ["to", "be"]
print(cache_folder(), sum(segment.stats.cache_hits.values()))
"""


def run(**environment: str) -> list[str]:
    """Return the cache folder and the cache hits of a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_second_process_compiles_nothing(tmp_path: Path) -> None:
    place = str(tmp_path / "made here")
    assert run(NUMBA_CACHE_DIR=place)[-1] == "0"
    *folder, hits = run(NUMBA_CACHE_DIR=place)
    assert (" ".join(folder), hits) == (f"{place}/kernels", "1")


def test_folders_that_cannot_be_written_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("no folder can be made below a file, even by root")
    monkeypatch.setattr(kernels, "PACKAGE", file)
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(file / "x"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    found = kernels.cache_folder.__wrapped__()
    assert found == tmp_path / f"cleaner-{os.geteuid()}" / "kernels"
    (tmp_path / f"cleaner-{os.geteuid()}").rename(tmp_path / "gone")
    (tmp_path / f"cleaner-{os.geteuid()}").write_text("somebody else's")
    assert kernels.cache_folder.__wrapped__().is_dir()


def test_what_a_kernel_inlines_is_in_the_name_of_its_cache() -> None:
    names = {path.name for path in kernels._sources("kernels.signals.count")}
    assert {"count.py", "lines.py", "eight_bytes.py", "segment.py", "unicode.py"} <= names
    assert "minhash.py" not in names


def test_bounds_are_checked_when_asked() -> None:
    program = (
        "import numpy as np\nfrom cleaner.kernels.unicode import decode\n"
        "try:\n    decode(np.zeros(2, np.uint8), 5, 9)\nexcept IndexError:\n    print('checked')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "NUMBA_BOUNDSCHECK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "checked", done.stderr


def test_the_lock_of_the_interpreter_is_released() -> None:
    from cleaner.text.segment import segment

    text = pl.Series(["word " * 1_000_000])
    segment(text.head(0))
    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(segment, text)
        ticks = 0
        while not work.done():
            ticks += 1
            time.sleep(0.0005)
    assert ticks > 5  # with the lock held, this thread would have slept through it all

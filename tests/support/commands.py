"""The command line as a user calls it."""

import os
import subprocess
import sys

import pytest

from cleaner.cli import main

INLINE = ("--engine", "inline")


def cleaner(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cleaner", *words],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def command(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """Return the exit code of a command."""
    monkeypatch.setattr("sys.argv", ["cleaner", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)

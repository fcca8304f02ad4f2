"""Where a run stands that has not finished yet, and what fell in it so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cleaner.runs.status import in_words, read_progress
from cleaner.storage import store
from cleaner.storage.run_folder import MANIFEST, RunFolder


def unfinished(path: str) -> dict[str, Any] | None:
    """Return the last progress that a run wrote which has no manifest yet; else None."""
    folder = RunFolder(path)
    if folder.manifest() is not None or store.exists(folder.at(MANIFEST)):
        return None  # what is truncated is said by whoever reads it
    return read_progress(path)


def state_in_words(said: Mapping[str, Any]) -> str:
    """Say how far a run is, and how it is, in one line.

    >>> state_in_words({"state": "running", "alive": None, "age": 7.2, "pid": 5, "host": "b",
    ...           "phase": "merge", "number": 2, "phases": 7})
    'phase 3 of 7; running: process 5 on b gave a sign of life 7 s ago'
    """
    begun = f"phase {under_way(said):,} of {said['phases']:,}; " if said["phase"] else ""
    return f"{begun}{in_words(said)}"


def under_way(said: Mapping[str, Any]) -> int:
    """Return the number of the phase that a run is in, from 1; 0 before the first one."""
    return said["number"] + 1 if said["phase"] else 0


def falls(said: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Return how many documents fell so far: stage -> reason -> documents, most first."""
    stages: dict[str, dict[str, int]] = {}
    for phase in said.get("so_far", []):
        for stage, reason, documents in phase["falls"]:
            stages.setdefault(stage, {})[reason] = documents
    return {
        stage: dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0])))
        for stage, reasons in stages.items()
    }

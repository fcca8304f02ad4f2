"""Distil a raw web corpus into a training subset, with every row accounted for."""

from importlib import import_module
from typing import Any

# Public names and where they live; loaded on first use, so that importing costs nothing.
_HOMES = {
    "compare_formulas": "cleaner.web.compare",
    "extract_html": "cleaner.web.page",
    "judge": "cleaner.stages.judge",
    "load_job": "cleaner.job.job_file",
    "measure": "cleaner.signals",
    "open_run": "cleaner.report.notebook",
    "run": "cleaner.api",
}

__all__ = [
    "compare_formulas",
    "extract_html",
    "judge",
    "load_job",
    "measure",
    "open_run",
    "run",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(
            f"module 'cleaner' has no attribute {name!r}; available: {', '.join(__all__)}"
        )
    return getattr(import_module(_HOMES[name]), name)

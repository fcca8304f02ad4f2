"""Distil a raw web corpus into a training subset, with every row accounted for."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cleaner.api import run
    from cleaner.job.job_file import load_job
    from cleaner.report.notebook import open_run
    from cleaner.signals import measure
    from cleaner.stages.judge import judge
    from cleaner.web.compare import compare_formulas
    from cleaner.web.page import extract_html

    __version__: str

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
    "__version__",
    "compare_formulas",
    "extract_html",
    "judge",
    "load_job",
    "measure",
    "open_run",
    "run",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("corpus-distiller")
    if name not in _HOMES:
        raise AttributeError(
            f"module 'cleaner' has no attribute {name!r}; available: {', '.join(_HOMES)}"
        )
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})

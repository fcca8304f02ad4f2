"""Finds filters/, jobs/ and samples/, inside an installed wheel or beside a checkout."""

from importlib.resources import files
from pathlib import Path

from cleaner.errors import JobError


def shipped(folder: str) -> Path:
    """Return the folder `filters`, `jobs` or `samples` that belongs to this installation."""
    package = Path(str(files("cleaner")))
    for place in (package / "_shipped" / folder, package.parent / folder):
        if place.is_dir():
            return place
    raise JobError(f"{folder}: not found beside {package}; is the installation complete?")


def shipped_path(path: str) -> str:
    """Return `path` with the prefix `shipped:` resolved; any other path unchanged.

    >>> shipped_path("data/pages.parquet")
    'data/pages.parquet'
    """
    if not path.startswith("shipped:"):
        return path
    folder, _, rest = path.removeprefix("shipped:").partition("/")
    return str(shipped(folder) / rest)

"""The versions of what makes a result, compared between machines and attempts.

They are in no key: a release that changes results says so by the version of a stage. But a run
whose parts were made by different ones says that they were.
"""

import platform
from collections.abc import Mapping
from importlib.metadata import version

_DISTRIBUTIONS = {
    "cleaner": "corpus-distiller",
    **{name: name for name in ("pyarrow", "polars", "numpy", "numba")},
}


def versions() -> dict[str, str]:
    """Return the versions of Python, this package and its libraries, here."""
    found = {name: version(distribution) for name, distribution in _DISTRIBUTIONS.items()}
    return {"python": platform.python_version(), **found}


def other_versions(theirs: Mapping[str, str]) -> str:
    """Say which versions differ from those here; nothing where none does.

    >>> other_versions(versions() | {"polars": "0.1"})[:10]
    'polars 0.1'
    """
    here = versions()
    return ", ".join(
        f"{name} {theirs.get(name, 'unknown')} (here {mine})"
        for name, mine in here.items()
        if theirs.get(name) != mine
    )

"""What is wrong with this installation: packages, models, caches, storage."""

import os
import platform
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from cleaner.config.shipped import shipped
from cleaner.errors import CleanerError
from cleaner.runs.resources import machine_memory
from cleaner.storage.probe import probe

_NEEDED = (
    "ray",
    "polars",
    "pyarrow",
    "numba",
    "obstore",
    "py3langid",
    "zstandard",
    "resiliparse",
)
_EXTRAS = {
    "rjieba": "zh", "sudachipy": "ja", "kiwipiepy": "ko", "tokenizers": "tokenize",
    "onnxruntime": "embed", "sentence_transformers": "sentence-transformers",
}  # fmt: skip


@dataclass(frozen=True)
class Check:
    """One thing looked at."""

    name: str
    good: bool
    found: str


def examine(folder: str | None = None) -> list[Check]:
    """Return every check; `folder` is tried as the storage of a run."""
    checks = [_python(), *(_package(name) for name in _NEEDED), _fasttext()]
    checks += [_extra(name, extra) for name, extra in _EXTRAS.items()]
    checks += [_try("shipped files", _shipped), _try("language model", _language)]
    checks += [_try("kernels", _kernels), _memory(), _token()]
    if folder is not None:
        checks += _storage(folder)
    return checks


def _python() -> Check:
    good = (3, 11) <= sys.version_info[:2] <= (3, 13)
    return Check("python", good, f"{platform.python_version()} (3.11 to 3.13)")


def _package(name: str) -> Check:
    try:
        return Check(name, True, version(name))
    except PackageNotFoundError:
        return Check(name, False, f"not installed; pip install {name}")


def _fasttext() -> Check:
    from cleaner.models.scoring.fasttext import fault, installed

    found = installed()
    wrong = fault(found)
    return Check("fasttext", wrong is None, wrong or " ".join(found[0]))


def _extra(name: str, extra: str) -> Check:
    try:
        return Check(name, True, version(name))
    except PackageNotFoundError:
        return Check(
            name, True, f"not installed (optional: pip install 'corpus-distiller[{extra}]')"
        )


def _try(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except (CleanerError, OSError, ImportError, RuntimeError) as error:
        return Check(name, False, str(error).split("\n", 1)[0])


def _shipped() -> str:
    return ", ".join(
        f"{name}/ {len(list(shipped(name).iterdir()))}" for name in ("filters", "jobs", "samples")
    )


def _language() -> str:
    from cleaner.models.language.backends import backend

    return type(backend(None)).__name__


def _kernels() -> str:
    import polars as pl

    from cleaner.signals import measure

    found = measure(pl.Series(["to be or not"]), ["words"])["words"][0]
    if found != 4:
        raise RuntimeError(f"the kernels count {found} words in a text of 4")
    return f"work; compiled code is cached in {os.environ.get('NUMBA_CACHE_DIR', 'the package')}"


def _memory() -> Check:
    memory, free = machine_memory(), shutil.disk_usage(".").free
    return Check(
        "machine",
        memory >= 2 << 30,
        f"{os.cpu_count()} cores, {memory / 1e9:.0f} GB memory, {free / 1e9:.0f} GB free here",
    )


def _token() -> Check:
    """Say whether Ray asks for its token: without it, whoever reaches a node runs code there."""
    off = os.environ.get("RAY_AUTH_MODE", "token").lower() != "token"
    found = "switched off by RAY_AUTH_MODE" if off else "on, for the Ray that a run starts itself"
    return Check("ray token", not off, found)


def _storage(folder: str) -> list[Check]:
    """Return what a run asks of its storage; one that cannot be written is not asked further."""
    shown = re.sub("//[^/]*@", "//…@", folder)
    checks: list[Check] = []
    try:
        for name, wrong in probe(folder):
            checks.append(Check(f"{shown}: {name}", wrong is None, wrong or "works"))
            if len(checks) == 1 and wrong is not None:
                break
    except CleanerError as error:
        checks.append(Check(shown, False, str(error)))
    return checks

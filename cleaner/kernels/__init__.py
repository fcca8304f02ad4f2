"""Compiled loops over Arrow buffers, each with a reference in plain Python in the tests.

`jit` is the one way to compile here. Machine code is cached in the first of these folders that can
be written, so that nothing is compiled twice and a read-only package or home folder stops nobody:
`NUMBA_CACHE_DIR`, the package's own `__pycache__`, `~/.cache/cleaner`, the folder of temporary
files. Inside, each kernel has a folder named by a digest of its module and of the modules of ours
that this one imports: one kernel inlines another, and numba looks only at the file of the outer.
"""

import os
import platform
import re
import tempfile
import warnings
from collections.abc import Callable
from functools import cache, partial
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import numba
from numba.core import config as numba_config

config: Any = numba_config  # its fields are made at run time
PACKAGE = Path(__file__).parents[1]
IMPORTS = re.compile(r"^(?:from|import) cleaner\.([\w.]+)(?: import (\([^)]*\)|.+))?", re.M)


def _writable(folder: Path) -> bool:
    """Return whether a file can be made in `folder`, which is made for us alone if need be."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # What lies there is loaded as code: a folder of somebody else's is not ours to trust.
        if folder.stat().st_uid != os.geteuid():
            return False
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


@cache
def cache_folder() -> Path:
    """Return the folder of compiled kernels: the first of the list above that can be written."""
    places = [
        PACKAGE / "kernels" / "__pycache__",
        Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "cleaner",
        Path(tempfile.gettempdir()) / f"cleaner-{os.geteuid()}",
    ]
    if os.environ.get("NUMBA_CACHE_DIR"):
        places.insert(0, Path(os.environ["NUMBA_CACHE_DIR"]))
    for place in places:
        if _writable(place / "kernels"):
            return place / "kernels"
    return Path(tempfile.mkdtemp(prefix="cleaner-"))  # the name above is somebody else's


@cache
def _sources(module: str) -> frozenset[Path]:
    """Return the files of ours that `module` (below `cleaner`) is made of, imports included."""
    path = PACKAGE.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    if not path.is_file():
        return frozenset()
    found = {path}
    for parent, names in IMPORTS.findall(path.read_text("utf-8")):
        inner = [f"{parent}.{name}" for name in re.findall(r"\w+", names)]
        for other in [parent, *inner]:
            if other != module:
                found |= _sources(other)
    return frozenset(found)


@cache
def _folder(module: str) -> str:
    """Return the cache folder of the kernels of `module`."""
    state = sha256(f"{numba.__version__} {platform.python_version()} {config.BOUNDSCHECK}".encode())
    for source in sorted(_sources(module)):
        state.update(source.read_bytes())
    return str(cache_folder() / f"{module}-{state.hexdigest()[:16]}")


def jit(function: Callable[..., Any], **options: bool) -> Callable[..., Any]:
    """Compile `function` without the GIL; its machine code is kept on disk.

    Division by zero gives inf or nan as in numpy; there is no fastmath, so results never depend on
    the machine's taste. `NUMBA_BOUNDSCHECK=1` is honoured, with a cache of its own.
    """
    # numba asks for the folder while decorating and never again: other users' functions keep theirs
    folder = _folder(function.__module__.removeprefix("cleaner."))
    before, config.CACHE_DIR = config.CACHE_DIR, folder
    compiler: Any = numba.njit  # its stubs know few of its options
    try:
        compiled = compiler(cache=True, nogil=True, error_model="numpy", **options)(function)
    finally:
        config.CACHE_DIR = before
    if kept := getattr(compiled, "_cache", None):  # NUMBA_DISABLE_JIT makes none
        kept.save_overload = _unless_refused(kept.save_overload, folder)
    return compiled


def _unless_refused(save: Callable[..., None], folder: str) -> Callable[..., None]:
    """Return what keeps machine code, which a full disk keeps from no work."""

    def keep(*args: Any) -> None:
        try:
            save(*args)
        except OSError as error:
            warnings.warn(
                f"{folder}: {error.strerror}; kernels are not kept, every process compiles its own "
                "(NUMBA_CACHE_DIR names another folder)",
                stacklevel=2,
            )

    return keep


# For what makes no array: numba then counts no references to those it is given. Counting them costs
# some 20 ns at every call, ten times what most functions that are called for each character do.
leaf = partial(jit, _nrt=False)

# The same as a part of whatever calls it: for what is small and called for every character.
inlined = partial(jit, _nrt=False, forceinline=True)


def warm() -> None:
    """Compile, or load from the cache, every kernel: the driver's work before workers start.

    A module of kernels takes part by having a function `warm`.
    """
    for module in walk_packages([str(PACKAGE / "kernels")], f"{__name__}."):
        getattr(import_module(module.name), "warm", lambda: None)()

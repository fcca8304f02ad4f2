"""A shortage is no verdict: which errors are the machine's, and what is said of them.

Only what the bytes say may condemn a row or a file. An error of memory, descriptors, threads,
permissions, network or disk ends the task uncommitted; once it is mended, the same command goes on
as if nothing had been. Whoever turns an error of a library into a verdict asks here first.
"""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from cleaner.errors import CleanerError, MemoryShort, StorageError, is_panic

_MEMORY = re.compile(
    # zlib and zstd say what they lack in an error that otherwise means bad data; Parquet's reader
    # passes on what a container of C++ threw.
    r"Error -4 while |Allocation error ?: not enough memory$|std::bad_alloc$"
)
# What an error of Rust ends with when the system refused something.
_REFUSED = re.compile(r'Os \{ code: (\d+), [^"]*"[^"]*" \}[\s)}]*$|\(os error (\d+)\)(?:\W*$|: /)')
_NO_THREAD = "can't start new thread"
_ASKED = re.compile(r"alloc of size (\d+) failed")
_ABSURD = 1 << 42  # bytes that no machine has: whoever asks for them was told so by bad bytes
_ADVICE = {
    errno.ENOSPC: "what is committed stays: make room",
    errno.EDQUOT: "what is committed stays: make room",
    errno.EACCES: "give this process the right to it",
    errno.EPERM: "give this process the right to it",
    errno.EROFS: "make it writable, or name another --out",
    errno.ENOENT: "bring it back, or name another path",
    errno.ENOTDIR: "name another path",
    errno.ENAMETOOLONG: "name another path",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.ENFILE: "raise the machine's limit of open files",
    errno.EAGAIN: "raise the limit of processes and threads (ulimit -u)",
}


def is_shortage(error: BaseException) -> bool:
    """Return whether the machine is to blame for an error, and not the bytes that were read.

    pyarrow gives an errno where the system refused something, and none where it cannot decode.

    >>> is_shortage(OSError(5, "Input/output error")), is_shortage(OSError("Corrupt snappy data"))
    (True, False)
    """
    return isinstance(error, StorageError) or _lacks_memory(error) or _number(error) is not None


def told(error: BaseException, where: str) -> CleanerError:
    """Return a shortage as the one line that the run ends with; `where` is a file or a unit."""
    if isinstance(error, CleanerError):
        return error
    if _lacks_memory(error):
        said = str(error).strip().split("\n", 1)[0] or type(error).__name__
        return MemoryShort(
            f"{where}: out of memory ({said}); no document fails for it: give it more memory or "
            "fewer --workers, and the same command continues"
        )
    number = _number(error) or 0
    advice = _ADVICE.get(number, "mend the storage")
    return StorageError(f"{where}: {os.strerror(number)}; {advice}, and the same command continues")


@contextmanager
def naming(where: str) -> Iterator[None]:
    """Say of a shortage in the block where it was met."""
    try:
        yield
    except BaseException as error:
        if not is_shortage(error):
            raise
        raise told(error, where) from error


def filename(error: BaseException) -> str | None:
    """Return the file that an error of the system is about, where it says so."""
    return getattr(error, "filename", None) if isinstance(error, OSError) else None


def _lacks_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError):
        asked = _ASKED.search(str(error))
        return asked is None or int(asked[1]) < _ABSURD
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    known = isinstance(error, OSError) or type(error).__module__.startswith(("zlib", "zstandard"))
    return known and _MEMORY.search(str(error)) is not None


def _number(error: BaseException) -> int | None:
    """Return the errno of what the system refused, or None."""
    if isinstance(error, OSError):
        if error.errno is None and (found := _REFUSED.search(str(error))):  # of Polars
            return int(found[1] or found[2])
        return error.errno
    if isinstance(error, RuntimeError) and str(error) == _NO_THREAD:
        return errno.EAGAIN
    if is_panic(error) and (found := _REFUSED.search(str(error))):
        return int(found[1] or found[2])
    return None

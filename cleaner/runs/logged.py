"""What a run tells whoever shows it also goes to its log, with why it ended."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from cleaner.config.versions import versions
from cleaner.errors import CleanerError
from cleaner.runs.alarms import Warn
from cleaner.runs.interrupts import Stopped
from cleaner.runs.run_log import Lines, RunLog
from cleaner.runs.status import Report
from cleaner.storage.waiting import heard

T = TypeVar("T")


@dataclass(frozen=True)
class Told:
    """Takes what a run tells."""

    report: Report
    warn: Warn
    note: Warn
    opened: Callable[[], None]  # to be called once the folder is the run's


@contextmanager
def logged(folder: str, as_json: bool, report: Report, warn: Warn, note: Warn) -> Iterator[Told]:
    """Yield what tells both the given functions and the log of the run in a folder.

    Who waits for an object store in the block is heard as a warning.
    """
    log = RunLog(folder, as_json)
    lines = Lines(log.write)
    here = ", ".join(f"{name} {version}" for name, version in versions().items())
    lines.note(f"begun by process {os.getpid()} on {socket.gethostname()}; {here}")
    told = Told(
        _both(report, lines.report), _both(warn, lines.warn), _both(note, lines.note), log.open
    )
    try:
        with heard(told.warn):
            yield told
    except (KeyboardInterrupt, Stopped):
        lines.note("stopped; everything committed is kept")
        raise
    except BaseException as error:
        head = "" if isinstance(error, CleanerError) else f"{type(error).__name__}: "
        log.write("error", f"{head}{error}", {})
        raise
    finally:
        log.close()


def _both(one: Callable[[T], None], other: Callable[[T], None]) -> Callable[[T], None]:
    def tell(what: T) -> None:
        one(what)
        other(what)

    return tell

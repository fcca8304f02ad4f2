"""Who else hears of a run beside its terminal: a file of metrics, and a command of the user's."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cleaner.cli.progress import Shown
from cleaner.errors import AlarmError
from cleaner.runs.interrupts import Stopped
from cleaner.runs.metrics import Metrics
from cleaner.runs.notify import Notify
from cleaner.runs.status import Ended, Progress


@dataclass(frozen=True)
class Watching:
    """Passes on what a run reports."""

    shown: Shown
    metrics: Metrics | None
    notify: Notify | None

    def report(self, progress: Progress) -> None:
        """Show where a phase stands, and count it."""
        self.shown.report(progress)
        if self.metrics is not None:
            self.metrics.report(progress)

    def warn(self, message: str) -> None:
        """Show a warning; an alarm is worth a call."""
        self.shown.warn(message)
        if self.notify is not None and message.startswith("alarm "):
            self.notify("alarm", message)

    def finished(self, manifest: dict[str, Any]) -> None:
        """Tell that the run is whole."""
        if self.metrics is not None:
            self.metrics.end("finished")
        if self.notify is not None:
            rows = manifest["rows"]
            said = f"kept {rows['kept']:,} of {rows['in']:,} documents"
            self.notify("finished", said, rows=rows, seconds=manifest["seconds"])


@contextmanager
def watched(
    shown: Shown, folder: str, metrics: str | None, notify: str | None
) -> Iterator[Watching]:
    """Yield what passes on the reports of a run, and tell of its end if it is a bad one."""
    watching = Watching(
        shown,
        None if metrics is None else Metrics(metrics, folder),
        None if notify is None else Notify(notify, folder, shown.warn),
    )
    try:
        yield watching
    except (KeyboardInterrupt, Stopped):
        _ended(watching, "stopped", "stopped; the same command continues")
        raise
    except AlarmError as error:
        _ended(watching, "failed", str(error), event="alarm")
        raise
    except Exception as error:
        _ended(watching, "failed", str(error) or type(error).__name__)
        raise


def _ended(watching: Watching, how: Ended, said: str, event: str = "") -> None:
    if watching.metrics is not None:
        watching.metrics.end(how)
    if watching.notify is not None:
        watching.notify(event or how, said)

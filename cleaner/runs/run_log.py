"""The log of a run: what it says, with the time, in `OUT/_work/run.log`.

It is there for whoever comes later. It ends no run: where it cannot be written, it is not. It is
of all attempts in a folder, and `cleaner gc` leaves it.
"""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from cleaner.config.display import escaped, time_text, visible
from cleaner.errors import CleanerError
from cleaner.runs.status import Progress
from cleaner.storage import store
from cleaner.storage.run_folder import LOG

Level = Literal["info", "warning", "error"]
Write = Callable[[Level, str, Mapping[str, Any]], None]  # level, message, and what more there is
EVERY = 10.0  # seconds between lines of one phase
_UPLOAD = 30.0  # seconds between two writes of a log on an object store, where nothing is appended


def json_line(level: Level, message: str, more: Mapping[str, Any], at: float | None = None) -> str:
    """Return a message as one line of JSON: `time`, `level`, `message`, and what more there is.

    >>> json_line("info", "a\\nb", {"rows": 3}, 0.25)
    '{"time": "1970-01-01T00:00:00.250Z", "level": "info", "message": "a\\\\nb", "rows": 3}'
    """
    said = {"time": _clock(at), "level": level, "message": message, **more}
    return escaped(json.dumps(said, ensure_ascii=False, default=str))


def text_line(level: Level, message: str, at: float | None = None) -> str:
    """Return a message as a line for people; further lines of it are indented.

    >>> text_line("warning", "a\\nb", 0.25)
    '1970-01-01T00:00:00.250Z warning a\\n    b'
    """
    return f"{_clock(at)} {level:<7} " + visible(message).replace("\n", "\n    ")


def _clock(at: float | None) -> str:
    now = time.time() if at is None else at
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    return f"{whole}.{int(now % 1 * 1000):03d}Z"


class RunLog:
    """Writes what a run says; what it says before the folder is its own waits."""

    def __init__(self, folder: str, as_json: bool = False) -> None:
        self.path = store.join(folder, LOG)
        self.remote = store.is_remote(folder)
        self.as_json = as_json
        self._waiting: list[str] | None = []
        self._stored = b""  # what is on the object store, and what goes there next
        self._uploaded = 0.0

    def write(self, level: Level, message: str, more: Mapping[str, Any]) -> None:
        """Write a message, or keep it until the log is opened."""
        line = json_line(level, message, more) if self.as_json else text_line(level, message)
        if self._waiting is None:
            self._put(f"{line}\n")
        else:
            self._waiting.append(f"{line}\n")

    def open(self) -> None:
        """Begin to write: this folder is the run's."""
        if self.remote:
            with suppress(CleanerError):
                self._stored = store.read_bytes(self.path) if store.exists(self.path) else b""
        waiting, self._waiting = self._waiting or [], None
        self._put("".join(waiting))

    def close(self) -> None:
        """Write what has not been written yet."""
        if self.remote and self._waiting is None:
            self._upload()

    def _put(self, lines: str) -> None:
        data = lines.encode("utf-8", "backslashreplace")
        if self.remote:
            self._stored += data
            if time.monotonic() - self._uploaded > _UPLOAD:
                self._upload()
            return
        with suppress(OSError):
            path = Path(store.place(self.path))
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "ab", buffering=0) as file:  # in one write: others may append, too
                file.write(data)

    def _upload(self) -> None:
        self._uploaded = time.monotonic()
        with suppress(CleanerError):
            store.write_whole(self.path, self._stored)


class Lines:
    """A line when a phase begins to move, every ten seconds, and when it ends."""

    def __init__(self, write: Write) -> None:
        self.write = write
        self.last: dict[str, float] = {}

    def report(self, progress: Progress) -> None:
        """Write a line, unless the last one of this phase is fresh."""
        last = self.last.get(progress.phase, 0.0)
        if not progress.finished and progress.seconds - last < EVERY:
            return
        if progress.kept is None and progress.seconds < 1 and not progress.documents:
            return  # a step that is over before anyone could ask for it
        self.last[progress.phase] = progress.seconds
        left = "" if progress.finished else f", {left_text(progress.seconds_left)} left"
        line = (
            f"{progress.number + 1}/{progress.phases} {short(progress.title)}: "
            f"{progress.units_done:,}/{progress.units:,} units{found(progress)}, "
            f"{told(progress)}, {progress.seconds:.1f} s{left}"
        )
        self.write("info", line, {"progress": asdict(progress)})

    def note(self, message: str) -> None:
        """Write a line."""
        self.write("info", message, {})

    def warn(self, message: str) -> None:
        """Write a warning."""
        self.write("warning", message, {})


def told(progress: Progress) -> str:
    """Return documents, speed and what is kept so far, in a few words."""
    if progress.parts > progress.units_done and not progress.finished:
        return f"{progress.parts:,} parts committed"
    if progress.documents and progress.kept is None:
        return f"{progress.documents:,} documents"
    if not progress.documents or progress.kept is None:
        return "done" if progress.finished else "running"
    share = progress.kept / progress.documents
    speed = progress.bytes / 1e6 / progress.seconds if progress.seconds > 0.5 else 0.0
    rate = f", {speed:,.1f} MB/s kept" if speed and not progress.units_found else ""
    return f"{progress.documents:,} documents, kept {share:.1%}{rate}"


def found(progress: Progress) -> str:
    """Say how many units are from earlier attempts, where some are."""
    return f" ({progress.units_found:,} from before)" if progress.units_found else ""


def left_text(seconds: float | None) -> str:
    """Return the time that something still takes; ? where nobody can say."""
    return "?" if seconds is None else time_text(seconds)


def short(title: str) -> str:
    """Return a title that is not too long for a line."""
    return title if len(title) <= 60 else title[:57] + "…"

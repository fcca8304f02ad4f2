"""Where a run stands: told to whoever shows it, written to its folder, and read from there."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args

from cleaner.errors import CleanerError
from cleaner.runs.interrupts import Stopped
from cleaner.runs.processes import lives, this_process
from cleaner.storage import store
from cleaner.storage.run_folder import plain_json, read_json

if TYPE_CHECKING:  # `cleaner status` does without what a run needs
    from cleaner.runs.phases.base import Phase, Prepared
    from cleaner.storage.commits import Marker

_FILE = "_work/progress.json"
_SIGN_OF_LIFE = 5.0  # seconds between two writes of the file
_SAID = {
    "time": float, "pid": int, "host": str, "identity": str, "phase": str, "title": str,
    "number": int, "phases": int, "units": int, "units_done": int, "documents": int,
}  # fmt: skip
_FEW = 20  # units of a phase in which parts are counted, too


OLDEST = 10  # units under way that are told by name


@dataclass(frozen=True)
class Working:
    """A unit that a worker is busy with."""

    unit: str
    seconds: float  # since it was given out, or last committed a part
    node: str  # "": not known yet
    file: str  # the first one it reads; "": none of the input


@dataclass(frozen=True)
class Progress:
    """Where a phase stands, for whoever shows it."""

    phase: str
    title: str
    number: int
    phases: int
    units: int
    units_done: int
    units_found: int  # of those done, committed by an earlier attempt
    documents: int
    kept: int | None
    bytes: int
    seconds: float
    finished: bool
    parts: int = 0  # committed parts of units still under way, as of the last look
    # Documents that fell so far: stage, reason (`failed` where it could not be judged), how many.
    falls: tuple[tuple[str, str, int], ...] = ()
    under_way: tuple[Working, ...] = ()  # those that have gone on for longest
    waiting: int = 0  # units that nobody works on yet
    retries: Mapping[str, int] = field(default_factory=dict)  # of this attempt at the run, by cause
    lost_seconds: float = 0.0  # of workers, in attempts that died
    seconds_left: float | None = None  # of the phase
    run_seconds_left: float | None = None  # of all phases; a rough guess


Report = Callable[[Progress], None]


@dataclass
class Tally:
    """What an engine had to do again."""

    retries: Counter[str] = field(default_factory=Counter)  # by cause: node, memory, worker
    lost_seconds: float = 0.0  # of workers

    def died(self, cause: str, seconds: float) -> None:
        """Note an attempt that ended with its worker."""
        self.retries[cause] += 1
        self.lost_seconds += seconds


class Workers(Protocol):
    """What an engine tells of its work."""

    tally: Tally

    def under_way(self) -> list[Working]:
        """Return the units that workers are busy with, those that began first ahead."""


Ended = Literal["finished", "stopped", "failed"]


class _Record:
    """Writes where a run stands to its folder now and then, for `cleaner status`."""

    def __init__(self, report: Report, folder: str, identity: str, phases: int) -> None:
        self.report, self.path = report, store.join(folder, _FILE)
        self.who = {**this_process(), "identity": identity}
        self.last = 0.0
        self.phases: dict[str, dict[str, Any]] = {}
        self.at = Progress("", "starting", 0, phases, 0, 0, 0, 0, None, 0, 0.0, False)
        self.write()
        self.last = -_SIGN_OF_LIFE  # the first word of a phase follows at once

    def both(self, progress: Progress) -> None:
        self.report(progress)
        self.at = progress
        if progress.kept is not None:
            names = ("title", "documents", "kept", "units", "units_done", "falls", "finished")
            self.phases[progress.phase] = {name: getattr(progress, name) for name in names}
        if time.monotonic() - self.last > _SIGN_OF_LIFE or progress.finished:
            self.write()

    def write(self, **more: Any) -> None:
        self.last = time.monotonic()
        said = {
            **asdict(self.at), "time": time.time(), **self.who,
            "so_far": list(self.phases.values()), **more,
        }  # fmt: skip
        store.write_whole(self.path, plain_json(said))

    def end(self, how: Ended, said: str = "") -> None:
        # What ended the run may hinder this as well; then the process tells by being gone.
        with suppress(CleanerError, OSError):
            self.write(ended=how, said=said)


@contextmanager
def recorded(report: Report, folder: str, identity: str, phases: int) -> Iterator[Report]:
    """Yield `report`, also written to the run folder now and then, and how the block ends."""
    record = _Record(report, folder, identity, phases)
    try:
        yield record.both
    except (KeyboardInterrupt, Stopped):
        record.end("stopped")
        raise
    except BaseException as error:
        record.end("failed", str(error) or type(error).__name__)
        raise
    record.end("finished")


def read_progress(folder: str) -> dict[str, Any] | None:
    """Return the last progress that a run wrote, with `state`, `alive` and `age`.

    `state` is running, interrupted, or as the run itself said at its end: finished, stopped,
    failed. `alive` is whether its process lives, None where that cannot be seen from here: then it
    is running while it gives signs of life. `age` is in seconds since the last one.
    """
    said = read_json(store.join(folder, _FILE))
    if not isinstance(said, dict) or not all(
        isinstance(said.get(name), kind) for name, kind in _SAID.items()
    ):
        return None
    age = time.time() - said["time"]
    said |= {"alive": lives(said), "age": round(max(0.0, age), 1)}
    if said.get("ended") in get_args(Ended):
        return {**said, "state": said["ended"]}
    # A clock ahead of ours, by more than clocks differ, is no sign of life either.
    running = said["alive"] if said["alive"] is not None else abs(age) < 6 * _SIGN_OF_LIFE
    return {**said, "state": "running" if running else "interrupted"}


def in_words(said: Mapping[str, Any]) -> str:
    """Say how a run is, by what `read_progress` returns of it, for a person.

    >>> in_words({"state": "running", "alive": None, "age": 7.2, "pid": 5, "host": "b"})
    'running: process 5 on b gave a sign of life 7 s ago'
    """
    who, ago = f"process {said['pid']} on {said['host']}", f"{_time_text(said['age'])} ago"
    again = "the same command continues"
    if said["state"] == "finished":
        return f"finished {ago}"
    if said["state"] == "stopped":
        return f"stopped {ago}; {again}"
    if said["state"] == "failed":
        return f"failed {ago}: {said.get('said', '')}"
    if said["state"] == "running":
        alive = "lives, and last reported" if said["alive"] else "gave a sign of life"
        return f"running: {who} {alive} {ago}"
    if said["alive"] is False:
        return f"interrupted: {who} is gone, its last sign of life was {ago}; {again}"
    return f"interrupted: no sign of life from {who} since {ago}; {again}"


def _time_text(seconds: float) -> str:
    for unit, size in (("s", 120), ("min", 7200), ("h", 172_800)):
        if seconds < size:
            return f"{seconds / {'s': 1, 'min': 60, 'h': 3600}[unit]:,.0f} {unit}"
    return f"{seconds / 86_400:,.0f} days"


class Shown:
    """Adds up a phase's progress and says so about once a second."""

    def __init__(
        self,
        phase: Phase,
        number: int,
        count: int,
        prepared: Prepared,
        markers: Mapping[str, list[Marker]],
        report: Report,
        running: Workers,
        later: Callable[[float], float | None],
    ) -> None:
        self.running, self.later = running, later
        self.falls: Counter[tuple[str, str]] = Counter()
        self.phase, self.number, self.count, self.report = phase, number, count, report
        self.units = len(prepared.units)
        self.found = len(markers)
        self.done = 0
        self.documents = self.kept = self.bytes = 0
        self.started = time.monotonic()
        self.last = self.looked = 0.0
        self.parts = 0
        for parts in markers.values():
            self.add(parts)

    def add(self, markers: Sequence[Marker]) -> None:
        self.done += 1
        for marker in markers:
            self.documents += marker.facts.get("rows", 0)
            self.kept += marker.facts.get("kept", 0)
            self.bytes += marker.facts.get("bytes", 0)
            for stage, reason, documents in marker.facts.get("falls", ()):
                self.falls[stage, reason] += documents

    def look(self, folder: str) -> None:
        """Count, now and then, the parts of large units that are committed below a folder."""
        from cleaner.storage.commits import phase_folder

        if self.units < _FEW and time.monotonic() - self.looked > _SIGN_OF_LIFE:
            self.looked = time.monotonic()
            commits = store.join(phase_folder(folder, self.phase.name), "_commits")
            self.parts = len(store.names(commits))

    def say(self, force: bool = False, finished: bool = False) -> None:
        now = time.monotonic()
        if not force and now - self.last < 1:
            return
        self.last = now
        left = self._left(now - self.started)
        later = None if left is None else self.later(now - self.started + left)
        under_way = self.running.under_way()
        self.report(
            Progress(
                self.phase.name, self.phase.title, self.number, self.count, self.units, self.done,
                self.found, self.documents, self.kept if self.phase.counts_rows else None,
                self.bytes, now - self.started, finished, self.parts,
                falls=tuple((*key, count) for key, count in sorted(self.falls.items())),
                under_way=tuple(under_way[:OLDEST]),
                waiting=max(0, self.units - self.done - len(under_way)),
                retries=dict(self.running.tally.retries),
                lost_seconds=round(self.running.tally.lost_seconds, 1),
                seconds_left=left,
                run_seconds_left=None if left is None or later is None else left + later,
            )
        )  # fmt: skip

    def _left(self, seconds: float) -> float | None:
        """Return about the seconds until the phase is done, by the units of this attempt."""
        fresh, left = self.done - self.found, self.units - self.done
        if not left:
            return 0.0
        return seconds / fresh * left if fresh > 0 else None

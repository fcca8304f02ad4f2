"""Where a run stands: told to whoever shows it, written to its folder, and read from there."""

import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cleaner.runs.finish import plain_json
from cleaner.runs.phases.base import Phase, Prepared
from cleaner.storage import store
from cleaner.storage.commits import Marker, phase_folder
from cleaner.storage.run_folder import read_json

_FILE = "_work/progress.json"
_SIGN_OF_LIFE = 5.0  # seconds between two writes of the file
_SAID = {"time", "pid", "host", "identity", "phase", "number", "phases", "units"}
_FEW = 20  # units of a phase in which parts are counted, too


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


Report = Callable[[Progress], None]


def saved(report: Report, folder: str, identity: str) -> Report:
    """Return `report`, also written to the run folder now and then, for `cleaner status`."""
    who = {"pid": os.getpid(), "host": socket.gethostname(), "identity": identity}
    last = 0.0

    def both(progress: Progress) -> None:
        nonlocal last
        report(progress)
        if time.monotonic() - last > _SIGN_OF_LIFE or progress.finished:
            last = time.monotonic()
            said = {**asdict(progress), "time": time.time(), **who}
            store.write_whole(store.join(folder, _FILE), plain_json(said))

    return both


def read_progress(folder: str) -> dict[str, Any] | None:
    """Return the last progress a run wrote, with `state`: running or interrupted."""
    said = read_json(store.join(folder, _FILE))
    if not isinstance(said, dict) or not said.keys() >= _SAID:
        return None
    # A clock ahead of ours, by more than clocks differ, is no sign of life either.
    silent = abs(time.time() - said["time"])
    said["state"] = "running" if silent < 6 * _SIGN_OF_LIFE else "interrupted"
    return said


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
    ) -> None:
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

    def look(self, folder: str) -> None:
        """Count, now and then, the parts of large units that are committed below a folder."""
        if self.units < _FEW and time.monotonic() - self.looked > _SIGN_OF_LIFE:
            self.looked = time.monotonic()
            commits = store.join(phase_folder(folder, self.phase.name), "_commits")
            self.parts = len(store.names(commits))

    def say(self, force: bool = False, finished: bool = False) -> None:
        now = time.monotonic()
        if not force and now - self.last < 1:
            return
        self.last = now
        self.report(
            Progress(
                self.phase.name, self.phase.title, self.number, self.count, self.units, self.done,
                self.found, self.documents, self.kept if self.phase.counts_rows else None,
                self.bytes, now - self.started, finished, self.parts,
            )
        )  # fmt: skip

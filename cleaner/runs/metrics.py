"""A run as metrics in a text file that Prometheus reads, such as its node exporter's collector."""

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress

from cleaner.errors import CleanerError
from cleaner.runs.status import Ended, Progress
from cleaner.storage import store

_EVERY = 5.0  # seconds between two writes
_ABOUT = {
    "cleaner_phase": ("gauge", "the phase under way, counted from 1"),
    "cleaner_phases": ("gauge", "how many phases the run has"),
    "cleaner_units": ("gauge", "units of the phase, by state"),
    "cleaner_documents": ("gauge", "documents that a phase has done, by phase"),
    "cleaner_kept_documents": ("gauge", "of those, the ones that go on, by phase"),
    "cleaner_kept_bytes": ("gauge", "bytes of text that go on, by phase"),
    "cleaner_fallen_documents": (
        "gauge",
        "documents that fell so far, by stage and reason",
    ),
    "cleaner_retries_total": ("counter", "attempts that died with their worker, by cause"),
    "cleaner_lost_worker_seconds_total": ("counter", "seconds of workers in such attempts"),
    "cleaner_seconds_left": ("gauge", "about the seconds that are left, of the phase and the run"),
    "cleaner_oldest_unit_seconds": ("gauge", "how long the oldest unit has gone on, by node"),
    "cleaner_running": ("gauge", "1 while the run goes on"),
    "cleaner_ended": ("gauge", "1 for how the run has ended: finished, stopped, failed"),
    "cleaner_updated_seconds": ("gauge", "the time of this file, in seconds since 1970"),
}
Sample = tuple[str, Mapping[str, str], float]


class Metrics:
    """Writes what a run reports to a file, whole or not at all.

    Where it cannot be written the run goes on: nothing depends on it.
    """

    def __init__(self, path: str, run: str) -> None:
        self.path, self.run = path, run
        self.last = 0.0
        self.phases: dict[str, Progress] = {}
        self.ended: Ended | None = None

    def report(self, progress: Progress) -> None:
        """Take where a phase stands."""
        self.phases[progress.phase] = progress
        if progress.finished or time.monotonic() - self.last > _EVERY:
            self.write()

    def end(self, how: Ended) -> None:
        """Write how the run has ended."""
        self.ended = how
        self.write()

    def write(self) -> None:
        """Write the file."""
        self.last = time.monotonic()
        with suppress(CleanerError, OSError):
            store.write_whole(self.path, self.text().encode())

    def text(self) -> str:
        """Return the metrics in the text format of Prometheus."""
        found: dict[str, list[str]] = {name: [] for name in _ABOUT}
        for name, by, value in self._samples():
            labels = {"run": self.run, **by}
            said = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
            found[name].append(f"{name}{{{said}}} {float(value):.15g}")
        lines = []
        for name, mine in found.items():
            kind, what = _ABOUT[name]
            if mine:
                lines += [f"# HELP {name} {what}", f"# TYPE {name} {kind}", *mine]
        return "\n".join(lines) + "\n"

    def _samples(self) -> Iterator[Sample]:
        phases = list(self.phases.values())
        for one in phases:
            if one.kept is not None:
                by = {"phase": one.phase, "stages": one.title}
                yield "cleaner_documents", by, one.documents
                yield "cleaner_kept_documents", by, one.kept
                yield "cleaner_kept_bytes", by, one.bytes
            for stage, reason, documents in one.falls:
                yield "cleaner_fallen_documents", {"stage": stage, "reason": reason}, documents
        if phases:
            yield from self._now(phases[-1])
        yield "cleaner_running", {}, self.ended is None
        for how in ("finished", "stopped", "failed"):
            yield "cleaner_ended", {"how": how}, self.ended == how
        yield "cleaner_updated_seconds", {}, time.time()

    def _now(self, at: Progress) -> Iterator[Sample]:
        yield "cleaner_phase", {}, at.number + 1
        yield "cleaner_phases", {}, at.phases
        busy = at.units - at.units_done - at.waiting
        for state, count in (("done", at.units_done), ("working", busy), ("waiting", at.waiting)):
            yield "cleaner_units", {"state": state}, count
        for cause in ("node", "memory", "worker"):
            yield "cleaner_retries_total", {"cause": cause}, at.retries.get(cause, 0)
        yield "cleaner_lost_worker_seconds_total", {}, at.lost_seconds
        for of, seconds in (("phase", at.seconds_left), ("run", at.run_seconds_left)):
            if seconds is not None:
                yield "cleaner_seconds_left", {"of": of}, seconds
        oldest: dict[str, float] = {}
        for unit in at.under_way:
            oldest[unit.node] = max(unit.seconds, oldest.get(unit.node, 0.0))
        for node, seconds in sorted(oldest.items()):
            yield "cleaner_oldest_unit_seconds", {"node": node}, seconds


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

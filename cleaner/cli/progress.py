"""What a run shows while it works: bars on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

from cleaner.config.display import visible
from cleaner.runs.status import Progress

_EVERY = 10.0  # seconds between plain lines of one phase


class Shown(Protocol):
    """Takes what a run reports."""

    def report(self, progress: Progress) -> None:
        """Show where a phase stands."""

    def warn(self, message: str) -> None:
        """Show a warning."""

    def note(self, message: str) -> None:
        """Show what is going on."""


@contextmanager
def shown(stream: TextIO) -> Iterator[Shown]:
    """Yield what shows progress on `stream`."""
    if not stream.isatty():
        yield Lines(stream)
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    bars = Bars(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(file=stream),
    )
    with bars:
        yield Terminal(bars)


@contextmanager
def counted(stream: TextIO, what: str) -> Iterator[Callable[[int, int, str], None]]:
    """Yield what shows how many of how many are done, and a word more."""
    if not stream.isatty():
        last = time.monotonic()

        def line(done: int, count: int, more: str) -> None:
            nonlocal last
            if done == count or time.monotonic() - last >= _EVERY:
                last = time.monotonic()
                print(f"{what} {done:,} of {count:,}: {more}", file=stream, flush=True)

        yield line
        return
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TextColumn

    with Bars(
        *Bars.get_default_columns(), TextColumn("{task.fields[more]}"), console=Console(file=stream)
    ) as bars:
        task = bars.add_task(what, total=None, more="")
        yield lambda done, count, more: bars.update(task, completed=done, total=count, more=more)


class Lines:
    """A line when a phase begins to move, every ten seconds, and when it ends."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.last: dict[str, float] = {}

    def report(self, progress: Progress) -> None:
        """Write a line, unless the last one of this phase is fresh."""
        last = self.last.get(progress.phase, 0.0)
        if not progress.finished and progress.seconds - last < _EVERY:
            return
        if progress.kept is None and progress.seconds < 1 and not progress.documents:
            return  # a step that is over before anyone could ask for it
        self.last[progress.phase] = progress.seconds
        left = "" if progress.finished else f", {_left(progress)} left"
        print(
            f"{progress.number + 1}/{progress.phases} {_short(progress.title)}: "
            f"{progress.units_done:,}/{progress.units:,} units{_found(progress)}, "
            f"{told(progress)}, {progress.seconds:.1f} s{left}",
            file=self.stream,
            flush=True,
        )

    def note(self, message: str) -> None:
        """Write a line."""
        print(visible(message), file=self.stream, flush=True)

    def warn(self, message: str) -> None:
        """Write a warning."""
        print(visible(f"warning: {message}"), file=self.stream, flush=True)


class Terminal:
    """A bar per phase."""

    def __init__(self, bars: object) -> None:
        self.bars = bars
        self.tasks: dict[str, object] = {}

    def report(self, progress: Progress) -> None:
        """Move the bar of a phase."""
        bars: object = self.bars
        if progress.phase not in self.tasks:
            title = f"{progress.number + 1}/{progress.phases} {_short(progress.title)}"
            self.tasks[progress.phase] = bars.add_task(title, total=progress.units, told="")  # type: ignore[attr-defined]
        bars.update(  # type: ignore[attr-defined]
            self.tasks[progress.phase],
            completed=progress.units_done,
            total=progress.units,
            told=told(progress) + _found(progress),
        )

    def note(self, message: str) -> None:
        """Print a line above the bars."""
        self.bars.console.print(visible(message), markup=False)  # type: ignore[attr-defined]

    def warn(self, message: str) -> None:
        """Print a warning above the bars."""
        self.bars.console.print(visible(f"warning: {message}"), style="yellow", markup=False)  # type: ignore[attr-defined]


def told(progress: Progress) -> str:
    """Return documents, speed and what is kept so far, in a few words."""
    if progress.parts > progress.units_done and not progress.finished:
        return f"{progress.parts:,} parts committed"
    if progress.kept is None:
        return f"{progress.documents:,} documents" if progress.documents else "running"
    share = progress.kept / progress.documents if progress.documents else 0.0
    speed = progress.bytes / 1e6 / progress.seconds if progress.seconds > 0.5 else 0.0
    rate = f", {speed:,.1f} MB/s kept" if speed and not progress.units_found else ""
    return f"{progress.documents:,} documents, kept {share:.1%}{rate}"


def _found(progress: Progress) -> str:
    return f" ({progress.units_found:,} from before)" if progress.units_found else ""


def _left(progress: Progress) -> str:
    fresh = progress.units_done - progress.units_found
    if fresh <= 0:
        return "?"
    seconds = progress.seconds / fresh * (progress.units - progress.units_done)
    return f"{seconds:,.0f} s" if seconds < 120 else f"{seconds / 60:,.0f} min"


def _short(title: str) -> str:
    return title if len(title) <= 60 else title[:57] + "…"

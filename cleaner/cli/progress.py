"""What a run shows while it works: bars on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, TextIO

from cleaner.config.display import visible
from cleaner.runs.run_log import EVERY, Level, Lines, Write, found, json_line, short, told
from cleaner.runs.status import Progress


class Shown(Protocol):
    """Takes what a run reports."""

    def report(self, progress: Progress) -> None:
        """Show where a phase stands."""

    def warn(self, message: str) -> None:
        """Show a warning."""

    def note(self, message: str) -> None:
        """Show what is going on."""


@contextmanager
def shown(stream: TextIO, as_json: bool = False) -> Iterator[Shown]:
    """Yield what shows progress on `stream`."""
    if as_json or not stream.isatty():
        yield Lines(json_on(stream) if as_json else plain_on(stream))
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
            if done == count or time.monotonic() - last >= EVERY:
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


def plain_on(stream: TextIO) -> Write:
    """Return what writes lines for a person on a stream."""

    def write(level: Level, message: str, more: Mapping[str, Any]) -> None:
        head = "warning: " if level == "warning" else ""
        print(visible(f"{head}{message}"), file=stream, flush=True)

    return write


def json_on(stream: TextIO) -> Write:
    """Return what writes JSON lines on a stream."""

    def write(level: Level, message: str, more: Mapping[str, Any]) -> None:
        print(json_line(level, message, more), file=stream, flush=True)

    return write


class Terminal:
    """A bar per phase."""

    def __init__(self, bars: object) -> None:
        self.bars = bars
        self.tasks: dict[str, object] = {}

    def report(self, progress: Progress) -> None:
        """Move the bar of a phase."""
        bars: object = self.bars
        if progress.phase not in self.tasks:
            title = f"{progress.number + 1}/{progress.phases} {short(progress.title)}"
            self.tasks[progress.phase] = bars.add_task(title, total=progress.units, told="")  # type: ignore[attr-defined]
        bars.update(  # type: ignore[attr-defined]
            self.tasks[progress.phase],
            completed=progress.units_done,
            total=progress.units,
            told=told(progress) + found(progress),
        )

    def note(self, message: str) -> None:
        """Print a line above the bars."""
        self.bars.console.print(visible(message), markup=False)  # type: ignore[attr-defined]

    def warn(self, message: str) -> None:
        """Print a warning above the bars."""
        self.bars.console.print(visible(f"warning: {message}"), style="yellow", markup=False)  # type: ignore[attr-defined]

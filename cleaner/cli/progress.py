"""What a run shows while it works: one moving line on a terminal, plain lines elsewhere."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, TextIO

from cleaner.cli.tables import bar, clipped, width_of
from cleaner.config.display import short_count, time_text, visible
from cleaner.runs.run_log import EVERY, Level, Lines, Write, found, json_line, left_text, told
from cleaner.runs.status import Progress

_TITLE = 8  # columns of a title that are still worth something


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
    terminal = Terminal(stream)
    try:
        yield terminal
    finally:
        terminal.clear()


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
    """One line that moves, for the phase under way; finished phases stand above it."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.line = ""  # what the moving line shows
        self.done: set[str] = set()

    def report(self, progress: Progress) -> None:
        """Redraw the line; leave one for good where a phase has ended."""
        if not progress.finished:
            self.line = moving(progress, self._width())
            self._draw()
        elif progress.phase not in self.done:
            self.done.add(progress.phase)
            self.line = ""
            self._say(finished(progress, self._width()))

    def note(self, message: str) -> None:
        """Print a line above the moving one."""
        self._say(visible(message))

    def warn(self, message: str) -> None:
        """Print a warning above the moving line."""
        self._say(f"\x1b[33m{visible(f'warning: {message}')}\x1b[0m")

    def clear(self) -> None:
        """Take the moving line away."""
        self.line = ""
        self._draw()

    def _say(self, text: str) -> None:
        self._write(f"\r\x1b[K{text}\n{self.line}")

    def _draw(self) -> None:
        self._write(f"\r\x1b[K{self.line}")

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()

    def _width(self) -> int:
        try:
            return os.get_terminal_size(self.stream.fileno()).columns or 80
        except (OSError, ValueError):
            return 80


def moving(progress: Progress, width: int) -> str:
    """Return where a phase stands in a line that fits: the time left is never what is cut."""
    share = progress.units_done / progress.units if progress.units else 0.0
    parts = [f"{share:.0%}"]
    if progress.bytes and progress.seconds > 1 and not progress.units_found:
        parts.append(f"{progress.bytes / 1e6 / progress.seconds:,.1f} MB/s")
    if progress.documents:
        parts.append(f"{short_count(progress.documents)} docs")
    left = f"{left_text(progress.seconds_left)} left"
    whole = progress.run_seconds_left
    run = "" if whole is None else f"(run ~{time_text(whole)})"
    head = f"{progress.number + 1}/{progress.phases} "
    # The least important parts go first, then the title is cut.
    for keep in range(len(parts), 0, -1):
        tail = " ".join(filter(None, [bar_of(share, width), *parts[:keep], left, run]))
        room = width - 1 - width_of(head) - width_of(tail) - 2
        least = 2 * _TITLE if keep > 2 else _TITLE
        if room >= min(least, width_of(progress.title)):
            break
    title = clipped(visible(progress.title), max(0, room))
    return clipped(f"{head}{title}  {tail}" if title else f"{head}{tail}", width - 1)


def bar_of(share: float, width: int) -> str:
    """Return a bar of a width that suits a terminal's; none on a narrow one."""
    columns = 10 if width >= 80 else 0
    drawn = bar(share, columns)
    return drawn + "·" * (columns - width_of(drawn))


def finished(progress: Progress, width: int) -> str:
    """Return the line that stays of a phase."""
    tail = f"{told(progress)}{found(progress)}, {time_text(progress.seconds)}"
    head = f"{progress.number + 1}/{progress.phases} "
    room = width - 1 - width_of(head) - width_of(tail) - 2
    if room < 12:  # a narrow terminal: what was done goes to a line of its own
        return f"{head}{clipped(visible(progress.title), width - 1 - width_of(head))}\n    {tail}"
    return f"{head}{clipped(visible(progress.title), room)}: {tail}"

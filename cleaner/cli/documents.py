"""How commands show a document: its name, its text, and what is marked in it."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cleaner.cli.output import tell, tell_wrapped
from cleaner.cli.tables import clipped, terminal_width, wrapped
from cleaner.config.display import visible

if TYPE_CHECKING:
    from cleaner.results.spans import Span

_USUAL = 80  # columns where stdout is no terminal


def name_of(row: Mapping[str, Any]) -> str:
    """Return how a document is called, on one line; `explain` finds it by the place in brackets."""
    place = f"({row['file']}#{row['row']})"
    return f"{' '.join(row['id'].splitlines())} {place}" if row.get("id") else place


def headed(name: str, verdict: str) -> None:
    """Print the name of a document, in colour on a terminal, and what became of it."""
    if not colours():
        tell_wrapped(f"{name}: {verdict}")
        return
    shade = _GREEN if verdict.startswith("kept") else _RED
    _print_wrapped(f"{_BOLD}{visible(name)}{_END}: {shade}{visible(verdict)}{_END}")


# In place of the escapes of a terminal, while lines are cut to its width: controls that `visible`
# leaves in no text.
_BOLD, _GREEN, _RED, _YELLOW, _END = "\x01\x02\x03\x04\x05"
_ESCAPES = str.maketrans(
    {_BOLD: "\033[1m", _GREEN: "\033[32m", _RED: "\033[31m", _YELLOW: "\033[1;33m", _END: "\033[0m"}
)


def _print_wrapped(text: str, indent: str = "") -> None:
    """Print a line with signs of colours in it, cut to the width of the terminal."""
    width = terminal_width()
    for line in [text] if width is None else wrapped(text, max(20, width - len(indent))):
        print(f"{indent}{line}".translate(_ESCAPES), flush=True)


class _Held(io.StringIO):
    """What is about to be shown on a terminal."""

    def isatty(self) -> bool:
        """Say that it is meant for a terminal."""
        return True


@contextmanager
def paged() -> Iterator[None]:
    """Show what is printed meanwhile by a pager, where it is longer than the terminal."""
    if not sys.stdout.isatty():
        yield
        return
    import click

    terminal, held = sys.stdout, _Held()
    sys.stdout = held
    try:
        yield
    finally:
        sys.stdout = terminal
        text = held.getvalue()
        if text.count("\n") < shutil.get_terminal_size().lines:
            print(text, end="", flush=True)
        else:
            click.echo_via_pager(text, color=colours())


def beginning(text: str | None, lines: int = 2, indent: int = 4) -> None:
    """Print the beginning of a text in at most so many lines of the terminal."""
    words = " ".join(("(its text cannot be read any more)" if text is None else text).split())
    words = words or "(no text)"
    width = max(20, (terminal_width() or _USUAL) - indent)
    head = wrapped(words[: width * (lines + 1)], width)
    if len(head) > lines:
        head = [*head[: lines - 1], clipped(f"{head[lines - 1]} {head[lines]}", width)]
    for line in head:
        tell(" " * indent + line)


def colours() -> bool:
    """Return whether stdout is a terminal whose user wants colours (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def with_marks(text: str, spans: Sequence[Span], whole: bool = False) -> None:
    """Print a text with spans marked: lines that hold some, and those around; all when `whole`.

    Marked is by colour on a terminal, else by [[ and ]].
    """
    from cleaner.results.spans import gaps

    before, after = (_YELLOW, _END) if colours() else ("[[", "]]")
    lines: list[list[tuple[bool, str]]] = [[]]
    for marked, (start, end) in gaps(spans, len(text)):
        for place, piece in enumerate(text[start:end].split("\n")):
            if place:
                lines.append([])
            if piece:
                lines[-1].append((marked, piece))
    holding = [at for at, line in enumerate(lines) if any(marked for marked, _ in line)]
    near = {at + by for at in holding for by in (-1, 0, 1)} or set(range(_FIRST))
    hidden = 0
    for at, line in enumerate(lines):
        if not whole and at not in near:
            hidden += 1
            continue
        _hidden(hidden)
        hidden = 0
        pieces = [
            f"{before}{visible(piece)}{after}" if marked else visible(piece)
            for marked, piece in _short(line, whole)
        ]
        _print_wrapped("".join(pieces), "    ")
    _hidden(hidden)


_FIRST = 8  # lines of a text in which nothing is marked
_AROUND = 60  # characters of a line before and after what is marked


def _hidden(count: int) -> None:
    if count:
        tell(f"    … {count:,} {'line' if count == 1 else 'lines'}")


def _short(line: list[tuple[bool, str]], whole: bool) -> list[tuple[bool, str]]:
    """Return a line with long stretches without a mark cut in their middle."""
    if whole:
        return line
    return [
        (marked, piece)
        if marked or len(piece) <= 3 * _AROUND
        else (marked, f"{piece[:_AROUND]} … {piece[-_AROUND:]}")
        for marked, piece in line
    ]

"""How commands show a document: its name, and the beginning of its text in the terminal's width."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cleaner.cli.output import tell
from cleaner.cli.tables import clipped, terminal_width, wrapped

_USUAL = 80  # columns where stdout is no terminal


def name_of(row: Mapping[str, Any]) -> str:
    """Return how a document is called, in a form that `explain` finds."""
    place = f"({row['file']}#{row['row']})"
    return f"{row['id']} {place}" if row.get("id") else place


def beginning(text: str | None, lines: int = 2, indent: int = 4) -> None:
    """Print the beginning of a text in at most so many lines of the terminal."""
    words = " ".join((text or "(its text cannot be read any more)").split())
    width = max(20, (terminal_width() or _USUAL) - indent)
    head = wrapped(words[: width * (lines + 1)], width)
    if len(head) > lines:
        head = [*head[: lines - 1], clipped(f"{head[lines - 1]} {head[lines]}", width)]
    for line in head:
        tell(" " * indent + line)

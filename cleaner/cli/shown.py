"""How commands show a document: its name, and the beginning of its text in the terminal's width."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

from cleaner.cli.output import tell


def name_of(row: Mapping[str, Any]) -> str:
    """Return how a document is called, in a form that `explain` finds."""
    place = f"({row['file']}#{row['row']})"
    return f"{row['id']} {place}" if row.get("id") else place


def beginning(text: str | None, lines: int = 2, indent: int = 4) -> None:
    """Print the beginning of a text in at most so many lines of the terminal."""
    words = " ".join((text or "(its text cannot be read any more)").split())
    width = max(20, shutil.get_terminal_size().columns - indent)
    for line in range(lines):
        last = line == lines - 1
        taken = fitting(words, width - last)
        more = "…" if last and len(taken) < len(words) else ""
        if taken:
            tell(" " * indent + taken + more)
        words = words[len(taken) :].lstrip()


def fitting(text: str, width: int) -> str:
    """Return the beginning of a text that fits into so many columns.

    >>> fitting("北京 is large", 6)
    '北京 i'
    """
    import unicodedata

    used = 0
    for at, char in enumerate(text):
        used += 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if used > width:
            return text[:at]
    return text

"""What the commands print: results on stdout, messages on stderr, tables and JSON."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from cleaner.config.display import escaped, visible

if TYPE_CHECKING:
    from cleaner.runs.run_log import Level


_json_lines = False


def say(message: str, level: Level = "info") -> None:
    """Print a message on stderr."""
    if _json_lines:
        from cleaner.runs.run_log import json_line

        message = json_line(level, message, {})
    print(visible(message), file=sys.stderr, flush=True)


def say_json(wanted: bool) -> None:
    """Make messages JSON lines from here on, or not, as `run --log-json` asks."""
    global _json_lines
    _json_lines = wanted


def tell(text: str = "", end: str = "\n") -> None:
    """Print a line of a result on stdout; what a corpus holds does not command the terminal."""
    print(visible(text), end=end, flush=True)


def show(rows: list[dict[str, Any]], columns: list[str] | None = None) -> None:
    """Print rows as a plain table on stdout: numbers right, words left."""
    if not rows:
        return
    names = columns or list(rows[0])
    cells = [[cell(row.get(name)) for name in names] for row in rows]
    right = [all(isinstance(row.get(name), int | float | None) for row in rows) for name in names]
    widths = [max(_width(line[i]) for line in [names, *cells]) for i in range(len(names))]
    for line in [names, *cells]:
        padded = [
            " " * (width - _width(cell)) + cell if to_right else cell + " " * (width - _width(cell))
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ]
        tell("  ".join(padded).rstrip())


def cell(value: Any) -> str:
    """Return a value as a table shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value).replace("\n", " ")


def _width(text: str) -> int:
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def emit(value: Any) -> None:
    """Print a value as JSON, in the escapes that this terminal needs."""
    text = escaped(json.dumps(value, ensure_ascii=False, indent=1, default=str))
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:  # in JSON only its own escapes will do
        text = json.dumps(value, indent=1, default=str)
    print(text)

"""What the commands print: results on stdout, messages on stderr, tables and JSON."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cleaner.cli.tables import table, terminal_width, wrapped
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


def tell_shards(folder: str, outputs: Iterable[Mapping[str, Any]]) -> None:
    """Print how many shards lie in each folder of a run."""
    counts = Counter(output["path"].partition("/")[0] for output in outputs)
    for name in sorted(counts, reverse=True):
        shards = "1 shard" if counts[name] == 1 else f"{counts[name]} shards"
        tell(f"{shards} in {folder.rstrip('/')}/{name}")


def show(
    rows: list[dict[str, Any]], columns: list[str] | None = None, spare: Sequence[str] = ()
) -> None:
    """Print rows as a plain table on stdout, no wider than the terminal.

    Columns of `spare` are left out where there is no room.
    """
    for line in table(rows, columns, terminal_width(), spare):
        tell(line)


def tell_wrapped(text: str, indent: str = "") -> None:
    """Print a text on stdout, in lines that fit the terminal, all of them indented."""
    width = terminal_width()
    for line in [text] if width is None else wrapped(text, max(20, width - len(indent))):
        tell(indent + line)


def emit(value: Any) -> None:
    """Print a value as JSON, in the escapes that this terminal needs."""
    text = escaped(json.dumps(value, ensure_ascii=False, indent=1, default=str))
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:  # in JSON only its own escapes will do
        text = json.dumps(value, indent=1, default=str)
    print(text)

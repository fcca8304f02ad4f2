"""JSON Lines, plain, .gz or .zst: a row is a line that is not blank."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import polars as pl
import pyarrow as pa
from pydantic_core import from_json

from cleaner.corpus.inflate import opened
from cleaner.corpus.shapes import Unfit, fit, json_text
from cleaner.corpus.types import Unfits
from cleaner.errors import UnreadableFile

_BLOCK = 1 << 20


def read_lines(
    source: Any, path: str, batch_bytes: int, longest: int
) -> Iterator[tuple[int, list[bytes | str]]]:
    """Yield `(first row, lines)`; a line over `longest` bytes is a str that says so instead."""
    stream = opened(source, path)
    lines: list[bytes | str] = []
    first = size = 0
    try:
        for line in _split(stream, longest):
            lines.append(line)
            size += len(line)
            if size >= batch_bytes:
                yield first, lines
                first, lines, size = first + len(lines), [], 0
    except UnreadableFile:
        if lines:  # what came whole before the bad bytes are rows all the same
            yield first, lines
        raise
    if lines:
        yield first, lines


def _split(stream: Any, longest: int) -> Iterator[bytes | str]:
    pieces: list[bytes] = []
    held = 0
    start = True
    while block := stream.read(_BLOCK):
        if start:
            block, start = block.removeprefix(b"\xef\xbb\xbf"), False
        begin = 0
        while (end := block.find(b"\n", begin)) >= 0:
            pieces.append(block[begin:end])
            if (line := _line(pieces, held + end - begin, longest)) is not None:
                yield line
            pieces, held, begin = [], 0, end + 1
        held += len(block) - begin
        if held <= longest:
            pieces.append(block[begin:])
    if (line := _line(pieces, held, longest)) is not None:
        yield line


def _line(pieces: list[bytes], size: int, longest: int) -> bytes | str | None:
    if size > longest:
        return f"line of {size:,} bytes is over the budget of {longest:,}"
    line = b"".join(pieces)
    return line if line.strip() else None


def parse(lines: list[bytes | str], body: str) -> tuple[list[dict[str, Any]], pl.Series]:
    """Return one object a line, and why a line has no usable text at the path `body`."""
    parts = body.split(".")
    values: list[dict[str, Any]] = []
    errors: list[str | None] = []
    for line in lines:
        value: Any = {}
        error = line if isinstance(line, str) else None
        if isinstance(line, bytes):
            try:
                value = from_json(line)
            except ValueError as wrong:
                error = f"line is not JSON: {wrong}"
            if not isinstance(value, dict):
                error, value = f"line is {_kind(value)}, not a JSON object", {}
            elif error is None:
                found = value[body] if body in value else _walk(value, parts)
                if found is None:
                    error = f"null {body}" if parts[0].removesuffix("[]") in value else f"no {body}"
                elif not isinstance(found, str):
                    error = f"{body} is {_kind(found)}, not a string"
                    value = {**value, parts[0].removesuffix("[]"): None, body: None}
        values.append(value)
        errors.append(error)
    return values, pl.Series("error", errors, pl.String)


def _kind(value: Any) -> str:
    kinds = {list: "an array", dict: "an object", str: "a string", bool: "a boolean"}
    return "null" if value is None else kinds.get(type(value), "a number")


def labels_at(values: list[dict[str, Any]], path: str) -> pl.Series:
    """Return what a (nested) path leads to in every object as text: a string, or its JSON."""
    found = (found_at(value, path) for value in values)
    labels = [value if isinstance(value, str) else json_text(value) for value in found]
    return pl.Series(labels, dtype=pl.String)


def strings_at(values: list[dict[str, Any]], path: str) -> pl.Series:
    """Return the string a (nested) path leads to in every object; null where it is none."""
    found = (found_at(value, path) for value in values)
    return pl.Series([item if isinstance(item, str) else None for item in found], dtype=pl.String)


def carried_at(
    values: list[dict[str, Any]], path: str, kind: pa.DataType, as_json: bool, unfit: Unfits
) -> pa.Array:
    """Return what a (nested) path leads to in every object, in the type of its column.

    What is not of that type is null, and counted; so are fields that the type has no place for.
    """
    found = [found_at(value, path) for value in values]
    if as_json:
        return pa.array([json_text(item) for item in found], kind)
    more: Counter[str] = Counter()
    for place, item in enumerate(found):
        late: set[str] = set()
        try:
            found[place] = fit(item, kind, late)
        except Unfit:
            unfit[path, f"values are no {kind}, and null in the output"] += 1
            found[place] = None
        more.update(late)
    for name, count in more.items():
        unfit[path, f"values have a field {name!r}, which is not carried: it came too late"] += (
            count
        )
    return pa.array(found, kind)


def found_at(value: dict[str, Any], path: str) -> Any:
    """Return what a (nested) path leads to in an object; a key of that very name goes first."""
    return value[path] if path in value else _walk(value, path.split("."))


def _walk(value: Any, parts: list[str]) -> Any:
    for depth, part in enumerate(parts):
        if not isinstance(value, dict):
            return None
        value = value.get(part.removesuffix("[]"))
        if part.endswith("[]"):
            if not isinstance(value, list):
                return None
            inner = [_walk(item, parts[depth + 1 :]) for item in value]
            return "\n".join(item for item in inner if isinstance(item, str))
    return value

"""JSON Lines: a row is a line that is not blank; types from the beginning of several files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from cleaner.corpus import jsonl
from cleaner.corpus.batch import BATCH_BYTES, Batch
from cleaner.corpus.columns import MAX_DOCUMENT, root
from cleaner.corpus.entry import Columns
from cleaner.corpus.files import PACKED, FailedFile, InputFile, Piece, spread
from cleaner.corpus.formats.base import InputFormat
from cleaner.corpus.shapes import Shape
from cleaner.corpus.types import Unfits, united
from cleaner.errors import UnreadableFile
from cleaner.storage import store
from cleaner.storage.shortages import naming

if TYPE_CHECKING:
    from cleaner.corpus.file_columns import Look

_FILES = 16  # files that are looked at where nothing is carried
_LINES = 200  # of a file of which nothing is carried
# What is looked at where JSON is carried: in all, of one file at least, and files at most.
_LOOKED, _LEAST, _MOST_FILES = 16 << 20, 256 << 10, 256


def read(
    piece: Piece, columns: Columns, unfit: Unfits, longest: int
) -> Iterator[tuple[int, Batch]]:
    """Yield the lines of a file; those that are no object, or have no text, say so."""
    with store.open_input(piece.path) as source:
        for first, lines in jsonl.read_lines(source, piece.path, BATCH_BYTES, longest):
            values, errors = jsonl.parse(lines, columns.text or columns.html or "")
            yield first, _of_lines(values, errors, columns, unfit)


def _of_lines(
    values: list[dict[str, Any]], errors: pl.Series, columns: Columns, unfit: Unfits
) -> Batch:
    if columns.everything:
        known = {part for path in columns.roots() for part in (path, root(path))}
        late = Counter(name for value in values for name in value.keys() - known)
        for name, count in late.items():
            unfit[name, "values are not carried: no line that was looked at has this key"] += count

    def carry(path: str, kind: pa.DataType) -> pa.Array:
        return jsonl.carried_at(values, path, kind, path in columns.as_json, unfit)

    get, label = partial(jsonl.strings_at, values), partial(jsonl.labels_at, values)
    return Batch(len(values), get, label, carry, errors)


def look(look: Look, files: Sequence[InputFile]) -> None:
    """Tell a look what the first lines of some files hold: any line may lack a key."""
    carries = bool(look.read)
    files = spread(files, _MOST_FILES if carries else _FILES)
    share = max(_LEAST, _LOOKED // max(1, len(files))) if carries else 0
    shapes: dict[str, Shape] = {}
    paths = [*look.mapped, *(look.read if look.read != "all" else ())]

    def head(file: InputFile) -> list[dict[str, Any]] | UnreadableFile:
        try:
            with naming(file.path):
                return _head(file, share)
        except UnreadableFile as error:
            return error

    with ThreadPoolExecutor(16) as pool:
        for file, values in zip(files, pool.map(head, files), strict=True):
            if isinstance(values, UnreadableFile):
                look.failed.append(FailedFile(file.path, None, str(values)))
                continue
            look.usable += 1
            _widen(shapes, values, paths)
    for path, shape in shapes.items():
        _take(look, path, shape)


def _take(look: Look, path: str, shape: Shape) -> None:
    kind = pa.null() if shape.kind == "null" else shape.arrow()
    have = look.found.types.get(path, pa.null())
    if not look.is_carried(path):
        look.found.types.setdefault(path, have)
    elif kind is not None:
        both = united(have, kind)
        look.found.types[path] = have if both is None else both
    elif pa.types.is_null(have):
        look.found.types[path] = pa.large_string()
        if look.read == "all" or path in look.read:
            look.found.as_json.append(path)
            why = (
                "empty objects"
                if shape.kind == "object" and not shape.fields
                else "values of several shapes"
            )
            look.note(f"column {path!r} has {why}; carried as JSON text")


def _head(file: InputFile, size: int) -> list[dict[str, Any]]:
    """Return the objects of the first lines of a file: so many bytes of them, or _LINES."""
    values: list[dict[str, Any]] = []
    with store.open_input(file.path) as source:
        for _, lines in jsonl.read_lines(source, file.path, size or 1 << 20, MAX_DOCUMENT):
            _not_one_value(file, lines)
            values += jsonl.parse(lines if size else lines[:_LINES], "")[0]
            break
    return values


def _not_one_value(file: InputFile, lines: Sequence[bytes | str]) -> None:
    """Raise UnreadableFile for a `.json` that is what its suffix says, and not lines."""
    if re.search(r"\.json(\.gz|\.zstd?)?$", file.path.lower()) is None:
        return
    first = lines[0].strip() if isinstance(lines[0], bytes) else b""
    if first in (b"{", b"[") or (first.startswith(b"[") and len(lines) == 1):
        raise UnreadableFile(
            f"{file.path}: is one JSON value, not one object per line; "
            "jq -c '.[]' makes JSON Lines of an array"
        )


def _widen(
    shapes: dict[str, Shape], values: Iterable[dict[str, Any]], paths: Sequence[str]
) -> None:
    for value in values:
        for name, item in value.items():
            shapes.setdefault(name, Shape()).add(item)
        for path in paths:
            if path not in value and (item := jsonl.found_at(value, path)) is not None:
                shapes.setdefault(path, Shape()).add(item)


_ENDS = [f"{lines}{packed}" for lines in (".jsonl", ".ndjson", ".json") for packed in ("", *PACKED)]
FORMAT = InputFormat("jsonl", tuple(_ENDS), read, look)

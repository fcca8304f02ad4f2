"""What the files of one entry show of their columns, before any is read: which, and of which type.

Of Parquet every footer that the plan has read; of JSON Lines the beginning of several files, for
any line may lack a key. What comes later and does not fit is counted by whoever reads it.
"""

import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa

from cleaner.corpus import jsonl, warc
from cleaner.corpus.columns import MAX_DOCUMENT, type_at
from cleaner.corpus.files import FailedFile, InputFile, open_parquet
from cleaner.corpus.shapes import Shape
from cleaner.corpus.types import plain, united
from cleaner.errors import JobError, UnreadableFile
from cleaner.storage import store
from cleaner.storage.shortages import naming

_FILES = 16  # files without a footer at hand that are looked at
_LINES = 200  # of a JSON Lines file of which nothing is carried
# What is looked at where JSON is carried: in all, of one file at least, and files at most.
_LOOKED, _LEAST, _MOST_FILES = 16 << 20, 256 << 10, 256


@dataclass
class Found:
    """The columns, or nested paths, that an entry can read: path -> the type it is carried in."""

    types: dict[str, pa.DataType] = field(default_factory=dict)
    as_json: list[str] = field(default_factory=list)  # carried as JSON text
    notes: list[str] = field(default_factory=list)


class Look:
    """A look at the files of one entry, which maps some columns and reads others, or all.

    The first of those it maps is the page or the text.
    """

    def __init__(self, mapped: Sequence[str], read: Sequence[str] | Literal["all"]) -> None:
        self.mapped, self.read = mapped, read
        self.found = Found()
        self.failed: list[FailedFile] = []
        self.usable = 0
        self._first: dict[str, str] = {}  # a column -> the file that showed its type
        self._known: list[pa.Schema] = []

    def at(self, files: Sequence[InputFile]) -> Found:
        """Return what files show; those that cannot be used are in `failed`."""
        parquet = [file for file in files if file.kind == "parquet"]
        unopened = [file for file in parquet if file.schema is None]
        for file in [*(f for f in parquet if f.schema is not None), *some(unopened)]:
            self._try(self._parquet, file)
        for file in files:
            if file.kind in ("warc", "wet"):
                self._archive()
                break
        self._lines([file for file in files if file.kind == "jsonl"])
        return self.found

    def _try(self, look: Any, file: InputFile) -> None:
        try:
            with naming(file.path):
                look(file)
            self.usable += 1
        except UnreadableFile as error:
            self.failed.append(FailedFile(file.path, None, str(error)))

    def _parquet(self, file: InputFile) -> None:
        schema = file.schema
        if schema is None:
            with open_parquet(file.path) as parquet:
                schema = parquet.schema_arrow
        if any(schema.equals(one) for one in self._known):
            return
        if missing := [path for path in self.mapped if type_at(schema, path) is None]:
            have = ", ".join(schema.names) or "none"
            if twice := [path for path in missing if schema.names.count(path) > 1]:
                raise UnreadableFile(f"{file.path}: has several columns that are called {twice[0]}")
            raise UnreadableFile(f"{file.path}: no column {', '.join(missing)}; there are: {have}")
        found = {path: kind for path in self.mapped if (kind := type_at(schema, path)) is not None}
        found = dict.fromkeys(found, pa.null())
        for path in dict.fromkeys(schema.names if self.read == "all" else self.read):
            if self._is_carried(path) and (kind := self._carried(schema, path, file)) is not None:
                found[path] = kind
        for path, kind in found.items():
            self.found.types[path] = kind
            self._first.setdefault(path, file.path)
        self._known.append(schema)

    def _is_carried(self, path: str) -> bool:
        """Return whether a path is carried: what is mapped only where `read` names it, too."""
        return path not in self.mapped or (self.read != "all" and path in self.read)

    def _carried(self, schema: pa.Schema, path: str, file: InputFile) -> pa.DataType | None:
        """Return the type that takes this file's values of a column and those seen before."""
        kind = type_at(schema, path)
        if len(schema.get_all_field_indices(path)) > 1:
            raise UnreadableFile(f"{file.path}: has several columns that are called {path!r}")
        if kind is None:
            return None
        try:
            mine = plain(kind)
        except pa.ArrowInvalid as error:
            if self.read != "all":
                raise JobError(f"read: {path!r}: {error}") from None
            self._note(f"column {path!r} is left out: {error}")
            return None
        if pa.types.is_decimal256(kind) and pa.types.is_large_string(mine):
            self._note(f"column {path!r} is {kind}, and is carried as text")
        have = self.found.types.get(path, mine)
        if (both := united(have, mine)) is None:
            raise UnreadableFile(
                f"{file.path}: column {path!r} is {kind} here and {have} in {self._first[path]}, "
                "and no type takes both unchanged"
            )
        return both

    def _note(self, said: str) -> None:
        if said not in self.found.notes:
            self.found.notes.append(said)

    def _archive(self) -> None:
        body = ("payload", "html", "text", "error")  # of which no second copy is carried
        kinds = {"status": pa.int32(), "payload": pa.large_binary(), "html": pa.large_binary()}
        for name in (*warc.COLUMNS, "html"):
            if name != "error" and (self.read != "all" or name not in body or name in self.mapped):
                self.found.types[name] = kinds.get(name, pa.large_string())
        self.found.types.setdefault(
            self.mapped[0], pa.large_binary()
        )  # whatever the body is called
        self.usable += 1

    def _lines(self, files: Sequence[InputFile]) -> None:
        carries = bool(self.read)
        files = some(files, _MOST_FILES if carries else _FILES)
        share = max(_LEAST, _LOOKED // max(1, len(files))) if carries else 0
        shapes: dict[str, Shape] = {}
        paths = [*self.mapped, *(self.read if self.read != "all" else ())]

        def head(file: InputFile) -> list[dict[str, Any]] | UnreadableFile:
            try:
                with naming(file.path):
                    return _head(file, share)
            except UnreadableFile as error:
                return error

        with ThreadPoolExecutor(16) as pool:
            for file, values in zip(files, pool.map(head, files), strict=True):
                if isinstance(values, UnreadableFile):
                    self.failed.append(FailedFile(file.path, None, str(values)))
                    continue
                self.usable += 1
                _widen(shapes, values, paths)
        for path, shape in shapes.items():
            self._take(path, shape)

    def _take(self, path: str, shape: Shape) -> None:
        kind = pa.null() if shape.kind == "null" else shape.arrow()
        have = self.found.types.get(path, pa.null())
        if not self._is_carried(path):
            self.found.types.setdefault(path, have)
        elif kind is not None:
            both = united(have, kind)
            self.found.types[path] = have if both is None else both
        elif pa.types.is_null(have):
            self.found.types[path] = pa.large_string()
            if self.read == "all" or path in self.read:
                self.found.as_json.append(path)
                why = (
                    "empty objects"
                    if shape.kind == "object" and not shape.fields
                    else "values of several shapes"
                )
                self._note(f"column {path!r} has {why}; carried as JSON text")


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
            f"{file.path}: is one JSON value, not an object a line; "
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


def some(files: Sequence[InputFile], most: int = _FILES) -> list[InputFile]:
    """Return at most so many of some files, spread over all of them."""
    count = min(most, len(files))
    return [files[i * len(files) // count] for i in range(count)]

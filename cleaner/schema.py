"""The columns a job reads and carries: resolved from the files of each entry."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import pyarrow as pa

from cleaner import store
from cleaner.corpus import jsonl, warc
from cleaner.corpus.columns import (
    Form,
    column,
    decoded_type,
    inside,
    is_text,
    label_form,
    root,
    type_at,
)
from cleaner.corpus.files import FailedFile, InputFile, first_line, open_parquet
from cleaner.corpus.read import MAX_DOCUMENT
from cleaner.errors import InputError, JobError, UnreadableFile
from cleaner.job import Input

_LOOK = 200  # lines of a JSON Lines file that say which columns there are, and of which type
_LOOK_BYTES = 4096  # values of a column of bytes that say whether they are text
_FILES = 16  # files of one entry that are looked at
PREFIX = "input_"  # before a name of the input where two would meet
_HIDDEN = ("headers", "status")  # what an archive knows of the HTTP answer; `extract` reads it


@dataclass
class Carried:
    """Columns carried through the run: the user's name -> Polars type.

    Inside the engine each bears another name (`corpus.columns.inside`), so that it meets none of
    ours.
    """

    types: dict[str, pl.DataType] = field(default_factory=dict)
    by_entry: list[list[str]] = field(default_factory=list)
    hidden: tuple[str, ...] = ()  # that nobody asked to read: they end with `extract`

    def find(self, asked: str) -> str | None:
        """Return the column that a job calls `asked`: by its name, or by `input_` and its name."""
        name = asked
        while name not in self.types:
            if not name.startswith(PREFIX):
                return None
            name = name.removeprefix(PREFIX)
        return name

    def arrow(self) -> pa.Schema:
        """Return the types, under the names inside the engine, as an Arrow schema."""
        empty = pl.DataFrame(schema={inside(name): kind for name, kind in self.types.items()})
        return empty.to_arrow(compat_level=pl.CompatLevel.oldest()).schema


def resolve_columns(
    entries: Sequence[Input], files: Sequence[InputFile]
) -> tuple[list[dict[str, Any]], Carried, list[FailedFile]]:
    """Return the columns of each entry as plain data for workers, what is carried, and bad files.

    Raises InputError when no file of an entry can be used, JobError for a path that is none.
    """
    carried = Carried()
    failed: list[FailedFile] = []
    read: set[str] = set()
    for number, entry in enumerate(entries):
        _check_paths(number, entry)
        mine = [file for file in files if file.entry == number]
        schema = _usable(number, entry, mine, failed)
        names = _names(entry, schema)
        read.update(names)
        if mine[0].kind in ("warc", "wet") and entry.html is not None:
            names = list(dict.fromkeys([*_HIDDEN, *names]))
        for name in names:
            kind = schema.get(name, pl.String())
            have = carried.types.setdefault(name, kind)
            if have != kind:
                raise JobError(
                    f"input.{number}.read: {name} is {kind} here and {have} in another entry"
                )
        carried.by_entry.append(names)
    carried.hidden = tuple(name for name in _HIDDEN if name in carried.types and name not in read)
    text = base64.b64encode(carried.arrow().serialize().to_pybytes()).decode()
    plain = [
        _plain(entry, files, number, carried.by_entry[number], text)
        for number, entry in enumerate(entries)
    ]
    return plain, carried, failed


def _names(entry: Input, schema: Mapping[str, pl.DataType]) -> list[str]:
    """Return the columns, or nested paths, that an entry reads beside those it maps."""
    mapped = {entry.html, entry.text, entry.id, entry.url, entry.date, entry.licence}
    mapped.add(entry.source.column if entry.source else None)
    wanted = entry.read if entry.read != "all" else [n for n in schema if n not in mapped]
    for name in wanted:
        if "\0" in name:  # no Arrow schema can be handed on with it
            raise JobError(f"column {name!r}: a name with a zero byte cannot be carried")
    return list(dict.fromkeys(wanted))


def _plain(
    entry: Input, files: Sequence[InputFile], number: int, carried: Sequence[str], schema: str
) -> dict[str, Any]:
    archive = next(file.kind for file in files if file.entry == number) in ("warc", "wet")
    default = {"url": "url", "date": "date"} if archive else {}
    labels = {
        name: getattr(entry, name) or default.get(name) for name in ("url", "date", "licence")
    }
    plain = {
        "html": "payload" if archive and entry.html else entry.html,
        "text": "text" if archive and entry.text else entry.text,
        "id": entry.id or ("id" if archive else None),
        "labels": {name: path for name, path in labels.items() if path},
        "source": entry.source.model_dump(exclude_none=True) if entry.source else {},
        "carried": {inside(path): path for path in carried},
        "carried_schema": schema,
    }
    plain["bytes_as"] = _bytes_as(plain, [file for file in files if file.entry == number])
    return plain


def _bytes_as(plain: Mapping[str, Any], files: Sequence[InputFile]) -> dict[str, Form]:
    """Return how labels of bytes are written: as text where all that is looked at is UTF-8.

    Decided once for an entry, so that no label depends on its neighbours.
    """
    labels = [plain["id"], *plain["labels"].values(), plain["source"].get("column")]
    found: dict[str, Form] = {}
    for file in _some([file for file in files if file.kind == "parquet"]):
        try:
            for path, values in _first_bytes(file, [path for path in labels if path is not None]):
                hidden = found.get(path) == "hex" or not is_text(values)
                found[path] = "hex" if hidden else "text"
        except (InputError, OSError, pa.ArrowException):
            continue  # whoever reads the file says what is wrong with it
    return found


def _first_bytes(file: InputFile, labels: Sequence[str]) -> Iterator[tuple[str, pl.Series]]:
    """Yield the first values of each label of a Parquet file that is bytes, not a string."""
    with open_parquet(file.path) as parquet:
        schema = parquet.schema_arrow
        paths = [path for path in labels if label_form(type_at(schema, path), "hex") == "hex"]
        names = [path if path in schema.names else root(path) for path in paths]
        batch = next(parquet.iter_batches(_LOOK_BYTES, columns=names), None) if names else None
        for path in paths if batch is not None else ():
            yield path, column(batch, path)


def _check_paths(number: int, entry: Input) -> None:
    for key in ("html", "text", "id", "url", "date", "licence"):
        path = getattr(entry, key)
        if path is not None and not path.strip():
            raise JobError(
                f"input.{number}.{key}: is empty; it names a column, as in text or a.b[]"
            )


def _usable(
    number: int, entry: Input, files: Sequence[InputFile], failed: list[FailedFile]
) -> dict[str, pl.DataType]:
    """Return the columns, with types, that the files of an entry have.

    A Parquet file or an archive names all its columns, so the first that can be used speaks for the
    others. Of JSON Lines several files are looked at: any line may lack a key, and a file whose
    first lines do is no worse than one whose last lines do.
    """
    wanted = _mapped(entry)
    types: dict[str, pl.DataType] = {}
    why: list[str] = []
    usable = 0

    def look(file: InputFile) -> dict[str, pl.DataType]:
        nonlocal usable
        try:
            found = _sniff(file, wanted) if file.kind == "jsonl" else _named(entry, file, wanted)
        except InputError as error:
            failed.append(FailedFile(file.path, None, str(error)))
            why.append(str(error))
            return {}
        usable += 1
        return found

    for file in files:
        if file.kind != "jsonl":
            types = look(file)
            if usable:
                break
    for file in _some([file for file in files if file.kind == "jsonl"]):
        for path, kind in look(file).items():
            types[path] = _wider(types.get(path, kind), kind)
    if not usable:
        more = f" (and {len(why) - 1} more files)" if len(why) > 1 else ""
        raise InputError(f"input.{number}: no file can be used: {why[0]}{more}")
    missing = [path for path in wanted if path not in types]
    if missing and types:  # without any type there was no line to look at
        have = ", ".join(types)
        raise InputError(f"input.{number}: no file has {', '.join(missing)}; there are: {have}")
    return types


def _mapped(entry: Input) -> list[str]:
    """Return the paths that an entry names, the page or the text among them."""
    paths = [entry.html, entry.text, entry.id, entry.url, entry.date, entry.licence]
    paths += [entry.source.column if entry.source else None]
    paths += list(entry.read) if entry.read != "all" else []
    return [path for path in paths if path is not None]


def _some(files: Sequence[InputFile]) -> list[InputFile]:
    """Return at most _FILES of some files, spread over all of them."""
    count = min(_FILES, len(files))
    return [files[i * len(files) // count] for i in range(count)]


def _wider(one: pl.DataType, other: pl.DataType) -> pl.DataType:
    """Return a type for the values of both; of nested ones the first stands."""
    if one == other or one.is_nested():
        return one
    return pl.Float64() if one.is_numeric() and other.is_numeric() else pl.String()


def _named(entry: Input, file: InputFile, wanted: list[str]) -> dict[str, pl.DataType]:
    """Return the columns of a Parquet file or an archive, all that is wanted among them."""
    if file.kind == "parquet":
        with open_parquet(file.path) as parquet:
            schema = parquet.schema_arrow
        found = {path: type_at(schema, path) for path in dict.fromkeys([*schema.names, *wanted])}
        missing = [path for path in wanted if found[path] is None]
        types = {path: _polars(kind) for path, kind in found.items() if kind is not None}
        have = schema.names
    else:
        types = {name: kind() for name, kind in {**warc.COLUMNS, "html": pl.Binary}.items()}
        have = list(types)
        types.update({path: pl.Binary() for path in (entry.html, entry.text) if path})
        missing = [path for path in wanted if path not in types]
    if missing:
        names = ", ".join(have) or "none"
        raise InputError(f"{file.path}: no column {', '.join(missing)}; there are: {names}")
    return types


def _polars(kind: pa.DataType) -> pl.DataType:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    try:
        return pl.Series(pa.array([], kind)).dtype
    except (pa.ArrowException, pl.exceptions.PolarsError, TypeError) as error:
        raise JobError(f"a column of type {kind} cannot be carried: {first_line(error)}") from None


def _sniff(file: InputFile, wanted: list[str]) -> dict[str, pl.DataType]:
    """Return the columns that the first lines of a JSON Lines file show."""
    with store.open_input(file.path) as source:
        batches = jsonl.read_lines(source, file.path, 1 << 20, MAX_DOCUMENT)
        _, lines = next(iter(batches), (0, []))
    first = lines[0].strip() if lines and isinstance(lines[0], bytes) else b""
    if first in (b"{", b"[") or (first.startswith(b"[") and len(lines) == 1):
        raise UnreadableFile(
            f"{file.path}: is one JSON value, not an object a line; "
            "jq -c '.[]' makes JSON Lines of an array"
        )
    values, _ = jsonl.parse(lines[:_LOOK], "")
    names = list(dict.fromkeys(name for value in values for name in value))
    types: dict[str, pl.DataType] = {}
    for path in dict.fromkeys([*names, *wanted]):
        column = jsonl.values_at(values, path)
        if path in names or column.null_count() < len(column):
            types[path] = pl.String() if column.dtype == pl.Null else decoded_type(column.dtype)
    return types

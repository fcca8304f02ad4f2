"""The columns a job reads and carries: resolved from the first usable file of each entry."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import pyarrow as pa

from cleaner import store
from cleaner.corpus import jsonl, warc
from cleaner.corpus.columns import decoded_type, is_path, type_at
from cleaner.corpus.files import FailedFile, InputFile, first_line, open_parquet
from cleaner.errors import InputError, JobError
from cleaner.job import OUR_COLUMNS, Input

_LOOK = 200  # lines of a JSON Lines file that decide the types of carried columns
_HIDDEN = ("headers", "status")  # what an archive knows of the HTTP answer; `extract` reads it


@dataclass
class Carried:
    """Columns carried through the run: our name -> Polars type, and how each entry fills them."""

    types: dict[str, pl.DataType] = field(default_factory=dict)
    by_entry: list[dict[str, str]] = field(default_factory=list)
    hidden: tuple[str, ...] = ()

    def arrow(self) -> pa.Schema:
        """Return the types as an Arrow schema."""
        empty = pl.DataFrame(schema=self.types)
        return empty.to_arrow(compat_level=pl.CompatLevel.oldest()).schema


def resolve_columns(
    entries: Sequence[Input], files: Sequence[InputFile]
) -> tuple[list[dict[str, Any]], Carried, list[FailedFile]]:
    """Return the columns of each entry as plain data for workers, what is carried, and bad files.

    Raises InputError when no file of an entry can be used, JobError for a path that is none.
    """
    carried = Carried()
    failed: list[FailedFile] = []
    for number, entry in enumerate(entries):
        _check_paths(number, entry)
        mine = [file for file in files if file.entry == number]
        schema = _usable(number, entry, mine, failed)
        names: dict[str, str] = {}
        if mine[0].kind in ("warc", "wet") and entry.html is not None:
            names.update({name: name for name in _HIDDEN})
            carried.hidden = _HIDDEN
        mapped = {entry.html, entry.text, entry.id, entry.url, entry.date, entry.licence}
        mapped.add(entry.source.column if entry.source else None)
        wanted = entry.read if entry.read != "all" else [n for n in schema if n not in mapped]
        for path in wanted:
            name = path.replace("[]", "").rsplit(".", 1)[-1] if is_path(path) else path
            name = path if path in schema else name
            names[f"input_{name}" if name in OUR_COLUMNS or name == "html" else name] = path
        for name, path in names.items():
            kind = schema.get(path, pl.String())
            have = carried.types.setdefault(name, kind)
            if have != kind:
                raise JobError(
                    f"input.{number}.read: {name} is {kind} here and {have} in another entry"
                )
        carried.by_entry.append(names)
    text = base64.b64encode(carried.arrow().serialize().to_pybytes()).decode()
    plain = [
        _plain(entry, files, number, carried.by_entry[number], text)
        for number, entry in enumerate(entries)
    ]
    return plain, carried, failed


def _plain(
    entry: Input, files: Sequence[InputFile], number: int, carried: dict[str, str], schema: str
) -> dict[str, Any]:
    archive = next(file.kind for file in files if file.entry == number) in ("warc", "wet")
    default = {"url": "url", "date": "date"} if archive else {}
    labels = {
        name: getattr(entry, name) or default.get(name) for name in ("url", "date", "licence")
    }
    return {
        "html": "payload" if archive and entry.html else entry.html,
        "text": "text" if archive and entry.text else entry.text,
        "id": entry.id or ("id" if archive else None),
        "labels": {name: path for name, path in labels.items() if path},
        "source": entry.source.model_dump(exclude_none=True) if entry.source else {},
        "carried": carried,
        "carried_schema": schema,
    }


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
    """Return the columns, with types, of the first file that can be used."""
    why: list[str] = []
    for file in files:
        try:
            schema = _schema(entry, file)
        except InputError as error:
            failed.append(FailedFile(file.path, None, str(error)))
            why.append(str(error))
            continue
        return schema
    more = f" (and {len(why) - 1} more files)" if len(why) > 1 else ""
    raise InputError(f"input.{number}: no file can be used: {why[0]}{more}")


def _schema(entry: Input, file: InputFile) -> dict[str, pl.DataType]:
    paths = [entry.html, entry.text, entry.id, entry.url, entry.date, entry.licence]
    paths += [entry.source.column if entry.source else None]
    paths += list(entry.read) if entry.read != "all" else []
    wanted = [path for path in paths if path is not None]
    if file.kind == "parquet":
        with open_parquet(file.path) as parquet:
            schema = parquet.schema_arrow
        found = {path: type_at(schema, path) for path in dict.fromkeys([*schema.names, *wanted])}
        missing = [path for path in wanted if found[path] is None]
        types = {path: _polars(kind) for path, kind in found.items() if kind is not None}
        have = schema.names
    elif file.kind == "jsonl":
        types, have = _sniff(file, wanted)
        missing = [path for path in wanted if path not in types and types]
    else:
        types = {name: kind() for name, kind in {**warc.COLUMNS, "html": pl.Binary}.items()}
        have = list(types)
        body = {entry.html, entry.text}
        missing = [path for path in wanted if path not in types and path not in body]
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


def _sniff(file: InputFile, wanted: list[str]) -> tuple[dict[str, pl.DataType], list[str]]:
    with store.open_input(file.path) as source:
        batches = jsonl.read_lines(source, file.path, 1 << 20, 1 << 29)
        _, lines = next(iter(batches), (0, []))
    values, _ = jsonl.parse(lines[:_LOOK], "")
    names = list(dict.fromkeys(name for value in values for name in value))
    types: dict[str, pl.DataType] = {}
    for path in dict.fromkeys([*names, *wanted]):
        column = jsonl.values_at(values, path)
        if path in names or column.null_count() < len(column):
            types[path] = pl.String() if column.dtype == pl.Null else decoded_type(column.dtype)
    return types, names

"""The columns a job reads and carries: resolved from the files of each entry."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl
import pyarrow as pa

from cleaner.corpus.columns import Form, column, inside, is_text, label_form, root, type_at
from cleaner.corpus.entry import Columns
from cleaner.corpus.file_columns import Found, Look
from cleaner.corpus.files import FailedFile, InputFile, open_parquet, spread
from cleaner.corpus.hive import keys_of
from cleaner.corpus.types import united
from cleaner.errors import InputError, JobError
from cleaner.job.job_file import Input
from cleaner.storage.shortages import is_shortage, told

_LOOK_BYTES = 4096  # values of a column of bytes that say whether they are text
PREFIX = "input_"  # before a name of the input where two would meet
MARKED = "formulas_marked"  # `extract` says it of its texts; a later run reads it as ours
_HIDDEN = ("headers", "status")  # what an archive knows of the HTTP answer; `extract` reads it


@dataclass
class Carried:
    """Columns carried through the run: the user's name -> Polars type.

    Inside the engine each bears another name (`corpus.columns.inside`), so that it meets none of
    ours.
    """

    types: dict[str, pl.DataType] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    hidden: tuple[str, ...] = ()  # that nobody asked to read: they end with `extract`

    def find(self, asked: str) -> str | None:
        """Return the column that a job calls `asked`: by its name, or by `input_` and its name."""
        name = asked
        while name not in self.types:
            if not name.startswith(PREFIX):
                return None
            name = name.removeprefix(PREFIX)
        return name


def resolve_columns(
    entries: Sequence[Input], files: Sequence[InputFile], marks: bool = False
) -> tuple[list[Columns], Carried, list[FailedFile]]:
    """Return the columns of each entry, what is carried, and bad files.

    Where a text was written by `extract`, in an earlier run, its formulas are those that are
    marked; unless this job `marks` them itself, its files are asked which texts those are.

    Raises InputError when no file of an entry can be used, JobError for a path that is none.
    """
    carried = Carried()
    failed: list[FailedFile] = []
    read: set[str] = set()
    kinds: dict[str, pa.DataType] = {}
    by_entry: list[tuple[list[str], list[str], list[str]]] = []
    marked: set[int] = set()
    for number, entry in enumerate(entries):
        _check_paths(number, entry)
        mine = [file for file in files if file.entry == number]
        in_path = _in_path(entry, mine)
        found = _usable(number, entry, mine, failed, in_path)
        carried.notes += [f"input.{number}: {said}" for said in found.notes]
        names = _names(entry, found)
        if entry.text is not None and not marks and _is_of_extract(found):
            marked.add(number)
            names = [name for name in names if name != MARKED]
        read.update(names)
        if mine[0].kind in ("warc", "wet") and entry.html is not None:
            names = list(dict.fromkeys([*_HIDDEN, *names]))
        for name in names:
            kind = pa.string() if name in in_path else found.types.get(name, pa.null())
            have = kinds.get(name, kind)
            if (both := united(have, kind)) is None:
                raise JobError(
                    f"input.{number}.read: {name} is {kind} here and {have} in another entry, and "
                    "no type takes both unchanged"
                )
            kinds[name] = both
        by_entry.append((names, found.as_json, in_path))
    carried.types = {name: _polars(kind) for name, kind in kinds.items()}
    carried.hidden = tuple(name for name in _HIDDEN if name in carried.types and name not in read)
    types = {inside(name): kind for name, kind in carried.types.items()}
    types |= {MARKED: pl.Boolean()} if marked else {}
    columns = [
        _columns(entry, files, number, *by_entry[number], types)
        for number, entry in enumerate(entries)
    ]
    for number in marked:
        here = columns[number]
        columns[number] = replace(here, carried={**here.carried, MARKED: MARKED})
    return columns, carried, failed


def _is_of_extract(found: Found) -> bool:
    """Return whether files have what `extract` says of its texts, as shards of any format do."""
    counts = [found.types.get(name) for name in ("formulas_found", "formulas_lost")]
    numbers = all(kind is not None and pa.types.is_integer(kind) for kind in counts)
    return numbers and found.types.get(MARKED) == pa.bool_()


def _names(entry: Input, found: Found) -> list[str]:
    """Return the columns, or nested paths, that an entry reads beside those it maps."""
    mapped = _mapped(entry)
    names = [n for n in found.types if n not in mapped] if entry.read == "all" else entry.read
    for name in names:
        if "\0" in name:  # no Arrow schema can be handed on with it
            raise JobError(f"column {name!r}: a name with a zero byte cannot be carried")
    return list(dict.fromkeys(names))


def _polars(kind: pa.DataType) -> pl.DataType:
    return pl.Series(pa.array([], kind)).dtype


def _columns(
    entry: Input,
    files: Sequence[InputFile],
    number: int,
    carried: Sequence[str],
    as_json: Sequence[str],
    in_path: Sequence[str],
    types: Mapping[str, pl.DataType],
) -> Columns:
    archive = next(file.kind for file in files if file.entry == number) in ("warc", "wet")
    default = {"url": "url", "date": "date"} if archive else {}
    labels = {
        name: getattr(entry, name) or default.get(name) for name in ("url", "date", "licence")
    }
    columns = Columns(
        html="payload" if archive and entry.html else entry.html,
        text="text" if archive and entry.text else entry.text,
        id=entry.id or ("id" if archive else None),
        labels={name: path for name, path in labels.items() if path},
        source=entry.source.model_dump(exclude_none=True) if entry.source else {},
        carried={inside(path): path for path in carried},
        carried_types=types,
        as_json=tuple(as_json),
        everything=entry.read == "all",
        in_path=tuple(in_path),
    )
    mine = [file for file in files if file.entry == number]
    return replace(columns, bytes_as=_bytes_as(columns, mine))


def _bytes_as(columns: Columns, files: Sequence[InputFile]) -> dict[str, Form]:
    """Return how labels of bytes are written: as text where all that is looked at is UTF-8.

    Decided once for an entry, so that no label depends on its neighbours.
    """
    labels = [columns.id, *columns.labels.values(), columns.source.get("column")]
    found: dict[str, Form] = {}
    for file in spread([file for file in files if file.kind == "parquet"]):
        try:
            for path, values in _first_bytes(file, [path for path in labels if path is not None]):
                hidden = found.get(path) == "hex" or not is_text(values)
                found[path] = "hex" if hidden else "text"
        except (InputError, OSError, pa.ArrowException) as error:
            if is_shortage(error):  # that must not decide how a label is written
                raise told(error, file.path) from error
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
    number: int,
    entry: Input,
    files: Sequence[InputFile],
    failed: list[FailedFile],
    in_path: Sequence[str],
) -> Found:
    """Return the columns, with types, that the files of an entry have."""
    mapped = [path for path in _mapped(entry) if path not in in_path]
    read = entry.read if entry.read == "all" else [p for p in entry.read if p not in in_path]
    look = Look(mapped, read)
    found = look.at(files)
    failed += look.failed
    if not look.usable:
        why = [item.error for item in look.failed]
        more = f" (and {len(why) - 1} more files)" if len(why) > 1 else ""
        raise InputError(f"input.{number}: no file can be used: {why[0]}{more}")
    named = [*mapped, *(read if read != "all" else ())]
    missing = [path for path in named if path not in found.types]
    if missing and found.types:  # without any type there was no line to look at
        have = ", ".join(found.types)
        raise InputError(f"input.{number}: no file has {', '.join(missing)}; available: {have}")
    return found


def _in_path(entry: Input, files: Sequence[InputFile]) -> list[str]:
    """Return the columns that an entry asks for, no file has, and the path of every file names."""
    body = entry.text or entry.html or ""
    asked = [*_mapped(entry), *(entry.read if entry.read != "all" else ())]
    paths = [keys_of(file.path) for file in files]
    named = [one for one in dict.fromkeys(asked) if all(one in keys for keys in paths)]
    return [one for one in named if one != body and one not in Look([body], [one]).at(files).types]


def _mapped(entry: Input) -> list[str]:
    """Return the columns, or nested paths, that an entry gives a meaning."""
    paths = [entry.html, entry.text, entry.id, entry.url, entry.date, entry.licence]
    paths += [entry.source.column if entry.source else None]
    return list(dict.fromkeys(path for path in paths if path is not None))

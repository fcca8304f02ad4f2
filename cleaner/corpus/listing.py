"""Which files the entries of a job name, and what of it is passed over."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from cleaner.corpus.files import FailedFile, InputFile
from cleaner.corpus.formats import kind_of, unknown_suffix
from cleaner.errors import InputError, JobError
from cleaner.storage import store
from cleaner.storage.globs import Found, once

_ONE_SLASH = re.compile(r"(s3|gs|gcs|az|https?):/?([^/].*)")  # of a scheme that lost slashes
_SHOWN = 3  # names in a message


@dataclass
class Passed:
    """What was met on the way and is no file to read: to be said, or to be counted as failed."""

    notes: list[str] = field(default_factory=list)
    failed: list[FailedFile] = field(default_factory=list)


def list_files(
    patterns: Sequence[Sequence[str]], out: str | None = None, passed: Passed | None = None
) -> list[InputFile]:
    """Return the files of all input entries, sorted by entry and path, numbered in that order.

    One file is read once, whatever links or spellings lead to it. What a wild card finds in the run
    folder `out` is left out: it is of the run itself.

    Raises InputError when an entry matches nothing, JobError for a suffix nobody reads, a file that
    two entries name, or an entry that lies in the run folder.
    """
    passed = Passed() if passed is None else passed
    files: list[InputFile] = []
    seen: dict[str, tuple[int, str]] = {}
    for entry, globs in enumerate(patterns):
        where = f"input.{entry}.paths"
        found = once([file for pattern in globs for file in _named(pattern, where, passed)])
        if out is not None:
            found = _without_own(found, globs, out, where, passed)
        if not found:
            raise InputError(f"{where}: no file matches {', '.join(globs)}{_hint(globs)}")
        for file in found:
            kind = kind_of(file.path)
            if kind is None:
                raise JobError(f"{where}: {file.path}: {unknown_suffix(file.path)}")
            other, as_path = seen.setdefault(file.real, (entry, file.path))
            if other != entry:
                also = "" if as_path == file.path else f" as {as_path}"
                raise JobError(f"{where}: {file.path} is also in input.{other}{also}")
            files.append(InputFile(len(files), file.path, file.size, file.etag, entry, kind))
    return files


def _without_own(
    found: list[Found], globs: Sequence[str], out: str, where: str, passed: Passed
) -> list[Found]:
    """Return the files that do not lie in the run folder."""
    own = {file.path for file in found if store.within(file.path, out)}
    if own and (len(own) == len(found) or own & set(globs)):
        raise JobError(
            f"{where}: {min(own)} lies in the run folder {out}; name another folder with --out"
        )
    if own:
        passed.notes.append(
            f"{where}: {len(own):,} files in {out} are left out: they are of this run itself"
        )
    return [file for file in found if file.path not in own]


def _named(pattern: str, where: str, passed: Passed) -> list[Found]:
    """Return the files that a pattern matches; of a folder, those directly in it that are read."""
    made = store.match(pattern)
    for folder in made.unreadable:
        passed.notes.append(f"{where}: {folder}: may not be listed, passed over")
    for path in made.unnamed:
        said = f"{path}: its name is not UTF-8; rename it to have it read"
        passed.failed.append(FailedFile(path, None, said))
    if made.files or not made.folders:
        return made.files
    inside = [file for folder in made.folders for file in store.directly_in(folder)]
    # Spark and others mark with an underscore what is no data.
    read = [file for file in inside if kind_of(file.path) and _name(file)[0] not in "._"]
    if read:
        one = len(made.folders) == 1
        what = f"{made.folders[0]} is a folder" if one else f"{len(made.folders):,} folders match"
        left = len(inside) - len(read)
        more = f", {left:,} others are passed over" if left else ""
        passed.notes.append(
            f"{where}: {what}: reads {_files(read)} directly in {'it' if one else 'them'}{more}"
        )
    return read


def _files(files: Sequence[Found]) -> str:
    names = ", ".join(_name(file) for file in files[:_SHOWN])
    more = ", …" if len(files) > _SHOWN else ""
    return f"{len(files):,} file{'s' if len(files) > 1 else ''} ({names}{more})"


def _name(file: Found) -> str:
    return file.path.rsplit("/", 1)[-1]


def _hint(globs: Sequence[str]) -> str:
    """Say what there is where nothing matches."""
    for pattern in globs:
        made = store.match(pattern)
        if made.folders:
            folder = made.folders[0].rstrip("/")
            below = f"{folder}/**/*.parquet"
            return f": nothing directly in the folder {folder} can be read; {below} goes deeper"
        if store.is_remote(pattern):
            continue
        if slip := _ONE_SLASH.match(pattern):
            return f"; write {slip[1]}://{slip[2]}"
        there = os.path.dirname(os.path.normpath(store.local_path(pattern))) or "."
        if os.path.isdir(there):
            names = sorted(name for name in os.listdir(there) if not name.startswith("."))
            more = ", …" if len(names) > _SHOWN else ""
            return f"; in {there} available: {', '.join(names[:_SHOWN])}{more}" if names else ""
    return ""

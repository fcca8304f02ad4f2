"""What a phase was: its options and the keys of its units, for whoever comes after.

A key is a hash and tells nothing. The book beside the markers says what it was made of, so that a
later job finds what it may take of a unit under another key, and can say why it takes none. A book
is never the truth about what is there: only markers are.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import zstandard

from cleaner.storage import store
from cleaner.storage.commits import phase_folder
from cleaner.storage.run_folder import parse_json


@dataclass(frozen=True)
class Book:
    """One phase of one plan."""

    function: str
    version: int
    title: str
    options: Mapping[str, Any]  # all that decides the outcome, as plain data
    settings: str  # the name of the file with its settings
    depends: str  # a hash of what all units depend on
    units: Mapping[str, tuple[str, str]]  # name -> its key, and a hash of what it depends on
    pieces: Mapping[str, Any]  # name -> the pieces of the input that it is of, of a map phase
    texts: Mapping[str, Any]  # of a map phase: what the texts that it begins with depend on
    files: Mapping[str, Any]  # number -> path, bytes and etag of the input's files, of a map phase


def write_book(folder: str, phase: str, book: Book) -> str:
    """Leave a book beside the markers of a phase; return its name, a hash of what it says."""
    said = {name: getattr(book, name) for name in book.__dataclass_fields__}
    text = json.dumps(said, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass")
    data = zstandard.ZstdCompressor(level=3).compress(text)
    path = store.join(_place(folder, phase), _name(text))
    if not store.exists(path):
        store.write_whole(path, data)
    return _name(text)


def read_book(folder: str, phase: str, name: str) -> Book | None:
    """Return one book of a phase; None where it is gone or torn."""
    path = store.join(_place(folder, phase), name)
    return _read(path) if store.exists(path) else None


def read_books(folder: str, phase: str) -> Iterator[Book]:
    """Yield the books of a phase, the last written first; none that is torn."""
    found = store.below(_place(folder, phase))
    for file in sorted(found, key=lambda file: (-file.written, file.path)):
        book = _read(store.join(_place(folder, phase), file.path))
        if book is not None:
            yield book


def _read(path: str) -> Book | None:
    try:
        data = zstandard.ZstdDecompressor().decompress(store.read_bytes(path))
        return Book(**parse_json(data)) if path.endswith(f"/{_name(data)}") else None
    except (TypeError, zstandard.ZstdError):
        return None


def _name(text: bytes) -> str:
    return f"{hashlib.sha256(text).hexdigest()[:16]}.json.zst"


def _place(folder: str, phase: str) -> str:
    return store.join(phase_folder(folder, phase), "books")

"""About how many rows an input has, from the beginnings of a few files that do not say it."""

import io
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from cleaner.corpus import warc
from cleaner.corpus.files import InputFile, open_parquet, packing_of, spread
from cleaner.corpus.jsonl import read_lines
from cleaner.errors import CleanerError, UnreadableFile
from cleaner.storage import store

_FILES = 16  # of each kind that are looked into
_BYTES = 2 << 20  # of each
_LONGEST = 1 << 20  # bytes of a row that is read as it stands; of a longer one only that it is one


def about_rows(files: Sequence[InputFile], otherwise: int) -> int:
    """Return about how many rows files have; `otherwise` where some of them cannot be looked at.

    Those whose footer was read say it; of the others, as many bytes hold as many rows as at the
    beginnings of some of their kind.
    """
    unknown: dict[tuple[str, str | None, int], list[InputFile]] = defaultdict(list)
    total = 0.0
    for file in files:
        if file.rows is not None:
            total += file.rows
        else:
            unknown[file.kind, packing_of(file.path), file.entry].append(file)
    for alike in unknown.values():
        if not any(file.size for file in alike):
            continue
        looked = [found for file in spread(alike, _FILES) if (found := _beginning(file))]
        rows, size = (sum(numbers) for numbers in zip(*looked, strict=True)) if looked else (0, 0)
        if not size:
            return otherwise
        total += sum(file.size for file in alike) * rows / size
    return round(total)


def _beginning(file: InputFile) -> tuple[int, int] | None:
    """Return rows at the beginning of a file, and the bytes on storage that hold them."""
    try:
        if file.kind == "parquet":
            with open_parquet(file.path) as parquet:
                return parquet.metadata.num_rows, file.size
        with store.open_input(file.path) as source:
            head = source.read(_BYTES)
    except CleanerError:
        return None
    rows = 0
    try:
        for first, batch in _READERS[file.kind](io.BytesIO(head), file.path, _BYTES, _LONGEST):
            rows = first + len(batch["error"] if isinstance(batch, dict) else batch)
    except (UnreadableFile, OSError):  # where its beginning ends in the middle of a row
        if not rows:
            return None
    return rows, len(head)


_READERS: dict[str, Callable[..., Iterator[tuple[int, Any]]]] = {
    "jsonl": read_lines,
    "warc": warc.read_records,
    "wet": warc.read_records,
}

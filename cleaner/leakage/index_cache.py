"""The index of benchmark files, read once by each process that needs it."""

from collections.abc import Sequence
from functools import lru_cache

from cleaner.errors import JobError
from cleaner.leakage.index import Index, make_index
from cleaner.leakage.items import Columns, read_items
from cleaner.storage import store


def files_of(patterns: Sequence[str]) -> tuple[str, ...]:
    """Return the files that globs match, each once, sorted; JobError for a glob without any."""
    found: set[str] = set()
    for pattern in patterns:
        files = store.find(pattern)
        if not files:
            raise JobError(f"against: no file matches {pattern}")
        found |= {file.path for file in files}
    return tuple(sorted(found))


def index_of(paths: Sequence[str], columns: Columns, ngram: int) -> Index:
    """Return the index of the items of some files."""
    state = tuple(store.etag(path) for path in paths)
    return _made(tuple(paths), state, columns, ngram)


@lru_cache(maxsize=2)
def _made(
    paths: tuple[str, ...], state: tuple[str | None, ...], columns: Columns, ngram: int
) -> Index:
    return make_index(read_items(paths, columns), ngram)

"""Good files of every format, and the reading of any."""

import gzip
from pathlib import Path

from cleaner.corpus.entry import Columns
from cleaner.corpus.files import cut_units, read_footers
from cleaner.corpus.listing import list_files
from cleaner.corpus.read import read_parts
from support.broken_files import archive, good_lines, parquet, zstd

GOOD = {
    ".parquet": parquet(),
    ".jsonl": good_lines(),
    ".jsonl.gz": gzip.compress(good_lines()),
    ".jsonl.zst": zstd(good_lines()),
    ".warc": archive(),
    ".warc.gz": gzip.compress(archive()),
}


def read_all(path: Path) -> None:
    """Read a file as a run does; its rows are numbered from 0 on, and failures name it."""
    pages = "warc" in path.name
    columns = Columns("payload" if pages else None, None if pages else "text", None, {}, {}, {}, {})
    good, bad = read_footers(list_files([[str(path)]]))
    assert all(path.name in item.error for item in bad)
    for _, pieces in cut_units(good, 1 << 20):
        parts = list(read_parts(pieces, [columns], 1 << 12))
        rows = [row for part in parts for row in part.docs["row"].to_list()]
        assert rows == list(range(len(rows)))
        assert all(path.name in item.error for part in parts for item in part.failed)
        known = good[0].rows
        failed = any(part.failed for part in parts)
        assert known is None or len(rows) == known or failed

"""Files read as a job reads them."""

from pathlib import Path
from typing import Any

import polars as pl

from cleaner.corpus.files import Piece
from cleaner.corpus.listing import list_files
from cleaner.corpus.read import Part, read_parts
from cleaner.job.input_columns import resolve_columns
from cleaner.job.job_file import Input


def read(path: Path, part_bytes: int = 1 << 25, **entry: Any) -> list[Part]:
    """Read one file as an entry of a job would."""
    source = Input(paths=(str(path),), **({"text": "text"} | entry))
    files = list_files([source.paths])
    columns, _, _ = resolve_columns([source], files)
    piece = Piece(0, str(path), "", 0, files[0].kind)
    return list(read_parts([piece], columns, part_bytes))


def whole(path: Path, **entry: Any) -> pl.DataFrame:
    return pl.concat([part.docs for part in read(path, **entry)])


def entry(folder: Path, **more: Any) -> Input:
    return Input(paths=(f"{folder}/*",), text="text", **more)

"""The texts behind ledger rows: from the shards when kept, else from the input."""

from typing import Any

import polars as pl

from cleaner import store
from cleaner.corpus.files import Piece, kind_of, list_files
from cleaner.corpus.read import Columns, read_parts
from cleaner.errors import InputError
from cleaner.inspect import Run
from cleaner.schema import resolve_columns


def texts_of(run: Run, rows: pl.DataFrame) -> list[str | None]:
    """Return the text of each ledger row, in order; None where its input is gone."""
    return [
        _kept(run, row) if row["fate"] == "kept" else _raw(run, row)
        for row in rows.iter_rows(named=True)
    ]


def _kept(run: Run, row: dict[str, Any]) -> str | None:
    path = store.join(run.path, run.manifest["outputs"][row["shard"]]["path"])
    at = (pl.col("file") == row["file"]) & (pl.col("row") == row["row"])
    found = pl.scan_parquet(path).filter(at).select("text").collect()
    return found["text"][0] if len(found) else None


def _raw(run: Run, row: dict[str, Any]) -> str | None:
    """Return the text as the input has it; a page is extracted as the job would."""
    path = run.manifest["inputs"][row["file"]]["path"]
    try:
        files = [
            file
            for file in list_files([entry.paths for entry in run.job.input])
            if file.path == path
        ]
        if not files:
            return None
        entries = run.job.input
        plain, _, _ = resolve_columns(entries, list_files([entry.paths for entry in entries]))
        columns = [Columns.from_plain(entry) for entry in plain]
        kind = kind_of(path) or ""
        piece = Piece(row["file"], path, "", files[0].entry, kind, take=(row["row"],))
        part = next(iter(read_parts([piece], columns, 1 << 20)))
    except InputError:
        return None
    if not len(part.docs):
        return None
    if "html" in part.docs.columns:
        from cleaner.web.page import extract_html

        page = part.docs["html"][0]
        return extract_html(page).text if page is not None else None
    return part.docs["text"][0]

"""One unit of one phase, done alone: what it reads is committed by hand, what it left is read."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from cleaner.runs.phases import FUNCTIONS
from cleaner.runs.phases.base import DataFile, Everything, exchange_bytes, read_table, table_bytes
from cleaner.storage.commits import Committer, Marker
from cleaner.storage.row_key import packed

KEY = "0" * 16


class Units:
    """A run folder with the units that were done in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.count = folder, 0

    def _committer(self, phase: str, **more: Any) -> Committer:
        self.count += 1
        return Committer(str(self.folder), phase, f"{self.count:05d}", KEY, **more)

    def table(self, frame: pl.DataFrame) -> DataFile:
        """Return a frame as the committed table of another phase."""
        marker = self._committer("given").commit(0, True, {"rows": table_bytes(frame)}, {})
        return DataFile.of(marker, "rows")

    def exchange(self, frame: pl.DataFrame, by: str, parts: int) -> DataFile:
        """Return a frame as an exchange file of another phase."""
        data = exchange_bytes(frame, by, parts)
        return DataFile.of(self._committer("given").commit(0, True, {"rows": data}, {}), "rows")

    def did(self, function: str, settings: Any, unit: Any = None, **more: Any) -> list[Marker]:
        """Do one unit, told as a worker is told, and return what it committed."""
        out = self._committer(function, **more)
        kinds = FUNCTIONS[function]
        told = [json.loads(json.dumps(one.plain())) for one in (settings, unit or Everything())]
        kinds.run(kinds.settings.from_plain(told[0]), kinds.unit.from_plain(told[1]), out)
        return out.done

    def read(self, marker: Marker, role: str) -> pl.DataFrame:
        """Return what was committed under a role."""
        return read_table(str(self.folder), DataFile.of(marker, role))


def part(number: int, first: tuple[int, int], rows: int, **facts: Any) -> Marker:
    """Return the marker of a part of the input as a map phase commits it: one span of one file."""
    file, row = first
    spans = [[file, row, row + rows - 1, rows]] if rows else []
    said = {"spans": spans, "rows": rows, "kept": rows, "bytes": 10 * rows}
    said |= {"sources": [["s", rows, 0]], **facts}
    roles = ("record", "text", "sizes", "keys", "shadow")
    files = {
        role: {"path": f"{role}/{number}", "bytes": 8 * number + 8, "sha256": f"{role}-{number}"}
        for role in roles
    }
    return Marker(f"{number:05d}", 0, True, KEY, files, said)


def start(file: int, row: int = 0) -> int:
    """Return the position of a row."""
    return packed(file, row)


def keys(*pairs: tuple[int, int]) -> dict[str, pl.Series]:
    """Return the key columns of some rows."""
    return {
        "file": pl.Series([file for file, _ in pairs], dtype=pl.UInt32),
        "row": pl.Series([row for _, row in pairs], dtype=pl.UInt64),
    }


def cast(rows: Mapping[str, Any], schema: Mapping[str, Any]) -> pl.DataFrame:
    """Return a frame with all columns of a schema, null where nothing is given."""
    frame = pl.DataFrame(rows)
    return frame.select(
        pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, kind).alias(name)
        for name, kind in schema.items()
    )

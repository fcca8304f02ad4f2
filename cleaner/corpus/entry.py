"""What one entry of the input reads of its files, resolved by the plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import polars as pl
import pyarrow as pa

from cleaner.corpus.columns import KEY, LABELS, Form, type_at
from cleaner.storage.schemas import polars_types, schema_text


@dataclass(frozen=True)
class Columns:
    """What one entry of the input reads, and under which names it goes on."""

    html: str | None
    text: str | None
    id: str | None
    labels: Mapping[str, str]  # url, date, licence -> the column of the file
    source: Mapping[str, str]  # {column: ..} | {value: ..} | {path: regex} | {}
    carried: Mapping[str, str]  # the name inside the engine -> the column of the file
    carried_types: Mapping[str, pl.DataType]
    bytes_as: Mapping[str, Form] = field(default_factory=dict)  # how labels of bytes are written
    as_json: tuple[str, ...] = ()  # columns of JSON Lines that are carried as JSON text
    everything: bool = False  # `read: all`: what nobody has seen in time is counted
    in_path: tuple[str, ...] = ()  # columns that no file has, but its path

    def plain(self) -> dict[str, Any]:
        """Return the columns as plain data."""
        said = {one.name: getattr(self, one.name) for one in fields(self)}
        schema = schema_text(said.pop("carried_types"))
        return {**said, "carried_schema": schema}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Columns":
        """Read back what `plain` returned, after a journey as JSON too."""
        said = dict(plain)
        types = polars_types(said.pop("carried_schema"))
        lists = {name: tuple(said[name]) for name in ("as_json", "in_path")}
        return cls(**{**said, **lists}, carried_types=types)

    def roots(self) -> list[str]:
        """Return the top-level columns to read, each once."""
        carried = [path for path in self.carried.values() if path not in self.in_path]
        return list(dict.fromkeys([*self.mapped(), *carried]))

    def mapped(self) -> list[str]:
        """Return the columns that have a meaning; without one of them no file can be read."""
        paths = [self.html, self.text, self.id, *self.labels.values(), self.source.get("column")]
        return [path for path in paths if path is not None and path not in self.in_path]

    def forms(self) -> list[tuple[str, Form]]:
        """Return each column that is a label, and how its bytes are written where it has bytes."""
        paths = [self.id, *self.labels.values(), self.source.get("column")]
        mine = [path for path in paths if path is not None and path not in self.in_path]
        return [(path, self.bytes_as.get(path, "text")) for path in mine]

    def empty(self) -> pl.DataFrame:
        """Return a frame of no documents."""
        names = ("id", *LABELS, "source", "error", *(["text"] if self.text else []))
        html = {"html": pl.Binary} if self.html else {}
        schema: Mapping[str, Any] = {**KEY, **dict.fromkeys(names, pl.String), **html}
        return pl.DataFrame(schema={**schema, **self.carried_types})

    def missing(self, schema: pa.Schema) -> list[str]:
        """Return the mapped columns that a Parquet schema does not have."""
        return [path for path in self.mapped() if type_at(schema, path) is None]

"""What came to a checkpoint, written as Parquet files of so many documents in their order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from cleaner.config.plain import Plain
from cleaner.runs.phases.base import DataFile, read_table
from cleaner.shards import FORMATS, Expected
from cleaner.storage.commits import Committer
from cleaner.storage.schemas import arrow_schema


@dataclass(frozen=True)
class CheckpointSettings(Plain):
    """What all files of one checkpoint share."""

    place: str  # below the run folder
    schema: str  # as `schema_text` gives it
    columns: Mapping[str, str]  # name in the file -> name inside
    about: Mapping[str, Mapping[str, str]]  # name in the file -> what the file says of the column


@dataclass(frozen=True)
class CheckpointUnit(Plain):
    """One file: `rows` documents of some parts, after the first `skip`."""

    number: int
    skip: int
    rows: int
    parts: tuple[DataFile, ...]
    size: int  # bytes of their texts, about


def run_checkpoint(settings: CheckpointSettings, unit: CheckpointUnit, out: Committer) -> None:
    """Write one file of a checkpoint to its final name, and commit it."""
    schema = arrow_schema(settings.schema)
    for name, about in settings.about.items():
        at = schema.get_field_index(name)
        schema = schema.set(at, schema.field(at).with_metadata(dict(about)))

    def frames() -> Iterator[pl.DataFrame]:
        skip, left = unit.skip, unit.rows
        for file in unit.parts:
            docs = read_table(out.folder, file)[skip:][:left]
            skip, left = 0, left - len(docs)
            docs = docs.with_columns(pl.col("tagged").list.join("; ").fill_null(""))
            yield docs.select(pl.col(inner).alias(name) for name, inner in settings.columns.items())

    path = f"{settings.place}/part-{unit.number:05d}.parquet"
    with out.product(path) as product:
        FORMATS["parquet"].write(frames(), schema, [product.sink], Expected(unit.rows, unit.size))
    out.commit(0, True, {}, {**product.facts, "rows": unit.rows})

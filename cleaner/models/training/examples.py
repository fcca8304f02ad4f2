"""Labelled documents in: from Parquet files, or from what a run kept or dropped."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Literal

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cleaner.config.shipped import shipped_path
from cleaner.corpus.files import first_line
from cleaner.errors import InputError, JobError
from cleaner.results.finished import open_run
from cleaner.results.source_texts import texts_of
from cleaner.rules.conditions import checked, parse
from cleaner.rules.sql import ConditionError
from cleaner.storage import store
from cleaner.storage.shortages import is_shortage, told

LABELS = b"cleaner.labels"  # what `cleaner label` writes into the metadata of its Parquet files
MIN_AGREEMENT = 0.8
_SHOWN = 20  # mistakes that are told
SCHEMA = {"text": pl.String, "lang": pl.String, "source": pl.String, "url": pl.String}


class Examples(BaseModel):
    """Documents of one label: `paths` of Parquet files, or a `run` and a fate."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    paths: tuple[str, ...] = ()
    run: str | None = None
    fate: Literal["kept", "dropped"] = "kept"
    text: str = "text"
    lang: str = "lang"
    source: str = "source"
    url: str = "url"
    id: str = "id"
    grade: str | None = None  # a column of numbers, for a regression
    where: str | None = None
    limit: int | None = Field(None, gt=0)
    # repeated questions to the labelling model that must have had the same answer
    min_agreement: float = Field(MIN_AGREEMENT, ge=0, le=1)

    @field_validator("paths", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("where", mode="after")
    @classmethod
    def _is_a_condition(cls, value: str | None) -> str | None:
        return checked(value)

    @model_validator(mode="after")
    def _one_origin(self) -> "Examples":
        if bool(self.paths) == (self.run is not None):
            raise ValueError("takes exactly one of paths and run")
        return self

    def named(self) -> str:
        """Return what these are called in messages."""
        return self.run or ", ".join(self.paths)


def read(examples: Examples, seed: int = 0, ids: bool = False) -> pl.DataFrame:
    """Return `text, lang, source, url` of the documents, at most `limit` drawn by the seed.

    With `ids` also their `id`.

    A document without text is left out; a column that is not there is null, but for the text and
    what the examples are chosen by, which every file must have. All mistakes are named at once.
    """
    if examples.run:
        frames = {examples.named(): _of_run(examples)}
    else:
        frames = {path: pl.scan_parquet(path) for path in _files(examples)}
    wanted = {name: getattr(examples, name) for name in (*SCHEMA, *(("id",) if ids else ()))}
    schemas = {path: _schema(path, frame) for path, frame in frames.items()}
    wrong = [
        f"{examples.named()}: no column {column!r}; available: {', '.join(_all(schemas))}"
        for name, column in wanted.items()
        if column not in (name, examples.text) and column not in _all(schemas)
    ]
    chosen = []
    for path, frame in frames.items():
        try:
            chosen.append(_chosen(examples, frame, schemas[path], wanted))
        except JobError as error:
            wrong += [f"{path}: {said}" for said in str(error).splitlines()]
    if wrong:
        more = [f"and {len(wrong) - _SHOWN} more"] if len(wrong) > _SHOWN else []
        raise JobError("\n".join([*wrong[:_SHOWN], *more]))
    found = pl.concat(chosen).filter(pl.col("text").str.len_bytes() > 0).collect()
    if examples.limit is not None and len(found) > examples.limit:
        drawn = np.random.default_rng(seed).permutation(len(found))[: examples.limit]
        found = found[np.sort(drawn)]
    if found.is_empty():
        raise JobError(f"{examples.named()}: no document with text is left to learn from")
    return found


def _schema(path: str, frame: pl.LazyFrame) -> pl.Schema:
    try:
        return frame.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"{path}: cannot be read: {first_line(error)}") from None


def _all(schemas: Mapping[str, pl.Schema]) -> list[str]:
    """Return the columns that some file has."""
    return list(dict.fromkeys(name for schema in schemas.values() for name in schema))


def _chosen(
    examples: Examples, frame: pl.LazyFrame, schema: pl.Schema, wanted: Mapping[str, str]
) -> pl.LazyFrame:
    """Return what is learned from of one file; JobError with a line for each mistake."""
    wrong = []
    if examples.text not in schema:
        wrong.append(f"no column {examples.text!r}; available: {', '.join(schema.names())}")
    elif schema[examples.text] not in (pl.String, pl.Categorical, pl.Enum, pl.Null):
        wrong.append(f"column {examples.text!r} is {schema[examples.text]}, not text")
    if examples.where:
        try:
            condition = parse(examples.where, ask_unknown=True).expression(schema)
            frame = frame.filter(condition)
        except ConditionError as error:
            wrong.append(f"where: {error}")
    columns = [
        (pl.col(column) if column in schema else pl.lit(None)).cast(pl.String).alias(name)
        for name, column in wanted.items()
    ]
    if examples.grade is not None:
        if examples.grade not in schema or not schema[examples.grade].is_numeric():
            wrong.append(f"no column {examples.grade!r} of numbers")
        columns.append(pl.col(examples.grade).cast(pl.Float64).alias("grade"))
    if wrong:
        raise JobError("\n".join(wrong))
    return frame.select(columns)


def _files(examples: Examples) -> list[str]:
    paths = [shipped_path(path) for path in examples.paths]
    found = sorted({hit.path for path in paths for hit in store.find(path)})
    if not found:
        raise InputError(f"{examples.named()}: no such file")
    for path in found:
        if not path.endswith(".parquet"):
            raise JobError(f"{path}: examples are read from .parquet files")
        _refuse_disagreement(path, examples.min_agreement)
    return found


def _refuse_disagreement(path: str, least: float) -> None:
    with store.open_input(path) as file:
        try:
            metadata = pq.ParquetFile(file).schema_arrow.metadata or {}
        except (OSError, pa.ArrowException) as error:
            if is_shortage(error):
                raise told(error, path) from error
            raise InputError(f"{path}: cannot be read: {first_line(error)}") from None
    if LABELS not in metadata:
        return
    facts = json.loads(metadata[LABELS])
    if facts["repeated"] and facts["agreement"] < least:
        raise JobError(
            f"{path}: of {facts['repeated']} documents labelled twice only "
            f"{facts['agreement']:.0%} got the same label, under the {least:.0%} asked: mend the "
            "rubric and label again, or lower min_agreement"
        )


def _of_run(examples: Examples) -> pl.LazyFrame:
    """Return the documents of a run: its shards, or what it dropped, as the ledger knows it."""
    run = open_run(str(examples.run))
    if examples.fate == "kept":
        return run.kept()
    ledger = run.scan_ledger().filter(pl.col("fate") == "dropped")
    if examples.where:  # no text is read of what is not asked for
        with suppress(ConditionError):
            condition = parse(examples.where, ask_unknown=True)
            ledger = ledger.filter(condition.expression(ledger.collect_schema()))
    rows = ledger.collect()
    return rows.with_columns(pl.Series(examples.text, texts_of(run, rows), pl.String)).lazy()

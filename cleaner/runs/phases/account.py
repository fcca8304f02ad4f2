"""The account: records, verdicts and places of a million rows become one file of the ledger."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from cleaner.config.plain import Plain
from cleaner.dedup.against import fell
from cleaner.errors import AccountError
from cleaner.ledger import COLUMNS, ROWS_AT_ONCE, Change, capped, kept, merge, tally
from cleaner.runs.phases.base import (
    DataFile,
    exchange_sources,
    read_table,
    table_bytes,
)
from cleaner.runs.phases.shadow import ShadowBook, rows_of
from cleaner.runs.summary.count import added, merged, summarised
from cleaner.runs.summary.judges import Judge
from cleaner.storage.commits import Committer
from cleaner.storage.exchange import read_partition
from cleaner.storage.row_key import position

_GROUP_TEXT = 32 << 20  # bytes of text in a row group
_LATER = "\x01later"  # behind a name that two records have; no score of a user's is called so
_REPEATED = 4  # times that a value of a column is there on average, and a dictionary pays
_AT_ONCE = 4  # blocks whose summaries are in memory together


@dataclass(frozen=True)
class AccountSettings(Plain):
    """What all files of the ledger share."""

    measured: tuple[str, ...]  # columns of signals and scores
    counted: Mapping[str, tuple[str, ...]]  # signal -> its columns, the last measured first
    changes: tuple[tuple[str, tuple[str, str], tuple[str, str]], ...]  # each a `Change`
    judges: tuple[Judge, ...]  # what the stages judge by
    keep_rows: Literal["full", "dropped", "counts"]
    clustered: tuple[str, ...]  # stages at which a document loses to another
    matched: tuple[str, ...] = ()  # columns of what documents matched, the first null for none
    places: tuple[DataFile, ...] = ()
    sources: tuple[str, ...] = ()  # those whose documents are counted by rule and signal
    shadow: ShadowBook | None = None  # None: off


@dataclass(frozen=True)
class AccountUnit(Plain):
    """One file of the ledger."""

    number: int
    skip: int  # rows of its first part that are in the file before
    rows: int
    rows_of: tuple[int, ...]  # of each of its parts
    records: tuple[tuple[DataFile, ...], ...]  # of each map phase, part by part
    groups: tuple[int, ...]  # groups of parts that it touches
    ghosts: tuple[DataFile, ...] = ()  # the shadow, part by part


def run_account(settings: AccountSettings, unit: AccountUnit, out: Committer) -> None:
    """Write one ledger file and its clusters, block by block, and commit their counts."""
    places = _places(settings, unit, out.folder)
    counts: list[dict[str, Any]] = []
    summaries = [added(())]
    keep = settings.keep_rows
    name = f"part-{unit.number:05d}.parquet"
    written = {"clusters": Table(out, f"clusters/{name}")}
    if settings.matched:
        written["matches"] = Table(out, f"matches/{name}")
    if keep != "counts":
        written["ledger"] = Table(out, f"ledger/{name}")
    if settings.shadow is not None:
        written["shadow"] = TextTable(out, f"shadow/{name}")
    with ExitStack() as stack:
        for one in written.values():
            stack.enter_context(one)
        for block, parts in _blocks(unit, out.folder):
            ledger = _placed(block, places)
            counts.append(_counted(settings, ledger))
            summaries.append(summarised(ledger, settings.judges, settings.sources))
            if len(summaries) > _AT_ONCE:
                summaries = [added(summaries)]
            ledger = _columns(ledger, settings.measured)
            if keep == "full":
                written["ledger"].add(ledger)
            elif keep == "dropped":
                written["ledger"].add(ledger.filter(pl.col("fate") != "kept").select(list(COLUMNS)))
            written["clusters"].add(_clusters(ledger, settings.clustered))
            if settings.matched:
                written["matches"].add(_matches(ledger, settings.matched))
            if settings.shadow is not None:
                for number, rows in parts:
                    ghosts = read_table(out.folder, unit.ghosts[number])
                    written["shadow"].add(
                        rows_of(ledger[rows], ghosts, settings.shadow, settings.measured)
                    )
    outputs = [written[place].written() for place in sorted(written, reverse=True)]
    tables = merged(summaries).tables
    files = {name: table_bytes(table) for name, table in tables.items()}
    facts = {"counts": capped(merge(counts)), "rows": unit.rows, "outputs": outputs}
    out.commit(0, True, files, facts)


def _blocks(
    unit: AccountUnit, folder: str
) -> Iterator[tuple[pl.DataFrame, list[tuple[int, slice]]]]:
    """Yield the ledger's rows, ROWS_AT_ONCE at a time, with what each phase found for them.

    Beside them the parts that they are of, and which rows of the block each has.
    """
    ends = np.cumsum(unit.rows_of)
    first, past = unit.skip, unit.skip + unit.rows
    for start in range(first, max(past, first + 1), ROWS_AT_ONCE):
        end = min(past, start + ROWS_AT_ONCE)
        low = min(int(np.searchsorted(ends, start, side="right")), len(ends) - 1)
        high = max(low + 1, int(np.searchsorted(ends, end, side="left")) + 1)
        before = int(ends[low - 1]) if low else 0
        ledger = _between(unit.records[0][low:high], folder, slice(start - before, end - before))
        if len(ledger) != end - start:
            raise AccountError(
                f"ledger file {unit.number}: {len(ledger)} of {end - start} rows are there"
            )
        for files in unit.records[1:]:
            ledger = _over(ledger, _of_rows(files[low:high], folder, ledger))
        at = [max(0, int(ends[number]) - start) for number in range(low, high - 1)]
        bounds = itertools.pairwise([0, *at, len(ledger)])
        yield ledger, [(low + n, slice(*one)) for n, one in enumerate(bounds)]


def _between(files: Sequence[DataFile], folder: str, rows: slice) -> pl.DataFrame:
    """Return some rows of frames that lie one after another, of which one is held at a time."""
    found, done = [], 0
    for file in files:
        frame = read_table(folder, file)
        found.append(frame[max(0, rows.start - done) : max(0, rows.stop - done)].rechunk())
        done += len(frame)
    return pl.concat(found)


def _of_rows(files: Sequence[DataFile], folder: str, ledger: pl.DataFrame) -> pl.DataFrame:
    """Return what frames have of the rows of a ledger."""
    keys = position(ledger)
    found = []
    for file in files:
        frame = read_table(folder, file)
        at = position(frame)
        inside = (at >= keys[0]) & (at <= keys[-1]) if len(keys) else np.zeros(len(at), bool)
        found.append(frame.filter(pl.Series(inside)))
    return pl.concat(found)


def _counted(settings: AccountSettings, ledger: pl.DataFrame) -> dict[str, Any]:
    lost = ledger.filter(pl.col("fate").is_null())
    if len(lost):
        key = lost.select("file", "row").row(0)
        raise AccountError(
            f"{len(lost)} rows have no fate and no place in a shard; the first is {key}"
        )
    versions = settings.counted
    last = [pl.coalesce(names).alias(signal) for signal, names in versions.items()]
    first = [
        pl.coalesce(names[::-1]).alias(f"first_{signal}") for signal, names in versions.items()
    ]
    changes = [Change(*change) for change in settings.changes]
    return tally(ledger.with_columns(*last, *first), changes)


def _clusters(ledger: pl.DataFrame, stages: Sequence[str]) -> pl.DataFrame:
    # One that was only tagged as a duplicate is in no cluster.
    down = (pl.col("fate") == "dropped") & pl.col("stage").is_in(list(stages))
    return ledger.filter(fell() & down).select(
        "stage",
        "file",
        "row",
        pl.col("id").alias("duplicate"),
        pl.col("duplicate_of").alias("kept"),
        pl.col("duplicate_file").alias("kept_file"),
        pl.col("duplicate_row").alias("kept_row"),
        "source",
        "jaccard",
        "cluster_size",
    )


def _matches(ledger: pl.DataFrame, matched: Sequence[str]) -> pl.DataFrame:
    told = ("file", "row", "id", "url", "source", "fate", "stage", "tagged")
    return ledger.filter(pl.col(matched[0]).is_not_null()).select(*told, *matched)


def _over(ledger: pl.DataFrame, later: pl.DataFrame) -> pl.DataFrame:
    """Return the ledger with what a later phase found for the rows that reached it."""
    key = ["file", "row"]
    both = ledger.join(later, on=key, how="left", suffix=_LATER, maintain_order="left")
    names = [name for name in later.columns if name in ledger.columns and name not in key]
    both = both.with_columns(pl.coalesce(f"{name}{_LATER}", name).alias(name) for name in names)
    return both.drop(f"{name}{_LATER}" for name in names)


def _places(settings: AccountSettings, unit: AccountUnit, folder: str) -> pl.DataFrame:
    with exchange_sources(folder, settings.places) as sources:
        found = [read_partition(sources, group) for group in unit.groups]
    return pl.concat(found).select("file", "row", "shard", "shard_row")


def _placed(ledger: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    ledger = ledger.join(places, on=["file", "row"], how="left", maintain_order="left")
    placed = pl.col("shard").is_not_null()
    twice = ledger.filter(placed & pl.col("fate").is_not_null())
    if len(twice):
        raise AccountError(f"{len(twice)} rows are in a shard and fell at {twice['stage'][0]}")
    return kept(ledger, placed)


def _columns(ledger: pl.DataFrame, measured: Sequence[str]) -> pl.DataFrame:
    return ledger.select([*COLUMNS, *(name for name in measured if name not in COLUMNS)])


def _encodings(table: pa.Table) -> dict[str, Any]:
    """Return how columns are best written, by the first rows: 117 bytes a row, else 144.

    Values that repeat go into a dictionary. Others are made larger by one: numbers of rows are
    written as differences, strings behind their lengths, ratios as they are.
    """
    repeated, others = [], {}
    for field in table.schema:
        nested = pa.types.is_nested(field.type)
        if nested or _REPEATED * len(table[field.name].unique()) <= len(table):
            repeated.append(f"{field.name}.list.element" if nested else field.name)
        elif pa.types.is_integer(field.type):
            others[field.name] = "DELTA_BINARY_PACKED"
        elif pa.types.is_large_string(field.type):
            others[field.name] = "DELTA_LENGTH_BYTE_ARRAY"
    return {"use_dictionary": repeated, "column_encoding": others or None}


class Table:
    """One Parquet file of the account, written a row group at a time."""

    def __init__(self, out: Committer, name: str) -> None:
        self.out, self.name, self.rows = out, name, 0
        self._stack = ExitStack()
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> Self:
        self._product = self._stack.enter_context(self.out.product(self.name))
        return self

    def __exit__(self, *error: Any) -> bool | None:
        if self._writer is not None:
            self._writer.close()
        return self._stack.__exit__(*error)

    def add(self, frame: pl.DataFrame) -> None:
        """Write some rows; none give the file its schema."""
        table = frame.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self._product.sink,
                table.schema,
                compression="zstd",
                compression_level=9,
                write_page_index=True,
                **_encodings(table),
            )
        if len(frame):
            self._writer.write_table(table, row_group_size=ROWS_AT_ONCE)
            self.rows += len(frame)

    def written(self) -> dict[str, Any]:
        """Return what the manifest says of the file."""
        facts = self._product.facts
        return {**facts, "rows": self.rows}


class TextTable(Table):
    """One that holds texts: its row groups end where so many bytes are full, whatever comes."""

    def __init__(self, out: Committer, name: str) -> None:
        super().__init__(out, name)
        self._held: list[pl.DataFrame] = []
        self._bytes = self._group = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Take some rows; those of a row group are written together."""
        size = frame["text"].str.len_bytes().fill_null(0).to_numpy().astype(np.int64)
        group = (self._bytes + np.cumsum(size) - size) // _GROUP_TEXT
        self._bytes += int(size.sum())
        for number in np.unique(group):
            if number != self._group:
                self._write()
                self._group = number
            self._held.append(frame.filter(pl.Series(group == number)))
        if not self._held:
            self._held.append(frame)  # it has the schema

    def _write(self) -> None:
        super().add(pl.concat(self._held))
        self._held = []

    def __exit__(self, *error: Any) -> bool | None:
        if self._held and error[0] is None:
            self._write()
        return super().__exit__(*error)

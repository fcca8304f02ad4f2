"""The index of a run: keys of what stayed to the end, by hash range; and how a later run reads it.

kept: keys of one group of parts, without documents that fell later -> index: one file per range.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from cleaner.config.plain import Plain
from cleaner.corpus.files import first_line
from cleaner.dedup.against import as_old
from cleaner.dedup.index import Index, index_path
from cleaner.errors import Damaged, InputError
from cleaner.job.stage_spec import StageSpec
from cleaner.kernels.hashing import in_range
from cleaner.runs.phases.base import (
    DataFile,
    exchange_bytes,
    exchange_sources,
    read_table,
)
from cleaner.stages.global_stage import Indexed
from cleaner.storage import store
from cleaner.storage.commits import Committer
from cleaner.storage.exchange import read_partition, read_pieces
from cleaner.storage.shortages import is_shortage, told

# What the shards of an earlier run are asked for, where they have it.
_READ = ("text", "id", "source", "cluster_size", "formulas_marked")


@dataclass(frozen=True)
class IndexSettings(Plain):
    """What the tasks that write the index of a stage share: which one, and how it is cut."""

    stage: StageSpec
    by: str
    parts: int  # files
    ranges: int  # of hashes in each file
    places: tuple[DataFile, ...] = ()  # where documents lie in the shards
    rows: tuple[DataFile, ...] = ()  # what is in the index, by hash

    def indexed(self) -> Indexed:
        """Return the stage."""
        indexed = self.stage.across().indexed()
        if indexed is None:
            raise TypeError(f"{self.stage.name} has no index")
        return indexed


@dataclass(frozen=True)
class KeptUnit(Plain):
    """The parts of one group."""

    group: int
    parts: tuple[DataFile, ...]


@dataclass(frozen=True)
class IndexUnit(Plain):
    """One file of the index."""

    part: int


def run_kept(settings: IndexSettings, unit: KeptUnit, out: Committer) -> None:
    """Commit the keys of a group of parts that are in a shard, part by part, to exchange them."""
    places = None
    for number, file in enumerate(unit.parts):
        last = number == len(unit.parts) - 1
        if out.stands(number, last):
            continue
        if places is None:
            places = _places(settings, unit.group, out.folder)
        rows = _kept_rows(settings, file, places, out.folder)
        data = exchange_bytes(rows, settings.by, settings.parts)
        out.commit(number, last, {"rows": data}, {"kept": len(rows)})


def _places(settings: IndexSettings, group: int, folder: str) -> pl.DataFrame:
    """Return the shard and the row in it of every document of a group that is kept."""
    with exchange_sources(folder, settings.places) as sources:
        found = read_partition(sources, group)
    return found.select("file", "row", "shard", "shard_row")


def _kept_rows(
    settings: IndexSettings, file: DataFile, places: pl.DataFrame, folder: str
) -> pl.DataFrame:
    """Return the rows of one part's kept documents, under their place in the shards."""
    indexed = settings.indexed()
    if indexed.index_reads == "text":
        return indexed.index_rows(read_table(folder, file), places)
    parts = settings.parts
    with exchange_sources(folder, [file]) as sources:
        schema = read_partition(sources, 0).drop("slot").schema
        frames = [frame for part in range(parts) for frame in read_pieces(sources, part)]
    rows = pl.concat([pl.DataFrame(schema=schema), *(frame.drop("slot") for frame in frames)])
    return indexed.index_rows(rows, places)


def run_index(settings: IndexSettings, unit: IndexUnit, out: Committer) -> None:
    """Write one range of hashes of a stage's index to its final name, and commit it."""
    part, parts, ranges = unit.part, settings.parts, settings.ranges
    with exchange_sources(out.folder, settings.rows) as sources:
        rows = read_partition(sources, part)
    rows = settings.indexed().index_merged(rows)
    path = index_path(settings.stage.title, part, parts)
    own = slice(part * ranges, (part + 1) * ranges)
    with out.product(path) as product:
        written = exchange_bytes(rows, settings.by, parts * ranges, own)
        product.sink.writelines(written.pieces())
    facts = {"rows": len(rows), **product.facts, "trailer": written.said()}
    out.commit(0, True, {}, facts)


def read_old(indexes: Sequence[Index], part: int, parts: int, rows: pl.DataFrame) -> pl.DataFrame:
    """Return what earlier runs kept under the hashes of `rows`, partition `part` of `parts`.

    They are rows of the same columns, as documents that always stay.
    """
    found = [rows.clear()]
    for index in indexes if len(rows) else ():
        wanted = rows.select(index.by).unique()
        for frame in _ranges(index, part, parts):
            mine = frame.join(wanted, on=index.by, how="semi", maintain_order="left")
            old = as_old(mine, index.run, index.first_file)
            found.append(old.select(rows.columns).cast(rows.schema))
    return pl.concat(found)


def _ranges(index: Index, part: int, parts: int) -> Iterator[pl.DataFrame]:
    """Yield partition `part` of `parts` from an index, one of its own ranges at a time."""
    files, ranges = index.files, index.ranges
    cut = len(files) * ranges
    low, high = part * cut // parts, ((part + 1) * cut - 1) // parts
    for number in range(low // ranges, high // ranges + 1):
        first = number * ranges
        wanted = range(max(low, first) - first, min(high, first + ranges - 1) - first + 1)
        for frame in _of_run(index.run, DataFile(*files[number]), wanted):
            inside = in_range(frame[index.by].to_numpy(), parts, part)
            yield frame.filter(pl.Series(inside))


def _of_run(run: str, file: DataFile, wanted: range) -> Iterator[pl.DataFrame]:
    """Yield some ranges of a file of the index of an earlier run."""
    try:
        with exchange_sources(run, [file]) as sources:
            for part in wanted:
                yield from read_pieces(sources, part)
    except Damaged as error:  # that is not ours to make again
        raise InputError(f"against: {store.join(run, str(error))}; run {run} again") from None


@contextmanager
def _damage_named(path: str) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        if is_shortage(error):
            raise told(error, path) from error
        raise InputError(f"against: {path}: is damaged: {first_line(error)}") from None


def old_texts(
    indexes: Sequence[Index], wanted: pl.DataFrame
) -> Iterator[tuple[Index, pl.DataFrame]]:
    """Yield documents of earlier runs with the index they are of, a row group of a shard at a time.

    `wanted` are keys as `as_old` made them, sorted, with further columns to keep; the documents
    have the key that they have in the index.
    """
    for index in indexes:
        first, shards = index.first_file, index.shards
        for number in range(len(shards.paths)):
            mine = wanted.filter(pl.col("file") == first + number)
            if not len(mine):
                continue
            mine = mine.with_columns(file=pl.lit(number, pl.UInt32))
            path = store.join(shards.run, shards.paths[number])
            with _damage_named(path):
                for start, frame in shards.read(number, _READ, mine["row"].to_numpy()):
                    here = mine.filter(pl.col("row").is_between(start, start + len(frame) - 1))
                    if len(here):
                        docs = frame[(here["row"] - start).to_list()]
                        yield index, docs.hstack(here)

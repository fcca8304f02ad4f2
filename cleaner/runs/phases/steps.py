"""The steps of a global stage as tasks, and its verdicts brought to the parts of their rows.

A unit of a step reads and sends rows by role (`cleaner.stages.global_stage`); where the files lie,
and which of their ranges a unit reads, is known here alone.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from cleaner.config.plain import Plain
from cleaner.dedup.against import OLD
from cleaner.dedup.index import Index
from cleaner.job.stage_spec import StageSpec
from cleaner.runs.phases.base import (
    DataFile,
    batches_bytes,
    exchange_bytes,
    exchange_sources,
    read_batches,
    read_table,
    slot,
    with_asked,
)
from cleaner.runs.phases.index import old_texts, read_old
from cleaner.stages.global_stage import (
    ByRange,
    ByRow,
    Facts,
    Piece,
    Sent,
    Step,
    Texts,
    Whole,
)
from cleaner.storage.commits import Committer, Ranged
from cleaner.storage.exchange import in_pieces, read_partition, read_pieces
from cleaner.storage.row_key import position

EARLIER = "_earlier"  # behind a role: its rows about documents of earlier runs


@dataclass(frozen=True)
class Read(Plain):
    """A role as a step reads it: its files, and the ranges in each; None where it is whole."""

    files: tuple[DataFile, ...]
    ranges: int | None = None


@dataclass(frozen=True)
class StepSettings(Plain):
    """What all units of a step share."""

    stage: StageSpec
    step: str
    reads: Mapping[str, Read]
    ranges: Mapping[str, int]  # of each role that it makes by range
    groups: tuple[int, ...]  # where each group of parts starts, as the position of a row
    earlier: tuple[Index, ...]  # of earlier runs
    earlier_groups: int  # tasks in which the shards of earlier runs are read for their texts
    most_rows: int  # of keys in one piece, about half


@dataclass(frozen=True)
class StepUnit(Plain):
    """One unit of a step: a range, parts of the corpus, or a group of earlier runs' shards."""

    range: int | None = None
    texts: tuple[DataFile, ...] = ()
    groups: tuple[int, ...] = ()  # for each text the group of parts that it belongs to
    earlier: int | None = None


def run_step(settings: StepSettings, unit: StepUnit, out: Committer) -> None:
    """Run one unit of one step of a global stage."""
    stage = settings.stage.across()
    step = next(step for step in stage.steps() if step.name == settings.step)
    step.run(stage, _Work(settings, step, unit, out))


@dataclass(frozen=True)
class _Frames:
    """Frames that are read anew each time they are gone through."""

    read: Callable[[], Iterator[pl.DataFrame]]

    def __iter__(self) -> Iterator[pl.DataFrame]:
        return self.read()


@dataclass(frozen=True)
class _Work:
    """One unit of a step, as the stage sees it: see `Work`."""

    settings: StepSettings
    step: Step
    unit: StepUnit
    out: Committer
    spent: Counter[str] = field(default_factory=Counter)  # since the last part was committed

    def stands(self, number: int, last: bool) -> bool:
        return self.out.stands(number, last)

    def pieces(self, role: str) -> Iterator[Piece]:
        read, part = self.settings.reads[role], self._range()
        ranges = read.ranges or 1
        with exchange_sources(self.out.folder, read.files) as sources:
            size = sum(source.parts[part].rows for source in sources)
            count = max(1, -(-size // (2 * self.settings.most_rows)))
            with in_pieces(sources, "slot", part, ranges, count) as rows_of:
                for number in range(count):
                    last = number == count - 1
                    if not self.stands(number, last):
                        rows = rows_of(number).drop("slot")
                        at, of = part * count + number, ranges * count
                        yield Piece(number, last, rows, read_old(self._earlier(), at, of, rows))

    def frames(self, role: str) -> Iterable[pl.DataFrame]:
        read = self.settings.reads[role]
        if read.ranges is None:
            return _Frames(lambda: self._batches(read))
        wanted = range(read.ranges) if self.unit.range is None else [self.unit.range]
        return _Frames(lambda: self._ranges(read, wanted))

    def _batches(self, read: Read) -> Iterator[pl.DataFrame]:
        for file in read.files:
            yield from read_batches(self.out.folder, file)

    def _ranges(self, read: Read, wanted: Iterable[int]) -> Iterator[pl.DataFrame]:
        with exchange_sources(self.out.folder, read.files) as sources:
            some = False
            for number in wanted:
                for frame in read_pieces(sources, number):
                    some = True
                    yield frame.drop("slot")
            if not some:  # the columns are there all the same
                yield read_partition(sources, next(iter(wanted))).drop("slot")

    def texts(self, role: str) -> Iterator[Texts]:
        if self.unit.earlier is not None:
            wanted = self._named(f"{role}{EARLIER}", self.unit.earlier).sort("file", "row")
            for index, docs in old_texts(self._earlier(), wanted):
                yield Texts(docs, index.run, index.first_file)
            return
        if not self.unit.texts:
            raise TypeError(f"step {self.step.name} does not go over texts")
        mine = zip(self.unit.groups, self.unit.texts, strict=True)
        for group, files in itertools.groupby(mine, key=lambda one: one[0]):
            named = self._named(role, group)
            for _, file in files:
                docs = read_table(self.out.folder, file)
                docs = docs.join(named, on=["file", "row"], how="inner", maintain_order="left")
                self.spent["shingled"] += len(docs)
                yield Texts(with_asked(docs, self.settings.stage.reads))

    def _named(self, role: str, part: int) -> pl.DataFrame:
        read = self.settings.reads[role]
        with exchange_sources(self.out.folder, read.files) as sources:
            return read_partition(sources, part).drop("slot")

    def commit(self, number: int, last: bool, sent: Mapping[str, Sent], facts: Facts) -> None:
        files: dict[str, Ranged] = {}
        for role, one in sent.items():
            if isinstance(one, Whole):
                files[role] = batches_bytes(one.rows, one.batch)
            elif isinstance(one, ByRange):
                files[role] = exchange_bytes(one.rows, "slot", self.settings.ranges[role])
            else:
                files |= self._by_row(role, one)
        self.out.commit(number, last, files, facts, self.spent)
        self.spent.clear()

    def _by_row(self, role: str, one: ByRow) -> dict[str, Ranged]:
        ours = one.rows.filter(pl.col("file") < OLD)
        starts = np.array(self.settings.groups, np.uint64)
        files = {role: to_parts(ours, starts)}
        earlier = one.rows.filter(pl.col("file") >= OLD)
        if len(earlier):
            groups = self.settings.earlier_groups
            shards = sum(len(index.shards.paths) for index in self._earlier())
            shard = earlier["file"].to_numpy().astype(np.int64) - OLD
            at = slot(shard * groups // shards, groups)
            files[f"{role}{EARLIER}"] = exchange_bytes(earlier.with_columns(at), "slot", groups)
        return files

    def _range(self) -> int:
        if self.unit.range is None:
            raise TypeError(f"step {self.step.name} does not go over ranges")
        return self.unit.range

    def _earlier(self) -> tuple[Index, ...]:
        return self.settings.earlier


def to_parts(rows: pl.DataFrame, starts: np.ndarray) -> Ranged:
    """Return rows by key as an exchange file with a range for each part that starts there."""
    part = np.searchsorted(starts, position(rows), side="right") - 1
    return exchange_bytes(rows.with_columns(slot(part, len(starts))), "slot", len(starts))


@dataclass(frozen=True)
class GatherSettings(Plain):
    """Where the verdicts of a stage lie."""

    verdicts: tuple[DataFile, ...]


@dataclass(frozen=True)
class GatherUnit(Plain):
    """A group of parts, and where each of them starts, as the position of a row."""

    group: int
    starts: tuple[int, ...]


def run_gather(settings: GatherSettings, unit: GatherUnit, out: Committer) -> None:
    """Bring all verdicts on one group of parts together, a range for each part."""
    with exchange_sources(out.folder, settings.verdicts) as sources:
        rows = read_partition(sources, unit.group).drop("slot").sort("file", "row")
    starts = np.array(unit.starts, np.uint64)
    out.commit(0, True, {"verdicts": to_parts(rows, starts)}, {"verdicts": len(rows)})

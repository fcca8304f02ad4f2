"""What a stage that must see all rows says of itself; the engine asks, and knows none by name.

Each document sends rows under *roles*, every row with its place among the hash ranges, the UInt64
column `slot`. *Steps* read roles and make further ones; the last makes the role `verdicts`, and
with it the stage changes the frames of the documents that reached it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol

import polars as pl

PARTITION_ROWS = 2_000_000  # rows of keys that one task of a step holds
MOST_PARTITIONS = 1_024
_PER_KEY = 400  # bytes in which one of them is in memory while its partition is decided
VERDICTS = "verdicts"  # the role that the last step makes

Layout = Literal["by row", "by range", "whole"]  # how a role's rows are sent
Facts = Mapping[str, Any]
Tables = Iterator[tuple[str, list[dict[str, Any]]]]


def partitions(rows: int, most: int | None = None) -> int:
    """Return into how many hash ranges so many rows are parted, about `most` in one at most."""
    return max(1, min(MOST_PARTITIONS, -(-rows // (most or PARTITION_ROWS))))


@dataclass(frozen=True)
class Role:
    """Rows that documents send under one name, and into how many hash ranges."""

    name: str
    ranges: int
    share: float = 1.0  # of the documents that send any


@dataclass(frozen=True)
class Seen:
    """What is known when a step is about to start."""

    rows: int  # documents that reached the stage
    text_bytes: int  # of their texts
    facts: Mapping[str, Sequence[Facts]]  # what each earlier step committed, part by part


@dataclass(frozen=True)
class ByRow:
    """Rows to send to the task that holds their document, by (file, row)."""

    rows: pl.DataFrame


@dataclass(frozen=True)
class ByRange:
    """Rows to send to the task of their hash range, by `slot`."""

    rows: pl.DataFrame


@dataclass(frozen=True)
class Whole:
    """Rows for every task that reads the role, in batches of at most `batch`."""

    rows: pl.DataFrame
    batch: int | None = None


Sent = ByRow | ByRange | Whole


@dataclass(frozen=True)
class Piece:
    """Rows of one hash range, as many as are held at once."""

    number: int
    last: bool
    rows: pl.DataFrame
    earlier: pl.DataFrame  # what earlier runs kept under the same hashes, as rows of documents

    def all(self) -> pl.DataFrame:
        """Return the rows of this run and of earlier ones."""
        return pl.concat([self.rows, self.earlier])


@dataclass(frozen=True)
class Texts:
    """Documents with the columns of a role, of this run or of an earlier one."""

    docs: pl.DataFrame
    run: str | None = None  # the earlier run, as the job names it
    first_file: int = 0  # where its files are numbered from


class Work(Protocol):
    """One unit of a step: rows in by role, rows out by role, a part at a time."""

    def stands(self, number: int, last: bool) -> bool:
        """Return whether a part is committed already, and need not be made."""

    def pieces(self, role: str) -> Iterator[Piece]:
        """Yield the rows of this unit's hash range in parts that are not committed yet."""

    def frames(self, role: str) -> Iterable[pl.DataFrame]:
        """Return the rows of this unit's range, or of a `Whole` role all, to go through at will."""

    def texts(self, role: str) -> Iterator[Texts]:
        """Yield this unit's documents that a `ByRow` role names."""

    def commit(self, number: int, last: bool, sent: Mapping[str, Sent], facts: Facts) -> None:
        """Commit one part: what it sends under each role, and counts that can be added."""


@dataclass(frozen=True)
class Step:
    """One step of a stage: a function that the engine calls once per unit.

    `over` says what a unit is: a hash range of the role `of`; a part of the corpus whose documents
    the role `of` names; or all rows at once.
    """

    name: str
    run: Callable[[Any, Work], None]
    over: Literal["ranges", "texts", "all"]
    of: str = "keys"
    reads: tuple[str, ...] = ()  # roles beside `of`
    makes: Mapping[str, Layout] = field(default_factory=dict)
    version: int = 1
    decides: bool = False  # by all options of the stage; else by those of `before_deciding`


class GlobalStage(ABC):
    """A stage that must see all rows."""

    clusters: ClassVar[bool] = False  # what it drops lost to another document
    watched: ClassVar[bool] = False  # a source that loses nearly all of its documents is an alarm
    gathered: ClassVar[bool] = True  # verdicts go to their documents; False: each task reads all
    reads_again: ClassVar[bool] = False  # its verdicts are applied by the columns that it reads
    scores_first: ClassVar[bool] = False  # it also goes row by row, at the end of the phase before
    signs: ClassVar[bool] = False  # what documents send is costly: made of all words of a text
    # Options that no task is told, and no key of a unit depends on.
    unkeyed: ClassVar[frozenset[str]] = frozenset()

    def compares_text(self) -> bool:
        """Return whether texts are compared, so that one without a word falls here as `empty`."""
        return False

    def indexed(self) -> "Indexed | None":
        """Return this stage if it leaves an index; else None."""
        return None

    def stays(self) -> str:
        """Return in words, for the plan, which of several documents stays; or nothing."""
        return ""

    @abstractmethod
    def key_rows(self, rows: int) -> int:
        """Return about how many rows so many documents send as `keys`."""

    def held(self, rows: int, size: int) -> int:
        """Return about the bytes that a task of the stage holds, of so many rows and bytes."""
        keys = self.key_rows(rows)
        piece = max(PARTITION_ROWS, min(2 * PARTITION_ROWS, keys // MOST_PARTITIONS))
        return _PER_KEY * min(keys, piece)

    def roles(self, rows: int, size: int) -> tuple[Role, ...]:
        """Return what is sent of an input of so many rows and bytes."""
        return (Role("keys", partitions(self.key_rows(rows))),)

    @abstractmethod
    def sent(self, docs: pl.DataFrame, roles: Sequence[Role]) -> Mapping[str, pl.DataFrame]:
        """Return what a frame of documents sends under each role, with `slot`."""

    def unread(self, docs: pl.DataFrame) -> tuple[int, list[str]]:
        """Return how many documents say what decides here, and what of it cannot be read."""
        return 0, []

    def before_deciding(self) -> Any:
        """Return the stage's options as all but its deciding steps see them.

        What only decides has its default there, so that a change of it changes no earlier key.
        """
        return None

    @abstractmethod
    def steps(self) -> tuple[Step, ...]:
        """Return the steps in their order."""

    def ranges(self, role: str, seen: Seen) -> int:
        """Return into how many hash ranges a role is parted that a step makes `ByRange`."""
        raise NotImplementedError(f"{type(self).__name__} has no role {role!r}")

    @abstractmethod
    def applied(self, docs: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
        """Return documents as any stage does, with `broken` and what else it adds.

        `verdicts` are those on these documents, or all where they are not `gathered`.
        """

    def told(self) -> Mapping[str, Any]:
        """Return the columns, name -> Polars type, that `applied` gives for the ledger alone.

        The first is not null for a document that matched something; such documents stand in
        `matches/`, too.
        """
        return {}

    def found(self, facts: Mapping[str, Sequence[Facts]]) -> dict[str, Any] | None:
        """Return what `stats.json` says of the stage, from what its steps committed; or nothing."""
        return None

    def tables(self, title: str, found: Mapping[str, Any]) -> Tables:
        """Yield tables of what `found` returned, each with its heading."""
        yield from ()


class Indexed(GlobalStage):
    """A stage that leaves an index of what was kept, for a later run to be held `against`."""

    # What earlier runs kept travels as their indexes.
    unkeyed: ClassVar[frozenset[str]] = frozenset({"against"})
    index_by: ClassVar[str]  # the UInt64 column by which its rows are found
    index_reads: ClassVar[Literal["keys", "text"]] = "keys"  # what its rows are made of

    def indexed(self) -> "Indexed | None":
        """Return this stage."""
        return self

    @abstractmethod
    def compares(self) -> dict[str, Any]:
        """Return what two runs must have in common for their indexes to be compared."""

    @abstractmethod
    def earlier_runs(self) -> tuple[str, ...]:
        """Return the folders of the runs that this one is held against."""

    @abstractmethod
    def index_rows(self, read: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
        """Return the index's rows of one part: of what it sent as `keys`, or of its documents.

        `places` (file, row, shard, shard_row) are the documents of the shards; theirs stay, and
        have their place as key.
        """

    def index_merged(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of one range of the index in their order."""
        return rows.sort(self.index_by, "file", "row")

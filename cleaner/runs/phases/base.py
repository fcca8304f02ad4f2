"""What a phase is: units of work and a pure function, between the commits before and after it.

The driver calls `Phase.prepare` to turn what earlier phases committed into settings (written once,
read by every task) and units. A worker calls the phase's function with both and a `Committer`.
"""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
import polars as pl
import pyarrow as pa

from cleaner.config.plain import Plain
from cleaner.errors import Damaged, InputError
from cleaner.storage import store
from cleaner.storage.commits import Marker, Ranged
from cleaner.storage.exchange import (
    Part,
    Source,
    Written,
    read_all,
    read_pieces,
    write_partitions,
    write_slices,
)
from cleaner.storage.shortages import naming

Settings = TypeVar("Settings", bound=Plain)
_IPC = pa.ipc.IpcWriteOptions(compression="lz4")
# Functions whose units write files of the output.
_WRITERS = ("shard", "account", "index", "write_checkpoint", "export")
_OPEN = 64  # exchange files that a task holds open; a process may have as few as 256 in all
# Where ranges lie in a file, and its schema: what a worker remembers of those it read last.
_REMEMBERED_BYTES = 32 << 20
_remembered: OrderedDict[tuple[str, str, str, int], bytes] = OrderedDict()
# One partition in an exchange file's trailer; the last one is the file's schema.
_ENTRY = np.dtype([("rows", "<i8"), ("offset", "<i8"), ("size", "<i8"), ("check", "V16")])


@dataclass(frozen=True)
class Everything(Plain):
    """The payload of the one unit of a phase that is done at once."""


@dataclass(frozen=True)
class Unit:
    """One unit of a phase: what its task needs, and a hash of what its outcome depends on."""

    name: str
    payload: Plain
    depends: str
    rows: int | None = None  # documents it is about, for progress; None: not known
    size: int = 0  # bytes it reads, for progress
    weight: int = 0  # about the bytes it works on, where they are more than it reads


def largest_first(units: Iterable[Unit]) -> list[Unit]:
    """Return units in the order in which to begin them, so that no large one is the last to end.

    That is the rule of the longest processing time first (Graham 1969, "Bounds on multiprocessing
    timing anomalies"). Equal ones stay as they are.
    """
    return sorted(units, key=lambda unit: -max(unit.weight, unit.size))


@dataclass(frozen=True)
class Prepared:
    """A phase, ready to run: settings for all its tasks, and the units."""

    settings: Plain
    units: Sequence[Unit]
    depends: str  # a hash of what all units depend on, the settings' own data left out


@dataclass
class State:
    """What a run has committed so far, phase by phase, each phase's markers in unit order.

    A replacement of a finished run has a place of its own below the run folder, for its products
    and the phases that write them; one that begins afresh, for all its phases.
    """

    folder: str
    markers: dict[str, list[Marker]] = field(default_factory=dict)
    books: dict[str, str] = field(default_factory=dict)  # the name of each phase's book
    place: str = ""
    fresh: bool = False
    run: str = ""  # what this run calls itself in its `plan.json`, whatever the attempt
    earlier: tuple[str, ...] = ()  # folders of runs whose results are taken where they are the same
    # Units, (phase, unit), that were found damaged: they are done again, and not taken again.
    spoiled: set[tuple[str, str]] = field(default_factory=set)
    # Roles of which files may have been released, by phase; and those that went in this process.
    released: dict[str, list[str]] = field(default_factory=dict)
    let_go: set[tuple[str, str]] = field(default_factory=set)
    # Products, path and SHA-256, whose bytes this process wrote or has checked.
    sure: set[tuple[str, str]] = field(default_factory=set)

    @property
    def home(self) -> str:
        """Where the products go."""
        return store.join(self.folder, self.place) if self.place else self.folder

    def place_of(self, phase: "Phase") -> str:
        """Return where a phase has its results, below the run folder."""
        return self.place if self.fresh or phase.products else ""

    def home_of(self, phase: "Phase") -> str:
        """Return where a phase has its results."""
        return self.home if self.fresh or phase.products else self.folder


@dataclass(frozen=True)
class Reads:
    """Files of one role of an earlier phase that a phase reads."""

    phase: str
    role: str
    ranges: bool = False  # of all of them, as they were joined where that was worth it


def merged(phase: str) -> str:
    """Return the name of the phase that joins the files of another one."""
    return f"{phase}.merged"


@dataclass(frozen=True)
class Phase:
    """One step of a plan. `function` is a name in `cleaner.runs.phases.FUNCTIONS`."""

    name: str
    function: str
    title: str  # for people: the stages it runs
    options: Plain  # all that decides the outcome
    prepare: Callable[[State], Prepared]
    version: int = 1
    exact: bool = True
    reads: tuple[Reads, ...] = ()  # of earlier phases; what none reads any more may go
    exchanges: tuple[str, ...] = ()  # roles of which a later phase reads ranges from all units
    of_map: int | None = None  # the number of the plan's map phase that it is
    gpu: bool = False  # a stage in it runs on a GPU where there is one
    stage: str = ""  # the title of the global stage that it is a step of
    step: str = ""

    @property
    def counts_rows(self) -> bool:
        """Whether its units carry documents."""
        return self.of_map is not None

    @property
    def products(self) -> bool:
        """Whether its units write files of the output, under their final names."""
        return self.function in _WRITERS


@dataclass(frozen=True)
class DataFile:
    """A committed file: its path below the run folder, its bytes, and what they are checked by.

    That is the SHA-256 of the file, or, where ranges of it are read, of the trailer at its end,
    which has a hash of each range.
    """

    path: str
    size: int
    sha256: str
    trailer: int = 0  # bytes

    @classmethod
    def of(cls, marker: Marker, role: str) -> "DataFile":
        """Return the file that a marker names under `role`."""
        file = marker.files[role]
        path = f"{marker.place}/{file['path']}" if marker.place else file["path"]
        return cls.said({**file, "path": path})

    @classmethod
    def said(cls, file: Mapping[str, Any]) -> "DataFile":
        """Return a file from what was said of it when it was written."""
        trailer = file.get("trailer", {"sha256": file["sha256"], "bytes": 0})
        return cls(file["path"], file["bytes"], trailer["sha256"], trailer["bytes"])

    def plain(self) -> list[Any]:
        """Return the file as plain data."""
        return [self.path, self.size, self.sha256, self.trailer]

    @classmethod
    def from_plain(cls, plain: Sequence[Any]) -> "DataFile":
        """Read back what `plain` returned."""
        return cls(*plain)


def table_bytes(frame: pl.DataFrame) -> pa.Buffer:
    """Return a frame as the bytes of an Arrow IPC file."""
    sink = pa.BufferOutputStream()
    table = frame.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    with pa.ipc.new_file(sink, table.schema, options=_IPC) as writer:
        writer.write_table(table)
    return sink.getvalue()


def read_table(folder: str, file: DataFile) -> pl.DataFrame:
    """Return a frame, once the bytes of its file are those that were committed."""
    if file.trailer:
        with exchange_sources(folder, [file]) as sources:
            return read_all(*sources)
    data = read_whole(folder, file)
    _check(file, data, file.size)
    with pa.ipc.open_file(data) as reader:
        return pl.DataFrame(reader.read_all())


def read_whole(folder: str, file: DataFile) -> pa.Buffer:
    """Return the bytes of a file."""
    with _opened(folder, file) as source, naming(store.join(folder, file.path)):
        return source.read_buffer()


def batches_bytes(frame: pl.DataFrame, batch: int | None = None) -> Ranged:
    """Return a frame as a file of batches of at most so many rows, for `read_batches`."""
    batch = batch or max(1, len(frame))
    return _with_trailer(write_slices(frame, [*range(0, len(frame), batch), len(frame)]))


def read_batches(folder: str, file: DataFile) -> Iterator[pl.DataFrame]:
    """Yield a frame batch by batch; an empty one has none."""
    with exchange_sources(folder, [file]) as (source,):
        for batch in range(len(source.parts)):
            yield from read_pieces([source], batch)


def exchange_bytes(frame: pl.DataFrame, by: str, parts: int, only: slice = slice(None)) -> Ranged:
    """Return `frame` partitioned by hash range, as an exchange file with a trailer of its parts.

    `only` are the parts that can have rows: the file has no others.
    """
    return _with_trailer(write_partitions(frame, by, parts), only)


def _with_trailer(written: Written, only: slice = slice(None)) -> Ranged:
    return Ranged(written.data, trailer_of([*written.parts[only], written.head]))


def trailer_of(parts: Sequence[Part]) -> bytes:
    """Return what stands at the end of an exchange file: its parts, then its schema."""
    entries = [(part.rows, part.offset, part.size, part.check) for part in parts]
    return np.array(entries, _ENTRY).tobytes()


def parts_in(file: DataFile, data: pa.Buffer | bytes) -> list[Part]:
    """Return what the trailer of an exchange file says, whose bytes these are or end with."""
    trailer = data[len(data) - min(len(data), file.trailer) :]
    _check(file, trailer, file.trailer)
    return [Part(*entry) for entry in np.frombuffer(trailer, _ENTRY).tolist()]


def ranges_in(file: DataFile) -> int:
    """Return into how many ranges an exchange file is parted."""
    return file.trailer // _ENTRY.itemsize - 1


@contextmanager
def exchange_sources(folder: str, files: Sequence[DataFile]) -> Iterator[list[Source]]:
    """Give exchange files to `read_partition`, however many; few of them are open at a time."""
    ranges = _Ranges(folder)
    try:
        yield [ranges.source(file) for file in files]
    finally:
        ranges.close()


class _Ranges:
    """Reads ranges of many files; those asked for last stay open."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._open: OrderedDict[str, pa.NativeFile] = OrderedDict()

    def source(self, file: DataFile) -> Source:
        trailer = self._remembered(file, file.trailer, file.size - file.trailer)
        *parts, head = parts_in(file, trailer)

        def read(size: int, offset: int) -> bytes:
            schema = (size, offset) == (head.size, head.offset)
            return (self._remembered if schema else self.read_at)(file, size, offset)

        return Source(read, parts, head, file.path)

    def _remembered(self, file: DataFile, size: int, offset: int) -> bytes:
        """Return what a worker reads once of a file, for all ranges of it that it does."""
        at = (self.folder, file.path, file.sha256, offset)
        data = _remembered.pop(at, None) or self.read_at(file, size, offset)
        _remembered[at] = data
        while sum(map(len, _remembered.values())) > _REMEMBERED_BYTES and len(_remembered) > 1:
            _remembered.popitem(last=False)
        return data

    def read_at(self, file: DataFile, size: int, offset: int) -> bytes:
        if file.path not in self._open:
            if len(self._open) >= _OPEN:
                self._open.popitem(last=False)[1].close()
            self._open[file.path] = _opened(self.folder, file)
        self._open.move_to_end(file.path)
        with naming(store.join(self.folder, file.path)):
            return self._open[file.path].read_at(size, offset)

    def close(self) -> None:
        while self._open:
            self._open.popitem()[1].close()


def _opened(folder: str, file: DataFile) -> pa.NativeFile:
    try:
        return store.open_input(store.join(folder, file.path), ahead=False)
    except InputError as error:
        raise Damaged(file.path, "is gone") from error


def _check(file: DataFile, data: pa.Buffer | bytes, size: int) -> None:
    """Raise Damaged unless bytes of a file are as many as they should be, and the right ones."""
    if len(data) != size:
        raise Damaged(file.path, "has lost bytes")
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise Damaged(file.path, "its bytes are not those that were written")


def with_asked(docs: pl.DataFrame, reads: Mapping[str, str]) -> pl.DataFrame:
    """Return `docs` with the carried columns that a stage reads, as the job calls them."""
    return docs.with_columns(docs[inner].alias(name) for name, inner in reads.items())


def without_asked(docs: pl.DataFrame, reads: Mapping[str, str]) -> pl.DataFrame:
    """Return `docs` as they were before `with_asked`, with whatever was added since."""
    return docs[[name for name in docs.columns if name not in reads]] if reads else docs


def slot(group: np.ndarray, groups: int) -> pl.Series:
    """Return UInt64 hashes, each the middle of the range that is partition `group` of `groups`."""
    middle = [((2 * g + 1) << 63) // groups for g in range(groups)]
    return pl.Series("slot", np.array(middle, np.uint64)[group])


@lru_cache(maxsize=4)
def settings_bytes(path: str) -> bytes:
    """Return the file with a phase's settings; a worker reads it once."""
    return store.read_bytes(path)


@lru_cache(maxsize=4)
def load_settings(path: str, read: Callable[[Mapping[str, Any]], Settings]) -> Settings:
    """Return a phase's settings, always the same object for the same file."""
    return read(json.loads(settings_bytes(path)))

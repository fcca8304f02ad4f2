"""What a phase is: units of work and a pure function, between the commits before and after it.

The driver calls `Phase.prepare` to turn what earlier phases committed into settings (written once,
read by every task) and units. A worker calls the phase's function with both and a `Committer`.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from cleaner import store
from cleaner.commits import Committer, Marker
from cleaner.exchange import Part, Source, write_partitions

Settings = dict[str, Any]
Work = Callable[[Settings, dict[str, Any], Committer], None]
_IPC = pa.ipc.IpcWriteOptions(compression="lz4")
_ENTRY = 24  # bytes of one partition in an exchange file's trailer: rows, offset, size as int64


@dataclass(frozen=True)
class Unit:
    """One unit of a phase: what its task needs, and a hash of what its outcome depends on."""

    name: str
    payload: Mapping[str, Any]
    depends: str
    rows: int | None = None  # documents it is about, for progress; None: not known
    size: int = 0  # bytes it reads, for progress


@dataclass(frozen=True)
class Prepared:
    """A phase, ready to run: settings for all its tasks, and the units."""

    settings: Settings
    units: Sequence[Unit]
    depends: str  # a hash of what all units depend on, the settings' own data left out


@dataclass
class State:
    """What a run has committed so far, phase by phase, each phase's markers in unit order."""

    folder: str
    markers: dict[str, list[Marker]] = field(default_factory=dict)


@dataclass(frozen=True)
class Phase:
    """One step of a plan. `function` is a name in `cleaner.phases.FUNCTIONS`."""

    name: str
    function: str
    title: str  # for people: the stages it runs
    options: Mapping[str, Any]  # all that decides the outcome, as plain data
    prepare: Callable[[State], Prepared]
    version: int = 1
    exact: bool = True
    counts_rows: bool = False  # a map phase: its units carry documents
    gpu: bool = False  # a stage in it runs on a GPU where there is one
    stage: str = ""  # the title of the global stage that it is a step of
    step: str = ""


@dataclass(frozen=True)
class DataFile:
    """A committed file: its path below the run folder and its bytes."""

    path: str
    size: int

    @classmethod
    def of(cls, marker: Marker, role: str) -> "DataFile":
        """Return the file that a marker names under `role`."""
        file = marker.files[role]
        return cls(file["path"], file["bytes"])

    def plain(self) -> list[Any]:
        """Return the file as plain data; `DataFile(*plain)` reads it back."""
        return [self.path, self.size]


def table_bytes(frame: pl.DataFrame, batch: int | None = None) -> pa.Buffer:
    """Return a frame as the bytes of an Arrow IPC file, in batches of at most so many rows."""
    sink = pa.BufferOutputStream()
    table = frame.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    with pa.ipc.new_file(sink, table.schema, options=_IPC) as writer:
        writer.write_table(table, batch)
    return sink.getvalue()


def read_table(folder: str, file: DataFile, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Return the frame of an Arrow IPC file, or only some of its columns."""
    with store.open_input(store.join(folder, file.path)) as source:
        options = pa.ipc.IpcReadOptions()
        if columns is not None:
            with pa.ipc.open_file(source) as reader:
                names = reader.schema.names
            options.included_fields = [names.index(name) for name in columns]
        with pa.ipc.open_file(source, options=options) as reader:
            return pl.DataFrame(reader.read_all())


def read_batches(folder: str, file: DataFile) -> Iterator[pl.DataFrame]:
    """Yield the frame of an Arrow IPC file batch by batch; an empty one has none."""
    with (
        store.open_input(store.join(folder, file.path)) as source,
        pa.ipc.open_file(source) as reader,
    ):
        for number in range(reader.num_record_batches):
            yield pl.DataFrame(reader.get_batch(number))


def exchange_bytes(
    frame: pl.DataFrame, by: str, parts: int, only: slice = slice(None)
) -> pa.Buffer:
    """Return `frame` partitioned by hash range, as an exchange file with a trailer of its parts.

    `only` are the parts that can have rows: the file has no others.
    """
    sink = pa.BufferOutputStream()
    found = write_partitions(frame, by, parts, sink)[only]
    trailer = np.array([[part.rows, part.offset, part.size] for part in found], np.int64)
    sink.write(trailer.tobytes())
    return sink.getvalue()


@contextmanager
def exchange_sources(folder: str, files: Sequence[DataFile], parts: int) -> Iterator[list[Source]]:
    """Open exchange files for `read_partition`."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(_source(store.join(folder, file.path), file.size, parts))
            for file in files
        ]


@contextmanager
def _source(path: str, size: int, parts: int) -> Iterator[Source]:
    with store.open_input(path) as file:
        trailer = np.frombuffer(file.read_at(parts * _ENTRY, size - parts * _ENTRY), np.int64)
        found = [Part(*entry) for entry in trailer.reshape(parts, 3).tolist()]
        yield Source(file, found)


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
def load_settings(path: str) -> Settings:
    """Return a phase's settings; a worker reads them once."""
    return json.loads(store.read_bytes(path))

"""Partition rows by hash range through files, and read one partition back from all of them.

A task writes ONE Arrow IPC file whose record batches are its partitions; whoever needs partition p
fetches that one batch of every file by one ranged read, and parses none whose hash is another than
when it was written. Of many small files larger ones are made first, in which a partition is several
batches. Memory is one partition; one that is too large is taken in pieces of its own range
(`in_pieces`).
"""

import itertools
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TypeVar

import polars as pl
import pyarrow as pa
import xxhash

from cleaner.errors import Damaged
from cleaner.kernels.hashing import range_order

_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")
_GATHERED = 1_000_000
_MAGIC = 8  # bytes before the schema message of an Arrow IPC file


@dataclass(frozen=True)
class Part:
    """Where one partition lies in its file: rows, byte offset, bytes. No rows, no bytes."""

    rows: int
    offset: int
    size: int
    check: bytes  # XXH3-128 of the bytes


Data = TypeVar("Data", bytes, memoryview)


def same(path: str, data: Data, part: Part) -> Data:
    """Return the bytes of a part of a file; raises Damaged for others than were written."""
    if len(data) != part.size or xxhash.xxh3_128_digest(data) != part.check:
        raise Damaged(path, "its bytes are not those that were written")
    return data


@dataclass(frozen=True)
class Source:
    """One exchange file, how bytes of it are read, and what `write_partitions` said of it."""

    read_at: Callable[[int, int], bytes]  # so many bytes from an offset
    parts: Sequence[Part]
    head: Part  # its schema
    path: str = ""

    def fetch(self, part: Part) -> pa.Buffer:
        """Return the bytes of a part; raises Damaged where they are not those that were written."""
        return pa.py_buffer(same(self.path, self.read_at(part.size, part.offset), part))


@dataclass(frozen=True)
class Written:
    """An exchange file in memory: its bytes, its parts, and where its schema lies."""

    data: pa.Buffer
    parts: list[Part]
    head: Part


def write_partitions(frame: pl.DataFrame, by: str, parts: int) -> Written:
    """Return `frame` as a file with a record batch per range of the UInt64 column `by`.

    There are `parts` equal ranges; rows keep their order inside each.
    """
    order, bounds = range_order(frame[by].to_numpy(), parts)
    return write_slices(frame[order], bounds.tolist())


def write_slices(frame: pl.DataFrame, bounds: Sequence[int]) -> Written:
    """Return `frame` as a file with a record batch for the rows between two neighbouring bounds."""
    sink = pa.BufferOutputStream()
    table = frame.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    schema = table.schema.serialize().size
    places = []
    with pa.ipc.new_file(sink, table.schema, options=_OPTIONS) as writer:
        for start, end in itertools.pairwise(bounds):
            if start == end:
                places.append((0, 0, 0))
                continue
            begins = sink.tell() or _MAGIC + schema  # the schema goes out with the first batch
            writer.write_batch(table.slice(start, end - start).to_batches()[0])
            places.append((end - start, begins, sink.tell() - begins))
    data = sink.getvalue()
    view = memoryview(data)

    def part(rows: int, offset: int, size: int) -> Part:
        return Part(rows, offset, size, xxhash.xxh3_128_digest(view[offset : offset + size]))

    return Written(data, [part(*place) for place in places], part(0, _MAGIC, schema))


def read_partition(sources: Sequence[Source], part: int) -> pl.DataFrame:
    """Return partition `part` of all sources, one after another in their order."""
    pieces = list(read_pieces(sources, part))
    return pl.concat(pieces) if pieces else pl.DataFrame(_schema(sources[0]).empty_table())


def read_pieces(sources: Sequence[Source], part: int) -> Iterator[pl.DataFrame]:
    """Yield partition `part` batch by batch, so that only one source's piece is in memory."""
    schema = None
    for source in sources:
        here = source.parts[part]
        if here.rows:
            schema = schema or _schema(source)
            batches = pa.BufferReader(source.fetch(here))
            while batches.tell() < here.size:  # several where files were joined
                yield pl.DataFrame(pa.ipc.read_record_batch(pa.ipc.read_message(batches), schema))


def read_all(source: Source) -> pl.DataFrame:
    """Return all rows of a source, in the order of its parts."""
    parts = range(len(source.parts))
    pieces = [frame for part in parts for frame in read_pieces([source], part)]
    return pl.concat(pieces) if pieces else pl.DataFrame(_schema(source).empty_table())


@contextmanager
def in_pieces(
    sources: Sequence[Source], by: str, part: int, parts: int, pieces: int
) -> Iterator[Callable[[int], pl.DataFrame]]:
    """Read partition `part` of `parts` once; yield what gives each of `pieces` ranges of it back.

    More than one lie in a temporary folder, so that only one is in memory.
    """
    if pieces == 1:
        yield lambda _: read_partition(sources, part)
        return
    with tempfile.TemporaryDirectory(prefix="cleaner-pieces-") as folder:
        paths = [f"{folder}/{piece}.arrow" for piece in range(pieces)]
        with ExitStack() as stack:
            writers = [
                stack.enter_context(pa.ipc.new_stream(path, _schema(sources[0]), options=_OPTIONS))
                for path in paths
            ]
            for frame in _gathered(read_pieces(sources, part)):
                order, bounds = range_order(frame[by].to_numpy(), parts * pieces)
                table = frame[order].rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
                ends = bounds[part * pieces : (part + 1) * pieces + 1].tolist()
                for writer, start, end in zip(writers, ends[:-1], ends[1:], strict=True):
                    if start < end:
                        writer.write_table(table.slice(start, end - start))

        def read(piece: int) -> pl.DataFrame:
            with pa.OSFile(paths[piece]) as file, pa.ipc.open_stream(file) as reader:
                return pl.DataFrame(reader.read_all())

        yield read


def _gathered(frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Yield the same rows in frames of about a million."""
    held: list[pl.DataFrame] = []
    for frame in frames:
        held.append(frame)
        if sum(map(len, held)) >= _GATHERED:
            yield pl.concat(held)
            held = []
    if held:
        yield pl.concat(held)


def owned(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a copy that lives without the piece of a file that `frame` may be a view of."""
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    return pl.DataFrame(table.take(pa.array(range(len(frame)), pa.int64())))


def _schema(source: Source) -> pa.Schema:
    return pa.ipc.read_schema(source.fetch(source.head))

"""Exchange files of neighbouring units joined into larger ones, range by range.

Whoever needs a range reads a piece of every file: units times ranges, each piece a few kilobytes
where there are many of both. Joined, each file is read once and whole, and the pieces of a range
lie together, so that the requests of an exchange grow with its bytes. The bytes of a piece stay as
they were written, one batch after another in the order of the units.
"""

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import IO

import pyarrow as pa
import xxhash

from cleaner.config.plain import Plain
from cleaner.runs.phases.base import DataFile, Everything, parts_in, read_whole, trailer_of
from cleaner.storage.commits import Committer, Ranged
from cleaner.storage.exchange import Part, same

FEW = 16  # files that are read piece by piece, whatever their size
PIECE = 1 << 20  # bytes of a piece that is worth a request of its own
_JOINED = 4  # times as large it is in a joined file, about
_AT_ONCE = 16  # files that are read side by side, of so many bytes
_BYTES_AT_ONCE = 32 << 20


@dataclass(frozen=True)
class MergeUnit(Plain):
    """Files of one role to be joined, in the order of their units."""

    role: str
    files: tuple[DataFile, ...]


def joined(sizes: Sequence[int], ranges: int) -> list[range]:
    """Return which neighbouring files of so many bytes are joined; none where it saves little."""
    if len(sizes) <= FEW or ranges < 2 or sum(sizes) >= len(sizes) * ranges * PIECE:
        return []
    starts, held = [0], 0
    for number, size in enumerate(sizes):
        if held and held + size > ranges * PIECE * _JOINED:
            starts.append(number)
            held = 0
        held += size
    if len(starts) * 4 > len(sizes):
        return []
    return [range(a, b) for a, b in zip(starts, [*starts[1:], len(sizes)], strict=True)]


def run_merge(settings: Everything, unit: MergeUnit, out: Committer) -> None:
    """Join the files of one unit, by way of a temporary file: no memory holds them."""
    with tempfile.TemporaryFile(prefix="cleaner-merge-") as held:
        head = b""
        pieces: list[list[tuple[int, Part]]] = []  # by range: where each lies in `held`
        for file, data in _whole(out.folder, unit.files):
            *parts, schema = parts_in(file, data)
            head = head or bytes(_bytes_of(file, data, schema))
            for number, part in enumerate(parts):
                if len(pieces) <= number:
                    pieces.append([])
                if part.rows:
                    pieces[number].append((held.tell(), part))
                    held.write(_bytes_of(file, data, part))
        made, offset = [], len(head)
        for some in pieces:
            check = xxhash.xxh3_128()
            for data in _read(held, some):
                check.update(data)
            rows, size = sum(part.rows for _, part in some), sum(part.size for _, part in some)
            made.append(Part(rows, offset, size, check.digest()))
            offset += size
        trailer = trailer_of([*made, Part(0, 0, len(head), xxhash.xxh3_128_digest(head))])

        def whole() -> Iterator[bytes]:
            yield head
            for some in pieces:
                yield from _read(held, some)

        facts = {"rows": sum(part.rows for part in made)}
        out.commit(0, True, {unit.role: Ranged(whole, trailer)}, facts)


def _bytes_of(file: DataFile, data: pa.Buffer, part: Part) -> memoryview:
    return same(file.path, memoryview(data)[part.offset : part.offset + part.size], part)


def _read(held: IO[bytes], pieces: Sequence[tuple[int, Part]]) -> Iterator[bytes]:
    for start, part in pieces:
        held.seek(start)
        yield held.read(part.size)


def _whole(folder: str, files: Sequence[DataFile]) -> Iterator[tuple[DataFile, pa.Buffer]]:
    """Yield files with their bytes, in their order; some are read side by side."""
    some: list[DataFile] = []
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for number, file in enumerate(files):
            some.append(file)
            full = len(some) == _AT_ONCE or sum(one.size for one in some) >= _BYTES_AT_ONCE
            if full or number == len(files) - 1:
                yield from zip(some, pool.map(partial(read_whole, folder), some), strict=True)
                some = []

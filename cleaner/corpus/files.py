"""Which files a job reads, what they hold, and how they are cut into units."""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cleaner.errors import CleanerError, UnreadableFile
from cleaner.storage import store
from cleaner.storage.shortages import is_shortage, told

UNIT_BYTES = 32 << 20
# What a task holds at once, and commits: of a unit as many as it takes.
PART_BYTES = 64 << 20
PART_ROWS = 100_000
SMALL_FILE = 4 << 20
MAX_UNITS = 200_000
_FEW = 1_000  # files whose footers are all read by the plan
# What grows more than MAX_RATIO times out of its bytes, and beyond a grace, is refused as a bomb.
# No honest text shrinks so much; gzip itself ends near 1,032 to 1, zstd and Parquet know no limit.
MAX_RATIO = 3_000
BOMB_GRACE = 1 << 30  # bytes
_WIDE = "more than 64 bits"  # what Arrow says of a file that has an Int128 of Polars
_ROWS_GRACE = 10_000_000
PACKED = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}


# With slots, for there may be hundreds of thousands of each in the driver.
@dataclass(frozen=True, slots=True)
class InputFile:
    """One file of the input; `number`, its place in the sorted list, is half of each row's key."""

    number: int
    path: str
    size: int
    etag: str
    entry: int  # which entry of the job's `input`
    kind: str  # parquet | jsonl | warc | wet
    groups: tuple[tuple[int, int], ...] | None = None  # (rows, bytes) of each row group, when known
    schema: pa.Schema | None = field(default=None, compare=False, repr=False)  # where that is known

    @property
    def rows(self) -> int | None:
        """Return the rows of the file where its footer was read, else None."""
        return None if self.groups is None else sum(rows for rows, _ in self.groups)


@dataclass(frozen=True, slots=True)
class Piece:
    """A file, or some of its row groups, within one unit."""

    file: int
    path: str
    etag: str
    entry: int
    kind: str
    groups: tuple[int, int] | None = None  # first and past the last row group; None: the whole file
    first_row: int = 0
    take: tuple[int, ...] | None = None  # only these rows of the file (a sample), sorted

    def plain(self) -> dict[str, Any]:
        """Return the piece as plain data; `Piece(**plain)` reads it back."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True)
class FailedFile:
    """A file, or the rest of one, that could not be read."""

    path: str
    row: int | None  # rows before this one were read; None: none was
    error: str


def packing_of(path: str) -> str | None:
    """Return how a file is compressed by its suffix: gzip, zstd or None.

    >>> packing_of("a/b.jsonl.ZSTD"), packing_of("a/b.jsonl")
    ('zstd', None)
    """
    return PACKED.get(path.lower()[path.rfind(".") :]) if "." in path else None


def read_footers(files: Sequence[InputFile]) -> tuple[list[InputFile], list[FailedFile]]:
    """Return the files with their row groups filled in, and those whose footer cannot be read.

    Of many files only those of SMALL_FILE or more are opened: a smaller one is read whole by one
    task, so its footer can wait.
    """
    few = len(files) <= _FEW
    wanted = [file for file in files if file.kind == "parquet" and (few or file.size >= SMALL_FILE)]
    with ThreadPoolExecutor(16) as pool:
        looked = dict(zip((file.number for file in wanted), pool.map(_look, wanted), strict=True))
    found = [looked.get(file.number, file) for file in files]
    good = [item for item in found if isinstance(item, InputFile)]
    failed = [item for item in found if isinstance(item, FailedFile)]
    return good, failed


def _look(file: InputFile) -> InputFile | FailedFile:
    """Return a Parquet file with its row groups filled in, or what is wrong with it."""
    try:
        with open_parquet(file.path) as parquet:
            meta = parquet.metadata
            found = (meta.row_group(i) for i in range(meta.num_row_groups))
            groups = tuple((group.num_rows, group.total_byte_size) for group in found)
            schema = parquet.schema_arrow
    except UnreadableFile as error:
        return FailedFile(file.path, None, str(error))
    return replace(file, groups=groups, schema=schema)


def open_parquet(path: str) -> pq.ParquetFile:
    """Open a Parquet file; raises UnreadableFile when its footer cannot be read or believed."""
    source = store.open_input(path)
    try:
        return parquet_in(source, path)
    except CleanerError:
        source.close()
        raise


def parquet_in(source: pa.NativeFile, path: str, **options: Any) -> pq.ParquetFile:
    """Return an open file as Parquet; `options` are those of `pyarrow.parquet.ParquetFile`.

    A footer that was read before is taken as it is.
    """
    try:
        parquet = pq.ParquetFile(source, pre_buffer=False, **options)
    except (OSError, pa.ArrowException, UnicodeError) as error:
        if is_shortage(error):
            raise told(error, path) from error
        said = first_line(error)
        if _WIDE in said:
            said += "; cast the column of Int128 to Decimal or Int64, which stops all others"
        raise UnreadableFile(f"{path}: not a readable Parquet file: {said}") from None
    if "metadata" not in options:
        _believe(parquet.metadata, source.size(), path)
    return parquet


def _believe(meta: pq.FileMetaData, size: int, path: str) -> None:
    """Raise UnreadableFile for a footer that claims more than a file of `size` bytes can hold.

    Rows that a footer claims and nobody can decode are failed one by one, so the claim must be one
    that can be paid for.
    """
    groups = [meta.row_group(i) for i in range(meta.num_row_groups)]
    rows, held = sum(group.num_rows for group in groups), sum(g.total_byte_size for g in groups)
    if any(group.num_rows < 0 or group.total_byte_size < 0 for group in groups):
        raise UnreadableFile(f"{path}: its footer claims a row group of negative size")
    for what, claimed, grace in (("rows", rows, _ROWS_GRACE), ("bytes", held, BOMB_GRACE)):
        if claimed > grace and claimed > MAX_RATIO * size:
            raise UnreadableFile(
                f"{path}: its footer claims {claimed:,} {what} in {size:,}; refused as a bomb"
            )


def unit_bytes(files: Sequence[InputFile]) -> int:
    """Return how much uncompressed input one unit holds at most."""
    total = sum(weight(file) for file in files)
    return max(UNIT_BYTES, total // MAX_UNITS)


def weight(file: InputFile) -> int:
    """Return the bytes of a file uncompressed: from its footer, else a guess."""
    if file.groups is not None:
        return sum(size for _, size in file.groups)
    return file.size * (1 if file.kind != "parquet" and packing_of(file.path) is None else 4)


def cut_units(files: Sequence[InputFile], limit: int) -> list[tuple[str, list[Piece]]]:
    """Return the units of the first phase: (name, pieces), in the order of the rows.

    Parquet is cut at row groups, neighbours joined up to `limit` bytes; a larger row group and any
    other file of SMALL_FILE or more is a unit of its own; smaller files of one entry are packed.
    """
    units: list[list[Piece]] = []
    packed: list[Piece] = []
    packed_bytes = 0

    def flush() -> None:
        nonlocal packed, packed_bytes
        if packed:
            units.append(packed)
        packed, packed_bytes = [], 0

    for file in files:
        if file.size < SMALL_FILE:
            if packed and (packed_bytes + weight(file) > limit or packed[-1].entry != file.entry):
                flush()
            packed.append(_piece(file))
            packed_bytes += weight(file)
            continue
        flush()
        units.extend([piece] for piece in _cut(file, limit))
    flush()
    return [(f"{number:06d}", pieces) for number, pieces in enumerate(units)]


def _cut(file: InputFile, limit: int) -> Iterator[Piece]:
    if file.groups is None:
        yield _piece(file)
        return
    start = row = rows = size = 0
    for index, (group_rows, group_bytes) in enumerate(file.groups):
        if index > start and size + group_bytes > limit:
            yield replace(_piece(file), groups=(start, index), first_row=row)
            start, row, rows, size = index, row + rows, 0, 0
        rows += group_rows
        size += group_bytes
    if file.groups:
        yield replace(_piece(file), groups=(start, len(file.groups)), first_row=row)


def _piece(file: InputFile) -> Piece:
    return Piece(file.number, file.path, file.etag, file.entry, file.kind)


_MACHINE = re.compile(r"0x[0-9a-fA-F]{6,}|(?<![\w.])/(?:[\w.+-]+/)+[\w.+-]*")


def first_line(error: BaseException) -> str:
    """Return an error's first line without addresses and machine paths, so that it is the same
    wherever it is raised."""
    text = str(error).strip().split("\n", 1)[0]
    text = "".join(c if c.isprintable() else "�" for c in text)
    return _MACHINE.sub("…", text).removesuffix(".")[:300]


def spread(files: Sequence[InputFile], most: int = 16) -> list[InputFile]:
    """Return at most so many of some files, spread over all of them."""
    count = min(most, len(files))
    return [files[i * len(files) // count] for i in range(count)]

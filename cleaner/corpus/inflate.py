"""Compressed streams, read forward in bounded memory: gzip of many members, zstd of many frames."""

import zlib
from typing import Any, BinaryIO

import zstandard

from cleaner.corpus.files import BOMB_GRACE, MAX_RATIO, packing_of
from cleaner.errors import UnreadableFile
from cleaner.storage.shortages import is_shortage, told

_BLOCK = 1 << 20
# Bytes given to the decompressor at once: what comes out of them, 16 MiB of gzip or 128 MiB of
# zstd at worst, is in memory before any ratio is judged.
_STEPS = {"gzip": 1 << 14, "zstd": 1 << 12}


class Inflated:
    """A readable stream of decompressed bytes; raises UnreadableFile where the bytes are bad."""

    def __init__(self, source: BinaryIO, path: str, kind: str) -> None:
        self.source, self.path, self.kind = source, path, kind
        self._inside = False  # in the middle of a member or frame
        self._open: Any = None
        self._block, self._at = memoryview(b""), 0
        self._out = bytearray()
        self._taken = self._given = 0
        self._end = False
        self._wrong: UnreadableFile | None = None

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, fewer only at the end; -1 reads all."""
        if self._wrong is not None:
            raise self._wrong
        try:
            while not self._end and (size < 0 or len(self._out) < size):
                self._fill()
        except UnreadableFile as wrong:
            if not self._out:
                raise
            self._wrong = wrong  # what came before the bad bytes is good
        cut = len(self._out) if size < 0 else size
        data = bytes(self._out[:cut])
        del self._out[:cut]
        return data

    def tell(self) -> int:
        """Return how many decompressed bytes were read."""
        return self._given - len(self._out)

    def _fill(self) -> None:
        if self._at == len(self._block):
            self._block, self._at = memoryview(self.source.read(_BLOCK)), 0
        data = self._block[self._at : self._at + _STEPS[self.kind]]
        self._at += len(data)
        if not data:
            if self._inside:
                raise UnreadableFile(f"{self.path}: ends in the middle of its {self.kind} data")
            self._end = True
            return
        if not self._inside:
            if self._given and not bytes(data).strip(b"\0"):
                return  # padding with zeros after the last member is usual
            self._open = self._new()
            self._inside = True
        try:
            out = self._open.decompress(data)
        except (zlib.error, zstandard.ZstdError) as error:
            if is_shortage(error):
                raise told(error, self.path) from error
            where = f"near byte {self._taken:,}"
            raise UnreadableFile(f"{self.path}: broken {self.kind} data {where}: {error}") from None
        self._taken += len(data)
        self._out += out
        self._given += len(out)
        if self._given > BOMB_GRACE and self._given > MAX_RATIO * self._taken:
            raise UnreadableFile(
                f"{self.path}: decompresses to over {MAX_RATIO:,} times its size; refused as a bomb"
            )
        if self._open.eof:
            self._inside = False
            rest = len(self._open.unused_data)
            self._at -= rest
            self._taken -= rest

    def _new(self) -> Any:
        if self.kind == "gzip":
            return zlib.decompressobj(wbits=31)
        return zstandard.ZstdDecompressor(max_window_size=1 << 31).decompressobj()


def opened(source: BinaryIO, path: str) -> Any:
    """Return `source`, decompressed when the suffix of `path` says that it is compressed."""
    kind = packing_of(path)
    return source if kind is None else Inflated(source, path, kind)

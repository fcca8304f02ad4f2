"""An object of a store as a file: few requests, little memory, whatever is read of it.

The end of the object comes with its size, in the request that opens it: there lie the footer of
Parquet and the trailer of an exchange, and small objects are there whole. Whoever reads on from
where he stopped gets more with each request, up to a limit.
"""

from collections.abc import Callable

TAIL = 64 << 10  # bytes that come with the size
_LEAST = 64 << 10  # bytes of a request, where more than one is likely to follow
_MOST = 8 << 20  # bytes that are fetched before they are asked for
_GROWTH = 4
_WINDOWS = 4  # places that are read from in turn, such as columns
_PIECE = 16 << 20  # bytes of one request, so that one that is cut off costs little


class RangedFile:
    """A file whose ranges `fetch(start, end)` returns. `ahead` says whether it is read in order."""

    closed = False

    def __init__(
        self, fetch: Callable[[int, int], bytes], size: int, tail: bytes, ahead: bool = True
    ) -> None:
        self._fetch, self._size, self._ahead = fetch, size, ahead
        self._end = (size - len(tail), tail)
        self._windows: list[tuple[int, bytes]] = []  # the one that was used last comes last
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._size - self._at)
        want = left if size < 0 else min(size, left)
        data = self._read(self._at, want) if want else b""
        self._at += want
        return data

    def _read(self, at: int, want: int) -> bytes:
        pieces = []
        while want:
            piece = self._held(at, want) or self._fetched(at, want)
            pieces.append(piece)
            at, want = at + len(piece), want - len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _held(self, at: int, want: int) -> bytes:
        """Return as much from a place on as is here."""
        for window in (self._end, *reversed(self._windows)):
            start, data = window
            if start <= at < start + len(data):
                if window is not self._end:
                    self._windows.remove(window)
                    self._windows.append(window)
                return data[at - start : at - start + want]
        return b""

    def _fetched(self, at: int, want: int) -> bytes:
        """Fetch from a place on at most what is wanted, and some more where that is of use."""
        stop = self._end[0]  # what lies behind is here
        if not self._ahead or want >= _MOST:
            return self._fetch(at, min(at + min(want, _PIECE), stop))
        before = next((one for one in self._windows if one[0] + len(one[1]) == at), None)
        more = _LEAST
        if before is not None:
            self._windows.remove(before)
            more = min(_MOST, _GROWTH * len(before[1]))
        elif at == 0:
            more = _GROWTH * _LEAST  # whoever begins at the beginning goes on
        data = self._fetch(at, min(at + max(want, more), stop))
        self._windows = [*self._windows[1 - _WINDOWS :], (at, data)]
        return data[:want]

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def flush(self) -> None:
        """Do nothing: this file is only read."""

    def close(self) -> None:
        self.closed = True
        self._windows = []

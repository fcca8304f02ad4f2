"""Says that kernels are being compiled, and how many, while nothing else can be said."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from numba.core import event

_OFTEN = 5.0  # seconds between two lines


class _Listener(event.Listener):
    """Counts what numba compiles for us; a kernel inside another's work is one, too."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self.note, self.count, self.last = note, 0, float("-inf")

    def on_start(self, event: event.Event) -> None:
        """Count a kernel that is not in the cache."""
        self.count += 1
        if time.monotonic() - self.last >= _OFTEN:
            self.last = time.monotonic()
            self.note(f"compiling kernels (first run only): number {self.count}")

    def on_end(self, event: event.Event) -> None:
        """Do nothing: the next one says that this one is done."""


@contextmanager
def compiling_told(note: Callable[[str], None]) -> Iterator[None]:
    """Tell of kernels that this process compiles, at once and then every few seconds."""
    with event.install_listener("numba:compile", _Listener(note)):
        yield

"""Word of what keeps a process waiting: whoever waits says so, whoever shows messages listens.

Without a listener nothing is said: a library does not print.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Hear = Callable[[str], None]

_listeners: list[Hear] = []


def say(message: str) -> None:
    """Tell the last listener."""
    if _listeners:
        _listeners[-1](message)


@contextmanager
def heard(by: Hear) -> Iterator[None]:
    """Let `by` hear what is said in the block."""
    _listeners.append(by)
    try:
        yield
    finally:
        _listeners.remove(by)

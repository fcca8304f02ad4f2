"""How many requests this process has made of object stores, by kind: they are what is paid for."""

import threading
from collections import Counter
from typing import Literal

# What a store's price list tells apart; a large upload is one `put` for each of its parts and two
# more. Tries that a client makes again by itself are not seen.
Kind = Literal["get", "head", "list", "put", "copy", "delete"]
KINDS: tuple[Kind, ...] = ("get", "head", "list", "put", "copy", "delete")
_made: Counter[str] = Counter()
_lock = threading.Lock()  # results are read and written by many threads


def count(kind: Kind, number: int = 1) -> None:
    """Count requests that are about to be made."""
    with _lock:
        _made[kind] += number


def since_last() -> dict[str, int]:
    """Return the requests made since this was called last, by kind; kinds without any are left out.

    >>> _ = since_last()
    >>> count("get"); count("put", 3); since_last(), since_last()
    ({'get': 1, 'put': 3}, {})
    """
    with _lock:
        made = dict(sorted(_made.items()))
        _made.clear()
    return made

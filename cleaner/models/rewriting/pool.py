"""Endpoints that share the load: the next question goes to the one with most room."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import Field

from cleaner.errors import InputError
from cleaner.models.asking.address import Address, check_reachable_key
from cleaner.models.asking.send import LONGEST_WAIT, Client, Retry

FIRST_WAIT = 1.0  # seconds that a busy endpoint is left alone; doubled each time in a row
_LONGEST_REST = 30.0
PATIENCE = 300.0  # seconds without an answer from any endpoint before a run gives up


class Target(Address):
    """One endpoint, and how many requests of each worker it takes at once."""

    concurrency: int = Field(8, ge=1, le=1024)


@dataclass
class _Place:
    client: Client
    most: int
    under_way: int = 0
    rests_until: float = 0.0
    busy: int = 0  # times in a row


class Pool:
    """The endpoints of a stage in one process; used by many threads."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self._places = [_Place(Client(target), target.concurrency) for target in targets]
        self._free = threading.Condition()
        self._probing, self._probed = threading.Lock(), False
        self._silent_since: float | None = None  # when the first one was busy since an answer

    @property
    def size(self) -> int:
        """How many requests may be under way at once."""
        return sum(place.most for place in self._places)

    @contextmanager
    def client(self, stopped: threading.Event) -> Iterator[Client | None]:
        """Give the client of the endpoint with most room, waiting for one; None once stopped.

        A `Retry` that says that the endpoint takes nothing now leaves it alone for a while.
        """
        self._probe()
        place = self._taken(stopped)
        if place is None:
            yield None
            return
        try:
            yield place.client
        except Retry as retry:
            self._rest(place, retry)
            raise
        else:
            with self._free:
                place.busy, self._silent_since = 0, None
        finally:
            with self._free:
                place.under_way -= 1
                self._free.notify()

    def _probe(self) -> None:
        """Raise InputError before the first question unless keys are there and somebody answers.

        Where all is answered already, nobody needs an endpoint or a key.
        """
        with self._probing:
            if self._probed:
                return
            silent = None
            for place in self._places:
                check_reachable_key(place.client.address)
                try:
                    place.client.probe()
                except InputError as error:
                    silent = error
                    place.rests_until = time.monotonic() + _LONGEST_REST
                else:
                    self._probed = True
            if silent is not None and not self._probed:
                raise silent

    def _taken(self, stopped: threading.Event) -> _Place | None:
        with self._free:
            while not stopped.is_set():
                now = time.monotonic()
                open_ = [
                    place
                    for place in self._places
                    if place.under_way < place.most and place.rests_until <= now
                ]
                if open_:
                    best = min(open_, key=lambda place: place.under_way / place.most)
                    best.under_way += 1
                    return best
                self._free.wait(0.05)
        return None

    def _rest(self, place: _Place, retry: Retry) -> None:
        if not retry.busy:
            return
        with self._free:
            now = time.monotonic()
            if place.rests_until <= now:  # else others of the same moment have said so
                wait = min(FIRST_WAIT * 2.0**place.busy, _LONGEST_REST)
                place.busy += 1
                place.rests_until = now + min(max(wait, retry.after), LONGEST_WAIT)
            if self._silent_since is None:
                self._silent_since = now
            silent = now - self._silent_since
        if silent > PATIENCE:
            raise InputError(
                f"{place.client.address.base_url}: no endpoint took a question for "
                f"{silent:.0f} s, the last one with: {retry}; what was answered is kept, run "
                "again to go on"
            ) from None

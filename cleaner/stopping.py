"""How a run is asked to stop: by a signal, or by a file in its folder."""

import threading
import time

from cleaner import store

STOP_FILE = "_work/stop"
_asked_to_stop = threading.Event()


def ask_to_stop() -> None:
    """Make the run in this process end after the task at hand; for signal handlers.

    An interrupt alone may be raised inside a callback that swallows it.
    """
    _asked_to_stop.set()


class Stopped(Exception):
    """The run was asked to stop; the same command continues it."""


class Asked:
    """Looks about once a second whether somebody asked this run to stop."""

    def __init__(self, folder: str) -> None:
        self.path = store.join(folder, STOP_FILE)
        self.looked = 0.0

    def look(self) -> None:
        if _asked_to_stop.is_set():
            raise Stopped
        if time.monotonic() - self.looked < 1:
            return
        self.looked = time.monotonic()
        if store.exists(self.path):
            store.delete(self.path)
            raise Stopped

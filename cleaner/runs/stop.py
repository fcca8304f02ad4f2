"""How a run is asked to stop from elsewhere: by a file in its folder."""

import time

from cleaner.runs.interrupts import Stopped
from cleaner.storage import store

STOP_FILE = "_work/stop"


class Asked:
    """Looks about once a second whether somebody asked this run to stop."""

    def __init__(self, folder: str) -> None:
        self.path = store.join(folder, STOP_FILE)
        self.looked = 0.0

    def look(self) -> None:
        if time.monotonic() - self.looked < 1:
            return
        self.looked = time.monotonic()
        if store.exists(self.path):
            store.delete(self.path)
            raise Stopped

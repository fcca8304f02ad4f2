"""Which process does a run: known by host, number and birth, since numbers come again."""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Any


def this_process() -> dict[str, Any]:
    """Return what this process is known by: `host`, `pid` and `born`."""
    return {"host": socket.gethostname(), "pid": os.getpid(), "born": _born(os.getpid())}


def lives(said: Mapping[str, Any]) -> bool | None:
    """Return whether a process lives, by what it is known by; None where this one cannot see it.

    That is so on another host, in another container, and before the last start of this machine.

    >>> lives(this_process()), lives({**this_process(), "host": "elsewhere"})
    (True, None)
    """
    place = str(said.get("born", "")).rpartition(" ")[0]
    if said["host"] != socket.gethostname() or not place or place != _place():
        return None
    return _born(said["pid"]) == said["born"]


def _born(pid: int) -> str:
    """Return where a process lives and when it began, in ticks of that machine; `` for none."""
    with suppress(OSError), open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
        if fields[0] not in (b"Z", b"X"):  # dead, and only not yet asked how it ended
            return f"{_place()} {fields[19].decode()}"
    return ""


def _place() -> str:
    """Return what tells apart machines, their starts, and containers that number for themselves."""
    with suppress(OSError), open("/proc/sys/kernel/random/boot_id") as file:
        return f"{file.read().strip()} {os.readlink('/proc/self/ns/pid')}"
    return ""

"""Commit markers of a phase, many in one file: a run that goes on need not read each by itself.

A segment is a copy and never the truth: only a marker that is there by its name counts, and one
that turns out to be another than its copy is read. Where segments are absent or torn they are made
again from the markers.
"""

import hashlib
from collections.abc import Collection, Iterable
from typing import Self

import zstandard

from cleaner.storage import store
from cleaner.storage.commits import Marker, phase_folder
from cleaner.storage.run_folder import parse_json

FEW = 1_000  # markers that are worth no segment
MANY = 10_000  # of one segment


class Segments:
    """Gathers the markers of a phase, and writes a segment of every MANY."""

    def __init__(self, folder: str, phase: str) -> None:
        self.place = store.join(phase_folder(folder, phase), "segments")
        self._held: list[Marker] = []

    def add(self, markers: Iterable[Marker]) -> None:
        """Take markers that were committed."""
        self._held += markers
        if len(self._held) >= MANY:
            self.write()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Write what is left, if that is worth a file."""
        if len(self._held) >= FEW:
            self.write()

    def write(self) -> None:
        """Write all that is held as a segment; its name is a hash of its bytes."""
        lines = b"\n".join(marker.body() for marker in self._held)
        data = zstandard.ZstdCompressor(level=3).compress(lines)
        store.write_whole(store.join(self.place, _name(data)), data)
        self._held = []


def read_segments(
    folder: str, phase: str, wanted: Collection[str], place: str
) -> dict[str, Marker]:
    """Return markers by their names, of those that are wanted and stand in segments.

    One that two segments tell differently is left out: the marker itself knows.
    """
    where = store.join(phase_folder(folder, phase), "segments")
    found: dict[str, Marker] = {}
    unsure: set[str] = set()
    for name in store.names(where) if len(wanted) >= FEW else ():
        data = store.read_bytes(store.join(where, name))
        if name != _name(data):
            continue
        for line in zstandard.ZstdDecompressor().decompress(data).split(b"\n"):
            said = parse_json(line)
            del said["seal"]  # of a marker by itself; here the name of the file tells
            marker = Marker(**said, place=place)
            if marker.name() not in wanted:
                continue
            if found.setdefault(marker.name(), marker) != marker:
                unsure.add(marker.name())
    return {name: marker for name, marker in found.items() if name not in unsure}


def _name(data: bytes) -> str:
    return f"{hashlib.sha256(data).hexdigest()[:16]}.jsonl.zst"

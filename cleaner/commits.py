"""A unit's results become true in one step: data first, then the marker that names them.

`_work/<phase>/data/<unit>.<part>-<attempt>.<role>` holds bytes nobody trusts until
`_work/<phase>/_commits/<unit>.<part>-<key>.json` names them with size and SHA-256. The key is a
hash of everything the unit depends on; a marker of another key blocks nothing. A second attempt
never overwrites: the first marker stands, and other bytes under the same key are an error, or a
recorded warning where float scores are in the data.
"""

import hashlib
import json
import os
import re
import secrets
import signal
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any

import pyarrow as pa

from cleaner import store
from cleaner.errors import AccountError

_NAME = re.compile(r"(?P<unit>.+)\.(?P<part>\d{5})(?P<last>\.last)?-(?P<key>[0-9a-f]{16})\.json")


@dataclass(frozen=True)
class Marker:
    """One committed part of one unit."""

    unit: str
    part: int
    last: bool
    key: str
    files: Mapping[
        str, Mapping[str, Any]
    ]  # role -> {path, bytes, sha256}, path below the run folder
    facts: Mapping[str, Any] = field(default_factory=dict)

    def name(self) -> str:
        """Return the name of the marker's file."""
        return f"{self.unit}.{self.part:05d}{'.last' if self.last else ''}-{self.key}.json"

    def identity(self) -> str:
        """Return a hash of what was committed, without the attempt that committed it."""
        files = {role: [file["bytes"], file["sha256"]] for role, file in self.files.items()}
        return digest([self.unit, self.part, self.last, files, self.facts])


def digest(value: Any) -> str:
    """Return 16 hex digits that stand for plain data, whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def phase_folder(folder: str, phase: str) -> str:
    """Return where a phase of a run keeps its intermediate results."""
    return store.join(folder, "_work", phase)


def read_marker(folder: str, phase: str, name: str) -> Marker:
    """Read one marker by its file name."""
    path = store.join(phase_folder(folder, phase), "_commits", name)
    return Marker(**json.loads(store.read_bytes(path)))


def committed(folder: str, phase: str) -> dict[tuple[str, str], dict[int, tuple[str, bool]]]:
    """Return what is committed: (unit, key) -> part -> (marker file, is it the last part)."""
    found: dict[tuple[str, str], dict[int, tuple[str, bool]]] = {}
    for name in store.names(store.join(phase_folder(folder, phase), "_commits")):
        if match := _NAME.fullmatch(name):
            parts = found.setdefault((match["unit"], match["key"]), {})
            parts[int(match["part"])] = (name, match["last"] is not None)
    return found


def complete(parts: Mapping[int, tuple[str, bool]]) -> bool:
    """Return whether parts 0, 1, … up to a last one are all there."""
    last = [part for part, (_, is_last) in parts.items() if is_last]
    return len(last) == 1 and all(part in parts for part in range(last[0] + 1))


def told_apart(phase: str, unit: str, part: int, stages: str) -> str:
    """Say that two attempts at the same part wrote different bytes."""
    return (
        f"{phase}: unit {unit} part {part}: two attempts wrote different bytes "
        f"({stages or 'no stage'}); the first commit stands"
    )


def record_other_bytes(folder: str, phase: str, name: str, said: str) -> None:
    """Keep a word on a part that two attempts wrote differently, for the manifest."""
    store.put_if_absent(store.join(phase_folder(folder, phase), "other_bytes", name), said.encode())


def other_bytes(folder: str, phase: str, markers: Iterable[Marker]) -> list[str]:
    """Return what was recorded of attempts at these parts whose float scores differed."""
    place = store.join(phase_folder(folder, phase), "other_bytes")
    told = set(store.names(place)) & {marker.name() for marker in markers}
    return [store.read_bytes(store.join(place, name)).decode() for name in sorted(told)]


@dataclass
class Product:
    """A file of the output while it is written, and what is true of it once it is whole."""

    sink: Any
    facts: dict[str, Any] = field(default_factory=dict)  # path, bytes, sha256


@dataclass
class Committer:
    """Commits the parts of one unit in one attempt."""

    folder: str
    phase: str
    unit: str
    key: str
    have: frozenset[int] = frozenset()  # parts that are committed already
    exact: bool = True  # False: float scores are in the data; other bytes are a warning
    stages: str = ""  # what runs in this phase, for messages
    attempt: str = field(default_factory=lambda: secrets.token_hex(4))
    done: list[Marker] = field(default_factory=list)

    def stands(self, part: int, last: bool) -> bool:
        """Return whether a part is committed: known from the start, or by another attempt since."""
        if part in self.have:
            return True
        if not self._marked(part, last):
            return False
        name = Marker(self.unit, part, last, self.key, {}).name()
        self.done.append(read_marker(self.folder, self.phase, name))
        return True

    @contextmanager
    def product(self, path: str) -> Iterator[Product]:
        """Open a file of the output, by its path below the run folder, to be written whole.

        A file with the same bytes is left alone. One with others goes, it is of an earlier job;
        unless this unit is committed: then it stays, and the commit says what is wrong.
        """
        self._failpoint("data")
        target = store.join(self.folder, path)
        facts: dict[str, Any] = {"path": path}

        def wanted(file: Any) -> bool:
            file.seek(0)
            facts["sha256"] = hashlib.file_digest(file, "sha256").hexdigest()
            facts["bytes"] = file.tell()
            if not store.exists(target):
                return True
            return store.sha256(target) != facts["sha256"] and not self._marked(0, True)

        with store.open_output(target, store.join(self.folder, "_work"), wanted) as sink:
            yield Product(sink, facts)

    def commit(
        self,
        part: int,
        last: bool,
        files: Mapping[str, pa.Buffer | bytes],
        facts: Mapping[str, Any],
    ) -> Marker:
        """Write the data of one part, then its marker; return the marker that stands."""
        self._failpoint("data")
        written = {}
        for role, data in files.items():
            path = f"_work/{self.phase}/data/{self.unit}.{part:05d}-{self.attempt}.{role}"
            store.write_whole(store.join(self.folder, path), data)
            body = memoryview(data)
            written[role] = {
                "path": path,
                "bytes": body.nbytes,
                "sha256": hashlib.sha256(body).hexdigest(),
            }
        return self.mark(part, last, written, facts)

    def mark(
        self,
        part: int,
        last: bool,
        files: Mapping[str, Mapping[str, Any]],
        facts: Mapping[str, Any],
    ) -> Marker:
        """Write the marker of data that lies on storage already."""
        facts = json.loads(json.dumps(facts))
        marker = Marker(self.unit, part, last, self.key, files, facts)
        self._failpoint("marker")
        name = marker.name()
        body = json.dumps(
            {
                "unit": marker.unit, "part": part, "last": last, "key": self.key,
                "files": files, "facts": facts,
            },
            sort_keys=True,
            ensure_ascii=False,
        )  # fmt: skip
        data = body.encode("utf-8", "surrogatepass")
        if not store.put_if_absent(self._path(name), data) or (
            # An object store may have let two attempts write at the same moment: the last stands.
            store.is_remote(self.folder) and store.read_bytes(self._path(name)) != data
        ):
            marker = self._first(name, marker)
        self._failpoint("after")
        self.done.append(marker)
        return marker

    def _first(self, name: str, mine: Marker) -> Marker:
        """Return the marker that was there first, after comparing it with ours."""
        theirs = read_marker(self.folder, self.phase, name)
        if theirs.identity() != mine.identity():
            said = told_apart(self.phase, self.unit, mine.part, self.stages)
            if self.exact:
                raise AccountError(said)
            record_other_bytes(self.folder, self.phase, name, said)
        for role, file in mine.files.items():
            if file["path"] != theirs.files.get(role, {}).get("path"):
                store.delete(store.join(self.folder, file["path"]))
        return theirs

    def _path(self, name: str) -> str:
        return store.join(phase_folder(self.folder, self.phase), "_commits", name)

    def _marked(self, part: int, last: bool) -> bool:
        return store.exists(self._path(Marker(self.unit, part, last, self.key, {}).name()))

    def _failpoint(self, point: str) -> None:
        """Die here when CLEANER_FAILPOINT=phase:unit:point says so; for tests of resuming.

        Phase and unit may hold wild cards; several are parted by commas. With `:stop` behind it the
        process freezes instead. Where CLEANER_FAILPOINT_ONCE=FOLDER is set, each phase and point is
        met once; a file there holds the number of the process.
        """
        for wanted in filter(None, os.environ.get("CLEANER_FAILPOINT", "").split(",")):
            phase, unit, at, *how = wanted.split(":")
            if at != point or not (fnmatch(self.phase, phase) and fnmatch(self.unit, unit)):
                continue
            once = os.environ.get("CLEANER_FAILPOINT_ONCE")
            number = str(os.getpid()).encode()
            if once and not store.put_if_absent(f"{once}/{self.phase}.{point}", number):
                return
            os.kill(os.getpid(), signal.SIGSTOP if how else signal.SIGKILL)

"""A unit's results become true in one step: data first, then the marker that names them.

`_work/<phase>/data/<unit>.<part>-<attempt>.<role>` holds bytes nobody trusts until
`_work/<phase>/_commits/<unit>.<part>-<key>.json` names them with size and SHA-256. The key is a
hash of everything the unit depends on; a marker of another key blocks nothing. A second attempt
never overwrites: the first marker stands, and other bytes under the same key are an error.
"""

import hashlib
import json
import os
import re
import secrets
import signal
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
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
        name = f"{self.unit}.{part:05d}{'.last' if last else ''}-{self.key}.json"
        path = store.join(phase_folder(self.folder, self.phase), "_commits", name)
        body = json.dumps(
            {
                "unit": marker.unit, "part": part, "last": last, "key": self.key,
                "files": files, "facts": facts,
            },
            sort_keys=True,
            ensure_ascii=False,
        )  # fmt: skip
        if not store.put_if_absent(path, body.encode("utf-8", "surrogatepass")):
            marker = self._first(name, marker)
        self._failpoint("after")
        self.done.append(marker)
        return marker

    def _first(self, name: str, mine: Marker) -> Marker:
        """Return the marker that was there first, after comparing it with ours."""
        theirs = read_marker(self.folder, self.phase, name)
        if theirs.identity() != mine.identity():
            said = (
                f"{self.phase}: unit {self.unit} part {mine.part}: two attempts wrote different "
                f"bytes ({self.stages or 'no stage'}); the first commit stands"
            )
            if self.exact:
                raise AccountError(said)
            warnings.warn(said, stacklevel=2)
        for role, file in mine.files.items():
            if file["path"] != theirs.files.get(role, {}).get("path"):
                store.delete(store.join(self.folder, file["path"]))
        return theirs

    def _failpoint(self, point: str) -> None:
        """Die here when CLEANER_FAILPOINT=phase:unit:point says so; for tests of resuming."""
        wanted = os.environ.get("CLEANER_FAILPOINT")
        if not wanted:
            return
        phase, unit, at = wanted.rsplit(":", 2)
        if phase in ("*", self.phase) and unit in ("*", self.unit) and at == point:
            os.kill(os.getpid(), signal.SIGKILL)

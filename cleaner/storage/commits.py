"""A unit's results become true in one step: data first, then the marker that names them.

`_work/<phase>/data/<unit>.<part>-<key>-<attempt>.<role>` holds bytes nobody trusts until
`_work/<phase>/_commits/<unit>.<part>-<key>.json` names them with size and SHA-256. The key is a
hash of everything the unit depends on; a marker of another key blocks nothing. A second attempt
never overwrites: the first marker stands, and other bytes under the same key are an error, or a
recorded warning where float scores are in the data.

A marker is valid while it can be read and what it names is there with its size. One that is not is
dropped before its unit is done again; data that no marker names goes.
"""

import hashlib
import json
import os
import re
import secrets
import signal
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any

import pyarrow as pa

from cleaner.errors import AccountError, CleanerError, InputError
from cleaner.storage import requests, store
from cleaner.storage.run_folder import ABANDONED, RunFolder, missing, parse_json

CORE_MS = "core_ms"  # among what a part cost: milliseconds of cores
_READERS = 32  # markers read at once
_DATA = re.compile(r"(?P<unit>.+)\.(?P<part>\d{5})-(?P<key>[0-9a-f]{16})-[0-9a-f]{8}\.\w+")
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
    made_by: str = ""  # the run that committed it, as its `plan.json` calls itself
    spent: Mapping[str, int] = field(default_factory=dict)  # what it cost; no part of the outcome
    place: str = ""  # where `files` lie, below the run folder: "", or that of a replacement

    @property
    def products(self) -> list[Mapping[str, Any]]:
        """The files of the output that were written with this part: path, bytes, sha256."""
        if "path" in self.facts:
            return [self.facts, *self.facts.get("beside", ())]
        return list(self.facts.get("outputs", ()))

    def body(self) -> bytes:
        """Return the marker as the bytes of its file, sealed by a hash of what it says."""
        said = {
            "unit": self.unit, "part": self.part, "last": self.last, "key": self.key,
            "files": self.files, "facts": self.facts, "made_by": self.made_by,
            "spent": self.spent,
        }  # fmt: skip
        sealed = {**said, "seal": digest(said)}
        return json.dumps(sealed, sort_keys=True, ensure_ascii=False).encode(
            "utf-8", "surrogatepass"
        )

    def name(self) -> str:
        """Return the name of the marker's file."""
        return f"{self.unit}.{self.part:05d}{'.last' if self.last else ''}-{self.key}.json"

    def identity(self) -> str:
        """Return a hash of what was committed, whoever committed it and whatever it cost."""
        files = {role: [file["bytes"], file["sha256"]] for role, file in self.files.items()}
        return digest([self.unit, self.part, self.last, files, self.facts])


def digest(value: Any) -> str:
    """Return 16 hex digits that stand for plain data, whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def phase_folder(folder: str, phase: str) -> str:
    """Return where a phase of a run keeps its intermediate results."""
    return store.join(folder, "_work", phase)


def read_marker(folder: str, phase: str, name: str, place: str = "") -> Marker | None:
    """Read one marker by its file name; None when it is torn.

    `folder` is where the phase has its results, and `place` where that is below the run folder.
    """
    said = parse_json(store.read_bytes(store.join(_commits(folder, phase), name)))
    try:
        seal = said.pop("seal")
        marker = Marker(**said, place=place)
        return marker if digest(said) == seal and marker.name() == name else None
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def read_markers(folder: str, phase: str, names: Iterable[str], place: str) -> list[Marker | None]:
    """Read many markers, many at once: a store may take its time with each."""
    with ThreadPoolExecutor(_READERS) as pool:
        return list(pool.map(lambda name: read_marker(folder, phase, name, place), names))


def put_marker(folder: str, phase: str, marker: Marker, place: str) -> Marker:
    """Write a marker unless there is one that can be read; return the one that stands."""
    path = store.join(_commits(folder, phase), marker.name())
    if store.put_if_absent(path, marker.body()):
        return marker
    theirs = read_marker(folder, phase, marker.name(), place)
    if theirs is None:  # torn, and nobody's
        store.write_whole(path, marker.body())
        return marker
    return theirs


def _commits(folder: str, phase: str) -> str:
    return store.join(phase_folder(folder, phase), "_commits")


def drop_marker(folder: str, phase: str, name: str) -> None:
    """Remove a marker, so that its part is made again."""
    store.delete(store.join(_commits(folder, phase), name))


def lost_products(folder: str, markers: Iterable[Marker]) -> list[str]:
    """Return the products of some markers that are not there with their size."""
    files = [file for marker in markers for file in marker.products]
    return missing(files, RunFolder(folder).products()) if files else []


def drop_untrue(folder: str) -> set[tuple[str, str]]:
    """Drop the markers below a folder whose products are not there any more as they wrote them.

    Another job that was begun in the same folder may have written its own under the same names.
    Returns those that are, path and SHA-256.
    """
    there = RunFolder(folder).products()
    hashes: dict[str, str] = {}
    sure: set[tuple[str, str]] = set()
    for phase in store.folders(store.join(folder, "_work")):
        if store.is_link(store.join(folder, "_work", phase)):
            continue
        names = [name for name in store.names(_commits(folder, phase)) if _NAME.fullmatch(name)]
        if not names or _writes_none(folder, phase, names):
            continue
        for name, marker in zip(names, read_markers(folder, phase, names, ""), strict=True):
            if marker is None or missing(marker.products, there):
                drop_marker(folder, phase, name)
                continue
            for file in marker.products:
                path = file["path"]
                if path not in hashes:
                    hashes[path] = store.sha256(store.join(folder, path))
                if hashes[path] != file["sha256"]:
                    drop_marker(folder, phase, name)
                    break
                sure.add((path, file["sha256"]))
    return sure


def first_untrue(folder: str, files: Iterable[Mapping[str, Any]]) -> str | None:
    """Return the first of some files whose bytes are not those that were written, or None."""
    for file in files:
        path = store.join(folder, file["path"])
        if not store.exists(path) or store.sha256(path) != file["sha256"]:
            return file["path"]
    return None


def _writes_none(folder: str, phase: str, names: Iterable[str]) -> bool:
    """Return whether a phase writes no products: one of its markers that is whole says so."""
    for name in names:
        marker = read_marker(folder, phase, name)
        if marker is not None:
            return not marker.products
    return False


def remove_orphans(folder: str, phase: str, markers: Collection[Marker]) -> None:
    """Remove the data of attempts at a phase that failed: no marker names it, and none will.

    That is so where another attempt is committed, or where nobody has written for long.
    """
    named = {file["path"] for marker in markers for file in marker.files.values()}
    ours = {(marker.unit, marker.part, marker.key) for marker in markers}
    others = {
        (unit, part, key)
        for (unit, key), parts in committed(folder, phase).items()
        for part in parts
    } - ours
    for file in store.below(store.join(folder, "_work", phase, "data")):
        path, match = f"_work/{phase}/data/{file.path}", _DATA.fullmatch(file.path)
        if match is None or path in named:
            continue
        part = (match["unit"], int(match["part"]), match["key"])
        old = time.time() - file.written > ABANDONED
        if part in ours or (part not in others and old):
            store.delete(store.join(folder, path))


def committed(folder: str, phase: str) -> dict[tuple[str, str], dict[int, tuple[str, bool]]]:
    """Return what is committed: (unit, key) -> part -> (marker file, is it the last part)."""
    found: dict[tuple[str, str], dict[int, tuple[str, bool]]] = {}
    for name in store.names(_commits(folder, phase)):
        if match := _NAME.fullmatch(name):
            parts = found.setdefault((match["unit"], match["key"]), {})
            parts[int(match["part"])] = (name, match["last"] is not None)
    return found


def complete(parts: Mapping[int, Marker]) -> bool:
    """Return whether parts 0, 1, … up to a last one are all there."""
    last = [part for part, marker in parts.items() if marker.last]
    return len(last) == 1 and all(part in parts for part in range(last[0] + 1))


def told_apart(phase: str, unit: str, part: int, stages: str) -> str:
    """Say that two attempts at the same part wrote different bytes."""
    return (
        f"{phase}: unit {unit} part {part}: two attempts wrote different bytes "
        f"({stages or 'no stage'}); the first commit stands"
    )


def record_difference(folder: str, phase: str, name: str, said: str) -> None:
    """Keep a word on a part that two attempts wrote differently, for the manifest."""
    store.put_if_absent(
        store.join(phase_folder(folder, phase), "nondeterministic_parts", name), said.encode()
    )


def nondeterministic_parts(folder: str, phase: str, markers: Iterable[Marker]) -> list[str]:
    """Return what was recorded of attempts at these parts whose float scores differed."""
    place = store.join(phase_folder(folder, phase), "nondeterministic_parts")
    told = set(store.names(place)) & {marker.name() for marker in markers}
    return [
        store.read_bytes(store.join(place, name)).decode("utf-8", "replace")
        for name in sorted(told)
    ]


@dataclass(frozen=True)
class Ranged:
    """A file of which ranges are read: at its end it says where they lie, with a hash of each.

    One that is too large to be held gives its bytes piece by piece.
    """

    data: pa.Buffer | Callable[[], Iterator[bytes]]
    trailer: bytes

    def pieces(self) -> Iterator[Any]:
        """Yield the bytes of the file."""
        if isinstance(self.data, pa.Buffer):
            yield self.data
        else:
            yield from self.data()
        yield self.trailer

    def said(self) -> dict[str, Any]:
        """Return what a marker says of the trailer, by which whoever reads a range begins."""
        sha256 = hashlib.sha256(self.trailer).hexdigest()
        return {"bytes": len(self.trailer), "sha256": sha256}


def _write(path: str, data: pa.Buffer | bytes | Ranged) -> dict[str, Any]:
    """Write a file whole; return what a marker says of it."""
    whole, size = hashlib.sha256(), 0

    def told(pieces: Iterable[Any]) -> Iterator[Any]:
        nonlocal size
        for piece in pieces:
            whole.update(piece)
            size += memoryview(piece).nbytes
            yield piece

    if isinstance(data, Ranged) and not isinstance(data.data, pa.Buffer):
        with store.open_output(path) as sink:
            sink.writelines(told(data.pieces()))
    else:
        store.write_whole(path, *told(data.pieces() if isinstance(data, Ranged) else [data]))
    return {"bytes": size, "sha256": whole.hexdigest()}


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
    place: str = ""  # where results and products go, below the run folder
    identity: str = ""  # of the job that this is an attempt for
    made_by: str = ""  # the run that it is of
    attempt: str = field(default_factory=lambda: secrets.token_hex(4))
    done: list[Marker] = field(default_factory=list)
    since: float = field(default_factory=time.process_time)  # the last commit, or the beginning

    @property
    def home(self) -> str:
        """Where results and products go."""
        return store.join(self.folder, self.place) if self.place else self.folder

    def stands(self, part: int, last: bool) -> bool:
        """Return whether a part is committed: known from the start, or by another attempt since."""
        if part in self.have:
            return True
        if not self._marked(part, last):
            return False
        name = Marker(self.unit, part, last, self.key, {}).name()
        marker = read_marker(self.home, self.phase, name, self.place)
        if marker is None:
            return False
        self.done.append(marker)
        return True

    @contextmanager
    def product(self, path: str) -> Iterator[Product]:
        """Open a file of the output, by its path where the run is, to be written whole.

        A file with the same bytes is left alone. One with others goes, it is of an earlier job;
        unless this unit is committed: then it stays, and the commit says what is wrong.
        """
        failpoint(self.phase, self.unit, "data")
        target = store.join(self.home, path)
        facts: dict[str, Any] = {"path": path}

        def wanted(file: Any) -> bool:
            file.seek(0)
            facts["sha256"] = hashlib.file_digest(file, "sha256").hexdigest()
            facts["bytes"] = file.tell()
            self._still_ours()
            if not store.exists(target):
                return True
            return store.sha256(target) != facts["sha256"] and not self._marked(0, True)

        with store.open_output(target, store.join(self.home, "_work"), wanted) as sink:
            yield Product(sink, facts)

    def _still_ours(self) -> None:
        """Raise when another job was begun here: a late attempt must not write among its files."""
        begun = RunFolder(self.home).identity() if self.identity else None
        if begun is not None and begun != self.identity:
            raise InputError(another_job(self.folder))

    def commit(
        self,
        part: int,
        last: bool,
        files: Mapping[str, pa.Buffer | bytes | Ranged],
        facts: Mapping[str, Any],
        spent: Mapping[str, int] | None = None,
    ) -> Marker:
        """Write the data of one part, then its marker; return the marker that stands.

        `spent` is what it cost, for the manifest; requests to object stores are added to it, all
        since the commit before this one in the same process, and the milliseconds of its cores.
        """
        failpoint(self.phase, self.unit, "data")
        written: dict[str, dict[str, Any]] = {}
        try:
            for role, data in files.items():
                name = f"{self.unit}.{part:05d}-{self.key}-{self.attempt}.{role}"
                path = f"_work/{self.phase}/data/{name}"
                written[role] = {"path": path}
                written[role] |= _write(store.join(self.home, path), data)
                if isinstance(data, Ranged):
                    written[role]["trailer"] = data.said()
            # With keys in order, as whoever reads the marker meets them.
            plain = json.loads(json.dumps(facts, sort_keys=True))
            now = time.process_time()
            cost = {
                **(spent or {}),
                **requests.since_last(),
                CORE_MS: round(1e3 * (now - self.since)),
            }
            self.since = now
            marker = Marker(
                self.unit, part, last, self.key, written, plain,
                made_by=self.made_by, spent=cost, place=self.place,
            )  # fmt: skip
            failpoint(self.phase, self.unit, "marker")
            stands = self._mark(marker)
        except BaseException:
            self._remove(written)  # a disk that is full must not fill with every attempt
            raise
        failpoint(self.phase, self.unit, "after")
        self.done.append(stands)
        return stands

    def _mark(self, marker: Marker) -> Marker:
        """Write a marker unless there is one; return the one that stands."""
        theirs = put_marker(self.home, self.phase, marker, self.place)
        if theirs is marker:
            return marker
        name = marker.name()
        if theirs.identity() != marker.identity():
            said = told_apart(self.phase, self.unit, marker.part, self.stages)
            if self.exact:
                raise AccountError(said)
            record_difference(self.home, self.phase, name, said)
        kept = {file["path"] for file in theirs.files.values()}
        self._remove({r: file for r, file in marker.files.items() if file["path"] not in kept})
        return theirs

    def _remove(self, files: Mapping[str, Mapping[str, Any]]) -> None:
        for file in files.values():
            with suppress(CleanerError, OSError):
                store.delete(store.join(self.home, file["path"]))

    def _marked(self, part: int, last: bool) -> bool:
        name = Marker(self.unit, part, last, self.key, {}).name()
        return store.exists(store.join(_commits(self.home, self.phase), name))


def another_job(folder: str) -> str:
    """Say that a run cannot go on: another one was begun in its folder."""
    return f"{folder}: another job was begun here meanwhile; name another --out"


def failpoint(phase: str, unit: str, point: str) -> None:
    """Die here when CLEANER_FAILPOINT=phase:unit:point says so; for tests of resuming.

    Phase and unit may hold wild cards; several are parted by commas. With `:stop` behind it the
    process freezes instead. Where CLEANER_FAILPOINT_ONCE=FOLDER is set, each phase and point is
    met once; a file there holds the number of the process.
    """
    for wanted in filter(None, os.environ.get("CLEANER_FAILPOINT", "").split(",")):
        at_phase, at_unit, at, *how = wanted.split(":")
        if at != point or not (fnmatch(phase, at_phase) and fnmatch(unit, at_unit)):
            continue
        once = os.environ.get("CLEANER_FAILPOINT_ONCE")
        number = str(os.getpid()).encode()
        if once and not store.put_if_absent(f"{once}/{phase}.{point}", number):
            return
        os.kill(os.getpid(), signal.SIGSTOP if how else signal.SIGKILL)

"""A run folder: the names of what lies in it, what of that is ours, and what its files say.

A file that was torn, by a disk that filled up or a machine that went down, says nothing: it counts
as absent.
"""

import hashlib
import json
import os
import re
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cleaner.errors import JobError
from cleaner.storage import store

WORK = "_work"  # intermediate results and their commit markers
NEXT = "_next"  # replacements under way, each under the identity of its run
LOG = f"{WORK}/run.log"  # what the attempts here said; stays when intermediate results go
FRESH = f"{WORK}/fresh"  # there while a run goes on that takes nothing of what was before
RELEASED = f"{WORK}/released.json"  # which intermediate results went before the run ended
MANIFEST, PLAN, JOB, STATS = "manifest.json", "plan.json", "job.yaml", "stats.json"
HELD_OUT = "held_out"  # shards of what is not trained on, beside `shards`
CHECKPOINT = "checkpoint"  # what came to a stage of this name, a folder for each
REMOVED = "removed.json"  # hashes of what was removed from the run
_RECEIPT = re.compile(r"removal-\d{3,}\.json")  # of one removal
CARD = "README.md"  # the dataset card; whoever owns the run may write on in it
REPORT, AUDIT = "report.html", "audit.json"  # made of a finished run, when a user asks
VALUES = "values.parquet"  # how many documents have which values of a signal, by rule
# What the files of a run folder are written in; raised whenever they change their meaning.
FORMATS = {
    "manifest": 2, "stats": 2, "values": 1, "plan": 1, "ledger": 1, "index": 1, "shadow": 1,
}  # fmt: skip
RECORDS = (JOB, PLAN, STATS, VALUES)  # what a run says of itself, beside its manifest
ABANDONED = 3600.0  # seconds after which a file that nothing names has no writer any more
SHARD_SUFFIXES = (  # of `shards.FORMATS`, which loads what reads them
    "parquet", "jsonl.zst", "bin", "idx", "txt", "npy", "csv.gz", "tokens.bin",
    "document_offsets.npy",
)  # fmt: skip
_PRODUCT = re.compile(
    rf"(shards|held_out)/part-\d{{5,}}-of-\d{{5,}}\.({'|'.join(map(re.escape, SHARD_SUFFIXES))})"
    r"|(ledger|clusters|shadow|matches)/part-\d{5,}\.parquet"
    r"|checkpoint/\d+\.[^/]+/part-\d{5,}\.parquet"
    r"|index/\d+\.[^/]+/part-\d{5,}-of-\d{5,}\.arrow"
)
# Below `_work` and below a replacement; a part of it that is not ours makes it nobody's to delete.
_KEY = "[0-9a-f]{16}"
_WORKING = re.compile(
    rf"(progress\.json|released\.json|stop|fresh|seen/{_KEY}(\.[0-9a-f]{{8}})?|(.+/)?\.tmp-[0-9a-f]+)"
    rf"|[^/]+/(settings-{_KEY}\.json|(_commits|nondeterministic_parts)/[^/]+-{_KEY}\.json"
    rf"|(segments/{_KEY}\.jsonl|books/{_KEY}\.json)\.zst|poison/[^/]+-{_KEY}-[^/]+\.json"
    rf"|data/[^/]+\.\d{{5,}}-{_KEY}-[0-9a-f]{{8}}\.\w+)"
)
_COMMITTED = re.compile(r"[^/]+/(settings-[0-9a-f]{16}|_commits/.+-[0-9a-f]{16})\.json")
_LISTS = ("inputs", "outputs", "ledger_files", "index", "stages")


def plain_json(value: Any) -> bytes:
    """Return plain data as the bytes of a JSON file for people and programs."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


@dataclass(frozen=True)
class RunFolder:
    """Where a run lies, or will."""

    path: str

    def at(self, *names: str) -> str:
        """Return the path of something in it."""
        return store.join(self.path, *names)

    def manifest(self) -> dict[str, Any] | None:
        """Return the manifest of a finished run, or None.

        Raises JobError for one that an older or a newer version wrote in another format.
        """
        said = read_json(self.at(MANIFEST))
        if isinstance(said, dict) and "identity" in said:
            _check_formats(self.at(MANIFEST), {"manifest": said.get("format", 0)})
            _check_formats(self.path, said.get("formats", FORMATS))
        return said if _is_manifest(said) else None

    def plan(self) -> dict[str, Any] | None:
        """Return what `plan.json` says, or None."""
        said = read_json(self.at(PLAN))
        ours = isinstance(said, dict) and isinstance(said.get("identity"), str)
        if ours:
            _check_formats(self.at(PLAN), {"plan": said.get("format", 0)})
        return said if ours and "shard_columns" in said else None

    def identity(self) -> str | None:
        """Return the identity of the job that was begun here last, or None."""
        said = self.plan()
        return None if said is None else said["identity"]

    def claim(self) -> None:
        """Raise JobError for a folder that holds what no run of ours put there."""
        try:
            self.path.encode()
        except UnicodeEncodeError:
            shown = os.fsencode(self.path).decode("utf-8", "backslashreplace")
            raise JobError(f"{shown}: is not UTF-8; name another folder with --out") from None
        if "\0" in self.path:
            raise JobError(f"{self.path!r}: holds a zero byte; name another folder with --out")
        place = None if store.is_remote(self.path) else store.place(self.path)
        if place is not None and os.path.lexists(place) and not os.path.isdir(place):
            raise JobError(f"{self.path}: is a file; name a folder for the run with --out")
        if not self.is_empty() and not self.is_ours():
            raise JobError(
                f"{self.path}: is not empty, and no run folder; name another one with --out"
            )

    def is_ours(self) -> bool:
        """Return whether a run was begun here: one of its files says so, or what it committed."""
        if self.plan() is not None or self.manifest() is not None:
            return True
        work = self.at(WORK)
        return any(
            _COMMITTED.fullmatch(f"{phase}/{inner}{name}")
            for phase in store.folders(work)
            for inner, place in (("", phase), ("_commits/", f"{phase}/_commits"))
            for name in store.names(store.join(work, place))
        )

    def is_empty(self) -> bool:
        """Return whether no file is here but what a killed process left of its first."""
        if store.is_remote(self.path):
            return not store.names(self.path) and not store.folders(self.path)
        root = store.place(self.path)
        for place, folders, files in os.walk(root):
            if any(os.path.islink(os.path.join(place, name)) for name in folders):
                return False
            inside = os.path.relpath(place, root).split(os.sep)[0] == WORK
            if any(not (inside and name.startswith(".tmp-")) for name in files):
                return False
        return True

    def products(self) -> dict[str, int]:
        """Return the files that bear the names of our products, path -> bytes."""
        nested = [
            f"{place}/{stage}" for place in ("index", CHECKPOINT) for stage in self._folders(place)
        ]
        found = {
            f"{place}/{file.path}": file.size
            for place in ("shards", HELD_OUT, "ledger", "clusters", "shadow", "matches", *nested)
            for file in store.below(self.at(place))
        }
        return {path: size for path, size in found.items() if _PRODUCT.fullmatch(path)}

    def lost(self, manifest: Mapping[str, Any]) -> list[str]:
        """Return what a manifest names and is not here with its bytes."""
        there = self.products() | {file.path: file.size for file in store.below(self.path)}
        gone = missing(named_by(manifest), there)
        names = [file["path"] for file in manifest.get("records", [])]
        return gone + [n for n in names if n not in gone and self.record(n, manifest) is None]

    def record(self, name: str, manifest: Mapping[str, Any]) -> bytes | None:
        """Return what the run said of itself in a file of `RECORDS`; None if gone or torn."""
        data = store.read_bytes(self.at(name)) if store.exists(self.at(name)) else None
        for file in manifest.get("records", []):
            if file["path"] == name and data is not None:
                return data if hashlib.sha256(data).hexdigest() == file["sha256"] else None
        return data

    def of_removals(self) -> list[str]:
        """Return the files that tell of removals: the hashes, then the receipts."""
        names = sorted(file.path for file in store.below(self.path))
        there = [name for name in names if _RECEIPT.fullmatch(name)]
        return [REMOVED, *there] if REMOVED in names else there

    def remove_products(self, wanted: Iterable[str] = ()) -> None:
        """Delete the files that bear the names of our products and are not wanted."""
        for path in sorted(set(self.products()) - set(wanted)):
            store.delete(self.at(path))

    def remove_work(self, keep: Collection[str] = ()) -> int:
        """Delete intermediate results but for some, paths below `_work`; return their bytes.

        What is nobody's of ours stays, and so does the log.
        """
        files = store.below(self.at(WORK), deep=True)
        ours = [file for file in files if _is_working(file.path) and file.path not in keep]
        others = {f"{WORK}/{file.path}" for file in files} - {
            f"{WORK}/{file.path}" for file in ours
        }
        whole = [] if others - {LOG} else store.folders(self.at(WORK))
        for name in whole:
            store.delete_folder(self.at(WORK, name))
        for file in ours:
            if file.path.split("/")[0] not in whole:
                store.delete(self.at(WORK, file.path))
        if not others:
            store.delete_folder(self.at(WORK))
        return sum(file.size for file in ours)

    def work_bytes(self) -> int:
        """Return the bytes that `remove_work` and the replacements take, for `cleaner gc`."""
        files = store.below(self.at(WORK), deep=True)
        work = sum(file.size for file in files if _is_working(file.path))
        beside = [store.below(one.path, deep=True) for one in self.replacements()]
        return work + sum(file.size for files in beside for file in files)

    def sweep(self) -> None:
        """Delete what killed processes left unfinished; on an object store nothing is left."""
        if store.is_remote(self.path):
            return
        for file in store.below(self.at(WORK), deep=True):
            unfinished = file.path.rsplit("/", 1)[-1].startswith(".tmp-")
            if unfinished and time.time() - file.written > ABANDONED:
                store.delete(self.at(WORK, file.path))

    def remove(self) -> int:
        """Delete all of a run, as a replacement that is needed no more; return its bytes."""
        files = store.below(self.path, deep=True)
        self.remove_products()
        self.remove_work()
        for name in (*RECORDS, *self.of_removals(), CARD, MANIFEST):
            store.delete(self.at(name))
        if not store.below(self.path, deep=True):
            store.delete_folder(self.path)
        return sum(file.size for file in files)

    def replacements(self) -> list["RunFolder"]:
        """Return the replacements under way, whole or not."""
        keys = [name for name in self._folders(NEXT) if re.fullmatch(_KEY, name)]
        return [RunFolder(self.at(NEXT, key)) for key in keys]

    def _folders(self, place: str) -> list[str]:
        """Return the folders in one of ours; a link leads to what is not of this run."""
        names = store.folders(self.at(place))
        return [name for name in names if not store.is_link(self.at(place, name))]

    def whole(self) -> list["RunFolder"]:
        """Return the replacements that are whole: they are being swapped in."""
        return [one for one in self.replacements() if one.manifest() is not None]


def _is_working(path: str) -> bool:
    return _WORKING.fullmatch(path) is not None


def _check_formats(path: str, formats: Mapping[str, int]) -> None:
    """Raise JobError where a file is of another format than the one that is read here."""
    for name, format in formats.items():
        if (ours := FORMATS.get(name)) != format:
            version = "an older" if ours is not None and format < ours else "a newer"
            raise JobError(
                f"{path}: the {name} is of format {format}, which {version} version of cleaner "
                f"wrote; this one reads format {ours}: run the job into another folder"
            )


def _is_manifest(said: Any) -> bool:
    return (
        isinstance(said, dict)
        and isinstance(said.get("identity"), str)
        and isinstance(said.get("rows"), dict)
        and all(isinstance(said.get(name), list) for name in _LISTS)
    )


def named_by(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what a manifest says of each file that it names: path, sha256 and bytes."""
    index = [file for entry in manifest["index"] for file in entry["files"]]
    checkpoints = checkpoint_files(manifest)
    beside = [file for output in manifest["outputs"] for file in output.get("beside", ())]
    return [
        *manifest["outputs"],
        *beside,
        *manifest["ledger_files"],
        *index,
        *checkpoints,
        *manifest.get("records", []),
    ]


def checkpoint_files(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what a manifest says of the files of all checkpoints: path, sha256, bytes, rows."""
    return [file for entry in manifest.get("checkpoints", []) for file in entry["files"]]


def missing(files: Iterable[Mapping[str, Any]], there: Mapping[str, int]) -> list[str]:
    """Return the files that are not there, path -> bytes, or have other bytes."""
    return [
        file["path"]
        for file in files
        if there.get(file["path"], -1) != file.get("bytes", there.get(file["path"], -2))
    ]


def read_json(path: str) -> Any:
    """Return what a JSON file says; None when it is not there, or torn."""
    return parse_json(store.read_bytes(path)) if store.exists(path) else None


def parse_json(data: bytes) -> Any:
    """Return what JSON says; None for what is none.

    >>> parse_json(b'{"a": 1}'), parse_json(b'{"a": ')
    ({'a': 1}, None)
    """
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None

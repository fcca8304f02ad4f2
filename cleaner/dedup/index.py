"""The index of a run: keys, bands and lines of what it kept, found by a later run.

A run writes `index/<stage>/part-00000-of-00012.arrow`, each the rows of one range of hashes in
order, and says in its manifest by what settings they were made. The key (file, row) of a row is
the shard and the row in it, so that its text can be read again.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cleaner.config.plain import Plain
from cleaner.dedup.against import OLD
from cleaner.errors import JobError
from cleaner.shards.run_shards import Shards
from cleaner.storage import store
from cleaner.storage.run_folder import RunFolder

_FINEST = 64  # ranges that even a small index is cut into, so that a small range is a small read
_RANGE = 1_000_000  # rows of one range of a large index, about


@dataclass(frozen=True)
class Index(Plain):
    """What one stage of an earlier run kept, where it lies, and where its files are numbered."""

    run: str  # as the job names it
    stage: str
    by: str
    rows: int
    ranges: int  # ranges of hashes into which each file is cut
    # Path below the run folder, bytes, and of the trailer, which has a hash of each range: its
    # SHA-256 and bytes.
    files: tuple[tuple[str, int, str, int], ...]
    shards: Shards
    first_file: int
    identity: str

    def first(self) -> tuple[str, int]:
        """Return one file of the index, by its full path, and its bytes."""
        path, size = self.files[0][:2]
        return store.join(self.run, path), size


def find_indexes(
    runs: Sequence[str], name: str, by: str, compares: Mapping[str, Any], place: int
) -> tuple[Index, ...]:
    """Return what a stage is held against: the index of its like in each of some finished runs.

    `by` is the hash that partitions it. Of several with these settings the one at the same `place`
    among them is taken, or the last.
    Raises JobError for a folder that is no run, a run that is not finished or has no such stage.
    """
    found: list[Index] = []
    first_file = OLD
    for run in runs:
        manifest = _manifest(run)
        entry = _entry(run, manifest, name, compares, place)
        shards = Shards.of(run, manifest)
        found.append(
            Index(
                run=run,
                stage=entry["stage"],
                by=by,
                rows=entry["rows"],
                ranges=entry["ranges"],
                files=tuple(_file(run, file) for file in entry["files"]),
                shards=shards,
                first_file=first_file,
                identity=f"{manifest['identity']}-{_bytes_of(entry)}",
            )
        )
        first_file += len(shards.paths)
    return tuple(found)


def _file(run: str, file: Mapping[str, Any]) -> tuple[str, int, str, int]:
    trailer = file.get("trailer")
    if trailer is None:
        raise JobError(f"against: the run {run} is of an older version of cleaner; run it again")
    return file["path"], file["bytes"], trailer["sha256"], trailer["bytes"]


def _manifest(run: str) -> dict[str, Any]:
    if not store.exists(store.join(run, "job.yaml")):
        raise JobError(f"against: {run} is not a run folder: it has no job.yaml")
    manifest = RunFolder(run).manifest()
    if manifest is None:
        raise JobError(
            f"against: the run {run} is not finished; finish it first, or see: cleaner status {run}"
        )
    return manifest


def _entry(
    run: str, manifest: Mapping[str, Any], name: str, compares: Mapping[str, Any], place: int
) -> dict[str, Any]:
    """Return what the manifest of a run says of the index of a stage with these settings."""
    alike = [entry for entry in manifest.get("index", []) if entry["name"] == name]
    if not alike:
        have = ", ".join(entry["stage"] for entry in manifest.get("index", [])) or "none"
        raise JobError(f"against: the run {run} has no stage {name}; it has an index of: {have}")
    same = [entry for entry in alike if entry["compares"] == dict(compares)]
    if not same:
        told = "; ".join(f"{e['stage']} {_difference(compares, e['compares'])}" for e in alike)
        raise JobError(
            f"against: the run {run} looked for duplicates with other settings, so the two cannot "
            f"be compared: {told}"
        )
    entry = same[min(place, len(same) - 1)]
    there = set(store.names(store.join(run, "index", _folder(entry["stage"]))))
    for file in entry["files"]:
        if file["path"].rsplit("/", 1)[1] not in there:
            raise JobError(f"against: {store.join(run, file['path'])} is gone; run {run} again")
    return entry


def _difference(here: Mapping[str, Any], there: Mapping[str, Any]) -> str:
    """Say which settings differ: `has bands: 20, this stage bands: 14`."""
    names = [name for name in here if here[name] != there.get(name)]
    shown = [f"{name}: {there.get(name)} (here {here[name]})" for name in names]
    return "has " + ", ".join(shown)


def _bytes_of(entry: Mapping[str, Any]) -> str:
    """Return 16 hex digits that stand for the bytes of an index."""
    whole = "".join(file["sha256"] for file in entry["files"])
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def _folder(stage: str) -> str:
    return stage.replace(":", "_")


def index_path(stage: str, part: int, parts: int) -> str:
    """Return where, below the run folder, one file of a stage's index lies."""
    return f"index/{_folder(stage)}/part-{part:05d}-of-{parts:05d}.arrow"


def ranges(rows: int, parts: int) -> int:
    """Return into how many ranges of hashes each of `parts` files of an index is cut."""
    return max(1, _FINEST // parts, rows // (parts * _RANGE))

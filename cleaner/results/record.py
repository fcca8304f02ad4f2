"""What a finished run says of itself in small files; reading them loads nothing heavy."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from cleaner.errors import InputError, JobError
from cleaner.storage import store
from cleaner.storage.replace import swapping
from cleaner.storage.run_folder import MANIFEST, STATS, RunFolder


class Record:
    """A run folder with its manifest and its counts."""

    def __init__(self, path: str) -> None:
        self.path = path.rstrip("/")
        if not RunFolder(self.path).is_ours():
            raise JobError(f"{path}: not a run folder: no run was begun in it")

    def __repr__(self) -> str:
        manifest = RunFolder(self.path).manifest()
        if manifest is None:
            return f"<run {self.path}: not finished>"
        rows, stages = manifest["rows"], len(manifest["stages"])
        told = f"kept {rows['kept']:,} of {rows['in']:,} documents in {stages} stages"
        return f"<run {self.path}: {told}>"

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The manifest; InputError while the run is not finished."""
        folder = RunFolder(self.path)
        if (said := swapping(folder)) is not None:
            raise InputError(said)
        if (manifest := folder.manifest()) is not None:
            return manifest
        if store.exists(folder.at(MANIFEST)):
            raise InputError(
                f"{folder.at(MANIFEST)}: is truncated; run the same command to write it again"
            )
        raise InputError(
            f"{self.path}: this run is not finished; run the same command to continue it, "
            f"or see: cleaner status {self.path}"
        )

    @cached_property
    def stats(self) -> dict[str, Any]:
        """The counts of stats.json."""
        said: dict[str, Any] = json.loads(self.record(STATS))
        return said

    def record(self, name: str) -> bytes:
        """Return the bytes of a file in which the run says something of itself."""
        folder = RunFolder(self.path)
        if (of := self.manifest.get("of")) and not any(
            file["path"] == name for file in self.manifest["records"]
        ):
            raise InputError(
                f"{self.path}: was made by cleaner {of['command']} and judged nothing; ask the run "
                f"that it was made of: {', '.join(of['runs'])}"
            )
        if (data := folder.record(name, self.manifest)) is None:
            raise InputError(
                f"{folder.at(name)}: is missing or truncated; run the same command to write it "
                "again"
            )
        return data

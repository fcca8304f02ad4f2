"""Global stages as tasks: partitions settled one by one, verdicts sent back to the rows' parts.

exact: settle -> gather. near: pairs -> components -> sets -> verify -> gather. cut: one task.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from cleaner.commits import Committer
from cleaner.dedup.exact import settle_exact
from cleaner.dedup.near import PAIRS, bucket_pairs, component_of, components
from cleaner.exchange import read_partition
from cleaner.job import build_stage
from cleaner.phases.base import (
    DataFile,
    Settings,
    exchange_bytes,
    exchange_sources,
    position,
    read_table,
    slot,
    table_bytes,
)
from cleaner.phases.keys import spread
from cleaner.stages.cuts import settle_cut

BIG_BUCKET = 10_000  # buckets above this are reported


def _files(settings: Settings, key: str) -> list[DataFile]:
    return [DataFile(*file) for file in settings[key]]


def _partition(settings: Settings, key: str, parts: str, part: int, folder: str) -> pl.DataFrame:
    with exchange_sources(folder, _files(settings, key), settings[parts]) as sources:
        return read_partition(sources, part).drop("slot")


def run_settle(settings: Settings, unit: dict[str, Any], out: Committer) -> None:
    """Settle one partition of exact keys."""
    rows = _partition(settings, "keys", "parts", unit["part"], out.folder)
    _commit_verdicts(settings, settle_exact(rows), out)


def run_lines(settings: Settings, unit: dict[str, Any], out: Committer) -> None:
    """Settle one partition of line counts: which lines stand in many documents."""
    rows = _partition(settings, "keys", "parts", unit["part"], out.folder)
    stage: Any = build_stage(settings["name"], settings["options"])
    frequent = stage.settle(rows).sort("file", "row", "line")
    starts = _starts(settings)
    group = np.searchsorted(starts, position(frequent), side="right") - 1
    data = exchange_bytes(frequent.with_columns(slot(group, len(starts))), "slot", len(starts))
    facts = {"lines": rows["line"].n_unique(), "frequent": frequent["line"].n_unique()}
    out.commit(0, True, {"verdicts": data}, facts)


def run_pairs(settings: Settings, unit: dict[str, Any], out: Committer) -> None:
    """Pair the documents that share a bucket of one partition."""
    rows = _partition(settings, "keys", "parts", unit["part"], out.folder)
    sizes = rows.group_by("band").len()["len"]
    facts = {
        "pairs": 0,
        "buckets": int((sizes > 1).sum()),
        "big_buckets": int((sizes > BIG_BUCKET).sum()),
        "biggest_bucket": int(sizes.max() or 0),  # type: ignore[arg-type]
    }
    pairs = bucket_pairs(rows)
    facts["pairs"] = len(pairs)
    out.commit(0, True, {"pairs": table_bytes(pairs)}, facts)


class _Frames:
    """Frames that are read anew each time they are gone through."""

    def __init__(self, folder: str, files: list[DataFile]) -> None:
        self.folder, self.files = folder, files

    def __iter__(self) -> Iterator[pl.DataFrame]:
        for file in self.files:
            yield read_table(self.folder, file)


def run_components(settings: Settings, unit: dict[str, Any], out: Committer) -> None:
    """Join pairs to components; send candidates to their groups and pairs to their partition."""
    frames = _Frames(out.folder, _files(settings, "pairs"))
    found = components(frames)
    starts = _starts(settings)
    group = np.searchsorted(starts, position(found), side="right") - 1
    candidates = found.with_columns(slot(group, len(starts)))
    pairs = [component_of(frame, found) for frame in frames]
    empty = pl.DataFrame(schema={**PAIRS, "component": pl.UInt64})
    joined = pl.concat(pairs).unique(maintain_order=True) if pairs else empty
    joined = joined.with_columns(spread(joined["component"])).drop("component")
    files = {
        "candidates": exchange_bytes(candidates, "slot", len(starts)),
        "pairs": exchange_bytes(joined, "slot", settings["verify_parts"]),
    }
    facts = {"candidates": len(found), "components": found["component"].n_unique()}
    out.commit(0, True, files, facts)


def _starts(settings: Settings) -> np.ndarray:
    return np.array([int(start) for start in settings["groups"]], np.uint64)


def run_sets(settings: Settings, unit: dict[str, Any], out: Committer) -> None:
    """Recompute the shingle sets of one part's candidates and send them to their component."""
    with exchange_sources(out.folder, [DataFile(*settings["candidates"])], unit["groups"]) as at:
        candidates = read_partition(at, unit["group"]).drop("slot")
    docs = read_table(out.folder, DataFile(*unit["text"]))
    docs = docs.join(candidates, on=["file", "row"], how="inner", maintain_order="left")
    stage: Any = build_stage(settings["name"], settings["options"])
    sets = stage.sets(docs).with_columns(spread(docs["component"]))
    files = {"sets": exchange_bytes(sets, "slot", settings["verify_parts"])}
    out.commit(0, True, files, {"sets": len(sets)})


def run_verify(settings: Settings, unit: dict[str, Any], out: Committer) -> None:
    """Settle whole components: who is a duplicate of whom, by the true Jaccard."""
    sets = _partition(settings, "sets", "verify_parts", unit["part"], out.folder)
    pairs = _partition(settings, "pairs", "verify_parts", unit["part"], out.folder)
    stage: Any = build_stage(settings["name"], settings["options"])
    _commit_verdicts(settings, stage.settle(sets, pairs), out)


def _commit_verdicts(settings: Settings, verdicts: pl.DataFrame, out: Committer) -> None:
    verdicts = verdicts.sort("file", "row")
    starts = _starts(settings)
    group = np.searchsorted(starts, position(verdicts), side="right") - 1
    data = exchange_bytes(verdicts.with_columns(slot(group, len(starts))), "slot", len(starts))
    facts = {"verdicts": len(verdicts), "dropped": int(verdicts["duplicate_row"].count())}
    out.commit(0, True, {"verdicts": data}, facts)


def run_gather(settings: Settings, unit: dict[str, Any], out: Committer) -> None:
    """Bring all verdicts on one group of parts together, a partition for each part."""
    with exchange_sources(out.folder, _files(settings, "verdicts"), settings["parts"]) as sources:
        rows = read_partition(sources, unit["group"]).drop("slot").sort("file", "row")
    starts = np.array([int(start) for start in unit["starts"]], np.uint64)
    part = np.searchsorted(starts, position(rows), side="right") - 1
    data = exchange_bytes(rows.with_columns(slot(part, len(starts))), "slot", len(starts))
    out.commit(0, True, {"verdicts": data}, {"verdicts": len(rows)})


def run_share(settings: Settings, unit: dict[str, Any], out: Committer) -> None:
    """Settle a share-based cut over all rows."""
    with exchange_sources(out.folder, _files(settings, "keys"), 1) as sources:
        rows = read_partition(sources, 0).drop("slot")
    cuts = settle_cut(rows, settings["share"], settings["tokens"])
    out.commit(0, True, {}, {"cuts": [list(row) for row in cuts.rows()]})

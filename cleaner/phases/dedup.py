"""Global stages as tasks: partitions settled one by one, verdicts sent back to the rows' parts.

exact: settle -> gather. near: sample, pairs -> components -> sets -> verify -> gather. line:
settle -> gather. cut: one task. What earlier runs kept joins in settle and pairs, and in sets.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from cleaner.commits import Committer
from cleaner.dedup.account import settle_sample, tallied
from cleaner.dedup.against import OLD, as_old, fell, of_this_run
from cleaner.dedup.exact import IDENTITY, settle_exact
from cleaner.dedup.near import (
    PAIRS,
    SETS,
    bucket_pairs,
    bucket_sizes,
    component_of,
    components,
    shingle_sets,
)
from cleaner.exchange import Source, in_pieces, owned, read_partition, read_pieces
from cleaner.job import build_stage
from cleaner.phases.base import (
    DataFile,
    Settings,
    exchange_bytes,
    exchange_sources,
    position,
    read_batches,
    read_table,
    slot,
    table_bytes,
    with_asked,
)
from cleaner.phases.index import old_texts, read_old
from cleaner.phases.keys import spread
from cleaner.stages.cuts import settle_cut

BIG_BUCKET = 10_000  # buckets above this are reported
_CANDIDATES = 4_000_000  # documents that are sent to their groups at a time
_PAIRS = 1_000_000  # pairs that are sent to their components at a time
_TEXT = 32 << 20  # bytes of text of an earlier run whose shingles are made at a time


def _files(settings: Settings, key: str) -> list[DataFile]:
    return [DataFile(*file) for file in settings[key]]


def _pieces(
    settings: Settings, part: int, out: Committer
) -> Iterator[tuple[int, bool, pl.DataFrame, pl.DataFrame]]:
    """Yield a partition of keys in pieces that are not committed yet, an oversize one in several.

    Each is its number, whether it is the last, its rows, and the rows of earlier runs beside them.
    """
    parts, against = settings["parts"], settings["against"]
    with exchange_sources(out.folder, _files(settings, "keys"), parts) as sources:
        size = sum(source.parts[part].rows for source in sources)
        count = max(1, -(-size // (2 * settings["most_rows"])))
        with in_pieces(sources, "slot", part, parts, count) as read:
            for piece in range(count):
                if not out.stands(piece, piece == count - 1):
                    rows = read(piece).drop("slot")
                    old = read_old(against, part * count + piece, parts * count, rows)
                    yield piece, piece == count - 1, rows, old


def run_settle(settings: Settings, unit: dict[str, Any], out: Committer) -> None:
    """Settle one partition of exact keys."""
    for number, last, rows, old in _pieces(settings, unit["part"], out):
        known = pl.concat([rows, old])
        _commit_verdicts(settings, settle_exact(known), known, out, number, last)


def run_lines(settings: Settings, unit: dict[str, Any], out: Committer) -> None:
    """Settle one partition of line counts: which lines stand in many documents."""
    stage: Any = build_stage(settings["name"], settings["options"])
    for number, last, rows, old in _pieces(settings, unit["part"], out):
        frequent = stage.settle(pl.concat([rows, old])).sort("file", "row", "line")
        data = _to_groups(frequent, settings["groups"])
        facts = {"lines": rows["line"].n_unique(), "frequent": frequent["line"].n_unique()}
        out.commit(number, last, {"verdicts": data}, facts)


def _to_groups(rows: pl.DataFrame, groups: Sequence[str]) -> pa.Buffer:
    """Return rows by key as an exchange file with a partition for each group of parts."""
    starts = np.array([int(start) for start in groups], np.uint64)
    group = np.searchsorted(starts, position(rows), side="right") - 1
    return exchange_bytes(rows.with_columns(slot(group, len(starts))), "slot", len(starts))


def run_sample(settings: Settings, unit: dict[str, Any], out: Committer) -> None:
    """Compare the sampled documents of one partition with each other, in full."""
    with exchange_sources(out.folder, _files(settings, "sample"), settings["parts"]) as sources:
        rows = read_partition(sources, unit["part"]).drop("slot")
    found = settle_sample(rows)
    facts = {"documents": len(rows), "found": [list(row) for row in found.rows()]}
    out.commit(0, True, {}, facts)


def run_pairs(settings: Settings, unit: dict[str, Any], out: Committer) -> None:
    """Pair the documents that share a bucket of one partition."""
    for number, last, rows, old in _pieces(settings, unit["part"], out):
        rows = pl.concat([rows, old])
        sizes = bucket_sizes(rows)
        pairs = bucket_pairs(rows)
        facts = {
            "pairs": len(pairs),
            "buckets": len(sizes),
            "big_buckets": int((sizes > BIG_BUCKET).sum()),
            "biggest_bucket": int(sizes.max() or 0),  # type: ignore[arg-type]
        }
        out.commit(number, last, {"pairs": table_bytes(pairs, _PAIRS)}, facts)


class _Frames:
    """Frames that are read anew each time they are gone through."""

    def __init__(self, folder: str, files: list[DataFile]) -> None:
        self.folder, self.files = folder, files

    def __iter__(self) -> Iterator[pl.DataFrame]:
        for file in self.files:
            yield from read_batches(self.folder, file)


def run_components(settings: Settings, unit: dict[str, Any], out: Committer) -> None:
    """Join pairs to components; send candidates to their groups and pairs to their partition.

    First some candidates at a time are committed, then some pairs at a time.
    """
    frames = _Frames(out.folder, _files(settings, "pairs"))
    found = components(frames)
    keys = position(found)
    several = max(1, -(-len(found) // _CANDIDATES))
    for number in range(several):
        if out.stands(number, False):
            continue
        some = found[number * _CANDIDATES : (number + 1) * _CANDIDATES]
        facts = {"candidates": len(some), "components": 0}
        if number == 0:
            facts["components"] = found["component"].n_unique()
        out.commit(number, False, _candidates(settings, some), facts)

    def send(pairs: pl.DataFrame, number: int, last: bool) -> None:
        if not out.stands(number, last):
            joined = component_of(pairs, found, keys)
            data = _to_components(joined, settings["verify_parts"])
            out.commit(number, last, {"pairs": data}, {})

    number, waiting = several, pl.DataFrame(schema=PAIRS)  # none at all are an empty part
    for frame in frames:
        if len(waiting):
            send(waiting, number, False)
            number += 1
        waiting = frame
    send(waiting, number, True)


def _to_components(rows: pl.DataFrame, parts: int) -> pa.Buffer:
    """Return rows, by their column `component`, as an exchange file for whoever verifies it."""
    rows = rows.with_columns(spread(rows["component"])).drop("component")
    return exchange_bytes(rows, "slot", parts)


def _candidates(settings: Settings, found: pl.DataFrame) -> dict[str, pa.Buffer]:
    """Return candidates by group of parts, and those of earlier runs by group of their shards."""
    ours = found.filter(pl.col("file") < OLD)
    files = {"candidates": _to_groups(ours, settings["groups"])}
    old = found.filter(pl.col("file") >= OLD)
    if len(old):
        groups = settings["old_groups"]
        shard = old["file"].to_numpy().astype(np.int64) - OLD
        group = shard * groups // settings["old_files"]
        files["old"] = exchange_bytes(old.with_columns(slot(group, groups)), "slot", groups)
    return files


def run_sets(settings: Settings, unit: dict[str, Any], out: Committer) -> None:
    """Recompute the shingle sets of one part's candidates and send them to their component."""
    stage: Any = build_stage(settings["name"], settings["options"])
    if "old" in unit:
        _old_sets(settings, unit["old"], stage.banding.ngram, out)
        return
    files = _files(settings, "candidates")
    with exchange_sources(out.folder, files, settings["groups"]) as sources:
        candidates = read_partition(sources, unit["group"]).drop("slot")
    docs = read_table(out.folder, DataFile(*unit["text"]))
    docs = docs.join(candidates, on=["file", "row"], how="inner", maintain_order="left")
    sets = stage.sets(with_asked(docs, settings["reads"])).with_columns(docs["component"])
    _commit_sets(settings, sets, out, 0, True)


def _old_sets(settings: Settings, group: int, ngram: int, out: Committer) -> None:
    """Commit the shingle sets of candidates of earlier runs, some at a time, from their shards."""
    with exchange_sources(out.folder, _files(settings, "old"), settings["old_groups"]) as sources:
        wanted = read_partition(sources, group).drop("slot").sort("file", "row")
    number = size = 0
    held = [pl.DataFrame(schema={**SETS, "component": pl.UInt64})]
    for index, docs in old_texts(settings["against"], wanted):
        sets = as_old(shingle_sets(docs, ngram, "first"), index["run"], index["first_file"])
        held.append(sets.with_columns(docs["component"]))
        size += int(docs["text"].str.len_bytes().sum())
        if size >= _TEXT:
            _commit_sets(settings, pl.concat(held), out, number, False)
            number, size, held = number + 1, 0, held[:1]
    _commit_sets(settings, pl.concat(held), out, number, True)


def _commit_sets(
    settings: Settings, sets: pl.DataFrame, out: Committer, number: int, last: bool
) -> None:
    if not out.stands(number, last):
        data = _to_components(sets, settings["verify_parts"])
        out.commit(number, last, {"sets": data}, {"sets": len(sets)})


class _Known:
    """Sets as they are read, and what is known of their documents once they have been read."""

    def __init__(self, sources: Sequence[Source], part: int) -> None:
        self.sources, self.part = sources, part
        self._documents = [pl.DataFrame(schema=IDENTITY)]

    def __iter__(self) -> Iterator[pl.DataFrame]:
        for frame in read_pieces(self.sources, self.part):
            self._documents.append(owned(frame.select(list(IDENTITY))))
            yield frame

    def documents(self) -> pl.DataFrame:
        """Return the documents whose sets have been read."""
        return pl.concat(self._documents)


def run_verify(settings: Settings, unit: dict[str, Any], out: Committer) -> None:
    """Settle whole components: who is a duplicate of whom, by the true Jaccard."""
    part, parts = unit["part"], settings["verify_parts"]
    stage: Any = build_stage(settings["name"], settings["options"])
    with (
        exchange_sources(out.folder, _files(settings, "sets"), parts) as sets,
        exchange_sources(out.folder, _files(settings, "pairs"), parts) as pairs,
    ):
        known = _Known(sets, part)
        verdicts = stage.settle(known, read_pieces(pairs, part))
    _commit_verdicts(settings, verdicts, known.documents(), out, 0, True)


def _commit_verdicts(
    settings: Settings,
    verdicts: pl.DataFrame,
    known: pl.DataFrame,
    out: Committer,
    number: int,
    last: bool,
) -> None:
    """Commit what was settled on documents of this run, and its account."""
    ours = of_this_run(verdicts).sort("file", "row")
    facts = {
        "verdicts": len(ours),
        "dropped": int(ours.select(fell().sum()).item()),
        "for_earlier_runs": int(
            ours.select((fell() & pl.col("duplicate_row").is_null()).sum()).item()
        ),
        "account": tallied(known, verdicts),
    }
    out.commit(number, last, {"verdicts": _to_groups(ours, settings["groups"])}, facts)


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

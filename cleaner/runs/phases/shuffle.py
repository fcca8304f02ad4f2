"""The final shuffle: where the shards are cut, and each shard written from its hash range.

A document's place is a seeded hash of its key, so the order depends on neither units nor workers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from cleaner.config.plain import Plain
from cleaner.job.plan import SHARD_HELD
from cleaner.runs.phases.base import (
    DataFile,
    Everything,
    exchange_bytes,
    exchange_sources,
    read_table,
    slot,
)
from cleaner.shards import FORMATS
from cleaner.storage.commits import Committer
from cleaner.storage.exchange import Source, read_pieces
from cleaner.storage.row_key import position
from cleaner.storage.schemas import arrow_schema

_BIN = 1 << 48  # width of one of the 65,536 bins in which sizes are summed


@dataclass(frozen=True)
class CutSettings(Plain):
    """Where the shards are to be cut, and of what."""

    by: Literal["bytes", "tokens"]
    target: int  # of one shard
    sizes: tuple[DataFile, ...] = ()


@dataclass(frozen=True)
class ShardSettings(Plain):
    """What all shards share."""

    format: str
    schema: str  # as `schema_text` gives it
    columns: Mapping[str, str]  # name in the shard -> name inside
    files: tuple[DataFile, ...] = ()
    parts: int = 1  # hash ranges in each file
    groups: tuple[int, ...] = ()  # where each group of parts starts, as the position of a row


@dataclass(frozen=True)
class ShardUnit(Plain):
    """One shard: the documents whose hash lies in [low, high)."""

    number: int
    shard: str  # its name
    low: int
    high: int
    bytes: int  # of text, about


def run_cut(settings: CutSettings, unit: Everything, out: Committer) -> None:
    """Commit the bounds of the shards, from the sums of all units."""
    total = np.zeros((1 << 16, 3), np.int64)
    for file in settings.sizes:
        sizes = read_table(out.folder, file)
        at = sizes["bin"].to_numpy()
        for column, name in enumerate(("rows", "tokens", "bytes")):
            total[at, column] += sizes[name].to_numpy().astype(np.int64)
    measure = total[:, 2] if settings.by == "bytes" else total[:, 1]
    shards = max(1, -(-int(measure.sum()) // settings.target))
    bounds = shard_bounds(measure, shards)
    text = _text_between(total[:, 2], bounds)
    out.commit(0, True, {}, {"bounds": [str(bound) for bound in bounds], "sizes": text})


def shard_bounds(measure: np.ndarray, shards: int) -> list[int]:
    """Return `shards + 1` bounds of equal measure in the 64-bit range, 0 and 2^64 at the ends.

    Inside a bin the documents are taken as spread evenly, which a hash makes true.
    """
    running = np.concatenate([[0], np.cumsum(measure)]).astype(np.int64)
    whole = int(running[-1])
    bounds = [0]
    for k in range(1, shards):
        goal = whole * k // shards
        at = int(np.searchsorted(running, goal, side="right")) - 1
        inside = int(measure[at]) if at < len(measure) else 0
        part = (goal - int(running[at])) * _BIN // inside if inside else 0
        bounds.append(max(bounds[-1], at * _BIN + part))
    return [*bounds, 1 << 64]


def _text_between(measure: np.ndarray, bounds: list[int]) -> list[int]:
    """Return the bytes of text between neighbouring bounds, about."""
    edges = np.array([bound / _BIN for bound in bounds])
    running = np.concatenate([[0], np.cumsum(measure)])
    return [int(x) for x in np.diff(np.interp(edges, np.arange(len(running)), running))]


def run_shard(settings: ShardSettings, unit: ShardUnit, out: Committer) -> None:
    """Write one shard to its final name and commit it, with the place of each of its rows."""
    schema = arrow_schema(settings.schema)
    places: list[pl.DataFrame] = []
    counts = {"rows": 0, "tokens": 0, "text_bytes": 0}
    with exchange_sources(out.folder, settings.files) as sources:

        def frames() -> Iterator[pl.DataFrame]:
            for docs in _in_order(sources, settings.parts, unit):
                start = counts["rows"]
                rows = pl.int_range(start, start + len(docs), dtype=pl.UInt64, eager=True)
                places.append(docs.select("file", "row").with_columns(shard_row=rows))
                counts["rows"] += len(docs)
                counts["tokens"] += int(docs["words"].sum())
                counts["text_bytes"] += int(docs["text"].str.len_bytes().sum())
                yield docs.select(
                    (pl.col(inner) if inner in docs.columns else pl.lit(None)).alias(name)
                    for name, inner in settings.columns.items()
                )

        with out.product(f"shards/{unit.shard}") as product:
            FORMATS[settings.format].write(frames(), schema, product.sink)
    place = pl.concat(places) if places else _NO_PLACE
    place = place.with_columns(pl.lit(unit.number, pl.UInt32).alias("shard"))
    starts = np.array(settings.groups, np.uint64)
    group = np.searchsorted(starts, position(place), side="right") - 1
    place = place.with_columns(slot(group, len(starts)))
    facts = {**counts, **product.facts}
    out.commit(0, True, {"places": exchange_bytes(place, "slot", len(starts))}, facts)


_NO_PLACE = pl.DataFrame(schema={"file": pl.UInt32, "row": pl.UInt64, "shard_row": pl.UInt64})


def _in_order(sources: list[Source], parts: int, shard: ShardUnit) -> Iterator[pl.DataFrame]:
    """Yield the documents of a shard, in order, about SHARD_HELD of text at once."""
    low, high = shard.low, shard.high
    passes = max(1, -(-shard.bytes // SHARD_HELD))
    for k in range(passes):
        start = low + (high - low) * k // passes
        end = low + (high - low) * (k + 1) // passes
        place = pl.col("shuffle")
        # 2^64 itself has no UInt64; the last shard has no upper bound.
        inside = place >= pl.lit(start, pl.UInt64)
        if end < 1 << 64:
            inside &= place < pl.lit(end, pl.UInt64)
        found = []
        for part in range(start * parts >> 64, ((end - 1) * parts >> 64) + 1):
            pieces = [docs.filter(inside) for docs in read_pieces(sources, part)]
            # A frame has its price, rows or none: partitions times sources of them are too many.
            if some := [docs for docs in pieces if len(docs)]:
                found.append(pl.concat(some, rechunk=True))
        if found:
            yield pl.concat(found).sort("shuffle", "file", "row")

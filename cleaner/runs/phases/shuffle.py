"""The final shuffle: where the shards are cut, and each shard written from its hash range.

A document's place is a seeded hash of its key, so the order depends on neither units nor workers.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

from cleaner.config.plain import Plain
from cleaner.job.plan import SHARD_HELD
from cleaner.ledger import OTHER
from cleaner.runs.phases.base import (
    DataFile,
    Everything,
    exchange_bytes,
    exchange_sources,
    read_table,
    slot,
)
from cleaner.runs.phases.held_out import FIRST
from cleaner.shards import FORMATS, Expected
from cleaner.shards.tokenizer import TOKEN_COUNT
from cleaner.storage.commits import Committer, Product
from cleaner.storage.exchange import Source, read_pieces
from cleaner.storage.row_key import position
from cleaner.storage.schemas import arrow_schema

BIN_BITS = 20  # bins in which sizes are summed: 100 a shard where there are 10,000 shards
_SUMS = ("rows", "tokens", "bytes")
# Where a shard has so many bins, one with few documents is not cut: nobody knows where they lie.
_COARSE, _FEW = 4, 16
_NEAR = 512  # bins on each side of a bound of which some may change sides
_MOVES = 400  # that do, at most
_EVEN = 5e-4  # of a shard: nearer to its goal a bound need not lie


@dataclass(frozen=True)
class CutSettings(Plain):
    """Where the shards are to be cut, and of what."""

    by: Literal["bytes", "tokens"]
    target: int  # of one shard
    at_least: int = 1  # shards, where there are as many documents
    multiple_of: int = 1
    held_out: bool = False  # some documents lie behind all others, for shards of their own
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
    tokenised: bool = False  # by a tokenizer; else only words are counted


@dataclass(frozen=True)
class ShardUnit(Plain):
    """One shard: the documents whose hash lies in [low, high)."""

    number: int
    shard: str  # its name
    low: int
    high: int
    bytes: int  # of text, about
    rows: int = 0  # about
    folder: str = "shards"
    without: tuple[int, ...] = ()  # bins in that range that a neighbour has
    also: tuple[int, ...] = ()  # and bins of neighbours


def amount_in(docs: pl.DataFrame) -> str:
    """Return the column by which documents are large: tokens, or words where none are counted."""
    return TOKEN_COUNT if TOKEN_COUNT in docs.columns else "words"


def sizes_of(docs: pl.DataFrame) -> pl.DataFrame:
    """Return tokens and bytes of text by the upper bits of the shuffle key."""
    return (
        docs.select(
            (pl.col("shuffle") // 2 ** (64 - BIN_BITS)).cast(pl.UInt32).alias("bin"),
            pl.col(amount_in(docs)).cast(pl.UInt64).alias("tokens"),
            pl.col("text").str.len_bytes().cast(pl.UInt64).alias("bytes"),
        )
        .group_by("bin", maintain_order=True)
        .agg(pl.len().cast(pl.UInt64).alias("rows"), pl.sum("tokens"), pl.sum("bytes"))
        .sort("bin")
    )


def run_cut(settings: CutSettings, unit: Everything, out: Committer) -> None:
    """Commit the bounds of the shards, from the sums of all units."""
    total = np.zeros((1 << BIN_BITS, len(_SUMS)), np.int64)
    for file in settings.sizes:
        sizes = read_table(out.folder, file)
        at = sizes["bin"].to_numpy()
        for column, name in enumerate(_SUMS):
            total[at, column] += sizes[name].to_numpy().astype(np.int64)
    rows, measure = total[:, 0], total[:, 2 if settings.by == "bytes" else 1]
    first = FIRST >> (64 - BIN_BITS) if settings.held_out else len(rows)
    bounds, moves = _cut(
        settings, measure[:first], rows[:first], settings.at_least, settings.multiple_of
    )
    held = int(np.count_nonzero(rows[first:]))
    if held:
        behind, more = _cut(settings, measure[first:], rows[first:], 1, 1)
        before = len(bounds) - 1
        moves += [(first + at, before + old, before + new) for at, old, new in more]
        bounds = [*bounds, *(FIRST + bound for bound in behind[1:])]
        held = len(behind) - 1
    bounds[-1] = 1 << 64
    facts = {"sizes": _between(total[:, 2], bounds), "counts": _between(rows, bounds)}
    for moved, old, new in moves:
        for name, column in (("sizes", 2), ("counts", 0)):
            facts[name][old] -= int(total[moved, column])
            facts[name][new] += int(total[moved, column])
    told = {"bounds": [str(bound) for bound in bounds], "moves": moves, "held_out": held}
    out.commit(0, True, {}, {**told, **facts})


def _cut(
    settings: CutSettings, measure: np.ndarray, rows: np.ndarray, at_least: int, multiple_of: int
) -> tuple[list[int], list[tuple[int, int, int]]]:
    by_size = -(-int(measure.sum()) // settings.target)
    shards = shard_count(by_size, at_least, multiple_of, int(np.count_nonzero(rows)))
    width = 1 << (64 - BIN_BITS)
    bounds = shard_bounds(measure, rows, shards, width)
    return bounds, moves_between(measure, rows, bounds, width)


def shard_count(by_size: int, at_least: int, multiple_of: int, documents: int) -> int:
    """Return how many shards there are: none of them empty, unless there are no documents.

    >>> shard_count(3, 20, 8, 1_000), shard_count(3, 20, 8, 21), shard_count(3, 20, 8, 5)
    (24, 16, 5)
    """
    wanted = -(-max(by_size, at_least, 1) // multiple_of) * multiple_of
    most = documents // multiple_of * multiple_of or documents
    return max(1, min(wanted, most))


def shard_bounds(measure: np.ndarray, rows: np.ndarray, shards: int, width: int) -> list[int]:
    """Return `shards + 1` bounds of equal measure in a range of bins that are so wide.

    A bin with one document, or with few, is not cut: the bound lies at the side of it that is
    nearer. In a bin with more they are taken as spread evenly, which a hash makes true. No shard is
    without a document where there are bins enough.
    """
    running = np.concatenate([[0], np.cumsum(measure)]).astype(np.int64)
    filled = np.flatnonzero(rows)
    whole = int(running[-1])
    bounds = [0]
    fine = len(filled) >= _COARSE * shards
    for k in range(1, shards):
        goal = whole * k // shards
        at = int(np.searchsorted(running, goal, side="right")) - 1
        inside = int(measure[at]) if at < len(measure) else 0
        over = goal - int(running[at])
        part = over * width // inside if inside else 0
        if part and (rows[at] == 1 or (fine and rows[at] <= _FEW)):
            part = width if 2 * over > inside else 0
        bounds.append(max(bounds[-1], at * width + part))
    if len(filled) >= shards:
        _give_each(bounds, filled, shards, width)
    return [*bounds, len(measure) * width]


def _give_each(bounds: list[int], filled: np.ndarray, shards: int, width: int) -> None:
    """Move bounds so that each shard has a bin with documents."""
    before = 0  # filled bins below the last bound
    for k in range(1, shards):
        below = int(np.searchsorted(filled, -(-bounds[k] // width)))
        wanted = min(max(below, before + 1), len(filled) - (shards - k))
        if wanted != below:
            bounds[k] = int(filled[wanted]) * width
        before = wanted


def moves_between(
    measure: np.ndarray, rows: np.ndarray, bounds: list[int], width: int
) -> list[tuple[int, int, int]]:
    """Return (bin, shard, neighbour) of what changes sides so that shards are even.

    A long document at a bound is more than a shard's share of error. Near each bound documents are
    chosen, as long as what one side has too much: one after another, and then two that change
    places. None is further from its bound than half of its shard, so that bounds know nothing of
    each other.
    """
    shards = len(bounds) - 1
    running = np.concatenate([[0], np.cumsum(measure)])
    at = np.interp([bound / width for bound in bounds], np.arange(len(running)), running)
    goals = int(running[-1]) * np.arange(shards + 1) / shards
    filled = np.flatnonzero(rows)
    # Of each shard the filled bins that lie in it whole.
    firsts = np.searchsorted(filled, [-(-bound // width) for bound in bounds[:-1]])
    pasts = np.searchsorted(filled, [bound // width for bound in bounds[1:]])
    moves = []
    for k in range(1, shards):
        left, right = filled[firsts[k - 1] : pasts[k - 1]], filled[firsts[k] : pasts[k]]
        left = left[len(left) - min(_NEAR, max(0, len(left) - 1) // 2) :]
        right = right[: min(_NEAR, max(0, len(right) - 1) // 2)]
        over = float(at[k] - goals[k])
        going, coming = _evened(over, measure[left], measure[right], _EVEN * goals[1])
        moves += [(int(left[one]), k - 1, k) for one in going]
        moves += [(int(right[one]), k, k - 1) for one in coming]
    return moves


def _evened(
    over: float, left: np.ndarray, right: np.ndarray, enough: float
) -> tuple[list[int], list[int]]:
    """Return which of `left` and of `right` change sides where the left has so much too much."""
    sides = (left.astype(float), right.astype(float))
    moved: tuple[list[int], list[int]] = ([], [])
    while abs(over) > enough and len(moved[0]) + len(moved[1]) < _MOVES:
        side = 0 if over > 0 else 1
        sizes = sides[side]
        best = int(np.argmin(np.abs(np.abs(over) - sizes))) if len(sizes) else -1
        if best < 0 or not abs(abs(over) - sizes[best]) < abs(over):
            break
        over += -sizes[best] if side == 0 else sizes[best]
        moved[side].append(best)
        sides[side][best] = np.inf
    while abs(over) > enough and len(left) and len(right) and len(moved[0]) < _MOVES:
        with np.errstate(invalid="ignore"):
            after = np.nan_to_num(over - (sides[0][:, None] - sides[1][None, :]), nan=np.inf)
        one, other = np.unravel_index(int(np.argmin(np.abs(after))), after.shape)
        if not abs(after[one, other]) < abs(over):
            break
        over = float(after[one, other])
        moved[0].append(int(one))
        moved[1].append(int(other))
        sides[0][one] = sides[1][other] = np.inf
    return moved


def _between(measure: np.ndarray, bounds: list[int]) -> list[int]:
    """Return the sum of a measure between neighbouring bounds, about."""
    edges = np.array([bound / ((1 << 64) // len(measure)) for bound in bounds])
    running = np.concatenate([[0], np.cumsum(measure)])
    return [int(x) for x in np.diff(np.interp(edges, np.arange(len(running)), running))]


def run_shard(settings: ShardSettings, unit: ShardUnit, out: Committer) -> None:
    """Write one shard to its final name and commit it, with the place of each of its rows."""
    schema = arrow_schema(settings.schema)
    form = FORMATS[settings.format]
    places: list[pl.DataFrame] = []
    sums = {"words": "words", **({"tokens": TOKEN_COUNT} if settings.tokenised else {})}
    counts = {"rows": 0, "text_bytes": 0, **dict.fromkeys(sums, 0)}
    licences: Counter[str] = Counter()
    with ExitStack() as stack:
        sources = stack.enter_context(exchange_sources(out.folder, settings.files))

        def frames() -> Iterator[pl.DataFrame]:
            for docs in _in_order(sources, settings.parts, unit):
                start = counts["rows"]
                rows = pl.int_range(start, start + len(docs), dtype=pl.UInt64, eager=True)
                places.append(docs.select("file", "row").with_columns(shard_row=rows))
                counts["rows"] += len(docs)
                counts["text_bytes"] += int(docs["text"].str.len_bytes().sum())
                for name, column in sums.items():
                    counts[name] += int(docs[column].sum())
                if "licence" in docs.columns:
                    licences.update(dict(docs["licence"].fill_null("").value_counts().rows()))
                yield docs.select(
                    (pl.col(inner) if inner in docs.columns else pl.lit(None)).alias(name)
                    for name, inner in settings.columns.items()
                )

        names = form.files(f"{unit.folder}/{unit.shard}")
        with ExitStack() as files:
            made = [files.enter_context(out.product(name)) for name in names]
            sinks = [product.sink for product in made]
            changed = form.write(frames(), schema, sinks, Expected(unit.rows, unit.bytes))
    place = pl.concat(places) if places else _NO_PLACE
    place = place.with_columns(pl.lit(unit.number, pl.UInt32).alias("shard"))
    starts = np.array(settings.groups, np.uint64)
    group = np.searchsorted(starts, position(place), side="right") - 1
    place = place.with_columns(slot(group, len(starts)))
    facts = {**counts, **shard_facts(made, changed), "licences": most_frequent(licences)}
    out.commit(0, True, {"places": exchange_bytes(place, "slot", len(starts))}, facts)


def most_frequent(counts: Counter[str], most: int = 100) -> dict[str, int]:
    """Return the counts of the most frequent names, and the rest under one."""
    names = sorted(counts, key=lambda name: (-counts[name], name))
    found = {name: counts[name] for name in names[:most]}
    if rest := sum(counts[name] for name in names[most:]):
        found[OTHER] = found.get(OTHER, 0) + rest
    return found


def shard_facts(made: Sequence[Product], changed: Mapping[str, int]) -> dict[str, Any]:
    """Return what is true of the files of a shard, and how often its format changed a text."""
    first, *beside = [product.facts for product in made]
    facts: dict[str, Any] = dict(first)
    if beside:
        facts["beside"] = beside
    if changed:
        facts["changed"] = dict(changed)
    return facts


_NO_PLACE = pl.DataFrame(schema={"file": pl.UInt32, "row": pl.UInt64, "shard_row": pl.UInt64})


def _in_order(sources: list[Source], parts: int, shard: ShardUnit) -> Iterator[pl.DataFrame]:
    """Yield the documents of a shard, in order, about SHARD_HELD of text at once."""
    low, high = shard.low, shard.high
    passes = max(1, -(-shard.bytes // SHARD_HELD))
    width = 64 - BIN_BITS
    for k in range(passes):
        start = low + (high - low) * k // passes
        end = low + (high - low) * (k + 1) // passes
        place = pl.col("shuffle")
        # 2^64 itself has no UInt64; the last shard has no upper bound.
        inside = place >= pl.lit(start, pl.UInt64)
        if end < 1 << 64:
            inside &= place < pl.lit(end, pl.UInt64)
        also = [at for at in shard.also if k == (0 if at << width < low else passes - 1)]
        if shard.without or also:
            of_bin = place // 2**width
            inside &= ~of_bin.is_in(list(shard.without))
            inside |= of_bin.is_in(also)
        found = []
        wanted = set(range(start * parts >> 64, ((end - 1) * parts >> 64) + 1))
        for at in also:  # a bin may lie in more than one range
            wanted |= set(
                range((at << width) * parts >> 64, ((((at + 1) << width) - 1) * parts >> 64) + 1)
            )
        for part in sorted(wanted):
            pieces = [docs.filter(inside) for docs in read_pieces(sources, part)]
            # A frame has its price, rows or none: partitions times sources of them are too many.
            if some := [docs for docs in pieces if len(docs)]:
                found.append(pl.concat(some, rechunk=True))
        if found:
            yield pl.concat(found).sort("shuffle", "file", "row")

"""The steps of a mixture: count what there is, decide how often each is taken, send it on.

Each document is of the first part of the mixture whose condition it meets. A part's documents lie
in levels of a score; of a level every document is taken so many whole times, and once more where
its seeded hash lies below a threshold. That is set by the sums of all tokens below it, so that the
quota is met to within a document or two, whatever the lengths.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from cleaner.config.plain import Plain
from cleaner.corpus.columns import inside
from cleaner.errors import JobError
from cleaner.job.input_columns import PREFIX
from cleaner.rules.conditions import parse
from cleaner.runs.phases.base import DataFile, Everything, exchange_bytes, read_table, table_bytes
from cleaner.runs.phases.shuffle import amount_in, sizes_of
from cleaner.shards.run_shards import Shards
from cleaner.shards.tokenizer import Tokenizer
from cleaner.signals import measure
from cleaner.storage.commits import Committer
from cleaner.storage.row_key import sample_key, shuffle_key
from cleaner.storage.schemas import polars_types

FROM = "mixed_from"  # the column that names the part of the mixture
_BEFORE = f"{PREFIX}{FROM}"  # what a run itself has under that name
_BINS = 1 << 16  # of the hash by which documents are drawn
_PART_BYTES = 48 << 20  # text that is sent on at once


@dataclass(frozen=True)
class Portion(Plain):
    """A part of the mixture: of which run, which documents, and how much of them."""

    name: str
    run: int  # its number among those opened
    levels: tuple[tuple[float, float], ...]  # share of the tokens, and how often it is taken
    where: str | None = None
    by: str | None = None
    weight: float | None = None
    tokens: int | None = None


@dataclass(frozen=True)
class MixSettings(Plain):
    """What all steps of a mixture share."""

    runs: tuple[Shards, ...]
    portions: tuple[Portion, ...]
    schema: str  # of the shards that come out, but for tokens
    epochs: int
    seed: int
    as_tokens: bool
    shuffle_seed: int = 0
    total: int | None = None
    tokenizer: Tokenizer | None = None
    ranges: int = 1  # of the shuffle
    files: tuple[DataFile, ...] = ()  # what a step over all shards reads
    levels: tuple[tuple[str, ...], ...] = ()  # by portion: the highest value of each level
    rates: tuple[tuple[int, int, int, int], ...] = ()  # portion, level, copies, threshold


@dataclass(frozen=True)
class MixUnit(Plain):
    """One shard of a run, numbered through all runs."""

    run: int
    shard: int
    number: int
    counts: DataFile | None = None  # what the first step counted


def before_mixing(name: str) -> str:
    """Return what a column of a run is called in the mixture."""
    return _BEFORE if name == FROM else name


def run_count(settings: MixSettings, unit: MixUnit, out: Committer) -> None:
    """Commit for each document of a shard its part, score, words, tokens and hash."""
    opened = settings.runs[unit.run]
    mine = [(n, one) for n, one in enumerate(settings.portions) if one.run == unit.run]
    types = polars_types(opened.schema)
    asked = {"text", *(one.by for _, one in mine if one.by is not None)}
    asked |= {name for _, one in mine if one.where for name in parse(one.where).columns}
    found = [
        _counted(settings, unit.number, start, docs, mine, types)
        for start, docs in opened.read(unit.shard, sorted(asked))
    ]
    table = pl.concat(found) if found else _COUNTED
    scored = [n for n, one in mine if one.by is not None]
    values = (
        table.filter(pl.col("portion").is_in(scored))
        .group_by("portion", "value")
        .agg(pl.col("amount").sum())
        .sort("portion", "value", nulls_last=False)
    )
    files = {"counts": table_bytes(table), "values": table_bytes(values)}
    out.commit(0, True, files, {"rows": len(table)})


_COUNTED = pl.DataFrame(
    schema={"portion": pl.UInt16, "value": pl.Float64, "words": pl.UInt32, "amount": pl.UInt64,
            "draw": pl.UInt32}
)  # fmt: skip


def _counted(
    settings: MixSettings,
    number: int,
    start: int,
    docs: pl.DataFrame,
    mine: Sequence[tuple[int, Portion]],
    types: Mapping[str, Any],
) -> pl.DataFrame:
    portion, value = pl.lit(None, pl.UInt16), pl.lit(None, pl.Float64)
    for n, one in reversed(mine):
        # An unknown is never a yes.
        holds = parse(one.where).expression(types).fill_null(False) if one.where else pl.lit(True)
        portion = pl.when(holds).then(pl.lit(n, pl.UInt16)).otherwise(portion)
        score = pl.lit(None, pl.Float64)
        if one.by is not None:
            score = pl.col(one.by).cast(pl.Float64).fill_nan(None).round(6)
        value = pl.when(holds).then(score).otherwise(value)
    words = measure(docs["text"], ["words"])["words"].cast(pl.UInt32)
    amount = words if settings.tokenizer is None else settings.tokenizer.counted(docs["text"])
    row = pl.int_range(start, start + len(docs), dtype=pl.UInt64, eager=True)
    file = pl.repeat(number, len(docs), dtype=pl.UInt32, eager=True)
    return docs.select(
        portion=portion,
        value=value,
        words=words,
        amount=amount.cast(pl.UInt64) + int(settings.as_tokens),
        draw=(sample_key(file, row, settings.seed) // 2**32).cast(pl.UInt32),
    )


def run_levels(settings: MixSettings, unit: Everything, out: Committer) -> None:
    """Commit the highest value of each level of each part, by the sums of all shards."""
    tables = [read_table(out.folder, file) for file in settings.files]
    values = (
        pl.concat(tables)
        .group_by("portion", "value")
        .agg(pl.col("amount").sum())
        .sort("portion", "value", nulls_last=False)
    )
    found = []
    for n, one in enumerate(settings.portions):
        mine = values.filter(pl.col("portion") == n)
        found.append(_bounds(mine, [share for share, _ in one.levels]))
    out.commit(0, True, {}, {"levels": found})


def _bounds(values: pl.DataFrame, shares: Sequence[float]) -> list[str]:
    """Return the highest value of each level but the last, which has all above."""
    amounts = values["amount"].to_numpy().astype(np.float64)
    middle = (np.cumsum(amounts) - amounts / 2) / max(amounts.sum(), 1.0)
    bounds = []
    for share in shares[:-1]:
        last = int(np.searchsorted(middle, share, side="right")) - 1
        value = values["value"][last] if last >= 0 else None
        bounds.append("-inf" if value is None else repr(value))
    return bounds


def level_of(value: pl.Series, bounds: Sequence[str]) -> np.ndarray:
    """Return in which level values lie; null is in the lowest."""
    at = np.searchsorted(np.array([float(b) for b in bounds]), value.fill_null(-np.inf), "left")
    return np.where(value.is_null().to_numpy(), 0, at).astype(np.uint16)


def run_tally(settings: MixSettings, unit: MixUnit, out: Committer) -> None:
    """Commit the sums of a shard by part, level and hash."""
    counts = _with_levels(settings, _counts(out.folder, unit))
    sums = (
        counts.filter(pl.col("portion").is_not_null())
        .group_by("portion", "level", (pl.col("draw") // 2**16).cast(pl.UInt16).alias("bin"))
        .agg(pl.col("amount").sum(), pl.len().cast(pl.UInt64).alias("rows"))
        .sort("portion", "level", "bin")
    )
    out.commit(0, True, {"sums": table_bytes(sums)}, {})


def _counts(folder: str, unit: MixUnit) -> pl.DataFrame:
    if unit.counts is None:
        raise TypeError("this step reads what the first one counted")
    return read_table(folder, unit.counts)


def _with_levels(settings: MixSettings, counts: pl.DataFrame) -> pl.DataFrame:
    level = np.zeros(len(counts), np.uint16)
    for n, bounds in enumerate(settings.levels):
        mine = (counts["portion"] == n).fill_null(False).to_numpy()
        if mine.any() and bounds:
            level[mine] = level_of(counts["value"].filter(pl.Series(mine)), bounds)
    return counts.with_columns(level=pl.Series(level))


def run_rates(settings: MixSettings, unit: Everything, out: Committer) -> None:
    """Commit how often each level is taken: whole times, and once more below a threshold."""
    sums = [np.zeros((len(one.levels), _BINS), np.int64) for one in settings.portions]
    for file in settings.files:
        table = read_table(out.folder, file)
        for n, mine in enumerate(sums):
            some = table.filter(pl.col("portion") == n)
            np.add.at(mine, (some["level"].to_numpy(), some["bin"].to_numpy()),
                      some["amount"].to_numpy().astype(np.int64))  # fmt: skip
    there = [mine.sum(axis=1) for mine in sums]
    rates = mixture(settings.portions, there, settings.total, settings.epochs)
    found = []
    for n, mine in enumerate(sums):
        for level, rate in enumerate(rates[n]):
            whole = int(rate)
            found.append([n, level, whole, _threshold(mine[level], rate - whole)])
    out.commit(0, True, {}, {"rates": found, "there": [one.tolist() for one in there]})


def _threshold(sums: np.ndarray, share: float) -> int:
    """Return the bin below which about a share of all tokens lies."""
    running = np.concatenate([[0], np.cumsum(sums)])
    return int(np.argmin(np.abs(running - share * running[-1]))) if share > 0 else 0


def mixture(
    portions: Sequence[Portion], there: Sequence[np.ndarray], total: int | None, epochs: int
) -> list[list[float]]:
    """Return how often each level of each part is taken.

    Raises JobError where the documents of a part do not suffice.
    """
    once = [
        float(sum(t * times for t, (_, times) in zip(have, one.levels, strict=True)))
        for one, have in zip(portions, there, strict=True)
    ]
    weights = sum(one.weight or 0.0 for one in portions)
    fixed = sum(one.tokens or 0 for one in portions)
    rest = 0.0
    if weights:
        scarce = [have * weights / one.weight for one, have in zip(portions, once, strict=True)
                  if one.weight is not None]  # fmt: skip
        # Without a total as much as there is of the scarcest part, each document taken once.
        rest = total - fixed if total is not None else min(scarce)
    found = []
    for one, have in zip(portions, there, strict=True):
        times = [t for _, t in one.levels]
        quota = one.tokens if one.weight is None else rest * one.weight / weights
        if quota is None:
            found.append(times)
            continue
        most = sum(int(t) * epochs for t, wanted in zip(have, times, strict=True) if wanted)
        if quota > most:
            raise JobError(
                f"{one.name}: {quota:,.0f} are asked for, and its documents, each taken at most "
                f"{epochs} times, give {most:,}"
            )
        found.append(_scaled(have, times, quota, epochs))
    return found


def _scaled(have: np.ndarray, times: Sequence[float], quota: float, epochs: int) -> list[float]:
    """Return the rates of a curve scaled to a quota; none is over so many epochs.

    >>> _scaled(np.array([100, 100]), [1.0, 7.0], 500, 4)
    [1.0, 4.0]
    """
    capped: set[int] = set()
    scale = 0.0
    while True:
        free = [n for n, t in enumerate(times) if t and n not in capped]
        base = sum(times[n] * float(have[n]) for n in free)
        left = quota - sum(epochs * float(have[n]) for n in capped)
        scale = left / base if base else 0.0
        over = {n for n in free if scale * times[n] > epochs}
        if not over:
            break
        capped |= over
    return [float(epochs) if n in capped else scale * t for n, t in enumerate(times)]


def run_draw(settings: MixSettings, unit: MixUnit, out: Committer) -> None:
    """Commit the documents of a shard that are taken, each as often as it is, for the shuffle."""
    counts = _with_levels(settings, _counts(out.folder, unit))
    copies = np.zeros(len(counts), np.int64)
    portion, level = counts["portion"], counts["level"]
    draw = counts["draw"].to_numpy() // 2**16
    for n, at, whole, threshold in settings.rates:
        mine = ((portion == n) & (level == at)).fill_null(False).to_numpy()
        copies[mine] = whole + (draw[mine] < threshold)
    counts = counts.with_columns(copies=pl.Series(copies))
    pieces = _taken(settings, unit, counts)
    number = 0
    following = next(pieces, None)
    while True:
        piece, following = following, next(pieces, None)
        last = following is None
        if not out.stands(number, last):
            _send(settings, number, last, piece, out)
        if last:
            return
        number += 1


def _taken(settings: MixSettings, unit: MixUnit, counts: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield the documents of a shard as they are taken, some at a time."""
    opened = settings.runs[unit.run]
    copies = counts["copies"].to_numpy()
    names = pl.Series([one.name for one in settings.portions], dtype=pl.String)
    for start, docs in opened.read(unit.shard, None, np.flatnonzero(copies)):
        docs = docs.rename({FROM: _BEFORE}, strict=False)
        here = slice(start, start + len(docs))
        often = copies[here]
        size = docs["text"].str.len_bytes().to_numpy().astype(np.int64) * often
        group = (np.cumsum(size) - size) // _PART_BYTES
        about = counts[here].with_columns(
            file=pl.lit(unit.number, pl.UInt32),
            row=pl.int_range(start, start + len(docs), dtype=pl.UInt64),
        )
        for one in np.unique(group[often > 0]):
            chosen = np.flatnonzero(group == one)  # what is not taken is repeated no time
            at = np.repeat(chosen, often[chosen])
            copy = np.arange(len(at)) - np.repeat(
                np.cumsum(often[chosen]) - often[chosen], often[chosen]
            )
            some, mine = docs[at], about[at]
            key = mine["row"] * settings.epochs + pl.Series(copy.astype(np.uint64))
            label = names.gather(mine["portion"]).alias(FROM)
            yield _columns(settings, some.with_columns(label)).with_columns(
                mine["file"], key.alias("row"), mine["words"], some["text"]
            )


def _columns(settings: MixSettings, docs: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of the shards under names that meet none of ours."""
    return docs.select(
        (pl.lit(None, kind) if name not in docs.columns else docs[name]).alias(inside(name))
        for name, kind in polars_types(settings.schema).items()
        if name != "text"
    )


def _send(
    settings: MixSettings, number: int, last: bool, docs: pl.DataFrame | None, out: Committer
) -> None:
    if docs is None:  # nothing of the shard is taken: a part without rows says so
        kinds: dict[str, Any] = {
            inside(n): k for n, k in polars_types(settings.schema).items() if n != "text"
        }
        kinds |= {"file": pl.UInt32, "row": pl.UInt64, "words": pl.UInt32, "text": pl.String}
        docs = pl.DataFrame(schema=kinds)
    if settings.tokenizer is not None:
        docs = settings.tokenizer.added(docs, settings.as_tokens)
    docs = docs.with_columns(shuffle_key(docs, settings.shuffle_seed))
    docs = docs.sort("shuffle", "file", "row")
    sizes = sizes_of(docs)
    amount = int(sizes["tokens"].sum())
    taken = docs.group_by(inside(FROM)).agg(
        pl.len(), pl.struct("file", pl.col("row") // settings.epochs).n_unique().alias("documents"),
        pl.col(amount_in(docs)).sum().alias("amount"),
    ).sort(inside(FROM))  # fmt: skip
    facts = {"rows": len(docs), "amount": amount, "taken": [list(row) for row in taken.rows()]}
    files = {
        "text": exchange_bytes(docs, "shuffle", settings.ranges),
        "sizes": table_bytes(sizes),
    }
    out.commit(number, last, files, facts)

"""Which documents of a run a list names, and which go with them as their near duplicates."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from cleaner.dedup.tombstones import By, hosts_above, text_keys
from cleaner.dedup.urls import host, normalised
from cleaner.errors import JobError
from cleaner.results.finished import Run

LISTED, SURVIVOR = "listed", "survivor of a listed one"
_KEY = ["file", "row"]
_COLUMNS = [
    *_KEY, "id", "url", "source", "lang", "fate", "stage", "reason", "duplicate_of",
    "duplicate_file", "duplicate_row", "shard", "shard_row", "characters", "words",
]  # fmt: skip


@dataclass(frozen=True)
class Listed:
    """A list of what is to be removed: by what its lines name documents, and the lines."""

    by: By
    sha256: str  # of the file
    lines: tuple[str, ...]  # none of them empty


@dataclass(frozen=True)
class Found:
    """What a list means in a run."""

    listed: pl.DataFrame  # ledger rows that lines name, with `line`, whatever became of them
    going: pl.DataFrame  # ledger rows of shards that go, with `why`
    related: pl.DataFrame  # ledger rows of documents that fell as their duplicates, or listed ones
    staying: pl.DataFrame  # survivors of listed documents that stay because that was asked
    elsewhere: tuple[str, ...]  # what listed documents lost to in earlier runs


def read_list(by: By, data: bytes, path: str) -> Listed:
    """Return the lines of a list; a text may be written as a JSON string, to hold line ends.

    Raises JobError for one that is not UTF-8, or empty.
    """
    try:
        lines = [line.strip() for line in data.decode("utf-8-sig").splitlines()]
    except UnicodeDecodeError as error:
        raise JobError(f"{path}: is not UTF-8: {error.reason} at byte {error.start}") from None
    lines = [line for line in lines if line]
    if not lines:
        raise JobError(f"{path}: is empty; write one {by} a line")
    if by == "text":
        lines = [_text_of(line, path, number) for number, line in enumerate(lines, 1)]
    if by in ("url", "host"):
        for number, line in enumerate(lines, 1):
            if not _values(by, line):
                raise JobError(f"{path}: line {number}: {line!r} is no {by}")
    return Listed(by, hashlib.sha256(data).hexdigest(), tuple(lines))


def _text_of(line: str, path: str, number: int) -> str:
    if not line.startswith('"'):
        return line
    try:
        text = json.loads(line)
    except ValueError as error:
        raise JobError(f"{path}: line {number}: is no JSON string: {error}") from None
    return str(text)


def find(run: Run, listed: Listed, keep_survivors: bool = False) -> Found:
    """Return what a list means in a finished run.

    Raises JobError for a run whose ledger does not hold every row.
    """
    if run.job.ledger != "full":
        raise JobError(
            f"{run.path}: was made with ledger: {run.job.ledger}, which does not say where each "
            "document is; run it with ledger: full to remove some"
        )
    ledger = run.scan_ledger().select(_COLUMNS)
    named = _named(run, ledger, listed)
    kept = pl.col("fate") == "kept"
    going = named.filter(kept).with_columns(why=pl.lit(LISTED)).drop("line")
    up = _chain(ledger, named.filter(~kept).drop("line"), "up")
    survivors = up.filter(kept).join(going, on=_KEY, how="anti")
    staying = survivors if keep_survivors else survivors.clear()
    if not keep_survivors:
        going = pl.concat([going, survivors.with_columns(why=pl.lit(SURVIVOR))])
    going = going.unique(_KEY, keep="first", maintain_order=True).sort(_KEY)
    below = _chain(ledger, going.drop("why"), "down")
    fell = pl.concat([named.drop("line"), *([] if keep_survivors else [up]), below]).filter(~kept)
    lost_to = named.filter(pl.col("duplicate_row").is_null(), pl.col("duplicate_of").is_not_null())
    return Found(
        listed=named,
        going=going,
        related=fell.unique(_KEY, maintain_order=True).sort(_KEY),
        staying=staying,
        elsewhere=tuple(sorted(set(lost_to["duplicate_of"]))),
    )


def _named(run: Run, ledger: pl.LazyFrame, listed: Listed) -> pl.DataFrame:
    """Return the rows that lines name, each with the number of its line from 0 on."""
    by = listed.by
    lines = {key: number for number, line in enumerate(listed.lines) for key in _values(by, line)}
    if by == "text":
        places = pl.DataFrame(
            list(_holding(run, lines)),
            {"shard": pl.UInt32, "shard_row": pl.UInt64, "line": pl.Int64},
            orient="row",
        )
        return (
            ledger.join(places.lazy(), on=["shard", "shard_row"])
            .select(*_COLUMNS, "line")
            .collect()
        )
    column = "id" if by == "id" else "url"

    def line_of(values: pl.Series) -> pl.Series:
        found = (_line(by, value, lines) for value in values)
        return pl.Series(values.name, list(found), dtype=pl.Int64)

    line = pl.col(column).map_batches(line_of, return_dtype=pl.Int64)
    rows = ledger.with_columns(line=line)
    return rows.filter(pl.col("line").is_not_null()).collect()


def _values(by: By, line: str) -> Sequence[str]:
    """Return by what a line names documents, in the spelling in which it is compared."""
    if by == "id":
        return (line,)
    if by == "text":
        return [key for key in text_keys(pl.DataFrame({"text": [line]})) if key is not None]
    if by == "url":
        return [one for one in (normalised(line),) if one is not None]
    name = host(line if "://" in line else f"http://{line}")
    return () if name is None else (name,)


def _line(by: By, value: str | None, lines: Mapping[str, int]) -> int | None:
    if value is None:
        return None
    if by == "id":
        return lines.get(value)
    if by == "url":
        return lines.get(normalised(value) or "")
    return next((lines[one] for one in hosts_above(host(value)) if one in lines), None)


def _holding(run: Run, lines: Mapping[str, int]) -> Iterator[tuple[int, int, int]]:
    """Yield (shard, row, line) of the texts in the shards."""
    if not run.shards.as_format().holds_text:
        raise JobError(
            f"{run.path}: its shards are {run.shards.format}, which holds no texts; name documents "
            "by url, host or id"
        )
    for shard in range(len(run.shards.paths)):
        for start, frame in run.shards.read(shard, ["text"]):
            for row, key in enumerate(text_keys(frame)):
                if key is not None and key in lines:
                    yield shard, start + row, lines[key]


def _chain(ledger: pl.LazyFrame, rows: pl.DataFrame, way: str) -> pl.DataFrame:
    """Return what rows lost to (`up`), or what lost to them (`down`), and so on to the end."""
    lost = pl.col("duplicate_row").is_not_null()
    to = {"duplicate_file": "file", "duplicate_row": "row"}
    seen = rows.select(_KEY)
    found: list[pl.DataFrame] = [rows.clear()]
    while len(rows):
        if way == "up":
            wanted = rows.filter(lost).select(*to).rename(to).unique()
            wanted = wanted.join(seen, on=_KEY, how="anti")
            rows = (
                ledger.join(wanted.lazy(), on=_KEY, how="semi").collect() if len(wanted) else wanted
            )
        else:
            losers = ledger.filter(lost).join(
                rows.select(_KEY).lazy(), left_on=list(to), right_on=_KEY, how="semi"
            )
            rows = losers.collect().join(seen, on=_KEY, how="anti")
        if len(rows):
            found.append(rows)
            seen = pl.concat([seen, rows.select(_KEY)])
    return pl.concat(found)


def values_named(listed: Listed) -> Sequence[str]:
    """Return by what the lines of a list name documents."""
    return [value for line in listed.lines for value in _values(listed.by, line)]


def outcomes(listed: Listed, found: Found) -> list[dict[str, int]]:
    """Return for each line how many documents it names, and what became of them."""
    going = {tuple(key) for key in found.going.select(_KEY).rows()}
    counts: list[dict[str, int]] = [
        {"documents": 0, "in_shards": 0, "fell_as_duplicates": 0, "fell_otherwise": 0}
        for _ in listed.lines
    ]
    for row in found.listed.iter_rows(named=True):
        of = counts[row["line"]]
        of["documents"] += 1
        if (row["file"], row["row"]) in going:
            of["in_shards"] += 1
        elif row["duplicate_row"] is not None or row["duplicate_of"] is not None:
            of["fell_as_duplicates"] += 1
        else:
            of["fell_otherwise"] += 1
    return counts

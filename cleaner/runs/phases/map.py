"""A map phase: read once, run the chain, write survivors, a record of every row, and keys.

The first map phase reads the input; every later one reads the survivors of the map phase before it
and the verdicts of the global stage between them, and takes the verdicts by position.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, Self

import numpy as np
import polars as pl

from cleaner.config.plain import Plain
from cleaner.corpus.entry import Columns
from cleaner.corpus.files import FailedFile, Piece
from cleaner.corpus.read import Part, read_parts
from cleaner.dedup.against import fell
from cleaner.errors import Damaged
from cleaner.job.plan import Measure
from cleaner.job.stage_spec import StageSpec
from cleaner.ledger import COLUMNS, dropped, tagged
from cleaner.runs.phases.base import (
    DataFile,
    exchange_bytes,
    exchange_sources,
    load_settings,
    read_table,
    table_bytes,
    with_asked,
    without_asked,
)
from cleaner.runs.phases.chain import Chain, Outcome, absent
from cleaner.runs.phases.held_out import apart, held_out
from cleaner.runs.phases.judge_again import judged_again, with_known
from cleaner.runs.phases.recall import (
    KEY,
    Aligned,
    Recalled,
    aligned,
    begin,
    known,
    recalled_columns,
)
from cleaner.runs.phases.shadow import NOBODY, Sample, going_on, joined, none_yet
from cleaner.runs.phases.shuffle import sizes_of
from cleaner.runs.quarantine import READING
from cleaner.shards.tokenizer import Tokenizer
from cleaner.signals import SIGNALS
from cleaner.stages.global_stage import Role
from cleaner.storage.commits import Committer, Marker
from cleaner.storage.exchange import read_partition
from cleaner.storage.row_key import packed, position, shuffle_key
from cleaner.storage.schemas import polars_types

# Sources of one part whose documents are counted for the alarm, the largest of them: those without
# a loss too, for whatever reached a stage counts. A source may be a host, a corpus have millions.
_SOURCES = 1_000
# What a record carries beside signals and scores, in this order.
RECORD = {name: COLUMNS[name] for name in COLUMNS if name not in ("shard", "shard_row")}


@dataclass(frozen=True)
class Sends(Plain):
    """What documents send: to a global stage, or, in a seeded order, to the shards."""

    stage: StageSpec | None = None
    roles: tuple[Role, ...] = ()
    seed: int = 0
    ranges: int = 1  # of the order
    tokenizer: Tokenizer | None = None
    as_tokens: bool = False  # the shards hold what the tokenizer makes of the texts
    held_out: float = 0.0  # the share of pages that is not trained on


@dataclass(frozen=True, kw_only=True)
class Decided(StageSpec):
    """A global stage whose verdicts are there, and what it says of them."""

    gathered: bool
    watched: bool


@dataclass(frozen=True)
class MapSettings(Plain):
    """What all units of a map phase share."""

    stages: tuple[StageSpec, ...]
    measures: tuple[Measure, ...]
    carry: Mapping[str, str]  # columns that go on, name -> type, for people and keys
    carry_schema: str  # the same as `schema_text` gives it
    measured: Mapping[str, str]  # columns for the ledger, name -> Polars type by name
    sends: Sends
    before: Decided | None  # the global stage before; None for the first phase
    empty_at: str | None = None
    columns: tuple[Columns, ...] = ()  # of the input, by entry
    part_bytes: int = 0
    shadow: float = 0.0  # the share that is drawn for it

    def plain(self) -> dict[str, Any]:
        """Return the settings as plain data."""
        return {"before": {}, **super().plain()}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Read back what `plain` returned."""
        return super().from_plain({**plain, "before": plain["before"] or None})

    @cached_property
    def chain(self) -> Chain:
        """The stages, ready to run: a worker that reads the settings once loads models once."""
        return Chain(self.stages, self.measures)


@dataclass(frozen=True)
class Verdicts(Plain):
    """Where the verdicts on a part's documents lie."""

    file: DataFile
    part: int | None = None  # the range in it; None: all of it


@dataclass(frozen=True)
class Judged(Plain):
    """A part of the documents of the phase before, with the verdicts on them."""

    text: DataFile
    spans: tuple[tuple[int, ...], ...]
    verdicts: Verdicts
    ghosts: DataFile | None = None  # documents of the shadow that fell before


@dataclass(frozen=True)
class MapUnit(Plain):
    """Pieces of the input; or, in a later phase, the parts that were made of them before."""

    pieces: tuple[Piece, ...] | None = None
    parts: tuple[Judged, ...] = ()
    poison: tuple[tuple[Any, ...], ...] = ()  # (file, row) of documents to leave alone
    only: tuple[int, int, int] | None = None  # for a probe: a part, and a range of its rows
    alone: bool = False  # for a probe: without the shadow
    recalled: Recalled | None = None  # what an earlier run measured of the same rows


def run_map(settings: MapSettings, unit: MapUnit, out: Committer) -> None:
    """Commit every part of one unit that is not committed yet."""
    recalled = unit.recalled if unit.pieces is not None else None
    if recalled is not None and _recalled(settings, unit, recalled, out):
        return
    table, how = _table_of(settings, unit)
    for number, (part, verdict_fallen, ghosts) in enumerate(_parts(settings, unit, out.folder)):
        if not out.stands(number, part.last):
            sample = _sample(settings, unit)
            docs = _without_poison(part.docs, unit.poison)
            ghosts = sample.without_spared(ghosts)
            if how is None or table is None:
                outcome = settings.chain.run(docs, settings.empty_at, ghosts, sample)
            else:
                docs, ghosts = (with_known(frame, table) for frame in (docs, ghosts))
                outcome = judged_again(how, docs, settings.empty_at, ghosts, sample)
            outcome.spent["read"] += part_rows(part) if unit.pieces is not None else 0
            outcome.fallen = [*verdict_fallen, *outcome.fallen]
            part.docs = part.docs.clear()
            _commit(settings, sample, number, part, outcome, out)
        # Whoever hands out parts holds this one until it has the next: two at a time, else.
        part.docs = part.docs.clear()
        verdict_fallen.clear()


def part_rows(part: Part) -> int:
    """Return how many rows of the input a part stands for."""
    return sum(rows for *_, rows in part.spans)


def _old_settings(recalled: Recalled) -> MapSettings:
    return load_settings(recalled.settings, MapSettings.from_plain)


def _table_of(settings: MapSettings, unit: MapUnit) -> tuple[pl.DataFrame | None, Aligned | None]:
    """Return what an earlier run knows of a unit of a later phase, and how it is to be taken."""
    recalled = unit.recalled
    if recalled is None or unit.pieces is not None:
        return None, None
    how = aligned(_old_settings(recalled), settings, recalled.moved)
    if isinstance(how, str):
        return None, None
    try:
        tables = [
            known(how, part, recalled.folder, recalled.files, texts=False).table
            for part in recalled.parts
        ]
    except Damaged:  # it is measured anew
        return None, None
    return pl.concat(tables, how="diagonal_relaxed"), how


def _recalled(settings: MapSettings, unit: MapUnit, recalled: Recalled, out: Committer) -> bool:
    """Commit a unit of the first phase by what an earlier run knows; return whether that could be.

    Its parts are those of the earlier run, which were cut in the same way.
    """
    how = aligned(_old_settings(recalled), settings, recalled.moved)
    if isinstance(how, str):
        return False
    sample = _sample(settings, unit)
    for number, one in enumerate(recalled.parts):
        last = number == len(recalled.parts) - 1
        if out.stands(number, last):
            continue
        try:
            found = known(how, one, recalled.folder, recalled.files, texts=True)
        except Damaged:
            return False
        docs, early, gone = begin(how, found)
        # What is drawn for the shadow now and was not then: nobody knows how it would go on.
        judged = found.record.filter(pl.col("stage").is_not_null() & (pl.col("stage") != "read"))
        drawn = sample.of(judged.select(KEY))
        drawn = drawn.join(found.ghosts.select(KEY), on=KEY, how="anti")
        docs, gone = (frame.join(drawn, on=KEY, how="anti") for frame in (docs, gone))
        del found
        outcome = judged_again(how, docs, settings.empty_at, sample.of(early), sample)
        outcome.fallen.append(gone)
        outcome.aside = pl.concat([outcome.aside, drawn])
        if len(outcome.aside):
            _read_again(settings, unit, outcome, sample)
        unfit: Counter[tuple[str, str]] = Counter(
            {(name, said): count for name, said, count in one.unfit}
        )
        failed = [FailedFile(path, row, error) for path, row, error in one.unread]
        spans = [(recalled.files[str(f)], first, past, n) for f, first, past, n in one.spans]
        part = Part(none_yet(), spans, failed, last, unfit)
        _commit(settings, sample, number, part, outcome, out)
    return True


def _read_again(settings: MapSettings, unit: MapUnit, outcome: Outcome, sample: Sample) -> None:
    """Read documents that were set aside, and run the whole chain on them."""
    rows = outcome.aside.group_by("file", maintain_order=True).agg("row").sort("file")
    pieces = {piece.file: piece for piece in unit.pieces or ()}
    wanted = [
        replace(pieces[file], groups=None, first_row=0, take=tuple(sorted(some)))
        for file, some in rows.iter_rows()
    ]
    for part in _first(settings, wanted, unit.poison):
        outcome.spent["read"] += len(part.docs)
        made = settings.chain.run(
            _without_poison(part.docs, unit.poison), settings.empty_at, none_yet(), sample
        )
        outcome.docs = pl.concat([outcome.docs, made.docs], how="diagonal_relaxed")
        outcome.fallen += made.fallen
        outcome.ghosts = joined(outcome.ghosts, [made.ghosts])
        outcome.spent.update(made.spent)
    outcome.docs = outcome.docs.sort("file", "row")


def _commit(
    settings: MapSettings,
    sample: Sample,
    number: int,
    part: Part,
    outcome: Outcome,
    out: Committer,
) -> None:
    """Commit what the chain made of one part."""
    sends = settings.sends
    record = _record(settings.measured, outcome.fallen, outcome.docs)
    kept = _recall(settings, outcome)
    docs = _complete(outcome.docs, settings.carry_schema)
    files = {"record": table_bytes(record)}
    if kept is not None:
        files["recall"] = table_bytes(kept)
    if settings.shadow:
        left = going_on(outcome.ghosts, docs, sample, settings.carry, last=sends.stage is None)
        files["shadow"] = table_bytes(left)
    spent = outcome.spent
    del outcome
    facts = _facts(part, record, docs)
    if sends.stage is not None:
        files["text"] = table_bytes(docs)
        values, unread = sends.stage.across().unread(docs)
        facts["unread_values"] = [values, len(unread), *unread[:1]]
        for role, rows, ranges in _sent(sends.stage, sends.roles, docs):
            files[role] = exchange_bytes(rows, "slot", ranges)
            facts[role] = len(rows)
        spent["signed"] += len(docs) if sends.stage.across().signs else 0
    else:
        if sends.tokenizer is not None:
            docs = sends.tokenizer.added(docs, sends.as_tokens)
        order = shuffle_key(docs, sends.seed)
        if sends.held_out:
            order = apart(order, held_out(docs, sends.held_out))
        docs = docs.with_columns(order)
        docs = docs.sort("shuffle", "file", "row")
        files["text"] = exchange_bytes(docs, "shuffle", sends.ranges)
        files["sizes"] = table_bytes(sizes_of(docs))
    out.commit(number, part.last, files, facts, spent)


def _sent(
    stage: StageSpec, roles: Sequence[Role], docs: pl.DataFrame
) -> Iterator[tuple[str, pl.DataFrame, int]]:
    """Yield what documents send to a global stage: by role the rows, and into how many ranges."""
    made = stage.across().sent(with_asked(docs, stage.reads), roles)
    for role in roles:
        yield role.name, made[role.name], role.ranges


def run_probe(settings: MapSettings, unit: MapUnit, out: Committer) -> None:
    """Run the chain on some rows of one part of a unit and commit nothing: does it survive?

    `only` is the part and a range of its rows; without any row the part is only read. The result
    names how many rows the part has, and the key of the first of the range.
    """
    if unit.only is None:
        raise TypeError(f"unit {out.unit}: a probe of no rows")
    wanted, low, high = unit.only
    facts: dict[str, Any] = {"rows": 0, "key": None}
    for number, (part, _, ghosts) in enumerate(_parts(settings, unit, out.folder)):
        if number < wanted:
            continue
        docs, size = part.docs, len(part.docs)
        keys = pl.concat([docs.select("file", "row"), ghosts.select("file", "row")])
        facts["rows"] = len(keys)
        if low < len(keys):
            facts["key"] = list(keys.row(low))
        if low < high:
            some = _without_poison(docs[low:high], unit.poison)
            sample = NOBODY if unit.alone else _sample(settings, unit)
            mine_too = ghosts[max(0, low - size) : max(0, high - size)]
            mine_too = ghosts.clear() if unit.alone else sample.without_spared(mine_too)
            outcome = settings.chain.run(some, settings.empty_at, mine_too, sample)
            sends = settings.sends
            if sends.stage is not None:
                done = _complete(outcome.docs, settings.carry_schema)
                list(_sent(sends.stage, sends.roles, done))
        break
    out.done.append(Marker(out.unit, wanted, True, out.key, {}, facts))


def _without_poison(docs: pl.DataFrame, poison: Sequence[Sequence[int]]) -> pl.DataFrame:
    """Return `docs` with an error on the rows that were found to kill their worker."""
    rows = [packed(file, row) for file, row, *reading in poison if not reading]
    if not rows:
        return docs
    keys_of = np.array(rows, np.uint64)
    bad = pl.lit(pl.Series(np.isin(position(docs), keys_of)))
    if "error" not in docs.columns:
        docs = docs.with_columns(pl.lit(None, pl.String).alias("error"))
    told = pl.coalesce("error", pl.lit("it killed or hung its worker"))
    return docs.with_columns(pl.when(bad).then(told).otherwise("error").alias("error"))


def _sample(settings: MapSettings, unit: MapUnit) -> Sample:
    """Return what is drawn for the shadow, without what kills its worker."""
    return Sample(settings.shadow, tuple((file, row) for file, row, *_ in unit.poison))


def _parts(
    settings: MapSettings, unit: MapUnit, folder: str
) -> Iterator[tuple[Part, list[pl.DataFrame], pl.DataFrame]]:
    """Yield the parts of a unit, each with what the global stage before dropped of it.

    Last the ghosts: documents of the shadow among what fell before, there or earlier.
    """
    if unit.pieces is not None:
        for part in _first(settings, unit.pieces, unit.poison):
            yield part, [], none_yet()
        return
    if not unit.parts or settings.before is None:
        raise TypeError("a unit of a map phase has pieces, or texts with verdicts")
    for number, one in enumerate(unit.parts, start=1):
        part, gone = _later(settings.before, one, folder)
        part.last = number == len(unit.parts)
        ghosts = none_yet()
        if one.ghosts is not None:
            ghosts = absent(read_table(folder, one.ghosts), settings.before.options)
            ghosts = joined(ghosts, [Sample(settings.shadow).of(gone)])
        fallen = [gone]
        del gone
        yield part, fallen, ghosts


def _first(
    settings: MapSettings, pieces: Sequence[Piece], poison: Sequence[Sequence[Any]]
) -> Iterator[Part]:
    shunned = {(file, row) for file, row, *how in poison if how == [READING]}
    for part in read_parts(pieces, settings.columns, settings.part_bytes, shunned):
        part.docs = part.docs.with_columns(
            pl.lit(1, pl.UInt32).alias("cluster_size"),
            pl.lit(None, pl.List(pl.String)).alias("tagged"),
        )
        yield part


def _later(before: Decided, part: Judged, folder: str) -> tuple[Part, pl.DataFrame]:
    docs, gone = _judged(read_table(folder, part.text), _verdicts(folder, part.verdicts), before)
    spans = [(file, first, last, rows) for file, first, last, rows in part.spans]
    return Part(docs, spans), gone


def _judged(
    docs: pl.DataFrame, verdicts: pl.DataFrame, before: Decided
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the documents that go on from a global stage, and those that fell there."""
    stage, across = before.options, before.across()
    reads = before.reads if across.reads_again else {}
    docs = without_asked(across.applied(with_asked(docs, reads), verdicts), reads)
    if stage.changes_text:  # what was measured on the text before is not true of this one
        docs = docs.drop(name for name in docs.columns if name in SIGNALS)
    down = docs["broken"].list.len() > 0
    if stage.tags():
        told = pl.lit(f"{before.title}:") + pl.col("broken").list.join(",")
        return tagged(docs, pl.lit(down), told).drop("broken"), docs.clear()
    gone = dropped(docs.filter(down), before.title, pl.col("broken").list.first())
    return docs.filter(~down).drop("broken"), gone


def _verdicts(folder: str, found: Verdicts) -> pl.DataFrame:
    """Return the verdicts on the documents of a part, or all where they are not gathered."""
    if found.part is None:
        return read_table(folder, found.file)
    with exchange_sources(folder, [found.file]) as sources:
        return read_partition(sources, found.part).drop("slot")


def _complete(docs: pl.DataFrame, schema: str) -> pl.DataFrame:
    """Return the columns that go on; some units never meet one (a text entry has no title)."""
    return docs.select(
        pl.col(name).cast(kind) if name in docs.columns else pl.lit(None, kind).alias(name)
        for name, kind in _types(schema).items()
    )


@lru_cache(maxsize=4)
def _types(schema: str) -> dict[str, pl.DataType]:
    return polars_types(schema)


def _record(
    measured: Mapping[str, str], fallen: Sequence[pl.DataFrame], alive: pl.DataFrame
) -> pl.DataFrame:
    """Return one row for every row that entered, sorted by key, with what was measured here."""
    schema = {**RECORD, **{name: _type(kind) for name, kind in measured.items()}}
    frames = [
        frame.select(
            pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, kind).alias(name)
            for name, kind in schema.items()
        )
        for frame in (*fallen, alive)
    ]
    return pl.concat(frames).sort("file", "row")


def _type(name: str) -> Any:
    return getattr(pl, name)


def _recall(settings: MapSettings, outcome: Outcome) -> pl.DataFrame | None:
    """Return what a later run needs to judge again and the record does not hold, a row each."""
    if not (kinds := recalled_columns(settings.stages)):
        return None
    frames = [
        frame.select(
            "file",
            "row",
            *(
                pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, kind).alias(name)
                for name, kind in kinds.items()
            ),
        )
        for frame in (*outcome.fallen, outcome.docs)
    ]
    return pl.concat(frames).sort("file", "row")


def _facts(part: Part, record: pl.DataFrame, docs: pl.DataFrame) -> dict[str, Any]:
    reached = record.group_by("source").agg(pl.len(), fell().sum().alias("lost"))
    fates = dict(record["fate"].fill_null("kept").value_counts().sort("fate").rows())
    reason = pl.when(pl.col("fate") == "failed").then(pl.lit("failed")).otherwise("reason")
    gone = record.filter(pl.col("fate").is_not_null())
    falls = gone.group_by("stage", reason.alias("reason")).agg(pl.len())
    errors = record["error"].drop_nulls().value_counts(sort=True).sort("count", "error")[-5:]
    return {
        "errors": [list(row) for row in errors.rows()],
        "rows": len(record),
        "kept": len(docs),
        "dropped": fates.get("dropped", 0),
        "failed": fates.get("failed", 0),
        "falls": [list(row) for row in falls.sort("stage", "reason").rows()],
        "spans": part.spans,
        "unread": [[item.path, item.row, item.error] for item in part.failed],
        "unfit": sorted([name, said, count] for (name, said), count in part.unfit.items()),
        "bytes": int(docs["text"].str.len_bytes().sum()) if "text" in docs.columns else 0,
        "tokens": int(docs["words"].sum()) if "words" in docs.columns else 0,
        "sources": sorted(
            map(list, reached.sort("len", "source", descending=True).head(_SOURCES).rows()),
            key=lambda item: (item[0] is not None, item[0]),
        ),
    }

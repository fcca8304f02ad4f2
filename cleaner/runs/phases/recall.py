"""What an earlier run measured of the same documents, for a phase that judges them anew.

A unit under another key may have measured the same things of the same texts: its record has the
signals and scores of every row, its survivors and its shadow have the texts. Then the stages only
judge again (`judge_again.py`). Only stages behind the last one that changes texts may differ: what
a document was like before that is not kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from cleaner.config.plain import Plain
from cleaner.job.plan import Measure, is_number
from cleaner.job.stage_spec import StageSpec
from cleaner.ledger import verdict
from cleaner.runs.phases.base import DataFile, read_table
from cleaner.signals import SIGNALS
from cleaner.storage.schemas import polars_types

if TYPE_CHECKING:
    from cleaner.runs.phases.map import MapSettings

KEY = ["file", "row"]
_FATE = ("fate", "stage", "reason", "broken", "error")
AT, KNOWN = "\x01at", "\x01known"  # where a document fell, and how far it is known: positions
_AGAIN = "\x01again"  # behind a name that two frames have; no score of a user's is called so
NO_TEXT = "\x01no_text"  # whether its text is not at hand, so that nothing more can be known


def below(name: str) -> str:
    """Return the column in which what is known of another one waits until a stage asks."""
    return f"\x01{name}"


@dataclass(frozen=True)
class RecalledPart(Plain):
    """What an earlier run committed of one part."""

    record: DataFile
    text: DataFile
    spans: tuple[tuple[int, ...], ...]
    unread: tuple[tuple[Any, ...], ...]
    unfit: tuple[tuple[Any, ...], ...]
    shadow: DataFile | None = None
    recall: DataFile | None = None


@dataclass(frozen=True)
class Recalled(Plain):
    """What an earlier run committed of one unit, in its own folder."""

    folder: str
    settings: str  # the path of the settings that it had
    files: Mapping[str, int]  # number of a file there -> number here
    parts: tuple[RecalledPart, ...]

    @property
    def moved(self) -> bool:
        """Whether files have other numbers now."""
        return any(int(old) != new for old, new in self.files.items())


@dataclass(frozen=True)
class Aligned:
    """How the stages of a phase are those of an earlier one; positions are in the tail.

    The head goes up to the last stage that changes texts, the tail only judges.
    """

    head: int  # stages in it
    old: tuple[StageSpec, ...]
    new: tuple[StageSpec, ...]
    measures: tuple[Measure, ...]  # of the tail, new
    of: Mapping[int, int]  # position new -> old, of stages that measure the same
    signals: Mapping[str, str]  # of the text in the tail -> the old record's column
    renamed: Mapping[str, str]  # columns of the head's signals, old -> new
    empty_at: str | None  # the old global stage behind, at which wordless texts fell
    same: int = 0  # the first so many stages of the tail decide as they did

    @property
    def end(self) -> int:
        """The position of what fell at the global stage behind; survivors have one more."""
        return len(self.old)

    def adds(self) -> dict[str, Any]:
        """Return what the old tail's stages added, and what else is kept of their work."""
        return {
            n: k
            for one in self.old
            for n, k in (one.options.adds() | one.options.recalls()).items()
        }


def judges_only(spec: StageSpec) -> bool:
    """Return whether a stage leaves texts as they are."""
    return not spec.options.changes_text and "text" not in spec.options.adds()


def recalled_columns(stages: Sequence[StageSpec]) -> dict[str, Any]:
    """Return what is kept of every row beside its record, of the stages that judge."""
    found: dict[str, Any] = {}
    for spec in filter(judges_only, stages):
        adds = spec.options.adds().items()
        found |= {name: kind for name, kind in adds if not is_number(kind)}
        found |= spec.options.recalls()
    return found


def reads_no_text(spec: StageSpec) -> bool:
    """Return whether a stage judges by columns alone, so that it may as well judge once more."""
    stage = spec.options
    return "text" not in stage.needs() and stage.rule_set() is None and not _adds(spec)


def aligned(old: MapSettings, new: MapSettings, moved: bool = False) -> Aligned | str:
    """Return how the stages of two settings belong together, or why the old one is of no use.

    `moved`: files have other numbers now, so that what is drawn by them is drawn otherwise.
    """
    head = max((n + 1 for n, one in enumerate(new.stages) if not judges_only(one)), default=0)
    before = max((n + 1 for n, one in enumerate(old.stages) if not judges_only(one)), default=0)
    if head != before or _plain(old.stages[:head]) != _plain(new.stages[:head]):
        return "texts are made otherwise"
    if (old.before is None) != (new.before is None):
        return "other stages see all rows before it"
    if new.before is not None and head:
        return f"{new.stages[head - 1].title} changes texts behind a stage that sees all rows"
    if head and any("html" in spec.options.needs() for spec in new.stages[head:]):
        return "a page is read again after its text is made"
    if new.before is None and new.columns[: len(old.columns)] != old.columns:
        return "the columns that the input gives have changed"
    if new.before is None and new.part_bytes != old.part_bytes:
        return "parts are cut otherwise"
    if new.shadow > old.shadow:
        return "a larger share is drawn for the shadow"
    cut = new.stages[head - 1].index if head else -1
    ours, theirs = ([m for m in one.measures if m.before <= cut] for one in (new, old))
    if [(m.before, m.signals) for m in ours] != [(m.before, m.signals) for m in theirs]:
        return "other signals are measured"
    found = Aligned(
        head=head,
        old=old.stages[head:],
        new=new.stages[head:],
        measures=tuple(m for m in new.measures if m.before > cut),
        of=_pairs(old.stages[head:], new.stages[head:]),
        signals={n: s for m in old.measures if m.before > cut for n, s in m.stored.items()},
        renamed={
            was.stored[name]: now.stored[name]
            for was, now in zip(theirs, ours, strict=True)
            for name in now.signals
        },
        empty_at=old.empty_at,
        same=_same(old.stages[head:], new.stages[head:], moved),
    )
    return found if new.before is not None else _carried(found, old, new) or found


def _carried(found: Aligned, old: MapSettings, new: MapSettings) -> str | None:
    """Say which column goes on now that the old run's survivors lack."""
    there = polars_types(old.carry_schema)
    made = {name for spec in found.new for name in spec.options.adds()} | SIGNALS.keys()
    for name, kind in polars_types(new.carry_schema).items():
        if name not in made and there.get(name) != kind:
            return f"the column {name} goes on, which it did not"
    return None


def _plain(stages: Sequence[StageSpec]) -> list[Any]:
    return [spec.plain() for spec in stages]


def _pairs(old: Sequence[StageSpec], new: Sequence[StageSpec]) -> dict[int, int]:
    """Return which stages measure the same, each old one once; the same options first."""
    found: dict[int, int] = {}
    for same in (True, False):
        for here, spec in enumerate(new):
            for there, other in enumerate(old):
                if here in found or there in found.values() or spec.name != other.name:
                    continue
                if same and spec.options.plain() != other.options.plain():
                    continue
                if _measured(spec) == _measured(other) and _adds(spec) <= _adds(other):
                    found[here] = there
    return found


def _same(old: Sequence[StageSpec], new: Sequence[StageSpec], moved: bool) -> int:
    count = 0
    for was, now in zip(old, new, strict=False):
        by_place = moved and "row" in now.options.needs()
        if was.plain() != now.plain() or by_place or now.options.rule_set() is not None:
            break
        count += 1
    return count


def _adds(spec: StageSpec) -> set[str]:
    return {*spec.options.adds(), *spec.options.recalls()}


def _measured(spec: StageSpec) -> list[Any]:
    """Return what decides what a stage measures."""
    options = spec.options.plain()
    left = {name: options[name] for name in options if name not in spec.options.judged_by}
    return [spec.version, spec.plugin, spec.source, dict(spec.files), dict(spec.reads), left]


@dataclass(frozen=True)
class Known:
    """What is known of the documents of one part, and their texts as far as they are kept."""

    record: pl.DataFrame  # of all rows that entered, with `AT`
    table: pl.DataFrame  # the key, `AT`, `KNOWN`, and what waits below
    survivors: pl.DataFrame
    ghosts: pl.DataFrame


def known(
    how: Aligned, part: RecalledPart, folder: str, files: Mapping[str, int], texts: bool
) -> Known:
    """Return what an earlier run knows of the documents of a part.

    Without `texts` the survivors are not read: whoever asks has them.
    """

    def read(file: DataFile) -> pl.DataFrame:
        frame = read_table(folder, file)
        numbers = {int(old): new for old, new in files.items()}
        here = pl.col("file").replace_strict(numbers, return_dtype=pl.UInt32)
        return frame.with_columns(here) if len(frame) else frame

    record = read(part.record)
    if part.recall is not None:
        more = read(part.recall)
        twice = [name for name in more.columns if name in record.columns and name not in KEY]
        record = record.join(more, on=KEY, how="left", suffix=_AGAIN)
        record = record.with_columns(
            pl.coalesce(f"{name}{_AGAIN}", name).alias(name) for name in twice
        ).drop(f"{name}{_AGAIN}" for name in twice)
    places = {spec.title: place for place, spec in enumerate(how.old)}
    if how.empty_at is not None:
        places[how.empty_at] = how.end
    at = pl.col("stage").replace_strict(places, default=-1, return_dtype=pl.Int32)
    alive = pl.col("fate").is_null()
    record = record.with_columns(
        pl.when(alive).then(pl.lit(how.end + 1, pl.Int32)).otherwise(at).alias(AT)
    )
    ghosts = record.select(KEY).clear()
    if part.shadow is not None:
        ghosts = read(part.shadow)
        ghosts = ghosts.join(record.filter(pl.col(AT) > how.end), on=KEY, how="anti")
    survivors = record.clear()
    if texts:
        survivors = read(part.text).drop("shuffle", strict=False).sort(KEY)
    return Known(record, _table(how, record, ghosts), survivors, ghosts)


def _table(how: Aligned, record: pl.DataFrame, ghosts: pl.DataFrame) -> pl.DataFrame:
    columns = [*how.adds(), *how.signals.values()]
    own = pl.col("broken").list.eval(
        pl.element().filter(~pl.element().str.contains(".", literal=True))
    )
    of_record = record.filter(pl.col(AT) >= 0).select(
        *KEY,
        AT,
        _known_to(how),
        own.alias(below("broken")),
        *(pl.col(name).alias(below(name)) for name in ("error", "tagged")),
        *(pl.col(name).alias(below(name)) for name in columns if name in record.columns),
    )
    if not len(ghosts):
        return of_record
    there = set(ghosts.columns)
    verdicts = [verdict(spec.index) for spec in how.old if verdict(spec.index) in there]
    of_ghosts = ghosts.join(record.select(*KEY, AT), on=KEY, how="left").select(
        *KEY,
        pl.col(AT).fill_null(-1),
        pl.lit(how.end + 1, pl.Int32).alias(KNOWN),
        *(pl.col(name).alias(below(name)) for name in ("tagged",) if name in there),
        *(pl.col(name).alias(below(name)) for name in (*columns, *verdicts) if name in there),
    )
    rest = of_record.join(of_ghosts, on=KEY, how="anti")
    return pl.concat([rest, of_ghosts], how="diagonal_relaxed")


def _known_to(how: Aligned) -> pl.Expr:
    """Return how far rows are known: of what falls in masses the record tells next to nothing."""
    thin = [place for place, spec in enumerate(how.old) if spec.options.drops_most]
    known = pl.when(pl.col(AT).is_in(thin)).then(pl.lit(-1, pl.Int32)).otherwise(pl.col(AT))
    return known.alias(KNOWN)


def _as_before(how: Aligned) -> pl.Expr:
    """Return which rows fell as they fall now, so that their record is taken as it is."""
    thin = [n for n, spec in enumerate(how.old[: how.same]) if spec.options.drops_most]
    return (pl.col(AT) < 0) | pl.col(AT).is_in(thin)


def begin(how: Aligned, found: Known) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return documents as the tail gets them, of a phase that reads the input.

    First those that reach it, a text only where it is kept; then ghosts that fell before it; last
    the record of all that fell before it, under the columns of now.
    """
    tail = {*how.adds(), *how.signals.values(), *SIGNALS}
    record = found.record
    old = [name for name in how.renamed if name in record.columns]
    of_head = record.select(*KEY, *(pl.col(name).alias(below(f"head:{name}")) for name in old))
    new = {below(f"head:{name}"): how.renamed[name] for name in old}

    def as_reached(docs: pl.DataFrame) -> pl.DataFrame:
        # A ghost that fell within the head was measured behind it; its record ends where it fell.
        own = {name: below(f"own:{name}") for name in old if name in docs.columns}
        docs = docs.with_columns(pl.col(name).alias(kept) for name, kept in own.items())
        docs = docs.drop([name for name in docs.columns if name in tail or name in how.renamed])
        docs = docs.drop([name for name in docs.columns if name in {*_FATE, AT}])
        docs = docs.drop([v for s in how.old if (v := verdict(s.index)) in docs.columns])
        docs = docs.join(of_head, on=KEY, how="left", maintain_order="left")
        docs = docs.with_columns(
            pl.coalesce(below(f"head:{name}"), kept).alias(below(f"head:{name}"))
            for name, kept in own.items()
        )
        docs = docs.drop(own.values()).rename(new)
        titles = [f"{spec.title}:" for spec in how.old]
        if titles and "tagged" in docs.columns:
            of_tail = pl.any_horizontal(*(pl.element().str.starts_with(t) for t in titles))
            tagged = pl.col("tagged").list.eval(pl.element().filter(~of_tail))
            tagged = pl.when(tagged.list.len() > 0).then(tagged)
            docs = docs.with_columns(tagged)
        return docs.join(found.table, on=KEY, how="left", maintain_order="left")

    reached = record.filter(~_as_before(how))
    ghosts = as_reached(found.ghosts) if len(found.ghosts) else found.ghosts
    kept = [as_reached(found.survivors)]
    early = ghosts
    if len(ghosts):
        inside = ghosts.join(reached.select(KEY), on=KEY, how="semi", maintain_order="left")
        kept.append(inside)
        early = ghosts.join(inside.select(KEY), on=KEY, how="anti", maintain_order="left")
    there = pl.concat([one.select(KEY) for one in kept])
    others = reached.join(there, on=KEY, how="anti")
    kept.append(as_reached(others).with_columns(pl.lit(True).alias(NO_TEXT)))
    docs = pl.concat(kept, how="diagonal_relaxed")
    if "text" not in docs.columns:
        docs = docs.with_columns(pl.lit(None, pl.String).alias("text"))
    gone = record.filter(_as_before(how))
    names = {**how.renamed, **_tail_renamed(how)}
    gone = gone.drop([n for n in how.signals.values() if n not in names and n in gone.columns])
    return docs.sort(KEY), early, gone.rename({n: names[n] for n in names if n in gone.columns})


def _tail_renamed(how: Aligned) -> dict[str, str]:
    """Return the columns of the tail's signals, old -> new."""
    stored = {n: s for measure in how.measures for n, s in measure.stored.items()}
    return {was: stored[name] for name, was in how.signals.items() if name in stored}

"""A run's rows under other thresholds: which go out, which come in, and which nobody can tell.

The ledger knows the verdict of a stage on all that reached it, and those of the filters that were
judged with it. What a row that comes in would meet after that, only the shadow knows, and what a
stage that compares documents would say, nobody.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from cleaner.job.fusion import judged_together, phases
from cleaner.job.job_file import Entry
from cleaner.ledger import verdict
from cleaner.results.changes import Change, fails, judged
from cleaner.results.columns import judged_columns
from cleaner.stages.base import Judging
from cleaner.stages.language import Language

KEYS = ("file", "row")
_KEPT = 1 << 30  # the place of what fell nowhere


@dataclass(frozen=True)
class Rejudged:
    """Rows of a ledger, or of the shadow, with what some changes make of them."""

    stages: Sequence[Entry]
    changes: Sequence[Change]
    rows: pl.LazyFrame

    @cached_property
    def schema(self) -> pl.Schema:
        """The columns of the rows."""
        return self.rows.collect_schema()

    @cached_property
    def first(self) -> int:
        """The first stage that is changed."""
        return min((change.entry.index for change in self.changes), default=len(self.stages))

    @cached_property
    def _groups(self) -> dict[int, int]:
        return judged_together(phases(self.stages))

    def reached(self) -> pl.LazyFrame:
        """Return the rows that reached the first changed stage.

        `_at` is the stage where each fell; `_falls_<index>` and `_unsure_<index>` are what each
        stage from there on makes of it now.
        """
        places = {entry.title: entry.index for entry in self.stages}
        later = [title for title, index in places.items() if index >= self.first]
        at = pl.col("stage").replace_strict(places, default=-1, return_dtype=pl.Int64)
        rows = self.rows.filter((pl.col("fate") == "kept") | pl.col("stage").is_in(later))
        rows = rows.with_columns(
            pl.when(pl.col("fate") == "kept").then(_KEPT).otherwise(at).alias("_at")
        )
        made: dict[str, pl.Expr] = {}
        called: dict[Change, dict[str, str]] = {}
        for change in self.changes:
            columns, called[change] = judged(change, self.schema.names())
            made |= columns
        rows = rows.with_columns(expr.alias(name) for name, expr in made.items())
        schema = rows.collect_schema()
        down = {change: fails(change, schema, called[change]) for change in self.changes}
        verdicts = []
        for entry in self.stages[self.first :]:
            falls, unsure = self._verdict(entry, down)
            verdicts += [
                falls.alias(f"_falls_{entry.index}"),
                unsure.alias(f"_unsure_{entry.index}"),
            ]
        return rows.with_columns(verdicts)

    def _mine(self, entry: Entry) -> list[Change]:
        return [change for change in self.changes if change.entry.index == entry.index]

    def _verdict(self, entry: Entry, down: Mapping[Change, pl.Expr]) -> tuple[pl.Expr, pl.Expr]:
        """Return whether a row falls at a stage now, and whether that is unknown."""
        index, at, no = entry.index, pl.col("_at"), pl.lit(False)
        mine = self._mine(entry)
        fell, passed = at == index, at > index
        if not mine:
            known = self._known(entry, ())
            falls = fell | known
            return falls, ~falls & (at < index) & self._untold(entry)
        if isinstance(entry.stage, Judging) and entry.stage.action == "tag":
            return (fell & (pl.col("fate") == "failed")), no
        now = pl.any_horizontal(down[change] for change in mine)
        others = self._others(pl.col("broken"), mine)
        unsure = no
        if isinstance(entry.stage, Language):
            # Whether a text was long enough for its score to count is not in the ledger.
            was = entry.stage.min_score or 0.0
            counts = pl.col("_at") == index
            low = now & passed
            unsure = low & (pl.col(f"_{index}:lang_score") >= was)
            now = now & counts
        failed = fell & ((pl.col("fate") == "failed") | (others.list.len() > 0).fill_null(True))
        falls = failed | ((fell | passed) & now) | self._known(entry, mine, now)
        return falls, ~falls & (unsure | ((at < index) & self._untold(entry)))

    def _others(self, broken: pl.Expr, mine: Iterable[Change]) -> pl.Expr:
        """Return what else than changed rules a row broke at its own stage."""
        names = [change.rule or "low_score" for change in mine]
        own = ~pl.element().str.contains(".", literal=True) & ~pl.element().is_in(names)
        return broken.list.eval(pl.element().filter(own))

    def _with(self, entry: Entry) -> list[str]:
        """Return the titles of earlier stages with which a filter was judged."""
        group = self._groups.get(entry.index)
        label = entry.stage.label()
        alike = [one for one in self.stages if one.stage.label() == label]
        if group is None or len(alike) > 1:
            return []
        return [
            one.title
            for one in self.stages[self.first : entry.index]
            if self._groups.get(one.index) == group
        ]

    def _known(self, entry: Entry, mine: Sequence[Change], now: pl.Expr | None = None) -> pl.Expr:
        """Return whether a row that fell at a filter was found to fall at this later one, too."""
        titles = self._with(entry)
        tags = isinstance(entry.stage, Judging) and entry.stage.action == "tag"
        if not titles or tags:
            return pl.lit(False)
        head = f"{entry.stage.label().removeprefix(':')}."
        names = [f"{head}{change.rule}" for change in mine]
        own = pl.element().str.starts_with(head) & ~pl.element().is_in(names)
        broke = pl.col("broken").list.eval(pl.element().filter(own)).list.len() > 0
        broke = broke.fill_null(False) if now is None else broke.fill_null(False) | now
        return pl.col("stage").is_in(titles) & broke

    def _untold(self, entry: Entry) -> pl.Expr:
        """Return whether nobody knows what a stage says of a row that fell before it."""
        tags = isinstance(entry.stage, Judging) and entry.stage.action == "tag"
        return pl.lit(False) if tags else ~pl.col("stage").is_in(self._with(entry))

    def unseen(self) -> list[str]:
        """Return the later stages that go row by row and never saw all that may come in."""
        changed = {change.entry.title for change in self.changes}
        return [
            entry.title
            for entry in self.stages[self.first + 1 :]
            if entry.stage.global_stage() is None
            and not (isinstance(entry.stage, Judging) and entry.stage.action == "tag")
            and not changed <= {*self._with(entry), entry.title}
        ]

    def falls(self, until: int | None = None) -> pl.Expr:
        """Return whether a row is known to fall now, at a stage before `until`."""
        return _any(f"_falls_{index}" for index in self._range(until))

    def unsure(self, until: int | None = None) -> pl.Expr:
        """Return whether it is unknown if a row falls now, at a stage before `until`."""
        return ~self.falls(until) & _any(f"_unsure_{index}" for index in self._range(until))

    def _range(self, until: int | None) -> range:
        return range(self.first, len(self.stages) if until is None else until)

    def passes(
        self, doubted: Callable[[pl.Series], pl.Series], until: int | None = None
    ) -> pl.Expr:
        """Return, of rows of the shadow, whether all changed and later stages keep them now.

        Those that go row by row, before `until`. `doubted` says of texts whether the score of their
        language counts.
        """
        made = [pl.col("words").fill_null(0) > 0]
        for entry in self.stages[self.first : until]:
            if entry.stage.global_stage() is not None:
                continue
            if isinstance(entry.stage, Judging) and entry.stage.action == "tag":
                continue
            mine = self._mine(entry)
            told = self._others(pl.col(verdict(entry.index)), mine).list.len() == 0
            made.append(told.fill_null(False))
            if mine:
                made.append(~self._now(entry, mine, doubted))
        return pl.all_horizontal(made)

    def _now(
        self, entry: Entry, mine: Sequence[Change], doubted: Callable[[pl.Series], pl.Series]
    ) -> pl.Expr:
        schema = self.reached().collect_schema()
        parts = [fails(change, schema, judged(change, self.schema.names())[1]) for change in mine]
        now = pl.any_horizontal(parts)
        if isinstance(entry.stage, Language):
            now &= pl.col("text").map_batches(doubted, return_dtype=pl.Boolean)
        return now


def _any(names: Iterable[str]) -> pl.Expr:
    # A literal would be one value, not one a row.
    return pl.any_horizontal(pl.col("_at").is_null(), *names)


def distance(changes: Sequence[Change], names: Sequence[str]) -> pl.Expr | None:
    """Return how far a row lies from the nearest new limit; None where no change has one."""
    found = [
        (pl.coalesce(columns).cast(pl.Float64) - edge).abs()
        for change in changes
        for limit in change.limits
        for edge in (limit.low, limit.high)
        if edge is not None
        and (columns := judged_columns(change.stages, change.entry, limit.signal, names))
    ]
    return pl.min_horizontal(found) if found else None

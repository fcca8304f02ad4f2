"""The stages of a phase judging again what an earlier run measured; see `recall.py`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from cleaner.job.stage_spec import StageSpec
from cleaner.ledger import verdict
from cleaner.runs.phases.base import with_asked, without_asked
from cleaner.runs.phases.chain import Chain, Outcome
from cleaner.runs.phases.recall import AT, KEY, KNOWN, NO_TEXT, Aligned, below, reads_no_text
from cleaner.runs.phases.shadow import Fallen, Sample
from cleaner.signals import SIGNALS

_ROW = "\x01row"


def judged_again(
    how: Aligned,
    docs: pl.DataFrame,
    empty_at: str | None,
    ghosts: pl.DataFrame,
    sample: Sample,
) -> Outcome:
    """Return what the tail of a phase makes of documents, with what is known of each below.

    Those about which too little is known, and whose text is not at hand, are told in `aside` alone.
    """
    chain = Again(how)
    outcome = chain.run(docs, empty_at, ghosts, sample)
    chain.leave(outcome, pl.lit(True))
    outcome.docs, outcome.ghosts = _bare(outcome.docs), _bare(outcome.ghosts)
    outcome.aside = pl.concat([outcome.aside, *chain.aside])
    return outcome


def with_known(docs: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    """Return documents with what is known of each below."""
    return docs.join(table, on=KEY, how="left", maintain_order="left")


def _without_text(docs: pl.DataFrame) -> pl.Expr:
    return pl.col(NO_TEXT).fill_null(False) if NO_TEXT in docs.columns else pl.lit(False)


def _bare(docs: pl.DataFrame) -> pl.DataFrame:
    return docs.drop([name for name in docs.columns if name.startswith("\x01")])


class Again(Chain):
    """The tail of a phase over documents with what is known of each below its columns.

    A document without a text that comes to where nobody knows of it is set aside: its key is in
    `aside`, and it is in no outcome.
    """

    def __init__(self, how: Aligned) -> None:
        super().__init__(how.new, how.measures)
        self.how = how
        self.places = {spec.index: place for place, spec in enumerate(how.new)}
        self.aside: list[pl.DataFrame] = []

    def leave(self, outcome: Outcome, which: pl.Expr) -> None:
        """Set documents aside that have no text, of those for which `which` holds."""
        if NO_TEXT not in outcome.docs.columns:
            return
        lost = outcome.docs.select(_without_text(outcome.docs) & which.fill_null(True)).to_series()
        if lost.any():
            self.aside.append(outcome.docs.filter(lost).select(KEY))
            outcome.docs = outcome.docs.filter(~lost)
            outcome.judged = {i: found.filter(~lost) for i, found in outcome.judged.items()}

    def _measure(self, outcome: Outcome, before: int) -> None:
        for measure in self.measures:
            if measure.before == before and "text" in outcome.docs.columns:
                known = [self._kept(outcome.docs, name) for name in measure.signals]
                if None in known:
                    self.leave(outcome, pl.lit(True))
                else:
                    names = [name for name in known if name is not None]
                    self.leave(outcome, pl.any_horizontal(pl.col(names).is_null()))
        super()._measure(outcome, before)

    def _kept(self, docs: pl.DataFrame, signal: str) -> str | None:
        name = below(self.how.signals[signal]) if signal in self.how.signals else None
        return name if name in docs.columns else None

    def _values(
        self,
        docs: pl.DataFrame,
        signals: Sequence[str],
        given: Mapping[str, str],
        spent: Counter[str],
    ) -> pl.DataFrame:
        kept = {name: column for name in signals if (column := self._kept(docs, name))}
        found = docs.select(
            pl.col(column).cast(SIGNALS[name][0]).alias(name) for name, column in kept.items()
        )
        rows = found.select(pl.any_horizontal(pl.all().is_null())).to_series() if kept else None
        if rows is not None and rows.any():
            made = super()._values(docs.filter(rows), list(kept), given, spent)
            at = pl.Series(range(len(docs)), dtype=pl.UInt32)
            order = pl.concat([at.filter(~rows), at.filter(rows)])
            found = pl.concat([found.filter(~rows), made.select(found.columns)])
            found = found[order.arg_sort()]
        rest = [name for name in signals if name not in kept]
        if rest:
            made = super()._values(docs, rest, given, spent)
            found = found.hstack(made) if kept else made
        return found.select(signals)

    def _apply(self, outcome: Outcome, step: StageSpec, drawn: Fallen) -> None:
        if reads_no_text(step) and self._sees_all(step):
            pass
        elif step.options.rule_set() is None:
            self.leave(outcome, ~self._known(outcome.docs, step))
        elif step.index not in outcome.judged:
            for other in self.steps[self.steps.index(step) :]:
                if other.options.rule_set() is None:
                    continue
                if not self._sees_all(other):
                    self.leave(outcome, pl.lit(True))
                elif other.options.adds():
                    self.leave(outcome, ~self._known(outcome.docs, other))
        super()._apply(outcome, step, drawn)

    def _known(self, docs: pl.DataFrame, step: StageSpec) -> pl.Expr:
        """Return of which documents all is known that a stage judges by."""
        old = self._old(step)
        if old is None:
            return pl.lit(False)
        there = {name: below(name) in docs.columns for name in step.options.adds()}
        if step.options.rule_set() is not None:
            if not all(there.values()):
                return pl.lit(False)
            return pl.all_horizontal(pl.col([below(name) for name in there]).is_not_null())
        place = self.how.old.index(old)
        known = (pl.col(KNOWN) >= place).fill_null(False)
        told = verdict(old.index)
        if below(told) in docs.columns:  # a ghost that the stage could not judge
            known &= (
                (pl.col(AT) > place)
                | (pl.col(KNOWN) <= self.how.end)
                | (pl.col(below(told)).is_not_null())
            )
        if old.options.plain() != step.options.plain():
            known &= ~((pl.col(AT) == place) & pl.col(below("error")).is_not_null())
            if not self._sees_all(step):
                known &= ~_without_text(docs)
        return known

    def _sees_all(self, step: StageSpec) -> bool:
        """Return whether a stage judges by nothing that documents without a text lack."""
        made = {name for spec in self.how.new for name in spec.options.adds()}
        asked = step.options.needs() - {"text"} - SIGNALS.keys() - made
        return not step.reads and asked <= {"file", "row", "url", "source", "cluster_size"}

    def _old(self, step: StageSpec) -> StageSpec | None:
        place = self.how.of.get(self.places[step.index])
        return None if place is None else self.how.old[place]

    def _made(
        self, step: StageSpec, docs: pl.DataFrame, spent: Counter[str], again: bool = False
    ) -> pl.DataFrame:
        stage = step.options
        if stage.rule_set() is not None and not stage.adds():
            spent["judged_again"] += len(docs)
            return without_asked(stage.rejudged(with_asked(docs, step.reads)), step.reads)
        if reads_no_text(step):
            return super()._made(step, docs, spent, again)
        known = docs.select(known=self._known(docs, step)).to_series()
        if len(known) != len(docs):  # a single value
            known = pl.repeat(bool(known.item()), len(docs), eager=True, dtype=pl.Boolean)
        if not known.any():
            return super()._made(step, docs, spent, again)
        docs = docs.with_row_index(_ROW)
        old = self._again(step, docs.filter(known))
        spent["judged_again"] += len(old)
        if known.all():
            return old.drop(_ROW)
        made = super()._made(step, docs.filter(~known), spent, again)
        return pl.concat([old, made], how="diagonal_relaxed").sort(_ROW).drop(_ROW)

    def _again(self, step: StageSpec, docs: pl.DataFrame) -> pl.DataFrame:
        """Return documents of which all is known with what a stage makes of them."""
        stage, old = step.options, self._old(step)
        if old is None:
            raise TypeError(f"{step.title}: no earlier stage")
        kinds: dict[str, Any] = stage.adds() | stage.recalls()
        docs = docs.with_columns(
            pl.col(below(name)).cast(kind).alias(name)
            if below(name) in docs.columns
            else pl.lit(None, kind).alias(name)
            for name, kind in kinds.items()
        )
        if stage.rule_set() is not None or old.options.plain() != stage.plain():
            return without_asked(stage.rejudged(with_asked(docs, step.reads)), step.reads)
        return docs.with_columns(self._verdict(old, docs), self._error(old, docs))

    def _verdict(self, old: StageSpec, docs: pl.DataFrame) -> pl.Expr:
        """Return what a stage found that has not changed."""
        place, nothing = self.how.old.index(old), pl.lit([], pl.List(pl.String))
        if old.options.global_stage() is not None:  # here it only scores
            return nothing.alias("broken")
        tags = pl.col(below("tagged")).list.eval(
            pl.element()
            .filter(pl.element().str.starts_with(f"{old.title}:"))
            .str.strip_prefix(f"{old.title}:")
        )
        passed = pl.coalesce(tags.list.first().str.split(","), nothing)
        told = below(verdict(old.index))
        fell = pl.coalesce(told, below("broken")) if told in docs.columns else below("broken")
        return pl.when(pl.col(AT) > place).then(passed).otherwise(fell).alias("broken")

    def _error(self, old: StageSpec, docs: pl.DataFrame) -> pl.Expr:
        here = pl.col(AT) == self.how.old.index(old)
        error = (
            pl.col(below("error")) if below("error") in docs.columns else pl.lit(None, pl.String)
        )
        return pl.when(here).then(error).alias("error")

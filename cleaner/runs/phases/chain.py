"""The fused per-document stages of one map phase, applied to one frame after another."""

import os
import signal
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from cleaner import signals as signal_families
from cleaner.corpus.files import first_line
from cleaner.errors import CleanerError, is_panic
from cleaner.job.plan import Measure
from cleaner.job.stage_spec import StageSpec
from cleaner.ledger import ALWAYS, dropped, failed, tagged
from cleaner.runs.phases.base import with_asked, without_asked
from cleaner.runs.phases.shadow import NOBODY, Fallen, Sample, joined, judged_anyway, none_yet
from cleaner.stages.base import Stage
from cleaner.storage.shortages import is_shortage
from cleaner.text.segment import formulas_of

# What rows carry that fell at a stage which drops most of a crawl.
_OF_MANY = (
    "file", "row", "id", "url", "source", "fate", "stage", "reason", "broken", *ALWAYS,
)  # fmt: skip


@dataclass
class Outcome:
    """What a chain made of one frame: survivors, and a record of every row that entered."""

    docs: pl.DataFrame
    fallen: list[pl.DataFrame] = field(default_factory=list)
    # Signals whose values so far the ledger keeps under another name, that of a version.
    elsewhere: set[str] = field(default_factory=set)
    ghosts: pl.DataFrame = field(default_factory=none_yet)  # sampled ones of all that fell
    spent: Counter[str] = field(default_factory=Counter)  # documents, by what was done with them
    aside: pl.DataFrame = field(default_factory=none_yet)  # keys of those that must be read again
    # By the index of a stage what rules found that were judged together with earlier ones.
    judged: dict[int, pl.DataFrame] = field(default_factory=dict)

    def fell(self, docs: pl.DataFrame) -> None:
        """Take down documents that fell, each signal under the name of the text it is of."""
        self.fallen.append(docs.drop(self.elsewhere))


class Chain:
    """The stages of one map phase with the signals they need, ready to run in a worker."""

    def __init__(self, stages: Sequence[StageSpec], measures: Sequence[Measure]) -> None:
        self.steps = stages
        self.measures = measures

    def run(
        self,
        docs: pl.DataFrame,
        empty_at: str | None = None,
        ghosts: pl.DataFrame | None = None,
        sample: Sample = NOBODY,
    ) -> Outcome:
        """Return the survivors of all stages and the records of those who fell.

        `empty_at` names a global stage after this phase that reads text: what has no word by then
        falls as `empty` there. `ghosts` are documents of the shadow that fell before this phase;
        of those that fall here, those of `sample` become some.
        """
        _failpoint(docs)
        if "characters_cut" not in docs.columns:  # as read; later ones know what was cut
            docs = docs.with_columns(pl.lit(0, pl.UInt32).alias("characters_cut"))
        again = {name for measure in self.measures for name in measure.stored}
        outcome = Outcome(docs, elsewhere=again & set(docs.columns))
        self._drop_unreadable(outcome)
        fallen = Fallen(sample)
        for step in self.steps:
            self._measure(outcome, step.index)
            if "html" in step.options.needs() and "html" not in outcome.docs.columns:
                outcome.docs = absent(outcome.docs, step.options)  # a text entry passes untouched
                continue
            if "text" in step.options.needs():
                fallen.add(_fall_empty(outcome, step.title), step.index, judged=False)
            self._apply(outcome, step, fallen)
        self._measure(outcome, self._end)
        if empty_at is not None:
            fallen.add(_fall_empty(outcome, empty_at), self._end, judged=False)
        outcome.ghosts = self._followed(
            none_yet() if ghosts is None else ghosts, fallen, outcome.spent
        )
        return outcome

    @property
    def _end(self) -> int:
        """What signals are measured before that are asked for after all steps."""
        end = self.steps[-1].index + 1 if self.steps else 0
        return max([end, *(m.before for m in self.measures)])

    def _followed(self, ghosts: pl.DataFrame, fallen: Fallen, spent: Counter[str]) -> pl.DataFrame:
        """Return ghosts after all steps, with those that became some on the way."""
        if not len(ghosts) and not fallen.before and not fallen.after:
            return ghosts
        shadow = Outcome(ghosts, spent=spent)
        for step in self.steps:
            self._measure(shadow, step.index)
            shadow.docs = joined(shadow.docs, fallen.before.get(step.index, ()))
            if len(shadow.docs):
                _failpoint(shadow.docs, "shadow")
                shadow.docs = self._judged_anyway(shadow.docs, step, spent)
            shadow.docs = joined(shadow.docs, fallen.after.get(step.index, ()))
        self._measure(shadow, self._end)
        return joined(shadow.docs, fallen.before.get(self._end, ()))

    def _judged_anyway(
        self, docs: pl.DataFrame, step: StageSpec, spent: Counter[str]
    ) -> pl.DataFrame:
        stage = step.options
        if "html" in stage.needs() and "html" not in docs.columns:
            made = absent(docs, stage)
        else:
            made = self._made(step, docs, spent, again=True)
        if "text" in stage.adds():  # what a page has no text for is judged as an empty text
            made = made.with_columns(pl.col("text").fill_null(""))
        made = _with_verdicts(made)
        if stage.global_stage() is not None:  # here it only scores
            return made.drop("broken", "error")
        return judged_anyway(made, step.index)

    def _measure(self, outcome: Outcome, before: int) -> None:
        for measure in self.measures:
            if measure.before != before or "text" not in outcome.docs.columns:
                continue
            docs = outcome.docs
            measured = self._values(docs, measure.signals, measure.given, outcome.spent)
            versions = [measured[n].alias(s) for n, s in measure.stored.items() if s != n]
            docs = docs.drop(measured.columns, strict=False).with_columns(versions)
            outcome.elsewhere |= measure.stored.keys()
            outcome.elsewhere -= {n for n, s in measure.stored.items() if s == n}
            outcome.docs = docs.hstack(measured)

    def _values(
        self,
        docs: pl.DataFrame,
        signals: Sequence[str],
        given: Mapping[str, str],
        spent: Counter[str],
    ) -> pl.DataFrame:
        """Return signals of documents; those that the input has are only taken over."""
        taken = {
            name: given[name]
            for name in signals
            if given.get(name) in docs.columns and not docs[given[name]].null_count()
        }
        rest = [name for name in signals if name not in taken]
        if not rest:
            return docs.select(pl.col(inner).alias(name) for name, inner in taken.items())
        spent["measured"] += len(docs)
        made = signal_families.measure(docs["text"], rest, formulas=formulas_of(docs))
        found = [docs[inner].alias(name) for name, inner in taken.items()]
        return made.with_columns(found).select(signals)

    def _drop_unreadable(self, outcome: Outcome) -> None:
        if "error" not in outcome.docs.columns:
            return
        docs = outcome.docs
        bad = docs["error"].is_not_null()
        if bad.any():
            outcome.fell(failed(docs.filter(bad), "read"))
            docs = docs.filter(~bad)
        outcome.docs = docs.drop("error")

    def _apply(self, outcome: Outcome, step: StageSpec, drawn: Fallen) -> None:
        docs, judged = outcome.docs, outcome.judged
        if step.options.rule_set() is not None:
            docs = self._judge_together(outcome, step)
            docs = docs.with_columns(judged.pop(step.index))
        else:
            docs = self._made(step, docs, outcome.spent)
        docs = _with_verdicts(docs)
        error = docs["error"].is_not_null()
        down = (docs["broken"].list.len() > 0).fill_null(True) & ~error
        if step.options.tags():
            told = pl.lit(f"{step.title}:") + pl.col("broken").list.join(",")
            docs = tagged(docs, pl.lit(down), told)
            down = pl.Series(np.zeros(len(docs), bool))
        drawn.add(docs.filter(error | down), step.index, judged=True)
        if error.any():
            outcome.fell(failed(docs.filter(error), step.title))
        if down.any():
            fallen = docs.filter(down)
            others = {index: found["broken"].filter(down) for index, found in judged.items()}
            outcome.fell(_dropped(fallen, step, self._also(others)))
        stay = ~(error | down)
        for index in judged:
            judged[index] = judged[index].filter(stay)
        outcome.docs = docs.filter(stay).drop("broken", "error")

    def _made(
        self, step: StageSpec, docs: pl.DataFrame, spent: Counter[str], again: bool = False
    ) -> pl.DataFrame:
        """Return what a stage makes of documents, once it is noted what that costs."""
        if "text" in step.options.adds() and "html" in docs.columns:
            spent["pages"] += len(docs) - docs["html"].null_count()
        if not step.options.exact:
            spent["scored"] += len(docs)
        return applied(step, docs, again)

    def _judge_together(self, outcome: Outcome, step: StageSpec) -> pl.DataFrame:
        """Judge by the rules of this stage, and of later ones up to the next change of the text.

        Returns the documents with what only these stages measure.
        """
        docs, judged = outcome.docs, outcome.judged
        if step.index in judged:
            return docs
        for other in self.steps[self.steps.index(step) :]:
            if other.options.changes_text:
                break
            if other.options.rule_set() is None or other.index in judged:
                continue
            ready = other.index == step.index or (
                other.options.needs() | other.options.signals() <= {*docs.columns, *other.reads}
            )
            if ready:
                found = _with_verdicts(self._made(other, docs, outcome.spent))
                judged[other.index] = found.select("broken", "error")
                docs = docs.with_columns(found.select(list(other.options.adds())))
        return docs

    def _also(self, others: Mapping[int, pl.Series]) -> pl.Series | None:
        """Return what other filters of the phase found in the same rows, `filter.rule` each."""
        if not others:
            return None
        names = {step.index: step.options.label().removeprefix(":") for step in self.steps}
        told = pl.DataFrame({str(index): series for index, series in others.items()})
        return told.select(
            pl.concat_list(
                pl.col(str(index)).list.eval(pl.lit(f"{names[index]}.") + pl.element())
                for index in others
            )
        ).to_series()


def applied(step: StageSpec, docs: pl.DataFrame, again: bool = False) -> pl.DataFrame:
    """Return what a stage makes of `docs`, an `error` on rows where it raised.

    `again`: nothing outside of the run is asked.
    """
    made = apply_safely(step.options, with_asked(docs, step.reads), again)
    return without_asked(made, step.reads)


def _failpoint(docs: pl.DataFrame, where: str = "") -> None:
    """Die or hang here when CLEANER_POISON=WORD:kill (or hang) is set and a text holds the word.

    WORD:kill:shadow does so in the shadow only. For tests of documents that take their worker with
    them.
    """
    word, _, how = os.environ.get("CLEANER_POISON", "").partition(":")
    how, _, place = how.partition(":")
    if not word or place != where or "text" not in docs.columns:
        return
    error = docs["error"].is_null() if "error" in docs.columns else True
    if docs.filter(error & pl.col("text").str.contains(word, literal=True)).height:
        if how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(3600)


def apply_safely(stage: Stage, docs: pl.DataFrame, again: bool = False) -> pl.DataFrame:
    """Return `stage(docs)`; a row on which the stage raises gets an `error` instead.

    The frame is halved until the row is found, so that one bad document costs itself only.
    """
    made = stage.again if again else stage.for_run
    if not len(docs):
        return made(docs)
    try:
        return made(docs)
    except CleanerError:
        raise
    except BaseException as error:
        if is_shortage(error) or not (isinstance(error, Exception) or is_panic(error)):
            raise
        if len(docs) == 1:
            said = f"{type(error).__name__}: {first_line(error)}"
            empty = absent(docs, stage)
            return empty.with_columns(pl.lit(said).alias("error"))
        half = len(docs) // 2
        halves = [apply_safely(stage, part, again) for part in (docs[:half], docs[half:])]
        return pl.concat(halves, how="diagonal_relaxed")


def absent(docs: pl.DataFrame, stage: Stage) -> pl.DataFrame:
    """Return `docs` with the columns that `stage` would add, null where they are not there."""
    added: Mapping[str, Any] = stage.adds()
    return docs.with_columns(
        pl.lit(None, kind).alias(name) for name, kind in added.items() if name not in docs.columns
    )


def _with_verdicts(docs: pl.DataFrame) -> pl.DataFrame:
    wanted: Mapping[str, Any] = {
        "broken": pl.List(pl.String), "error": pl.String, "tagged": pl.List(pl.String),
    }  # fmt: skip
    new = [
        pl.lit(None, kind).alias(name) for name, kind in wanted.items() if name not in docs.columns
    ]
    docs = docs.with_columns(new)
    # Absent verdicts: a stage that only changes text leaves `broken` out; null lists are empty.
    return docs.with_columns(pl.col("broken").fill_null([]), pl.col("error").cast(pl.String))


def _fall_empty(outcome: Outcome, title: str) -> pl.DataFrame:
    """Let documents without a word fall, and return them."""
    docs = outcome.docs
    empty = docs["words"] == 0
    if empty.any():
        outcome.fell(dropped(docs.filter(empty), title, "empty"))
        outcome.docs = docs.filter(~empty)
    return docs.filter(empty)


def _dropped(docs: pl.DataFrame, step: StageSpec, also: pl.Series | None) -> pl.DataFrame:
    broken = pl.col("broken") if also is None else pl.concat_list("broken", pl.lit(also))
    docs = dropped(docs, step.title, pl.col("broken").list.first(), broken)
    if step.options.drops_most:
        docs = docs[[name for name in docs.columns if name.split("@")[0] in _OF_MANY]]
    return docs

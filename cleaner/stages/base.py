"""What every stage is: frozen options plus one call on a frame of documents.

A frame has a row per document: the key (`file` UInt32, `row` UInt64), the label `id`, the columns
that the job carries, `text` (or `html` before `extract`), and what earlier stages added. A stage
returns the same rows in the same order and may add

- `broken` (List(String)): the reasons why a document falls; empty means keep,
- `error` (String): why a document could not be judged; null means it could,
- `text` and `characters_cut` (UInt32), when it changes the text,
- the columns that `adds` names: scores, facts, labels.

It never filters and never reorders; the engine moves what fell out to the ledger.
"""

from collections.abc import Collection, Mapping, Set
from typing import Any, ClassVar, Self

import polars as pl

from cleaner.errors import JobError
from cleaner.rules.conditions import Limit, parse
from cleaner.rules.rule_set import RuleSet
from cleaner.rules.sql import ConditionError
from cleaner.stages.global_stage import GlobalStage
from cleaner.stages.options.base import JudgingOptions, StageOptions
from cleaner.text.segment import formulas_of


class Stage(StageOptions):
    """One entry of a job's `stages`."""

    # Options that only say what falls by what the stage adds; `rejudged` knows the others' work.
    judged_by: ClassVar[frozenset[str]] = frozenset()
    version: ClassVar[int] = 1  # raised whenever the same input may give other output
    changes_text: ClassVar[bool] = False
    exact: ClassVar[bool] = True  # False: float scores, another machine may differ in the last bit
    gpu: ClassVar[bool] = False  # it runs on a GPU where there is one
    keeps_signals: ClassVar[bool] = False  # all that were measured go on as far as here
    for_ledger: ClassVar[bool] = False  # what it adds is for the ledger, not for later stages
    drops_most: ClassVar[bool] = False  # of a crawl; the ledger tells less of what falls here

    def plain(self) -> dict[str, Any]:
        """Return the options as plain data, under the names of the job file."""
        return self.model_dump(mode="json", by_alias=True)

    def tags(self) -> bool:
        """Return whether documents that fall here stay, with a tag."""
        return False

    def condition(self) -> str | None:
        """Return the condition that says which documents are judged here; None: all."""
        return None

    def label(self) -> str:
        """Return what follows the stage's name in ledgers (`:math_web` for a filter), or ''."""
        return ""

    def needs(self) -> set[str]:
        """Return the columns of the frame this stage reads."""
        return {"text"}

    def may_read(self) -> set[str]:
        """Return the columns of the input that help this stage where they are carried."""
        return set()

    def adds(self) -> dict[str, Any]:
        """Return the columns this stage adds for good, name -> Polars type."""
        return {}

    def labels(self) -> set[str]:
        """Return those of the columns added, texts, by which the ledger can be counted."""
        return set()

    def signals(self) -> set[str]:
        """Return the signals this stage judges by; the engine measures them once for a phase."""
        return set()

    @classmethod
    def resolved_type(cls) -> "type[Stage]":
        """Return the type of what `resolve` returns, which travels to workers and is recorded.

        A stage whose files are read on the driver has a type of its own for what was read: no job
        file can say that.
        """
        return cls

    def resolve(self) -> "Stage":
        """Return these options with what models and files say filled in, or raise JobError.

        Called once, on the driver, before anything runs.
        """
        return self

    def resolved(self, columns: Collection[str], score: str | None = None) -> Self:
        """Return these options with what depends on the stages before filled in.

        `columns` are the labels that the input has, `score` the column of the last classifier.
        """
        return self

    def check(self, columns: Mapping[str, Any]) -> None:
        """Raise JobError where a column that this stage reads is of a type it cannot read.

        `columns` are the types, by name, of all that it needs beside the text.
        """

    def rule_set(self) -> RuleSet | None:
        """Return the rules by which documents are judged here; None for another kind of stage."""
        return None

    def limits(self) -> tuple[Limit, ...]:
        """Return the limits of its own that a stage without rules judges by, of what it adds."""
        return ()

    def score(self) -> str | None:
        """Return the column of the score by which a later stage may prefer documents, if any."""
        return None

    def leaves_no_near_copies(self) -> bool:
        """Return whether no two documents that stay here are near duplicates of each other."""
        return False

    def global_stage(self) -> GlobalStage | None:
        """Return how this stage sees all rows; None for one that goes row by row."""
        return None

    def cuts_told(self, docs: pl.DataFrame) -> list[str] | None:
        """Return the lines of one text, cut ones after `- ` and with the rule that each broke.

        None where this stage knows nothing of rules for lines.
        """
        return None

    def files(self) -> list[str]:
        """Return the paths of models and lists whose bytes decide the outcome."""
        return []

    def begun(self) -> None:
        """Make ready what this stage needs outside of the run, on the driver as a run begins."""

    def offline(self) -> "Stage":
        """Return this stage as one that asks nobody outside, for a forecast."""
        return self

    def foreseen(self, counts: Mapping[str, Any], scale: float) -> str | None:
        """Say what asking outside will cost, by the counts of a sample that asked nobody.

        `scale` is how many times greater the whole is.
        """
        return None

    def about(self) -> dict[str, Any]:
        """Return what the manifest says of this stage beside its options, once the run is done."""
        return {}

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs`, same rows and order, with what this stage adds."""
        raise NotImplementedError

    def again(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return what the stage makes of `docs` without asking anything outside of the run.

        For the shadow, and for whoever looks at one document once more.
        """
        return self.for_run(docs)

    def recalls(self) -> dict[str, Any]:
        """Return what `for_run` adds for a later run that judges anew, name -> Polars type."""
        return {}

    def for_run(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return what the stage makes of `docs`, with the columns that `recalls` names."""
        return self(docs)

    def rejudged(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs` with `broken`, of documents that have all that the stage adds already.

        Asked only of a stage that names options in `judged_by`. No text is read.
        """
        raise NotImplementedError


class Judging(JudgingOptions, Stage):
    """A stage that drops documents, or only tags them; `where` says which ones it judges."""

    def tags(self) -> bool:
        """Return whether documents that fall here stay, with a tag."""
        return self.action == "tag"

    def condition(self) -> str | None:
        """Return `where`."""
        return self.where

    def asked(self) -> set[str]:
        """Return the signals and columns that `where` reads."""
        return set(parse(self.where, ask_unknown=True).columns) if self.where else set()

    def asked_needs(self) -> set[str]:
        """Return the columns that `where` needs: those it reads, and the text for its signals."""
        columns = self.asked() - _known_signals()
        return columns | {"text"} if self.asked() & _known_signals() else columns

    def needs(self) -> set[str]:
        """Return the text, and what `where` needs."""
        return {"text"} | self.asked_needs()

    def signals(self) -> set[str]:
        """Return the signals that `where` reads."""
        return self.asked() & _known_signals()

    def check(self, columns: Mapping[str, Any]) -> None:
        """Raise JobError where `where` asks of a column what its type cannot answer."""
        if self.where is not None and self.asked():
            try:
                parse(self.where, ask_unknown=True).check(columns)
            except ConditionError as error:
                raise JobError(f"where: {error}") from None

    def judged(self, docs: pl.DataFrame) -> pl.Series:
        """Return which documents `where` says are judged here; all without it."""
        if self.where is None:
            return pl.repeat(True, len(docs), eager=True)
        absent = sorted((self.asked() & _known_signals()) - set(docs.columns))
        if absent:
            from cleaner.signals import measure

            docs = docs.hstack(measure(docs["text"], absent, formulas=formulas_of(docs)))
        condition = parse(self.where, ask_unknown=True).expression(docs.schema)
        return docs.select(judged=condition.fill_null(False)).to_series()


def _known_signals() -> Set[str]:
    from cleaner.signals import SIGNALS

    return SIGNALS.keys()

"""Drop what breaks a rule of a filter file."""

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any, ClassVar, Self

import polars as pl
from pydantic import model_validator

from cleaner.config.word_lists import load_phrases
from cleaner.errors import JobError
from cleaner.rules.rule_set import RuleSet, broken_rules, load_rules
from cleaner.signals import SIGNALS, VERSION, measure
from cleaner.signals.splitters import check
from cleaner.stages.base import Judging
from cleaner.stages.marked import LOSS, LOSS_SIGNALS, formula_loss
from cleaner.stages.options.filter import FilterOptions
from cleaner.text.segment import formulas_of


class ByRules(FilterOptions, Judging):
    """What a filter does, whether its rules are still in a file or already at hand."""

    version: ClassVar[int] = VERSION  # it judges by signals
    for_ledger: ClassVar[bool] = True
    judged_by: ClassVar[frozenset[str]] = frozenset({"name", "rules", "where", "action"})

    def rule_set(self) -> RuleSet:
        """Return the rules."""
        raise NotImplementedError

    def phrase_lists(self) -> Mapping[str, tuple[str, ...]]:
        """Return the lists that the rules read, by name."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _rules_fit_the_signals(self) -> Self:
        rules = self.rule_set()
        if not rules.rules:
            raise ValueError(f"name: {rules.name} has rules for lines only; see clean_lines")
        # Rules that also read columns of the job are checked once those are known.
        known = {name: SIGNALS[name][0] for name in self._measures()} | {LOSS: pl.Float64}
        of_signals = [r for r in rules.rules if known.keys() >= set(r.condition.columns)]
        rules.check(known, of_signals)
        return self

    def label(self) -> str:
        """Return `:gopher_quality`."""
        return f":{self.rule_set().name}"

    def signals(self) -> set[str]:
        """Return the signals that are measured in the usual way, for all filters of a phase."""
        return {name for name in self._measures() if self._stored(name) is None}

    def adds(self) -> dict[str, Any]:
        """Return what only this filter measures: in its unit, by its lists, or of the page."""
        own = {stored: SIGNALS[n][0] for n in self._measures() if (stored := self._stored(n))}
        return {**own, LOSS: pl.Float64} if LOSS in self._reads() else own

    def needs(self) -> set[str]:
        """Return `text`, and the columns that the rules or `where` read beside signals."""
        return {"text", *(name for name in self._reads() if name not in SIGNALS and name != LOSS)}

    def check(self, columns: Mapping[str, Any]) -> None:
        """Raise JobError where a rule, or `on`, asks of a column what its type cannot answer."""
        own = {name: SIGNALS[name][0] for name in self._measures()} | {LOSS: pl.Float64}
        super().check({**columns, **own})
        self.rule_set().check({**columns, **own})

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs` with `broken` and what `adds` names, in the same order."""
        absent = [n for n in self._measures() if self._stored(n) or n not in docs.columns]
        frame = docs.drop(absent, strict=False).hstack(self._measured(docs, absent))
        if LOSS in self._reads():
            frame = frame.with_columns(formula_loss(frame))
        own = [frame[name].alias(stored) for name in absent if (stored := self._stored(name))]
        own += [frame[LOSS]] if LOSS in self._reads() else []
        return docs.with_columns(self._broken(frame), *own)

    def rejudged(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs`, which have all signals that are asked for, with `broken`."""
        own = {n: stored for n in self._measures() if (stored := self._stored(n)) is not None}
        frame = docs.with_columns(pl.col(stored).alias(name) for name, stored in own.items())
        return docs.with_columns(self._broken(frame))

    def _broken(self, frame: pl.DataFrame) -> pl.Series:
        broken = broken_rules(frame, self.rule_set())
        if self.where is not None:
            nothing = pl.lit([], pl.List(pl.String))
            judged = pl.when(self.judged(frame)).then(broken).otherwise(nothing)
            broken = pl.select(judged).to_series()
        return broken.alias("broken")

    def _reads(self) -> list[str]:
        return list(dict.fromkeys((*self.rule_set().columns, *sorted(self.asked()))))

    def _measures(self) -> list[str]:
        reads = self._reads()
        of_loss = LOSS_SIGNALS if LOSS in reads else ()
        return [name for name in dict.fromkeys((*reads, *of_loss)) if name in SIGNALS]

    def _stored(self, signal: str) -> str | None:
        """Return the column of a signal that only this filter measures, or None."""
        if (unit := self.rule_set().unit) != "word":
            return f"{signal}:{unit}"
        if not self.formulas:
            return f"{signal}:no_formulas"
        return signal if ":" in signal else None

    def _measured(self, docs: pl.DataFrame, signals: list[str]) -> pl.DataFrame:
        if not signals:
            return pl.DataFrame()
        text = docs["text"]
        made = measure(
            text,
            signals,
            formulas=formulas_of(docs) if self.formulas else False,
            unit=self.rule_set().unit,
            lists=self.phrase_lists(),
        )
        if text.null_count():
            # A text that is not there cannot be measured, and what is unknown is not kept.
            made = made.select(pl.when(text.is_not_null()).then(pl.all()))
        return made


class ResolvedFilter(ByRules):
    """A filter with its rules and lists as data: no worker opens their files."""

    rules: RuleSet
    phrases: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, rules: RuleSet, **options: Any) -> Self:
        """Return the filter of a rule set that is in no file; `options` are those of `filter`."""
        asked = Judging(where=options.get("where")).asked()
        phrases = read_lists(rules, asked, options.get("lists") or {})
        return cls(**options, name=rules.name, rules=rules, phrases=phrases)

    def rule_set(self) -> RuleSet:
        """Return the rules."""
        return self.rules

    def phrase_lists(self) -> Mapping[str, tuple[str, ...]]:
        """Return the lists that the rules read, by name."""
        return self.phrases

    def resolve(self) -> Self:
        """Return this filter, or raise JobError when the words of its rules need a package."""
        try:
            check(self.rules.unit)
        except JobError as error:
            raise JobError(f"{self.rules.name}: {error}") from None
        return self


class Filter(ByRules):
    """The stage at work; its options say what it does."""

    @model_validator(mode="after")
    def _lists_are_read(self) -> Self:
        self.phrase_lists()  # a missing file is said with the place of the stage
        return self

    @cached_property
    def rules(self) -> RuleSet:
        """The rules of the file."""
        return load_rules(self.name)

    @cached_property
    def phrases(self) -> dict[str, tuple[str, ...]]:
        """The lists that the rules and `where` read, by name."""
        return read_lists(self.rules, self.asked(), self.lists)

    def rule_set(self) -> RuleSet:
        """Return the rules of the file."""
        return self.rules

    def phrase_lists(self) -> Mapping[str, tuple[str, ...]]:
        """Return the lists that the rules and `where` read, by name."""
        return self.phrases

    @classmethod
    def resolved_type(cls) -> type[ResolvedFilter]:
        """Return the type of a filter with its rules."""
        return ResolvedFilter

    def resolve(self) -> ResolvedFilter:
        """Return these options with the rules and lists of their files."""
        return ResolvedFilter(**self.model_dump(), rules=self.rules, phrases=self.phrases).resolve()


def read_lists(
    rules: RuleSet, asked: Collection[str], lists: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Return the lists that rules and the columns `asked` by a condition read, from their files.

    `lists` gives files for some of them; ValueError for one that is not read.
    """
    read = [*rules.columns, *sorted(asked)]
    used = list(dict.fromkeys(name.partition(":")[2] for name in read if ":" in name))
    for name in lists:
        if name not in used:
            there = ", ".join(used) or "none"
            raise ValueError(f"lists: {rules.name} reads no list {name!r}; it reads: {there}")
    return {name: load_phrases(lists.get(name, name)) for name in used}

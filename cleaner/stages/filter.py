"""Drop what breaks a rule of a filter file."""

from collections.abc import Mapping
from typing import Any, ClassVar

import polars as pl
from pydantic import Field, model_validator

from cleaner.config.word_lists import load_phrases
from cleaner.errors import JobError
from cleaner.rules.conditions import parse
from cleaner.rules.rule_set import RuleSet, broken_rules, load_rules
from cleaner.rules.sql import ConditionError
from cleaner.signals import SIGNALS, measure
from cleaner.signals.splitters import check
from cleaner.stages.base import Judging
from cleaner.stages.marked import LOSS, LOSS_SIGNALS, formula_loss, formulas_of


class Filter(Judging):
    """Add `broken`, the list of rules each document fails; an empty list means keep.

    `name` is a filter of `filters/`, or a path; `lists` gives files for lists that its rules read.
    Rules and lists are held as data: only who builds the stage opens files.
    """

    version: ClassVar[int] = 3  # what is misread, what RefinedWeb cuts

    name: str
    formulas: bool = True
    lists: dict[str, str] = Field(default_factory=dict)
    rules: RuleSet
    phrases: dict[str, tuple[str, ...]]

    @classmethod
    def from_short(cls, value: Any) -> dict[str, Any]:
        """Return options for `filter: gopher_quality`."""
        if not isinstance(value, str):
            return super().from_short(value)
        return {"name": value}

    @model_validator(mode="before")
    @classmethod
    def _resolve(cls, options: Any) -> Any:
        if not isinstance(options, dict) or "name" not in options or "phrases" in options:
            return options
        rules = options.get("rules")
        if not isinstance(rules, RuleSet):
            rules = load_rules(str(options["name"]))
        if not rules.rules:
            raise ValueError(f"name: {rules.name} has rules for lines only; see clean_lines")
        lists = options.get("lists") or {}
        if not isinstance(lists, dict):
            return {**options, "rules": rules, "phrases": {}}  # refused by the field's type
        where = options.get("where", options.get("on"))
        read = [*rules.columns, *(_reads(where) if isinstance(where, str) else ())]
        used = list(dict.fromkeys(name.partition(":")[2] for name in read if ":" in name))
        for name in lists:
            if name not in used:
                there = ", ".join(used) or "none"
                raise ValueError(f"lists: {rules.name} reads no list {name!r}; it reads: {there}")
        phrases = {name: load_phrases(str(lists.get(name, name))) for name in used}
        return {**options, "rules": rules, "phrases": phrases}

    @model_validator(mode="after")
    def _rules_fit_the_signals(self) -> "Filter":
        # Rules that also read columns of the job are checked once those are known.
        known = {name: SIGNALS[name][0] for name in self._measures()} | {LOSS: pl.Float64}
        of_signals = [r for r in self.rules.rules if known.keys() >= set(r.condition.columns)]
        self.rules.check(known, of_signals)
        return self

    def resolve(self) -> "Filter":
        """Return these options, or raise JobError when the words of the rules need a package."""
        try:
            check(self.rules.unit)
        except JobError as error:
            raise JobError(f"{self.rules.name}: {error}") from None
        return self

    def label(self) -> str:
        """Return `:gopher_quality`."""
        return f":{self.rules.name}"

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
        self.rules.check({**columns, **own})

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs` with `broken` and what `adds` names, in the same order."""
        absent = [n for n in self._measures() if self._stored(n) or n not in docs.columns]
        frame = docs.drop(absent, strict=False).hstack(self._measured(docs, absent))
        if LOSS in self._reads():
            frame = frame.with_columns(formula_loss(frame))
        broken = broken_rules(frame, self.rules)
        if self.where is not None:
            nothing = pl.lit([], pl.List(pl.String))
            judged = pl.when(self.judged(frame)).then(broken).otherwise(nothing)
            broken = pl.select(judged).to_series()
        own = [frame[name].alias(stored) for name in absent if (stored := self._stored(name))]
        own += [frame[LOSS]] if LOSS in self._reads() else []
        return docs.with_columns(broken.alias("broken"), *own)

    def _reads(self) -> list[str]:
        return list(dict.fromkeys((*self.rules.columns, *sorted(self.asked()))))

    def _measures(self) -> list[str]:
        reads = self._reads()
        of_loss = LOSS_SIGNALS if LOSS in reads else ()
        return [name for name in dict.fromkeys((*reads, *of_loss)) if name in SIGNALS]

    def _stored(self, signal: str) -> str | None:
        """Return the column of a signal that only this filter measures, or None."""
        if self.rules.unit != "word":
            return f"{signal}:{self.rules.unit}"
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
            unit=self.rules.unit,
            lists=self.phrases,
        )
        if text.null_count():
            # A text that is not there cannot be measured, and what is unknown is not kept.
            made = made.select(pl.when(text.is_not_null()).then(pl.all()))
        return made


def _reads(where: str) -> tuple[str, ...]:
    try:
        return tuple(parse(where, ask_unknown=True).columns)
    except ConditionError as error:
        raise ValueError(f"where: {error}") from None

"""Cut the lines of a text that break the rules of a file."""

from functools import cached_property
from typing import ClassVar, Self

import polars as pl
from pydantic import model_validator

from cleaner.rules.lines import LINE_SIGNALS, clean, show_cuts
from cleaner.rules.rule_set import RuleSet, load_rules
from cleaner.signals import SIGNALS
from cleaner.stages.base import Stage
from cleaner.stages.marked import cut_so_far
from cleaner.stages.options.clean_lines import CleanLinesOptions
from cleaner.text.segment import formulas_of


class ByLineRules(CleanLinesOptions, Stage):
    """What the stage does, whether its rules are still in a file or already at hand."""

    version: ClassVar[int] = (
        4  # headlines without a mark go where several share no word with the text
    )
    changes_text: ClassVar[bool] = True

    def of_lines(self) -> RuleSet:
        """Return the rules for lines."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _rules_fit_lines(self) -> Self:
        rules = self.of_lines()
        if not rules.lines:
            raise ValueError(
                f"rules: {self.rules} has no rules for lines; c4_lines is one that does"
            )
        rules.check({name: SIGNALS[name][0] for name in SIGNALS} | _KINDS, rules.lines)
        return self

    def label(self) -> str:
        """Return `:c4_lines`."""
        return f":{self.of_lines().name}"

    def cuts_told(self, docs: pl.DataFrame) -> list[str]:
        """Return the lines of one text, cut ones with the rule that each broke."""
        return show_cuts(docs["text"], self.of_lines(), formulas_of(docs))

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs` with `text` cleaned and `characters_cut`."""
        text, cut = clean(docs["text"], self.of_lines(), formulas_of(docs))
        return docs.with_columns(text=text, characters_cut=cut_so_far(docs, cut))


class ResolvedCleanLines(ByLineRules):
    """The stage with its rules as data: no worker opens their file."""

    line_rules: RuleSet

    def of_lines(self) -> RuleSet:
        """Return the rules for lines."""
        return self.line_rules


class CleanLines(ByLineRules):
    """The stage at work; its options say what it does."""

    @cached_property
    def line_rules(self) -> RuleSet:
        """The rules of the file."""
        return load_rules(self.rules)

    def of_lines(self) -> RuleSet:
        """Return the rules for lines."""
        return self.line_rules

    @classmethod
    def resolved_type(cls) -> type[ResolvedCleanLines]:
        """Return the type of the stage with its rules."""
        return ResolvedCleanLines

    def resolve(self) -> ResolvedCleanLines:
        """Return these options with the rules of their file."""
        return ResolvedCleanLines(**self.model_dump(), line_rules=self.line_rules)


_KINDS = {name: kind for name, (kind, _) in LINE_SIGNALS.items()}

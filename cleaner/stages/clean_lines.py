"""Cut the lines of a text that break the rules of a file."""

from typing import Any, ClassVar

import polars as pl
from pydantic import model_validator

from cleaner.rules.lines import LINE_SIGNALS, clean
from cleaner.rules.rule_set import RuleSet, load_rules
from cleaner.signals import SIGNALS
from cleaner.stages.base import Stage
from cleaner.stages.marked import cut_so_far, formulas_of


class CleanLines(Stage):
    """Replace `text` by the lines that keep every rule, and count `characters_cut`.

    `rules` is a file of `filters/` with a part `lines`, or a path. A text that is left without a
    word is dropped as `empty` by what comes next.
    """

    version: ClassVar[int] = 2  # formulas stay
    changes_text: ClassVar[bool] = True

    rules: str = "c4_lines"
    line_rules: RuleSet

    @classmethod
    def from_short(cls, value: Any) -> dict[str, Any]:
        """Return options for `clean_lines: refinedweb_lines`."""
        if not isinstance(value, str):
            return super().from_short(value)
        return {"rules": value}

    @model_validator(mode="before")
    @classmethod
    def _resolve(cls, options: Any) -> Any:
        if not isinstance(options, dict) or "line_rules" in options:
            return options
        name = str(options.get("rules", cls.model_fields["rules"].default))
        rules = load_rules(name)
        if not rules.lines:
            raise ValueError(f"rules: {name} has no rules for lines; c4_lines is one that does")
        rules.check({name: SIGNALS[name][0] for name in SIGNALS} | _KINDS, rules.lines)
        return {**options, "line_rules": rules}

    def label(self) -> str:
        """Return `:c4_lines`."""
        return f":{self.line_rules.name}"

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs` with `text` cleaned and `characters_cut`."""
        text, cut = clean(docs["text"], self.line_rules, formulas_of(docs))
        return docs.with_columns(text=text, characters_cut=cut_so_far(docs, cut))


_KINDS = {name: kind for name, (kind, _) in LINE_SIGNALS.items()}

"""Filter files: rules as lines of SQL over signals, and which of them a document breaks."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl
import pyarrow as pa
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from cleaner.config import yaml12
from cleaner.config.mistakes import Where, guess, keys_of
from cleaner.config.regex import is_pattern
from cleaner.config.shipped import shipped, shipped_path
from cleaner.errors import RuleError
from cleaner.rules.conditions import Condition, Limit, Schema, parse
from cleaner.rules.frames import Frame
from cleaner.rules.sql import ConditionError
from cleaner.signals.splitters import Unit


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Citation(_File):
    """Where a set or a rule was published; `cite: ours` when it was here."""

    cite: str
    url: str | None = None


class Rule(_File):
    """One condition for keeping a document."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)
    keep: str
    note: str = ""

    @field_validator("keep")
    @classmethod
    def _is_a_condition(cls, value: str) -> str:
        if not parse(value).columns:
            raise ValueError(f"keep: {value!r} reads no signal")
        return value.strip()

    @cached_property
    def condition(self) -> Condition:
        """The parsed `keep`."""
        return parse(self.keep)

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The range per signal that `keep` states, or () when it says something else."""
        return self.condition.limits


class FilterFile(_File):
    """What a filter file may say, as `filters/gopher_quality.yaml` does."""

    title: str
    version: int = Field(1, ge=1)  # raised with every change to what it keeps; the card names it
    source: tuple[Citation, ...]
    # What a word is: ours, or that of a dictionary for a set that was published so.
    unit: Unit = "word"
    languages: tuple[str, ...] = ()
    note: str = ""
    rules: tuple[Rule, ...] = ()
    # For `clean_lines`: patterns (RE2) cut out of every line, then rules that each line must keep.
    # A line is measured as a text of its own.
    cut: tuple[str, ...] = ()
    lines: tuple[Rule, ...] = ()
    # What goes where it stands above or below the prose.
    frame: Frame = Frame()

    @field_validator("source", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict) else value

    @field_validator("source")
    @classmethod
    def _not_empty(cls, value: tuple[Citation, ...]) -> tuple[Citation, ...]:
        if not value:
            raise ValueError("source: an empty list; say who published this, or {cite: ours}")
        return value

    @field_validator("rules", "lines")
    @classmethod
    def _names_differ(cls, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        names = [rule.name for rule in rules]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two rules are named {name!r}")
        return rules

    @field_validator("cut")
    @classmethod
    def _patterns(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            if not is_pattern(pattern):
                raise ValueError(f"cut: {pattern!r} is not a regular expression (RE2)")
        return patterns

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.rules and not self.lines:
            raise ValueError("'rules' is missing")
        return self


class RuleSet(FilterFile):
    """A filter file as a value, with the name by which it goes."""

    name: str
    file: str = ""  # where it was read, for messages

    @property
    def columns(self) -> tuple[str, ...]:
        """The signals and columns that the rules read, in the order of first use."""
        return _read_by(self.rules)

    @property
    def line_columns(self) -> tuple[str, ...]:
        """The signals that the rules for lines read, in the order of first use."""
        return _read_by(self.lines)

    def check(self, schema: Schema, rules: Sequence[Rule] | None = None) -> None:
        """Raise RuleError for the first rule that does not fit columns of this schema.

        `rules` are some of the set, `lines` for one; without them the rules for documents.
        """
        for rule in self.rules if rules is None else rules:
            try:
                rule.condition.check(schema)
            except ConditionError as error:
                raise RuleError(f"{self.file or self.name}: rule {rule.name!r}: {error}") from None


def _read_by(rules: tuple[Rule, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for rule in rules for name in rule.condition.columns))


def load_rules(name_or_path: str | Path) -> RuleSet:
    """Return a rule set by its name in `filters/`, or by the path of a file.

    >>> load_rules("gopher_quality").rules[0].name
    'word_count'
    """
    given = str(name_or_path)
    if "/" in given or given.endswith((".yaml", ".yml")) or isinstance(name_or_path, Path):
        path, shown = Path(shipped_path(given)), given
        if not path.is_file():
            raise RuleError(f"{given}: no such filter file")
    else:
        path, shown = shipped("filters") / f"{given}.yaml", f"filters/{given}.yaml"
        if not path.is_file():
            known = filter_names()
            there = ", ".join(known)
            raise RuleError(f"unknown filter {given!r}{guess(given, known)}; available: {there}")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"{shown}: cannot be read: {error}") from None
    return parse_rules(text, path.stem, shown)


def filter_names() -> list[str]:
    """Return the names of the filters that ship with this installation."""
    return sorted(path.stem for path in shipped("filters").glob("*.yaml"))


def parse_rules(text: str, name: str, file: str) -> RuleSet:
    """Return the rule set that a filter file's text states; `file` is how errors call it."""
    data, places = yaml12.load(text, file)
    if not isinstance(data, dict):
        raise RuleError(f"{file}: a filter file has title, source and rules")
    try:
        said = FilterFile.model_validate(data)
    except ValidationError as error:
        where = Where(file, places)
        problems = [_problem(where, data, mistake) for mistake in error.errors()]
        raise RuleError("\n".join(problems)) from None
    return RuleSet(**dict(said), name=name, file=file)


def _problem(where: Where, data: dict[str, Any], mistake: Any) -> str:
    """Say one mistake of a filter file: where, which rule, what, and what there is instead."""
    keys = tuple(mistake["loc"])
    if keys[:2] == ("source", 0) and isinstance(data["source"], dict):
        keys = ("source", *keys[2:])
    place = where.at(keys)
    model: type[BaseModel] = FilterFile
    inside = keys
    match keys:
        case ("rules" | "lines" as part, int() as index, *rest) if isinstance(
            data[part][index], dict
        ):
            place += f": rule {data[part][index].get('name', index + 1)!r}"
            model, inside = Rule, tuple(rest)
        case ("source", *rest) if rest:
            model, inside = Citation, tuple(rest[-1:])
    what = ".".join(str(key) for key in inside)
    match mistake["type"]:
        case "extra_forbidden":
            known = keys_of(model)
            there = ", ".join(known)
            return f"{place}: unknown key {what!r}{guess(what, known)}; available: {there}"
        case "missing":
            return f"{place}: {what!r} is missing"
        case "value_error":
            return f"{place}: {mistake['ctx']['error']}"
        case _:
            return f"{place}: {what}: {mistake['msg']}, not {mistake['input']!r}"


def broken_rules(frame: pl.DataFrame, rules: RuleSet) -> pl.Series:
    """Return the list of rules that each row breaks; an empty list means keep.

    A rule whose condition is unknown, because a signal is null or NaN, is broken: a document that
    could not be measured is not kept.
    """
    rules.check(frame.schema)
    return _broken(frame, rules.rules)


def broken_line_rules(frame: pl.DataFrame, rules: RuleSet) -> pl.Series:
    """Return the list of rules for lines that each row, a line, breaks."""
    rules.check(frame.schema, rules.lines)
    return _broken(frame, rules.lines)


def _broken(frame: pl.DataFrame, rules: tuple[Rule, ...]) -> pl.Series:
    kept = frame.select(
        # fill_null: an unknown is never a yes
        rule.condition.expression(frame.schema).fill_null(False).alias(rule.name)
        for rule in rules
    )
    return named(~kept.to_numpy().reshape(frame.height, kept.width), kept.columns)


def named(chosen: np.ndarray, names: list[str]) -> pl.Series:
    """Return, per row of a boolean matrix, the names of the columns that are true.

    >>> named(np.array([[True, True], [False, False]]), ["a", "b"]).to_list()
    [['a', 'b'], []]
    """
    rows, columns = np.nonzero(chosen)
    offsets = np.searchsorted(rows, np.arange(len(chosen) + 1))
    values = pa.array(names, pa.large_string()).take(pa.array(columns))
    series = pl.from_arrow(pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), values))
    assert isinstance(series, pl.Series)
    return series.alias("broken")


def broken_by_set(frame: pl.DataFrame, sets: Iterable[RuleSet]) -> pl.DataFrame:
    """Return the broken rules of several sets, a list column per set."""
    return pl.DataFrame([broken_rules(frame, rules).alias(rules.name) for rules in sets])

"""The types of what `--json` prints, from which its JSON schemas are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, with_config

from cleaner.errors import JobError
from cleaner.results.diff import Diff
from cleaner.results.finished import Limit
from cleaner.results.funnel import Group
from cleaner.results.passages import Cut, Origin, Passage
from cleaner.results.rules import Overlap, RuleCounts
from cleaner.results.spans import Span
from cleaner.results.values import Values
from cleaner.results.whatif import WhatIf

Row = Annotated[
    dict[str, Any],
    Field(description="a row of the ledger: its columns, then the signals measured, by name"),
]
RowWithText = Annotated[
    dict[str, Any],
    Field(
        description="a row of the ledger with `text`, null where it cannot be read any more; "
        "from `sample --near` also with `near`, the distance from the limit"
    ),
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Rows(_Strict):
    """What became of the input, in rows."""

    came: int = Field(alias="in")
    kept: int
    dropped: int
    failed: int


class Stage(_Strict):
    """A line of the funnel; in documents: reasons, tags, what is lost by source and language."""

    stage: str
    came: int = Field(alias="in")
    in_characters: int
    in_words: int
    kept: int
    kept_characters: int
    kept_words: int
    dropped: int
    dropped_characters: int
    dropped_words: int
    failed: int
    failed_characters: int
    failed_words: int
    shortened: int
    cut_characters: int
    cut_words: int
    added_characters: int
    added_words: int
    reasons: dict[str, int]
    tagged: dict[str, int]
    lost_by_source: dict[str, int]
    lost_by_language: dict[str, int]


class Edges(_Strict):
    """The limit of a score that a stage judges by."""

    signal: str
    low: float | None
    high: float | None


class Judged(_Strict):
    """Documents that a stage judged, and of these those that failed."""

    judged: int
    fails: int


class Judge(Judged):
    """A stage that judges by rules, or by a score."""

    stage: str
    where: str | None
    where_known: bool
    drops: bool
    limits: list[Edges]
    languages: dict[str, Judged]
    sources: dict[str, Judged]


class Counted(Judged):
    """Documents that a rule judged and failed."""

    fails_only: int
    comes_back: int
    fails_before: int


class Rule(Counted):
    """One rule of a filter."""

    stage: str
    rule: str
    keep: str
    languages: dict[str, Counted]
    sources: dict[str, Counted]


class Label(_Strict):
    """What became of one source or language."""

    came: int = Field(alias="in")
    kept: int
    dropped: int
    failed: int
    kept_words: int
    kept_characters: int


class Table(_Strict):
    """A table that a stage which sees all documents made of them."""

    heading: str
    rows: list[dict[str, Any]]


class Stats(_Strict):
    """What `stats.json` holds."""

    format: int
    rows: Rows
    token_unit: str
    stages: list[Stage]
    judges: list[Judge]
    rules: list[Rule]
    overlap: list[tuple[int, int, int]]
    sources: dict[str, Label]
    languages: dict[str, Label]
    dedup: dict[str, dict[str, Any]]
    tables: list[Table]
    failed_files: list[str]


@dataclass(frozen=True)
class Rules:
    """The rules of a run, and which fail together."""

    rules: Sequence[RuleCounts]
    overlap: Overlap


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True)
class Explained:
    """What became of one document, why, and the places in its text that decided."""

    row: Row
    verdict: str
    limits: Sequence[Limit]
    chain: Sequence[str]
    text: str | None
    origin: Origin | None
    found: Sequence[Passage]
    differs: Sequence[Span] | None
    lacks: int
    cut: Sequence[Cut]


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True)
class Settable:
    """A rule or a cut that `whatif --set` may change."""

    stage: str
    rule: str
    keep: str


@dataclass(frozen=True)
class Tried(WhatIf):
    """A run under other thresholds, with the commands to run it."""

    commands: Sequence[str] = ()


# By the command that prints it, always with `--json`.
PRINTED: Mapping[str, Any] = {
    "stats": Stats,
    "stats --by language": list[Group],
    "stats --by source": list[Group],
    "stats --by rule": Rules,
    "stats --histogram": list[Values],
    "explain": list[Explained],
    "sample": list[RowWithText],
    "whatif": Tried,
    "whatif without --set": list[Settable],
    "diff": Diff,
}


def schema(command: str) -> dict[str, Any]:
    """Return the JSON schema of what a command prints with `--json`."""
    if command not in PRINTED:
        raise JobError(f"{command}: has no schema; available: {', '.join(PRINTED)}")
    made = TypeAdapter(PRINTED[command]).json_schema(mode="serialization", by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}

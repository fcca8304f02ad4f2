"""What stands in a report: frozen values that the page shows as they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup


@dataclass(frozen=True)
class Figure:
    """A head figure."""

    value: str
    label: str


@dataclass(frozen=True)
class Finding:
    """Something to look at first; `weight` sorts them."""

    title: str
    detail: str
    anchor: str = ""
    weight: float = 0.0


@dataclass(frozen=True)
class FunnelRow:
    """A stage of the funnel."""

    stage: str
    kept: int
    of_stage: float | None
    of_input: float | None
    words: int
    cut: int
    why: str
    bars: Markup


@dataclass(frozen=True)
class Cell:
    """A share, coloured by how much a reader should care: 0 to 4."""

    share: float | None
    level: int = 0


@dataclass(frozen=True)
class GroupRow:
    """A language or a source."""

    name: str
    entered: int
    kept: int
    share: float | None
    cells: Sequence[Cell]


@dataclass(frozen=True)
class GroupTable:
    """What each stage kept of each language, source, or value of another label."""

    title: str
    label: str
    stages: Sequence[str]
    rows: Sequence[GroupRow]


@dataclass(frozen=True)
class RuleRow:
    """A rule of a filter."""

    name: str
    keep: str
    note: str
    fails: int
    share: float
    only: int
    back: int  # would pass the filters that were judged with it too, were this rule not there
    spark: Markup


@dataclass(frozen=True)
class OverlapRow:
    """How often other rules fail where this one does."""

    name: str
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Overlap:
    """Which rules fail together."""

    names: Sequence[str]
    rows: Sequence[OverlapRow]


@dataclass(frozen=True)
class FilterTable:
    """A stage with rules."""

    title: str
    anchor: str
    reached: int
    fails: int
    verb: str  # dropped, or tagged
    where: str  # which documents it judges; "" all
    rules: Sequence[RuleRow]
    overlap: Overlap | None = None

    @property
    def idle(self) -> Sequence[RuleRow]:
        """The rules that no document failed."""
        return [rule for rule in self.rules if not rule.fails]


@dataclass(frozen=True)
class Slider:
    """A limit with the counts of both its sides, bin by bin, as JSON.

    `alone` counts the documents of a bin that nothing else of the filter stands against, `others`
    the rest;
    bins `first` to `last` are within the limit of the run. `places` are where bins begin on an axis
    from 0 to 1, and where the last one ends; `lows` and `highs` the numbers that a limit at the
    edge of a bin would state.
    """

    stage: str
    filter: str
    rule: str
    signal: str
    low: float | None
    high: float | None
    low_open: bool
    high_open: bool
    rest: str  # the other limits of the rule, as SQL
    first: int
    last: int
    places: Sequence[float]
    lows: Sequence[float]
    highs: Sequence[float]
    alone: Sequence[int]
    others: Sequence[int]
    unmeasured: int  # documents without a value, which fail whatever the limit

    def plain(self) -> dict[str, Any]:
        """Return it as the page's script reads it."""
        named = {"low_open": "lowOpen", "high_open": "highOpen"}
        return {named.get(key, key): value for key, value in vars(self).items()}


@dataclass(frozen=True)
class Chart:
    """A drawing and what it shows."""

    title: str
    svg: Markup


@dataclass(frozen=True)
class Pair:
    """A duplicate beside what was kept instead."""

    title: str
    kept: Markup
    dropped: Markup
    lang: str | None


@dataclass(frozen=True)
class BenchmarkPair:
    """What a document has of a benchmark item, beside the item."""

    title: str
    item: str
    text: str


@dataclass(frozen=True)
class BenchmarkStage:
    """What a stage found of benchmark sets."""

    title: str
    summary: str
    sets: Sequence[tuple[str, int, int, int]]  # a file, its items, those found, documents
    planted: Sequence[tuple[str, int, int, float]]  # how, texts, those found, their share
    unchecked: str
    pairs: Sequence[BenchmarkPair] = ()


@dataclass(frozen=True)
class DuplicateStage:
    """What a stage that looks for duplicates found."""

    title: str
    summary: str
    charts: Sequence[Chart]
    losses: Sequence[tuple[str, str, int]]
    pairs: Sequence[Pair] = ()


@dataclass(frozen=True)
class AuditRow:
    """What an audit found wrong at a stage, with its 95 % interval."""

    stage: str
    measure: str
    wrong: int
    judged: int
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Document:
    """A document with its verdict; `group` says under what it is listed."""

    name: str
    verdict: str
    facts: str
    fate: str
    group: str
    lang: str | None
    text: Markup | None


@dataclass(frozen=True)
class SampleGroup:
    """Documents that are listed together."""

    key: str
    title: str
    count: int


@dataclass(frozen=True)
class ShardRow:
    """A file of the product."""

    path: str
    rows: int
    tokens: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class InputRow:
    """A file of the input."""

    path: str
    rows: int | None
    bytes: int | None
    state: str


@dataclass(frozen=True)
class PhaseRow:
    """What a phase of a run that goes on has done so far."""

    title: str
    done: str
    documents: int
    kept: int
    share: float | None


@dataclass(frozen=True)
class Contents:
    """All that a report shows; a section without contents is left out."""

    name: str
    path: str
    subtitle: str
    unit: str
    figures: Sequence[Figure]
    findings: Sequence[Finding]
    phases: Sequence[PhaseRow] = ()  # of a run that has not finished
    falls: Sequence[tuple[str, str, int]] = ()  # ... stage, reason, documents
    funnel: Sequence[FunnelRow] = ()
    groups: Sequence[GroupTable] = ()
    filters: Sequence[FilterTable] = ()
    sliders: Sequence[Slider] = ()
    duplicates: Sequence[DuplicateStage] = ()
    benchmarks: Sequence[BenchmarkStage] = ()
    shards: Sequence[ShardRow] = ()
    shards_note: str = ""
    inputs: Sequence[InputRow] = ()
    inputs_note: str = ""
    job: str = ""
    made_with: str = ""
    audit: Sequence[AuditRow] = ()
    audit_note: str = ""
    samples: Sequence[Document] = ()
    sample_groups: Sequence[SampleGroup] = ()
    samples_note: str = ""

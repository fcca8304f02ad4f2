"""The rules of a run: how many documents each one fails, alone and with others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cleaner.results.record import Record


@dataclass(frozen=True)
class Counts:
    """Documents that a rule judged and failed."""

    judged: int  # they reached the stage, and its `where` takes them
    fails: int  # of those judged
    fails_only: int  # ... and no other rule of the same filter
    comes_back: int  # ... and would pass the later filters that were judged with it, too
    fails_before: int  # it fails here as well, and fell at an earlier filter


@dataclass(frozen=True)
class RuleCounts:
    """One rule of a filter."""

    stage: str
    rule: str
    keep: str
    counts: Counts
    languages: Mapping[str, Counts]
    sources: Mapping[str, Counts]


@dataclass(frozen=True)
class Overlap:
    """How many documents are known to fail both of two rules; `both[i][i]` fail rule i."""

    rules: tuple[tuple[str, str], ...]  # (stage, rule)
    both: tuple[tuple[int, ...], ...]


def rules(run: Record) -> tuple[RuleCounts, ...]:
    """Return every rule of a run, in the order of the job."""
    return tuple(
        RuleCounts(
            row["stage"],
            row["rule"],
            row["keep"],
            _counts(row),
            {name: _counts(one) for name, one in row["languages"].items()},
            {name: _counts(one) for name, one in row["sources"].items()},
        )
        for row in run.stats["rules"]
    )


def _counts(row: Mapping[str, Any]) -> Counts:
    return Counts(
        row["judged"], row["fails"], row["fails_only"], row["comes_back"], row["fails_before"]
    )


def overlap(run: Record) -> Overlap:
    """Return the pairs of rules of a run as a matrix, alike on both sides.

    Within a filter it is exact. Of two filters it has what is known: exact where they are judged
    together (no change of the text lies between them), nothing where the later one never saw what
    the earlier one dropped.
    """
    names = tuple((row["stage"], row["rule"]) for row in run.stats["rules"])
    both = [[0] * len(names) for _ in names]
    for one, other, documents in run.stats["overlap"]:
        both[one][other] = both[other][one] = documents
    return Overlap(names, tuple(map(tuple, both)))

"""The funnel: what each stage of a run took, left, and cut, of documents, words and characters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Protocol

from cleaner.config.display import share_text


@dataclass(frozen=True)
class Amount:
    """Some documents, with the words and characters of their texts."""

    documents: int = 0
    words: int = 0
    characters: int = 0


@dataclass(frozen=True)
class Step:
    """One stage of the funnel. `came` + `added` = `kept` + `dropped` + `failed` + `cut`."""

    stage: str
    came: Amount
    kept: Amount
    dropped: Amount
    failed: Amount
    cut: Amount  # documents here are those that lost something and went on
    added: Amount
    reasons: Mapping[str, int]  # documents by reason, most first; `failed` is one
    tagged: Mapping[str, int]  # of those that it let pass, by reason, most first
    lost_by_source: Mapping[str, int]
    lost_by_language: Mapping[str, int]


@dataclass(frozen=True)
class Group:
    """What became of the documents of one source or language."""

    name: str  # "": none
    came: int
    kept: Amount
    dropped: int
    failed: int
    lost_at: Mapping[str, int]  # stage -> documents, in the order of the job


class Counted(Protocol):
    """What has the counts of a run, or of a sample."""

    @property
    def stats(self) -> dict[str, Any]:
        """The counts, as `stats.json` has them."""


def funnel(run: Counted) -> tuple[Step, ...]:
    """Return what each stage did, in the order of the job; `read` is first."""
    return tuple(_step(row) for row in run.stats["stages"])


def _step(row: Mapping[str, Any]) -> Step:
    def amount(name: str, documents: int | None = None) -> Amount:
        count = row[name] if documents is None else documents
        return Amount(count, row[f"{name}_words"], row[f"{name}_characters"])

    return Step(
        stage=row["stage"],
        came=amount("in"),
        kept=amount("kept"),
        dropped=amount("dropped"),
        failed=amount("failed"),
        cut=amount("cut", row["shortened"]),
        added=amount("added", 0),
        reasons=_most_first(row["reasons"]),
        tagged=_most_first(row.get("tagged", {})),  # a run of an earlier release does not say
        lost_by_source=row["lost_by_source"],
        lost_by_language=row["lost_by_language"],
    )


def _most_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def groups(run: Counted, by: str) -> tuple[Group, ...]:
    """Return the sources, or the languages, of a run: those of most documents first."""
    label = {"source": "sources", "language": "languages"}[by]
    lost: dict[str, dict[str, int]] = {}
    for row in run.stats["stages"]:
        for name, documents in row[f"lost_by_{by}"].items():
            lost.setdefault(name, {})[row["stage"]] = documents
    return tuple(
        Group(
            name,
            row["in"],
            Amount(row["kept"], row["kept_words"], row["kept_characters"]),
            row["dropped"],
            row["failed"],
            lost.get(name, {}),
        )
        for name, row in run.stats[label].items()
    )


def as_html(run: Counted) -> str:
    """Return the funnel as an HTML table with bars on a log scale, for notebooks."""
    steps = funnel(run)
    came = run.stats["rows"]["in"]
    heads = ("stage", "in", "dropped", "failed", "kept", "of stage", "of input", "words kept", "")
    rows = ["".join(f"<th>{head}</th>" for head in heads)]
    for step in steps:
        kept = step.kept.documents
        width = 100 * math.log10(kept + 1) / math.log10(came + 1) if came else 0.0
        why = ", ".join(f"{name} {count:,}" for name, count in step.reasons.items())
        cells = (
            f"{step.came.documents:,}", f"{step.dropped.documents:,}",
            f"{step.failed.documents:,}", f"{kept:,}",
            share_text(kept, step.came.documents), share_text(kept, came), f"{step.kept.words:,}",
        )  # fmt: skip
        bar = f'<div style="background:#4a7;height:1em;width:{width:.1f}px"></div>'
        rows.append(
            f'<td style="text-align:left" title="{escape(why)}">{escape(step.stage)}</td>'
            + "".join(f"<td>{cell}</td>" for cell in cells)
            + f"<td>{bar}</td>"
        )
    return "<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"

"""The funnel: what each stage of a run took, left, and cut, of documents, words and characters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Protocol

from cleaner.config.display import share_text
from cleaner.config.intervals import wilson
from cleaner.config.mistakes import guess
from cleaner.errors import JobError

if TYPE_CHECKING:
    from cleaner.results.finished import Run


@dataclass(frozen=True)
class Amount:
    """Some documents, with the words and characters of their texts."""

    documents: int = 0
    words: int = 0
    characters: int = 0

    def __add__(self, other: Amount) -> Amount:
        """Return both together."""
        sums = zip(astuple(self), astuple(other), strict=True)
        return Amount(*(one + more for one, more in sums))


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


@dataclass(frozen=True)
class Labelled(Group):
    """The same of one value of a label, with the kept texts that a large model wrote."""

    rewritten: Amount


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


def labelled(run: Run, label: str) -> tuple[Labelled, ...]:
    """Return what became of the documents of each value of a column of texts of the ledger.

    Documents that fell before the column was made have none: "".
    """
    import polars as pl

    rows = run.scan_ledger()
    told = {"id", "url", "fate", "stage", "reason", "error", "duplicate_of"}
    schema = rows.collect_schema()
    names = [name for name, kind in schema.items() if kind == pl.String and name not in told]
    if label not in names:
        there = ", ".join(("rule", "language", *names))
        raise JobError(f"--by {label}: no such label{guess(label, names)}; there are: {there}")
    new = pl.col("rewritten").is_not_null() if "rewritten" in names else pl.lit(False)
    counts = rows.group_by(
        pl.col(label).fill_null("").alias("value"), "fate", "stage", new.alias("new")
    ).agg(pl.len(), *(pl.col(name).cast(pl.Int64).sum() for name in ("words", "characters")))
    found: dict[str, dict[str, Any]] = {}
    order = [stage["stage"] for stage in run.stats["stages"]]
    for name, fate, stage, is_new, documents, *texts in counts.collect().iter_rows():
        one = found.setdefault(
            name, {"kept": Amount(), "rewritten": Amount(), "dropped": 0, "failed": 0}
        )
        if fate == "kept":
            amount = Amount(documents, *texts)
            one["kept"] += amount
            one["rewritten"] += amount if is_new else Amount()
            continue
        one[fate] += documents
        lost = one.setdefault("lost", {})
        lost[stage] = lost.get(stage, 0) + documents
    groups_ = [
        Labelled(
            name,
            one["kept"].documents + one["dropped"] + one["failed"],
            one["kept"],
            one["dropped"],
            one["failed"],
            {stage: one["lost"][stage] for stage in order if stage in one.get("lost", {})},
            one["rewritten"],
        )
        for name, one in found.items()
    ]
    return tuple(sorted(groups_, key=lambda one: (-one.came, one.name)))


def lost_far_more(groups_: Sequence[Group], least: int = 100) -> list[Group]:
    """Return the groups that keep less than a third of the share that all keep together.

    Of so few that chance explains it (95 %), and of fewer than `least` documents, nothing is said.
    """
    came = sum(one.came for one in groups_)
    share = sum(one.kept.documents for one in groups_) / max(1, came)
    return [
        one
        for one in groups_
        if one.came >= least and wilson(one.kept.documents, one.came)[1] < share / 3
    ]


def effective_number(counts: Iterable[int]) -> float:
    """Return how many equal groups are as diverse as these: e to the entropy of their shares.

    >>> effective_number([5, 5]), round(effective_number([98, 1, 1]), 2)
    (2.0, 1.12)
    """
    parts = [count for count in counts if count]
    whole = sum(parts)
    return math.exp(-sum(part / whole * math.log(part / whole) for part in parts)) if whole else 0.0


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

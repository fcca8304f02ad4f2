"""The report of a run that has not finished yet: what its phases have done so far."""

from collections.abc import Mapping
from typing import Any

from cleaner.config.display import share_text
from cleaner.report.contents import Contents, Figure, Finding, PhaseRow
from cleaner.results.unfinished import falls, state_in_words, under_way


def so_far(path: str, said: Mapping[str, Any]) -> Contents:
    """Return what a report shows of a run that wrote `said` as its last progress."""
    phases = said.get("so_far", [])
    fell = falls(said)
    first = phases[0]["documents"] if phases else 0
    return Contents(
        name=path.rsplit("/", 1)[-1],
        path=path,
        subtitle=f"Not finished: {state_in_words(said)}.",
        unit="words",
        figures=[
            Figure(f"{under_way(said):,} of {said['phases']:,}", "is the phase under way"),
            Figure(f"{first:,}", "documents read so far"),
            Figure(f"{sum(sum(one.values()) for one in fell.values()):,}", "fell so far"),
        ],
        findings=[
            Finding(
                "This run has not finished.",
                "What stands here was committed so far, and changes until it has: rules, samples, "
                "duplicates and shards are in the report of the finished run. "
                f"cleaner status {path} tells how long it may take.",
            )
        ],
        phases=[
            PhaseRow(
                one["title"],
                f"{share_text(one['units_done'], one['units'])} of {one['units']:,} units",
                one["documents"],
                one["kept"],
                one["kept"] / one["documents"] if one["documents"] else None,
            )
            for one in phases
        ],
        falls=[
            (stage, reason, documents)
            for stage, reasons in fell.items()
            for reason, documents in reasons.items()
        ],
    )

"""The funnel, and what each stage kept of each language and source."""

from collections.abc import Iterator, Sequence

from cleaner.report.charts import funnel_bars
from cleaner.report.contents import Cell, FunnelRow, GroupRow, GroupTable
from cleaner.results.funnel import Group, Step

FEW = 30  # documents of a group below which a share says little
MOST_GROUPS = 15
_STEPS = (0.07, 0.15, 0.3, 0.5)  # losing that much more than the others colours a cell


def share(part: float, whole: float) -> float | None:
    """Return a part of a whole, None of nothing."""
    return part / whole if whole else None


def funnel_rows(steps: Sequence[Step]) -> Iterator[FunnelRow]:
    """Yield the rows of the funnel, what was read first."""
    came = steps[0].came.documents
    most = [max(step.came.documents for step in steps), max(step.came.words for step in steps)]
    for step in steps:
        reasons = [f"{name} {count:,}" for name, count in step.reasons.items()]
        rest = len(reasons) - 4
        more = f" and {rest} more reason{'s' if rest > 1 else ''}" if rest > 0 else ""
        kept = step.kept
        yield FunnelRow(
            stage=step.stage,
            kept=kept.documents,
            of_stage=share(kept.documents, step.came.documents),
            of_input=share(kept.documents, came),
            words=kept.words,
            cut=step.cut.words,
            why=", ".join(reasons[:4]) + more,
            bars=funnel_bars(kept.documents, kept.words, *most),
        )


def group_table(
    title: str, label: str, groups: Sequence[Group], steps: Sequence[Step], since: int = 0
) -> GroupTable | None:
    """Return what the steps from `since` on kept of each group; None where there is one alone.

    A stage that lost nothing of any of them is left out.
    """
    if len(groups) < 2:
        return None
    lossy = {stage for group in groups for stage, lost in group.lost_at.items() if lost}
    shown = [step for step in steps[since:] if step.stage in lossy]
    rows = [
        GroupRow(
            group.name or "(unknown)",
            group.came,
            group.kept.documents,
            share(group.kept.documents, group.came),
            [_cell(group, step, steps) for step in shown],
        )
        for group in groups[:MOST_GROUPS]
    ]
    return GroupTable(title, label, [step.stage for step in shown], rows)


def reached(group: Group, step: Step, steps: Sequence[Step]) -> int:
    """Return how many documents of a group reached a stage."""
    before = steps[: list(steps).index(step)]
    return group.came - sum(group.lost_at.get(one.stage, 0) for one in before)


def _cell(group: Group, step: Step, steps: Sequence[Step]) -> Cell:
    """Return what a stage kept of a group, coloured by how much more it lost than all others."""
    came, lost = reached(group, step, steps), group.lost_at.get(step.stage, 0)
    kept, others = share(came - lost, came), step.came.documents - came
    if kept is None or came < FEW or others < FEW:
        return Cell(kept)
    of_others = (step.kept.documents - (came - lost)) / others
    return Cell(kept, sum(of_others - kept > one for one in _STEPS))

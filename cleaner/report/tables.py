"""The funnel, and what each stage kept of each language and source."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cleaner.report.charts import funnel_bars
from cleaner.report.contents import Cell, FunnelRow, GroupRow, GroupTable

FEW = 30  # documents of a group below which a share says little
MOST_GROUPS = 15
_STEPS = (0.07, 0.15, 0.3, 0.5)  # losing that much more than the others colours a cell

Tree = Mapping[str, Any]


def share(part: float, whole: float) -> float | None:
    """Return a part of a whole, None of nothing."""
    return part / whole if whole else None


def funnel(stages: Sequence[Tree]) -> Iterator[FunnelRow]:
    """Yield the rows of the funnel of `stats.json`, what was read first."""
    first = stages[0]
    most = [max(row["in"] for row in stages), max(row["in_words"] for row in stages)]
    for row in stages:
        reasons = sorted(row["reasons"].items(), key=lambda item: (-item[1], item[0]))
        why = ", ".join(f"{name} {count:,}" for name, count in reasons[:4])
        rest = len(reasons) - 4
        more = f" and {rest} more reason{'s' if rest > 1 else ''}" if rest > 0 else ""
        yield FunnelRow(
            stage=row["stage"],
            kept=row["kept"],
            of_stage=share(row["kept"], row["in"]),
            of_input=share(row["kept"], first["in"]),
            words=row["kept_words"],
            cut=row["cut_words"],
            why=why + more,
            bars=funnel_bars(row["kept"], row["kept_words"], *most),
        )


def group_table(
    title: str, label: str, groups: Mapping[str, Tree], stages: Sequence[Tree], since: int = 0
) -> GroupTable | None:
    """Return what the stages from `since` on kept of each group; None where there is one alone.

    `label` is `language` or `source`. A stage that lost nothing of any of them is left out.
    """
    if len(groups) < 2:
        return None
    lost = [row[f"lost_by_{label}"] for row in stages]
    places = [at for at in range(since, len(stages)) if lost[at]]
    names = sorted(groups, key=lambda name: (-groups[name]["in"], name))[:MOST_GROUPS]
    rows = []
    for name in names:
        entered, kept = groups[name]["in"], groups[name]["kept"]
        cells = _cells(name, entered, places, lost, stages)
        rows.append(GroupRow(name or "(unknown)", entered, kept, share(kept, entered), cells))
    return GroupTable(title, label, [stages[at]["stage"] for at in places], rows)


def _cells(
    name: str,
    entered: int,
    places: Iterable[int],
    lost: Sequence[Mapping[str, int]],
    stages: Sequence[Tree],
) -> list[Cell]:
    cells = []
    for at in places:
        reached = entered - sum(before.get(name, 0) for before in lost[:at])
        kept = share(reached - lost[at].get(name, 0), reached)
        cells.append(Cell(kept, level(kept, reached, stages[at])))
    return cells


def level(kept: float | None, reached: int, stage: Tree) -> int:
    """Return how much more of a group a stage dropped than of all others, in steps from 0 to 4."""
    others = stage["in"] - reached
    if kept is None or reached < FEW or others < FEW:
        return 0
    kept_of_others = (stage["kept"] - kept * reached) / others
    return sum(kept_of_others - kept > step for step in _STEPS)

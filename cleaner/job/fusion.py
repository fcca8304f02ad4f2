"""Which stages of a job go row by row together, and which filters are judged in one pass."""

from collections.abc import Iterable, Sequence

from cleaner.job.job_file import Entry


def phases(stages: Sequence[Entry]) -> list[list[Entry]]:
    """Return the stages that go row by row, parted where one sees all rows."""
    found: list[list[Entry]] = [[]]
    for entry in stages:
        across = entry.stage.global_stage()
        if across is None or across.scores_first:
            found[-1].append(entry)
        if across is not None:
            found.append([])
    return found


def judged_together(phases: Iterable[Sequence[Entry]]) -> dict[int, int]:
    """Return for each filter of some phases the first of those that are judged together with it.

    That is what `Chain` does: all up to the next change of the text that need nothing of what is
    made between them.
    """
    found: dict[int, int] = {}
    for entries in phases:
        for place, first in enumerate(entries):
            if first.stage.rule_set() is None or first.index in found:
                continue
            made: set[str] = set()
            for entry in entries[place:]:
                stage = entry.stage
                if entry is not first and stage.changes_text:
                    break
                if stage.rule_set() is not None and entry.index not in found:
                    if not (stage.needs() | stage.signals()) & made:
                        found[entry.index] = first.index
                elif not stage.for_ledger:
                    made |= stage.adds().keys()
    return found

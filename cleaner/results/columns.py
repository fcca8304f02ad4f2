"""Which column of a ledger holds a signal of the text that a stage met."""

from collections.abc import Collection, Sequence

from cleaner.job.job_file import Entry


def judged_columns(
    stages: Sequence[Entry], entry: Entry, name: str, names: Collection[str]
) -> list[str]:
    """Return the columns that hold a signal of the text that a stage met, best first."""
    own = [n for n in entry.stage.adds() if n != name and n.startswith(f"{name}:") and n in names]
    if own:
        return own[:1]  # measured in a way of the filter's own
    changed = [one.index for one in stages[: entry.index] if one.stage.changes_text]
    since = max(changed, default=-1)
    versions = [int(n.split("@")[1]) for n in names if n.startswith(f"{name}@")]
    mine = sorted((at for at in versions if since < at <= entry.index), reverse=True)
    return [*(f"{name}@{at}" for at in mine), *([name] if name in names else [])]

"""What is judged at the end of each map phase: failed rows, and sources that lose nearly all."""

from collections import Counter
from collections.abc import Callable, Sequence

from cleaner.errors import AlarmError, InputError, TooManyFailures
from cleaner.job.plan import MapPlan, Plan
from cleaner.storage import store
from cleaner.storage.commits import Marker

_TOLD = 20  # kinds of values that were not carried, told on the terminal; the manifest has all
_ALARM_ROWS = 1_000  # sources with fewer documents at a stage never alarm

Warn = Callable[[str], None]


def check_failures(plan: Plan, markers: Sequence[Marker], warn: Warn, first: bool) -> None:
    """Judge failed rows, and files without a row count by their share of bytes, against the job."""
    failed = sum(marker.facts["failed"] for marker in markers)
    unread = unread_of(markers) if first else []
    if first:
        for _, row, error in unread:
            warn(f"not readable{f' after row {row - 1}' if row else ''}, quarantined: {error}")
        for name, said, count in unfit_of(markers)[:_TOLD]:
            warn(f"column {name!r}: {count:,} {said}")
    bad = {item.path for item in plan.failed} | {path for path, row, _ in unread if row is None}
    rows = sum(marker.facts["rows"] for marker in markers)
    known = {file.path: file.size for file in plan.files}
    lost = sum(known.get(path) or _size_of(path) for path in bad) if first else 0
    whole = plan.bytes + sum(_size_of(item.path) for item in plan.failed)
    rate = (failed / rows if rows else 0.0) + (lost / whole if whole and first else 0.0)
    if failed or bad:
        warn(f"{failed:,} of {rows:,} rows failed, {len(bad)} files could not be read")
    if rate > plan.job.max_error_rate and (failed or bad):
        raise TooManyFailures(
            f"{failed:,} of {rows:,} rows failed and {len(bad)} files could not be read: a rate of "
            f"{rate:.4f}, over max_error_rate {plan.job.max_error_rate}{_most(markers)}; raise "
            "max_error_rate or mend the input, and run the same command"
        )
    if plan.job.on_error == "stop" and (failed or unread):
        raise InputError(f"on_error: stop: {failed:,} rows failed, {len(unread)} files are unread")
    if first and not rows and bad and not plan.files:
        raise InputError("no file of the input could be read")


def _most(markers: Sequence[Marker]) -> str:
    """Say the errors met most."""
    found: Counter[str] = Counter()
    for marker in markers:
        for error, rows in marker.facts["errors"]:
            found[error] += rows
    told = ", ".join(f"{error!r} ({rows:,})" for error, rows in found.most_common(3))
    return f" (most: {told})" if told else ""


def _size_of(path: str) -> int:
    found = store.find(path)
    return found[0].size if found else 0


def unfit_of(markers: Sequence[Marker]) -> list[tuple[str, str, int]]:
    """Return what was not carried as it was: the column, what is said of its values, how many."""
    found: Counter[tuple[str, str]] = Counter()
    for marker in markers:
        for name, said, count in marker.facts["unfit"]:
            found[name, said] += count
    return [(name, said, count) for (name, said), count in sorted(found.items())]


def unread_of(markers: Sequence[Marker]) -> list[tuple[str, int | None, str]]:
    return [tuple(item) for marker in markers for item in marker.facts["unread"]]


def check_values(mapped: MapPlan, markers: Sequence[Marker], warn: Warn) -> None:
    """Warn of values that decide at the global stage after a phase, and that cannot be read."""
    found = [marker.facts.get("unread_values", [0, 0]) for marker in markers]
    told, unread = (sum(one[place] for one in found) for place in (0, 1))
    if not unread or mapped.then is None:
        return
    example = next(one[2] for one in found if one[1])
    warn(
        f"{mapped.then.title}: {unread:,} of {told:,} dates "
        f"({unread / told:.1%}) cannot be read, such as {example[:40]!r}; those documents are the "
        "last to be kept"
    )


def check_alarm(
    plan: Plan, before: MapPlan, markers: Sequence[Marker], warn: Warn, accepted: Sequence[str]
) -> None:
    """Warn, or stop, when the global stage behind `before` took nearly all of a source."""
    if before.then is None or before.across is None or not before.across.watched:
        return
    reached: dict[str, list[int]] = {}
    for marker in markers:
        for source, rows, lost in marker.facts["sources"]:
            have = reached.setdefault(source or "", [0, 0])
            have[0] += rows
            have[1] += lost
    limit = plan.job.alarm.dedup_loss
    for source, (rows, lost) in sorted(reached.items()):
        if rows < _ALARM_ROWS or lost <= limit * rows:
            continue
        name = f"dedup_loss:{before.then.title}:{source or '(none)'}"
        said = (
            f"alarm {name}: {lost:,} of {rows:,} documents ({lost / rows:.1%}) went as duplicates"
        )
        if plan.job.alarm.action == "stop" and name not in accepted and "all" not in accepted:
            raise AlarmError(f"{said}; to go on, run the same command with --accept-alarm {name}")
        warn(said)

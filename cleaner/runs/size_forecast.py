"""What a run will write, hold at once and take of cores, from two small runs of the same plan.

Whatever a phase writes or takes is so much for each of its tasks and so much for each row of the
input; a sample and a handful of documents tell the two apart. Phases whose tasks are hash ranges
have as many of them in a sample as in the whole.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cleaner.corpus.files import PART_ROWS
from cleaner.job.plan import Plan
from cleaner.ledger import ROWS_PER_FILE
from cleaner.runs.footprint import peak
from cleaner.runs.phases.base import Phase, merged
from cleaner.runs.phases.build import shuffle_ranges
from cleaner.runs.phases.merge import joined
from cleaner.runs.release import Role
from cleaner.stages.global_stage import partitions

_OF_MILLIONS = ("account", "gather", "kept", "write_checkpoint")  # a task a million rows


@dataclass(frozen=True)
class Sizes:
    """What a run will write and use, about."""

    written: Mapping[str, int]  # bytes, of intermediate results and by folder of the output
    peak_scratch: int  # bytes of intermediate results at their most
    temporary: int  # bytes of the largest temporary file of a task, on its own machine
    core_seconds: float


def sizes(
    plan: Plan,
    phases: Sequence[Phase],
    rows: int,
    shards: int,
    few: Mapping[str, Any],
    sample: Mapping[str, Any],
) -> Sizes:
    """Return what the whole of a plan will take, about.

    `few` and `sample` are the manifests of runs over a handful of its documents and over more.
    """
    wrote: Counter[str] = Counter()
    scratch: list[Counter[str]] = []
    joined_ones: dict[Role, int] = {}
    seconds = temporary = 0.0
    small, large = few["rows"]["in"], sample["rows"]["in"]
    for number, phase in enumerate(phases):
        one, other = few["phases"][number], sample["phases"][number]
        tasks = _tasks(plan, phase, rows, shards, other["parts"])

        def whole(
            a: float, b: float, one: Any = one, other: Any = other, tasks: int = tasks
        ) -> float:
            return _whole((one["parts"], small, a), (other["parts"], large, b), tasks, rows)

        seconds += whole(one["core_seconds"], other["core_seconds"])
        made: Counter[str] = Counter()
        for name in sorted(one["written"].keys() | other["written"].keys()):
            size = int(whole(one["written"].get(name, 0), other["written"].get(name, 0)))
            wrote[name.rstrip("/") if name.endswith("/") else "scratch"] += size
            made[name] += 0 if name.endswith("/") else size
        scratch.append(made)
        for name, size, most in _joined(plan, phase, made, tasks, rows):
            # The phase behind it does this, and a sample had too few files for it.
            joined_ones[phase.name, name] = size
            wrote["scratch"] += size
            temporary = max(temporary, most)
    for number, phase in enumerate(phases):
        for (name, role), size in joined_ones.items():
            if phase.name == merged(name):
                scratch[number][role] = size
    most_held = peak(phases, scratch, joined_ones, plan.job.keep_text)
    return Sizes(dict(sorted(wrote.items())), most_held, int(temporary), seconds)


def _whole(few: Any, sample: Any, tasks: int, rows: int) -> float:
    """Return so much for so many tasks and rows, as two trials (tasks, rows, how much) had it."""
    (t1, r1, v1), (t2, r2, v2) = few, sample
    apart = t1 * r2 - t2 * r1
    if not apart:
        return float(v2 * rows / max(1, r2))
    of_task = max(0.0, (v1 * r2 - v2 * r1) / apart)
    of_row = max(0.0, (v2 - of_task * t2) / r2)
    return float(of_task * tasks + of_row * rows)


def _tasks(plan: Plan, phase: Phase, rows: int, shards: int, in_sample: int) -> int:
    """Return how many tasks, or parts of them, a phase has in the whole."""
    parts = max(len(plan.units), plan.uncompressed // plan.part_bytes, rows // PART_ROWS)
    if phase.function == "map":
        return parts
    if _over_texts(plan, phase):
        return len(plan.units)
    if phase.function == "shard":
        return shards
    return max(1, -(-rows // ROWS_PER_FILE)) if phase.function in _OF_MILLIONS else in_sample


def _over_texts(plan: Plan, phase: Phase) -> bool:
    across = (e.stage.global_stage() for e in plan.job.stages if e.title == phase.stage)
    steps = (step for one in across if one is not None for step in one.steps())
    return any(step.name == phase.step and step.over == "texts" for step in steps)


def _joined(
    plan: Plan, phase: Phase, made: Mapping[str, int], files: int, rows: int
) -> Iterator[tuple[str, int, int]]:
    """Yield roles of which files are joined: their bytes, and those of the largest task."""
    for name in phase.exchanges:
        size = made.get(name, 0)
        groups = joined([size // files] * files, _ranges(plan, phase, name, rows)) if size else []
        if groups:
            yield name, size, max(map(len, groups)) * (size // files)


def _ranges(plan: Plan, phase: Phase, role: str, rows: int) -> int:
    """Return into how many hash ranges a role is parted."""
    if phase.of_map is not None:
        across = plan.maps[phase.of_map].across
        roles = () if across is None else across.roles(plan.rows, plan.uncompressed)
        return next((one.ranges for one in roles if one.name == role), shuffle_ranges(plan))
    if phase.function == "kept":
        (entry,) = (entry for entry in plan.job.stages if entry.title == phase.stage)
        across = entry.stage.global_stage()
        return 1 if across is None else partitions(across.key_rows(plan.rows))
    return max(1, -(-rows // ROWS_PER_FILE))

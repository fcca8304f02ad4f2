"""What a run wrote, held at once and used, added up from what it committed."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from cleaner.runs.phases.base import Phase, State, merged
from cleaner.runs.release import Role, freed
from cleaner.storage.commits import CORE_MS, Marker


def of_phase(phase: Phase, state: State) -> dict[str, Any]:
    """Return what a phase took of cores, and the bytes that it wrote, by role or folder.

    What was taken from another run is not written by this one.
    """
    ours = [one for one in state.markers[phase.name] if one.made_by == state.run]
    wrote = _scratch(ours)
    for marker in ours:
        for file in marker.products:
            wrote[f"{file['path'].split('/')[0]}/"] += file["bytes"]
    seconds = sum(marker.spent.get(CORE_MS, 0) for marker in ours) / 1e3
    return {"core_seconds": round(seconds, 2), "written": dict(sorted(wrote.items()))}


def of_run(
    phases: Sequence[Phase], state: State, told: Sequence[Mapping[str, Any]], keep: bool
) -> dict[str, Any]:
    """Return the same of a whole run, `told` of each phase, and what it held at once.

    Unless all is to `keep`, what no phase reads any more has gone.
    """
    wrote: Counter[str] = Counter()
    for one in told:
        for name, size in one["written"].items():
            wrote[name.rstrip("/") if name.endswith("/") else "scratch"] += size
    joining = [
        m for phase in phases if phase.function == "merge" for m in state.markers[phase.name]
    ]
    joined = {
        (phase.name, role)
        for phase in phases
        for marker in state.markers.get(merged(phase.name), ())
        for role in marker.files
    }
    sizes = [_scratch(state.markers[phase.name]) for phase in phases]
    return {
        "written": dict(sorted(wrote.items())),
        # Of the largest temporary file: what is joined lies on the worker's own disk meanwhile.
        "temporary": max((sum(_scratch([one]).values()) for one in joining), default=0),
        "peak_scratch": peak(phases, sizes, joined, keep),
        "core_seconds": round(sum(one["core_seconds"] for one in told), 1),
    }


def peak(
    phases: Sequence[Phase],
    sizes: Sequence[Mapping[str, float]],
    joined: Collection[Role],
    keep: bool,
) -> int:
    """Return the bytes of intermediate results at their most, of those that each phase makes."""
    going = [0.0] * len(phases) if keep else freed(phases, sizes, joined)
    held = most = 0.0
    for made, gone in zip(sizes, going, strict=True):
        held += sum(made.values())
        most = max(most, held)
        held -= gone
    return int(most)


def _scratch(markers: Sequence[Marker]) -> Counter[str]:
    """Return the bytes of intermediate results by role."""
    found: Counter[str] = Counter()
    for marker in markers:
        for role, file in marker.files.items():
            found[role] += file["bytes"]
    return found

"""What a run is of: a hash of its job and its input, and what differs between two of them."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from cleaner.config.yaml12 import load_own
from cleaner.dedup.tombstones import STAGE
from cleaner.job.job_file import Entry
from cleaner.job.plan import Plan
from cleaner.storage import store
from cleaner.storage.commits import digest
from cleaner.storage.run_folder import JOB, RunFolder

# Keys of the job that change no byte of the output.
_FREE = ("alarm", "keep_text", "max_error_rate", "name")
_SHOWN = 6  # differences that are told
_WIDEST = 60  # characters of a value that is told


def run_identity(plan: Plan) -> str:
    """Return a hash of the job and its input: equal for equal output."""
    versions = [[entry.name, entry.stage.version] for entry in _own(plan)]
    files = [[file.path, file.size, file.etag] for file in plan.files]
    earlier = [[index.run, index.identity] for found in plan.indexes.values() for index in found]
    models = [[path, sha] for path, sha in _models(plan).items()]
    return digest([_job(plan.job.resolved()), models, versions, files, _taken(plan), earlier])


def _own(plan: Plan) -> list[Entry]:
    """Return the stages of a plan but for what obeys removals: these make no other job of it."""
    return [entry for entry in plan.job.stages if entry.name != STAGE]


def _job(resolved: Mapping[str, Any]) -> dict[str, Any]:
    job = {key: value for key, value in resolved.items() if key not in _FREE}
    if "stages" in job:
        job["stages"] = [stage for stage in job["stages"] or [] if STAGE not in stage]
    return job


def _models(plan: Plan) -> dict[str, str]:
    files = {path: store.sha256(path) for entry in _own(plan) for path in entry.stage.files()}
    return (
        files if plan.tokenizer is None else {**files, plan.tokenizer.path: plan.tokenizer.sha256}
    )


def _taken(plan: Plan) -> list[Any]:
    """Return the pieces of a sample; nothing for a whole input."""
    return [
        [piece.plain() for piece in pieces]
        for _, pieces in plan.units
        if any(piece.take for piece in pieces)
    ]


def differences(plan: Plan, folder: RunFolder, manifest: Mapping[str, Any]) -> str:
    """Say what is different between a plan and the finished run in a folder."""
    told = [*_job_differences(plan, folder, manifest), *_input_differences(plan, manifest)]
    versions = {f"{entry.index}.{entry.name}": entry.stage.version for entry in plan.job.stages}
    before = {
        said["stage"].split(":")[0]: said["version"]
        for said in manifest["stages"]
        if isinstance(said, dict)
    }
    told += [
        f"the stage {stage} works otherwise since this release"
        for stage, version in versions.items()
        if before.get(stage, version) != version
    ]
    models = manifest.get("models", {})
    told += [
        f"{path} has other bytes"
        for path, sha in _models(plan).items()
        if models.get(path, sha) != sha
    ]
    if not told:  # no file of the input, nor anything that the job names
        told = ["the sample, or an earlier run that a stage is held against"]
    more = [f"and {len(told) - _SHOWN} more"] if len(told) > _SHOWN else []
    return "; ".join([*told[:_SHOWN], *more])


def _job_differences(plan: Plan, folder: RunFolder, manifest: Mapping[str, Any]) -> list[str]:
    now = _job(plan.job.resolved())
    text = folder.record(JOB, manifest)
    said = None if text is None else load_own(text)
    if not isinstance(said, dict):
        return []
    before = _job(said)
    stages = [[next(iter(stage)) for stage in one.get("stages") or []] for one in (before, now)]
    if stages[0] != stages[1]:
        named = [", ".join(names) or "none" for names in stages]
        told = [f"the stages were {named[0]} and are {named[1]}"]
        return told + list(_between({**before, "stages": 0}, {**now, "stages": 0}, ""))
    return list(_between(before, now, ""))


def _between(before: Any, now: Any, at: str) -> Iterator[str]:
    """Yield where two plain values differ, each with both values."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in [*before, *(key for key in now if key not in before)]:
            yield from _between(before.get(key), now.get(key), f"{at}.{key}" if at else str(key))
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for number, (one, other) in enumerate(zip(before, now, strict=True)):
            yield from _between(one, other, f"{at}.{number}")
    elif before != now:
        yield f"{at} was {_shown(before)} and is {_shown(now)}"


def _shown(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6)
    text = text.removesuffix("\n").removesuffix("\n...")
    return text if len(text) <= _WIDEST else f"{text[:_WIDEST]}…"


def _input_differences(plan: Plan, manifest: Mapping[str, Any]) -> list[str]:
    before = {said["path"]: (said["bytes"], said["etag"]) for said in manifest["inputs"]}
    now = {file.path: (file.size, file.etag) for file in plan.files}
    found: dict[str, list[str]] = {"is new": [], "is gone": [], "has changed": []}
    for path in sorted(before.keys() | now.keys()):
        if path not in before:
            found["is new"].append(path)
        elif path not in now:
            found["is gone"].append(path)
        elif before[path] != now[path]:
            found["has changed"].append(path)
    return [
        f"the input file {paths[0]} {what}"
        + (f", and so are {len(paths) - 1} more" if len(paths) > 1 else "")
        for what, paths in found.items()
        if paths
    ]

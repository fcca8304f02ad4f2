"""Every phase's function by name, and the one way a worker calls it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from cleaner.commits import Committer
from cleaner.phases.account import run_account
from cleaner.phases.base import Work, load_settings
from cleaner.phases.index import run_index, run_kept
from cleaner.phases.map import run_map, run_probe
from cleaner.phases.shuffle import run_cut, run_shard
from cleaner.phases.steps import run_gather, run_step

FUNCTIONS: dict[str, Work] = {
    "map": run_map,
    "probe": run_probe,
    "step": run_step,
    "gather": run_gather,
    "cut": run_cut,
    "shard": run_shard,
    "account": run_account,
    "kept": run_kept,
    "index": run_index,
}


def work(task: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Do one unit of one phase and return the markers it committed, as plain data."""
    out = Committer(
        folder=task["folder"],
        phase=task["phase"],
        unit=task["unit"],
        key=task["key"],
        have=frozenset(task["have"]),
        exact=task["exact"],
        stages=task["stages"],
    )
    # Another attempt may have committed it since: what stands is not made again. A first part that
    # was there already has others after it, or there would be no task.
    if task["function"] == "probe" or 0 in out.have or not out.stands(0, last=True):
        FUNCTIONS[task["function"]](load_settings(task["settings"]), task["payload"], out)
    return [asdict(marker) for marker in out.done]

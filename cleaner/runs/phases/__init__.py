"""Every phase's function by name, and the one way a worker calls it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from cleaner.errors import Damaged
from cleaner.runs.phases.account import run_account
from cleaner.runs.phases.base import Work, load_settings
from cleaner.runs.phases.index import run_index, run_kept
from cleaner.runs.phases.map import run_map, run_probe
from cleaner.runs.phases.shuffle import run_cut, run_shard
from cleaner.runs.phases.steps import run_gather, run_step
from cleaner.storage.commits import Committer, first_untrue
from cleaner.storage.shortages import filename, is_shortage, told

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


CHECK = "check"  # of a task that does no unit, and reads again what an earlier attempt wrote


def work(task: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Do one unit of one phase and return the markers it committed, as plain data.

    Where a file that it reads is damaged, the result names that one instead.
    """
    if task["function"] == CHECK:
        return _checked(task)
    out = Committer(
        folder=task["folder"],
        phase=task["phase"],
        unit=task["unit"],
        key=task["key"],
        have=frozenset(task["have"]),
        exact=task["exact"],
        stages=task["stages"],
        place=task["place"],
        identity=task["identity"],
    )
    # Another attempt may have committed it since: what stands is not made again. A first part that
    # was there already has others after it, or there would be no task.
    try:
        if task["function"] == "probe" or 0 in out.have or not out.stands(0, last=True):
            FUNCTIONS[task["function"]](load_settings(task["settings"]), task["payload"], out)
    except Damaged as error:
        if task["function"] == "probe":
            raise
        return [{"damaged": [error.path, error.said]}]
    except BaseException as error:
        if not is_shortage(error):
            raise
        where = f"{out.phase}: unit {out.unit}"
        raise told(error, f"{where}: {named}" if (named := filename(error)) else where) from error
    return [asdict(marker) for marker in out.done]


def _checked(task: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the first product of a committed unit whose bytes are not those that were written."""
    wrong = first_untrue(task["home"], task["files"])
    return [] if wrong is None else [{"damaged": [wrong, "its bytes have changed"]}]

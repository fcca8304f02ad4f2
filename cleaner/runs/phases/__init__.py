"""Every phase's function by name, what a task is, and the one way a worker does it."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from cleaner.config.plain import Plain
from cleaner.errors import Damaged
from cleaner.runs.phases.account import AccountSettings, AccountUnit, run_account
from cleaner.runs.phases.base import Everything, load_settings
from cleaner.runs.phases.checkpoint import CheckpointSettings, CheckpointUnit, run_checkpoint
from cleaner.runs.phases.export import ExportSettings, ExportUnit, run_export
from cleaner.runs.phases.index import IndexSettings, IndexUnit, KeptUnit, run_index, run_kept
from cleaner.runs.phases.map import MapSettings, MapUnit, run_map, run_probe
from cleaner.runs.phases.merge import MergeUnit, run_merge
from cleaner.runs.phases.mix import (
    MixSettings,
    MixUnit,
    run_count,
    run_draw,
    run_levels,
    run_rates,
    run_tally,
)
from cleaner.runs.phases.shuffle import CutSettings, ShardSettings, ShardUnit, run_cut, run_shard
from cleaner.runs.phases.steps import (
    GatherSettings,
    GatherUnit,
    StepSettings,
    StepUnit,
    run_gather,
    run_step,
)
from cleaner.storage.commits import Committer, first_untrue
from cleaner.storage.shortages import filename, is_shortage, told


@dataclass(frozen=True)
class Function:
    """What does one unit of a phase, and the types of what it is told."""

    run: Callable[[Any, Any, Committer], None]
    settings: type[Plain]
    unit: type[Plain]


FUNCTIONS: dict[str, Function] = {
    "map": Function(run_map, MapSettings, MapUnit),
    "probe": Function(run_probe, MapSettings, MapUnit),
    "merge": Function(run_merge, Everything, MergeUnit),
    "step": Function(run_step, StepSettings, StepUnit),
    "gather": Function(run_gather, GatherSettings, GatherUnit),
    "cut": Function(run_cut, CutSettings, Everything),
    "shard": Function(run_shard, ShardSettings, ShardUnit),
    "mix_count": Function(run_count, MixSettings, MixUnit),
    "mix_levels": Function(run_levels, MixSettings, Everything),
    "mix_tally": Function(run_tally, MixSettings, MixUnit),
    "mix_rates": Function(run_rates, MixSettings, Everything),
    "mix_draw": Function(run_draw, MixSettings, MixUnit),
    "export": Function(run_export, ExportSettings, ExportUnit),
    "account": Function(run_account, AccountSettings, AccountUnit),
    "write_checkpoint": Function(run_checkpoint, CheckpointSettings, CheckpointUnit),
    "kept": Function(run_kept, IndexSettings, KeptUnit),
    "index": Function(run_index, IndexSettings, IndexUnit),
}


@dataclass(frozen=True, kw_only=True)
class Task(Plain):
    """One unit of one phase, with what it is told, as it travels to whoever does it."""

    folder: str  # of the run
    phase: str
    function: str  # its name in FUNCTIONS
    settings: str  # the path of what all units of the phase share
    unit: str
    payload: Any  # what this unit is told, of the type that its function takes
    key: str
    base: str = ""  # the key without the documents that the unit leaves alone
    home: str = ""  # where the phase has its results
    place: str = ""  # that, below the run folder
    identity: str = ""  # of the job
    run: str = ""  # what the run that makes it calls itself
    have: tuple[int, ...] = ()  # parts that are committed
    exact: bool = True
    stages: str = ""  # what runs in it, for messages
    gpu: bool = False
    memory: int = 0  # bytes that it may need
    blind: int = 0  # searches for what kills its worker that found nothing

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Read back what `plain` returned."""
        unit = FUNCTIONS[plain["function"]].unit.from_plain(plain["payload"])
        return super().from_plain({**plain, "payload": unit})


@dataclass(frozen=True, kw_only=True)
class Check(Plain):
    """A task that does no unit, and reads again the products that an earlier attempt wrote."""

    phase: str
    settings: str
    unit: str
    key: str
    part: int
    home: str
    files: tuple[Mapping[str, Any], ...]  # path, bytes, sha256
    payload: None = None
    gpu: bool = False
    memory: int = 0


def read_task(plain: Mapping[str, Any]) -> Task | Check:
    """Read back what `plain` of a task returned."""
    return Task.from_plain(plain) if "function" in plain else Check.from_plain(plain)


def work(task: Task | Check) -> list[dict[str, Any]]:
    """Do one unit of one phase and return the markers it committed, as plain data.

    Where a file that it reads is damaged, the result names that one instead.
    """
    if isinstance(task, Check):
        return _checked(task)
    out = Committer(
        folder=task.folder,
        phase=task.phase,
        unit=task.unit,
        key=task.key,
        have=frozenset(task.have),
        exact=task.exact,
        stages=task.stages,
        place=task.place,
        identity=task.identity,
        made_by=task.run,
    )
    # Another attempt may have committed it since: what stands is not made again. A first part that
    # was there already has others after it, or there would be no task.
    try:
        if task.function == "probe" or 0 in out.have or not out.stands(0, last=True):
            function = FUNCTIONS[task.function]
            settings = load_settings(task.settings, function.settings.from_plain)
            function.run(settings, task.payload, out)
    except Damaged as error:
        if task.function == "probe":
            raise
        return [{"damaged": [error.path, error.said]}]
    except BaseException as error:
        if not is_shortage(error):
            raise
        where = f"{out.phase}: unit {out.unit}"
        raise told(error, f"{where}: {named}" if (named := filename(error)) else where) from error
    return [asdict(marker) for marker in out.done]


def _checked(task: Check) -> list[dict[str, Any]]:
    """Return the first product of a committed unit whose bytes are not those that were written."""
    wrong = first_untrue(task.home, task.files)
    return [] if wrong is None else [{"damaged": [wrong, "its bytes have changed"]}]

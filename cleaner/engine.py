"""Runs tasks on Ray, or in this very process; the only module that imports ray.

A task is plain data and returns plain data; Ray carries keys and counts, never documents. Both
engines call the same function, so what a run writes does not depend on which one ran it.
"""

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Literal, Self

from cleaner.errors import CleanerError, InputError

Task = Mapping[str, Any]
Result = list[dict[str, Any]]
Done = tuple[Task, Result | None]  # None: the worker died, again and again, or hung
Engine = Literal["ray", "inline"]

# One task, one core: what runs beside it is another task.
_THREADS = {
    "POLARS_MAX_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "ARROW_IO_THREADS": "2",
    "NUMBA_NUM_THREADS": "1",
}
_RETRIES = 2  # of a task whose worker or node died; never of an exception of ours
_STUCK = 1800.0  # seconds after which a task is taken for hung; CLEANER_STUCK_AFTER overrides
_OBJECT_STORE = 80 << 20  # bytes; only keys and counts pass through it


class Inline:
    """Runs tasks one after another in this process."""

    slots = 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def run(self, tasks: Iterable[Task]) -> Iterator[Done | None]:
        """Yield each task with the markers it committed."""
        from cleaner.phases import work

        for task in tasks:
            yield task, work(task)

    def attempt(self, task: Task) -> Result | None:
        """Return what one task committed."""
        from cleaner.phases import work

        return work(task)


class Ray:
    """Runs tasks on a Ray cluster: its own on this machine, or the one at `address`."""

    def __init__(self, address: str | None = None, workers: int | None = None) -> None:
        self.address = address or os.environ.get("RAY_ADDRESS")
        self.workers = workers
        self.slots = workers or os.cpu_count() or 1

    def __enter__(self) -> Self:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        # A call without a connection must fail, not join whatever Ray runs on this machine.
        os.environ.setdefault("RAY_ENABLE_AUTO_CONNECT", "0")
        # A killed task must not be retried for ever when memory is what killed it.
        os.environ.setdefault("RAY_task_oom_retries", "3")
        import ray

        common: dict[str, Any] = {
            "logging_level": "error",
            "log_to_driver": False,
            "runtime_env": {"env_vars": _THREADS},
        }
        try:
            if self.address:
                ray.init(address=self.address, **common)
                self.slots = self.workers or int(ray.cluster_resources().get("CPU", 1))
            else:
                ray.init(
                    address="local",
                    num_cpus=self.slots,
                    include_dashboard=False,
                    object_store_memory=_OBJECT_STORE,
                    **common,
                )
        except (ConnectionError, RuntimeError, ValueError) as error:
            where = f"at {self.address}" if self.address else "on this machine"
            said = str(error).strip().split("\n", 1)[0]
            raise InputError(f"no Ray {where}: {said}; --engine inline runs without it") from None
        return self

    def __exit__(self, *error: object) -> None:
        import ray

        ray.shutdown()

    def run(self, tasks: Iterable[Task]) -> Iterator[Done | None]:
        """Yield each task with the markers it committed, in the order they end; None now and then.

        Twice as many tasks as slots are under way. An error of ours ends the run as it was raised
        in the worker; a task whose worker dies or hangs comes with None.
        """
        import ray

        call = ray.remote(_work)
        waiting = iter(tasks)
        under_way: dict[Any, Task] = {}
        since: dict[Any, float] = {}
        ended = False
        try:
            while True:
                while not ended and len(under_way) < 2 * self._slots():
                    task = next(waiting, None)
                    if task is None:
                        ended = True
                    else:
                        needs = self._needs(task)
                        reference = call.options(max_retries=_RETRIES, **needs).remote(dict(task))
                        under_way[reference] = task
                        since[reference] = time.monotonic()
                if not under_way:
                    return
                done, _ = ray.wait(list(under_way), num_returns=1, timeout=1)
                for reference in done:
                    task = under_way.pop(reference)
                    yield task, self._result(reference, task)
                late = time.monotonic() - 2 * stuck_after()  # one may have waited for another
                for reference in [one for one in under_way if since[one] < late]:
                    ray.cancel(reference, force=True)
                    yield under_way.pop(reference), None
                if not done:
                    yield None
        finally:
            for reference in under_way:
                ray.cancel(reference, force=True)

    def attempt(self, task: Task) -> Result | None:
        """Return what one task committed, or None when it killed its worker or hung."""
        import ray

        call = ray.remote(_work).options(max_retries=0, **self._needs(task))
        reference = call.remote(dict(task))
        done, _ = ray.wait([reference], timeout=stuck_after())
        if not done:
            ray.cancel(reference, force=True)
            return None
        return self._result(reference, task)

    def _needs(self, task: Task) -> dict[str, float]:
        """Return what one task occupies: a core, and a GPU where it can use one."""
        import ray

        gpus = ray.cluster_resources().get("GPU", 0) if task.get("gpu") else 0
        return {"num_cpus": 1, "num_gpus": 1 if gpus else 0}

    def _slots(self) -> int:
        if self.workers or not self.address:
            return self.slots
        import ray

        return int(ray.cluster_resources().get("CPU", 1))  # nodes come and go

    def _result(self, reference: Any, task: Task) -> Result | None:
        import ray

        try:
            return ray.get(reference)
        except ray.exceptions.RayTaskError as error:
            cause = error.cause
            if isinstance(cause, CleanerError):
                raise cause from None
            raise CleanerError(
                f"{task['phase']}: unit {task['unit']}: {type(cause).__name__}: {cause}"
            ) from error
        except ray.exceptions.RayError:
            return None


def stuck_after() -> float:
    """Return the seconds after which a task is taken for hung; it decides no document's fate."""
    return float(os.environ.get("CLEANER_STUCK_AFTER", _STUCK))


def _work(task: dict[str, Any]) -> Result:
    from cleaner.phases import work

    return work(task)


def engine_of(
    name: Engine, address: str | None = None, workers: int | None = None
) -> AbstractContextManager[Inline | Ray]:
    """Return the engine by name, to be entered before it runs anything."""
    if name == "inline":
        return Inline()
    return Ray(address, workers)

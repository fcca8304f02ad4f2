"""Runs tasks on Ray, or in this very process; the only module that imports ray.

A task is plain data and returns plain data; Ray carries keys and counts, never documents. Both
engines call the same function, so what a run writes does not depend on which one ran it.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Literal, Self

from cleaner.errors import CleanerError, InputError

Task = Mapping[str, Any]
Done = tuple[Task, list[dict[str, Any]]]
Engine = Literal["ray", "inline"]

# One task, one core: what runs beside it is another task.
_THREADS = {
    "POLARS_MAX_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "ARROW_IO_THREADS": "2",
    "NUMBA_NUM_THREADS": "1",
}
_RETRIES = 5  # a worker or a node that died; never an exception of ours
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


class Ray:
    """Runs tasks on a Ray cluster: its own on this machine, or the one at `address`."""

    def __init__(self, address: str | None = None, workers: int | None = None) -> None:
        self.address = address or os.environ.get("RAY_ADDRESS")
        self.workers = workers
        self.slots = workers or os.cpu_count() or 1

    def __enter__(self) -> Self:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
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
        in the worker.
        """
        import ray

        call = ray.remote(_work).options(num_cpus=1, max_retries=_RETRIES)
        waiting = iter(tasks)
        under_way: dict[Any, Task] = {}
        ended = False
        try:
            while True:
                while not ended and len(under_way) < 2 * self._slots():
                    task = next(waiting, None)
                    if task is None:
                        ended = True
                    else:
                        under_way[call.remote(dict(task))] = task
                if not under_way:
                    return
                done, _ = ray.wait(list(under_way), num_returns=1, timeout=1)
                for reference in done:
                    task = under_way.pop(reference)
                    yield task, self._result(reference, task)
                if not done:
                    yield None
        finally:
            for reference in under_way:
                ray.cancel(reference, force=True)

    def _slots(self) -> int:
        if self.workers or not self.address:
            return self.slots
        import ray

        return int(ray.cluster_resources().get("CPU", 1))  # nodes come and go

    def _result(self, reference: Any, task: Task) -> list[dict[str, Any]]:
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
        except ray.exceptions.RayError as error:
            said = str(error).strip().split("\n", 1)[0]
            raise InputError(
                f"{task['phase']}: unit {task['unit']}: its worker died again and again: {said}"
            ) from None


def _work(task: dict[str, Any]) -> list[dict[str, Any]]:
    from cleaner.phases import work

    return work(task)


def engine_of(
    name: Engine, address: str | None = None, workers: int | None = None
) -> AbstractContextManager[Inline | Ray]:
    """Return the engine by name, to be entered before it runs anything."""
    if name == "inline":
        return Inline()
    return Ray(address, workers)

"""A cluster of machines that are lent for a while: nodes go without a word, and others come."""

import contextlib
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import psutil

from cleaner.job.plan import Plan
from cleaner.runs import driver as drivers
from cleaner.runs.driver import run_plan
from cleaner.runs.status import Tally

MEMORY = 80 << 20  # bytes of a node's object store
FEWEST, MOST = 2, 4  # nodes that take tasks


@dataclass
class Storm:
    """What happened to the nodes of a cluster while runs went over it."""

    every: float  # seconds between two nodes that are killed
    due: float = 0.0  # when the next one is
    killed: int = 0
    joined: int = 0
    nodes: set[int] = field(default_factory=set)  # how many there were at a time
    useful: float = 0.0  # seconds of attempts that committed what they were to, once given to Ray
    lost: float = 0.0  # and of those that ended with their node

    @property
    def share_lost(self) -> float:
        """Return the share of the work that was for nothing."""
        return self.lost / max(1e-9, self.lost + self.useful)

    def watch(self, engine: Any) -> None:
        """Count from now on what the attempts of an engine come to."""
        given: dict[tuple[str, str], float] = {}
        start, run = engine._start, engine.run

        def started(one: Any) -> Any:
            reference = start(one)
            given[one.task.phase, one.task.unit] = one.since
            return reference

        def ran(tasks: Any) -> Iterator[Any]:
            for done in run(tasks):
                if done is not None and done[1] is not None:
                    self.useful += time.monotonic() - given[done[0].phase, done[0].unit]
                yield done

        engine._start, engine.run = started, ran


@contextlib.contextmanager
def cluster_of(nodes: int) -> Iterator[Any]:
    """Give a cluster: a head that takes no tasks, and nodes of one core each."""
    from ray.cluster_utils import Cluster

    made = Cluster(True, head_node_args={"num_cpus": 0, "object_store_memory": MEMORY})
    try:
        for _ in range(nodes):
            made.add_node(num_cpus=1, object_store_memory=MEMORY)
        yield made
    finally:
        made.shutdown()


def kill(cluster: Any, node: Any) -> None:
    """Kill a node whole and at once: its raylet and all its workers."""
    raylet = psutil.Process(node.all_processes["raylet"][0].process.pid)
    below = raylet.children(recursive=True)
    cluster.remove_node(node, allow_graceful=False)
    for one in below:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()


def run_in(
    storm: Storm, cluster: Any, plan: Plan, folder: Path, chance: random.Random
) -> dict[str, Any]:
    """Run a plan while nodes are killed, every so many seconds, and others join."""
    ended: list[Any] = []
    tallies: list[Tally] = []
    real = drivers.engine_of

    def engine_of(*asked: Any) -> Any:
        made = real(*asked)
        storm.watch(made)
        tallies.append(made.tally)
        return made

    def drive() -> None:
        try:
            ended.append(run_plan(plan, str(folder), engine="ray", address=cluster.address))
        except BaseException as error:
            ended.append(error)

    with mock.patch.object(drivers, "engine_of", engine_of):
        driver = threading.Thread(target=drive)
        driver.start()
        storm.due = storm.due or time.monotonic() + storm.every
        while driver.is_alive():
            driver.join(0.2)
            if time.monotonic() < storm.due:
                continue
            storm.due = time.monotonic() + storm.every
            there = list(cluster.worker_nodes)
            storm.nodes.add(len(there))
            kill(cluster, chance.choice(there))
            storm.killed += 1
            wanted = chance.randint(FEWEST, MOST)
            while len(cluster.worker_nodes) < wanted:
                cluster.add_node(num_cpus=1, object_store_memory=MEMORY)
                storm.joined += 1
    if not isinstance(ended[0], dict):
        raise ended[0]
    storm.lost += sum(one.lost_seconds for one in tallies)
    return ended[0]

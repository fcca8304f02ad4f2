"""Many nodes: they die and join while a job runs, and the bytes are those of one process."""

import contextlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.corpus_maker import job, write_parquet
from support.kills import POINTS, UNIT, every_kind, frozen, names, tell
from support.runs import STAGES, fingerprint, markers

from cleaner.errors import InputError
from cleaner.job.job_file import parse_job
from cleaner.job.plan import Plan, make_plan
from cleaner.runs.driver import run_plan

psutil = pytest.importorskip("psutil")
pytestmark = [pytest.mark.slow, pytest.mark.ray]

MEMORY = 80 << 20


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head that takes no tasks and two nodes of one core each."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        made = Cluster(True, head_node_args={"num_cpus": 0, "object_store_memory": MEMORY})
        for _ in range(2):
            made.add_node(num_cpus=1, object_store_memory=MEMORY)
        yield made
        made.shutdown()


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    made = every_kind(tmp_path_factory.mktemp("everything"))
    return make_plan(parse_job(made), unit_limit=UNIT)


@contextlib.contextmanager
def started(plan: Plan, folder: Path, address: str) -> Iterator[tuple[threading.Thread, list[Any]]]:
    """Run a plan on a cluster, in a thread: nodes are added in the main one."""
    ended: list[Any] = []

    def drive() -> None:
        try:
            ended.append(run_plan(plan, str(folder), engine="ray", address=address))
        except BaseException as error:
            ended.append(error)

    driver = threading.Thread(target=drive)
    driver.start()
    yield driver, ended
    driver.join(400)
    assert not driver.is_alive()


def lose(cluster: Any, worker: int) -> None:
    """Kill the node on which a worker runs, whole and at once, and add another."""
    above = {parent.pid for parent in psutil.Process(worker).parents()}
    (node,) = [
        node
        for node in cluster.worker_nodes
        if node.all_processes["raylet"][0].process.pid in above
    ]
    raylet = psutil.Process(node.all_processes["raylet"][0].process.pid)
    its = raylet.children(recursive=True)
    cluster.remove_node(node, allow_graceful=False)
    for one in its:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()
    cluster.add_node(num_cpus=1, object_store_memory=MEMORY)


def test_a_node_killed_and_one_added_change_no_byte(cluster: Any, tmp_path: Path) -> None:
    corpus = [write_parquet(tmp_path / f"in/{n}.parquet", 150, seed=n) for n in range(3)]
    plan = make_plan(parse_job(job(corpus, *STAGES)), unit_limit=10_000)
    run_plan(plan, str(tmp_path / "one"), engine="inline")
    folder = tmp_path / "many"
    with started(plan, folder, cluster.address) as (driver, ended):
        while driver.is_alive() and len(markers(str(folder))) < 3:
            time.sleep(0.05)
        before = markers(str(folder))
        cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
        cluster.add_node(num_cpus=1, object_store_memory=MEMORY)
    assert isinstance(ended[0], dict), ended
    assert fingerprint(tmp_path / "one") == fingerprint(folder)
    after = markers(str(folder))
    assert {path: after[path] for path in before} == before


@pytest.mark.parametrize("point", POINTS)
def test_a_node_killed_and_one_added_in_every_phase_change_no_byte(
    cluster: Any,
    plan: Plan,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    point: str,
) -> None:
    """Three nodes; the one on which a task freezes at the point dies with all it runs."""
    run_plan(plan, str(tmp_path / "one"), engine="inline")
    met, folder = tmp_path / "met", tmp_path / "run"
    met.mkdir()
    monkeypatch.setenv("CLEANER_FAILPOINT", f"*:*:{point}:stop")
    monkeypatch.setenv("CLEANER_FAILPOINT_ONCE", str(met))
    lost: set[str] = set()
    with started(plan, folder, cluster.address) as (driver, ended):
        while driver.is_alive():
            for path in met.glob("[!.]*"):
                if path.name not in lost:
                    before = markers(str(folder))
                    lose(cluster, int(path.read_text()))
                    lost.add(path.name)
                    after = markers(str(folder))
                    assert {path: after[path] for path in before} == before
            time.sleep(0.05)
    assert isinstance(ended[0], dict), ended
    assert lost == {f"{phase}.{point}" for phase in names(plan)}
    assert fingerprint(folder) == fingerprint(tmp_path / "one")


def test_a_node_that_sees_another_folder_is_named_before_anything_runs(
    cluster: Any, tmp_path: Path
) -> None:
    """A third node has an empty file system where the others have the input, or the run folder."""
    corpus = [write_parquet(tmp_path / f"in/{n}.parquet", 50, seed=n) for n in range(2)]
    plan = make_plan(parse_job(job(corpus, {"normalise": {}})))
    run = tmp_path / "runs/one"
    run.mkdir(parents=True)
    for hidden, said in (
        ("runs", f"the run folder {run} is another one"),
        ("in", "0.parquet is not"),
    ):
        ray = f"{sys.executable} -m ray.scripts.scripts start --address={cluster.address}"
        options = f"--num-cpus=1 --object-store-memory={MEMORY} --block"
        there = f"mount -t tmpfs tmpfs {tmp_path / hidden} && exec {ray} {options}"
        known = alive(cluster.address)
        shell = ["unshare", "--mount", "sh", "-c", there]
        apart = subprocess.Popen(shell, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while not alive(cluster.address) - known:
                if apart.poll() is not None:
                    pytest.skip("file systems cannot be mounted here")
                time.sleep(0.5)
            with pytest.raises(InputError, match=rf"node [0-9.]+: .*{said}.*must read and write"):
                run_plan(plan, str(run), engine="ray", address=cluster.address)
            assert not list(run.glob("_work/*/_commits/*"))
        finally:
            apart.terminate()
            apart.wait(60)
            while alive(cluster.address) - known:
                time.sleep(0.5)
    run_plan(plan, str(run), engine="ray", address=cluster.address)


def alive(address: str) -> set[str]:
    """Return the nodes that a cluster has."""
    import ray

    with ray.init(address=address, logging_level="error", log_to_driver=False):
        return {node["NodeID"] for node in ray.nodes() if node["Alive"]}


def test_the_head_takes_no_task_where_others_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    corpus = [write_parquet(tmp_path / f"in/{n}.parquet", 50, seed=n) for n in range(3)]
    plan = make_plan(parse_job(job(corpus, {"normalise": {}})), unit_limit=10_000)
    met = tmp_path / "met"
    met.mkdir()
    monkeypatch.setenv("CLEANER_FAILPOINT", "*:*:data:stop")
    monkeypatch.setenv("CLEANER_FAILPOINT_ONCE", str(met))
    made = Cluster(True, head_node_args={"num_cpus": 2, "object_store_memory": MEMORY})
    try:
        node = made.add_node(num_cpus=1, object_store_memory=MEMORY)
        raylet = node.all_processes["raylet"][0].process.pid
        with started(plan, tmp_path / "run", made.address) as (driver, ended):
            seen: set[str] = set()
            while driver.is_alive():
                for path in met.glob("[!.]*"):
                    if path.name not in seen:
                        worker = psutil.Process(int(path.read_text()))
                        assert raylet in [parent.pid for parent in worker.parents()]
                        worker.resume()
                        seen.add(path.name)
                time.sleep(0.05)
        assert isinstance(ended[0], dict), ended
        assert len(seen) == len(names(plan))
    finally:
        made.shutdown()


@pytest.mark.parametrize(("memory", "beside"), [(600_000_000, False), (200_000_000, True)])
def test_a_task_waits_for_the_memory_it_may_need(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: int, beside: bool
) -> None:
    """A node of two cores and 1 GB: while one task is frozen, another runs if both have room."""
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setattr(Plan, "task_memory", memory)
    met, folder = tmp_path / "met", tmp_path / "run"
    met.mkdir()
    monkeypatch.setenv("CLEANER_FAILPOINT", "00-map:*:data:stop")
    monkeypatch.setenv("CLEANER_FAILPOINT_ONCE", str(met))
    made = Cluster(True, head_node_args={"num_cpus": 0, "object_store_memory": MEMORY})
    try:
        made.add_node(num_cpus=2, memory=1_000_000_000, object_store_memory=MEMORY)
        with started(plan, folder, made.address) as (_, ended):
            worker = frozen(met, "00-map.data")
            deadline = time.time() + (60 if beside else 8)
            while time.time() < deadline and not (beside and markers(str(folder))):
                time.sleep(0.1)
            assert bool(markers(str(folder))) == beside
            tell(worker, signal.SIGCONT)
        assert isinstance(ended[0], dict), ended
    finally:
        made.shutdown()

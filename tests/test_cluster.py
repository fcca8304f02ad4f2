"""Many nodes: one is killed and one is added while a job runs, and the bytes are those of one."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from corpus_maker import job, write_parquet
from test_run import STAGES, fingerprint, markers

from cleaner.job import parse_job
from cleaner.plan import make_plan
from cleaner.runs import run_plan

pytestmark = [pytest.mark.slow, pytest.mark.ray]


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A head that takes no tasks and two nodes of one core each."""
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    memory = 80 << 20
    made = Cluster(True, head_node_args={"num_cpus": 0, "object_store_memory": memory})
    made.workers = [made.add_node(num_cpus=1, object_store_memory=memory) for _ in range(2)]
    yield made
    made.shutdown()


def test_a_node_killed_and_one_added_change_no_byte(cluster: Any, tmp_path: Path) -> None:
    corpus = [write_parquet(tmp_path / f"in/{n}.parquet", 150, seed=n) for n in range(3)]
    plan = make_plan(parse_job(job(corpus, *STAGES)), unit_limit=10_000)
    run_plan(plan, str(tmp_path / "one"), engine="inline")
    folder = tmp_path / "many"
    ended: list[Any] = []

    def drive() -> None:
        try:
            ended.append(run_plan(plan, str(folder), engine="ray", address=cluster.address))
        except BaseException as error:
            ended.append(error)

    driver = threading.Thread(target=drive)
    driver.start()
    while driver.is_alive() and len(markers(str(folder))) < 3:
        time.sleep(0.05)
    before = markers(str(folder))
    cluster.remove_node(cluster.workers[0], allow_graceful=False)
    cluster.add_node(num_cpus=1, object_store_memory=80 << 20)
    driver.join(400)
    assert not driver.is_alive()
    assert isinstance(ended[0], dict), ended
    assert fingerprint(tmp_path / "one") == fingerprint(folder)
    after = markers(str(folder))
    assert {path: after[path] for path in before} == before

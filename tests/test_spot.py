"""Nodes that are killed all the time while others join: the same bytes, and little work lost."""

import random
import time
from pathlib import Path

import pytest
from support.corpus_maker import job, write_parquet
from support.runs import fingerprint

from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.runs.driver import run_plan

pytest.importorskip("psutil")
pytestmark = [pytest.mark.slow, pytest.mark.ray]

SECONDS, EVERY = 120, 20
STAGES = [
    {"normalise": {}},
    {"language": {}},
    {"filter": "gopher_repetition"},
    {"filter": "gopher_quality"},
    {"exact_dedup": {}},
    {"near_dedup": {"preset": "fineweb"}},
]


def test_two_minutes_of_a_node_killed_every_twenty_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs one after another on 2 to 4 nodes; under 15 % of the work is for nothing."""
    from support.spot import Storm, cluster_of, run_in

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    corpus = [write_parquet(tmp_path / f"in/{n}.parquet", 8_000, n, group=500) for n in range(20)]
    plan = make_plan(parse_job(job(corpus, *STAGES, output={"shard_bytes": 4_000_000})),
                     unit_limit=400_000)  # fmt: skip
    run_plan(plan, str(tmp_path / "one"), engine="inline")
    wanted = fingerprint(tmp_path / "one")
    storm, chance, began, runs = Storm(EVERY), random.Random(7), time.monotonic(), 0
    with cluster_of(2) as cluster:
        while time.monotonic() - began < SECONDS:
            run_in(storm, cluster, plan, tmp_path / f"run{runs}", chance)
            assert fingerprint(tmp_path / f"run{runs}") == wanted
            runs += 1
    print(storm, f"{runs} runs, {storm.share_lost:.1%} lost")
    assert storm.killed >= 3
    assert storm.share_lost < 0.15

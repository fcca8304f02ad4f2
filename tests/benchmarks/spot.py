"""Run a job on 2 to 4 nodes for a while, kill one every minute, let others join; compare the bytes.

    python tests/benchmarks/spot.py [--minutes 20] [--every 60] [--files 40] [--seed 0]

Runs go one after another over one corpus. A node is killed whole, by SIGKILL: its raylet and all
its workers; what comes instead is drawn, so that 2 to 4 nodes are there. Every run must end in the
bytes of one process. The work that was for nothing is the time of attempts that ended with their
node, of all attempts; the bar is 15 %. Exit code 1 where it is missed, or bytes differ.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1])]

from support.corpus_maker import job, write_parquet  # noqa: E402
from support.runs import STAGES, fingerprint  # noqa: E402
from support.spot import Storm, cluster_of, run_in  # noqa: E402

from cleaner.job.job_file import parse_job  # noqa: E402
from cleaner.job.plan import make_plan  # noqa: E402
from cleaner.runs.driver import run_plan  # noqa: E402

MORE = [{"language": {}}, {"filter": "gopher_quality"}, {"line_dedup": {"min_documents": 500}}]


def main() -> None:
    """Print one line a run and the counts at the end."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--minutes", type=float, default=20)
    asked.add_argument("--every", type=float, default=60)
    asked.add_argument("--files", type=int, default=40)
    asked.add_argument("--seed", type=int, default=0)
    options = asked.parse_args()
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    storm, chance, wrong, runs = Storm(options.every), random.Random(options.seed), 0, 0
    with tempfile.TemporaryDirectory(prefix="cleaner-spot-") as scratch:
        place = Path(scratch)
        corpus = [
            write_parquet(place / f"in/{n}.parquet", 8_000, n, group=500)
            for n in range(options.files)
        ]
        stages = [*STAGES, *MORE]
        plan = make_plan(
            parse_job(job(corpus, *stages, output={"shard_bytes": 4_000_000})), unit_limit=400_000
        )
        run_plan(plan, str(place / "one"), engine="inline")
        wanted = fingerprint(place / "one")
        began = time.monotonic()
        with cluster_of(2) as cluster:
            while time.monotonic() - began < 60 * options.minutes:
                start = time.monotonic()
                run_in(storm, cluster, plan, place / "run", chance)
                same = fingerprint(place / "run") == wanted
                wrong += not same
                runs += 1
                print(
                    f"run {runs}: {time.monotonic() - start:.0f} s, {'same' if same else 'OTHER'} "
                    f"bytes, {storm.killed} nodes killed and {storm.joined} joined so far, "
                    f"{storm.share_lost:.1%} of the work lost",
                    flush=True,
                )
                shutil.rmtree(place / "run")
    minutes = (time.monotonic() - began) / 60
    print(
        f"{minutes:.0f} minutes, {runs} runs over {len(plan.units)} units, {storm.killed} nodes "
        f"killed, {storm.joined} joined, {min(storm.nodes, default=0)} to "
        f"{max(storm.nodes, default=0)} at a time; {wrong} runs wrong; {storm.share_lost:.1%} of "
        "the work lost (bar: 15 %)"
    )
    sys.exit(1 if wrong or storm.share_lost >= 0.15 else 0)


if __name__ == "__main__":
    main()

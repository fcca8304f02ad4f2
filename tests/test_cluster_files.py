"""What stands in jobs/cluster: the Slurm script with stubs, and what the other files promise."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import yaml
from support.commands import INLINE, cleaner
from support.corpus_maker import job, write_parquet

PLACE = Path(__file__).parents[1] / "jobs/cluster"
STUBS = {
    "scontrol": 'echo "scontrol $*" >>"$SAID"\n[ "$1" = show ] && printf "n1\\nn2\\nn3\\n" || true',
    "srun": 'echo "srun $*" >>"$SAID"\nexec sleep 60',
    "ray": 'echo "ray $*" >>"$SAID"\n[ ! -e "$SAID.dead" ]',
    "cleaner": (
        'echo "cleaner $*" >>"$SAID"\n'
        'trap \'echo "cleaner drained" >>"$SAID"; exit 130\' TERM\n'
        'if [ -n "${LONG:-}" ]; then sleep 30 & wait $!; fi\nsleep 0.5\nexit "${CODE:-0}"'
    ),
}


# On one machine that is a node: Ray and the driver are the real ones.
REAL = {
    "scontrol": 'echo "scontrol $*" >>"$SAID"\n[ "$1" = show ] && echo 127.0.0.1 || true',
    "srun": 'while [ "$1" != ray ]; do shift; done\nexec "$@"',
    "ray": f'exec {sys.executable} -m ray.scripts.scripts "$@"',
    "cleaner": f'exec {sys.executable} -m cleaner "$@"',
}


def stubs(place: Path, bodies: dict[str, str]) -> None:
    place.mkdir(exist_ok=True)
    for name, body in bodies.items():
        stub = place / name
        stub.write_text(f"#!/usr/bin/env bash\n{body}\n")
        stub.chmod(0o755)


@pytest.fixture
def slurm(tmp_path: Path) -> dict[str, str]:
    """An environment like that of a Slurm job of three nodes, with stubs that say what they do."""
    stubs(tmp_path / "bin", STUBS)
    return {
        "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "HOME": str(tmp_path),
        "SAID": str(tmp_path / "said"), "SLURM_JOB_ID": "77", "SLURM_JOB_NODELIST": "n[1-3]",
        "SLURM_JOB_NUM_NODES": "3", "SLURM_CPUS_ON_NODE": "16", "CLEANER_SLURM_PAUSE": "0",
    }  # fmt: skip


def started(env: dict[str, str], *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(PLACE / "slurm.sh"), *args], env=env, stderr=subprocess.PIPE, text=True
    )


def said(env: dict[str, str]) -> str:
    path = Path(env["SAID"])
    return path.read_text() if path.exists() else ""


@pytest.mark.parametrize("code", [0, 3])
def test_slurm_starts_head_and_workers_and_ends_as_the_driver_did(
    slurm: dict[str, str], code: int
) -> None:
    running = started({**slurm, "CODE": str(code)}, "my job.yaml", "--out", "/shared/run")
    assert running.wait(30) == code
    lines = said(slurm).splitlines()
    head = next(line for line in lines if "--head" in line)
    assert "--nodelist=n1" in head
    assert "--num-cpus=0" in head
    assert "--port=20077" in head
    workers = next(line for line in lines if "--exclude=n1" in line)
    assert "--ntasks=2" in workers
    assert "--num-cpus=16" in workers
    assert "cleaner run my job.yaml --out /shared/run --address n1:20077" in lines
    assert not any("requeue" in line for line in lines)
    token = Path(slurm["HOME"], ".ray/auth_token")
    assert len(token.read_text()) == 64
    assert token.stat().st_mode & 0o077 == 0


def test_slurm_drains_and_queues_itself_again_on_sigterm(slurm: dict[str, str]) -> None:
    running = started({**slurm, "LONG": "1"}, "job.yaml")
    for _ in range(200):
        if "cleaner run" in said(slurm):
            break
        time.sleep(0.05)
    time.sleep(0.3)
    running.send_signal(signal.SIGTERM)
    assert running.wait(30) == 0
    lines = said(slurm).splitlines()
    assert lines[-2:] == ["cleaner drained", "scontrol requeue 77"]


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.parametrize("to_all", [False, True])
def test_slurm_drains_the_real_driver(slurm: dict[str, str], tmp_path: Path, to_all: bool) -> None:
    """`--signal=B:TERM` reaches the script alone, `scancel` the head and its workers as well."""
    stubs(tmp_path / "bin", REAL)
    paths = [write_parquet(tmp_path / f"in/{n}.parquet", 2000, seed=n) for n in range(4)]
    plain = job(paths, {"normalise": {}}, {"exact_dedup": {}}, output={"shard_bytes": 100_000})
    (tmp_path / "job.yaml").write_text(json.dumps(plain))
    out = tmp_path / "run"
    with tempfile.TemporaryDirectory(dir="/tmp") as short:  # the path of a socket is short
        env = {
            **slurm, "SLURM_JOB_NUM_NODES": "1", "SLURM_CPUS_ON_NODE": "2", "RAY_TMPDIR": short,
            "CLEANER_SLURM_PAUSE": "1",
        }  # fmt: skip
        running = subprocess.Popen(
            [str(PLACE / "slurm.sh"), str(tmp_path / "job.yaml"), "--out", str(out)],
            env=env, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + 200
        while not any(out.glob("_work/00-map/settings-*")) and time.monotonic() < deadline:
            assert running.poll() is None
            time.sleep(0.1)
        os.killpg(running.pid, signal.SIGTERM) if to_all else running.terminate()
        _, heard = running.communicate(timeout=120)
    assert running.returncode == 0, heard
    assert f"To continue: cleaner run {tmp_path / 'job.yaml'} --out {out}" in heard
    assert said(slurm).splitlines()[-1] == "scontrol requeue 77"
    assert not (out / "manifest.json").exists()
    assert cleaner("run", str(tmp_path / "job.yaml"), "--out", str(out), *INLINE).returncode == 0


def test_slurm_on_one_node_works_on_the_head(slurm: dict[str, str]) -> None:
    running = started({**slurm, "SLURM_JOB_NUM_NODES": "1"}, "job.yaml")
    assert running.wait(30) == 0
    assert "--num-cpus=16" in next(line for line in said(slurm).splitlines() if "--head" in line)
    assert "--exclude" not in said(slurm)


def test_slurm_gives_up_on_a_head_that_does_not_answer(slurm: dict[str, str]) -> None:
    Path(slurm["SAID"] + ".dead").touch()
    running = started(slurm, "job.yaml")
    assert running.wait(60) == 3
    assert running.stderr is not None
    assert "does not answer" in running.stderr.read()
    assert "cleaner run" not in said(slurm)


def test_the_head_of_every_cluster_takes_no_tasks() -> None:
    kube = yaml.safe_load((PLACE / "kuberay.yaml").read_text())
    ray = kube["spec"]["rayClusterSpec"]
    assert (kube["apiVersion"], kube["kind"]) == ("ray.io/v1", "RayJob")
    assert ray["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
    (worker,) = ray["workerGroupSpecs"]
    pods = [ray["headGroupSpec"]["template"]["spec"], worker["template"]["spec"]]
    assert {pod["serviceAccountName"] for pod in pods} == {"cleaner"}
    (container,) = worker["template"]["spec"]["containers"]
    assert container["image"] == "registry.example/cleaner:0.1.0"  # merged from the head's
    assert [mount["name"] for mount in container["volumeMounts"]] == ["job", "shm"]
    assert container["resources"]["requests"]["cpu"] == "16"
    launcher = yaml.safe_load((PLACE / "launcher.yaml").read_text())
    head = launcher["available_node_types"][launcher["head_node_type"]]
    assert head["resources"]["CPU"] == 0
    assert any("--num-cpus=0" in line for line in launcher["head_start_ray_commands"])

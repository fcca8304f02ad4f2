"""Killed anywhere, by the driver, a worker or a node: the same command ends in the same bytes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.corpus_maker import job, texts, write_parquet
from support.kills import (
    POINTS,
    RUN,
    UNIT,
    Died,
    Dying,
    driver,
    every_kind,
    frozen,
    names,
    tell,
)
from support.runs import fingerprint, markers

from cleaner.errors import InputError, MemoryShort
from cleaner.job.job_file import parse_job
from cleaner.job.plan import Plan, make_plan
from cleaner.runs import phases as phase_functions
from cleaner.runs.driver import run_plan


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return every_kind(tmp_path_factory.mktemp("everything"))


@pytest.fixture(scope="module")
def plan(everything: dict[str, Any]) -> Plan:
    return make_plan(parse_job(everything), unit_limit=UNIT)


@pytest.fixture(scope="module")
def whole(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run that nothing disturbs: one process."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    done = run_plan(plan, str(folder), engine="inline")
    assert done["rows"]["kept"] > 50
    return folder


@pytest.fixture
def worked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Every (phase, unit) on which this process works from now on."""
    found: list[tuple[str, str]] = []
    real = phase_functions.work

    def work(task: Any) -> Any:
        if not isinstance(task, phase_functions.Check):  # that reads a unit again, and does none
            found.append((task.phase, task.unit))
        return real(task)

    monkeypatch.setattr(phase_functions, "work", work)
    return found


def done_units(folder: Path) -> set[tuple[str, str]]:
    """Return (phase, unit) of every unit whose last part is committed."""
    found = Path(folder, "_work").glob("*/_commits/*.last-*.json")
    return {(path.parts[-3], path.name.split(".")[0]) for path in found}


def kill_in_turn(plain: dict[str, Any], folder: Path, points: list[tuple[str, str]]) -> int:
    """Run until killed at each point, one after another in the same folder; return the kills."""
    for phase, point in points:
        before = markers(str(folder))
        died = driver(plain, folder, CLEANER_FAILPOINT=f"{phase}:*:{point}").wait(120)
        assert died == -signal.SIGKILL, (phase, point)
        assert not (folder / "manifest.json").exists()
        after = markers(str(folder))
        assert {path: after[path] for path in before} == before, (phase, point)
        # Nobody who reads the folder meets what a killed process was writing.
        assert all("_work" in path.parts for path in folder.rglob(".tmp-*"))
    return len(points)


def test_a_driver_killed_again_and_again_ends_in_the_same_bytes(
    everything: dict[str, Any],
    plan: Plan,
    whole: Path,
    tmp_path: Path,
    worked: list[tuple[str, str]],
) -> None:
    phases = names(plan)
    chosen = [phases[0], *(p for p in phases if p.endswith((".cut", ".verify", "-account")))]
    points = [(phase, POINTS[i % 3]) for i, phase in enumerate(sorted(set(chosen)))]
    folder = tmp_path / "run"
    assert kill_in_turn(everything, folder, points) >= 5
    before, done = markers(str(folder)), done_units(folder)
    run_plan(plan, str(folder), engine="inline")
    after = markers(str(folder))
    assert {path: after[path] for path in before} == before
    assert done
    assert not done & set(worked)
    assert fingerprint(folder) == fingerprint(whole)


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_a_driver_killed_in_every_phase_ends_in_the_same_bytes(
    everything: dict[str, Any],
    plan: Plan,
    whole: Path,
    tmp_path: Path,
    worked: list[tuple[str, str]],
    point: str,
) -> None:
    folder = tmp_path / "run"
    phases = names(plan)
    assert kill_in_turn(everything, folder, [(phase, point) for phase in phases]) == len(phases)
    done = done_units(folder)
    run_plan(plan, str(folder), engine="inline")
    assert not done & set(worked)
    assert fingerprint(folder) == fingerprint(whole)


def test_what_killed_processes_left_long_ago_goes(plan: Plan, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    old, young = folder / "_work/.tmp-old", folder / "_work/00-map/.tmp-young"
    young.parent.mkdir(parents=True)
    for path in (old, young):
        path.write_bytes(b"half a shard")
    os.utime(old, (time.time() - 7200,) * 2)
    run_plan(plan, str(folder), engine="inline")
    assert not old.exists()
    assert young.exists()  # somebody may be writing it


def test_poison_in_several_parts_of_one_unit_is_found_part_by_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = [5, 25, 26, 41, 55]
    given = [f"{text} arsenic" if row in bad else text for row, text in enumerate(texts(60))]
    path = write_parquet(tmp_path / "a.parquet", 60, group=10, text=given)
    plain = job([path], {"normalise": {}}, max_error_rate=0.5)
    plan = make_plan(parse_job(plain), unit_limit=5_000)
    folder = tmp_path / "run"

    def die(*_: Any) -> None:
        raise Died

    monkeypatch.setenv("CLEANER_POISON", "arsenic:kill")
    monkeypatch.setattr(os, "kill", die)
    monkeypatch.setattr("cleaner.runs.driver.engine_of", lambda *_: Dying())
    done = run_plan(plan, str(folder))
    assert done["rows"] == {"in": 60, "kept": 55, "dropped": 0, "failed": 5}
    assert len(list((folder / "_work/00-map/_commits").iterdir())) > 4
    ledger = pl.read_parquet(folder / "ledger/part-00000.parquet")
    assert ledger.filter(fate="failed")["row"].to_list() == bad
    first = fingerprint(folder)
    (folder / "manifest.json").unlink()
    for marker in (folder / "_work/00-map/_commits").iterdir():
        marker.unlink()
    run_plan(plan, str(folder), engine="inline")  # obeys the verdicts, or it would die
    assert fingerprint(folder) == first


def worker_kills(
    plan: Plan, folder: Path, met: Path, failpoint: str, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Run on Ray with workers that die at fail-points; return which were met, each once."""
    met.mkdir()
    monkeypatch.setenv("CLEANER_FAILPOINT", failpoint)
    monkeypatch.setenv("CLEANER_FAILPOINT_ONCE", str(met))
    run_plan(plan, str(folder), engine="ray", workers=2)
    return sorted(path.name for path in met.glob("[!.]*"))


@pytest.mark.ray
def test_workers_killed_change_no_byte(
    plan: Plan, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = [names(plan)[0], "*.verify", "*-shards"]
    wanted = ",".join(f"{phase}:*:{point}" for phase, point in zip(chosen, POINTS, strict=True))
    met = worker_kills(plan, tmp_path / "run", tmp_path / "met", wanted, monkeypatch)
    assert [name.rsplit(".", 1)[1] for name in met] == ["data", "marker", "after"]
    assert fingerprint(tmp_path / "run") == fingerprint(whole)


@pytest.mark.slow
@pytest.mark.ray
@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_in_every_phase_changes_no_byte(
    plan: Plan, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    met = worker_kills(plan, tmp_path / "run", tmp_path / "met", f"*:*:{point}", monkeypatch)
    assert met == sorted(f"{phase}.{point}" for phase in names(plan))
    assert fingerprint(tmp_path / "run") == fingerprint(whole)


@pytest.mark.slow
@pytest.mark.ray
def test_64_mb_of_shared_memory_are_enough(
    everything: dict[str, Any], whole: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", RUN, json.dumps(everything), str(tmp_path / "run"), "ray"]
    mount = 'mount -t tmpfs -o size=64m tmpfs /dev/shm || exit 77; exec "$@"'
    small = ["unshare", "--mount", "sh", "-c", mount, "sh", *command, str(UNIT)]
    done = subprocess.run(small, check=False, timeout=300).returncode
    if done in (1, 77) and not (tmp_path / "run").exists():
        pytest.skip("file systems cannot be mounted here")
    assert done == 0
    assert fingerprint(tmp_path / "run") == fingerprint(whole)


@pytest.mark.slow
@pytest.mark.ray
@pytest.mark.parametrize("function", ["map", "shard"])
def test_a_worker_killed_for_its_memory_ends_in_a_word(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    """Ray's memory monitor kills every worker it sees: the run ends, and says why."""
    folder = str(tmp_path / "run")
    if function == "shard":
        run_plan(plan, folder, engine="inline")
        (tmp_path / "run/manifest.json").unlink()
        for marker in (tmp_path / "run/_work").glob("*-shards/_commits/*"):
            marker.unlink()
    monkeypatch.setenv("RAY_memory_usage_threshold", "0.01")
    monkeypatch.setenv("RAY_memory_monitor_refresh_ms", "50")
    monkeypatch.setenv("CLEANER_STUCK_AFTER", "15")  # some die before they take a task
    with pytest.raises((InputError, MemoryShort), match=r"too\s+little memory"):
        run_plan(plan, folder, engine="ray", workers=1)
    assert not list((tmp_path / "run/_work").glob("*/poison/*"))  # no document is guilty


@pytest.mark.slow
@pytest.mark.ray
def test_a_driver_killed_while_its_worker_goes_on_ends_in_the_same_bytes(
    everything: dict[str, Any], plan: Plan, whole: Path, tmp_path: Path
) -> None:
    """The worker lives on, as on another node, and commits late, while the next driver runs."""
    folder = tmp_path / "run"
    for number, phase in enumerate(names(plan)):
        point = POINTS[number % 2]
        met = tmp_path / f"met{number}"
        met.mkdir()
        before = markers(str(folder))
        env = {
            "CLEANER_FAILPOINT": f"{phase}:*:{point}:stop", "CLEANER_FAILPOINT_ONCE": str(met),
        }  # fmt: skip
        running = driver(everything, folder, "ray", **env)
        worker = frozen(met, f"{phase}.{point}")
        running.kill()
        running.wait(60)
        tell(worker, signal.SIGCONT)
        after = markers(str(folder))
        assert {path: after[path] for path in before} == before, phase
    run_plan(plan, str(folder), engine="inline")
    assert fingerprint(folder) == fingerprint(whole)

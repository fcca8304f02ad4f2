"""Two attempts at one thing: late, doubled, or by two drivers; the first one stands."""

import json
import os
import signal
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from support.corpus_maker import job, write_parquet
from support.kills import POINTS, UNIT, driver, every_kind, frozen, names, tell
from support.runs import STAGES, fingerprint, markers

from cleaner.errors import AccountError, InputError
from cleaner.job.job_file import parse_job
from cleaner.job.plan import Plan, make_plan
from cleaner.runs.driver import run_plan
from cleaner.runs.engine import _work
from cleaner.runs.phases import Check
from cleaner.storage import store
from cleaner.storage.commits import Committer, committed


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return every_kind(tmp_path_factory.mktemp("everything"))


@pytest.fixture(scope="module")
def plan(everything: dict[str, Any]) -> Plan:
    return make_plan(parse_job(everything), unit_limit=UNIT)


@pytest.fixture(scope="module")
def whole(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "run"
    run_plan(plan, str(folder), engine="inline")
    return folder


def state(folder: Path) -> dict[str, tuple[int, int]]:
    """Return every committed or published file with what changes when it is written again."""
    found = [*markers(str(folder)), folder / "manifest.json"]
    found += [folder / name for name in fingerprint(folder)]
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns) for path in found}


def every_marker_is_true(folder: Path) -> None:
    """Every marker names data that is there, with its bytes."""
    for path in markers(str(folder)):
        for file in json.loads(path.read_text())["files"].values():
            assert store.sha256(str(folder / file["path"])) == file["sha256"]


@pytest.mark.parametrize(
    "engine", ["inline", pytest.param("ray", marks=[pytest.mark.slow, pytest.mark.ray])]
)
def test_two_drivers_at_once_end_in_the_same_bytes(
    everything: dict[str, Any], whole: Path, tmp_path: Path, engine: str
) -> None:
    folder = tmp_path / "run"
    both = [driver(everything, folder, engine) for _ in range(2)]
    assert [one.wait(300) for one in both] == [0, 0]
    assert fingerprint(folder) == fingerprint(whole)
    every_marker_is_true(folder)


def late(
    everything: dict[str, Any], plan: Plan, folder: Path, met: Path, phase: str, point: str
) -> None:
    """Freeze a driver at a point, let another one finish the run, and let the first go on."""
    met.mkdir()
    first = driver(
        everything, folder,
        CLEANER_FAILPOINT=f"{phase}:*:{point}:stop", CLEANER_FAILPOINT_ONCE=str(met),
    )  # fmt: skip
    try:
        process = frozen(met, f"{phase}.{point}")
        run_plan(plan, str(folder), engine="inline")
        before = state(folder)
        tell(process, signal.SIGCONT)
        assert first.wait(120) == 0
        assert state(folder) == before
    finally:
        first.kill()


def test_an_attempt_that_comes_late_changes_nothing(
    everything: dict[str, Any], plan: Plan, whole: Path, tmp_path: Path
) -> None:
    phases = names(plan)
    (shards,) = [phase for phase in phases if phase.endswith("-shards")]
    for number, (phase, point) in enumerate([(phases[0], "marker"), (shards, "data")]):
        folder = tmp_path / f"run{number}"
        late(everything, plan, folder, tmp_path / f"met{number}", phase, point)
        assert fingerprint(folder) == fingerprint(whole)


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_an_attempt_that_comes_late_in_any_phase_changes_nothing(
    everything: dict[str, Any], plan: Plan, whole: Path, tmp_path: Path, point: str
) -> None:
    for phase in names(plan):
        folder = tmp_path / phase
        late(everything, plan, folder, tmp_path / f"{phase}.met", phase, point)
        assert fingerprint(folder) == fingerprint(whole)


@pytest.mark.slow
@pytest.mark.ray
def test_a_frozen_worker_that_wakes_after_its_unit_was_done_elsewhere_changes_nothing(
    everything: dict[str, Any],
    plan: Plan,
    whole: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import threading

    met, folder = tmp_path / "met", tmp_path / "run"
    met.mkdir()
    monkeypatch.setenv("CLEANER_FAILPOINT", "00-map:000001:marker:stop")
    monkeypatch.setenv("CLEANER_FAILPOINT_ONCE", str(met))
    monkeypatch.setenv("CLEANER_STUCK_AFTER", "15")
    woken: list[int] = []

    def wake() -> None:
        process = frozen(met, "00-map.marker")
        while not any("000001." in path.name for path in markers(str(folder))):
            time.sleep(0.05)
        tell(process, signal.SIGCONT)
        woken.append(process)

    waker = threading.Thread(target=wake)
    waker.start()
    run_plan(plan, str(folder), engine="ray", workers=2)
    waker.join(60)
    assert woken
    assert fingerprint(folder) == fingerprint(whole)
    every_marker_is_true(folder)


def attempt(folder: Path, exact: bool = True) -> Committer:
    return Committer(str(folder), "04-map", "000007", "a" * 16, exact=exact, stages="3.normalise")


def test_other_bytes_of_an_integer_or_text_stage_are_an_error_that_names_it(tmp_path: Path) -> None:
    first = attempt(tmp_path).commit(0, True, {"text": b"one"}, {"rows": 1})
    same = attempt(tmp_path).commit(0, True, {"text": b"one"}, {"rows": 1})
    assert same == first
    said = r"04-map: unit 000007 part 0: .* different bytes \(3\.normalise\); the first commit"
    for files, facts in (({"text": b"two"}, {"rows": 1}), ({"text": b"one"}, {"rows": 2})):
        with pytest.raises(AccountError, match=said):
            attempt(tmp_path).commit(0, True, files, facts)
    assert (tmp_path / first.files["text"]["path"]).read_bytes() == b"one"
    assert list(committed(str(tmp_path), "04-map")) == [("000007", "a" * 16)]


def test_other_bytes_of_a_float_stage_are_a_warning_in_the_manifest(
    everything: dict[str, Any], plan: Plan, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    run_plan(plan, str(folder), engine="inline")
    before = fingerprint(folder)
    (folder / "manifest.json").unlink()
    path = next((folder / "_work/00-map/_commits").iterdir())
    said = json.loads(path.read_text())
    again = Committer(
        str(folder), "00-map", said["unit"], said["key"], exact=False, stages="5.classify"
    )
    facts = {**said["facts"], "kept": said["facts"]["kept"] + 1}
    stands = again.commit(said["part"], said["last"], {"text": b"other scores"}, facts)
    assert stands.facts == said["facts"]
    warnings: list[str] = []
    done = run_plan(plan, str(folder), engine="inline", warn=warnings.append)
    (told,) = done["nondeterministic_parts"]
    assert "two attempts wrote different bytes (5.classify)" in told
    assert told in warnings
    assert fingerprint(folder) == before


def publish(one: Committer, data: bytes) -> None:
    with one.product("shards/part-0.parquet") as product:
        product.sink.write(data)
    one.commit(0, True, {}, product.facts)


def test_a_committed_shard_is_never_written_over(tmp_path: Path) -> None:
    shard = tmp_path / "shards/part-0.parquet"
    shard.parent.mkdir()
    shard.write_bytes(b"of an earlier job")
    publish(attempt(tmp_path), b"one")
    assert shard.read_bytes() == b"one"
    before = shard.stat()
    publish(attempt(tmp_path), b"one")
    with pytest.raises(AccountError, match="different bytes"):
        publish(attempt(tmp_path), b"two")
    assert shard.read_bytes() == b"one"
    assert (shard.stat().st_ino, shard.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert not list((tmp_path / "_work").glob(".tmp-*"))


def test_another_job_in_the_folder_of_a_running_one_is_refused(tmp_path: Path) -> None:
    corpus = [write_parquet(tmp_path / f"in/{n}.parquet", 50, seed=n) for n in range(2)]
    met, folder = tmp_path / "met", tmp_path / "run"
    met.mkdir()
    first = driver(
        job(corpus, *STAGES), folder,
        CLEANER_FAILPOINT="*:*:data:stop", CLEANER_FAILPOINT_ONCE=str(met),
    )  # fmt: skip
    try:
        frozen(met, "00-map.data")
        same, other = (
            make_plan(parse_job(job(corpus, *stages))) for stages in (STAGES, STAGES[:2])
        )
        with pytest.raises(InputError, match=rf"process {first.pid} on .* runs another job here"):
            run_plan(other, str(folder), engine="inline")
        warnings: list[str] = []
        run_plan(same, str(folder), engine="inline", warn=warnings.append)
        assert f"process {first.pid} on {os.uname().nodename} runs this job" in warnings[0]
    finally:
        first.kill()
        first.wait(60)
    # A dead process is in nobody's way.
    run_plan(other, str(folder), engine="inline", replace=True)


def test_a_node_that_joined_later_and_sees_no_run_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cleaner.runs.engine._at_work", lambda *_: None)  # which Ray would note
    place = str(tmp_path / "_work/00-map/settings-1.json")
    told = {"key": "k", "part": 0, "home": "h", "files": ()}
    task = Check(phase="00-map", unit="000000", settings=place, **told).plain()
    said = rf"node {socket.gethostname()}: .*settings-1.json: .*read and write the same paths"
    with pytest.raises(InputError, match=said):
        _work(task, "/nowhere", "")


def test_a_job_begun_by_another_in_the_same_folder_ends_the_first(tmp_path: Path) -> None:
    corpus = [write_parquet(tmp_path / f"in/{n}.parquet", 50, seed=n) for n in range(2)]
    one, other = (make_plan(parse_job(job(corpus, *stages))) for stages in (STAGES, STAGES[:2]))
    folder = str(tmp_path / "run")
    begun: list[str] = []

    def report(progress: Any) -> None:
        if progress.finished and not begun:
            begun.append("once")
            run_plan(other, folder, engine="inline")

    with pytest.raises(InputError, match="another job was begun here meanwhile"):
        run_plan(one, folder, engine="inline", report=report)
    assert fingerprint(folder)


def test_a_unit_that_lacks_a_part_is_never_taken_for_whole(plan: Plan, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    run_plan(plan, str(folder), engine="inline")
    before = fingerprint(folder)
    parts = sorted((folder / "_work/00-map/_commits").glob("000000.*"))
    assert len(parts) > 2
    (folder / "manifest.json").unlink()
    for gone in parts[1:]:
        gone.unlink()
    run_plan(plan, str(folder), engine="inline")
    assert fingerprint(folder) == before
    assert all(path.exists() for path in parts)

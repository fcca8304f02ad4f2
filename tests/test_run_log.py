"""What a run says is in its log, with the time; where it stands can be asked, whoever made it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from support.commands import command
from support.corpus_maker import job, write_parquet

from cleaner.errors import AlarmError, JobError, StorageError
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.runs.driver import run_plan
from cleaner.runs.processes import lives, this_process
from cleaner.runs.run_log import told
from cleaner.runs.status import Progress, in_words, read_progress
from cleaner.storage import store, waiting
from cleaner.storage.run_folder import RunFolder

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (info   |warning|error  ) \S.*")
KEYS = {"time", "level", "message"}


@pytest.fixture
def corpus(tmp_path: Path) -> list[Path]:
    return [write_parquet(tmp_path / f"in/{n}.parquet", 40, seed=n) for n in range(2)]


def run(plain: dict[str, Any], folder: Path, **how: Any) -> list[str]:
    """Run a job; return what was said, warnings first."""
    told: list[str] = []
    plan = make_plan(parse_job(plain), out=str(folder))
    run_plan(plan, str(folder), engine="inline", warn=told.append, note=told.append, **how)
    return told


def test_the_log_has_what_was_said_with_time_and_level(corpus: list[Path], tmp_path: Path) -> None:
    (tmp_path / "in/2.parquet").write_bytes(b"no Parquet")
    told = run(job([tmp_path / "in/*"], {"normalise": {}}), tmp_path / "run")
    lines = (tmp_path / "run/_work/run.log").read_text().splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    said = [line.split(" ", 2)[2].removeprefix("  ").removeprefix(" ") for line in lines]
    assert said[0].startswith(f"begun by process {os.getpid()} on ")
    assert [one for one in said if one in told] == told
    assert sum("in/2.parquet" in line and " warning " in line for line in lines) == 1
    assert any("0.normalise: 1/1 units, 80 documents, kept 100.0%" in line for line in lines)
    freed = RunFolder(str(tmp_path / "run")).work_bytes()
    assert freed > 1000
    told_last = re.fullmatch(
        rf"done: kept 80 of 80 documents; cleaner gc {re.escape(str(tmp_path))}/run would free "
        r"([\d.]+) kB of intermediate results",
        said[-1],
    )
    assert told_last
    assert abs(float(told_last[1]) * 1000 - freed) < 1000  # the log has grown by these very words


def test_every_attempt_adds_to_the_log_and_gc_leaves_it(
    corpus: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    plain = job(corpus, {"exact_dedup": {}})
    run(plain, folder)
    (folder / "manifest.json").unlink()
    run(plain, folder)
    assert (folder / "_work/run.log").read_text().count("begun by process") == 2
    assert command(monkeypatch, "gc", str(folder)) == 0
    assert [path.name for path in (folder / "_work").rglob("*")] == ["run.log"]
    run(plain, folder, fresh=True)
    assert (folder / "_work/run.log").read_text().count("begun by process") == 3


def test_why_a_run_ended_is_in_its_log(
    corpus: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise StorageError("the disk is full\nof other things")

    def asked(*_: Any) -> None:
        raise KeyboardInterrupt

    for act, ends, said, state in (
        (full, StorageError, "error   the disk is full\n    of other things\n", "failed"),
        (asked, KeyboardInterrupt, "info    stopped; everything committed is kept\n", "stopped"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr("cleaner.runs.driver.check_disk", act)
            with pytest.raises(ends):
                run(job(corpus), tmp_path / "run")
        assert (tmp_path / "run/_work/run.log").read_text().endswith(said)
        assert (read_progress(str(tmp_path / "run")) or {})["state"] == state


def test_a_refused_folder_gets_no_log(corpus: list[Path], tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes.txt").write_text("mine")
    with pytest.raises(JobError, match="no run folder"):
        run(job(corpus), tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_a_log_that_cannot_be_written_ends_no_run(corpus: list[Path], tmp_path: Path) -> None:
    (tmp_path / "run/_work/run.log").mkdir(parents=True)
    told = run(job(corpus), tmp_path / "run")
    assert told[-1].startswith("done: kept 80 of 80")


def test_log_json_makes_messages_and_log_lines_of_json(corpus: list[Path], tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text(json.dumps(job(corpus, {"normalise": {}})))
    words = [sys.executable, "-m", "cleaner", "run", str(tmp_path / "job.yaml"), "--log-json"]
    words += ["--engine", "inline", "--out", str(tmp_path / "run")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    log = [json.loads(line) for line in (tmp_path / "run/_work/run.log").read_text().splitlines()]
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert all(line.keys() >= KEYS for line in [*lines, *log])
    assert [line["message"] for line in log[1:]] == [line["message"] for line in lines]
    (moved,) = (line["progress"] for line in lines if "0.normalise" in line["message"])
    about = ("phase", "units", "units_done", "documents", "kept", "finished")
    assert [moved[key] for key in about] == ["00-map", 1, 1, 80, 80, True]
    again = subprocess.run([*words, "--set", "sample.x=1"], capture_output=True, text=True)
    assert again.returncode == 2
    assert json.loads(again.stderr)["level"] == "error"


def test_a_process_is_known_by_its_birth() -> None:
    mine = this_process()
    assert lives(mine) is True
    assert lives({**mine, "born": mine["born"] + "1"}) is False  # its number has come again
    assert lives({**mine, "host": "elsewhere"}) is None
    assert lives({**mine, "born": "another start of this machine 5"}) is None
    assert lives({"host": mine["host"], "pid": mine["pid"]}) is None  # as older runs said it
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    born = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[19]
    theirs = {**mine, "pid": child.pid, "born": f"{mine['born'].rpartition(' ')[0]} {born}"}
    assert lives(theirs) is True
    child.kill()
    time.sleep(0.2)
    assert lives(theirs) is False  # a zombie: nobody has asked yet how it ended
    child.wait()
    assert lives(theirs) is False


def test_status_knows_whether_the_process_lives(
    corpus: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CLEANER_FAILPOINT", "00-map:*:after:stop")
    (tmp_path / "job.yaml").write_text(json.dumps(job(corpus, {"normalise": {}})))
    words = ["-m", "cleaner", "run", str(tmp_path / "job.yaml"), "--engine", "inline"]
    folder = str(tmp_path / "run")
    running = subprocess.Popen([sys.executable, *words, "--out", folder], stderr=subprocess.DEVNULL)
    os.waitpid(running.pid, os.WUNTRACED)  # it froze after its first commit
    path = tmp_path / "run/_work/progress.json"
    old = {**json.loads(path.read_text()), "time": time.time() - 600}
    path.write_text(json.dumps(old))  # it has been busy with one unit for long

    def status() -> tuple[str, dict[str, Any]]:
        assert command(monkeypatch, "status", folder) == 0
        told = capsys.readouterr().out
        assert command(monkeypatch, "status", folder, "--json") == 0
        return told, json.loads(capsys.readouterr().out)

    who = f"process {running.pid} on {old['host']}"
    told, about = status()
    assert told.startswith(f"running: {who} lives, and last reported 10 min ago\nphase 1 of ")
    assert (about["state"], about["alive"], about["pid"]) == ("running", True, running.pid)
    running.send_signal(signal.SIGKILL)
    running.wait()
    told, about = status()
    assert told.startswith(f"interrupted: {who} is gone, its last sign of life was 10 min ago; ")
    assert (about["state"], about["alive"]) == ("interrupted", False)
    for age, state in ((7, "running"), (700, "interrupted")):
        path.write_text(json.dumps({**old, "host": "elsewhere", "time": time.time() - age}))
        told, about = status()
        assert (about["state"], about["alive"]) == (state, None)
        assert told.startswith(state)
        assert f"process {running.pid} on elsewhere" in told


@pytest.mark.parametrize("key", ["time", "pid", "host", "units", "phase"])
@pytest.mark.parametrize("value", [None, [], {"a": 1}])
def test_progress_that_says_nonsense_says_nothing(tmp_path: Path, key: str, value: Any) -> None:
    folder = tmp_path / "run"
    (folder / "_work").mkdir(parents=True)
    path = folder / "_work/progress.json"
    good = {**asdict(Progress("", "starting", 0, 3, 0, 0, 0, 0, None, 0, 0.0, False)),
            **this_process(), "time": 1.5, "identity": "a" * 16}  # fmt: skip
    path.write_text(json.dumps(good))
    assert (read_progress(str(folder)) or {})["state"] == "running"  # this very process
    path.write_text(json.dumps({**good, key: value}))
    assert read_progress(str(folder)) is None


def test_how_a_run_ended_is_said_in_words() -> None:
    said = {"age": 90_000.0, "pid": 5, "host": "b", "alive": False}
    assert in_words({**said, "state": "stopped"}) == "stopped 25 h ago; the same command continues"
    assert in_words({**said, "state": "failed", "said": "no disk"}) == "failed 25 h ago: no disk"
    assert in_words({**said, "state": "finished", "age": 600_000.0}) == "finished 7 days ago"


def failing(times: int) -> Any:
    """Return what fails so many times before it succeeds."""
    left = iter(range(times))

    def act() -> str:
        if next(left, None) is None:
            return "done"
        raise OSError("When reading: AWS Error SLOW_DOWN: reduce your request rate\nmore")

    return act


def test_who_waits_for_an_object_store_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_PAUSE", 0.001)
    monkeypatch.setattr(store, "_UNTOLD", 0.003)
    monkeypatch.setattr(store, "_told_last", -store._TOLD)
    told: list[str] = []
    with waiting.heard(told.append):
        assert store._patiently("s3://b/a", failing(1)) == "done"
        assert told == []
        assert store._patiently("s3://b/a", failing(5)) == "done"
        assert store._patiently("s3://b/b", failing(5)) == "done"
        assert told == [
            "s3://b/a: the object store fails; trying again: When reading: AWS Error "
            "SLOW_DOWN: reduce your request rate"
        ]
        monkeypatch.setattr(store, "_told_last", time.monotonic() - 31)
        with pytest.raises(StorageError, match="failed 7 times"):
            store._patiently("s3://b/c", failing(9))
    assert len(told) == 2


@pytest.mark.ray
@pytest.mark.slow
def test_a_task_that_waits_is_heard_by_its_driver() -> None:
    import ray

    from cleaner.runs.engine import Ray, _writer

    told: list[str] = []
    with Ray(workers=1) as running, waiting.heard(told.append):
        say = ray.remote(lambda words: _writer(words)("s3://b/a: fails"))
        ray.get(say.remote(running._words))
        running._hear()
        running._heard = 0.0
        running._hear()
    assert [one.partition(": ")[2] for one in told] == ["s3://b/a: fails"]


def test_an_alarm_is_in_the_log(corpus: list[Path], tmp_path: Path) -> None:
    many = [write_parquet(tmp_path / f"many/{n}.parquet", 600, seed=0) for n in range(4)]
    plain = job(many, {"exact_dedup": {}}, alarm={"dedup_loss": 0.5, "action": "stop"})
    with pytest.raises(AlarmError):
        run(plain, tmp_path / "run")
    last = (tmp_path / "run/_work/run.log").read_text().splitlines()[-1]
    assert " error   alarm dedup_loss:0.exact_dedup:" in last


def test_on_an_object_store_the_log_is_written_anew(
    corpus: list[Path], bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = f"{bucket}/run"
    plan = make_plan(parse_job(job(corpus, {"normalise": {}})))
    for _ in range(2):
        run_plan(plan, folder, engine="inline")
        store.delete(f"{folder}/manifest.json")
    lines = store.read_bytes(f"{folder}/_work/run.log").decode().splitlines()
    assert sum("begun by process" in line for line in lines) == 2
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert " info    done: kept 80 of 80 documents; cleaner gc s3://" in lines[-1]


def test_a_phase_that_has_nothing_yet_claims_no_share() -> None:
    none = Progress("00-map", "0.normalise", 0, 3, 2, 0, 0, 0, 0, 0, 12.0, False)
    assert told(none) == "running"
    assert told(replace(none, finished=True)) == "done"
    assert told(replace(none, documents=10, kept=5, units_found=1)) == "10 documents, kept 50.0%"
    assert told(replace(none, documents=10, kept=None)) == "10 documents"

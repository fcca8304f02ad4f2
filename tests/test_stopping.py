"""SIGTERM and SIGINT at any moment: an end in order, the line on how to go on, the same bytes."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.corpus_maker import job, write_parquet
from support.runs import fingerprint

CODES = {signal.SIGTERM: 143, signal.SIGINT: 130}
Moment = Callable[[subprocess.Popen[str], Path], None]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a job of four units a phase, and `whole`, the run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("stopping")
    plain = job([], {"normalise": {}}, {"exact_dedup": {}}, output={"shard_bytes": 100_000})
    given = {"text": "text", "id": "id", "url": "url", "source": "source"}
    plain["input"] = [
        {"paths": str(write_parquet(folder / f"in/{n}.parquet", 500, seed=n)), **given}
        for n in range(4)
    ]
    (folder / "job.yaml").write_text(json.dumps(plain))
    assert started(folder, folder / "whole", "inline").wait(120) == 0
    return folder


def started(place: Path, out: Path, engine: str) -> subprocess.Popen[str]:
    workers = ["--workers", "2"] if engine == "ray" else []
    words = ["run", str(place / "job.yaml"), "--out", str(out), "--engine", engine, *workers]
    return subprocess.Popen(
        [sys.executable, "-m", "cleaner", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_until(true: Callable[[], bool], running: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 90
    while not true() and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)


def listening(running: subprocess.Popen[str]) -> bool:
    """Return whether the process blocks SIGTERM by now: before, it is still starting Python."""
    status = Path(f"/proc/{running.pid}/status").read_text()
    blocked = int(next(line for line in status.splitlines() if "SigBlk" in line).split()[1], 16)
    return bool(blocked & 1 << signal.SIGTERM - 1)


def children(running: subprocess.Popen[str]) -> bool:
    return bool(Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text())


def planning(running: subprocess.Popen[str], out: Path) -> None:
    wait_until(lambda: listening(running), running)


def ray_starts(running: subprocess.Popen[str], out: Path) -> None:
    wait_until(lambda: children(running), running)


def working(running: subprocess.Popen[str], out: Path) -> None:
    """Wait for a commit beyond those of earlier attempts."""
    before = len(list(out.glob("_work/*/_commits/*")))
    wait_until(lambda: len(list(out.glob("_work/*/_commits/*"))) > before, running)


def closing(running: subprocess.Popen[str], out: Path) -> None:
    planning(running, out)
    wait_until(lambda: any(out.glob("ledger/*")), running)


def session_of(running: subprocess.Popen[str]) -> list[str]:
    """Return what lives of a session: the driver, Ray's processes, its workers."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, rest = stat.read_text().rsplit(")", 1)
        except OSError:  # gone meanwhile
            continue
        state, _, _, session = rest.split()[:4]
        if int(session) == running.pid and state not in "ZX":
            found.append(name)
    return found


def stop_at(
    place: Path, out: Path, engine: str, moment: Moment, delay: float, sent: list[signal.Signals],
    to_all: bool = False,
) -> str:  # fmt: skip
    """Stop a run and check how it ends; return what it said."""
    running = started(place, out, engine)
    moment(running, out)
    time.sleep(delay)
    over = running.poll() is not None
    for one in [] if over else sent:
        os.killpg(running.pid, one) if to_all else running.send_signal(one)
        time.sleep(0.05)
    _, said = running.communicate(timeout=90)
    if over:
        assert running.returncode == 0, said
        return said
    # A run that had ended but for its exit when the signal came ends as it would have.
    whole = running.returncode == 0 and (out / "manifest.json").exists()
    assert running.returncode == CODES[sent[0]] or whole, said
    if not whole:
        again = f"--out {out} --engine {engine}"
        assert f"To continue: cleaner run {place / 'job.yaml'} {again}" in said
        assert "Traceback" not in said
    # Ray's agents look for their raylet now and then, and end when it is gone.
    deadline = time.monotonic() + 60
    while (left := session_of(running)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []
    return said


def goes_on(place: Path, out: Path) -> None:
    assert started(place, out, "inline").wait(120) == 0
    assert fingerprint(out) == fingerprint(place / "whole")


@pytest.mark.parametrize("sent", CODES)
def test_inline_ends_in_order_at_any_moment(
    place: Path, tmp_path: Path, sent: signal.Signals
) -> None:
    draw = random.Random(int(sent))
    for moment in (planning, working, closing):
        stop_at(place, tmp_path / "run", "inline", moment, draw.uniform(0, 0.3), [sent])
    goes_on(place, tmp_path / "run")


@pytest.mark.ray
@pytest.mark.parametrize("sent", CODES)
def test_ray_ends_in_order_while_it_starts_and_while_it_works(
    place: Path, tmp_path: Path, sent: signal.Signals
) -> None:
    draw = random.Random(int(sent))
    stop_at(place, tmp_path / "run", "ray", ray_starts, draw.uniform(0, 1), [sent])
    stop_at(place, tmp_path / "run", "ray", working, draw.uniform(0, 0.3), [sent, sent])
    goes_on(place, tmp_path / "run")


@pytest.mark.ray
def test_a_signal_to_all_processes_ends_the_run_in_order(place: Path, tmp_path: Path) -> None:
    """As Slurm sends it to a step: Ray's own processes end as they please."""
    stop_at(place, tmp_path / "run", "ray", working, 0, [signal.SIGTERM], to_all=True)
    goes_on(place, tmp_path / "run")


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_ray_ends_in_order_at_random_moments(place: Path, tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(2):
        moment = draw.choice((planning, ray_starts, working, closing))
        sent = draw.choices(list(CODES), k=draw.choice((1, 2, 3)))
        to_all = draw.random() < 0.3
        stop_at(place, tmp_path / "run", "ray", moment, draw.uniform(0, 3), sent, to_all)
    goes_on(place, tmp_path / "run")


def script(body: str, tmp_path: Path) -> subprocess.Popen[str]:
    """Start a program that listens, says `ready` and then does what `body` says."""
    text = (
        "import ctypes, os, signal, subprocess, sys, time\n"
        "from cleaner.runs import interrupts\n"
        "listener = interrupts.Listener(lambda: print('last words', flush=True))\n"
        "interrupts._PATIENCE = 1.5\n"
        "def ready(): print('ready', flush=True)\n"
        f"{body}"
    )
    (tmp_path / "script.py").write_text(text)
    return subprocess.Popen(
        [sys.executable, str(tmp_path / "script.py")], stdout=subprocess.PIPE, text=True
    )


def outcome(body: str, tmp_path: Path, *sent: signal.Signals) -> tuple[int, str]:
    running = script(body, tmp_path)
    assert running.stdout is not None
    assert running.stdout.readline() == "ready\n"
    for one in sent:
        running.send_signal(one)
        time.sleep(0.1)
    said = running.stdout.read()  # what `readline` took beyond its line included
    return running.wait(20), said


IN_ORDER = "except KeyboardInterrupt:\n    listener.over(); print('caught'); listener.end()\n"


def test_handlers_that_a_library_sets_are_never_called(tmp_path: Path) -> None:
    body = (
        "signal.signal(signal.SIGTERM, lambda *_: os._exit(1))\n"
        "ctypes.CDLL(None).signal(int(signal.SIGTERM), ctypes.CDLL(None).abort)\n"
        f"try:\n    ready(); time.sleep(30)\n{IN_ORDER}"
    )
    assert outcome(body, tmp_path, signal.SIGTERM) == (143, "caught\nlast words\n")


def test_an_interrupt_that_is_swallowed_comes_again(tmp_path: Path) -> None:
    body = (
        "try:\n    ready(); time.sleep(30)\nexcept BaseException: pass\n"
        f"try:\n    time.sleep(30)\n{IN_ORDER}"
    )
    assert outcome(body, tmp_path, signal.SIGINT, signal.SIGTERM) == (130, "caught\nlast words\n")


def test_what_never_ends_is_ended(tmp_path: Path) -> None:
    body = "with interrupts.held():\n    ready()\n    while True: time.sleep(1)\n"
    assert outcome(body, tmp_path, signal.SIGTERM) == (143, "last words\n")


def test_after_the_end_a_signal_changes_nothing(tmp_path: Path) -> None:
    body = "listener.over(); ready(); time.sleep(0.5); print('done')\n"
    assert outcome(body, tmp_path, signal.SIGTERM) == (0, "done\n")


def test_held_lets_an_interrupt_in_after_the_block(tmp_path: Path) -> None:
    body = (
        "try:\n    with interrupts.held():\n        ready()\n        time.sleep(0.6)\n"
        "        print('whole')\n    print('never')\n" + IN_ORDER
    )
    assert outcome(body, tmp_path, signal.SIGINT) == (130, "whole\ncaught\nlast words\n")


def test_a_process_that_is_started_hears_sigterm(tmp_path: Path) -> None:
    body = (
        "child = subprocess.Popen(['sleep', '30'], preexec_fn=lambda: None)\n"
        "child.terminate(); ready(); print(child.wait(5))\n"
    )
    assert outcome(body, tmp_path) == (0, "-15\n")


def test_held_gives_the_handlers_back() -> None:
    from cleaner.runs.interrupts import SIGNALS, held

    before: dict[Any, Any] = {one: signal.getsignal(one) for one in SIGNALS}
    with held():
        signal.signal(signal.SIGTERM, lambda *_: None)
        assert signal.getsignal(signal.SIGINT) is not before[signal.SIGINT]
    assert {one: signal.getsignal(one) for one in SIGNALS} == before

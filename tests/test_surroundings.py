"""Faults of the surroundings are one line and exit 3, never an internal error."""

import errno
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
import yaml

from cleaner.cli import command_line, output
from cleaner.errors import InputError
from cleaner.runs import engine


@pytest.fixture
def job(tmp_path: Path) -> Path:
    (tmp_path / "a.jsonl").write_text('{"text": "one 😀 text"}\n{"text": "数学"}\n', "utf-8")
    path = tmp_path / "job.yaml"
    plain = {"name": "x", "input": {"paths": str(tmp_path / "*.jsonl"), "text": "text"}}
    path.write_text(yaml.safe_dump({**plain, "stages": []}))
    return path


def ended(capsys: pytest.CaptureFixture[str], *command: str) -> tuple[int, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["cleaner", *command])
        with pytest.raises(SystemExit) as end:
            command_line.main()
    return int(end.value.code or 0), capsys.readouterr().err


@pytest.mark.parametrize("out", ["/proc/x", "/dev/null/x", "file/x", "n" * 300])
def test_a_run_folder_that_cannot_be_written_is_named(
    job: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], out: str
) -> None:
    (tmp_path / "file").write_bytes(b"")
    place = str(tmp_path / out)
    code, said = ended(capsys, "run", str(job), "--engine", "inline", "--out", place)
    assert code == 3
    assert said.count("\n") == 1
    assert said.startswith(f"cleaner: {place}")
    assert "another path" in said or "this process" in said


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "/cache/a.nbi"),
            "/cache/a.nbi: No space",
        ),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), "/x: Permission denied; give"),
        (MemoryError(), "this machine: out of memory"),
    ],
)
def test_what_the_machine_refuses_is_no_defect(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    expected: str,
) -> None:
    def refuse(**_: object) -> None:
        raise error

    monkeypatch.setattr(command_line, "app", refuse)
    code, said = ended(capsys, "signals")
    assert code == 3
    assert expected in said
    assert "Traceback" not in said


def test_a_defect_stays_a_defect(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        raise ValueError("no errno")

    monkeypatch.setattr(command_line, "app", fail)
    code, said = ended(capsys, "signals")
    assert code == 1
    assert "internal error; please report: ValueError: no errno" in said


def locale_of(place: Path, charmap: str) -> dict[str, str]:
    """Return the environment of a locale that is made in a folder."""
    if shutil.which("localedef") is None:
        pytest.skip("no localedef here")
    made = subprocess.run(
        ["localedef", "-i", "zh_CN" if charmap == "GBK" else "en_US", "-f", charmap,
         str(place / f"xx.{charmap}")], capture_output=True,
    )  # fmt: skip
    if made.returncode > 1:
        pytest.skip("this locale cannot be made here")
    return {"LOCPATH": str(place), "LC_ALL": f"xx.{charmap}", "PYTHONUTF8": "0"}


@pytest.mark.parametrize("charmap", ["GBK", "ISO-8859-1"])
def test_a_locale_that_lacks_characters_shows_them_escaped(tmp_path: Path, charmap: str) -> None:
    locale = locale_of(tmp_path, charmap)
    script = (
        "import sys; from cleaner.cli import command_line, output\n"
        "from cleaner.kernels import _sources\n"
        "assert sys.stdout.encoding.lower() != 'utf-8'\n"
        "assert len(_sources('kernels.signals.count')) > 1\n"
        "command_line.app = lambda **_: output.tell('\\u6570\\u5b66 and \\U0001f600')\n"
        "command_line.main()\n"
    )
    env = {name: value for name, value in os.environ.items() if name != "PYTHONIOENCODING"}
    done = subprocess.run([sys.executable, "-c", script], env=env | locale, capture_output=True)
    assert done.returncode == 0, done.stderr
    shown = "数学".encode("gbk") if charmap == "GBK" else rb"\u6570\u5b66"
    assert done.stdout.strip() == shown + rb" and \U0001f600"


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.parametrize("name", ["HOME", "TMPDIR"])
def test_folders_that_ray_cannot_use_are_done_without(job: Path, tmp_path: Path, name: str) -> None:
    long = tmp_path / ("t" * 90)
    long.mkdir()
    env = os.environ | {name: "/dev/null/x" if name == "HOME" else str(long)}
    command = [sys.executable, "-m", "cleaner", "run", str(job), "--out", str(tmp_path / "r")]
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("variable", ["TMPDIR", "RAY_TMPDIR"])
def test_sockets_go_to_a_short_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    for name in ("TMPDIR", "RAY_TMPDIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "/var/tmp")
    assert engine._short_folder() is None
    long = tmp_path / ("t" * 60)
    for place in (long, Path("/dev/null/x")):
        monkeypatch.setenv(variable, str(place))
        assert engine._short_folder() == "/tmp/ray"


def test_a_machine_without_a_folder_for_sockets_is_told_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(dir: str) -> None:
        raise OSError(errno.EROFS, "Read-only file system", dir)

    monkeypatch.setattr(engine.tempfile, "TemporaryFile", refuse)
    monkeypatch.setenv("TMPDIR", "/tmp")
    monkeypatch.delenv("RAY_TMPDIR", raising=False)
    with pytest.raises(InputError, match="/tmp: Read-only file system; set RAY_TMPDIR"):
        engine._short_folder()


def test_an_address_of_nobody_answers_at_once(
    job: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    begun = time.monotonic()
    out = str(tmp_path / "run")
    code, said = ended_apart("run", str(job), "--address", address, "--out", out)
    assert time.monotonic() - begun < 30  # most of it is Python's start on a busy machine
    assert code == 3
    assert f"cleaner: no Ray at {address}: nobody answers there (Connection refused" in said
    assert "Traceback" not in said


def ended_apart(*command: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "cleaner", *command], capture_output=True, text=True, timeout=120
    )
    return done.returncode, done.stderr


def test_json_that_a_locale_cannot_show_is_still_json(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "gbk", "backslashreplace"))
    output.emit({"a": "\N{GRINNING FACE} 数学"})
    sys.stdout.flush()
    assert json.loads(written.getvalue()) == {"a": "\N{GRINNING FACE} 数学"}


def test_paths_are_utf8_in_every_locale(tmp_path: Path) -> None:
    """A terminal that speaks GBK types its own bytes; the files are those of the job."""
    place = locale_of(tmp_path, "GBK")
    (tmp_path / "数据").mkdir()
    (tmp_path / "数据/河.jsonl").write_text('{"text": "one"}\n', "utf-8")
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONIOENCODING", "PYTHONUTF8")}
    script = (
        "import sys; from cleaner.cli import command_line, output\n"
        "from cleaner.storage import store\n"
        "command_line.app = lambda **_: [output.tell(f.path) for f in store.find(sys.argv[1])]\n"
        "command_line.main()\n"
    )
    pattern = f"{tmp_path}/数*/*.jsonl".encode("gbk")
    done = subprocess.run(
        [sys.executable, "-c", script, pattern], env=env | place, capture_output=True
    )
    assert done.stdout.decode("gbk").strip() == f"{tmp_path}/数据/河.jsonl", done.stderr


@pytest.mark.ray
def test_a_ray_that_runs_already_is_joined(tmp_path: Path) -> None:
    """In a notebook, and in a task of it; it goes on afterwards."""
    texts = [f"{word} is told of here" for word in ("river", "stone", "proof")]
    pl.DataFrame({"text": texts}).write_parquet(tmp_path / "a.parquet")
    script = "import os, ray, cleaner\nos.chdir(sys.argv[1]) if False else None\n"
    script = f"""
import ray, cleaner
ray.init(address="local", num_cpus=2, include_dashboard=False, object_store_memory=80 << 20)
job = {{"name": "x", "input": {{"paths": {str(tmp_path / "a.parquet")!r}, "text": "text"}}}}
job["stages"] = [{{"exact_dedup": {{}}}}]
def run(out):
    return cleaner.run(job, out).manifest["rows"]["kept"]
print(run({str(tmp_path / "one")!r}))
print(ray.get(ray.remote(run).remote({str(tmp_path / "two")!r})))
print(ray.is_initialized())
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=300
    )
    assert done.stdout.split() == ["3", "3", "True"], done.stderr

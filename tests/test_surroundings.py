"""Faults of the surroundings are one line and exit 3, never a defect of ours."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from cleaner import cli


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
            cli.main()
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

    monkeypatch.setattr(cli, "app", refuse)
    code, said = ended(capsys, "signals")
    assert code == 3
    assert expected in said
    assert "Traceback" not in said


def test_a_defect_stays_a_defect(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        raise ValueError("no errno")

    monkeypatch.setattr(cli, "app", fail)
    code, said = ended(capsys, "signals")
    assert code == 1
    assert "a defect of ours: ValueError: no errno" in said


@pytest.mark.parametrize("charmap", ["GBK", "ISO-8859-1"])
def test_a_locale_that_lacks_characters_shows_them_escaped(tmp_path: Path, charmap: str) -> None:
    if shutil.which("localedef") is None:
        pytest.skip("no localedef here")
    made = subprocess.run(
        ["localedef", "-i", "zh_CN" if charmap == "GBK" else "en_US", "-f", charmap,
         str(tmp_path / f"xx.{charmap}")], capture_output=True,
    )  # fmt: skip
    if made.returncode > 1:
        pytest.skip("this locale cannot be made here")
    locale = {"LOCPATH": str(tmp_path), "LC_ALL": f"xx.{charmap}", "PYTHONUTF8": "0"}
    script = (
        "import sys; from cleaner import cli; from cleaner.kernels import _sources\n"
        "assert sys.stdout.encoding.lower() != 'utf-8'\n"
        "assert len(_sources('kernels.signals')) > 1\n"
        "cli.app = lambda **_: cli.tell('\\u6570\\u5b66 and \\U0001f600')\n"
        "cli.main()\n"
    )
    env = {name: value for name, value in os.environ.items() if name != "PYTHONIOENCODING"}
    done = subprocess.run([sys.executable, "-c", script], env=env | locale, capture_output=True)
    assert done.returncode == 0, done.stderr
    shown = "数学".encode("gbk") if charmap == "GBK" else rb"\u6570\u5b66"
    assert done.stdout.strip() == shown + rb" and \U0001f600"


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.parametrize("name", ["HOME", "TMPDIR"])
def test_folders_that_ray_cannot_use_are_named(job: Path, tmp_path: Path, name: str) -> None:
    long = tmp_path / ("t" * 90)
    long.mkdir()
    env = os.environ | {name: "/dev/null/x" if name == "HOME" else str(long)}
    command = [sys.executable, "-m", "cleaner", "run", str(job), "--out", str(tmp_path / "r")]
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert done.returncode == 3
    assert "no Ray on this machine" in done.stderr
    assert "TMPDIR must be short and HOME writable" in done.stderr
    assert "Traceback" not in done.stderr

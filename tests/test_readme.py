"""What the README shows of the terminal is what is printed today."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.commands import INLINE, command

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
_RUNS = ("run", "explain", "whatif")  # a second run for `diff` is only named


def sessions() -> Iterator[tuple[list[str], list[str]]]:
    """Yield the words of each command with the lines that are shown of what it prints."""
    for block in re.findall(r"```console\n(.*?)```", README, re.S):
        for shown in re.split(r"^\$ cleaner ", block, flags=re.M)[1:]:
            words, *lines = shown.splitlines()
            yield shlex.split(words), [line for line in lines if line.strip() not in ("", "…")]


def test_the_terminal_of_the_readme_is_true(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "jobs").symlink_to(Path(__file__).parent.parent / "jobs")
    told = [one for one in sessions() if one[0][0] in _RUNS]
    assert [words[0] for words, _ in told] == [
        *("run", "explain", "explain", "whatif", "explain", "whatif")
    ]
    for words, lines in told:
        engine = INLINE if words[0] == "run" else ()
        assert command(monkeypatch, *words, *engine) == 0
        printed = capsys.readouterr().out.splitlines()
        assert [line for line in lines if line not in printed] == []

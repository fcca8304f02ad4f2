"""One mistake has one exit code, whatever the command: 2 is to be mended in the command or job."""

import json
import shutil
import sys
from pathlib import Path

import pytest
from support.corpus_maker import job, write_parquet

import cleaner
from cleaner.cli.app import app
from cleaner.cli.command_line import main

OF_RUNS: dict[str, list[str]] = {
    "status": [], "stop": [], "gc": [], "stats": [], "explain": ["x"], "sample": [], "verify": [],
    "report": [], "audit": [], "whatif": ["--set", "c4.a=1"], "diff": ["done"],
    "export": ["--format", "jsonl.zst", "--out", "elsewhere"],
    "remove": ["words.yaml", "--by", "url"],
}  # fmt: skip
OF_JOBS = {"run": ["--engine", "inline"], "plan": ["--forecast", "0"]}
OF_SPECS: dict[str, list[str]] = {"train": [], "label": [], "loop": []}
OF_NAMES: dict[str, list[str]] = {"filters": [], "stages": []}
OF_PAGES: dict[str, list[str]] = {"extract": [], "compare-formulas": ["b", "--files"]}
ALL = {
    *OF_RUNS, *OF_JOBS, *OF_SPECS, *OF_NAMES, *OF_PAGES, "submit", "doctor", "signals",
    "compare-formulas", "check", "mix", "schema", "mcp", "new",
}  # fmt: skip
READS = {name: OF_RUNS[name] for name in OF_RUNS if name not in ("status", "stop")}
# What counts what is there tells of a run that goes on, too.
WHOLE = {name: READS[name] for name in READS if name not in ("stats", "report")}
# A formula may begin with a dash.
EACH: dict[str, list[str]] = {name: [] for name in sorted(ALL - {"compare-formulas"})}
# What is wrong -> the argument that is, the commands it is given to, the code, and what is said.
MISTAKES: dict[str, tuple[str, dict[str, list[str]], int, str]] = {
    "no such folder": ("nowhere", OF_RUNS, 2, "not a run folder"),
    "a folder of somebody else's": ("theirs", OF_RUNS, 2, "not a run folder"),
    "a file for a run": ("words.yaml", OF_RUNS, 2, "not a run folder"),
    "a run that is not finished": ("begun", WHOLE, 3, "is not finished"),
    "a manifest that was cut": ("torn", READS, 3, "is truncated"),
    "a run of a newer version": ("newer", OF_RUNS, 2, "newer version"),
    "a scheme that is none for runs": ("ftp://a/b", OF_RUNS, 3, "unknown scheme ftp://"),
    "a scheme that is none for input": ("scheme.yaml", OF_JOBS, 3, "unknown scheme ftp://"),
    "no such job file": ("nowhere.yaml", OF_JOBS, 2, "no such job file"),
    "no such spec": ("nowhere.yaml", OF_SPECS, 2, "no such file"),
    "a run folder for a job": ("done", OF_JOBS, 2, "is a folder; its job file is done/job.yaml"),
    "a file that is not UTF-8": ("gbk.yaml", {**OF_JOBS, **OF_SPECS}, 2, "not UTF-8"),
    "a list for a mapping": ("list.yaml", {**OF_JOBS, **OF_SPECS}, 2, "mapping"),
    "no YAML": ("words.yaml", {**OF_JOBS, **OF_SPECS}, 2, "words.yaml:2:1: "),
    "a stage that is none": ("stage.yaml", OF_JOBS, 2, "did you mean 'filter'?"),
    "an option that is none": ("option.yaml", OF_JOBS, 2, "did you mean 'threshold'?"),
    "a filter that is none": ("filter.yaml", OF_JOBS, 2, "unknown filter 'gopher_qualty'"),
    "a rule that is none": ("rule.yaml", OF_JOBS, 2, "wrods"),
    "input that is not there": ("input.yaml", OF_JOBS, 3, "no file matches"),
    "a column that no file has": ("column.yaml", OF_JOBS, 3, "no column body"),
    "a column that nothing makes": ("makes.yaml", OF_JOBS, 2, "which nothing makes"),
    "a name that is none": ("gophr", OF_NAMES, 2, "unknown"),
    "a page that is not there": ("nowhere.html", OF_PAGES, 3, "No such file or directory"),
    "an unknown flag": ("--frobnicate", EACH, 2, "--frobnicate"),
}  # fmt: skip
CASES = [
    (what, command, [wrong, *more], code, said)
    for what, (wrong, commands, code, said) in MISTAKES.items()
    for command, more in commands.items()
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mistakes")
    path = write_parquet(folder / "in.parquet", 20)
    done = folder / "done"
    cleaner.run(job([path]), str(done), engine="inline")
    for name in ("torn", "newer", "begun"):
        shutil.copytree(done, folder / name)
    (folder / "torn/manifest.json").write_text('{"format": 1, "ident')
    manifest = json.loads((done / "manifest.json").read_text())
    (folder / "newer/manifest.json").write_text(json.dumps({**manifest, "format": 99}))
    (folder / "begun/manifest.json").unlink()
    (folder / "theirs").mkdir()
    (folder / "theirs/notes.txt").write_text("mine")
    (folder / "gbk.yaml").write_bytes("名: 值".encode("gbk"))
    (folder / "list.yaml").write_text("- a\n")
    (folder / "words.yaml").write_text("name: [a\n")
    stages = {
        "stage": {"fliter": "c4"},
        "option": {"near_dedup": {"treshold": 1}},
        "filter": {"filter": "gopher_qualty"},
        "rule": {"filter": {"name": str(folder / "mine.yaml")}},
        "makes": {"near_dedup": {"keep": "best", "best_by": "score"}},
    }
    for name, stage in stages.items():
        (folder / f"{name}.yaml").write_text(json.dumps(job([path], stage)))
    (folder / "mine.yaml").write_text(
        "title: t\nsource: {cite: c}\nrules: [{name: a, keep: wrods > 1}]\n"
    )
    for name, entry in {
        "scheme": {"paths": "ftp://a/b.parquet", "text": "text"},
        "input": {"paths": "none/*.parquet", "text": "text"},
        "column": {"paths": str(path), "text": "body"},
    }.items():
        (folder / f"{name}.yaml").write_text(json.dumps({"input": entry}))
    return folder


@pytest.mark.parametrize(("what", "command", "words", "code", "said"), CASES, ids=str)
def test_a_mistake_has_its_code_with_every_command(
    what: str, command: str, words: list[str], code: int, said: str, place: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(place)
    monkeypatch.setattr(sys, "argv", ["cleaner", command, *words])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().err
    assert (ended.value.code, said in told) == (code, True), told
    assert told.startswith("cleaner: ")
    assert "Traceback" not in told


def test_every_command_is_held_to_it() -> None:
    named = {
        command.name or command.callback.__name__.replace("_", "-")
        for command in app.registered_commands
        if command.callback is not None
    }
    assert named == ALL

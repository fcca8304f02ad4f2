"""The command line as a person uses it: one clear line, the right exit code, no traceback."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.commands import cleaner
from support.corpus_maker import job, write_parquet

STAGES: list[Any] = [
    {"normalise": {}},
    {"exact_dedup": {}},
    {"filter": "gopher_quality"},
    {"near_dedup": {"threshold": 0.7}},
]


NO_FILE = 'input=[{"paths": "none/*.parquet", "text": "text"}]'


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of 200 documents."""
    folder = tmp_path_factory.mktemp("cli")
    path = write_parquet(folder / "in.parquet", 200)
    (folder / "job.yaml").write_text(json.dumps(job([path], *STAGES)))
    done = cleaner(
        "run", str(folder / "job.yaml"), "--out", str(folder / "run"), "--engine", "inline"
    )
    assert done.returncode == 0, done.stderr
    assert "in 200 = kept" in done.stdout
    return folder / "run"


def test_the_job_file_in_a_run_folder_continues_that_run(finished: Path, tmp_path: Path) -> None:
    job, manifest = str(finished / "job.yaml"), (finished / "manifest.json").read_bytes()
    again = cleaner("run", job, "--engine", "inline")
    assert again.returncode == 0, again.stderr
    assert "finished already" in again.stderr
    assert (finished / "manifest.json").read_bytes() == manifest
    assert json.loads(cleaner("plan", job, "--forecast", "0", "--json").stdout)["rows"] == 200
    refused = cleaner("run", job, "--engine", "inline", "--set", "filter.name=math_web")
    assert refused.returncode == 2
    assert "override the job file that the run was started from" in refused.stderr
    whole = cleaner("run", str(finished))
    assert whole.returncode == 2
    assert f"its job file is {job}" in whole.stderr
    other = cleaner("run", job, "--engine", "inline", "--out", str(tmp_path / "other"))
    assert other.returncode == 0, other.stderr
    outputs = [
        json.loads((place / "manifest.json").read_text())["outputs"]
        for place in (finished, tmp_path / "other")
    ]
    assert outputs[0] == outputs[1]


def test_a_job_file_beside_which_no_run_began_may_not_hold_what_was_read(
    finished: Path, tmp_path: Path
) -> None:
    (tmp_path / "job.yaml").write_bytes((finished / "job.yaml").read_bytes())
    done = cleaner("plan", str(tmp_path / "job.yaml"))
    assert done.returncode == 2
    assert "rules are written in a filter file" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["run", "nowhere.yaml"], 2, "nowhere.yaml: no such job file"),
        (["run", "JOB", "--set", "near_dedup.treshold=1"], 2, "did you mean 'threshold'?"),
        (["run", "JOB", "--engine", "spark"], 2, "available: ray, inline"),
        (["run", "JOB", "--reuse", "x"], 2, "--reuse x: not a run folder"),
        (["run", "JOB", "--set", NO_FILE], 3, "no file matches"),
        (["stats", "nowhere"], 2, "not a run folder"),
        (["explain", "RUN", "no-such-id"], 2, "no document of this run has that id"),
        (["sample", "RUN", "--stage", "language"], 2, "available: read, 0.normalise"),
        (["filters", "gopher"], 2, "unknown filter 'gopher', did you mean"),
        (["gc", "nowhere"], 2, "not a run folder"),
        (["frobnicate"], 2, "frobnicate"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line_with_its_code(
    finished: Path, words: list[str], code: int, said: str
) -> None:
    names = {"JOB": str(finished.parent / "job.yaml"), "RUN": str(finished)}
    done = cleaner(*(names.get(word, word) for word in words))
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_version_and_help_are_where_people_look() -> None:
    from importlib.metadata import version

    assert cleaner("--version").stdout == f"cleaner {version('corpus-distiller')}\n"
    for words in (["-h"], ["run", "-h"], ["verify", "--help"]):
        asked = cleaner(*words)
        assert (asked.returncode, asked.stdout.split()[0]) == (0, "Usage:")
    none = cleaner()
    assert (none.returncode, none.stderr.split()[0]) == (2, "Usage:")
    assert "..." not in none.stderr.partition("Commands:")[2]  # no summary is cut


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "--bogus", "x"], "; see: cleaner run --help"),
        (["rnu"], "Did you mean 'run'? See: cleaner --help"),
        (["sample"], "Missing argument 'path'; see: cleaner sample --help"),
    ],
)
def test_a_wrong_command_line_names_the_help_of_its_command(words: list[str], said: str) -> None:
    done = cleaner(*words)
    assert done.returncode == 2
    assert done.stderr.rstrip().endswith(said)
    assert done.stderr.count("\n") == 1


def test_explain_names_rule_value_and_limit(finished: Path) -> None:
    ledger = pl.read_parquet(finished / "ledger/part-00000.parquet")
    near = ledger.filter(pl.col("reason") == "near_duplicate").row(0, named=True)
    done = cleaner("explain", str(finished), near["id"])
    first = done.stdout.splitlines()[0]
    assert f"near_duplicate of {near['duplicate_of']} with Jaccard {near['jaccard']:.3f}" in first
    assert "its partner" in done.stdout
    assert "words BETWEEN 50 AND 100000" in done.stdout
    data = json.loads(cleaner("explain", str(finished), near["id"], "--json").stdout)
    assert data[0]["row"]["fate"] == "dropped"


def test_stats_json_is_the_file(finished: Path) -> None:
    done = cleaner("stats", str(finished), "--json")
    assert json.loads(done.stdout) == json.loads((finished / "stats.json").read_text())


def test_sample_shows_texts_of_kept_and_dropped(finished: Path) -> None:
    kept = cleaner("sample", str(finished), "-n", "3").stdout
    assert kept.count("kept: shards/") == 3
    assert "Document" in kept
    dropped = cleaner("sample", str(finished), "--stage", "near_dedup", "-n", "2").stdout
    assert dropped.count("near_duplicate of") == 2
    assert "Document" in dropped


def test_verify_finds_a_changed_shard(finished: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    assert cleaner("verify", str(copy)).returncode == 0
    shard = next((copy / "shards").iterdir())
    shard.write_bytes(shard.read_bytes()[:-1] + b"x")
    done = cleaner("verify", str(copy))
    assert done.returncode == 3
    assert "SHA-256" in done.stdout


def test_gc_leaves_a_run_that_still_answers(finished: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    told = " ".join(cleaner("gc", str(copy)).stdout.split())
    assert "removed" in told
    assert f"--reuse {copy} can take nothing" in told
    assert "--reuse" not in cleaner("gc", str(copy)).stdout  # nothing was lost the second time
    assert [path.name for path in (copy / "_work").iterdir()] == ["run.log"]
    assert cleaner("stats", str(copy)).returncode == 0
    assert "finished" in cleaner("status", str(copy)).stdout


def test_plan_touches_nothing(finished: Path) -> None:
    before = sorted(finished.parent.rglob("*"))
    done = cleaner("plan", str(finished.parent / "job.yaml"))
    assert done.returncode == 0, done.stderr
    assert "then 3.near_dedup (keeps the longest)" in done.stdout
    assert "core-hours" in done.stdout
    assert sorted(finished.parent.rglob("*")) == before


def test_sample_of_a_job_has_its_own_folder_and_forecasts(finished: Path, tmp_path: Path) -> None:
    job_file = str(finished.parent / "job.yaml")
    done = cleaner(
        "run", job_file, "--sample", "50", "--out", str(tmp_path / "s"), "--engine", "inline"
    )
    assert done.returncode == 0, done.stderr
    assert "in 50 = kept" in done.stdout
    assert "about 200" in done.stdout
    again = cleaner(
        "run", job_file, "--sample", "50", "--out", str(tmp_path / "t"), "--engine", "inline"
    )
    assert done.stdout.replace("/s/", "/t/") == again.stdout


def test_lists_of_what_there_is(finished: Path) -> None:
    for name, word in (
        ("filters", "gopher_quality"),
        ("signals", "mean_word_length"),
        ("stages", "near_dedup"),
    ):
        done = cleaner(name)
        assert done.returncode == 0, done.stderr
        assert word in done.stdout
        assert json.loads(cleaner(name, "--json").stdout)
    assert "Rae et al. 2021" in cleaner("filters", "gopher_quality").stdout


def test_a_stage_is_listed_with_what_a_job_file_may_say() -> None:
    said = cleaner("stages", "filter").stdout
    assert "lists     mapping of str to str  {}" in said
    assert "action    drop or tag            drop" in said
    assert "phrases" not in said
    listed = json.loads(cleaner("stages", "filter", "--json").stdout)
    assert [row["option"] for row in listed] == ["action", "where", "name", "formulas", "lists"]
    assert [row["option"] for row in listed if "default" not in row] == ["name"]
    wrong = cleaner("stages", "filer")
    assert wrong.returncode == 2
    assert "unknown stage 'filer'; available: math_prefilter" in wrong.stderr


def test_doctor_finds_this_installation_well(tmp_path: Path) -> None:
    done = cleaner("doctor", str(tmp_path))
    assert done.returncode == 0, done.stdout
    for ability in ("write and read", "put if absent", "list after write", "write in parts"):
        assert f"{ability}" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_stop_ends_a_run_from_outside(tmp_path: Path) -> None:
    paths = [write_parquet(tmp_path / f"in/{n}.parquet", 3000, seed=n) for n in range(8)]
    (tmp_path / "job.yaml").write_text(json.dumps(job(paths, *STAGES)))
    command = [
        "run",
        str(tmp_path / "job.yaml"),
        "--out",
        str(tmp_path / "run"),
        "--engine",
        "inline",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "cleaner", *command], stderr=subprocess.PIPE, text=True
    )
    deadline = time.time() + 60
    while not (tmp_path / "run/_work/00-map").is_dir() and time.time() < deadline:
        time.sleep(0.02)
    assert "asked to stop" in cleaner("stop", str(tmp_path / "run")).stdout
    _, said = process.communicate(timeout=60)
    assert (process.returncode, "stopped; everything committed is kept" in said) == (130, True)


def test_formulas_are_compared_as_they_are_typed_or_line_by_line(tmp_path: Path) -> None:
    same = cleaner("compare-formulas", r"\dfrac12", r"{1 \over 2}")
    assert (same.returncode, same.stdout) == (0, "1.0000\n")
    other = cleaner("compare-formulas", "-x_i", "-x_j", "--json")
    assert 0 < json.loads(other.stdout)["score"] < 0.5
    (tmp_path / "a").write_text("x^2\na_1\n")
    (tmp_path / "b").write_text("x^{2}\na_2\n")
    (tmp_path / "c").write_text("x\n")
    a, b, c = (str(tmp_path / name) for name in "abc")
    lines = json.loads(cleaner("compare-formulas", a, b, "--files", "--json").stdout)["scores"]
    assert (lines[0], lines[1] < 0.5) == (1, True)
    for wrong, code, said in (
        ((a, b), 2, "with --files"),
        ((a, c, "--files"), 2, "2 lines"),
        ((a, f"{c}x", "--files"), 3, "cannot be opened"),
    ):
        found = cleaner("compare-formulas", *wrong)
        assert (found.returncode, said in found.stderr) == (code, True)
    endless = cleaner("compare-formulas", "ab" * 2000, "ba" * 2000 + "c")
    assert endless.returncode == 2
    assert "2,000 signs" in endless.stderr

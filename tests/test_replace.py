"""A folder whose job changes, and changes back: the bytes of fresh folders, at every moment."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.corpus_maker import job, write_parquet
from support.runs import fingerprint

from cleaner.errors import InputError, JobError
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.results.finished import open_run, verify
from cleaner.runs.driver import run_plan
from cleaner.storage.run_folder import RunFolder

UNIT = 12_000
RULES = "title: ours\nsource: {{cite: nobody}}\nrules: [{{name: long, keep: words > {limit}}}]\n"
BASE: list[Any] = [
    {"normalise": {}},
    {"exact_dedup": {}},
    {"filter": "gopher_repetition"},
    {"sample": {"share": 0.9, "seed": 3}},
]


@dataclass(frozen=True)
class Pair:
    """Two jobs that differ in one thing; `between` changes a file before the second is planned."""

    first: dict[str, Any]
    second: dict[str, Any]
    between: Callable[[], None] = lambda: None
    back: Callable[[], None] = lambda: None


def pair(name: str, place: Path) -> Pair:
    corpus = [write_parquet(place / f"in/{n}.parquet", 60, seed=n, group=20) for n in range(2)]
    whole = job(corpus, *BASE)
    if name == "share":
        return Pair(whole, job(corpus, *BASE[:3], {"sample": {"share": 0.4, "seed": 3}}))
    if name == "languages":
        kept = [job(corpus, {"language": {"keep": keep}}) for keep in (["en"], ["fr"])]
        return Pair(*kept)
    if name == "shards":
        return Pair(whole, job(corpus, *BASE, output={"shard_bytes": 4_000}))
    if name == "order":
        return Pair(whole, job(corpus, BASE[0], BASE[2], BASE[1], BASE[3]))
    if name == "input":
        other = write_parquet(place / "in/other.parquet", 60, seed=7)
        return Pair(whole, job([corpus[0], other], *BASE))
    if name == "rules":
        rules = place / "ours.yaml"
        edit = [lambda n=n: rules.write_text(RULES.format(limit=n)) and None for n in (10, 1000)]
        edit[0]()
        judged = job(corpus, BASE[0], {"filter": str(rules)})
        return Pair(judged, judged, edit[1], edit[0])
    if name == "model":
        from support import fasttext_models

        model = place / "math.bin"
        fasttext_models.train(model)
        bytes_of = model.read_bytes()
        fasttext_models.train(place / "other.bin", dim=7)
        other = (place / "other.bin").read_bytes()
        scored = job(
            corpus, {"classify": {"model": str(model), "label": "math", "keep_share": 0.5}}
        )
        return Pair(
            scored, scored, lambda: model.write_bytes(other) and None,
            lambda: model.write_bytes(bytes_of) and None,
        )  # fmt: skip
    if name == "ledger":
        return Pair(whole, job(corpus, *BASE, ledger="dropped"))
    if name == "near":
        return Pair(*(job(corpus, {"near_dedup": {"threshold": at}}) for at in (0.7, 0.99)))
    assert name == "seed"
    return Pair(whole, job(corpus, *BASE, output={"shuffle_seed": 5}))


NAMES = (
    "share", "languages", "shards", "order", "input", "rules", "model", "ledger", "near", "seed",
)  # fmt: skip
FEW = ("share", "languages", "rules")
MANY = pytest.mark.parametrize(
    "name", [name if name in FEW else pytest.param(name, marks=pytest.mark.slow) for name in NAMES]
)


def run(plain: dict[str, Any], folder: Path, engine: str = "inline", **how: bool) -> dict[str, Any]:
    plan = make_plan(parse_job(plain), out=str(folder), unit_limit=UNIT)
    workers = 2 if engine == "ray" else None
    return run_plan(plan, str(folder), engine=engine, workers=workers, **how)  # type: ignore[arg-type]


def content(folder: Path) -> bool:
    return verify(open_run(str(folder))) == []


@MANY
@pytest.mark.parametrize(
    "engine", ["inline", pytest.param("ray", marks=[pytest.mark.ray, pytest.mark.slow])]
)
def test_a_job_changed_and_changed_back_gives_the_bytes_of_fresh_folders(
    tmp_path: Path, name: str, engine: str
) -> None:
    two, folder = pair(name, tmp_path), tmp_path / "run"
    run(two.first, tmp_path / "a")
    run(two.first, folder, engine)
    two.between()
    run(two.second, tmp_path / "b")
    with pytest.raises(JobError, match="--replace"):
        run(two.second, folder, engine)
    assert fingerprint(folder) == fingerprint(tmp_path / "a")
    run(two.second, folder, engine, replace=True)
    assert fingerprint(folder) == fingerprint(tmp_path / "b")
    assert fingerprint(tmp_path / "a") != fingerprint(tmp_path / "b")
    assert content(folder)
    two.back()
    run(two.first, folder, engine, replace=True)
    assert fingerprint(folder) == fingerprint(tmp_path / "a")
    assert content(folder)
    assert not (folder / "_next").exists()
    # The same without a manifest, as where each was interrupted at its very end.
    for change, plain, like in ((two.between, two.second, "b"), (two.back, two.first, "a")):
        (folder / "manifest.json").unlink()
        change()
        run(plain, folder, engine)
        assert fingerprint(folder) == fingerprint(tmp_path / like)
        assert content(folder)


DRIVER = """
import json, sys
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.storage.run_folder import RunFolder
from cleaner.runs.driver import run_plan
job, folder, engine, unit, how = sys.argv[1:]
plan = make_plan(parse_job(json.loads(job)), out=folder, unit_limit=int(unit))
workers = 2 if engine == "ray" else None
run_plan(plan, folder, engine=engine, workers=workers, **json.loads(how))
"""


def killed(plain: dict[str, Any], folder: Path, point: str, **how: Any) -> bool:
    """Run in a process that dies at a fail-point; return whether it did."""
    engine = how.pop("engine", "inline")
    command = [sys.executable, "-c", DRIVER, json.dumps(plain), str(folder), engine, str(UNIT)]
    done = subprocess.run(
        [*command, json.dumps(how)], env={**os.environ, "CLEANER_FAILPOINT": point}, check=False,
        timeout=300, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    # On Ray the workers die, each in its turn, and the driver gives up.
    gave_up = "its worker keeps dying" in done.stderr
    assert done.returncode in (0, -signal.SIGKILL) or (engine == "ray" and gave_up), done.stderr
    return done.returncode != 0


def whole_or_swapping(folder: Path) -> None:
    """The folder verifies, or says that a swap is unfinished."""
    swapping = RunFolder(str(folder)).whole()
    if swapping:
        with pytest.raises(InputError, match="a replacement is being swapped in"):
            content(folder)
    else:
        assert content(folder)


STEPS = ("manifest.json", "ledger*", "shards*", "stale", "_work", "plan.json", "whole", "_next")


@pytest.fixture(scope="module")
def swapped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Pair, Path]:
    """Two jobs, each in a fresh folder."""
    place = tmp_path_factory.mktemp("swapped")
    two = pair("share", place)
    run(two.first, place / "a")
    run(two.second, place / "b")
    return two, place


def killed_in_the_swap(swapped: tuple[Pair, Path], folder: Path, step: str, fresh: bool) -> None:
    two, place = swapped
    shutil.copytree(place / "a", folder)
    how = {"fresh": True} if fresh else {"replace": True}
    assert killed(two.second, folder, f"swap:{step}:data", **how)
    whole_or_swapping(folder)
    # Whoever comes next completes it, be it the job that was replaced.
    if step == "_next":
        assert content(folder)
    with pytest.raises(JobError, match="--replace"):
        run(two.first, folder)
    assert fingerprint(folder) == fingerprint(place / "b")
    assert content(folder)
    run(two.second, folder, **how)
    run(two.first, folder, replace=True)
    assert fingerprint(folder) == fingerprint(place / "a")
    assert content(folder)


def test_a_kill_inside_the_swap_is_completed_by_the_next_command(
    swapped: tuple[Pair, Path], tmp_path: Path
) -> None:
    for step in ("manifest.json", "shards*", "_work", "whole"):
        killed_in_the_swap(swapped, tmp_path / step.strip("*"), step, fresh=False)


@pytest.mark.slow
@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_of_the_swap_is_completed_by_the_next_command(
    swapped: tuple[Pair, Path], tmp_path: Path, step: str, fresh: bool
) -> None:
    killed_in_the_swap(swapped, tmp_path / "run", step, fresh)


@pytest.mark.slow
@pytest.mark.parametrize(
    "engine", ["inline", pytest.param("ray", marks=[pytest.mark.ray, pytest.mark.slow])]
)
@pytest.mark.parametrize("name", NAMES)
def test_killed_at_random_moments_both_jobs_give_the_bytes_of_fresh_folders(
    tmp_path: Path, name: str, engine: str
) -> None:
    two, folder = pair(name, tmp_path), tmp_path / "run"
    drawn = random.Random(name)
    run(two.first, tmp_path / "a")
    two.between()
    run(two.second, tmp_path / "b")
    two.back()
    run(two.first, folder, engine)
    phases = sorted(path.name for path in (folder / "_work").iterdir() if path.is_dir())
    for turn in range(3):
        change, plain, like = ((two.between, two.second, "b"), (two.back, two.first, "a"))[turn % 2]
        change()
        for _ in range(3):
            point = f"{drawn.choice([*phases, 'swap'])}:*:{drawn.choice(('data', 'marker'))}"
            killed(plain, folder, point, engine=engine, replace=True, fresh=drawn.random() < 0.3)
            whole_or_swapping(folder)
        run(plain, folder, engine, replace=True)
        assert fingerprint(folder) == fingerprint(tmp_path / like)
        assert content(folder)


def test_fresh_takes_nothing_of_what_was_computed(
    swapped: tuple[Pair, Path], tmp_path: Path
) -> None:
    two, place = swapped
    folder = tmp_path / "run"
    shutil.copytree(place / "a", folder)
    before = {path.name for path in folder.glob("_work/*/data/*")}
    run(two.first, folder, fresh=True)
    after = {path.name for path in folder.glob("_work/*/data/*")}
    assert after
    assert not before & after
    assert fingerprint(folder) == fingerprint(place / "a")
    assert content(folder)


def test_fresh_goes_on_where_it_was_killed(swapped: tuple[Pair, Path], tmp_path: Path) -> None:
    two, place = swapped
    folder = tmp_path / "run"
    assert killed(two.first, folder, "01-*:*:marker")
    first = {path.name for path in folder.glob("_work/*/data/*")}
    assert killed(two.first, folder, "*-shards:*:marker", fresh=True)
    second = {path.name for path in folder.glob("_work/00-map/data/*")}
    assert not first & second
    run(two.first, folder, fresh=True)
    assert {path.name for path in folder.glob("_work/00-map/data/*")} == second
    assert fingerprint(folder) == fingerprint(place / "a")


def test_a_refusal_names_what_changed(swapped: tuple[Pair, Path], tmp_path: Path) -> None:
    two, _ = swapped
    folder = tmp_path / "run"
    run(two.first, folder)
    said = r"stages\.3\.sample\.share was 0\.9 and is 0\.4; name another --out, or --replace it"
    with pytest.raises(JobError, match=said):
        run(two.second, folder)
    fewer = {**two.first, "stages": two.first["stages"][:2]}
    said = "the stages were normalise, exact_dedup, filter, sample and are normalise, exact_dedup;"
    with pytest.raises(JobError, match=said):
        run(fewer, folder)
    paths = two.first["input"][0]["paths"]
    other = str(write_parquet(tmp_path / "new.parquet", 5))
    changed = [{**two.first["input"][0], "paths": [paths[0], other]}]
    with pytest.raises(JobError, match=r"new\.parquet is new; the input file .*1\.parquet is gone"):
        run({**two.first, "input": changed}, folder)
    # What changes no byte is no other job.
    assert run({**two.first, "name": "other", "max_error_rate": 0.5}, folder)["job"] == "test"

"""What `cleaner gc` removes, what it leaves for later runs, and what those take of it."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.commands import command
from support.corpus_maker import job, write_parquet
from support.runs import fingerprint

from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.results.finished import open_run
from cleaner.runs.driver import run_plan
from cleaner.runs.reuse import SPENT, needed

STAGES: list[Any] = [
    {"normalise": {}},
    {"filter": {"name": "gopher_quality"}},
    "checkpoint",
    {"language": {"min_score": 0.5}},
    {"near_dedup": {"threshold": 0.7}},
    {"sample": {"share": 0.9, "seed": 3}},
]


def changed(at: int, **options: Any) -> list[Any]:
    ((name, given),) = STAGES[at].items()
    return [*STAGES[:at], {name: {**given, **options}}, *STAGES[at + 1 :]]


CHANGES = {
    "nothing": STAGES,
    "a limit in the middle": changed(3, min_score=0.3),
    "a threshold of similarity": changed(4, threshold=0.9),
    "the last stage": changed(5, share=0.5),
}


def run(plain: Mapping[str, Any], folder: Path, *earlier: Path, **how: Any) -> dict[str, Any]:
    plan = make_plan(parse_job(dict(plain)), out=str(folder), unit_limit=30_000)
    return run_plan(plan, str(folder), engine="inline", reuse=tuple(map(str, earlier)), **how)


def paid(manifest: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what a run did itself, and how many units of each phase it took."""
    taken = {one["title"]: (one["units"], one["taken"]) for one in manifest["phases"]}
    return {name: manifest["spent"][name] for name in SPENT}, taken


def work(folder: Path) -> set[str]:
    """Return the intermediate results of a run, and not its log."""
    place = folder / "_work"
    files = {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}
    return files - {"run.log"}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    place = tmp_path_factory.mktemp("corpus")
    return [write_parquet(place / f"{n}.parquet", 100, seed=n, group=25) for n in range(2)]


@pytest.fixture(scope="module")
def first(corpus: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first") / "run"
    run(job(corpus, *STAGES), folder)
    return folder


@pytest.fixture
def swept(first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the run with what dead attempts left in it, after `gc --keep-reuse`."""
    folder = tmp_path / "swept"
    shutil.copytree(first, folder)
    data = next((folder / "_work/00-map/data").glob("*.text"))
    shutil.copy(data, data.with_name(data.name.replace(data.name[-13:-5], "0" * 8)))
    (folder / "_work/00-map/.tmp-0a1b").write_bytes(b"half")
    assert command(monkeypatch, "gc", str(folder), "--keep-reuse") == 0
    return folder


QUICK = ("a threshold of similarity",)


@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in CHANGES],
)
def test_a_changed_policy_costs_the_same_as_before_it(
    name: str, corpus: list[Path], first: Path, swept: Path, tmp_path: Path
) -> None:
    plain = job(corpus, *CHANGES[name])
    assert paid(run(plain, tmp_path / "after", swept)) == paid(run(plain, tmp_path / "b", first))
    run(plain, tmp_path / "fresh")
    assert fingerprint(tmp_path / "after") == fingerprint(tmp_path / "fresh")


def test_it_leaves_what_is_needed_and_nothing_else(
    first: Path, swept: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert work(first) - work(swept) == {"progress.json"}
    assert work(swept) < work(first)
    capsys.readouterr()
    assert command(monkeypatch, "gc", str(swept), "--keep-reuse") == 0
    said = capsys.readouterr().out
    assert "removed 0 B" in said
    assert f"--reuse {swept} measures nothing twice" in said
    assert command(monkeypatch, "verify", str(swept)) == 0


def test_units_that_are_not_there_whole_go(first: Path, tmp_path: Path) -> None:
    folder = tmp_path / "torn"
    shutil.copytree(first, folder)
    lost = min((folder / "_work/00-map/data").glob("000001.*.text"))
    lost.unlink()
    wanted = needed(str(folder), open_run(str(folder)).manifest)
    assert not [path for path in wanted if path.startswith("00-map/data/000001.")]
    assert [path for path in wanted if path.startswith("00-map/data/000000.")]


def test_where_nothing_can_be_taken_it_says_so(
    swept: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(monkeypatch, "gc", str(swept)) == 0
    assert "can take nothing from it now" in capsys.readouterr().out
    assert work(swept) == set()
    assert command(monkeypatch, "gc", str(swept), "--keep-reuse") == 0
    assert "--reuse" not in capsys.readouterr().out


def test_what_the_job_let_go_still_counts_as_done_in_its_own_folder(
    corpus: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = job(corpus, *STAGES, keep_text=False)
    last = job(corpus, *changed(5, share=0.5), keep_text=False)
    for name in ("kept", "swept"):
        run(plain, tmp_path / name)
    assert command(monkeypatch, "gc", str(tmp_path / "swept"), "--keep-reuse") == 0
    both = [run(last, tmp_path / name, replace=True) for name in ("kept", "swept")]
    assert paid(both[0]) == paid(both[1])
    assert fingerprint(tmp_path / "kept") == fingerprint(tmp_path / "swept")

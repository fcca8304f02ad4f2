"""What an earlier run did is taken, not done again; and it is said why the rest is not."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.commands import command
from support.corpus_maker import job, write_parquet
from support.runs import fingerprint

from cleaner.errors import JobError
from cleaner.job.job_file import parse_job
from cleaner.job.plan import Plan, make_plan
from cleaner.results.finished import open_run
from cleaner.runs.driver import run_plan
from cleaner.runs.reuse import check_earlier
from cleaner.runs.reuse_forecast import BEFORE, foresee
from cleaner.storage import store
from cleaner.storage.commits import digest

UNIT = 30_000
STAGES: list[Any] = [
    {"normalise": {}},
    {"filter": {"name": "gopher_quality"}},
    {"exact_dedup": {}},
    {"near_dedup": {"threshold": 0.7}},
    {"sample": {"share": 0.9, "seed": 3}},
]
DONE = ("pages", "measured", "scored", "signed", "shingled", "read")


def planned(plain: Mapping[str, Any], folder: Path) -> Plan:
    return make_plan(parse_job(dict(plain)), out=str(folder), unit_limit=UNIT)


def run(plain: Mapping[str, Any], folder: Path, *earlier: Path, **how: Any) -> dict[str, Any]:
    """Run a job in this process, taking what it can from earlier runs."""
    plan = planned(plain, folder)
    return run_plan(plan, str(folder), engine="inline", reuse=tuple(map(str, earlier)), **how)


def taken(manifest: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """Return the units of each phase, and how many of them were taken."""
    return {one["title"]: (one["units"], one["taken"]) for one in manifest["phases"]}


def whole(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return every file of a folder with its time and bytes."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    place = tmp_path_factory.mktemp("corpus")
    return [write_parquet(place / f"{n}.parquet", 120, seed=n, group=30) for n in range(2)]


@pytest.fixture(scope="module")
def first(corpus: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first") / "run"
    run(job(corpus, *STAGES), folder)
    return folder


def test_the_same_job_elsewhere_takes_everything_and_leaves_the_earlier_run_as_it_is(
    corpus: list[Path], first: Path, tmp_path: Path
) -> None:
    before = whole(first)
    manifest = run(job(corpus, *STAGES), tmp_path / "run", first)
    assert all(units == done for units, done in taken(manifest).values())
    assert {name: manifest["spent"][name] for name in DONE} == dict.fromkeys(DONE, 0)
    assert manifest["reused"] == [str(first)]
    assert fingerprint(tmp_path / "run") == fingerprint(first)
    assert whole(first) == before


def test_what_was_done_is_counted_over_all_attempts_at_a_run(
    corpus: list[Path], first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent = json.loads((first / "manifest.json").read_text())["spent"]
    assert spent["read"] == 240
    assert spent["measured"] == 480  # the text as it is read, and as the filter gets it
    assert spent["signed"] > 100
    assert spent["shingled"] > 10

    real, left = store.put_if_absent, [9]

    def dying(path: str, data: bytes) -> bool:
        left[0] -= "/_commits/" in path
        if left[0] < 0:
            raise KeyboardInterrupt
        return real(path, data)

    monkeypatch.setattr(store, "put_if_absent", dying)
    with pytest.raises(KeyboardInterrupt):
        run(job(corpus, *STAGES), tmp_path / "run")
    monkeypatch.undo()
    assert run(job(corpus, *STAGES), tmp_path / "run")["spent"] == spent


def test_a_reuse_that_is_killed_between_two_links_goes_on_to_the_same_bytes(
    corpus: list[Path], first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = store.link
    for at in (0, 3, 11, 20):
        left = [at]

        def dying(source: str, target: str, left: list[int] = left) -> int:
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt
            return real(source, target)

        monkeypatch.setattr(store, "link", dying)
        with pytest.raises(KeyboardInterrupt):
            run(job(corpus, *STAGES), tmp_path / f"{at}", first)
        monkeypatch.undo()
        run(job(corpus, *STAGES), tmp_path / f"{at}", first)
        assert fingerprint(tmp_path / f"{at}") == fingerprint(first)


@pytest.mark.parametrize("harm", ["cut", "gone", "torn marker"])
def test_what_is_damaged_there_is_made_again(
    corpus: list[Path], first: Path, tmp_path: Path, harm: str
) -> None:
    shutil.copytree(first, tmp_path / "first")
    name = "_commits/000001*" if harm == "torn marker" else "data/000001.*text"
    path = min((tmp_path / "first/_work/00-map").glob(name))  # of several parts
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-7])
    manifest = run(job(corpus, *STAGES), tmp_path / "run", tmp_path / "first")
    units, done = taken(manifest)["0.normalise, 1.filter:gopher_quality"]
    assert done == units - 1
    assert 0 < manifest["spent"]["read"] < 240
    assert fingerprint(tmp_path / "run") == fingerprint(first)


def test_bytes_that_changed_with_their_size_kept_are_found_when_they_are_read(
    corpus: list[Path], first: Path, tmp_path: Path
) -> None:
    shutil.copytree(first, tmp_path / "first")
    shutil.rmtree(tmp_path / "first/_work/03-map")  # so that somebody reads the texts
    path = sorted((tmp_path / "first").glob("_work/00-map/data/*.text"))[0]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    said: list[str] = []
    run(job(corpus, *STAGES), tmp_path / "run", tmp_path / "first", warn=said.append)
    assert any("are not those that were written" in one for one in said)
    assert fingerprint(tmp_path / "run") == fingerprint(first)


def test_a_folder_of_no_use_is_said(corpus: list[Path], first: Path, tmp_path: Path) -> None:
    with pytest.raises(JobError, match="not a run folder"):
        check_earlier([str(tmp_path)], "elsewhere")
    with pytest.raises(JobError, match="always used again"):
        check_earlier([str(first)], f"{first}/.")
    with pytest.raises(JobError, match="leave out --reuse"):
        run(job(corpus, *STAGES), tmp_path / "run", first, fresh=True)
    shutil.copytree(first, tmp_path / "bare", ignore=shutil.ignore_patterns("_work"))
    (said,) = check_earlier([str(tmp_path / "bare")], "elsewhere")
    assert "were removed by cleaner gc; nothing can be taken" in said


def test_a_replacement_takes_what_it_may_of_the_run_that_it_replaces(
    corpus: list[Path], first: Path, tmp_path: Path
) -> None:
    shutil.copytree(first, tmp_path / "run")
    plain = job(corpus, *STAGES, ledger="dropped")
    manifest = run(plain, tmp_path / "run", replace=True)
    done = taken(manifest)
    assert done["write shards"][1] == done["write shards"][0] > 0
    assert done["account"][1] == 0
    run(plain, tmp_path / "fresh")
    assert fingerprint(tmp_path / "run") == fingerprint(tmp_path / "fresh")


@pytest.mark.parametrize("options", [{"threshold": 0.95}, {"threshold": 0.5}, {"verify": False}])
def test_another_threshold_of_similarity_signs_and_shingles_nothing_again(
    corpus: list[Path], first: Path, tmp_path: Path, options: dict[str, Any]
) -> None:
    plain = job(corpus, *STAGES[:3], {"near_dedup": {"threshold": 0.7, **options}}, STAGES[4])
    spent = run(plain, tmp_path / "run", first)["spent"]
    run(plain, tmp_path / "fresh")
    assert fingerprint(tmp_path / "run") == fingerprint(tmp_path / "fresh")
    assert {name: spent[name] for name in DONE} == dict.fromkeys(DONE, 0)


def test_the_plan_says_what_is_taken_and_why_not_the_rest(
    corpus: list[Path], first: Path, tmp_path: Path
) -> None:
    def told(*stages: Any, paths: list[Path] = corpus, **more: Any) -> dict[str, tuple[Any, ...]]:
        plan = planned(job(paths, *stages, **more), tmp_path / "run")
        found = foresee(plan, [str(tmp_path / "run"), str(first)])
        return {one.title: (one.units, one.taken, one.why) for one in found}

    start = "0.normalise, 1.filter:gopher_quality"
    same = told(*STAGES)
    assert all(units == done and why == () for units, done, why in same.values())
    form = told({"normalise": {"form": "NFKC"}}, *STAGES[1:])
    units, done, why = form[start]
    assert (units, done) == (same[start][0], 0)
    assert why[0] == "stage 0 normalise: form NFC -> NFKC"
    assert why[1:] == ("nothing is judged again: texts are made otherwise",)
    assert form["account"] == (None, 0, (BEFORE,))
    last = told(*STAGES[:4], {"sample": {"share": 0.4, "seed": 3}})
    assert last["4.sample"] == (same["4.sample"][0], 0, ("stage 4 sample: share 0.9 -> 0.4",))
    assert last["3.near_dedup verify"][:2] == same["3.near_dedup verify"][:2]
    fewer = told(*STAGES[:1], *STAGES[2:])
    assert "stage 1 filter is gone" in fewer["0.normalise"][2]
    more = write_parquet(tmp_path / "zz.parquet", 20, seed=9)
    files = told(*STAGES, paths=[*corpus, more])
    assert files[start] == (same[start][0] + 1, same[start][0], (f"input file {more} is new",))


def test_a_run_that_names_files_elsewhere_writes_nothing_there(
    corpus: list[Path], first: Path, tmp_path: Path
) -> None:
    theirs, mine = tmp_path / "theirs", tmp_path / "elsewhere/mine"
    shutil.copytree(first, theirs)
    (tmp_path / "secret").write_text("mine alone")
    path = min((theirs / "_work/00-map/_commits").glob("000001*"))
    said = json.loads(path.read_text())
    del said["seal"]
    said["files"]["text"]["path"] = "../secret"
    said["files"]["text"]["bytes"] = len("mine alone")
    path.write_text(json.dumps({**said, "seal": digest(said)}))
    manifest = run(job(corpus, *STAGES), mine, theirs)
    units, done = taken(manifest)["0.normalise, 1.filter:gopher_quality"]
    assert done == units - 1
    assert not (tmp_path / "elsewhere/secret").exists()
    assert fingerprint(mine) == fingerprint(first)


def test_gc_keeps_what_reuse_needs_and_nothing_of_jobs_before(
    corpus: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    run(job(corpus, {"normalise": {}}, {"filter": {"name": "c4"}}), folder)
    run(job(corpus, *STAGES), folder, replace=True)
    shutil.copytree(folder, tmp_path / "before")
    before = {path for path in (folder / "_work").rglob("*") if path.is_file()}
    assert command(monkeypatch, "gc", "--keep-reuse", str(folder)) == 0
    after = {path for path in (folder / "_work").rglob("*") if path.is_file()}
    assert after < before
    assert any("/data/" in str(path) for path in before - after)  # of the job before
    other = job(corpus, *STAGES[:-1], {"sample": {"share": 0.5, "seed": 3}})
    changed = run(other, tmp_path / "changed", folder)
    same = run(other, tmp_path / "same", tmp_path / "before")
    assert taken(changed) == taken(same)
    assert changed["spent"] == same["spent"]
    assert {changed["spent"][name] for name in ("measured", "signed", "shingled", "read")} == {0}
    assert fingerprint(tmp_path / "changed") == fingerprint(tmp_path / "same")
    assert run(job(corpus, *STAGES), folder)["rows"] == open_run(str(folder)).manifest["rows"]
    # A second time there is nothing left to go.
    assert command(monkeypatch, "gc", "--keep-reuse", str(folder)) == 0
    assert {path for path in (folder / "_work").rglob("*") if path.is_file()} == after

"""Intermediate results that go as soon as nothing reads them: less disk, and never another byte."""

from pathlib import Path
from typing import Any

import pytest
from support.corpus_maker import job, write_parquet
from support.kills import UNIT, driver, every_kind
from support.runs import fingerprint

from cleaner.errors import CleanerError
from cleaner.job.job_file import parse_job
from cleaner.job.plan import Plan, make_plan
from cleaner.runs import driver as drivers
from cleaner.runs import phases as phase_functions
from cleaner.runs import release as releasing
from cleaner.runs.driver import run_plan
from cleaner.runs.phases import base
from cleaner.runs.phases.build import build_phases
from cleaner.storage import store


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    made = every_kind(tmp_path_factory.mktemp("everything"))
    stages = made["stages"]
    return {**made, "stages": [*stages[:6], "checkpoint", *stages[6:]], "keep_text": False}


@pytest.fixture(scope="module")
def plan(plain: dict[str, Any]) -> Plan:
    return make_plan(parse_job(plain), unit_limit=UNIT)


@pytest.fixture(scope="module")
def kept(plain: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A run of the same job that keeps all, and its manifest."""
    folder = tmp_path_factory.mktemp("kept") / "run"
    whole = make_plan(parse_job({**plain, "keep_text": True}), unit_limit=UNIT)
    return folder, run_plan(whole, str(folder), engine="inline")


def on_disk(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("_work/*/data/*"))


def test_products_are_the_same_and_the_peak_is_what_the_manifest_says(
    plan: Plan, kept: tuple[Path, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    held = []
    real = drivers.release

    def watched(*about: Any) -> None:
        held.append(on_disk(folder))
        real(*about)

    monkeypatch.setattr(drivers, "release", watched)
    manifest = run_plan(plan, str(folder), engine="inline")
    assert fingerprint(folder) == fingerprint(kept[0])
    assert manifest["identity"] == kept[1]["identity"]
    assert manifest["peak_scratch"] == max(held)
    assert kept[1]["peak_scratch"] == on_disk(kept[0])
    assert max(held) < 0.7 * on_disk(kept[0])
    left = {file.name.rsplit(".", 1)[1] for file in folder.glob("_work/*/data/*")}
    # What the account made, and what only later runs would read.
    assert left <= {"cells", "rules", "pairs", "recall"}, left


def test_every_file_that_a_phase_opens_is_one_that_it_says_it_reads(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: dict[str, set[tuple[str, str]]] = {}
    phase = ""
    work, real = phase_functions.work, base._opened

    def noted(task: Any) -> Any:
        nonlocal phase
        phase = task.phase
        try:
            return work(task)
        finally:
            phase = ""

    def opening(folder: str, file: Any) -> Any:
        _, owner, _, name = file.path.split("/")[-4:]
        if phase:
            opened.setdefault(phase, set()).add((owner, name.rsplit(".", 1)[1]))
        return real(folder, file)

    monkeypatch.setattr(phase_functions, "work", noted)
    monkeypatch.setattr(base, "_opened", opening)
    run_plan(plan, str(tmp_path / "run"), engine="inline")
    phases = build_phases(plan)
    said = {
        one.name: {(name, read.role) for read in one.reads
                   for name in (read.phase, base.merged(read.phase))}
        for one in phases
    }  # fmt: skip
    assert len(opened) > 15
    assert {name: roles - said[name] for name, roles in opened.items()} == {
        name: set() for name in opened
    }


@pytest.mark.parametrize("at", [0, 1, 7, 40])
def test_a_release_that_is_cut_short_changes_nothing(
    plan: Plan, kept: tuple[Path, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """It dies when the note is written, or when so many files are gone; then the job goes on."""
    real, calls = releasing.store.delete, 0

    class Cut(BaseException):
        pass

    def cut(path: str) -> None:
        nonlocal calls
        if "/data/" in path:
            calls += 1
            if calls > at:
                raise Cut
        real(path)

    with monkeypatch.context() as patch:
        patch.setattr(releasing.store, "delete", cut)
        with pytest.raises(Cut):
            run_plan(plan, str(tmp_path / "run"), engine="inline")
    said: list[str] = []
    run_plan(plan, str(tmp_path / "run"), engine="inline", warn=said.append)
    assert fingerprint(tmp_path / "run") == fingerprint(kept[0])
    assert not [one for one in said if "runs again" in one or "done again" in one]


@pytest.mark.slow
def test_processes_killed_while_they_release_end_in_the_same_bytes(
    plain: dict[str, Any], kept: tuple[Path, Any], tmp_path: Path
) -> None:
    once = tmp_path / "once"
    once.mkdir()
    kills = 0
    points = {"CLEANER_FAILPOINT": "*:*:noted,*:*:released", "CLEANER_FAILPOINT_ONCE": str(once)}
    while driver(plain, tmp_path / "run", **points).wait(120):
        kills += 1
    assert kills > 20
    assert fingerprint(tmp_path / "run") == fingerprint(kept[0])


def test_another_threshold_later_makes_again_what_it_needs(tmp_path: Path) -> None:
    """Only as far back as the texts are gone; the bytes are those of a run in a new folder."""
    corpus = [write_parquet(tmp_path / f"in/{n}.parquet", 80, seed=n) for n in range(3)]

    def planned(share: float, **more: Any) -> Plan:
        stages = [{"normalise": {}}, {"exact_dedup": {}}, {"filter": "gopher_repetition"},
                  {"near_dedup": {"preset": "fineweb"}}, {"sample": {"share": share}}]  # fmt: skip
        return make_plan(parse_job(job(corpus, *stages, **more)), unit_limit=20_000)

    run_plan(planned(0.9, keep_text=False), str(tmp_path / "run"), engine="inline")
    said: list[str] = []
    for keep in (False, True):
        run_plan(planned(0.4 + keep / 10, keep_text=keep), str(tmp_path / "run"), engine="inline",
                 replace=True, warn=said.append)  # fmt: skip
        name = f"new{keep}"
        run_plan(planned(0.4 + keep / 10), str(tmp_path / name), engine="inline")
        assert fingerprint(tmp_path / "run") == fingerprint(tmp_path / name)
    assert any("done again as far as needed" in one for one in said), said


def test_a_lost_file_that_somebody_needs_is_still_made_again(tmp_path: Path) -> None:
    """The note says that it may be missing: only whoever reads it asks for it."""
    corpus = [write_parquet(tmp_path / f"in/{n}.parquet", 80, seed=n) for n in range(3)]
    stages = [{"exact_dedup": {}}, {"filter": "gopher_repetition"}]
    plan = make_plan(parse_job(job(corpus, *stages, keep_text=False)), unit_limit=20_000)
    run_plan(plan, str(tmp_path / "whole"), engine="inline")
    run_plan(plan, str(tmp_path / "run"), engine="inline")
    (tmp_path / "run/manifest.json").unlink()
    lost = [*(tmp_path / "run/shards").glob("*"), *tmp_path.glob("run/_work/*shards/_commits/*")]
    for file in lost[:3]:
        file.unlink()
    run_plan(plan, str(tmp_path / "run"), engine="inline")
    assert fingerprint(tmp_path / "run") == fingerprint(tmp_path / "whole")


def test_what_was_released_is_nothing_that_a_later_run_could_take(tmp_path: Path) -> None:
    corpus = [write_parquet(tmp_path / "in/a.parquet", 80)]
    stages = [{"filter": "gopher_repetition"}, {"exact_dedup": {}}]
    plan = make_plan(parse_job(job(corpus, *stages, keep_text=False)), unit_limit=20_000)
    run_plan(plan, str(tmp_path / "first"), engine="inline")
    again = run_plan(plan, str(tmp_path / "second"), engine="inline",
                     reuse=[str(tmp_path / "first")])  # fmt: skip
    assert again["spent"]["read"] == 80
    assert fingerprint(tmp_path / "first") == fingerprint(tmp_path / "second")


def test_a_note_that_is_torn_says_nothing(tmp_path: Path) -> None:
    for text in ("", "{", "[1]", '{"00-map": 3}', '{"00-map": ["text"]}'):
        store.write_whole(str(tmp_path / "_work/released.json"), text.encode())
        known = {"00-map": ["text"]} if text.endswith('"]}') else {}
        assert releasing.read_released(str(tmp_path)) == known


def test_a_value_that_is_neither_true_nor_false_is_refused(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", 5)
    with pytest.raises(CleanerError, match="keep_text"):
        parse_job(job([path], keep_text="sometimes"))

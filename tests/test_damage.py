"""Committed data that is not what was committed never changes a result: it is made again."""

import json
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from support.corpus_maker import job, write_parquet
from support.runs import fingerprint

from cleaner.errors import InputError, JobError, StorageError
from cleaner.job.job_file import parse_job
from cleaner.job.plan import Plan, make_plan
from cleaner.results.finished import open_run, verify
from cleaner.runs.driver import run_plan
from cleaner.storage import commits

STAGES: list[Any] = [
    {"language": {}},
    {"filter": "gopher_repetition"},
    {"exact_dedup": {}},
    {"near_dedup": {"preset": "fineweb", "threshold": 0.7}},
    {"line_dedup": {"min_documents": 4}},
    {"sample": {"documents": 90}},
]


def flipped(path: Path, seed: int) -> None:
    data = bytearray(path.read_bytes())
    bit = random.Random(seed).randrange(8 * len(data))
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


def zeroed(path: Path, seed: int) -> None:
    data = bytearray(path.read_bytes())
    at = random.Random(seed).randrange(len(data)) // 512 * 512
    data[at : at + 512] = bytes(len(data[at : at + 512]))
    path.write_bytes(data)


def cut(path: Path, seed: int) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: random.Random(seed).randrange(len(data))])


def gone(path: Path, seed: int) -> None:
    path.unlink()


DAMAGES: tuple[Callable[[Path, int], None], ...] = (flipped, zeroed, cut, gone)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    folder = tmp_path_factory.mktemp("in")
    corpus = [write_parquet(folder / f"{n}.parquet", 90, seed=n) for n in range(2)]
    return make_plan(parse_job(job(corpus, *STAGES)), unit_limit=20_000)


@pytest.fixture(scope="module")
def whole(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "whole"
    run_plan(plan, str(folder), engine="inline")
    return folder


def roles(run: Path) -> list[tuple[str, str]]:
    """Return every phase of a run that commits data, with each role of its files."""
    files = sorted((run / "_work").glob("*/data/*"))
    return list(dict.fromkeys((file.parts[-3], file.suffix) for file in files))


def interrupted_after(whole: Path, phase: str, copy: Path) -> None:
    """Copy a run as it was when one of its phases had just ended.

    Its products stay: one that came out otherwise would take their place.
    """
    shutil.copytree(whole, copy)
    for place in ("manifest.json", "stats.json", "values.parquet"):
        (copy / place).unlink()
    for later in (copy / "_work").glob("[0-9]*"):
        if later.name > phase:
            shutil.rmtree(later)


def harmed(plan: Plan, whole: Path, phase: str, role: str, copy: Path, harm: Any) -> list[str]:
    """Harm one file of a phase and run on; return what the run said of it."""
    interrupted_after(whole, phase, copy)
    files = sorted((copy / "_work" / phase / "data").glob(f"*{role}"))
    seed = len(phase + role)
    victim = max(files, key=lambda file: (file.stat().st_size, file.name))
    harm(victim, seed)
    said: list[str] = []
    run_plan(plan, str(copy), engine="inline", warn=said.append)
    assert fingerprint(copy) == fingerprint(whole)
    return [told for told in said if victim.name in told]


def test_all_roles_are_known(whole: Path) -> None:
    found = {role for _, role in roles(whole)}
    assert found == {
        ".text", ".record", ".keys", ".sample", ".pairs", ".candidates", ".joined", ".sets",
        ".verdicts", ".sizes", ".places", ".rows", ".rules", ".cells", ".shadow", ".recall",
    }  # fmt: skip


def test_one_flipped_bit_of_any_role_never_changes_a_result(
    plan: Plan, whole: Path, tmp_path: Path
) -> None:
    last = {role: phase for phase, role in roles(whole)}
    mended = [
        harmed(plan, whole, phase, role, tmp_path / role, flipped) for role, phase in last.items()
    ]
    assert sum(map(bool, mended)) > len(mended) / 2  # what nobody reads harms nobody
    assert all("its unit runs again" in told for said in mended for told in said)


@pytest.mark.slow
@pytest.mark.parametrize("harm", DAMAGES)
def test_no_damage_of_any_role_ever_changes_a_result(
    plan: Plan, whole: Path, tmp_path: Path, harm: Callable[[Path, int], None]
) -> None:
    for number, (phase, role) in enumerate(roles(whole)):
        harmed(plan, whole, phase, role, tmp_path / f"{number}", harm)


@pytest.mark.parametrize("harm", DAMAGES[1:])
def test_what_a_shard_is_made_from_is_made_again(
    plan: Plan, whole: Path, tmp_path: Path, harm: Callable[[Path, int], None]
) -> None:
    phase = max(phase for phase, role in roles(whole) if role == ".text")
    assert harmed(plan, whole, phase, ".text", tmp_path / "run", harm)


def test_all_data_of_a_run_gone_is_made_again(plan: Plan, whole: Path, tmp_path: Path) -> None:
    last = max(phase for phase, _ in roles(whole))
    interrupted_after(whole, last, tmp_path / "run")
    for file in (tmp_path / "run/_work").glob("*/data/*"):
        file.unlink()
    shutil.rmtree(tmp_path / "run/_work" / last)
    run_plan(plan, str(tmp_path / "run"), engine="inline")
    assert fingerprint(tmp_path / "run") == fingerprint(whole)


PRODUCTS = ("shards", "ledger", "clusters", "index/2.exact_dedup", "index/4.line_dedup")


def spoiled_before_the_manifest(whole: Path, copy: Path, places: Sequence[str]) -> list[str]:
    """Copy a run whose manifest is not written yet, with one bit flipped in a product each."""
    shutil.copytree(whole, copy)
    (copy / "manifest.json").unlink()
    victims = [max((copy / place).iterdir(), key=lambda p: p.stat().st_size) for place in places]
    for number, victim in enumerate(victims):
        flipped(victim, number)
    return [str(victim.relative_to(copy)) for victim in victims]


@pytest.mark.parametrize("place", PRODUCTS)
def test_a_product_that_changed_before_the_manifest_is_made_again(
    plan: Plan, whole: Path, tmp_path: Path, place: str
) -> None:
    (victim,) = spoiled_before_the_manifest(whole, tmp_path / "run", [place])
    said: list[str] = []
    run_plan(plan, str(tmp_path / "run"), engine="inline", warn=said.append)
    assert said == [f"{victim}: its bytes are not those that were written; it is written again"]
    assert fingerprint(tmp_path / "run") == fingerprint(whole)
    assert verify(open_run(str(tmp_path / "run"))) == []


def test_products_are_hashed_once_and_only_those_of_earlier_attempts(
    plan: Plan, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    real = commits.first_untrue

    def noting(folder: str, files: Sequence[Any]) -> str | None:
        read.extend(file["path"] for file in files)
        return real(folder, files)

    monkeypatch.setattr("cleaner.runs.phases.first_untrue", noting)
    run_plan(plan, str(tmp_path / "new"), engine="inline")
    assert read == []
    shutil.copytree(whole, tmp_path / "run")
    (tmp_path / "run/manifest.json").unlink()
    (tmp_path / "run/shards" / sorted(p.name for p in (whole / "shards").iterdir())[0]).unlink()
    said: list[str] = []
    run_plan(plan, str(tmp_path / "run"), engine="inline", warn=said.append)
    assert len(said) == 1  # the shard that is gone, and no other
    assert "is missing or truncated" in said[0]
    products = [name for name in fingerprint(whole) if name not in ("stats.json", "values.parquet")]
    assert sorted([*read, said[0].split()[1]]) == sorted(products)


@pytest.mark.ray
@pytest.mark.slow
def test_products_that_changed_are_found_by_workers(
    plan: Plan, whole: Path, tmp_path: Path
) -> None:
    places = [place for place in PRODUCTS if place != "clusters"]  # of the unit of the ledger
    victims = spoiled_before_the_manifest(whole, tmp_path / "run", places)
    said: list[str] = []
    run_plan(plan, str(tmp_path / "run"), engine="ray", workers=2, warn=said.append)
    assert {told.split(":")[0] for told in said} == set(victims)
    assert fingerprint(tmp_path / "run") == fingerprint(whole)


@pytest.mark.ray
@pytest.mark.slow
def test_damage_met_in_a_worker_is_mended(plan: Plan, whole: Path, tmp_path: Path) -> None:
    phase = max(phase for phase, role in roles(whole) if role == ".text")
    interrupted_after(whole, phase, tmp_path / "run")
    for file in (tmp_path / "run/_work" / phase / "data").glob("*.text"):
        flipped(file, 7)
    said: list[str] = []
    run_plan(plan, str(tmp_path / "run"), engine="ray", workers=2, warn=said.append)
    assert fingerprint(tmp_path / "run") == fingerprint(whole)
    assert any("its unit runs again" in told for told in said)


def test_storage_that_keeps_nothing_ends_the_run(
    plan: Plan, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cleaner.storage import store

    real = store.write_whole

    def losing(path: str, *data: Any) -> None:
        real(path, *data)
        if path.endswith(".keys"):
            flipped(Path(path), 3)

    with monkeypatch.context() as patch:
        patch.setattr(store, "write_whole", losing)
        with pytest.raises(StorageError, match=r"\.keys: .*again and again"):
            run_plan(plan, str(tmp_path / "run"), engine="inline")
    run_plan(plan, str(tmp_path / "run"), engine="inline")
    assert fingerprint(tmp_path / "run") == fingerprint(whole)


def test_the_index_of_an_earlier_run_is_checked_too(
    plan: Plan, whole: Path, tmp_path: Path
) -> None:
    run = tmp_path / "earlier"
    shutil.copytree(whole, run)
    corpus = write_parquet(tmp_path / "new.parquet", 60, seed=0)
    new = parse_job(job([corpus], {"exact_dedup": {"against": str(run)}}))
    run_plan(make_plan(new), str(tmp_path / "good"), engine="inline")
    for path in (run / "index").glob("*exact*/*"):
        flipped(path, 5)
    with pytest.raises(InputError, match=r"against: .*index/2\.exact_dedup/.*run .* again"):
        run_plan(make_plan(new), str(tmp_path / "bad"), engine="inline")
    manifest = json.loads((run / "manifest.json").read_bytes())
    for file in (file for entry in manifest["index"] for file in entry["files"]):
        del file["trailer"]
    (run / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(JobError, match="of an older version"):
        make_plan(new)


def changes(path: Path) -> None:
    write_parquet(path, 80, seed=9)


def vanishes(path: Path) -> None:
    path.unlink()


def is_cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize("change", [changes, vanishes, is_cut])
def test_an_input_that_changes_after_the_plan_ends_the_run(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    corpus = [write_parquet(tmp_path / f"in/{n}.parquet", 60, seed=n) for n in range(2)]
    plain = job([tmp_path / "in/*.parquet"], {"exact_dedup": {}})
    old = make_plan(parse_job(plain))
    change(corpus[1])
    with pytest.raises(InputError, match=r"1\.parquet: changed since the plan"):
        run_plan(old, str(tmp_path / "run"), engine="inline")
    assert not list((tmp_path / "run").glob("_work/00-map/_commits/*"))
    if change is is_cut:
        return
    found = []
    for name in ("run", "fresh"):
        run_plan(make_plan(parse_job(plain)), str(tmp_path / name), engine="inline")
        found.append(fingerprint(tmp_path / name))
    assert found[0] == found[1]


def test_an_input_that_changes_while_it_is_read_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cleaner.corpus.formats import parquet

    path = write_parquet(tmp_path / "in/a.parquet", 60)
    plan = make_plan(parse_job(job([path])))
    real = parquet.parquet_in

    def late(*given: Any, **options: Any) -> Any:
        if options:  # it is about to be read
            path.touch()
        return real(*given, **options)

    monkeypatch.setattr(parquet, "parquet_in", late)
    with pytest.raises(InputError, match="changed since the plan"):
        run_plan(plan, str(tmp_path / "run"), engine="inline")
    assert not list((tmp_path / "run").glob("_work/00-map/_commits/*"))

"""What lies in a run folder: foreign files stay, torn ones count as absent, lost ones come back."""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from support.commands import command
from support.corpus_maker import job, write_parquet
from support.runs import fingerprint

import cleaner
from cleaner.errors import InputError, JobError
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.results.finished import open_run, verify
from cleaner.runs.driver import run_plan
from cleaner.runs.status import read_progress
from cleaner.storage import store
from cleaner.storage.commits import Committer
from cleaner.storage.run_folder import RunFolder

STAGES: list[Any] = [{"normalise": {}}, {"exact_dedup": {}}, {"sample": {"share": 0.9}}]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """A job and its finished run."""
    place = tmp_path_factory.mktemp("made")
    corpus = [write_parquet(place / f"in/{n}.parquet", 50, seed=n) for n in range(2)]
    plain = job(corpus, *STAGES)
    run(plain, place / "run")
    return plain, place / "run"


@pytest.fixture
def folder(made: tuple[dict[str, Any], Path], tmp_path: Path) -> Path:
    """A copy of the finished run, which a test may spoil."""
    shutil.copytree(made[1], tmp_path / "run")
    return tmp_path / "run"


def run(plain: dict[str, Any], folder: Path, **how: Any) -> dict[str, Any]:
    return run_plan(
        make_plan(parse_job(plain), out=str(folder)), str(folder), engine="inline", **how
    )


def bytes_of(folder: Path, names: list[str]) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


FOREIGN = [
    "notes.md", "mine.parquet", "shards/corpus-0.parquet", "shards/part-0.parquet",
    "ledger/accounts.csv", "ledger/old/part-00000.parquet", "clusters/part-0.parquet",
    "index/x/part-00000-of-00001.arrow", "index/0.exact_dedup/notes.txt", "_work/mine.txt",
    "_work/00-map/mine.parquet", "_next/mine.txt",
]  # fmt: skip


def put(folder: Path, names: list[str]) -> dict[str, str]:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"mine: {name}")
    return bytes_of(folder, names)


@pytest.mark.parametrize("name", ["data.csv", "shards/corpus-0.parquet", "plan.json", "a/b/c/d"])
@pytest.mark.parametrize("how", [{}, {"replace": True}, {"fresh": True}])
def test_a_folder_that_is_not_empty_and_not_ours_is_refused(
    made: tuple[dict[str, Any], Path], tmp_path: Path, name: str, how: dict[str, bool]
) -> None:
    folder = tmp_path / "proj"
    before = put(folder, [name])
    with pytest.raises(JobError, match=r"proj: is not empty, and no run folder; .*--out"):
        run(made[0], folder, **how)
    assert bytes_of(folder, [name]) == before
    assert len(list(folder.rglob("*"))) == len(Path(name).parts)


def test_a_folder_of_empty_folders_is_empty_and_a_link_is_not(
    made: tuple[dict[str, Any], Path], tmp_path: Path
) -> None:
    (tmp_path / "empty/deep/er").mkdir(parents=True)
    run(made[0], tmp_path / "empty")
    (tmp_path / "mine").mkdir()
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked/shards").symlink_to(tmp_path / "mine")
    with pytest.raises(JobError, match="is not empty"):
        run(made[0], tmp_path / "linked")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(JobError, match="is a file"):
        run(made[0], tmp_path / "file")


@pytest.mark.parametrize(
    ("name", "said"),
    [("a\0b", "holds a zero byte"), ("caf\udce9", r"caf\\xe9: is not UTF-8")],
)
def test_a_folder_that_no_store_can_name_is_refused(
    made: tuple[dict[str, Any], Path], tmp_path: Path, name: str, said: str
) -> None:
    plan = make_plan(parse_job(made[0]))
    with pytest.raises(JobError, match=said):
        run_plan(plan, str(tmp_path / name), engine="inline")
    assert list(tmp_path.iterdir()) == []
    run_plan(plan, str(tmp_path / "café 数"), engine="inline")


def test_foreign_files_in_a_run_folder_outlive_every_command(
    made: tuple[dict[str, Any], Path], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = put(folder, FOREIGN)
    other = {**made[0], "stages": STAGES[:2]}
    file = folder.parent / "job.yaml"

    def there() -> None:
        assert bytes_of(folder, FOREIGN) == before

    for plain, words in [
        (made[0], []), (other, []), (other, ["--replace"]), (made[0], ["--fresh"]),
        (made[0], ["--fresh"]), (other, ["--fresh"]),
    ]:  # fmt: skip
        file.write_text(yaml.safe_dump(plain))
        words = ["run", str(file), "--out", str(folder), "--engine", "inline", *words]
        assert command(monkeypatch, *words) == (2 if plain is other and len(words) == 6 else 0)
        there()
    (folder / "manifest.json").unlink()
    for how in ({}, {"fresh": True}):
        run(made[0], folder, **how)
        there()
    for words in (["verify"], ["stats"], ["status"], ["stop"], ["gc"]):
        command(monkeypatch, *words, str(folder))
        there()
    assert not list(folder.glob("_work/**/*.json"))
    told = verify(open_run(str(folder)))
    assert told == [
        f"shards/{name}.parquet: not in the manifest" for name in ("corpus-0", "part-0")
    ]


OTHERS = [
    "_work/00-map/data/mine", "_work/old/data/mine.txt", "_work/seen/x", "_work/x/_commits/a.json",
    "_next/mine/shards/part-00000-of-00001.parquet",
]  # fmt: skip
LINKS = [
    "_work/link",
    "_work/markers",
    "_work/00-map/link",
    "_next/0123456789abcdef",
    "_next/link",
    "index/0.mine",
]


def test_what_lies_behind_a_link_and_what_others_named_stays(
    made: tuple[dict[str, Any], Path], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The links lead to another run, whose files all bear our names."""
    other = folder.parent / "other"
    shutil.copytree(made[1], other)
    shutil.copytree(other / "_work/00-map/data", other / "data")
    shutil.copy(next(other.glob("index/*/*")), other)
    theirs = {str(path.relative_to(other)) for path in other.rglob("*") if path.is_file()}
    before, mine = bytes_of(other, sorted(theirs)), put(folder, OTHERS)
    for name in LINKS:
        (folder / name).symlink_to(other / ("_work/00-map" if name == "_work/markers" else ""))

    def there() -> None:
        assert bytes_of(folder, OTHERS) == mine
        assert bytes_of(other, sorted(theirs)) == before
        assert [name for name in LINKS if not (folder / name).is_symlink()] == []

    run(made[0], folder)
    for changed in (made[0], {**made[0], "stages": STAGES[:2]}):
        for how in ({"replace": True}, {"fresh": True}):
            run(changed, folder, **how)
            there()
    assert command(monkeypatch, "gc", str(folder)) == 0
    there()
    assert not list(folder.glob("_work/00-map/_commits/*"))


def test_what_earlier_jobs_left_under_our_names_goes(
    made: tuple[dict[str, Any], Path], folder: Path
) -> None:
    put(folder, ["shards/part-00007-of-00009.parquet", "ledger/part-00004.parquet"])
    assert [said.split(":")[0] for said in verify(open_run(str(folder)))] == [
        "ledger/part-00004.parquet", "shards/part-00007-of-00009.parquet",
    ]  # fmt: skip
    (folder / "manifest.json").unlink()
    run(made[0], folder)
    assert fingerprint(folder) == fingerprint(made[1])


def test_a_run_does_not_take_its_own_product_as_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_parquet(tmp_path / "one/a.parquet", 30)
    plain = job(["**/*.parquet"], {"normalise": {}})
    first = cleaner.run(plain, "runs/j", engine="inline").manifest
    again = cleaner.run(plain, "runs/j", engine="inline").manifest
    assert first == again
    assert first["rows"]["in"] == 30
    plan = make_plan(parse_job(plain), out="runs/j")
    assert "files in runs/j are left out: they are of this run itself" in plan.notes[0]
    Path("runs/j/manifest.json").unlink()
    assert cleaner.run(plain, "runs/j", engine="inline").manifest["rows"]["in"] == 30
    # Another folder's shards are an input like any other; what is in its own is none by name.
    for paths in ("runs/j/shards/*.parquet", "runs/j/shards/part-00000-of-00001.parquet"):
        mine = job([paths], {"normalise": {}})
        assert (
            cleaner.run(mine, "runs/next", engine="inline", fresh=True).manifest["rows"]["in"] > 9
        )
        with pytest.raises(JobError, match="lies in the run folder runs/j"):
            cleaner.run(mine, "runs/j", engine="inline")
    os.symlink("j", "runs/latest")
    with pytest.raises(JobError, match="lies in the run folder runs/j"):
        cleaner.run(job(["runs/latest/shards/*.parquet"]), "runs/j", engine="inline")


def products(folder: Path) -> list[str]:
    return [*fingerprint(folder), "job.yaml", "plan.json"]


def one_of_each(folder: Path) -> list[str]:
    kinds = {name.split("/")[0]: name for name in products(folder)}
    return sorted(kinds.values())


@pytest.mark.parametrize("finished", [True, False])
@pytest.mark.parametrize("how", ["remove", "cut"])
def test_a_product_that_is_lost_is_made_again(
    made: tuple[dict[str, Any], Path], folder: Path, how: str, finished: bool
) -> None:
    before, names = fingerprint(made[1]), one_of_each(made[1])
    assert len(names) == 9
    for name in names:
        path = folder / name
        if how == "remove":
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[:-10])
        assert verify(open_run(str(folder)))[0].startswith(f"{name}: ")
        if not finished:
            (folder / "manifest.json").unlink()
        warnings: list[str] = []
        run(made[0], folder, warn=warnings.append)
        assert fingerprint(folder) == before, name
        assert verify(open_run(str(folder))) == [], name
        said = f"missing or truncated, so written again: {name}"
        assert (said in warnings) == finished


def test_a_product_that_is_lost_after_gc_is_made_from_the_input(
    made: tuple[dict[str, Any], Path], folder: Path
) -> None:
    RunFolder(str(folder)).remove_work()
    next((folder / "shards").iterdir()).unlink()
    run(made[0], folder)
    assert fingerprint(folder) == fingerprint(made[1])


def test_a_product_that_vanishes_under_a_run_is_made_again_before_the_manifest(
    made: tuple[dict[str, Any], Path], tmp_path: Path
) -> None:
    folder, warnings = tmp_path / "run", list[str]()
    gone: list[Path] = []

    def report(progress: Any) -> None:
        if progress.phase.endswith("-account") and progress.finished and not gone:
            gone.append(next((folder / "shards").iterdir()))
            gone[0].unlink()

    run(made[0], folder, report=report, warn=warnings.append)
    assert warnings[0] == f"disappeared during the run, so written again: shards/{gone[0].name}"
    assert fingerprint(folder) == fingerprint(made[1])


def controls(folder: Path) -> dict[str, Path]:
    """Return one control file of each kind."""
    return {
        "marker of text": next(folder.glob("_work/00-map/_commits/*")),
        "marker of a shard": next(folder.glob("_work/*-shards/_commits/*")),
        "marker of the account": next(folder.glob("_work/*-account/_commits/*")),
        "settings": next(folder.glob("_work/00-map/settings-*.json")),
        "settings of the account": next(folder.glob("_work/*-account/settings-*.json")),
        "progress": folder / "_work/progress.json",
        "plan": folder / "plan.json",
        "job": folder / "job.yaml",
        "manifest": folder / "manifest.json",
        "stats": folder / "stats.json",
    }


TORN: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut": lambda data: data[: len(data) // 2],
    "garbage": lambda _: b"\x00\xff garbage",
    "another shape": lambda _: b"{}",
}


@pytest.mark.parametrize("how", TORN)
@pytest.mark.parametrize("finished", [True, False])
def test_a_torn_control_file_counts_as_absent(
    made: tuple[dict[str, Any], Path], folder: Path, how: str, finished: bool
) -> None:
    before = fingerprint(made[1])
    for kind, path in controls(made[1]).items():
        mine = folder / path.relative_to(made[1])
        if not finished:
            (folder / "manifest.json").unlink(missing_ok=True)
        if mine.exists():
            mine.write_bytes(TORN[how](mine.read_bytes()))
        run(made[0], folder)
        assert fingerprint(folder) == before, kind
        assert verify(open_run(str(folder))) == [], kind


def test_a_marker_with_one_bit_flipped_is_torn(
    made: tuple[dict[str, Any], Path], folder: Path
) -> None:
    path = next(folder.glob("_work/00-map/_commits/*"))
    data = path.read_bytes()
    at = data.index(b'"kept": ') + 8
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    (folder / "manifest.json").unlink()
    run(made[0], folder)
    assert fingerprint(folder) == fingerprint(made[1])
    assert path.read_bytes() != data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_commands_name_a_torn_manifest(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "manifest.json").write_bytes(b"")
    with pytest.raises(InputError, match=r"manifest\.json: is truncated; run the same command"):
        _ = open_run(str(folder)).manifest
    for words in ("stats", "verify", "gc"):
        assert command(monkeypatch, words, str(folder)) == 3


@pytest.mark.parametrize("name", ["job.yaml", "stats.json", "plan.json"])
@pytest.mark.parametrize(
    "torn",
    [
        lambda _: b"",
        lambda _: b"[1]",
        lambda _: b"stages: 5",
        lambda _: b"\xff\xfe",
        lambda data: bytes(len(data)),
        lambda data: data[: data.rindex(b"\n", 0, len(data) // 2)],
        lambda data: data.replace(b"sample", b"simple"),
    ],
    ids=["empty", "a list", "no stages", "no text", "zeros", "cut at a line", "same length"],
)
def test_a_torn_record_is_named_and_made_again(
    made: tuple[dict[str, Any], Path],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    torn: Callable[[bytes], bytes],
) -> None:
    before = (folder / name).read_bytes()
    (folder / name).write_bytes(torn(before))
    reading = {"job.yaml": ["explain"], "stats.json": ["stats"], "plan.json": []}[name]
    for words in (["stats", str(folder)], ["explain", str(folder), "0#3"]):
        assert command(monkeypatch, *words) == (3 if words[0] in reading else 0)
        said = f"cleaner: {folder / name}: is missing or truncated; run the same command to write "
        said += "it again\n"
        assert (said in capsys.readouterr().err) == (words[0] in reading)
    with pytest.raises(JobError, match="holds a finished run of another job"):
        run({**made[0], "stages": made[0]["stages"][:2]}, folder)
    run(made[0], folder)
    assert verify(open_run(str(folder))) == []
    assert fingerprint(folder) == fingerprint(made[1])


def test_progress_of_the_future_is_no_sign_of_life(folder: Path) -> None:
    path = folder / "_work/progress.json"
    said = json.loads(path.read_text())
    for ahead, state in ((-10, "running"), (10, "running"), (3600, "interrupted")):
        other = {**said, "ended": "", "host": "elsewhere", "time": time.time() + ahead}
        path.write_text(json.dumps(other))
        assert (read_progress(str(folder)) or {})["state"] == state


def test_data_that_is_lost_is_made_again(made: tuple[dict[str, Any], Path], folder: Path) -> None:
    for how in ("remove", "cut"):
        for phase in sorted(path.name for path in folder.glob("_work/*-*")):
            data = sorted((folder / "_work" / phase / "data").glob("*"))
            if not data:
                continue
            if how == "remove":
                data[0].unlink()
            else:
                data[0].write_bytes(data[0].read_bytes()[:-1])
        (folder / "manifest.json").unlink()
        run(made[0], folder)
        assert fingerprint(folder) == fingerprint(made[1])


def named(folder: Path) -> set[str]:
    """Return the data that markers name."""
    return {
        file["path"]
        for path in folder.glob("_work/*/_commits/*.json")
        for file in json.loads(path.read_text())["files"].values()
    }


def test_a_failed_attempt_leaves_no_data(
    made: tuple[dict[str, Any], Path], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = store.write_whole
    written: list[str] = []

    def full(path: str, data: Any) -> None:
        written.append(path)
        if len(written) == 2:
            raise OSError(28, "No space left on device")
        real(path, data)

    one = Committer(str(folder), "00-map", "000009", "a" * 16)
    with monkeypatch.context() as patched:
        patched.setattr(store, "write_whole", full)
        with pytest.raises(OSError, match="No space"):
            one.commit(0, True, {"text": b"one", "record": b"two"}, {})
    assert len(written) == 2
    there = {str(path.relative_to(folder)) for path in folder.glob("_work/*/data/*")}
    assert there == named(folder)


def test_orphans_of_killed_attempts_go(made: tuple[dict[str, Any], Path], folder: Path) -> None:
    data = folder / "_work/00-map/data"
    marker = json.loads(next((folder / "_work/00-map/_commits").iterdir()).read_text())
    mine, other = f"{marker['unit']}.00000-{marker['key']}", f"000001.00000-{'b' * 16}"
    loser, old, young = (
        data / name for name in (f"{mine}-{'0' * 8}.text", f"{other}-{'0' * 8}.text",
                                 f"{other}-{'1' * 8}.text")
    )  # fmt: skip
    for path in (loser, old, young):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    (folder / "manifest.json").unlink()
    next((folder / "_work/00-map/_commits").iterdir()).unlink()  # so that the phase works
    run(made[0], folder)
    assert not loser.exists()
    assert not old.exists()
    assert young.exists()  # somebody may be writing it
    assert fingerprint(folder) == fingerprint(made[1])


def test_gc_takes_a_replacement_that_was_given_up(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, [f"_next/{'a' * 16}/shards/part-00000-of-00001.parquet"])
    assert command(monkeypatch, "gc", str(folder)) == 0
    assert not list((folder / "_next").rglob("*.parquet"))
    assert verify(open_run(str(folder))) == []
    frame = pl.read_parquet(folder / "ledger/*.parquet")
    assert len(frame) == 100


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("manifest.json", {"format": 99}, "of format 99, which a newer version"),
        ("manifest.json", {"format": 0}, "of format 0, which an older version"),
        ("manifest.json", {"formats": {"ledger": 7}}, "the ledger is of format 7, which a newer"),
        ("plan.json", {"format": 2}, "the plan is of format 2, which a newer version"),
    ],
)
def test_what_another_version_wrote_in_another_format_is_refused_by_name(
    tmp_path: Path, file: str, change: dict[str, object], said: str
) -> None:
    out = tmp_path / "run"
    path = write_parquet(tmp_path / "a.parquet", 5)
    cleaner.run(job([path]), str(out), engine="inline")
    written = json.loads((out / file).read_bytes())
    (out / file).write_text(json.dumps({**written, **change}))
    with pytest.raises(JobError, match=said):
        RunFolder(str(out)).manifest() if file == "manifest.json" else RunFolder(str(out)).plan()
    assert json.loads((out / file).read_bytes()) == {**written, **change}

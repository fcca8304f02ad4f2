"""Files are found as a shell finds them, whatever names their users gave to them and to folders."""

import os
import string
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.corpus_maker import job, write_parquet

from cleaner.corpus.listing import Passed, list_files
from cleaner.errors import InputError, JobError
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.runs.driver import run_plan
from cleaner.storage import globs, store


def made(place: Path, *names: str) -> Path:
    for name in names:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(b"{}\n")
    return place


def names(pattern: str) -> list[str]:
    return [file.path for file in store.find(pattern)]


TREE = (
    "a.parquet", "b.parquet", "x/a.parquet", "x/y/a.parquet", "x/y/b.jsonl", "z/y/c.parquet",
    ".h/a.parquet", "x/.a.parquet", "x/._a.parquet", "x/.ipynb_checkpoints/a.parquet",
)  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("a.parquet", ["a.parquet"]),
        ("./a.parquet", ["a.parquet"]),
        ("x/../a.parquet", ["a.parquet"]),
        ("*.parquet", ["a.parquet", "b.parquet"]),
        ("[a].parquet", ["a.parquet"]),
        ("[!a].parquet", ["b.parquet"]),
        ("[^a].parquet", ["b.parquet"]),
        ("?.parquet", ["a.parquet", "b.parquet"]),
        ("*/a.parquet", ["x/a.parquet"]),
        ("*/*/*", ["x/y/a.parquet", "x/y/b.jsonl", "z/y/c.parquet"]),
        ("*/y/*.parquet", ["x/y/a.parquet", "z/y/c.parquet"]),
        ("**/c.parquet", ["z/y/c.parquet"]),
        ("**/a.parquet", ["a.parquet", "x/a.parquet", "x/y/a.parquet"]),
        ("x/**/*.parquet", ["x/a.parquet", "x/y/a.parquet"]),
        ("x/**.parquet", ["x/a.parquet", "x/y/a.parquet"]),
        ("x/**", ["x/a.parquet", "x/y/a.parquet", "x/y/b.jsonl"]),
        ("**/y/**/*.jsonl", ["x/y/b.jsonl"]),
        ("{a,b}.parquet", ["a.parquet", "b.parquet"]),
        ("{x,z}/{y/*,*}.parquet", ["x/a.parquet", "x/y/a.parquet", "z/y/c.parquet"]),
        (".h/*", [".h/a.parquet"]),
        (".*/*", [".h/a.parquet"]),
        ("x/.*", ["x/._a.parquet", "x/.a.parquet"]),
        ("none/*", []),
        ("a.parquet/*", []),
        ("x", []),
        ("[z-a].parquet", []),
        ("[a.parquet", []),
    ],
)
def test_a_pattern_names_what_a_shell_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, found: list[str]
) -> None:
    monkeypatch.chdir(made(tmp_path, *TREE))
    assert names(pattern) == found
    assert names(f"{tmp_path}/{pattern}") == [f"{tmp_path}/{name}" for name in found]
    assert names(f"file://{tmp_path}/{pattern}") == [f"{tmp_path}/{name}" for name in found]


ODD = ["proj [v2]", "a*b", "what?", "[a]", "{x,y}", "[", "a{b}", "~x", "per%20cent", "中文 資料"]


@pytest.mark.parametrize("here", ODD)
def test_the_name_of_the_working_folder_is_no_pattern(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: str
) -> None:
    made(tmp_path, f"{here}/in/a.parquet", "a/in/a.parquet", "a/in/b.parquet", "x/in/a.parquet")
    monkeypatch.chdir(tmp_path / here)
    for pattern in ("in/a.parquet", "in/*.parquet", "**/*.parquet", "./in/*", "in/{a,b}.parquet"):
        assert names(pattern) == ["in/a.parquet"]


@pytest.mark.parametrize(
    "name", ["data[1].parquet", "old [v2]/a.parquet", "{a,b}.parquet", "[]x.gz"]
)
def test_a_name_that_exists_as_it_is_written_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    made(tmp_path, name, "data1.parquet", "old v/a.parquet", "old 2/a.parquet", "a.parquet")
    monkeypatch.chdir(tmp_path)
    assert names(name) == [name]
    if "/" in name:
        assert names(name.replace("a.parquet", "*")) == [name]


def test_brackets_are_a_choice_where_no_such_name_exists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(made(tmp_path, "data1.parquet", "data2.parquet", "data3.parquet"))
    assert names("data[12].parquet") == ["data1.parquet", "data2.parquet"]


def test_the_home_of_a_user_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(made(tmp_path, "x/a.parquet")))
    assert names("~/x/*.parquet") == [f"{tmp_path}/x/a.parquet"]
    store.write_whole("~/out/a", b"")
    assert (tmp_path / "out/a").exists()


def test_an_address_of_a_file_may_be_encoded(tmp_path: Path) -> None:
    made(tmp_path, "a b/c.parquet", "100%25/d.parquet")
    assert names(f"file://{tmp_path}/a%20b/*") == [f"{tmp_path}/a b/c.parquet"]
    assert names(f"file://localhost{tmp_path}/a b/*") == [f"{tmp_path}/a b/c.parquet"]


def test_links_lead_to_each_file_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made(tmp_path, "in/run1/a.parquet", "in/b.parquet", "far/c.parquet"))
    os.symlink(".", "in/loop")
    os.symlink("run1", "in/latest")
    os.symlink("../far", "in/far")
    os.symlink("b.parquet", "in/0.parquet")
    os.symlink("nowhere", "in/gone.parquet")
    inside = ["in/b.parquet", "in/far/c.parquet", "in/run1/a.parquet"]
    assert names("in/**/*.parquet") == inside
    assert names("in/latest/*.parquet") == ["in/latest/a.parquet"]
    assert names("in/*/*.parquet") == ["in/far/c.parquet", "in/loop/0.parquet", "in/run1/a.parquet"]
    assert names("in/0.parquet") == ["in/0.parquet"]


def test_one_file_by_two_spellings_is_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(made(tmp_path, "in/a.parquet", "in/b.parquet"))
    os.symlink("in", "other")
    spelt = [f"{tmp_path}/in/*.parquet", "in/a.parquet", "./in/a.parquet", "other/b.parquet"]
    assert len(list_files([spelt])) == 2
    for twice in ("in/a.parquet", f"{tmp_path}/in/a.parquet", "other/a.parquet"):
        with pytest.raises(JobError, match=r"input\.1\.paths: .*a\.parquet is also in input\.0"):
            list_files([["in/a.parquet"], [twice]])


def test_hard_links_are_files_of_their_own(tmp_path: Path) -> None:
    made(tmp_path, "a.parquet")
    os.link(tmp_path / "a.parquet", tmp_path / "b.parquet")
    assert len(names(f"{tmp_path}/*")) == 2


def test_names_that_are_no_text_are_named_and_passed(tmp_path: Path) -> None:
    made(tmp_path, "in/a.parquet")
    bad = os.fsencode(tmp_path / "in") + b"/caf\xe9.parquet"
    Path(os.fsdecode(bad)).write_bytes(b"")
    os.mkdir(os.fsencode(tmp_path / "in") + b"/\xff")
    passed = Passed()
    for pattern in ("in/*.parquet", "in/**/*.parquet"):
        assert len(list_files([[f"{tmp_path}/{pattern}"]], passed=passed)) == 1
        assert passed.failed[-1].path == f"{tmp_path}/in/caf\\xe9.parquet"
        assert "not UTF-8" in passed.failed[-1].error
    passed = Passed()
    assert len(list_files([[f"{tmp_path}/in/a*"]], passed=passed)) == 1
    assert (passed.failed, passed.notes) == ([], [])


def refusing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody list a folder, not even root, who may list any."""
    real = os.scandir

    def scandir(path: str) -> object:
        if os.path.abspath(path) == str(folder):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)


def test_a_folder_that_may_not_be_listed_is_named_and_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path, "in/a.parquet", "in/lost+found/b.parquet")
    refusing(tmp_path / "in/lost+found", monkeypatch)
    for pattern in ("in/**/*.parquet", "in/{*,*/*}.parquet"):
        passed = Passed()
        assert len(list_files([[f"{tmp_path}/{pattern}"]], passed=passed)) == 1
        assert passed.notes == [
            f"input.0.paths: {tmp_path}/in/lost+found: may not be listed, passed over"
        ]
    with pytest.raises(Exception, match=r"lost\+found: Permission denied"):
        list_files([[f"{tmp_path}/in/lost+found/*"]])


def listed_folders(pattern: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    real = globs.Local.entries

    def entries(self: globs.Local, folder: globs.Entry) -> list[globs.Entry]:
        seen.append(folder.path)
        return real(self, folder)

    with monkeypatch.context() as patch:
        patch.setattr(globs.Local, "entries", entries)
        names(pattern)
    return seen


def test_nothing_is_listed_that_no_component_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(made(tmp_path, *(f"a/{n}/deep/er/f" for n in range(5)), "a/1/x"))
    assert names("a/*/x") == ["a/1/x"]
    assert listed_folders("a/*/x", monkeypatch) == ["a"]
    assert listed_folders("a/1/x", monkeypatch) == []
    assert sorted(listed_folders("a/*/*", monkeypatch)) == ["a", *(f"a/{n}" for n in range(5))]


@pytest.mark.parametrize("pattern", ["in", "in/", "{tmp}/in", "i*", "./in"])
def test_a_folder_stands_for_what_can_be_read_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    files = ("in/b.jsonl", "in/a.parquet", "in/_SUCCESS", "in/README.md", "in/deep/c.parquet")
    monkeypatch.chdir(made(tmp_path, *files, "in/_metadata.parquet"))
    passed = Passed()
    found = list_files([[pattern.format(tmp=tmp_path)]], passed=passed)
    assert [Path(file.path).name for file in found] == ["a.parquet", "b.jsonl"]
    (note,) = passed.notes
    assert "in is a folder: reads 2 files (a.parquet, b.jsonl) directly in it, 3 others" in note


def test_folders_that_a_pattern_names_are_read_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(made(tmp_path, "p=1/a.parquet", "p=2/b.parquet"))
    passed = Passed()
    assert [file.path for file in list_files([["p=*"]], passed=passed)] == [
        "p=1/a.parquet",
        "p=2/b.parquet",
    ]
    assert "2 folders match: reads 2 files" in passed.notes[0]


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("deep", r"nothing directly in the folder deep can be read; deep/\*\*/\*\.parquet goes"),
        ("deep/*.gz", r"no file matches deep/\*\.gz; in deep available: er"),
        ("hf://datasets/me/math@v1/data/*.parquet", "hf download me/math --repo-type dataset "),
        ("hf://datasets/me/math/a.parquet", r"--include a\.parquet, then the path is math/a\.par"),
        ("https://a.example/x/a.parquet?b=c", r"curl -fLO 'https://a\.example/x/a\.parquet\?b=c'"),
        ("ftp://a/b", "unknown scheme ftp://"),
    ],
)
def test_what_cannot_be_found_is_told_with_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, said: str
) -> None:
    monkeypatch.chdir(made(tmp_path, "deep/er/a.parquet"))
    with pytest.raises(InputError, match=said):
        list_files([[pattern]])


def test_a_run_says_what_it_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_parquet(tmp_path / "old [v2]/a.parquet", 20)
    made(tmp_path, "old [v2]/notes.txt")
    plan = make_plan(parse_job(job(["old [v2]"])))
    assert any("is a folder: reads 1 file (a.parquet)" in note for note in plan.notes)
    assert run_plan(plan, "~run", engine="inline")["rows"]["in"] == 20


NAME = st.text(
    st.sampled_from(string.ascii_lowercase[:3] + "[]{}*?!-^\\.,~ é中"), min_size=1, max_size=6
)


@given(st.lists(NAME.filter(lambda name: name.strip(".")), min_size=1, max_size=3))
def test_any_path_finds_itself(
    tmp_path_factory: pytest.TempPathFactory, parts: Sequence[str]
) -> None:
    place = tmp_path_factory.mktemp("any")
    made(place, "/".join(parts))
    if not any("*" in part or "?" in part for part in parts):
        assert names(f"{place}/{'/'.join(parts)}") == [f"{place}/{'/'.join(parts)}"]
    if not any(part.startswith(".") for part in parts):
        assert names(f"{place}/{'/'.join('*' for _ in parts)}") == [f"{place}/{'/'.join(parts)}"]


def test_the_tag_of_a_file_is_the_one_that_reading_asks_for(tmp_path: Path) -> None:
    (file,) = store.find(f"{made(tmp_path, 'a.parquet')}/*")
    assert file.etag == store.etag(file.path)

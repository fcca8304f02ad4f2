"""Which index of an earlier run is taken, and what is said where there is none."""

from pathlib import Path
from typing import Any

import pytest

from cleaner.dedup import index
from cleaner.dedup.against import OLD
from cleaner.dedup.index import find_indexes, index_path, ranges
from cleaner.errors import JobError

BY = {"ngram": 5, "bands": 14}


def entry(stage: str, sha: str = "aa", **more: Any) -> dict[str, Any]:
    """Return what a manifest says of an index of one file."""
    file = {"path": index_path(stage, 0, 1), "bytes": 90, "sha256": sha,
            "trailer": {"sha256": f"t-{sha}", "bytes": 30}}  # fmt: skip
    return {"name": "near_dedup", "stage": stage, "rows": 9, "ranges": 64, "compares": BY,
            "files": [file], **more}  # fmt: skip


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what makes a finished run with these indexes, of so many shards."""
    manifests: dict[str, Any] = {}

    def made(name: str, *entries: dict[str, Any], shards: int = 1, there: bool = True) -> str:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "job.yaml").write_text("")
        outputs = [{"path": f"shards/{n}"} for n in range(shards)]
        manifests[str(folder)] = {
            "identity": f"id-{name}", "index": list(entries), "outputs": outputs,
            "shards": {"format": "parquet", "schema": ""},
        }  # fmt: skip
        for one in entries if there else ():
            for file in one["files"]:
                (folder / file["path"]).parent.mkdir(parents=True, exist_ok=True)
                (folder / file["path"]).write_bytes(b"")
        return str(folder)

    class Folder:
        def __init__(self, path: str) -> None:
            self.path = path

        def manifest(self) -> Any:
            return manifests.get(self.path)

    monkeypatch.setattr(index, "RunFolder", Folder)
    return made


def found(*runs: str, place: int = 0, name: str = "near_dedup", by: Any = BY) -> Any:
    """Return the indexes of runs that a stage is held against."""
    return find_indexes(runs, name, "band", by, place)


def test_an_index_is_what_the_manifest_says(runs: Any) -> None:
    run = runs("a", entry("2.near_dedup"))
    (one,) = found(run)
    assert (one.run, one.stage, one.by, one.rows, one.ranges) == (
        run, "2.near_dedup", "band", 9, 64,
    )  # fmt: skip
    path = "index/2.near_dedup/part-00000-of-00001.arrow"
    assert one.files == ((path, 90, "t-aa", 30),)
    assert one.first() == (f"{run}/{path}", 90)
    assert one.identity.startswith("id-a-")
    assert len(one.identity) == len("id-a-") + 16
    # Other bytes are another index.
    (other,) = found(runs("b", entry("2.near_dedup", sha="bb")))
    assert other.identity[5:] != one.identity[5:]


def test_the_files_of_a_second_run_are_numbered_behind_those_of_the_first(runs: Any) -> None:
    first, second = found(runs("a", entry("0.n"), shards=3), runs("b", entry("0.n"), shards=2))
    assert (first.first_file, second.first_file) == (OLD, OLD + 3)


@pytest.mark.parametrize(("place", "stage"), [(0, "1.n"), (1, "3.n"), (2, "3.n"), (9, "3.n")])
def test_of_several_the_one_at_the_same_place_is_taken(runs: Any, place: int, stage: str) -> None:
    others = entry("2.n", compares={**BY, "bands": 20})
    (one,) = found(runs("a", entry("1.n"), others, entry("3.n")), place=place)
    assert one.stage == stage


def test_what_is_no_index_to_be_held_against_is_said(runs: Any, tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"is not a run folder: it has no job\.yaml"):
        found(str(tmp_path))
    (tmp_path / "begun").mkdir()
    (tmp_path / "begun/job.yaml").write_text("")
    with pytest.raises(JobError, match="is not finished; finish it first, or see: cleaner status"):
        found(str(tmp_path / "begun"))
    with pytest.raises(JobError, match=r"has no stage exact_dedup; it has an index of: 1\.n$"):
        found(runs("a", entry("1.n")), name="exact_dedup")
    with pytest.raises(JobError, match=r"it has an index of: none$"):
        found(runs("b"))
    with pytest.raises(JobError, match=r"part-00000-of-00001\.arrow is gone; run .* again"):
        found(runs("c", entry("1.n"), there=False))
    old = entry("1.n")
    del old["files"][0]["trailer"]
    with pytest.raises(JobError, match="is of an older version of cleaner; run it again"):
        found(runs("d", old))


def test_settings_that_differ_are_named(runs: Any) -> None:
    run = runs("a", entry("1.n", compares={**BY, "bands": 20}))
    with pytest.raises(JobError, match=r"be compared: 1\.n has bands: 20 \(here 14\)$"):
        found(run)
    with pytest.raises(JobError, match=r"1\.n has bands: 20 \(here 14\), seed: None \(here 1\)$"):
        found(run, by={**BY, "seed": 1})


def test_where_a_file_lies_and_how_finely_it_is_cut() -> None:
    path = "index/1.line_dedup_x/part-00002-of-00012.arrow"
    assert index_path("1.line_dedup:x", 2, 12) == path
    # A small index is cut into 64 ranges in all, a large one into ranges of a million rows.
    assert [ranges(9, 1), ranges(9, 3), ranges(9, 64), ranges(9, 100)] == [64, 21, 1, 1]
    assert ranges(200_000_000, 2) == 100
    assert ranges(64_000_000, 1) == 64
    assert ranges(65_999_999, 1) == 65

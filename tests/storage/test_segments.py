"""Many commit markers in one file: read as they stand, and never believed against the markers."""

from collections import Counter
from pathlib import Path

import pytest

from cleaner.storage import segments, store
from cleaner.storage.commits import Committer, Marker
from cleaner.storage.done_units import valid_markers

KEY = "0" * 16
UNITS = {f"{n:06d}": KEY for n in range(40)}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "FEW", 10)
    monkeypatch.setattr(segments, "MANY", 15)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often what was read, by the name of its folder."""
    count: Counter[str] = Counter()
    real = store.read_bytes

    def counting(path: str) -> bytes:
        count[Path(path).parent.name] += 1
        return real(path)

    monkeypatch.setattr(store, "read_bytes", counting)
    return count


def commit(folder: Path, unit: str, said: str = "") -> Marker:
    out = Committer(str(folder), "00-map", unit, KEY)
    return out.commit(0, True, {"record": b"data of " + unit.encode()}, {"rows": 1, "said": said})


def standing(folder: Path, said: list[str] | None = None) -> dict[str, dict[int, Marker]]:
    warned = [] if said is None else said
    return valid_markers(str(folder), "00-map", UNITS, "", warned.append)


def test_a_second_look_reads_no_marker_by_itself(tmp_path: Path, read: Counter[str]) -> None:
    made = {unit: {0: commit(tmp_path, unit)} for unit in UNITS}
    assert standing(tmp_path) == made
    assert read == {"_commits": 40}
    read.clear()
    assert standing(tmp_path) == made
    assert read == {"segments": 3}


def test_what_was_committed_since_is_read_beside(tmp_path: Path, read: Counter[str]) -> None:
    first = {unit: {0: commit(tmp_path, unit)} for unit in list(UNITS)[:30]}
    standing(tmp_path)
    late = {unit: {0: commit(tmp_path, unit)} for unit in list(UNITS)[30:35]}
    read.clear()
    assert standing(tmp_path) == {unit: {} for unit in UNITS} | first | late
    assert read == {"segments": 2, "_commits": 5}


def test_a_marker_that_is_gone_is_gone_though_a_segment_has_it(tmp_path: Path) -> None:
    made = {unit: {0: commit(tmp_path, unit)} for unit in UNITS}
    standing(tmp_path)
    (tmp_path / "_work/00-map/_commits" / made["000007"][0].name()).unlink()
    assert standing(tmp_path) == made | {"000007": {}}


def test_a_unit_that_was_made_again_is_as_its_marker_says(tmp_path: Path) -> None:
    made = {unit: {0: commit(tmp_path, unit)} for unit in UNITS}
    standing(tmp_path)
    old = made["000003"][0]
    (tmp_path / "_work/00-map/_commits" / old.name()).unlink()
    (tmp_path / old.files["record"]["path"]).unlink()
    new = commit(tmp_path, "000003")
    assert new.files["record"]["path"] != old.files["record"]["path"]
    said: list[str] = []
    for _ in range(2):  # the second time there are two copies, of which one is old
        assert standing(tmp_path, said) == made | {"000003": {0: new}}
    assert said == []


def test_data_that_is_gone_is_told_and_its_marker_dropped(tmp_path: Path) -> None:
    made = {unit: {0: commit(tmp_path, unit)} for unit in UNITS}
    standing(tmp_path)
    (tmp_path / made["000005"][0].files["record"]["path"]).unlink()
    said: list[str] = []
    assert standing(tmp_path, said) == made | {"000005": {}}
    assert "is missing or truncated; its unit runs again" in said[0]
    assert not (tmp_path / "_work/00-map/_commits" / made["000005"][0].name()).exists()


@pytest.mark.parametrize("left", [0, 7, -3])
def test_a_segment_that_is_torn_is_made_again(
    tmp_path: Path, read: Counter[str], left: int
) -> None:
    made = {unit: {0: commit(tmp_path, unit)} for unit in UNITS}
    standing(tmp_path)
    for path in (tmp_path / "_work/00-map/segments").iterdir():
        path.write_bytes(path.read_bytes()[:left])
    assert standing(tmp_path) == made
    read.clear()
    assert standing(tmp_path) == made
    assert "_commits" not in read


def test_few_markers_are_worth_no_segment(tmp_path: Path) -> None:
    commit(tmp_path, "000001")
    standing(tmp_path)
    assert not (tmp_path / "_work/00-map/segments").exists()

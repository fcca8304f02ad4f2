"""One unit of a step of a global stage: what it reads by role, and where its rows go."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from support.corpus_maker import job, write_parquet
from support.phase_units import Units, keys, start

from cleaner.dedup.against import OLD
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.job.stage_spec import StageSpec
from cleaner.runs.phases import steps
from cleaner.runs.phases.steps import (
    GatherSettings,
    GatherUnit,
    Read,
    StepSettings,
    StepUnit,
)
from cleaner.stages.global_stage import ByRange, ByRow, Step, Whole
from cleaner.storage.commits import Committer

QUARTER = 1 << 62


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> StageSpec:
    """A global stage of a job, at its place."""
    path = write_parquet(tmp_path_factory.mktemp("spec") / "a.parquet", 3)
    plan = make_plan(parse_job(job([path], {"exact_dedup": {}})))
    return StageSpec.of(plan.job.stages[0], {"title": "carried_title"})


class Made:
    """What a unit of a step sees and commits."""

    def __init__(self, folder: Path, spec: StageSpec) -> None:
        self.units, self.folder, self.spec = Units(folder), folder, spec

    def work(self, unit: StepUnit, reads: dict[str, Read], **more: Any) -> Any:
        """Return the unit, as its stage sees it."""
        made = {"stage": self.spec, "step": "s", "reads": reads, "ranges": {"out": 2},
                "groups": (0, start(1)), "earlier": (), "earlier_groups": 0, "most_rows": 100,
                **more}  # fmt: skip
        settings = StepSettings(**made)
        out = Committer(str(self.folder), "01-step", "u", "0" * 16)
        return steps._Work(settings, Step("s", lambda *_: None, "ranges"), unit, out)

    def sent(self, *slots: int) -> Read:
        """Return a role of rows at these places, in two files of four ranges."""
        frame = pl.DataFrame({"n": range(len(slots)), "slot": pl.Series(slots, dtype=pl.UInt64)})
        half = len(slots) // 2
        files = [self.units.exchange(some, "slot", 4) for some in (frame[:half], frame[half:])]
        return Read(tuple(files), 4)


@pytest.fixture
def made(tmp_path: Path, spec: StageSpec) -> Made:
    return Made(tmp_path, spec)


def test_a_range_is_one_piece_while_it_is_small(made: Made) -> None:
    keys = made.sent(5, QUARTER + 1, 7, QUARTER, 2 * QUARTER - 1, 3 * QUARTER)
    found = [list(made.work(StepUnit(range=n), {"keys": keys}).pieces("keys")) for n in range(4)]
    assert [[piece.rows["n"].to_list() for piece in pieces] for pieces in found] == [
        [[0, 2]], [[1, 3, 4]], [[]], [[5]],
    ]  # fmt: skip
    (piece,) = found[0]
    assert (piece.number, piece.last, piece.rows.columns) == (0, True, ["n"])
    assert len(piece.earlier) == 0
    assert piece.all().equals(piece.rows)


@pytest.mark.parametrize(
    ("most", "parts"),
    [(3, [[0, 1, 2, 3, 4, 5]]), (2, [[0, 1, 2], [3, 4, 5]]), (1, [[0, 1], [2, 3], [4, 5]])],
)
def test_a_large_range_comes_in_pieces_of_itself(
    made: Made, most: int, parts: list[list[int]]
) -> None:
    places = [QUARTER + n * QUARTER // 6 + 1 for n in range(6)]
    keys = made.sent(*places)
    pieces = list(made.work(StepUnit(range=1), {"keys": keys}, most_rows=most).pieces("keys"))
    assert [sorted(piece.rows["n"]) for piece in pieces] == parts
    assert [piece.number for piece in pieces] == list(range(len(parts)))
    assert [piece.last for piece in pieces] == [False] * (len(parts) - 1) + [True]


def test_a_role_without_ranges_is_one_range_of_all_places(made: Made) -> None:
    keys = replace(made.sent(1, QUARTER - 1, 2, QUARTER - 2), ranges=None)
    for most, parts in ((2, [[0, 1, 2, 3]]), (1, [[0, 1, 2, 3], []])):
        work = made.work(StepUnit(range=0), {"keys": keys}, most_rows=most)
        assert [sorted(piece.rows["n"]) for piece in work.pieces("keys")] == parts


def test_pieces_that_are_committed_are_not_made_again(made: Made) -> None:
    keys = made.sent(*(n * QUARTER // 6 + 1 for n in range(6)))
    work = made.work(StepUnit(range=0), {"keys": keys}, most_rows=1)
    work.commit(1, False, {}, {})
    again = made.work(StepUnit(range=0), {"keys": keys}, most_rows=1)
    assert [piece.number for piece in again.pieces("keys")] == [0, 2]


def test_frames_can_be_gone_through_again(made: Made) -> None:
    role = made.sent(0, QUARTER, 1, 3 * QUARTER)
    mine = made.work(StepUnit(range=0), {"role": role}).frames("role")
    for _ in range(2):
        assert [frame["n"].to_list() for frame in mine] == [[0], [2]]
    every = made.work(StepUnit(), {"role": role}).frames("role")
    assert [frame["n"].to_list() for frame in every] == [[0], [2], [1], [3]]
    empty = list(made.work(StepUnit(range=2), {"role": role}).frames("role"))
    assert [(len(frame), frame.columns) for frame in empty] == [(0, ["n"])]


def test_a_whole_role_is_read_batch_by_batch_by_every_task(made: Made, tmp_path: Path) -> None:
    work = made.work(StepUnit(range=0), {})
    rows = pl.DataFrame({"n": [1, 2, 3]})
    work.commit(0, True, {"pairs": Whole(rows, 2)}, {})
    (marker,) = work.out.done
    read = Read((steps.DataFile.of(marker, "pairs"),))
    found = made.work(StepUnit(range=1), {"pairs": read}).frames("pairs")
    assert [frame["n"].to_list() for frame in found] == [[1, 2], [3]]


def test_rows_go_by_range_and_by_document(made: Made) -> None:
    work = made.work(StepUnit(range=0), {})
    ranged = pl.DataFrame({"n": [0, 1], "slot": pl.Series([3 * QUARTER, 5], dtype=pl.UInt64)})
    rows = pl.DataFrame({**keys((1, 0), (0, 7), (0, 3), (2, 9)), "n": [0, 1, 2, 3]})
    work.commit(0, True, {"out": ByRange(ranged), "verdicts": ByRow(rows)}, {"count": 4})
    (marker,) = work.out.done
    assert marker.facts == {"count": 4}
    assert set(marker.files) == {"out", "verdicts"}
    there = made.units.read(marker, "out")
    assert there["n"].to_list() == [1, 0]
    # Files 1 and 2 are of the second group of parts.
    verdicts = made.units.read(marker, "verdicts")
    groups = verdicts.select("n", group=pl.col("slot") // (1 << 63)).sort("n").rows()
    assert groups == [(0, 1), (1, 0), (2, 0), (3, 1)]


def test_rows_about_earlier_runs_go_to_the_tasks_of_their_shards(made: Made) -> None:
    earlier = tuple(SimpleNamespace(shards=SimpleNamespace(paths=("a",) * n)) for n in (3, 1))
    work = made.work(StepUnit(range=0), {})
    object.__setattr__(work.settings, "earlier", earlier)
    object.__setattr__(work.settings, "earlier_groups", 2)
    rows = pl.DataFrame(
        {**keys((0, 1), (OLD, 5), (OLD + 1, 6), (OLD + 2, 7), (OLD + 3, 8)), "n": range(5)}
    )
    work.commit(0, True, {"wanted": ByRow(rows)}, {})
    (marker,) = work.out.done
    assert set(marker.files) == {"wanted", "wanted_earlier"}
    assert made.units.read(marker, "wanted")["n"].to_list() == [0]
    there = made.units.read(marker, "wanted_earlier")
    groups = there.select("n", group=pl.col("slot") // (1 << 63)).sort("n").rows()
    assert groups == [(1, 0), (2, 0), (3, 1), (4, 1)]


def test_texts_are_the_documents_that_a_role_names(made: Made) -> None:
    docs = pl.DataFrame(
        {**keys((0, 0), (0, 1), (1, 0)), "text": ["a", "b", "c"], "carried_title": ["x", "y", "z"]}
    )
    wanted = pl.DataFrame(
        {**keys((1, 0), (0, 1)), "component": [7, 8],
         "slot": pl.Series([1 << 63, 5], dtype=pl.UInt64)}
    )  # fmt: skip
    text, named = made.units.table(docs), made.units.exchange(wanted, "slot", 2)
    read = {"candidates": Read((named,), 2)}

    def found(unit: StepUnit) -> Any:
        (texts,) = made.work(unit, read).texts("candidates")
        assert (texts.run, texts.first_file) == (None, 0)
        return texts.docs.select("text", "component", "title").rows()

    assert found(StepUnit(texts=(text,), groups=(0,))) == [("b", 8, "y")]
    assert found(StepUnit(texts=(text,), groups=(1,))) == [("c", 7, "z")]


def test_a_step_over_something_else_is_refused(made: Made) -> None:
    keys = made.sent(1, 2)
    with pytest.raises(TypeError, match="step s does not go over ranges"):
        list(made.work(StepUnit(), {"keys": keys}).pieces("keys"))
    with pytest.raises(TypeError, match="step s does not go over texts"):
        list(made.work(StepUnit(range=0), {"keys": keys}).texts("keys"))


def test_verdicts_are_gathered_in_the_order_of_their_documents(made: Made) -> None:
    def verdicts(*rows: tuple[int, int]) -> Any:
        # Two groups: files 0 and 1.
        frame = pl.DataFrame({**keys(*rows), "n": [file * 10 + row for file, row in rows]})
        slots = pl.Series("slot", [(file << 63) + 5 for file, _ in rows], dtype=pl.UInt64)
        return made.units.exchange(frame.with_columns(slots), "slot", 2)

    settings = GatherSettings((verdicts((0, 9), (1, 2)), verdicts((1, 0), (0, 3), (0, 4))))
    (marker,) = made.units.did("gather", settings, GatherUnit(0, (0, start(0, 4), start(0, 9))))
    assert (marker.last, marker.facts) == (True, {"verdicts": 3})
    rows = made.units.read(marker, "verdicts")
    assert rows["n"].to_list() == [3, 4, 9]
    third = pl.col("slot") // (2**64 // 3)
    assert rows.select(third).to_series().to_list() == [0, 1, 2]
    (other,) = made.units.did("gather", settings, GatherUnit(1, (0,)))
    assert made.units.read(other, "verdicts")["n"].to_list() == [10, 12]

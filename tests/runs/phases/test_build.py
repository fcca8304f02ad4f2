"""A plan as phases, and commits of one phase as the units of the next."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.corpus_maker import job
from support.phase_units import KEY, part, start

from cleaner.dedup.index import Index
from cleaner.job.job_file import parse_job
from cleaner.job.plan import Plan, make_plan
from cleaner.runs.phases import build
from cleaner.runs.phases.base import DataFile, Everything, Phase, State, Unit
from cleaner.runs.phases.build import build_phases
from cleaner.runs.phases.index import IndexUnit, KeptUnit
from cleaner.runs.phases.shuffle import ShardUnit
from cleaner.runs.phases.steps import GatherUnit, StepUnit
from cleaner.shards.run_shards import Shards
from cleaner.storage.commits import Marker

WHOLE = 1 << 64
END = WHOLE - 1


def planned(folder: Path, *stages: Any, **more: Any) -> Plan:
    """Return the plan of a job over three rows of Parquet and one line of JSON."""
    frame = pl.DataFrame({"text": ["a b", "c d", "e f"], "id": ["x", "y", "z"]})
    frame = frame.with_columns(url=pl.lit("http://a.example/"), source=pl.lit("s"))
    frame.write_parquet(folder / "a.parquet", row_group_size=2)
    (folder / "b.jsonl").write_text('{"text":"j","id":"1","url":"u","source":"s"}\n')
    return make_plan(parse_job(job([folder / "a.parquet", folder / "b.jsonl"], *stages, **more)))


def phase(plan: Plan, name: str) -> Phase:
    """Return one phase of a plan, by the end of its name."""
    (found,) = (one for one in build_phases(plan) if one.name.endswith(name))
    return found


def state(markers: dict[str, list[Marker]]) -> State:
    """Return what a run has committed, by phase."""
    return State("run", markers)


def marker(role: str, number: int = 0, **facts: Any) -> Marker:
    """Return the marker of a phase that wrote one file under a role."""
    file = {"path": f"{role}/{number}", "bytes": 8, "sha256": f"{role}-{number}"}
    return Marker(f"{number:05d}", 0, True, KEY, {role: file}, facts)


def path(role: str, number: int) -> DataFile:
    """Return the file of a part as `part` names it."""
    return DataFile(f"{role}/{number}", 8 * number + 8, f"{role}-{number}")


def test_a_job_is_its_phases_in_order(tmp_path: Path) -> None:
    stages = [{"clean_lines": "c4_lines"}, {"exact_dedup": {}}, {"filter": "gopher_quality"}]
    found = build_phases(planned(tmp_path, *stages, {"sample": {"documents": 2}}))
    merges = [one for one in found if one.function == "merge"]
    assert [one.name.removesuffix(".merged") for one in merges] == [
        one.name for one in found if one.exchanges
    ]
    others = [one for one in found if one not in merges]
    assert [(one.name, one.function, one.title, one.stage, one.step) for one in others] == [
        ("00-map", "map", "0.clean_lines:c4_lines", "", ""),
        ("01-1.exact_dedup.decide", "step", "1.exact_dedup decide", "1.exact_dedup", "decide"),
        ("02-1.exact_dedup.gather", "gather", "1.exact_dedup gather", "1.exact_dedup", ""),
        ("03-map", "map", "2.filter:gopher_quality", "", ""),
        ("04-3.sample.cut", "step", "3.sample cut", "3.sample", "cut"),
        ("05-map", "map", "apply verdicts", "", ""),
        ("06-shuffle.cut", "cut", "cut shards", "", ""),
        ("07-shards", "shard", "write shards", "", ""),
        ("08-account", "account", "account", "", ""),
        ("09-1.exact_dedup.kept", "kept", "1.exact_dedup kept", "1.exact_dedup", ""),
        ("10-1.exact_dedup.index", "index", "1.exact_dedup index", "1.exact_dedup", ""),
    ]
    assert {one.name for one in found if one.counts_rows} == {"00-map", "03-map", "05-map"}
    assert {one.function for one in found if one.products} == {"shard", "account", "index"}
    assert all(one.exact and not one.gpu for one in found)


def test_a_job_of_no_stage_is_read_shuffled_and_counted(tmp_path: Path) -> None:
    names = [one.name for one in build_phases(planned(tmp_path))]
    assert names == [
        "00-map", "00-map.merged", "01-shuffle.cut", "02-shards", "02-shards.merged", "03-account",
    ]  # fmt: skip


def test_the_first_map_reads_the_input_and_later_ones_do_not(tmp_path: Path) -> None:
    plan = planned(tmp_path, {"exact_dedup": {}}, {"filter": "gopher_quality"})
    first, second = (phase(plan, name).options for name in ("00-map", "03-map"))
    assert (len(first.columns), first.part_bytes) == (1, plan.unit_bytes)
    assert (second.columns, second.part_bytes) == ((), 0)
    assert first.before is None
    assert second.before is not None
    assert (second.before.title, second.before.gathered) == ("0.exact_dedup", True)
    assert first.empty_at == "0.exact_dedup"
    assert second.empty_at is None
    assert first.sends.stage is not None
    assert first.sends.stage.title == "0.exact_dedup"
    assert [role.name for role in first.sends.roles] == ["keys"]
    assert second.sends.stage is None
    assert [stage.title for stage in second.stages] == ["1.filter:gopher_quality"]


def test_a_text_without_a_word_falls_where_texts_are_compared(tmp_path: Path) -> None:
    by_url = planned(tmp_path, {"exact_dedup": {"on": "url"}})
    assert phase(by_url, "00-map").options.empty_at is None


@pytest.mark.parametrize("shuffle_seed", [0, 7])
def test_documents_go_to_the_shards_in_the_order_of_the_seed(
    tmp_path: Path, shuffle_seed: int
) -> None:
    plan = planned(tmp_path, output={"shuffle_seed": shuffle_seed})
    sends = phase(plan, "00-map").options.sends
    assert (sends.seed, sends.ranges) == (shuffle_seed, 1)


def test_the_order_has_a_range_for_every_so_many_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(tmp_path)
    # Text on storage is taken to be a quarter of what it is in memory.
    monkeypatch.setattr(build, "PARTITION_BYTES", plan.bytes)
    assert phase(plan, "00-map").options.sends.ranges == 4


def units_of_input(plan: Plan, name: str = "00-map") -> Any:
    return phase(plan, name).prepare(State("run"))


def test_units_of_the_input_say_how_much_they_read(tmp_path: Path) -> None:
    plan = planned(tmp_path)
    (unit,) = units_of_input(plan).units
    assert unit.rows is None  # nobody knows how many lines there are
    assert unit.size == sum(file.size for file in plan.files)
    pieces = unit.payload.pieces
    assert pieces is not None
    assert [piece.path for piece in pieces] == [str(tmp_path / n) for n in ("a.parquet", "b.jsonl")]


def test_units_of_parquet_know_their_rows(tmp_path: Path) -> None:
    planned(tmp_path)
    text = parse_job(job([tmp_path / "a.parquet"]))
    (whole,) = units_of_input(make_plan(text)).units
    assert (whole.rows, whole.size) == (3, (tmp_path / "a.parquet").stat().st_size)
    plan = make_plan(text)
    ((_, (piece,)),) = plan.units
    cut = [(f"{n}", [replace(piece, groups=(n, n + 1))]) for n in range(2)]
    first, second = units_of_input(replace(plan, units=tuple(cut))).units
    # Bytes are told of whole files alone: rows say more of how far a unit is.
    assert [(one.rows, one.size) for one in (first, second)] == [(2, 0), (1, 0)]
    assert first.depends != second.depends


@pytest.mark.parametrize(
    ("groups", "piece", "rows"),
    [
        (((2, 9), (1, 9), (4, 9)), (None, None), 7),
        (((2, 9), (1, 9), (4, 9)), ((1, 3), None), 5),
        (((2, 9), (1, 9), (4, 9)), ((0, 1), None), 2),
        (((2, 9), (1, 9), (4, 9)), ((0, 3), (5, 6, 8)), 3),
        (None, (None, None), None),
        (None, (None, (1, 2)), 2),
    ],
)
def test_the_rows_of_a_piece(groups: Any, piece: Any, rows: int | None) -> None:
    class Given:
        pass

    file, some = Given(), Given()
    file.groups = groups  # type: ignore[attr-defined]
    some.groups, some.take = piece  # type: ignore[attr-defined]
    assert build._rows_of(file, some) == rows


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[Marker]:
    """Four parts of 3, 2, 0 and 4 rows; a file of the ledger has four rows."""
    monkeypatch.setattr(build, "ROWS_PER_FILE", 4)
    return [
        part(0, (0, 0), 3),
        part(1, (0, 3), 2),
        part(2, (0, 5), 0),
        part(3, (1, 0), 4),
    ]


def test_parts_are_grouped_by_the_rows_that_they_kept(parts: list[Marker]) -> None:
    assert build._groups(parts) == [[0, 1], [2, 3]]
    fewer = [part(n, (n, 0), rows, kept=kept) for n, (rows, kept) in enumerate([(9, 3), (9, 0),
             (9, 1), (9, 4), (9, 9)])]  # fmt: skip
    assert build._groups(fewer) == [[0, 1, 2], [3], [4]]
    assert build._groups([]) == [[]]
    # Each group begins to count anew.
    again = [part(n, (n, 0), kept) for n, kept in enumerate([4, 3, 1, 1])]
    assert build._groups(again) == [[0], [1, 2], [3]]


def test_each_part_begins_where_its_first_row_lies(parts: list[Marker]) -> None:
    # The first of those asked for begins at 0; a part without rows where the next one does.
    assert build._starts(parts, [0, 1]) == [0, start(0, 3)]
    assert build._starts(parts, [2, 3]) == [0, start(1)]
    assert build._starts(parts, [1, 2, 3]) == [0, start(1), start(1)]
    assert build._starts([*parts, part(4, (2, 0), 0)], [3, 4]) == [0, END]
    assert build._group_starts(parts) == (0, start(1))


SIZES = [
    # rows of the parts -> of each file: rows that its first part has in the file before, rows,
    # and parts
    ([3, 2, 0, 4], [(0, 4, [0, 1]), (1, 4, [1, 2, 3]), (3, 1, [3])]),
    ([4, 4], [(0, 4, [0]), (0, 4, [1])]),
    ([9], [(0, 4, [0]), (4, 4, [0]), (8, 1, [0])]),
    ([1, 1, 1, 1, 1], [(0, 4, [0, 1, 2, 3]), (0, 1, [4])]),
    ([0, 0], [(0, 0, [1])]),
    ([0, 3], [(0, 3, [1])]),
    ([4, 0], [(0, 4, [0])]),
]


@pytest.mark.parametrize(("rows", "files"), SIZES)
def test_the_ledger_is_files_of_equal_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: list[int], files: list[Any]
) -> None:
    monkeypatch.setattr(build, "ROWS_PER_FILE", 4)
    plan = planned(tmp_path)
    firsts = [sum(rows[:n]) for n in range(len(rows))]
    made = [part(n, (0, firsts[n]), count) for n, count in enumerate(rows)]
    prepared = phase(plan, "account").prepare(
        state({"00-map": made, "02-shards": [marker("places", 5)]})
    )
    settings = prepared.settings
    assert settings.places == (DataFile("places/5", 8, "places-5"),)
    assert settings.sources == ("s",)
    units = [unit.payload for unit in prepared.units]
    found = [(unit.skip, unit.rows, list(unit.records[0])) for unit in units]
    assert found == [
        (skip, count, [path("record", n) for n in members]) for skip, count, members in files
    ]
    assert [unit.number for unit in units] == list(range(len(files)))
    assert [list(unit.ghosts) for unit in units] == [
        [path("shadow", n) for n in members] for _, _, members in files
    ]
    assert [unit.rows_of for unit in units] == [tuple(rows[n] for n in m) for _, _, m in files]
    assert [unit.rows for unit in prepared.units] == [count for _, count, _ in files]
    groups = {n: g for g, members in enumerate(build._groups(made)) for n in members}
    assert [unit.groups for unit in units] == [
        tuple(sorted({groups[n] for n in members})) for _, _, members in files
    ]


def test_the_account_takes_the_records_of_every_map_phase(
    tmp_path: Path, parts: list[Marker]
) -> None:
    plan = planned(tmp_path, {"exact_dedup": {"on": "url"}})
    later = [part(n, (0, 0), 0) for n in range(4)]
    prepared = phase(plan, "account").prepare(
        state({"00-map": parts, "03-map": later, "05-shards": [marker("places")]})
    )
    unit = prepared.units[0].payload
    assert [len(files) for files in unit.records] == [2, 2]


def test_documents_are_clustered_where_they_lose_to_another(tmp_path: Path) -> None:
    stages = [{"exact_dedup": {}}, {"line_dedup": {}}, {"sample": {"documents": 2}}, NEAR]
    settings = phase(planned(tmp_path, *stages), "account").options
    assert settings.clustered == ("0.exact_dedup", "3.near_dedup")


def test_the_shadow_is_judged_by_what_judges_row_by_row(tmp_path: Path) -> None:
    stages = [{"clean_lines": "c4_lines"}, {"exact_dedup": {}}, {"filter": "gopher_quality"}]
    settings = phase(planned(tmp_path, *stages), "account").options
    assert settings.shadow.judging == (
        (0, "0.clean_lines:c4_lines"),
        (2, "2.filter:gopher_quality"),
    )
    off = phase(planned(tmp_path, *stages, shadow="off"), "account").options
    assert off.shadow is None
    assert off.judges[0].title == "2.filter:gopher_quality"


def test_what_the_account_counts_and_shows(tmp_path: Path) -> None:
    stages = [{"clean_lines": "c4_lines"}, {"filter": "gopher_quality"}, {"dedup_paragraphs": {}}]
    settings = phase(planned(tmp_path, *stages), "account").options
    measured = set(settings.measured)
    assert {"characters", "words", "characters@0", "words@0", "words@1"} <= measured
    # The last measured first.
    assert settings.counted["words"] == ("words", "words@1", "words@0")
    assert settings.changes == (
        ("0.clean_lines:c4_lines", ("characters@0", "characters@1"), ("words@0", "words@1")),
        ("2.dedup_paragraphs", ("characters@1", "characters"), ("words@1", "words")),
    )
    assert settings.keep_rows == "full"


@pytest.mark.parametrize(
    ("output", "by", "target"),
    [
        ({"shard_bytes": 5}, "bytes", 5),
        ({"shard_bytes": None, "shard_tokens": 7}, "tokens", 7),
        ({"shard_bytes": None}, "tokens", 100_000_000),
    ],
)
def test_shards_are_of_so_many_bytes_or_words(
    tmp_path: Path, output: dict[str, Any], by: str, target: int
) -> None:
    found = phase(planned(tmp_path, output=output), "shuffle.cut").options
    assert (found.by, found.target) == (by, target)
    assert (found.at_least, found.multiple_of) == (1, 1)


def test_shards_are_as_many_as_the_job_asks_for(tmp_path: Path) -> None:
    asked = {"shard_bytes": "2MB", "shards": {"at_least": 20, "multiple_of": 8}}
    found = phase(planned(tmp_path, output=asked), "shuffle.cut").options
    assert (found.target, found.at_least, found.multiple_of) == (2_000_000, 20, 8)


def test_the_cut_reads_the_sizes_of_all_parts(tmp_path: Path, parts: list[Marker]) -> None:
    prepared = phase(planned(tmp_path), "shuffle.cut").prepare(state({"00-map": parts}))
    assert prepared.settings.sizes == tuple(path("sizes", n) for n in range(4))
    assert prepared.units == [Unit("all", Everything(), "")]


def test_each_shard_is_a_unit_between_two_bounds(tmp_path: Path, parts: list[Marker]) -> None:
    bounds = [0, 5, WHOLE]
    cut = marker("none", bounds=[str(bound) for bound in bounds], sizes=[30, 40], counts=[3, 4])
    prepared = phase(planned(tmp_path), "shards").prepare(
        state({"00-map": parts, "01-shuffle.cut": [cut]})
    )
    settings = prepared.settings
    assert (settings.format, settings.parts) == ("parquet", 1)
    assert settings.files == tuple(path("text", n) for n in range(4))
    assert settings.groups == (0, start(1))
    assert settings.columns["text"] == "text"
    units = [unit.payload for unit in prepared.units]
    assert units == [
        ShardUnit(0, "part-00000-of-00002.parquet", 0, 5, 30, 3),
        ShardUnit(1, "part-00001-of-00002.parquet", 5, WHOLE, 40, 4),
    ]
    assert [(unit.name, unit.size) for unit in prepared.units] == [("00000", 30), ("00001", 40)]
    assert phase(planned(tmp_path), "shards").options.groups == ()


def test_a_later_map_takes_each_part_with_its_verdicts(tmp_path: Path, parts: list[Marker]) -> None:
    plan = planned(tmp_path, {"exact_dedup": {}})
    gathered = [marker("verdicts", n) for n in range(2)]
    markers = {"00-map": parts, "02-0.exact_dedup.gather": gathered}
    prepared = phase(plan, "03-map").prepare(state(markers))
    judged = [one for unit in prepared.units for one in unit.payload.parts]
    assert [one.text for one in judged] == [path("text", n) for n in range(4)]
    # Two groups of two parts: the range in the group's verdicts is the place in it.
    assert [(one.verdicts.file.path, one.verdicts.part) for one in judged] == [
        ("verdicts/0", 0), ("verdicts/0", 1), ("verdicts/1", 0), ("verdicts/1", 1),
    ]  # fmt: skip
    assert judged[1].spans == ((0, 3, 4, 2),)
    assert [(one.name, one.rows, one.size) for one in prepared.units] == [
        ("00000", 3, 30), ("00001", 2, 20), ("00002", 0, 0), ("00003", 4, 40),
    ]  # fmt: skip
    # What is asked of one part alone makes none of the others again.
    other = [*parts[:3], part(3, (1, 0), 4, kept=1)]
    again = phase(plan, "03-map").prepare(state({**markers, "00-map": other}))
    same = [a.depends == b.depends for a, b in zip(prepared.units, again.units, strict=True)]
    assert same == [True, True, True, False]


def test_the_parts_of_a_unit_stay_one_unit(tmp_path: Path, parts: list[Marker]) -> None:
    first, *others = parts
    parts = [first, *(replace(one, unit=parts[1].unit, part=n) for n, one in enumerate(others))]
    plan = planned(tmp_path, {"exact_dedup": {}})
    markers = {"00-map": parts, "02-0.exact_dedup.gather": [marker("verdicts", n) for n in (0, 1)]}
    one, several = phase(plan, "03-map").prepare(state(markers)).units
    assert (one.name, one.rows, several.name, several.rows) == ("00000", 3, "00001", 6)
    assert [part.text for part in several.payload.parts] == [path("text", n) for n in (1, 2, 3)]
    # The first of them lies in the first group, whose second part it is.
    assert [(part.verdicts.file.path, part.verdicts.part) for part in several.payload.parts] == [
        ("verdicts/0", 1), ("verdicts/1", 0), ("verdicts/1", 1),
    ]  # fmt: skip


def test_verdicts_that_are_not_gathered_go_to_every_part(
    tmp_path: Path, parts: list[Marker]
) -> None:
    plan = planned(tmp_path, {"sample": {"documents": 2}})
    markers = {"00-map": parts, "01-0.sample.cut": [marker("verdicts", 6)]}
    prepared = phase(plan, "02-map").prepare(state(markers))
    judged = [one for unit in prepared.units for one in unit.payload.parts]
    assert {(one.verdicts.file.path, one.verdicts.part) for one in judged} == {("verdicts/6", None)}
    other = phase(plan, "02-map").prepare(
        state({**markers, "01-0.sample.cut": [marker("verdicts", 7)]})
    )
    assert other.depends != prepared.depends
    assert [unit.depends for unit in other.units] == [unit.depends for unit in prepared.units]


def test_verdicts_are_gathered_by_group(tmp_path: Path, parts: list[Marker]) -> None:
    plan = planned(tmp_path, {"exact_dedup": {}})
    found = [marker("verdicts", 0), marker("other", 1), marker("verdicts", 2)]
    prepared = phase(plan, "gather").prepare(
        state({"00-map": parts, "01-0.exact_dedup.decide": found})
    )
    settings = prepared.settings
    assert [file.path for file in settings.verdicts] == ["verdicts/0", "verdicts/2"]
    assert [(one.name, one.payload) for one in prepared.units] == [
        ("00000", GatherUnit(0, (0, start(0, 3)))),
        ("00001", GatherUnit(1, (0, start(1)))),
    ]


def test_the_index_is_made_group_by_group_of_what_was_kept(
    tmp_path: Path, parts: list[Marker]
) -> None:
    plan = planned(tmp_path, {"exact_dedup": {}})
    markers = {"00-map": parts, "05-shards": [marker("places", 3)]}
    kept = phase(plan, ".kept").prepare(state(markers))
    settings = kept.settings
    assert [file.path for file in settings.places] == ["places/3"]
    assert (settings.by, settings.parts, settings.ranges) == ("hi", 1, 64)
    assert settings.stage.title == "0.exact_dedup"
    units = [unit.payload for unit in kept.units]
    assert units == [
        KeptUnit(0, (path("keys", 0), path("keys", 1))),
        KeptUnit(1, (path("keys", 2), path("keys", 3))),
    ]
    rows = state({"07-0.exact_dedup.kept": [marker("rows", 0), marker("rows", 1)]})
    index = phase(plan, ".index").prepare(rows)
    assert [unit.payload for unit in index.units] == [IndexUnit(0)]
    found = index.settings.rows
    assert [file.path for file in found] == ["rows/0", "rows/1"]


NEAR = {"near_dedup": {"bands": 2, "rows": 2}}


def test_a_step_over_ranges_has_a_unit_for_each(tmp_path: Path, parts: list[Marker]) -> None:
    plan = planned(tmp_path, NEAR)
    for one in parts:
        one.files["bands"] = {**one.files["keys"], "path": "b"}  # type: ignore[index]
    step = phase(plan, ".pairs").prepare(state({"00-map": parts, "01-0.near_dedup.sample": []}))
    settings = step.settings
    assert settings.step == "pairs"
    assert settings.groups == (0, start(1))
    (unit,) = step.units
    assert (unit.name, unit.payload) == ("00000", StepUnit(range=0))


def before_sets(parts: list[Marker], *, earlier: bool = False) -> dict[str, list[Marker]]:
    """Return what is committed before the sets of candidates are made; one part had none."""
    counts = {"pairs": 1, "buckets": 1, "big_buckets": 0, "biggest_bucket": 2}
    joined = marker("candidates", 1, candidates=2, components=1)
    if earlier:
        joined.files["candidates_earlier"] = joined.files["candidates"]  # type: ignore[index]
    return {
        "00-map": parts,
        "01-0.near_dedup.sample": [],
        "02-0.near_dedup.pairs": [marker("pairs", 0, **counts)],
        "03-0.near_dedup.components": [joined, marker("joined", 2)],
    }


def test_a_step_over_texts_has_a_unit_for_each_part(tmp_path: Path, parts: list[Marker]) -> None:
    step = phase(planned(tmp_path, NEAR), ".sets").prepare(state(before_sets(parts)))
    units = [unit.payload for unit in step.units]
    assert [(unit.texts, unit.groups) for unit in units] == [
        ((path("text", n),), (group,)) for n, group in enumerate([0, 0, 1, 1])
    ]
    assert [(one.name, one.rows, one.size) for one in step.units] == [
        ("00000", 3, 30), ("00001", 2, 20), ("00002", 0, 0), ("00003", 4, 40),
    ]  # fmt: skip
    assert len({one.depends for one in step.units}) == 4
    settings = step.settings
    # Candidates come by row: a range for each group of parts, of the files that have any.
    assert set(settings.reads) == {"candidates"}
    read = settings.reads["candidates"]
    assert ([file.path for file in read.files], read.ranges) == (["candidates/1"], 2)
    assert settings.ranges == {"sets": 1}
    assert (settings.earlier, settings.earlier_groups) == ((), 0)


def test_texts_of_earlier_runs_are_units_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: list[Marker]
) -> None:
    def index(run: str, shards: int) -> Index:
        paths = tuple(f"shards/{n}" for n in range(shards))
        there = Shards(run, "parquet", "", paths)
        return Index(run, "0.near_dedup", "band", 9, 64, (), there, 0, run)

    plan = replace(planned(tmp_path, NEAR), indexes={0: (index("a", 3), index("b", 2))})
    given = state(before_sets(parts, earlier=True))
    step = phase(plan, ".sets").prepare(given)
    assert [unit.name for unit in step.units[4:]] == [f"earlier-{n:05d}" for n in range(5)]
    assert step.units[8].payload == StepUnit(earlier=4)
    settings = step.settings
    assert settings.earlier_groups == 5
    assert settings.reads["candidates_earlier"].ranges == 5
    assert [one.run for one in settings.earlier] == ["a", "b"]
    monkeypatch.setattr(build.global_stage, "MOST_PARTITIONS", 2)
    assert len(phase(plan, ".sets").prepare(given).units) == 4 + 2
    # What it is held against is no business of the documents that send their keys.
    assert not hasattr(phase(plan, "00-map").options.sends.stage, "against")


def test_a_step_over_all_reads_what_every_task_of_another_made(
    tmp_path: Path, parts: list[Marker]
) -> None:
    plan = planned(tmp_path, NEAR)
    step = phase(plan, ".components").prepare(state(before_sets(parts)))
    settings = step.settings
    assert step.units == [Unit("all", StepUnit(), "")]
    assert set(settings.reads) == {"pairs"}
    assert (settings.reads["pairs"].files[0].path, settings.reads["pairs"].ranges) == (
        "pairs/0",
        None,
    )
    assert settings.ranges == {"joined": 1}
    # It depends on the pairs, not on the documents.
    fewer = phase(plan, ".components").prepare(state(before_sets(parts[:2])))
    assert fewer.depends == step.depends
    others = {**before_sets(parts), "02-0.near_dedup.pairs": [marker("pairs", 0, pairs=2)]}
    assert phase(plan, ".components").prepare(state(others)).depends != step.depends


def test_a_unit_of_the_input_weighs_what_its_bytes_are_uncompressed(tmp_path: Path) -> None:
    plan = planned(tmp_path)
    (unit,) = build_phases(plan)[0].prepare(state({})).units
    parquet, lines = plan.files
    assert parquet.groups is not None
    assert unit.weight == sum(size for _, size in parquet.groups) + lines.size
    cut = replace(plan, units=(("000000", [replace(unit.payload.pieces[0], groups=(1, 2))]),))
    (half,) = build_phases(cut)[0].prepare(state({})).units
    assert half.weight == parquet.groups[1][1]

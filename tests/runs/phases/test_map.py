"""Map phases on three rows: what goes on, what is recorded and sent, what is told of a part."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.corpus_maker import job
from support.phase_units import Units, cast, keys

from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.runs.phases import map as mapping
from cleaner.runs.phases.base import State
from cleaner.runs.phases.build import build_phases
from cleaner.runs.phases.chain import Outcome
from cleaner.runs.phases.map import RECORD, Judged, MapSettings, MapUnit, Verdicts
from cleaner.runs.phases.shuffle import sizes_of
from cleaner.runs.quarantine import READING
from cleaner.storage.commits import Marker
from cleaner.storage.row_key import shuffle_key

TEXTS = ["the first text has some words", "casino", "the third text has others"]


class Mapped:
    """The first map phase of a job over a few rows, and those after it."""

    def __init__(self, folder: Path, stages: list[Any], texts: list[Any], **more: Any) -> None:
        columns = {"text": texts, "id": [f"d{n}" for n in range(len(texts))]}
        columns["url"] = [f"http://site{n}.example/" for n in range(len(texts))]
        columns["source"] = [("a", "b")[n % 2] for n in range(len(texts))]
        self.path = folder / "in.parquet"
        pl.DataFrame({**columns, **more}).write_parquet(self.path)
        self.units = Units(folder)
        made = job([self.path], *stages)
        self.phases = build_phases(make_plan(parse_job(made)))
        (self.unit,) = self.phases[0].prepare(State(str(folder))).units

    def settings(self, number: int = 0) -> MapSettings:
        """Return the settings of a map phase."""
        maps = [phase for phase in self.phases if phase.function == "map"]
        return maps[number].options

    def first(self, **more: Any) -> list[Marker]:
        """Do the first phase on all rows."""
        unit = replace(self.unit.payload, **more)
        return self.units.did("map", self.settings(), unit)

    def probe(self, *only: int, **more: Any) -> dict[str, Any]:
        """Return what a probe tells of some rows of a part."""
        unit = replace(self.unit.payload, only=only, **more)
        (marker,) = self.units.did("probe", self.settings(), unit)
        assert (marker.last, marker.part, marker.files) == (True, only[0], {})
        return dict(marker.facts)


def test_the_last_map_sends_documents_to_their_places(tmp_path: Path) -> None:
    mapped = Mapped(tmp_path, [{"url_filter": {"words": ["site1"]}}], TEXTS)
    (marker,) = mapped.first()
    assert set(marker.files) == {"record", "text", "sizes", "shadow"}
    text = mapped.units.read(marker, "text")
    assert sorted(text["row"]) == [0, 2]
    assert text["shuffle"].to_list() == shuffle_key(text, 0).to_list()
    assert text["shuffle"].is_sorted()
    sizes = mapped.units.read(marker, "sizes")
    bins = {int(key) >> 44: (words, len(said.encode())) for key, words, said in
            text.select("shuffle", "words", "text").rows()}  # fmt: skip
    assert sizes["bin"].is_sorted()
    assert {at: (words, size) for at, words, size, _ in sizes.select(
        "bin", "tokens", "bytes", "rows").rows()} == bins  # fmt: skip
    assert sizes["rows"].to_list() == [1, 1]
    record = mapped.units.read(marker, "record")
    assert list(record.columns[: len(RECORD)]) == list(RECORD)
    assert record.select("row", "fate", "reason").rows() == [
        (0, None, None), (1, "dropped", "blocked_url"), (2, None, None),
    ]  # fmt: skip
    assert marker.facts == {
        "errors": [], "rows": 3, "kept": 2, "dropped": 1, "failed": 0,
        "spans": [[0, 0, 2, 3]], "unread": [], "unfit": [],
        "bytes": len(TEXTS[0]) + len(TEXTS[2]), "tokens": 6 + 5,
        "sources": [["a", 2, 0], ["b", 1, 0]], "falls": [["0.url_filter", "blocked_url", 1]],
    }  # fmt: skip


def test_two_texts_of_one_bin_are_summed() -> None:
    bins = pl.Series([5 << 44, (5 << 44) + 1, 2 << 44, (1 << 64) - 1], dtype=pl.UInt64)
    docs = pl.DataFrame({"shuffle": bins, "words": [1, 2, 3, 4], "text": ["é", "ab", "", "abc"]})
    found = sizes_of(docs)
    assert found.columns == ["bin", "rows", "tokens", "bytes"]
    assert found.rows() == [(2, 1, 3, 0), (5, 2, 3, 4), ((1 << 20) - 1, 1, 4, 3)]


def test_a_map_before_a_global_stage_sends_it_the_keys(tmp_path: Path) -> None:
    date = ["2024-01-01", "soon", None]
    mapped = Mapped(tmp_path, [{"exact_dedup": {"on": "url"}}], TEXTS, date=date)
    (marker,) = mapped.first()
    assert set(marker.files) == {"record", "text", "keys", "shadow"}
    sent = mapped.units.read(marker, "keys")
    assert sent.sort("row")["row"].to_list() == [0, 1, 2]
    assert "slot" in sent.columns
    assert marker.facts["keys"] == 3
    assert marker.facts["unread_values"] == [0, 0]
    assert mapped.units.read(marker, "text")["row"].to_list() == [0, 1, 2]


def test_values_that_cannot_be_read_are_counted_with_one_of_them(tmp_path: Path) -> None:
    dates = ["2024-01-01", "soon", None]
    frame = pl.DataFrame({"text": TEXTS, "date": dates, "url": ["http://a.example/"] * 3})
    frame.write_parquet(tmp_path / "in.parquet")
    entry = {"paths": str(tmp_path / "in.parquet"), "text": "text", "url": "url", "date": "date"}
    plain = {"name": "t", "input": entry, "stages": [{"exact_dedup": {"on": "url"}}]}
    phase = build_phases(make_plan(parse_job(plain)))[0]
    (unit,) = phase.prepare(State("run")).units
    settings = phase.options
    (marker,) = Units(tmp_path).did("map", settings, unit.payload)
    assert marker.facts["unread_values"] == [2, 1, "soon"]


def test_a_text_without_a_word_falls_before_texts_are_compared(tmp_path: Path) -> None:
    mapped = Mapped(tmp_path, [{"exact_dedup": {}}], ["some words", " ... ", ""])
    (marker,) = mapped.first()
    record = mapped.units.read(marker, "record")
    assert record.select("row", "fate", "stage", "reason").rows() == [
        (0, None, None, None),
        (1, "dropped", "0.exact_dedup", "empty"),
        (2, "dropped", "0.exact_dedup", "empty"),
    ]
    assert (marker.facts["kept"], marker.facts["dropped"], marker.facts["failed"]) == (1, 2, 0)


def test_parts_that_are_committed_are_not_made_again(tmp_path: Path) -> None:
    mapped = Mapped(tmp_path, [], TEXTS)
    unit = mapped.unit.payload
    assert mapped.units.did("map", mapped.settings(), unit, have=frozenset([0])) == []


def test_a_row_that_killed_its_worker_is_left_alone(tmp_path: Path) -> None:
    mapped = Mapped(tmp_path, [{"filter": "gopher_quality"}], TEXTS)
    (marker,) = mapped.first(poison=((0, 1),))
    record = mapped.units.read(marker, "record")
    assert record["fate"].to_list() == ["dropped", "failed", "dropped"]
    assert record["error"].to_list() == [None, "it killed or hung its worker", None]
    assert record["stage"][1] == "read"
    assert marker.facts["errors"] == [["it killed or hung its worker", 1]]
    assert marker.facts["failed"] == 1


def test_poison_adds_an_error_to_its_rows_alone() -> None:
    docs = pl.DataFrame({**keys((0, 1), (1, 0), (1, 1)), "error": ["old", "torn", None]})
    told = mapping._without_poison(docs, [[1, 1], [0, 1], [9, 9]])
    assert told["error"].to_list() == ["old", "torn", "it killed or hung its worker"]
    fresh = mapping._without_poison(docs.drop("error"), [[1, 0]])
    assert fresh["error"].to_list() == [None, "it killed or hung its worker", None]
    # Of a file whose reading kills, it is the piece that is shunned.
    assert mapping._without_poison(docs.drop("error"), [[1, 0, READING]]).columns == [
        "file", "row",
    ]  # fmt: skip
    assert mapping._without_poison(docs.drop("error"), []).columns == ["file", "row"]


def test_a_piece_whose_reading_kills_is_not_opened(tmp_path: Path) -> None:
    mapped = Mapped(tmp_path, [], TEXTS)
    (marker,) = mapped.first(poison=((0, 0, READING),))
    assert marker.facts["rows"] == 0
    ((path, row, said),) = marker.facts["unread"]
    assert (path, row) == (str(mapped.path), None)
    assert "kills or hangs the worker" in said


def test_a_probe_runs_its_rows_and_names_the_first(tmp_path: Path) -> None:
    mapped = Mapped(tmp_path, [{"exact_dedup": {}}], TEXTS)
    assert mapped.probe(0, 0, 0) == {"rows": 3, "key": [0, 0]}
    assert mapped.probe(0, 1, 2) == {"rows": 3, "key": [0, 1]}
    assert mapped.probe(0, 2, 3) == {"rows": 3, "key": [0, 2]}
    assert mapped.probe(0, 3, 3) == {"rows": 3, "key": None}
    assert mapped.probe(1, 0, 1) == {"rows": 0, "key": None}  # there is no such part


@pytest.mark.parametrize(
    ("only", "runs"),
    [
        ((0, 0, 1), [0]),
        ((0, 1, 3), [1, 2]),
        ((0, 0, 0), None),
        ((0, 2, 2), None),
        ((1, 0, 3), None),
    ],
)
def test_a_probe_goes_as_far_as_the_keys_that_are_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, only: tuple[int, ...], runs: Any
) -> None:
    mapped = Mapped(tmp_path, [{"exact_dedup": {}}], TEXTS)
    sent: list[list[int]] = []

    def seen(stage: Any, roles: Any, docs: pl.DataFrame) -> Any:
        sent.append(docs["row"].to_list())
        yield from ()

    monkeypatch.setattr(mapping, "_sent", seen)
    mapped.probe(*only)
    assert sent == ([] if runs is None else [runs])


def test_a_probe_leaves_poison_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mapped = Mapped(tmp_path, [], TEXTS)
    monkeypatch.setenv("CLEANER_POISON", "casino:hang")
    monkeypatch.setattr("cleaner.runs.phases.chain.time.sleep", _raised)
    with pytest.raises(TimeoutError):
        mapped.probe(0, 1, 2)
    assert mapped.probe(0, 1, 2, poison=((0, 1),))["key"] == [0, 1]
    assert mapped.probe(0, 2, 3)["key"] == [0, 2]


def _raised(seconds: float) -> None:
    raise TimeoutError(seconds)


def test_a_probe_of_parts_reads_the_one_that_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapped = Mapped(tmp_path, [], TEXTS)
    parts = mapping._parts

    def cut(*given: Any) -> Any:
        ((part, gone, ghosts),) = parts(*given)
        for row in range(3):
            yield mapping.Part(part.docs[row : row + 1], [], [], row == 2), gone, ghosts

    monkeypatch.setattr(mapping, "_parts", cut)
    assert [mapped.probe(n, 0, 1)["key"] for n in range(3)] == [[0, 0], [0, 1], [0, 2]]


def test_a_probe_goes_through_the_shadow_after_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapped = Mapped(tmp_path, [], TEXTS)
    parts = mapping._parts

    def with_ghosts(*given: Any) -> Any:
        ((part, gone, _),) = parts(*given)
        yield mapping.Part(part.docs[:1], [], [], True), gone, part.docs[1:]

    ran: list[tuple[list[int], list[int]]] = []
    samples: list[bool] = []

    def run(chain: Any, docs: pl.DataFrame, at: Any, ghosts: pl.DataFrame, sample: Any) -> Any:
        ran.append((docs["row"].to_list(), ghosts["row"].to_list()))
        samples.append(sample is mapping.NOBODY)
        return Outcome(docs)

    monkeypatch.setattr(mapping, "_parts", with_ghosts)
    monkeypatch.setattr(mapping.Chain, "run", run)
    ranges = [(0, 1), (1, 2), (2, 3), (0, 2), (1, 3)]
    for low, high in ranges:
        mapped.probe(0, low, high)
    assert ran == [([0], []), ([], [1]), ([], [2]), ([0], [1]), ([], [1, 2])]
    mapped.probe(0, 0, 3, alone=True)
    assert ran[-1] == ([0], [])
    assert samples == [False] * len(ranges) + [True]  # of the shadow nobody is drawn then


def test_a_probe_names_its_rows_or_is_refused(tmp_path: Path) -> None:
    mapped = Mapped(tmp_path, [], TEXTS)
    with pytest.raises(TypeError, match="a probe of no rows"):
        mapped.units.did("probe", mapped.settings(), mapped.unit.payload)
    with pytest.raises(TypeError, match="has pieces, or texts with verdicts"):
        mapped.units.did("map", mapped.settings(), MapUnit())


def after_dedup(tmp_path: Path, action: str, *, part: int | None) -> Any:
    """Return the marker of a second map phase: of three texts the last fell for the first."""
    stages = [{"exact_dedup": {"action": action}}, {"filter": "gopher_quality"}]
    mapped = Mapped(tmp_path, stages, [TEXTS[0], "casino", TEXTS[0]])
    (first,) = mapped.first()
    kinds = {"file": pl.UInt32, "row": pl.UInt64, "duplicate_file": pl.UInt32,
             "duplicate_row": pl.UInt64, "duplicate_of": pl.String, "jaccard": pl.Float64,
             "cluster_size": pl.UInt32}  # fmt: skip
    rows = {**keys((0, 0), (0, 2)), "duplicate_file": [None, 0], "duplicate_row": [None, 0],
            "duplicate_of": [None, "d0"], "cluster_size": [2, 2]}  # fmt: skip
    verdicts = cast(rows, kinds)
    if part is None:
        file = mapped.units.table(verdicts)
    else:
        slots = pl.Series("slot", [3 << 62, 3 << 62], dtype=pl.UInt64)
        file = mapped.units.exchange(verdicts.with_columns(slots), "slot", 2)
    text = first.files["text"]
    from cleaner.runs.phases.base import DataFile

    judged = Judged(DataFile.said(text), ((0, 0, 2, 3),), Verdicts(file, part))
    unit = MapUnit(parts=(judged,))
    (marker,) = mapped.units.did("map", mapped.settings(1), unit)
    return marker, mapped.units.read(marker, "record")


@pytest.mark.parametrize("part", [None, 1])
def test_verdicts_drop_documents_before_the_next_stages(tmp_path: Path, part: int | None) -> None:
    marker, record = after_dedup(tmp_path, "drop", part=part)
    asked = ("row", "fate", "stage", "reason", "broken", "duplicate_of", "cluster_size")
    found = record.select(asked).rows()
    assert [row[:4] for row in found] == [
        (0, "dropped", "1.filter:gopher_quality", "word_count"),
        (1, "dropped", "1.filter:gopher_quality", "word_count"),
        (2, "dropped", "0.exact_dedup", "exact_duplicate"),
    ]
    assert [row[5:] for row in found] == [(None, 2), (None, 1), ("d0", 2)]
    assert found[2][4] == ["exact_duplicate"]
    assert marker.facts["rows"] == 3
    # One of source `a` lost to another.
    assert marker.facts["sources"] == [["a", 2, 1], ["b", 1, 0]]
    assert marker.facts["spans"] == [[0, 0, 2, 3]]


def test_verdicts_that_only_tag_let_documents_go_on(tmp_path: Path) -> None:
    _, record = after_dedup(tmp_path, "tag", part=1)
    assert record["stage"].to_list() == ["1.filter:gopher_quality"] * 3
    assert [row or None for row in record["tagged"].to_list()] == [
        None, None, ["0.exact_dedup:exact_duplicate"],
    ]  # fmt: skip
    assert record["duplicate_of"].to_list() == [None, None, "d0"]


def test_a_source_is_counted_with_or_without_a_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    record = cast(
        {**keys(*((0, n) for n in range(5))), "source": ["x", None, "y", "y", "z"],
         "duplicate_row": [None, 4, 1, None, None], "error": ["e", "f", "f", None, None],
         "fate": ["failed", "dropped", "dropped", None, None]},
        RECORD,
    )  # fmt: skip
    part = mapping.Part(record, [], [], True)
    facts = mapping._facts(part, record, record.select("file").clear())
    # One without a source comes first, then by name.
    assert facts["sources"] == [[None, 1, 1], ["x", 1, 0], ["y", 2, 1], ["z", 1, 0]]
    assert (facts["bytes"], facts["tokens"], facts["kept"]) == (0, 0, 0)
    assert (facts["rows"], facts["dropped"], facts["failed"]) == (5, 2, 1)
    # The most usual error last.
    assert facts["errors"] == [["e", 1], ["f", 2]]
    monkeypatch.setattr(mapping, "_SOURCES", 2)
    assert mapping._facts(part, record, record)["sources"] == [[None, 1, 1], ["y", 2, 1]]


def test_five_kinds_of_errors_are_told_the_most_usual_last() -> None:
    said = [f"e{n}" for n in range(7) for _ in range(n + 1)]
    record = cast({**keys(*((0, n) for n in range(len(said)))), "error": said}, RECORD)
    facts = mapping._facts(mapping.Part(record, [], [], True), record, record)
    assert facts["errors"] == [[f"e{n}", n + 1] for n in range(2, 7)]


def test_signals_of_the_text_before_a_cut_are_not_those_after_it(tmp_path: Path) -> None:
    stages = [{"filter": {"name": "gopher_quality", "action": "tag"}},
              {"line_dedup": {"min_documents": 2}}, {"filter": "c4"}]  # fmt: skip
    banner = "this very line stands in all of the texts"
    mapped = Mapped(tmp_path, stages, [f"{text} {n}.\n{banner}" for n, text in enumerate(TEXTS)])
    (first,) = mapped.first()
    text = mapped.units.read(first, "text")
    assert text["words"].to_list() == [7 + 9, 2 + 9, 6 + 9]
    frequent = cast(
        {"line": [1], "documents": [3], "file": [0], "row": [0], "first_file": [0],
         "first_row": [0]},
        {"line": pl.UInt64, "documents": pl.UInt32, "file": pl.UInt32, "row": pl.UInt64,
         "first_file": pl.UInt32, "first_row": pl.UInt64},
    )  # fmt: skip
    before = mapped.settings(1).before
    docs, gone = mapping._judged(text, frequent.clear(), before)
    assert len(gone) == 0
    assert "words" not in docs.columns
    kept = mapping._judged(text.with_columns(words=pl.lit(1)), pl.DataFrame(), _sample(tmp_path))
    assert kept[0]["words"].to_list() == [1, 1, 1]


def _sample(tmp_path: Path) -> Any:
    folder = tmp_path / "sample"
    folder.mkdir()
    return Mapped(folder, [{"sample": {"documents": 3}}], TEXTS).settings(1).before


def test_the_columns_that_go_on_are_there_in_their_type(tmp_path: Path) -> None:
    mapped = Mapped(tmp_path, [], TEXTS)
    schema = mapped.settings().carry_schema
    found = mapping._complete(pl.DataFrame({"text": ["a"], "row": [5], "more": [1]}), schema)
    assert "more" not in found.columns
    assert found["row"].dtype == pl.UInt64
    assert found["id"].to_list() == [None]
    assert found["id"].dtype == pl.String

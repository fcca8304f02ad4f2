"""What travels to workers as JSON comes back as the frozen value that it was."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass
from typing import Any

import polars as pl
import pytest

from cleaner.config.plain import Plain
from cleaner.corpus.entry import Columns
from cleaner.corpus.files import Piece
from cleaner.dedup.index import Index
from cleaner.job.job_file import Entry
from cleaner.job.plan import Measure
from cleaner.job.stage_spec import StageSpec
from cleaner.rules.conditions import Limit
from cleaner.runs.phases import Check, Task, read_task
from cleaner.runs.phases.account import AccountSettings, AccountUnit
from cleaner.runs.phases.base import DataFile, Everything, Phase, State, Unit
from cleaner.runs.phases.build import HeldAgainst, StepOptions
from cleaner.runs.phases.index import IndexSettings, IndexUnit, KeptUnit
from cleaner.runs.phases.map import Decided, Judged, MapSettings, MapUnit, Sends, Verdicts
from cleaner.runs.phases.mix import MixSettings
from cleaner.runs.phases.recall import Aligned
from cleaner.runs.phases.shadow import Sample
from cleaner.runs.phases.shuffle import CutSettings, ShardSettings, ShardUnit
from cleaner.runs.phases.steps import GatherSettings, GatherUnit, Read, StepSettings, StepUnit
from cleaner.runs.summary.judges import Bound, Judge, RuleAt
from cleaner.shards.run_shards import Shards
from cleaner.stages.cap import Cap
from cleaner.stages.exact_dedup import ExactDedup
from cleaner.stages.global_stage import Role

FILE = DataFile("_work/00-map/data/a.record", 7, "ab" * 32, 96)
LAST = 2**64 - 1  # positions of rows and bounds of shards fill 64 bits
CAP = Entry(index=3, name="cap", stage=Cap(by="host", documents=2))
STAGE = StageSpec.of(CAP, {"a.b": "_a.b"})
INPUT = Columns(
    html=None, text="body", id=None, labels={"url": "u"}, source={"value": "x"},
    carried={"@n": "n"}, carried_types={"@n": pl.List(pl.Int32)}, bytes_as={"u": "hex"},
    as_json=("n",), in_path=("u",),
)  # fmt: skip
SHARDS = Shards("old", "parquet", "c2NoZW1h", ("shards/a.parquet",))
INDEX = Index("old", "1.cap", "hi", 9, 64, (("index/a.arrow", 7, "ab", 3),), SHARDS, 1 << 23, "id")
PIECE = Piece(0, "a.parquet", "etag", 0, "parquet", groups=(0, 3), take=(1, 5))
PAYLOADS: list[Plain] = [
    MapSettings(
        stages=(STAGE,), measures=(Measure(3, ("words",), {"words": "words@3"}),), carry={},
        carry_schema="", measured={"words": "UInt32"}, before=None, columns=(INPUT,),
        sends=Sends(stage=STAGE, roles=(Role("keys", 4), Role("sample", 1, 0.25))),
    ),
    MapSettings(
        stages=(), measures=(), carry={}, carry_schema="", measured={}, sends=Sends(),
        before=STAGE.as_part_of(Decided, gathered=True, watched=False),
    ),
    STAGE.as_part_of(HeldAgainst, against=(INDEX,)),
    STAGE.as_part_of(StepOptions, against=(), step="decide", step_version=1),
    Everything(),
    MapUnit(pieces=(PIECE,), poison=((0, 7), (0, LAST, "reading")), only=(0, 2, 9)),
    MapUnit(parts=(Judged(FILE, ((0, 0, 9, 10),), Verdicts(FILE, 3)),)),
    CutSettings(by="bytes", target=10, sizes=(FILE, FILE)),
    ShardSettings("parquet", "c2NoZW1h", {"text": "text", "a": "_a"}, (FILE,), 3, (0, LAST)),
    ShardUnit(number=2, shard="part-00002-of-00003.parquet", low=LAST - 5, high=2**64, bytes=0),
    AccountSettings(
        measured=("words", "words@3"),
        counted={"words": ("words", "words@3")},
        changes=(("1.normalise", ("characters", "characters@2"), ("words", "words@2")),),
        judges=(
            Judge(
                "3.filter:short", 3, "short", 2, False,
                rules=(RuleAt("few", "words < 9", (Bound("words@3", Limit("words", high=9)),)),),
                where="lang = 'zh'", columns={"lang": "lang"},
            ),
            Judge("5.classify", 5, "", 5, True, (), (Bound("s", Limit("s", 0.5)),)),
        ),
        keep_rows="dropped",
        clustered=("5.exact_dedup",),
        places=(FILE,),
    ),
    AccountUnit(0, 3, 10, (4, 9), ((FILE, FILE), (FILE, FILE)), (0, 1)),
    IndexSettings(stage=STAGE, by="hi", parts=2, ranges=32, rows=(FILE,)),
    KeptUnit(1, (FILE,)),
    IndexUnit(0),
    GatherSettings((FILE,)),
    GatherUnit(1, (0, LAST)),
    StepSettings(
        stage=STAGE, step="decide", reads={"keys": Read((FILE,), 4)}, ranges={},
        groups=(0, LAST), earlier=(INDEX,), earlier_groups=1, most_rows=9,
    ),
    StepUnit(texts=(FILE, FILE), groups=(0, 1)),
    StepUnit(range=0),
    Task(
        folder="run", phase="00-map", function="map", settings="s.json", unit="000000", key="k",
        payload=MapUnit(pieces=(PIECE,)), have=(0, 2),
    ),
    Check(
        phase="09-account", settings="s.json", unit="00000", key="k", part=0, home="run",
        files=({"path": "a", "bytes": 3, "sha256": "ab"},),
    ),
]  # fmt: skip


@pytest.mark.parametrize("payload", PAYLOADS[-2:], ids=["Task", "Check"])
def test_a_task_is_known_by_what_it_says(payload: Plain) -> None:
    assert read_task(json.loads(json.dumps(payload.plain()))) == payload


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda payload: type(payload).__name__)
def test_a_payload_comes_back_as_it_was(payload: Plain) -> None:
    again = type(payload).from_plain(json.loads(json.dumps(payload.plain())))
    assert again == payload
    assert again.plain() == payload.plain()
    with pytest.raises(FrozenInstanceError):
        payload.number = 1  # type: ignore[attr-defined]


def test_a_stage_travels_without_the_runs_it_is_held_against() -> None:
    held, free = (ExactDedup(against=runs) for runs in (("a", "b"), ()))
    specs = [
        StageSpec.of(Entry(index=0, name="exact_dedup", stage=one), {}) for one in (held, free)
    ]
    assert specs[0].plain() == specs[1].plain()
    assert specs[0].plain()["options"].keys() == free.plain().keys() - {"against"}
    assert StageSpec.from_plain(specs[0].plain()) == specs[1]
    assert held.plain()["against"] == ["a", "b"]  # the job says it all the same


@dataclass(frozen=True)
class Inner:
    names: tuple[str, ...]


@dataclass(frozen=True)
class Outer(Plain):
    inner: Inner | None
    pair: tuple[int, Inner]
    table: Mapping[str, tuple[Inner, ...]]
    free: Any = None


def test_what_is_nested_is_typed_again() -> None:
    value = Outer(None, (1, Inner(("a",))), {"x": (Inner(()),)}, free=[1, {"b": None}])
    assert value.plain() == {
        "pair": [1, {"names": ["a"]}], "table": {"x": [{"names": []}]}, "free": [1, {"b": None}],
    }  # fmt: skip
    told = {"inner": {"names": ["z"]}, **value.plain()}
    assert Outer.from_plain(told) == Outer(Inner(("z",)), value.pair, value.table, value.free)


@pytest.mark.parametrize(
    "told",
    [{"by": "bytes"}, {"by": "bytes", "target": 1, "size": []}, {"target": 1, "sizes": [[1]]}],
)
def test_what_lacks_a_field_or_has_another_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises((TypeError, KeyError)):
        CutSettings.from_plain(told)


# What is not said of a payload costs nothing, changes no byte, and leaves everything as it is.
UNSAID: list[tuple[type, dict[str, object]]] = [
    (Task, {"exact": True, "gpu": False, "memory": 0, "blind": 0}),
    (Check, {"gpu": False, "memory": 0}),
    (CutSettings, {"at_least": 1, "multiple_of": 1, "held_out": False}),
    (ShardSettings, {"parts": 1, "tokenised": False}),
    (ShardUnit, {"rows": 0}),
    (Sends, {"seed": 0, "ranges": 1, "as_tokens": False, "held_out": 0.0}),
    (MapSettings, {"part_bytes": 0, "shadow": 0.0}),
    (MapUnit, {"alone": False}),
    (MixSettings, {"shuffle_seed": 0, "ranges": 1}),
    (Unit, {"size": 0, "weight": 0}),
    (State, {"fresh": False}),
    (Phase, {"version": 1, "exact": True, "gpu": False}),
    (DataFile, {"trailer": 0}),
    (Aligned, {"same": 0}),
    (Sample, {"share": 0.0}),
]


@pytest.mark.parametrize(("kind", "values"), UNSAID, ids=[kind.__name__ for kind, _ in UNSAID])
def test_what_is_not_said_asks_for_nothing(kind: type, values: dict[str, object]) -> None:
    fields = {field.name: field.default for field in dataclasses.fields(kind)}
    numbers = {name: value for name, value in fields.items() if isinstance(value, int | float)}
    assert numbers == values

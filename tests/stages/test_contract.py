"""What every stage owes: the same rows in order, what it says that it adds, wherever it is cut."""

import json
from typing import Any

import polars as pl
import pytest
from support import fasttext_models as small

from cleaner.ledger import COLUMNS
from cleaner.stages import STAGES
from cleaner.stages.base import Judging, Stage

PROSE = "The river was high in spring, and the old bridge could not be crossed by anyone. " * 4
TEXTS = [
    PROSE,
    "short",
    None,
    "",
    "Let $x^2 + y_1$ be the sum, which is $\\alpha$ of the whole.\n\nLet it be, and let it stay.",
    "数学是研究数量、结构、变化、空间以及信息等概念的一门学科。这里有一个公式：$a+b=c$。",
    "One line that stands twice here.\n\nOne line that stands twice here.\n\nlog in\n\nThe end.",
    PROSE,
    "\x00\ufffd\u200b \r\n\u2028 e\u0301",
    PROSE.replace("river", "water"),
]
PAGES = [
    None if text is None else f"<html><body><p>{text}</p></body></html>".encode() for text in TEXTS
]
URLS = ["http://a.org/1", "http://casino.org/", None, "", "not a url", *["http://b.org/x"] * 5]
# By the name of a stage: what a job file might say.
OPTIONS: dict[str, list[dict[str, Any]]] = {
    "math_prefilter": [{}, {"action": "tag"}],
    "extract": [{}, {"math": False, "main_content": False}],
    "normalise": [{}, {"form": "NFKC", "mojibake": True, "personal_data": "mask"}],
    "clean_lines": [{}, {"rules": "refinedweb_lines"}],
    "dedup_paragraphs": [{}, {"min_chars": 1}],
    "url_filter": [{"words": ["casino"]}, {"block": [], "respect": ["noai"]}],
    "language": [{}, {"keep": ["zh", "en"], "where": "words > 3"}],
    "filter": [
        {"name": "gopher_quality"},
        {"name": "zh_web_junk", "where": "lang = 'zh'"},
        {"name": "math_web", "formulas": False, "action": "tag"},
    ],
    "exact_dedup": [{}, {"on": "url"}, {"on": "lang", "keep": "first", "within": "source"}],
    "near_dedup": [{}, {"preset": "refinedweb", "keep": "best", "best_by": "quality"}],
    "checkpoint": [{}],
    "line_dedup": [{"min_documents": 2}, {"min_documents": 2, "unit": "paragraph"}],
    "cap": [{"documents": 1}, {"by": "lang", "tokens": 50, "best_by": "quality"}],
    "decontaminate": [{}, {"action": "cut"}, {"action": "tag", "column": {"question": "asked"}}],
    "classify": [{"min_score": 0.5}, {"action": "tag"}],
    "embed_classify": [],  # with its models in tests/models/test_embed.py
    "categorise": [],  # with its model in test_categorise.py
    "rewrite": [],  # with its endpoint in test_rewrite.py
    "generate": [],
    "removed": [{}],
    "sample": [{"share": 0.5}, {"share": 0.5, "seed": 7, "where": "words > 3"}],
}
CASES = [(name, options) for name, several in OPTIONS.items() for options in several]


def test_every_stage_is_held_to_it() -> None:
    assert OPTIONS.keys() == {name for name in STAGES if STAGES[name].__module__[:8] == "cleaner."}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("model") / "math.bin"
    small.train(path)
    return str(path)


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("items") / "items.jsonl"
    asked = "The river was high in spring, and the old bridge could not be crossed by anyone."
    path.write_text(json.dumps({"question": asked, "asked": asked}))
    return str(path)


@pytest.fixture(params=CASES, ids=str)
def stage(request: pytest.FixtureRequest) -> Stage:
    """A stage as a plan resolves it."""
    name, options = request.param
    if name == "classify":
        options = {"model": request.getfixturevalue("model"), "label": "math", **options}
    if name == "decontaminate":
        options = {"against": request.getfixturevalue("benchmark"), **options}
    asked = STAGES[name].model_validate(options)
    return asked.resolve().resolved(["url", "source"], "quality")


def frame() -> pl.DataFrame:
    count = len(TEXTS)
    return pl.DataFrame({
        "file": pl.Series([0] * 4 + [1] * (count - 4), dtype=pl.UInt32),
        "row": pl.Series([*range(4), *range(count - 4)], dtype=pl.UInt64),
        "id": [f"d{n}" for n in range(count)],
        "html": pl.Series(PAGES, dtype=pl.Binary),
        "text": pl.Series(TEXTS, dtype=pl.String),
        "url": URLS,
        "lang": ["en", "de", None, None, "en", "zh", "en", "en", None, "en"],
        "source": ["a", "b"] * (count // 2),
        "quality": [0.1 * n if n != 3 else None for n in range(count)],
        "optout_noai": [False, True, None, False, False] * 2,
        "cluster_size": pl.Series([1] * count, dtype=pl.UInt32),
    })  # fmt: skip


WHOLE = frame()
# What any stage may add or change beside what it says in `adds`: what the ledger has for it.
VERDICT = {
    name: COLUMNS[name]
    for name in (
        "broken", "error", "characters_cut", "duplicate_of", "duplicate_file", "duplicate_row",
        "jaccard", "cluster_size",
    )
}  # fmt: skip


def test_it_returns_the_same_rows_in_order(stage: Stage) -> None:
    made = stage(WHOLE)
    may_change = {*stage.adds(), *VERDICT, *(("text",) if stage.changes_text else ())}
    kept = [name for name in WHOLE.columns if name not in may_change]
    assert made.select(kept).equals(WHOLE.select(kept))
    assert {"file", "row", "id"} <= set(kept)


def test_it_adds_what_it_says_and_nothing_else(stage: Stage) -> None:
    made = stage(WHOLE)
    added = {name: made.schema[name] for name in made.columns if name not in WHOLE.columns}
    told = {
        name: pl.DataFrame(schema={name: kind}).schema[name] for name, kind in stage.adds().items()
    }
    assert told.items() <= dict(made.schema).items()
    verdict = {name: kind for name, kind in VERDICT.items() if name in made.columns}
    assert added.keys() <= told.keys() | verdict.keys()
    assert verdict.items() <= dict(made.schema).items()
    if "broken" in made.columns:
        assert made["broken"].null_count() == 0


def test_it_does_not_matter_where_the_frame_is_cut(stage: Stage) -> None:
    if stage.global_stage() is not None:
        pytest.skip("sees all rows at once: how these are parted, tests of runs say")
    made = stage(WHOLE)
    for at in range(1, len(WHOLE)):
        assert pl.concat([stage(WHOLE[:at]), stage(WHOLE[at:])]).equals(made), at


def test_it_is_the_same_after_a_journey(stage: Stage) -> None:
    (name,) = (name for name, kind in STAGES.items() if isinstance(stage, kind.resolved_type()))
    again = STAGES[name].resolved_type().model_validate(json.loads(json.dumps(stage.plain())))
    assert again == stage
    assert again.resolve() == stage
    assert again(WHOLE).equals(stage(WHOLE))


@pytest.mark.parametrize("rows", [WHOLE.clear(), WHOLE[:1], WHOLE[2:3], WHOLE[3:4]], ids=len)
def test_it_takes_no_row_or_one_even_without_text(stage: Stage, rows: pl.DataFrame) -> None:
    made = stage(rows)
    assert made["id"].equals(rows["id"])
    assert made.schema == stage(WHOLE).schema


def test_it_takes_a_frame_without_any_text(stage: Stage) -> None:
    nothing = WHOLE.with_columns(pl.lit(None, WHOLE.schema[n]).alias(n) for n in ("text", "html"))
    assert stage(nothing).select("file", "row").equals(WHOLE.select("file", "row"))


def test_where_leaves_the_others_alone(stage: Stage) -> None:
    """Whom `where` does not name, no stage drops."""
    if not isinstance(stage, Judging):
        pytest.skip("judges nobody")
    nobody = stage.model_copy(update={"where": "id = 'nobody'"})
    broken = nobody(WHOLE)["broken"]
    assert [why for reasons in broken for why in reasons if why != "empty"] == []

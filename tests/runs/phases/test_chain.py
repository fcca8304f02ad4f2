"""The chain of one map phase on a few rows: who falls, with what, and what a failure costs."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import Field
from support.few_texts import PLAIN, ran

import cleaner
from cleaner.results.finished import open_run
from cleaner.runs.phases.chain import apply_safely
from cleaner.stages.base import Stage

CHINESE = "今天天气很好，我们一起去公园散步，看见许多人在湖边钓鱼。"


class Fragile(Stage):
    """Raises on a frame that holds the word, and remembers how large its frames were."""

    word: str = "trap"
    seen: list[int] = Field(default_factory=list)

    def adds(self) -> dict[str, Any]:
        return {"size": pl.UInt32}

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        self.seen.append(len(docs))
        if docs["text"].str.contains(self.word).any():
            raise ValueError(f"no {self.word} here")
        return docs.with_columns(size=pl.col("text").str.len_chars())


@pytest.mark.parametrize("bad", [{0}, {6}, {3, 4}, set(range(7)), set()])
def test_a_stage_that_raises_costs_only_the_rows_it_raised_on(bad: set[int]) -> None:
    texts = [f"trap {n}" if n in bad else f"good {n}" for n in range(7)]
    docs = pl.DataFrame({"row": range(7), "text": texts})
    made = apply_safely(Fragile(), docs)
    assert made["row"].to_list() == list(range(7))
    errors = made["error"].to_list() if "error" in made.columns else [None] * 7
    assert errors == ["ValueError: no trap here" if n in bad else None for n in range(7)]
    assert made["size"].to_list() == [None if n in bad else len(texts[n]) for n in range(7)]


def test_the_row_is_found_by_halving_the_frame() -> None:
    stage = Fragile(seen=[])
    docs = pl.DataFrame({"text": ["good"] * 63 + ["trap"]})
    apply_safely(stage, docs)
    assert stage.seen[0] == 64
    assert len(stage.seen) == 1 + 2 * 6  # both halves of each level
    assert min(stage.seen) == 1


@pytest.mark.parametrize("error", [MemoryError(), OSError(5, "Input/output error")])
def test_a_shortage_of_the_machine_condemns_no_row(error: BaseException) -> None:
    class Starved(Stage):
        def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
            raise error

    with pytest.raises(type(error)):
        apply_safely(Starved(), pl.DataFrame({"text": ["one", "two"]}))


@pytest.mark.parametrize(
    ("stage", "options", "falls", "reason"),
    [
        ("filter", {"name": "gopher_quality"}, "two words", "word_count"),
        ("language", {"keep": ["zh"]}, PLAIN, "language"),
        ("url_filter", {"words": ["site1"]}, PLAIN, "blocked_url"),
    ],
)
@pytest.mark.parametrize("action", ["drop", "tag"])
def test_a_stage_that_tags_keeps_the_row_and_says_why(
    tmp_path: Path, stage: str, options: dict[str, Any], falls: str, reason: str, action: str
) -> None:
    stays = CHINESE if stage == "language" else PLAIN
    run = ran(tmp_path, [stays, falls], {stage: {**options, "action": action}})
    rows = run.ledger().sort("row")
    assert rows["fate"].to_list() == ["kept", "kept" if action == "tag" else "dropped"]
    told = rows["tagged"].to_list()
    assert not told[0]
    if action == "tag":
        assert len(told[1]) == 1
        assert told[1][0].startswith(f"0.{stage}")
        assert reason in told[1][0]
        assert rows["reason"].to_list() == [None, None]
    else:
        assert not told[1]
        assert rows["reason"].to_list() == [None, reason]


@pytest.mark.parametrize(
    ("cheap", "reason"),
    [({"url_filter": {"words": ["site0"]}}, "blocked_url"), ({"sample": {"share": 0}}, None)],
)
def test_a_row_that_a_cheap_stage_drops_carries_no_signal(
    tmp_path: Path, cheap: dict[str, Any], reason: str | None
) -> None:
    texts = [PLAIN, PLAIN.replace("river", "stone"), "two words"]
    if reason is None:
        cheap = {"sample": {"share": 0.5, "seed": 3}}
    run = ran(tmp_path, texts, cheap, {"filter": "gopher_quality"})
    rows = run.ledger()
    fell = rows.filter(pl.col("stage") == f"0.{next(iter(cheap))}")
    assert len(fell) > 0
    measured = [name for name in rows.columns if name in ("word_count", "alpha_word_ratio", "lang")]
    judged = [name for name in measured if name != "lang"]
    for name in [*measured, "duplicate_of", "jaccard", "error", "shard"]:
        assert fell[name].null_count() == len(fell), name
    later = rows.filter(pl.col("stage").is_null() | pl.col("stage").str.starts_with("1."))
    for name in judged:
        assert later[name].null_count() == 0, name


def rule(folder: Path, name: str, keep: str) -> str:
    """Write a filter of one rule, `r_` and its name; return its path."""
    path = folder / f"{name}.yaml"
    said = f"{{title: {name}, source: {{cite: ours}}, rules: [{{name: r_{name}, keep: '{keep}'}}]}}"
    path.write_text(said)
    return str(path)


def test_a_document_says_all_the_rules_that_it_broke_on_the_same_text(tmp_path: Path) -> None:
    a, b, c = (rule(tmp_path, *said) for said in
               [("a", "words >= 4"), ("b", "words >= 3"), ("c", "words <= 1")])  # fmt: skip
    texts = ["one two", "one two three", "one two three four", "one"]
    run = ran(tmp_path, texts, {"filter": a}, {"filter": b}, {"filter": c})
    rows = run.ledger().sort("row")
    assert rows["broken"].to_list() == [
        ["r_a", "b.r_b", "c.r_c"], ["r_a", "c.r_c"], ["r_c"], ["r_a", "b.r_b"],
    ]  # fmt: skip
    assert rows["stage"].to_list() == ["0.filter:a", "0.filter:a", "2.filter:c", "0.filter:a"]
    assert rows["reason"].to_list() == ["r_a", "r_a", "r_c", "r_a"]


def test_only_filters_are_judged_ahead(tmp_path: Path) -> None:
    a, b = rule(tmp_path, "a", "words >= 4"), rule(tmp_path, "b", "words >= 3")
    stages = [{"filter": a}, {"url_filter": {"words": ["site0"]}}, {"filter": b}]
    rows = ran(tmp_path, ["one two", "1 2 3 4"], *stages).ledger().sort("row")
    assert rows["broken"].to_list() == [["r_a", "b.r_b"], None]


def test_after_a_change_of_the_text_it_is_another_text(tmp_path: Path) -> None:
    a, b = rule(tmp_path, "a", "words >= 4"), rule(tmp_path, "b", "words >= 3")
    run = ran(tmp_path, ["one two", "1 2 3 4"], {"filter": a}, {"normalise": {}}, {"filter": b})
    rows = run.ledger().sort("row")
    assert rows["broken"].to_list() == [["r_a"], None]


def test_a_text_without_a_word_falls_where_a_stage_reads_it(tmp_path: Path) -> None:
    few = rule(tmp_path, "few", "words >= 0")
    texts = ["...", "one"]
    rows = ran(tmp_path, texts, {"url_filter": {"words": ["x"]}}).ledger().sort("row")
    assert rows["fate"].to_list() == ["kept", "kept"]
    (tmp_path / "read").mkdir()
    rows = ran(tmp_path / "read", texts, {"url_filter": {"words": ["x"]}}, {"filter": few})
    fell = rows.ledger().sort("row").select("fate", "stage", "reason").rows()
    assert fell == [("dropped", "1.filter:few", "empty"), ("kept", None, None)]


def test_a_text_beside_pages_passes_what_reads_pages(tmp_path: Path) -> None:
    page = f"<html><head><title>It</title></head><body><article><p>{PLAIN}</p></article></body>"
    pl.DataFrame({"html": [page]}).write_parquet(tmp_path / "p.parquet")
    pl.DataFrame({"text": [PLAIN]}).write_parquet(tmp_path / "t.parquet")
    inputs = [{"paths": str(tmp_path / "p.parquet"), "html": "html"},
              {"paths": str(tmp_path / "t.parquet"), "text": "text"}]  # fmt: skip
    data = {"name": "t", "input": inputs, "stages": [{"extract": {}}, {"filter": "gopher_quality"}]}
    cleaner.run(data, str(tmp_path / "run"), engine="inline")
    run = open_run(str(tmp_path / "run"))
    assert run.ledger()["fate"].to_list() == ["kept", "kept"]
    kept = run.kept().collect()
    assert kept["text"].str.strip_chars().to_list() == [PLAIN, PLAIN]
    assert sorted(kept["title"].to_list(), key=str) == ["It", None]


def test_a_text_that_fell_as_empty_is_judged_by_later_stages_in_the_shadow(tmp_path: Path) -> None:
    few = [rule(tmp_path, name, "words >= 1") for name in ("few", "more")]
    run = ran(tmp_path, ["...", "one"], *({"filter": path} for path in few))
    assert run.ledger().sort("row")["reason"].to_list() == ["empty", None]
    shadow = pl.read_parquet(f"{run.path}/shadow/*.parquet").sort("row")
    assert shadow["broken@0"].to_list() == [["empty"], []]
    assert shadow["broken@1"].to_list() == [["r_more"], []]


def test_a_job_of_no_stage_measures_and_keeps(tmp_path: Path) -> None:
    rows = ran(tmp_path, [PLAIN, "one two"]).ledger().sort("row")
    assert rows.select("fate", "words").rows() == [("kept", len(PLAIN.split())), ("kept", 2)]


def test_pages_that_fell_are_read_in_the_shadow_beside_texts(tmp_path: Path) -> None:
    page = f"<html><body><article><p>{PLAIN}</p></article></body></html>"
    urls = ["http://x.example/1", "http://b.example/1", "http://b.example/1", "http://c.example/1"]
    pages = pl.DataFrame({"html": [page] * 4, "url": urls})
    pages.write_parquet(tmp_path / "p.parquet")
    pl.DataFrame({"text": [PLAIN], "url": ["http://x.example/2"]}).write_parquet(
        tmp_path / "t.parquet"
    )
    inputs = [{"paths": str(tmp_path / "p.parquet"), "html": "html", "url": "url"},
              {"paths": str(tmp_path / "t.parquet"), "text": "text", "url": "url"}]  # fmt: skip
    few = rule(tmp_path, "few", "words >= 1000")
    stages = [{"url_filter": {"words": ["x"]}}, {"exact_dedup": "url"}, {"extract": {}},
              {"filter": few}]  # fmt: skip
    cleaner.run({"name": "t", "input": inputs, "stages": stages}, str(tmp_path / "run"),
                engine="inline")  # fmt: skip
    ledger = open_run(str(tmp_path / "run")).ledger().sort("file", "row")
    assert ledger["stage"].to_list() == ["0.url_filter", "3.filter:few", "1.exact_dedup",
                                         "3.filter:few", "0.url_filter"]  # fmt: skip
    shadow = pl.read_parquet(tmp_path / "run/shadow/*.parquet").sort("file", "row")
    assert shadow["text"].str.strip_chars().to_list() == [PLAIN] * 5
    assert shadow["broken@3"].to_list() == [["r_few"]] * 5
    assert shadow["broken@0"].to_list() == [["blocked_url"], [], [], [], ["blocked_url"]]
    assert "html" not in shadow.columns

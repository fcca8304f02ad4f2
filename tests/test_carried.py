"""Carried columns: whatever they are called, they change no fate and come out as they went in."""

import json
import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import fasttext_models as small
from support.runs import run

from cleaner.errors import JobError
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.ledger import COLUMNS
from cleaner.signals import SIGNALS
from cleaner.stages import STAGES

TOPICS = ["lakes", "engines", "bread", "violins", "harbours", "glaciers", "orchards", "bridges"]
MADE = {name for stage in ("extract", "language", "line_dedup") for name in STAGES[stage]().adds()}
INSIDE = {
    "html", "error", "broken", "tagged", "shuffle", "slot", "bin", "component", "hi", "lo", "rank",
    "group", "band", "line", "score", "tie", "weight", "fate", "empty", "headers",
}  # fmt: skip
ODD = {
    "", "*", "^x$", "^.*$", "a.b", "a b", "new\nline", 'quo"te', "quo'te", "数学", "n" * 3000, "A",
    "a", "@", "@words", "input_id", "input_input_id", "input_lang", "@0", "words@1", "words:jieba",
}  # fmt: skip
NAMES = sorted(({*COLUMNS, *SIGNALS, *MADE, *INSIDE, *ODD} - {"text"}) | {"date", "licence"})


def texts() -> list[str]:
    """Return texts of which some are alike, some equal, some rubbish, some share lines."""
    rng = random.Random(7)
    found = []
    for _ in range(40):
        words = [f"{rng.choice(TOPICS)} and {rng.choice(TOPICS)} are" for _ in range(20)]
        lines = [f"The {word} told here in chapter {rng.randint(1, 999)}." for word in words]
        lines.insert(5, "Please read our terms before you go on with this page.")
        found.append("\n".join(lines))
    found += [found[0], found[1] + " A last word.", "x", "", "1 2 3 4 5", "{ brace", "数学 " * 30]
    return found


STAGE_LIST: list[Any] = [
    {"normalise": {}},
    {"language": {"keep": ["en", "zh"]}},
    {"filter": "gopher_quality"},
    {"clean_lines": "c4_lines"},
    {"exact_dedup": {}},
    {"line_dedup": {"min_documents": 10}},
    {"near_dedup": {"preset": "fineweb"}},
]


def fates(opened: Any) -> list[tuple[Any, ...]]:
    """Return what became of each row, without the names of files."""
    told = ("row", "fate", "stage", "reason", "broken", "duplicate_row", "jaccard", "cluster_size")
    return sorted(opened.ledger().select(*told, "characters_cut", "shard_row").rows())


def table(names: list[str]) -> pl.DataFrame:
    """Return the texts with a column of each name, of all sorts of types, with nulls."""
    body = texts()
    makers = [
        lambda i: None if i % 7 == 0 else f"value {i}",
        lambda i: None if i % 5 == 0 else i * 1000,
        lambda i: i / 7,
        lambda i: i % 2 == 0,
        lambda i: [] if i % 3 == 0 else [i, None],
        lambda i: {"a": i, "b": [f"x{i}"]},
        lambda i: bytes([i, 255]),
        lambda i: "",
    ]  # fmt: skip
    columns = {"text": pl.Series(body)}
    for number, name in enumerate(names):
        make = makers[number % len(makers)]
        columns[name] = pl.Series([make(i + number) for i in range(len(body))])
    return pl.DataFrame(columns)


def test_every_reserved_name_goes_through_unchanged(tmp_path: Path) -> None:
    given = table(NAMES)
    given.write_parquet(tmp_path / "all.parquet")
    given.select("text").write_parquet(tmp_path / "text.parquet")
    entry = {"text": "text", "id": None}
    alone = run(tmp_path, "alone", STAGE_LIST, {**entry, "paths": str(tmp_path / "text.parquet")})
    both = run(
        tmp_path, "both", STAGE_LIST,
        {**entry, "paths": str(tmp_path / "all.parquet"), "read": "all"},
        output={"signals": ["words", "digit_ratio"]},
    )  # fmt: skip
    assert fates(both) == fates(alone)
    kept = both.kept().collect()
    assert 20 < len(kept) < len(given)
    plain = alone.kept().collect()
    here = [name for name in plain.columns if name != "id"]
    assert kept[here].equals(plain[here])
    wanted = given[kept["row"].to_list()]
    for name in NAMES:
        shown = name
        while shown in {*here, "id", "words", "digit_ratio", "formulas_marked"} or (
            shown != name and shown in NAMES
        ):
            shown = f"input_{shown}"
        assert kept[shown].dtype == given[name].dtype, name
        assert kept[shown].to_list() == wanted[name].to_list(), name


def test_the_shards_of_a_run_are_the_input_of_the_next(tmp_path: Path) -> None:
    """Twice over, with every stage: what the first runs made is carried, and judges nothing."""
    table(["lang", "words", "*"]).write_parquet(tmp_path / "0.parquet")
    stages = [*STAGE_LIST, {"exact_dedup": {"on": "url"}}, {"sample": {"share": 0.9}}]
    entry = {"text": "text", "read": "all", "url": "text"}
    paths = str(tmp_path / "0.parquet")
    for number in range(3):
        last = run(tmp_path, f"run{number}", stages, {**entry, "paths": paths, "id": "text"})
        paths = str(tmp_path / f"run{number}/shards/*.parquet")
        entry["url"] = "url"
    names = last.kept().collect_schema().names()
    assert {"lang", "input_lang", "input_input_lang", "words", "*", "input_file"} <= set(names)
    bare = {"text": "text", "paths": str(tmp_path / "run1/shards/*.parquet"), "url": "url"}
    assert fates(run(tmp_path, "bare", stages, {**bare, "id": "text"})) == fates(last)


def some(tmp_path: Path, **columns: Any) -> dict[str, Any]:
    """Write five short documents with further columns, and return an entry that reads all."""
    body = [f"{topic} are what this page tells of, at some length." for topic in TOPICS[:5]]
    pl.DataFrame({"text": body, **columns}).write_parquet(tmp_path / "some.parquet")
    return {"paths": str(tmp_path / "some.parquet"), "text": "text", "read": "all"}


def kept_rows(opened: Any) -> list[int]:
    return sorted(opened.kept().collect()["row"].to_list())


@pytest.mark.parametrize("name", ["tier", "*", "^x$", "a.b", "数学", "new\nline", "lang", "stage"])
def test_a_job_names_a_carried_column_by_the_users_name(tmp_path: Path, name: str) -> None:
    entry = some(tmp_path, **{name: ["a", "b", "a", None, "c"], "n": [1, 2, 3, 4, 5]})
    rules = tmp_path / "mine.yaml"
    rule = {"name": "first", "keep": f"\"{name}\" = 'a'"}
    source = {"cite": "nobody", "url": "none"}
    rules.write_text(json.dumps({"title": "Mine", "source": source, "rules": [rule]}))
    asked = f"\"{name}\" = 'a'"
    found = {
        "rule": run(tmp_path, "rule", [{"filter": str(rules)}], entry),
        "where": run(tmp_path, "where", [{"sample": {"share": 0, "on": asked}}], entry),
        "on": run(tmp_path, "on", [{"exact_dedup": {"on": name, "keep": "first"}}], entry),
        "best": run(
            tmp_path, "best",
            [{"exact_dedup": {"on": name, "best_by": "n"}}], entry, output={"columns": [name]},
        ),
    }  # fmt: skip
    assert {key: kept_rows(one) for key, one in found.items()} == {
        "rule": [0, 2], "where": [1, 3, 4], "on": [0, 1, 3, 4], "best": [1, 2, 3, 4],
    }  # fmt: skip
    names = found["best"].kept().collect_schema().names()
    assert (f"input_{name}" if name == "lang" else name) in names
    assert "n" not in names


def test_a_name_of_ours_is_asked_for_with_a_prefix(tmp_path: Path) -> None:
    entry = some(tmp_path, words=[900, 1, 900, 1, 1], error=["x", None, "x", None, None])
    stages = [{"sample": {"share": 0, "on": "input_words > 800 AND words < 800"}}]
    assert kept_rows(run(tmp_path, "words", stages, entry)) == [1, 3, 4]
    stages = [{"sample": {"share": 0, "on": "input_error IS NULL"}}]
    assert kept_rows(run(tmp_path, "error", stages, entry)) == [0, 2]


def test_the_language_of_the_input_counts_until_a_stage_finds_one(tmp_path: Path) -> None:
    entry = some(tmp_path, lang=["zh", "zh", "en", "en", "en"])
    before = {"sample": {"share": 0, "on": "lang = 'zh'"}}
    opened = run(tmp_path, "both", [before, {"language": {}}, before], entry)
    assert kept_rows(opened) == [2, 3, 4]
    kept = opened.kept().collect()
    assert set(kept["lang"]) == {"en"}
    assert set(kept["input_lang"]) == {"en"}


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ({"sample": {"share": 1, "on": "tiger = 'a'"}}, "needs the column 'tiger', .* 'tier'"),
        ({"exact_dedup": {"on": "Tier"}}, "needs the column 'Tier', .* 'tier'"),
        ({"near_dedup": {"best_by": "scores"}}, "needs the column 'scores', .* 'score'"),
        ({"language": {"on": "lang = 'en'"}}, "reads 'lang' and makes it too; .* 'input_lang'"),
        (
            {"sample": {"share": 1, "on": "score = 'a'"}},
            "where: compares a number .*score.* a text",
        ),
        (
            {"filter": {"name": "c4", "on": "deep IS NULL"}},
            "where: 'deep' is List.*, neither number",
        ),
        ({"near_dedup": {"best_by": "tier"}}, "best_by: tier is String; it takes a number"),
        ({"exact_dedup": {"on": "deep"}}, "on: 'deep' is List.*; it takes a column of single"),
        ({"sample": {"share": 1, "on": "@tier = 'a'"}}, "cannot read .@tier"),
        ({"sample": {"share": 1, "on": "\"@tier\" = 'a'"}}, "needs the column '@tier'"),
    ],
)
def test_mistakes_name_the_column_as_the_user_does(
    tmp_path: Path, stage: dict[str, Any], said: str
) -> None:
    entry = some(tmp_path, tier=["a"] * 5, score=[1] * 5, lang=["en"] * 5, deep=[[1]] * 5)
    with pytest.raises(JobError, match=said):
        make_plan(parse_job({"name": "j", "input": entry, "stages": [stage]}))


ANY_NAME = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12
) | st.sampled_from([*ODD, "input_words", "^words$", "words@3", "text ", "ID", "input_"])


@settings(deadline=None, max_examples=6, suppress_health_check=list(HealthCheck))
@given(names=st.lists(ANY_NAME.filter(lambda name: name != "text"), min_size=3, unique=True))
def test_any_name_goes_through(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    folder = tmp_path_factory.mktemp("names")
    given_ = table(names).head(12)
    given_.write_parquet(folder / "a.parquet")
    entry = {"paths": str(folder / "a.parquet"), "text": "text", "read": "all"}
    stages = [{"filter": "gopher_repetition"}, {"exact_dedup": {}}]
    kept = run(folder, "run", stages, entry).kept().collect()
    wanted = given_[kept["row"].to_list()]
    ours = {"id", "url", "source", "date", "lang", "script", "licence", "cluster_size", "file"}
    for name in names:
        shown = name
        while shown in {*ours, "row", "formulas_marked"} or (shown != name and shown in names):
            shown = f"input_{shown}"
        assert kept[shown].to_list() == wanted[name].to_list(), name


def test_scores_of_an_earlier_run_stand_beside_new_ones(tmp_path: Path) -> None:
    """A classifier, its shares by a language that the input has, and a keep by its old score."""
    small.train(tmp_path / "math.bin")
    entry = some(
        tmp_path, math_score=[0.5, 0.1, 0.9, 0.2, 0.3], lang=["zh", "zh", "en", "en", "en"]
    )
    classify = {"model": str(tmp_path / "math.bin"), "label": "math"}
    cut = {"classify": {**classify, "keep_share": 0.5, "per": ["lang"]}}
    opened = run(tmp_path, "cut", [cut], entry)
    kept = opened.kept().collect()
    # A half of two, and of three to the nearest document.
    assert sorted(kept["input_lang"]) == ["en", "en", "zh"]
    assert {"math_score", "input_math_score"} <= set(kept.columns)
    given_ = dict(enumerate([0.5, 0.1, 0.9, 0.2, 0.3]))
    assert kept["input_math_score"].to_list() == [given_[row] for row in kept["row"]]
    best = {"exact_dedup": {"on": "lang", "best_by": "math_score"}}
    assert kept_rows(run(tmp_path, "best", [best], entry)) == [0, 2]
    taken = {"classify": {**classify, "as": "fate", "min_score": 0.5}}
    with pytest.raises(JobError, match="as: 'fate' is taken; give the score another name"):
        make_plan(parse_job({"name": "j", "input": entry, "stages": [taken]}))


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
@pytest.mark.parametrize("label", ["id", "url", "date", "licence", "source"])
def test_a_label_that_read_names_is_carried_too(tmp_path: Path, suffix: str, label: str) -> None:
    """What `read: all` takes as a label alone is there twice where it is asked for by name."""
    frame = pl.DataFrame({"body": texts()[:5], "mine": ["2024-01-01", "2023", None, "x", "é"]})
    path = tmp_path / f"a.{suffix}"
    frame.write_parquet(path) if suffix == "parquet" else frame.write_ndjson(path)
    mapped = {"column": "mine"} if label == "source" else "mine"
    entry = {"paths": str(path), "text": "body", label: mapped, "read": ["mine", "body"]}
    done = run(tmp_path, "run", [], entry)
    kept = done.kept().collect().sort("row")
    assert kept["mine"].to_list() == frame["mine"].to_list()
    assert kept["body"].to_list() == kept["text"].to_list() == frame["body"].to_list()
    assert kept[label][0] == "2024-01-01"
    alone = run(tmp_path, "all", [], {**entry, "read": "all"}).kept().collect()
    assert not {"mine", "body"} & set(alone.columns)

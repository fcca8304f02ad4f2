"""The stage `categorise`: a category by the likeliest label, and what takes it."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from support import fasttext_models as small
from support.commands import command

import cleaner
from cleaner.config.shipped import shipped
from cleaner.errors import CleanerError, JobError
from cleaner.job.job_file import parse_job
from cleaner.job.mix_file import Mix
from cleaner.job.plan import make_plan
from cleaner.models.labelling.rubrics import messages, read_rubric
from cleaner.models.scoring.taxonomy import read_taxonomy
from cleaner.models.training.model_spec import ModelSpec
from cleaner.models.training.train import train_model
from cleaner.report.gather import gather
from cleaner.results.finished import open_run
from cleaner.results.funnel import Amount, Group, lost_far_more
from cleaner.runs.derived import make
from cleaner.runs.mix import plan_mix
from cleaner.stages.categorise import Categorise
from cleaner.text.segment import words

MINE = {
    "name": "mine",
    "title": "three topics",
    "topics": [
        {"name": name, "en": name, "zh": name, "about": name} for name in ("math", "web", "code")
    ],
    "kinds": [{"name": name, "en": name, "zh": name, "about": name} for name in ("prose", "list")],
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a taxonomy and a model of its topics."""
    folder = tmp_path_factory.mktemp("categories")
    (folder / "mine.yaml").write_text(yaml.safe_dump(MINE))
    small.train(folder / "topics.bin", labels=3)
    return folder


def stage(place: Path, **options: Any) -> Categorise:
    given = {"model": str(place / "topics.bin"), "taxonomy": str(place / "mine.yaml"), **options}
    return Categorise.model_validate(given).resolve()


def test_each_document_has_its_likeliest_category(place: Path) -> None:
    texts = ["let proof theorem prime", "buy news photo login", "def return import self", "", None]
    docs = pl.DataFrame({"text": pl.Series(texts, dtype=pl.String)})
    made = stage(place)(docs)
    assert made["topic"].to_list() == ["math", "web", "code", "unsure", "unsure"]
    assert made["topic_score"][:3].min() > 0.5
    assert made["topic_score"].to_list()[3:] == [0.0, 0.0]
    for at in range(6):
        cut = pl.concat([stage(place)(docs[:at]), stage(place)(docs[at:])])
        assert cut.equals(made)
    mixed = pl.DataFrame({"text": ["let buy proof news", "let proof theorem prime"]})
    likely = stage(place)(mixed)["topic_score"][0]
    high = stage(place, min_score=likely + 0.00001, **{"as": "about"})(mixed)
    assert high["about"].to_list() == ["unsure", "math"]
    assert "broken" not in high.columns


def test_labels_that_are_no_categories_are_refused(place: Path) -> None:
    with pytest.raises(JobError, match="its labels are not the topics, nor the kinds, of the tax"):
        stage(place, taxonomy="pages")
    half = {**MINE, "topics": MINE["topics"][:2], "kinds": [*MINE["kinds"], MINE["topics"][2]]}
    (place / "half.yaml").write_text(yaml.safe_dump(half))
    with pytest.raises(JobError, match="its labels are not the topics"):
        stage(place, taxonomy=str(place / "half.yaml"))


def corpus(place: Path, count: int = 900) -> Path:
    """Write texts of three topics of unequal sizes."""
    made = small.lines(2 * count, 3, seed=5)
    texts = [text for at, (label, text) in enumerate(made) if label != "code" or at % 2][:count]
    path = place / "texts.parquet"
    pl.DataFrame({"text": texts}).write_parquet(path)
    return path


def job(place: Path, *stages: dict[str, Any]) -> dict[str, Any]:
    given = {"model": str(place / "topics.bin"), "taxonomy": str(place / "mine.yaml")}
    return {
        "name": "cut",
        "input": {"paths": str(corpus(place)), "text": "text"},
        "ledger": "full",
        "stages": [{"categorise": given}, *stages],
    }


def test_a_share_cut_keeps_its_share_of_every_topic_to_the_document(
    place: Path, tmp_path: Path
) -> None:
    scored = {"model": str(place / "topics.bin"), "label": "math", "keep_share": 0.3}
    cleaner.run(
        job(place, {"classify": {**scored, "per": "topic"}}), str(tmp_path), engine="inline"
    )
    found = pl.read_parquet(tmp_path / "ledger/*.parquet").group_by("topic").agg(
        pl.len().alias("came"), (pl.col("fate") == "kept").sum().alias("kept")
    )  # fmt: skip
    assert len(found) == 3
    for _, came, kept in found.iter_rows():
        assert kept == round(0.3 * came)


def test_a_cap_and_a_mixture_take_the_topic(place: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    capped = job(place, {"cap": {"by": "topic", "documents": 200}})
    cleaner.run({**capped, "output": {"shard_bytes": 20_000}}, str(run), engine="inline")
    shards = pl.read_parquet(run / "shards/*.parquet")
    assert shards.group_by("topic").len()["len"].to_list() == [200] * 3
    weights = {"math": 3, "web": 1, "code": 1}
    parts = [
        {"run": str(run), "name": name, "where": f"topic = '{name}'", "weight": weight}
        for name, weight in weights.items()
    ]
    mix = Mix.model_validate({"name": "m", "parts": parts, "total": 30_000, "epochs": 9})
    make(plan_mix(mix), str(tmp_path / "mix"), engine="inline")
    mixed = open_run(str(tmp_path / "mix")).kept().collect()
    assert set(mixed.select("mixed_from", "topic").unique().rows()) == {(n, n) for n in weights}
    counts = dict.fromkeys(weights, 0)
    for topic, text in mixed.select("topic", "text").iter_rows():
        counts[topic] += len(words(text))
    for name, count in counts.items():
        assert abs(count - 6_000 * weights[name]) < 0.005 * 6_000 * weights[name]


def test_a_topic_that_loses_far_more_is_an_alarm() -> None:
    def group(name: str, came: int, kept: int) -> Group:
        return Group(name, came, Amount(kept), came - kept, 0, {})

    most = [group("math", 1_000, 400), group("web", 1_000, 380)]
    for other, alarms in [
        (group("sports", 1_000, 20), True),
        (group("sports", 1_000, 200), False),  # half as much as the others
        (group("sports", 120, 11), False),  # 9 % of so few may be 13
        (group("sports", 50, 0), False),
    ]:
        assert lost_far_more([*most, other]) == ([other] if alarms else [])
    assert lost_far_more([]) == []


def test_the_counts_of_each_topic_are_told(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scored = {"model": str(place / "topics.bin"), "label": "web", "min_score": 0.9}
    asked = job(place, {"classify": {**scored, "where": "topic = 'web'"}})
    cleaner.run(asked, str(tmp_path / "run"), engine="inline")
    assert command(monkeypatch, "stats", str(tmp_path / "run"), "--by", "topic", "--json") == 0
    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert found.keys() == {"math", "web", "code"}
    assert sum(one["came"] for one in found.values()) == 900
    assert found["math"]["kept"]["documents"] == found["math"]["came"]
    web = found["web"]
    assert web["kept"]["documents"] + web["dropped"] == web["came"]
    assert web["lost_at"] == {"1.classify": web["dropped"]}
    assert 0 < web["dropped"] < web["came"]
    shards = pl.read_parquet(tmp_path / "run/shards/*.parquet").filter(topic="web")
    assert web["kept"]["documents"] == len(shards)
    assert command(monkeypatch, "stats", str(tmp_path / "run"), "--by", "topic") == 0
    said = capsys.readouterr().out
    assert "effective number of topic: 2." in said
    told = gather(open_run(str(tmp_path / "run")), texts=False)
    (table,) = [one for one in told.groups if one.label == "topic"]
    rows = {row.name: row for row in table.rows}
    assert {name: (row.entered, row.kept) for name, row in rows.items()} == {
        name: (one["came"], one["kept"]["documents"]) for name, one in found.items()
    }
    assert table.stages == ["1.classify"]
    assert command(monkeypatch, "stats", str(tmp_path / "run"), "--by", "topics") == 2
    assert "did you mean 'topic'" in capsys.readouterr().err


def test_a_column_that_nothing_makes_is_no_group(place: Path) -> None:
    scored = {"model": str(place / "topics.bin"), "label": "math", "keep_share": 0.3}
    with pytest.raises(CleanerError, match="'topics', which nothing makes"):
        make_plan(parse_job(job(place, {"classify": {**scored, "per": "topics"}})))


def test_the_shipped_taxonomy_its_questions_and_models_agree() -> None:
    taxonomy = read_taxonomy("pages")
    assert len(taxonomy.topics) == 24
    assert len(taxonomy.kinds) == 20
    assert taxonomy.source
    for of, way in (("topic", "topics"), ("kind", "kinds")):
        names = tuple(one.name for one in taxonomy.categories(of))
        for lang in ("en", "zh"):
            rubric = read_rubric(f"taxonomy:pages:{of}:{lang}")
            assert rubric.answers == names
            system = messages(rubric, "a page")[0]["content"]
            assert all(getattr(one, lang) in system for one in taxonomy.categories(of))
        path = shipped("jobs") / "models" / f"{way}.yaml"
        spec = ModelSpec.model_validate(yaml.safe_load(path.read_text()))
        assert tuple(spec.classes) == names
        wheres = [entry.where for (entry,) in spec.classes.values()]
        assert wheres == [f"label = '{name}'" for name in names]


@pytest.mark.parametrize("name", ["taxonomy:pages", "taxonomy:pages:way:en", "taxonomy:a:kind:e"])
def test_a_question_of_no_taxonomy_is_said(name: str) -> None:
    with pytest.raises(JobError, match=r"is written as in|there are: topic, kind"):
        read_rubric(name)


def test_the_card_has_precision_and_recall_of_every_category(tmp_path: Path) -> None:
    rows = small.lines(600, 3, seed=3)
    hosts = [f"https://host{n % 12}.example/{n}" for n in range(600)]
    frame = pl.DataFrame(
        {"text": [t for _, t in rows], "label": [name for name, _ in rows], "url": hosts}
    )
    frame.write_parquet(tmp_path / "labels.parquet")
    paths = str(tmp_path / "labels.parquet")
    done = train_model(ModelSpec.model_validate({
        "model": str(tmp_path / "m.bin"), "label": "math",
        "classes": {name: {"paths": paths, "where": f"label = '{name}'"} for name in small.WORDS},
        "fasttext": {"dim": 8, "bucket": 2000, "lr": 0.5}, "held_out": {"by": "host", "folds": 3},
    }))  # fmt: skip
    found = done.card.metrics
    assert found["by_category"].keys() == {"math", "web", "code"}
    assert sum(one["documents"] for one in found["by_category"].values()) == 600
    assert 0.8 < found["macro_f1"] <= 1
    mean = sum(one["f1"] for one in found["by_category"].values()) / 3
    assert found["macro_f1"] == pytest.approx(mean)
    assert "by_category" in json.dumps(found)
    assert "| by_category | documents | precision | recall | f1 |" in done.text()

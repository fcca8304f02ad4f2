"""`cleaner train`: what it learns from, what it holds out, where it cuts, what it writes."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from support.corpora_here import seeds

from cleaner.config.spec import read_spec
from cleaner.errors import InputError, JobError
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.models.labelling.label import LabelSpec
from cleaner.models.labelling.loop import LoopSpec
from cleaner.models.scoring import fasttext, score
from cleaner.models.scoring.card import card_path, read_card
from cleaner.models.training.examples import Examples, read
from cleaner.models.training.model_spec import ModelSpec
from cleaner.models.training.train import gather, train_model
from cleaner.runs.driver import run_plan
from cleaner.stages.classify import Classify

SMALL = {"dim": 8, "bucket": 2000, "ngrams": 2, "lr": 0.5}


def spec(folder: Path, **changes: object) -> ModelSpec:
    positives, negatives = seeds(folder)
    options = {
        "model": str(folder / "out" / "math.bin"),
        "label": "math",
        "positives": [{"paths": positives}],
        "negatives": [{"paths": negatives}],
        "fasttext": SMALL,
        "prevalence": 0.01,
    }
    return ModelSpec.model_validate({**options, **changes})


def test_a_model_its_card_and_its_cut(tmp_path: Path) -> None:
    asked = spec(tmp_path, cut={"precision": 0.9})
    done = train_model(asked)
    card = read_card(asked.model)
    assert card == done.card
    assert card.metrics["all"]["auc"] > 0.99
    assert set(card.metrics["by_lang"]) == {"en", "zh"}
    assert card.training["held_out"]["groups"] >= 2
    assert len(card.curve) > 10
    assert "precision of" in card.cut.note
    text = Path(f"{asked.model}.card.md").read_text()
    assert "Kept share and precision by threshold" in text
    assert text == done.text()
    assert [row["group"] for row in done.rows()] == ["all", "en", "zh"]
    stage = Classify.model_validate({"model": asked.model, "label": "math"}).resolve()
    assert stage.min_score == card.cut.score
    docs = pl.DataFrame({"text": ["Let PROOF theorem; 设证明函数", "buy news photo 价格"]})
    assert stage(docs)["broken"].to_list() == [[], ["low_score"]]


def test_the_same_spec_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (
        spec(tmp_path, model=str(tmp_path / name / "m.bin"), cut={"share": 0.1}) for name in "ab"
    )
    train_model(first)
    train_model(second)
    for suffix in ("", ".card.json", ".card.md"):
        assert Path(first.model + suffix).read_bytes() == Path(second.model + suffix).read_bytes()
    other = spec(tmp_path, model=str(tmp_path / "c" / "m.bin"), seed=1)
    train_model(other)
    assert Path(other.model).read_bytes() != Path(first.model).read_bytes()


def test_no_host_is_on_both_sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learned: list[set[str]] = []
    real = fasttext.train

    def spy(lines, *rest):  # type: ignore[no-untyped-def]
        kept = list(lines)
        learned.append({text for _, text in kept})
        return real(kept, *rest)

    monkeypatch.setattr(fasttext, "train", spy)
    asked = spec(tmp_path, held_out={"by": "host", "folds": 3}, balance="none")
    done = train_model(asked)
    docs = gather(asked)
    folds = done.card.training["held_out"]["folds"]
    assert len(learned) == 4  # three folds, then all
    for fold, texts in zip(folds, learned, strict=False):
        out = docs.filter(pl.col("host").is_in(fold))
        assert texts.isdisjoint(out["prepared"])
        assert texts | set(out["prepared"]) == set(docs["prepared"])
        assert out["label"].n_unique() == 2
    assert learned[3] == set(docs["prepared"])


def test_balance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    real = fasttext.train

    def spy(lines, *rest):  # type: ignore[no-untyped-def]
        kept = list(lines)
        seen.append([label for label, _ in kept])
        return real(kept, *rest)

    monkeypatch.setattr(fasttext, "train", spy)
    negatives = [{"paths": str(tmp_path / "web.parquet"), "limit": 60}]
    for balance in ("label", "none"):
        train_model(spec(tmp_path, negatives=negatives, balance=balance))
    counts = [(labels.count("math"), labels.count("other")) for labels in seen]
    assert counts[0][0] == counts[0][1] == counts[1][1]
    assert counts[1][0] > 4 * counts[1][1]


def test_copies_and_contradictions_are_left_out(tmp_path: Path) -> None:
    asked = spec(tmp_path)
    (positives,), (negatives,) = asked.positives[0].paths, asked.negatives[0].paths
    both = pl.concat([pl.read_parquet(positives), pl.read_parquet(negatives)[:5]])
    pl.concat([both, both]).write_parquet(positives)
    counts = train_model(asked).card.training
    assert counts["documents"] == {"math": 300, "other": 295}
    assert counts["doubled_texts_left_out"] == 305 + 10


@pytest.mark.parametrize("cut", [{"score": 0.7}, {"share": 0.05}, {"tokens": 5, "of": 100}])
def test_cuts(cut: dict[str, float], tmp_path: Path) -> None:
    done = train_model(spec(tmp_path, cut=cut))
    assert done.card.cut.by == next(iter(cut))
    assert 0 < done.card.cut.score < 1
    if "share" in cut:
        points = [p for p in done.card.curve if p["threshold"] >= done.card.cut.score]
        assert all(p["kept_share"] <= 0.05 for p in points)


def test_a_cut_that_cannot_be_made_is_a_note(tmp_path: Path) -> None:
    asked = spec(tmp_path, prevalence=1e-6, cut={"share": 1e-9})
    done = train_model(asked)
    assert done.card.cut is None
    assert "no score cuts at share 1e-09" in done.notes[0]
    with pytest.raises(JobError, match="no model card with a cut"):
        Classify.model_validate({"model": asked.model, "label": "math"}).resolve()


def test_too_few_documents_for_a_precision_is_a_note(tmp_path: Path) -> None:
    done = train_model(spec(tmp_path, prevalence=1e-6, cut={"precision": 0.9}))
    assert "held-out documents without the label too few" in done.notes[0]


def test_three_classes(tmp_path: Path) -> None:
    positives, negatives = seeds(tmp_path)
    classes = {
        "high": {"paths": positives, "where": "lang = 'en'"},
        "low": {"paths": positives, "where": "lang = 'zh'"},
        "advertisement": {"paths": negatives},
    }
    options = {"positives": (), "negatives": (), "classes": classes, "label": "advertisement"}
    done = train_model(spec(tmp_path, **options))
    assert sorted(done.card.labels) == ["advertisement", "high", "low"]
    assert done.card.metrics["all"]["auc"] > 0.99


def test_quantisation_reports_its_loss(tmp_path: Path) -> None:
    done = train_model(spec(tmp_path, quantise=1000))
    small = read_card(done.quantised)
    loss = small.metrics["quantisation"]
    assert small.bytes == Path(done.quantised).stat().st_size < loss["bytes_before"] / 2
    assert 0 <= loss["other_side_of_the_cut"] < 0.1
    assert loss["auc_after"] > 0.95
    prepared = pl.Series(["let proof theorem", "buy news"])
    found = score.score(done.quantised, prepared, "math")
    assert found[0] > 0.5 > found[1]
    assert Classify.model_validate({"model": done.quantised, "label": "math"}).resolve()


WORDS = ["let proof", "buy news", "theorem", "photo of a page"]


@pytest.fixture(scope="module", params=["texts", "pages"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A run that dropped the texts with the word news or page, and kept two in two files."""
    folder = tmp_path_factory.mktemp("run")
    urls = [f"http://a.org/{text.replace(' ', '-')}" for text in WORDS]
    stages: list[Any] = [{"url_filter": {"words": ["news", "page"]}}]
    if request.param == "pages":
        pages = [f"<p>{text}</p><script>x</script>" for text in WORDS]
        (folder / "in.jsonl").write_text(
            "".join(json.dumps({"p": p, "u": u}) + "\n" for p, u in zip(pages, urls, strict=True))
        )
        entry = {"paths": str(folder / "in.jsonl"), "html": "p", "url": "u"}
        stages.append({"extract": {"main_content": False}})
    else:
        half = pl.DataFrame({"body": WORDS, "u": urls, "source": ["s"] * 4})
        half[:2].write_parquet(folder / "0.parquet")
        half[2:].write_parquet(folder / "1.parquet")
        entry = {"paths": str(folder / "*.parquet"), "text": "body", "url": "u", "source": "source"}
    plain = {
        "name": "small", "input": entry, "stages": stages, "output": {"format": "jsonl.zst"},
    }  # fmt: skip
    run_plan(make_plan(parse_job(plain)), str(folder / "run"), engine="inline")
    return str(folder / "run")


def test_documents_of_a_run(run: str, tmp_path: Path) -> None:
    assert sorted(read(Examples(run=run))["text"]) == ["let proof", "theorem"]
    good = read(Examples(run=run, where="url LIKE '%theorem'"))
    assert good["text"].to_list() == ["theorem"]
    dropped = read(Examples(run=run, fate="dropped"))
    assert dropped["text"].to_list() == ["buy news", "photo of a page"]
    few = read(Examples(run=run, fate="dropped", where="row = 1 AND file = 0"))
    assert few["text"].to_list() == ["buy news"]
    with pytest.raises(JobError, match=r"where: .*nothing"):
        read(Examples(run=run, fate="dropped", where="nothing = 1"))
    with pytest.raises(JobError, match="not a run folder"):
        read(Examples(run=str(tmp_path)))


def test_limits_draw_by_seed(tmp_path: Path) -> None:
    path, _ = seeds(tmp_path)
    examples = Examples(paths=(path,), limit=50)
    one, two, other = read(examples, 0), read(examples, 0), read(examples, 1)
    assert len(one) == 50
    assert one.equals(two)
    assert not one.equals(other)
    place = {text: at for at, text in enumerate(pl.read_parquet(path)["text"])}
    assert np.all(np.diff([place[text] for text in one["text"]]) > 0)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("model: m\nlabl: x\n", "M.yaml:2:1: labl: unknown key, did you mean 'label'?"),
        (
            "model: m\nlabel: x\npositives: {paths: a}\n",
            "takes positives and negatives, or classes",
        ),
        (
            "model: m\npositives: {paths: a}\nnegatives: {paths: a, where: 'x >'}\n",
            "M.yaml:3:23: negatives.where",
        ),
        (
            "model: m\npositives: {paths: a}\nnegatives: {run: a, paths: b}\n",
            "exactly one of paths and run",
        ),
        (
            "model: m\npositives: {paths: a}\nnegatives: {paths: a}\ncut: {share: 0.1}\n",
            "prevalence (the share",
        ),
        (
            "model: m\npositives: {paths: a}\nnegatives: {paths: a}\ncut: {score: 1, share: 0.1}\n",
            "M.yaml:4:1: cut: takes exactly one of score, precision, share, tokens",
        ),
        (
            "model: m\nlabel: a\nclasses: {a: {paths: a}, b c: {paths: a}}\n",
            "M.yaml:3:26: classes.b c",
        ),
        (
            "model: m\npositives: {paths: a}\nnegatives: {paths: a}\nfasttext: {lr: no}\n",
            "M.yaml:4:12: fasttext.lr",
        ),
    ],
)
def test_a_wrong_file_says_where(text: str, problem: str, tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    Path("M.yaml").write_text(text)
    with pytest.raises(JobError) as error:
        read_spec("M.yaml", ModelSpec)
    assert problem in str(error.value)


def test_wrong_documents_say_so(tmp_path: Path) -> None:
    path, _ = seeds(tmp_path)
    for examples, problem in (
        (Examples(paths=("nowhere/*.parquet",)), "no such file"),
        (Examples(paths=(path,), text="body"), "no column 'body'; available: text, url, lang"),
        (Examples(paths=(path,), source="site"), "no column 'site'"),
        (Examples(paths=(path,), where="lang = 'xx'"), "no document with text is left"),
        (Examples(paths=(path,), where="nothing = 1"), "where: unable to find 'nothing'"),
    ):
        with pytest.raises((JobError, InputError), match=problem):
            read(examples)
    one = pl.read_parquet(path).with_columns(source=pl.lit("one"))
    one.write_parquet(tmp_path / "one.parquet")
    documents = [{"paths": str(tmp_path / "one.parquet")}]
    asked = spec(tmp_path, positives=documents, held_out={"by": "source"})
    with pytest.raises(JobError, match="nothing can be held out of every label by source"):
        train_model(asked)


def written(folder: Path, name: str, **columns: object) -> str:
    pl.DataFrame({"text": [f"{name} says one thing"] * 2, **columns}).write_parquet(folder / name)
    return str(folder / name)


def test_files_with_other_columns_are_read_by_name(tmp_path: Path) -> None:
    a = written(tmp_path, "a.parquet", lang="en")
    more = written(tmp_path, "b.parquet", extra=[1, 2], lang=pl.Series(["zh", "zh"]))
    less = written(tmp_path, "c.parquet")
    number = written(tmp_path, "d.parquet", lang=[7, None], words=[3.5, 9.0])
    whole = written(tmp_path, "e.parquet", words=[3, 4])
    found = read(Examples(paths=(a, more, less, number)))
    assert found["lang"].to_list() == ["en", "en", "zh", "zh", None, None, "7", None]
    assert read(Examples(paths=(less, a)))["lang"].to_list() == ["en", "en", None, None]
    assert len(read(Examples(paths=(number, whole), where="words > 3"))) == 3


def test_all_mistakes_of_all_files_are_named_at_once(tmp_path: Path) -> None:
    good = written(tmp_path, "a.parquet", words=[3, 4])
    bare = written(tmp_path, "b.parquet")
    pl.DataFrame({"text": [{"a": "x"}]}).write_parquet(tmp_path / "c.parquet")
    chosen = Examples(paths=(str(tmp_path / "*.parquet"),), where="words > 3", source="site")
    with pytest.raises(JobError) as error:
        read(chosen)
    assert str(error.value).splitlines() == [
        f"{tmp_path}/*.parquet: no column 'site'; available: text, words",
        f"{bare}: where: unable to find 'words'; available: text",
        f"{tmp_path}/c.parquet: column 'text' is Struct({{'a': String}}), not text",
        f"{tmp_path}/c.parquet: where: unable to find 'words'; available: text",
    ]
    both = spec(
        tmp_path,
        positives=[{"paths": good, "text": "body"}],
        negatives=[{"paths": bare, "where": "wrods > 3"}],
    )
    with pytest.raises(JobError) as error:
        train_model(both)
    assert [line.split(": ", 1)[1] for line in str(error.value).splitlines()] == [
        "no column 'body'; available: text, words",
        "where: unable to find 'wrods'; available: text",
    ]
    (tmp_path / "d.parquet").write_bytes(b"no Parquet")
    with pytest.raises(InputError, match=r"d\.parquet: cannot be read: Parquet magic bytes"):
        read(chosen)


def test_a_vocabulary_without_words_is_no_model(tmp_path: Path) -> None:
    asked = spec(tmp_path, fasttext={"min_count": 100_000})
    with pytest.raises(JobError, match=r"math\.bin: training failed: .*; lower .*min_count"):
        train_model(asked)
    assert not (tmp_path / "out" / "math.bin").exists()


def test_numbers_are_finite(tmp_path: Path) -> None:
    train_model(spec(tmp_path))
    data = json.loads(card_path(tmp_path / "out" / "math.bin").read_bytes())

    def walk(value: object) -> None:
        if isinstance(value, float):
            assert math.isfinite(value)
        for inner in (
            value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        ):
            walk(inner)

    walk(data)


def test_the_shipped_recipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    read_spec("shipped:jobs/models/label.yaml", LabelSpec)
    recipe = read_spec("shipped:jobs/recall_loop.yaml", LoopSpec)
    done = train_model("shipped:jobs/models/math_recall.yaml")
    assert done.card.metrics["all"]["auc"] > 0.95
    alone = read_spec("shipped:jobs/models/math_recall.yaml", ModelSpec)
    same = recipe.round_model(1, ())
    assert same.model_copy(update={"model": alone.model}) == alone

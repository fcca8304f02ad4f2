"""Embedding heads, on an encoder made on the spot."""

import random
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from support.tiny_encoder import make

pytest.importorskip("onnxruntime", reason="the extra [embed] is not installed")
pytest.importorskip("tokenizers", reason="the extra [embed] is not installed")

from cleaner.errors import JobError
from cleaner.models.scoring import embed
from cleaner.models.scoring.embed import Encoder
from cleaner.models.training.model_spec import ModelSpec
from cleaner.models.training.train import train_model
from cleaner.stages.embed_classify import EmbedClassify

MATH = ["let", "proof", "theorem", "integral", "证", "明"]
WEB = ["buy", "news", "photo", "login", "价", "格"]
COMMON = ["the", "of", "and", "的", "是", "了"]
GROUPS = {**dict.fromkeys(MATH, 0), **dict.fromkeys(WEB, 1), **dict.fromkeys(COMMON, 2)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("embed")
    make(place / "encoder", GROUPS)
    chance = random.Random(0)
    rows = []
    for number in range(400):
        grade = number % 6
        words = chance.choices(MATH, k=3 * grade + 1) + chance.choices(WEB, k=3 * (5 - grade) + 1)
        words += chance.choices(COMMON, k=6)
        chance.shuffle(words)
        rows.append((" ".join(words), f"https://h{number % 40}.example/{number}", grade))
    frame = pl.DataFrame(rows, schema=["text", "url", "label"], orient="row")
    frame.write_parquet(place / "graded.parquet")
    return place


def spec(folder: Path, **changes: object) -> ModelSpec:
    graded = str(folder / "graded.parquet")
    options = {
        "model": str(folder / "head.json"),
        "label": "math",
        "kind": "embedding",
        "encoder": {"path": str(folder / "encoder"), "max_tokens": 16},
        "positives": {"paths": graded, "where": "label >= 3"},
        "negatives": {"paths": graded, "where": "label < 3"},
        "ridge": 0.1,
    }
    return ModelSpec.model_validate({**options, **changes})


DOCS = pl.DataFrame({"text": ["let proof theorem the", "buy news photo the", "", None]})


def test_a_head_for_classes(folder: Path) -> None:
    done = train_model(spec(folder))
    assert done.card.kind == "embedding"
    assert done.card.metrics["all"]["auc"] > 0.98
    stage = EmbedClassify.model_validate({"model": done.path, "label": "math"}).resolve()
    judged = stage(DOCS)
    assert judged["broken"].to_list() == [[], ["low_score"], ["low_score"], ["low_score"]]
    assert judged["math_score"][0] > 0.9
    assert judged["math_score"][2:].to_list() == [0.0, 0.0]
    assert str(folder / "encoder" / "model.onnx") in stage.files()
    before = Path(done.path).read_bytes()
    train_model(spec(folder))
    assert Path(done.path).read_bytes() == before


def test_a_head_for_grades(folder: Path) -> None:
    graded = {"graded": {"paths": str(folder / "graded.parquet")}, "positives": (), "negatives": ()}
    done = train_model(spec(folder, model=str(folder / "grades.json"), **graded))
    assert done.card.training["mean_error_when_learned"] < 0.5
    assert "a score of 1 is grade 5" in done.card.training["grades"]
    assert done.card.metrics["all"]["auc"] > 0.98
    found = embed.score(done.path, DOCS["text"], "math")
    assert found[0] > 0.8 > 0.2 > found[1]


@pytest.mark.parametrize(("combine", "least"), [("mean", 0.2), ("max", 0.9)])
def test_long_documents_are_read_in_windows(combine: str, least: float, folder: Path) -> None:
    encoder = {"path": str(folder / "encoder"), "max_tokens": 16, "windows": 4, "combine": combine}
    done = train_model(spec(folder, model=str(folder / f"{combine}.json"), encoder=encoder))
    page = ["buy news the"] * 40 + ["let proof theorem"] * 6
    whole = embed.score(done.path, pl.Series([" ".join(page)]), "math")[0]
    start = embed.score(done.path, pl.Series([" ".join(page[:40])]), "math")[0]
    assert start < 0.1
    assert whole > least
    if combine == "mean":
        assert whole < 0.5
    long = " ".join(["buy news the"] * 3000 + ["let proof theorem"] * 40)
    assert embed.score(done.path, pl.Series([long]), "math")[0] > least


def test_windows_are_spread_and_bounded(folder: Path) -> None:
    encoder = Encoder(path=str(folder / "encoder"), max_tokens=8, windows=3)
    embedder = embed.load(encoder.path)
    texts = ["let proof", "", " ".join(["the"] * 50), "let " * 5000]
    found, belong = embed.windows(texts, encoder, embedder)
    assert np.bincount(belong).tolist() == [1, 1, 3, 3]
    assert max(map(len, found)) == 8


def test_batches_and_memory_do_not_matter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = Encoder(path=str(folder / "encoder"), max_tokens=16, windows=2)
    chance = random.Random(1)
    texts = [" ".join(chance.choices(list(GROUPS), k=chance.randint(0, 60))) for _ in range(50)]
    whole, _ = embed.vectors(texts, encoder)
    loaded = embed.load(encoder.path)

    def small(ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
        if len(ids) > 3:
            raise RuntimeError("CUDA out of memory")
        return loaded.run(ids, mask)

    tight = embed.Embedder(loaded.tokenizer, small, 200)
    monkeypatch.setattr(embed, "load", lambda _: tight)
    again, _ = embed.vectors(texts, encoder)
    assert np.abs(whole - again).max() < 1e-6
    one_by_one = [embed.vectors([text], encoder)[0] for text in texts]
    assert np.abs(np.concatenate(one_by_one) - whole).max() < 1e-6


def test_what_is_wrong_is_one_line(folder: Path, tmp_path: Path) -> None:
    done = train_model(spec(folder))

    def refused(model: str, label: str = "math") -> str:
        with pytest.raises(JobError) as error:
            EmbedClassify.model_validate({"model": model, "label": label}).resolve()
        assert "\n" not in str(error.value)
        return str(error.value)

    assert "no such model file" in refused(str(tmp_path / "nowhere.json"))
    assert "no label 'maths'; available: math, other" in refused(done.path, "maths")
    (tmp_path / "bad.json").write_text("{}")
    assert "not the head of an embedding model" in refused(str(tmp_path / "bad.json"))
    head = embed.read_head(done.path)
    make(tmp_path / "other", {**GROUPS, "new": 0})
    moved = head.model_copy(
        update={"encoder": head.encoder.model_copy(update={"path": str(tmp_path / "other")})}
    )
    (tmp_path / "moved.json").write_text(moved.model_dump_json())
    assert "is not the encoder this head was trained on" in refused(str(tmp_path / "moved.json"))
    (tmp_path / "empty").mkdir()
    for path, problem in (
        (tmp_path / "empty", "neither model.onnx nor modules.json"),
        (tmp_path / "nowhere", "no such folder"),
    ):
        with pytest.raises(JobError, match=problem):
            embed.load(str(path))
    make(tmp_path / "cut", GROUPS)
    (tmp_path / "cut" / "model.onnx").write_bytes(b"\x08\x08:")
    with pytest.raises(JobError, match="cannot be loaded"):
        embed.load(str(tmp_path / "cut"))


def test_newton_finds_the_top(folder: Path) -> None:
    chance = np.random.default_rng(0)
    rows = chance.normal(size=(300, 5))
    yes = rows @ np.array([2.0, -1, 0, 0, 1]) + chance.logistic(size=300) > 0.5
    weights, bias = embed.fit_classes(rows, yes, ridge=1.0)

    def loss(parts: np.ndarray) -> float:
        logit = rows @ parts[:-1] + parts[-1]
        return float(
            np.logaddexp(0, np.where(yes, -logit, logit)).sum() + parts[:-1] @ parts[:-1] / 2
        )

    best = np.append(weights, bias)
    for _ in range(200):
        assert loss(best) <= loss(best + chance.normal(0, 0.01, 6)) + 1e-6

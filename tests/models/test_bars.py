"""The bars of the classifiers on real pages; the figures come from tests/benchmarks/models.py."""

import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cleaner.models.scoring import fasttext, score
from cleaner.models.scoring.prepare import Preparation, prepare
from cleaner.models.training.train import train_model

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))
import models as benchmark

pytestmark = pytest.mark.corpora


def test_auc_with_sources_held_out(corpora: Path, tmp_path: Path) -> None:
    card = train_model(benchmark.spec(str(tmp_path), Preparation(), benchmark.OURS)).card
    pages = pl.read_parquet(corpora / "open" / "math_vs_web.parquet")
    for fold in card.training["held_out"]["folds"]:
        held = pages.filter(pl.col("source").is_in(fold), pl.col("lang").is_in(["en", "zh"]))
        assert held.select("label", "lang").n_unique() == 4
    assert min(card.metrics["by_lang"][lang]["auc"] for lang in ("en", "zh")) >= 0.98


def test_the_table_is_fasttext_and_faster(corpora: Path, tmp_path: Path) -> None:
    pages = pl.read_parquet(corpora / "open" / "math_vs_web.parquet")
    lines = prepare(pages["text"], Preparation()).to_pylist()
    path = tmp_path / "m.bin"
    settings = fasttext.Settings(dim=100, ngrams=2, bucket=200_000, epoch=2)
    fasttext.train(zip(pages["label"].to_list(), lines, strict=True), path, settings)
    header, table = score.load(path)
    model = fasttext.load(path)
    prepared = prepare(benchmark.documents(10_000), Preparation())
    texts = prepared.to_pylist()
    table.probabilities(prepared[:10])
    start = time.process_time()
    found = table.probabilities(prepared)[:, score.column(header, "math")]
    ours = time.process_time() - start
    start = time.process_time()
    names, chances = fasttext.predict(model, texts, k=-1)
    theirs = time.process_time() - start
    own = [dict(zip(*row, strict=True))["math"] for row in zip(names, chances, strict=True)]
    assert np.abs(found - own).max() < 2e-5
    assert theirs / ours >= 2.5

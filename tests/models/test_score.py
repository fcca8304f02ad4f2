"""The fast table gives fastText's own probabilities; what it cannot do goes through fastText."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import fasttext_models as small

from cleaner.errors import JobError
from cleaner.models.scoring import fasttext, score

ALPHABET = st.sampled_from(
    [
        *("let", "设", "theorem", "buy", "价", "</s>", "__label__math", "__label__no", "<num>"),
        *("né", "", " ", "\t", "\0", "\x0b", "x" * 50),
    ]
)


def own(model: fasttext.Model, texts: list[str]) -> np.ndarray:
    """Return fastText's own probabilities in the order of the model's labels."""
    out = np.zeros((len(texts), len(model.header.labels)))
    for row, (names, chances) in enumerate(zip(*fasttext.predict(model, texts, k=-1), strict=True)):
        for name, chance in zip(names, chances, strict=True):
            out[row, model.header.labels.index(name)] = chance
    return out


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"ngrams": 1},
        {"ngrams": 5, "bucket": 7},
        {"labels": 3, "dim": 7},
        {"min_count": 200},
        {"dim": 3, "bucket": 2_000_000, "epoch": 1},
    ],
)
def test_the_table_equals_fasttext(settings: dict[str, int], folder: Path) -> None:
    model = small.train(folder / f"{abs(hash(str(settings)))}.bin", **settings)
    assert score.needs_fasttext(model.header) is None
    table = score.fold(model.header)
    texts = [text for _, text in small.lines(2000, 3, seed=9)]
    texts += ["", " ", "unknown words only", "théorème 数", "let </s> buy", "buy " * 5000]
    assert np.abs(table.probabilities(pl.Series(texts)) - own(model, texts)).max() < 2e-6


@pytest.fixture(scope="module")
def model(folder: Path) -> fasttext.Model:
    return small.train(folder / "math.bin", ngrams=3)


@settings(max_examples=200, deadline=None)
@given(texts=st.lists(st.lists(ALPHABET).map(" ".join), min_size=1, max_size=4))
def test_odd_words_are_read_as_fasttext_reads_them(texts: list[str], model: fasttext.Model) -> None:
    table = score.fold(model.header)
    assert np.abs(table.probabilities(pl.Series(texts)) - own(model, texts)).max() < 2e-6


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"loss": "hs"}, "hierarchical softmax"),
        ({"loss": "ova"}, "the loss ova"),
        ({"minn": 2, "maxn": 3}, "subwords"),
    ],
)
def test_other_models_go_through_fasttext(
    settings: dict[str, object], reason: str, folder: Path
) -> None:
    model = small.train(folder / f"{reason}.bin", **settings)
    assert score.needs_fasttext(model.header) == reason
    texts = pl.Series(["proof theorem", "buy news"])
    found = score.score(model.header.path, texts, "math")
    assert (
        np.abs(found - own(model, texts.to_list())[:, model.header.labels.index("math")]).max()
        < 1e-6
    )
    assert found[0] > found[1]


def test_a_quantised_model_goes_through_fasttext(model: fasttext.Model, folder: Path) -> None:
    header = fasttext.quantise(model.header.path, folder / "math.ftz")
    assert score.needs_fasttext(header) == "quantised"
    found = score.score(folder / "math.ftz", pl.Series(["proof theorem", "buy news"]), "math")
    assert found[0] > 0.9 > 0.1 > found[1]


def test_batches_do_not_matter(model: fasttext.Model) -> None:
    texts = pl.Series([text for _, text in small.lines(100, seed=3)])
    whole = score.score(model.header.path, texts, "math")
    singly = [
        score.score(model.header.path, texts[i : i + 1], "__label__math")[0] for i in range(100)
    ]
    assert whole.tolist() == singly


def test_a_label_that_the_model_lacks(model: fasttext.Model) -> None:
    with pytest.raises(
        JobError, match=r"math\.bin: no label 'maths'; available: (math, web|web, math)"
    ):
        score.column(model.header, "maths")

"""fastText itself: its files, its predictions, its training, its distributions."""

import contextlib
import math
from pathlib import Path

import pytest
from support import fasttext_models as small

from cleaner.errors import JobError
from cleaner.models.scoring import fasttext


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> fasttext.Model:
    return small.train(tmp_path_factory.mktemp("model") / "math.bin")


def test_the_header_tells_what_was_trained(model: fasttext.Model) -> None:
    header = model.header
    assert (header.dim, header.loss, header.ngrams, header.bucket) == (16, "softmax", 2, 5000)
    assert sorted(header.labels) == ["math", "web"]
    assert header.rows == header.words + 5000
    assert not header.quantised


def test_every_label_of_every_text(model: fasttext.Model) -> None:
    labels, scores = fasttext.predict(
        model, ["proof theorem\n设 integral", "buy news", "", None], k=-1
    )
    assert [names[0] for names in labels[:2]] == ["math", "web"]
    assert all(sorted(names) == ["math", "web"] for names in labels)
    assert all(math.isclose(sum(chances), 1, abs_tol=3e-5) for chances in scores)
    assert max(max(chances) for chances in scores) <= 1
    assert fasttext.predict(model, ["buy news"], threshold=0.5)[0] == [["web"]]


def test_a_cut_or_foreign_file_is_one_line(model: fasttext.Model, tmp_path: Path) -> None:
    whole = Path(model.header.path).read_bytes()
    cuts = [*range(600), len(whole) // 2, len(whole) - 17, len(whole) - 1]
    for cut in cuts:  # fastText itself reads a dictionary cut short for ever
        (tmp_path / "cut.bin").write_bytes(whole[:cut])
        with pytest.raises(JobError, match=r"cut\.bin: ") as error:
            fasttext.load(tmp_path / "cut.bin")
        assert "\n" not in str(error.value)
    for name, content in (("page.html", b"<html>" * 100), ("zeros", bytes(500)), ("empty", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(JobError, match=f"{name}: not a "):
            fasttext.load(tmp_path / name)
    with pytest.raises(JobError, match="no such model file"):
        fasttext.load(tmp_path / "nowhere.bin")
    with pytest.raises(JobError, match="not a readable model file"):
        fasttext.load(tmp_path)


def test_damaged_bytes_never_hang_or_crash(model: fasttext.Model, tmp_path: Path) -> None:
    whole = Path(model.header.path).read_bytes()
    for at in range(8, 90):
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        (tmp_path / "damaged.bin").write_bytes(damaged)
        with contextlib.suppress(JobError):
            fasttext.read_header(tmp_path / "damaged.bin")


def test_word_vectors_are_no_classifier(tmp_path: Path) -> None:
    import fasttext as package

    (tmp_path / "text").write_text("a b c d e f\n" * 50)
    package.train_unsupervised(
        str(tmp_path / "text"), dim=4, minCount=1, verbose=0, bucket=100
    ).save_model(str(tmp_path / "vectors.bin"))
    with pytest.raises(JobError, match="word vectors, not a classifier"):
        fasttext.load(tmp_path / "vectors.bin")


@pytest.mark.parametrize("dim", [4, 16, 64])
@pytest.mark.parametrize("ngrams", [1, 2, 3])
def test_training_is_sound_and_repeats_itself(dim: int, ngrams: int, tmp_path: Path) -> None:
    """With two seeds and a repeat each, 27 trainings: none NaN, equal bytes for equal seeds."""
    settings = fasttext.Settings(dim=dim, ngrams=ngrams, bucket=2000, lr=0.5, epoch=3)
    data = small.lines(600)
    models = {}
    for name, seed in (("first", 0), ("again", 0), ("other", 1)):
        path = tmp_path / f"{name}.bin"
        fasttext.train(data, path, settings, seed)
        model = fasttext.load(path)
        _, scores = fasttext.predict(model, [text for _, text in data[:50]], k=-1)
        assert all(math.isfinite(score) for row in scores for score in row)
        models[name] = path.read_bytes()
    assert models["first"] == models["again"]
    assert models["first"] != models["other"]


def test_a_text_cannot_steer_the_training(tmp_path: Path) -> None:
    data = [(label, f"{text}\n__label__spam </s> {text}") for label, text in small.lines(300)]
    header = fasttext.train(data, tmp_path / "m.bin", fasttext.Settings(dim=4, bucket=100))
    assert sorted(header.labels) == ["math", "web"]


def test_training_that_fails_says_so(tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"training needs texts of two labels; got \['math'\]"):
        fasttext.train([("math", "let")], tmp_path / "m.bin", fasttext.Settings())
    with pytest.raises(JobError, match="training failed: Encountered NaN"):
        fasttext.train(
            [("a", "x " * 900), ("b", "x")] * 50,
            tmp_path / "m.bin",
            fasttext.Settings.model_construct(**{**fasttext.Settings().__dict__, "lr": 1e30}),
        )
    assert not list(tmp_path.iterdir())


def test_a_quantised_model_is_smaller_and_nearly_as_good(
    model: fasttext.Model, tmp_path: Path
) -> None:
    fasttext.quantise(model.header.path, tmp_path / "math.ftz")
    compressed = fasttext.load(tmp_path / "math.ftz")
    assert compressed.header.quantised
    assert compressed.header.bytes < model.header.bytes / 2
    texts = [text for _, text in small.lines(200, seed=5)]
    names, _ = fasttext.predict(model, texts)
    squeezed, _ = fasttext.predict(compressed, texts)
    assert sum(a == b for a, b in zip(names, squeezed, strict=True)) >= 190


@pytest.mark.parametrize(
    ("claims", "problem"),
    [
        ([("fasttext-community", "0.11.9")], None),
        ([("fasttext-wheel", "0.9.2")], None),
        ([("fasttext", "0.9.3")], "fasttext 0.9.3 trains broken models"),
        ([("fasttext-numpy2-wheel", "0.9.2")], "trains broken models"),
        (
            [("fasttext-community", "0.11.9"), ("fasttext-predict", "0.9.2.4")],
            "overwrite each other",
        ),
        ([], "no fasttext is installed"),
    ],
)
def test_only_sound_distributions_train(claims: list[tuple[str, str]], problem: str | None) -> None:
    found = fasttext.fault(claims)
    assert found is None if problem is None else problem in str(found)


def test_this_installation_is_sound() -> None:
    assert fasttext.fault(fasttext.installed()) is None
    fasttext.refuse_broken_trainers()

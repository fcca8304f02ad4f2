"""`classify`: the score, the cuts, and what is refused before a run."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError
from support import fasttext_models as small

from cleaner.errors import JobError
from cleaner.models.scoring.card import Card, Cut, card_path, write_card
from cleaner.models.scoring.prepare import Preparation
from cleaner.stages.classify import Classify
from cleaner.stages.cuts import below_cut, cut_rows, decide_cut
from cleaner.storage import store


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("model") / "math.bin"
    small.train(path)
    return str(path)


def with_card(model: str, folder: Path, cut: float | None = 0.75, version: int = 1) -> str:
    """Return a copy of a model that has a card."""
    path = folder / "math.bin"
    path.write_bytes(Path(model).read_bytes())
    card = Card(
        model="math.bin",
        sha256=store.sha256(str(path)),
        bytes=path.stat().st_size,
        label="math",
        labels=("math", "web"),
        preparation=Preparation(version=version),
        cut=None if cut is None else Cut(by="score", value=cut, score=cut),
    )
    write_card(path, card)
    return str(path)


def docs(*texts: str | None) -> pl.DataFrame:
    return pl.DataFrame(
        {"file": [0] * len(texts), "row": range(len(texts)), "text": texts},
        schema={"file": pl.UInt32, "row": pl.UInt64, "text": pl.String},
    )


PAGES = docs("proof theorem 设 integral", "buy news photo login", "", None)


def test_a_score_and_a_fixed_cut(model: str) -> None:
    stage = Classify.model_validate({"model": model, "label": "math", "min_score": 0.5})
    judged = stage(PAGES)
    assert judged["broken"].to_list() == [[], ["low_score"], ["low_score"], ["low_score"]]
    score = judged["math_score"]
    assert score.dtype == pl.Float64
    assert score[0] > 0.9 > 0.1 > score[1]
    assert score.to_list() == score.round(6).to_list()
    assert score[2] == score[3] or score[3] == 0
    assert stage.adds() == {"math_score": pl.Float64}
    named = Classify.model_validate({"model": model, "label": "math", "as": "m", "min_score": 0})
    assert named(PAGES)["m"].equals(score.alias("m"))
    assert named.model_validate(named.model_dump(by_alias=True)) == named


def test_the_card_gives_preparation_and_cut(model: str, tmp_path: Path) -> None:
    carded = with_card(model, tmp_path)
    stage = Classify.model_validate({"model": carded, "label": "math"})
    assert stage.resolve().min_score == 0.75
    assert stage(docs("PROOF: Theorem $\\frac{1}{2}$")).row(0, named=True)["broken"] == []
    assert stage(docs("...", "")).get_column("math_score").to_list() == [0.0, 0.0]
    assert stage.files() == [carded, str(card_path(carded))]


def test_on_says_what_is_judged(model: str) -> None:
    stage = Classify.model_validate(
        {"model": model, "label": "math", "min_score": 0.9, "on": "lang = 'zh'"}
    )
    frame = docs("buy", "buy", "buy").with_columns(lang=pl.Series(["zh", "en", None]))
    assert stage(frame)["broken"].to_list() == [["low_score"], [], []]
    assert "lang" in stage.needs()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"min_score": 0.1, "keep_share": 0.1}, "got min_score and keep_share"),
        ({"per": "lang"}, "per goes with keep_share or keep_tokens"),
        ({"min_score": 2}, "min_score"),
        ({"where": "words >"}, "where"),
        ({"threshold": 0.1}, "threshold"),
    ],
)
def test_options_that_make_no_sense(options: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Classify.model_validate({"model": "m.bin", "label": "math", **options})


def test_a_wrong_model_is_one_line_before_the_run(model: str, tmp_path: Path) -> None:
    def refused(path: str, label: str = "math") -> str:
        with pytest.raises(JobError) as error:
            Classify.model_validate({"model": path, "label": label}).resolve()
        assert "\n" not in str(error.value)
        return str(error.value)

    assert refused("nowhere.bin") == "nowhere.bin: no such model file"
    assert "no label 'maths'; available: " in refused(model, "maths")
    assert "give min_score, keep_share or keep_tokens" in refused(model)
    assert "no model card with a cut" in refused(with_card(model, tmp_path, cut=None))
    carded = with_card(model, tmp_path, version=99)
    assert "prepared by version 99" in refused(carded)
    carded = with_card(model, tmp_path)
    with open(carded, "r+b") as file:
        file.seek(-4, 2)
        file.write(b"\0\0\0\0")
    assert "written for another math.bin" in refused(carded)
    card_path(carded).write_text("{")
    assert "not a model card" in refused(carded)


def corpus(rows: int) -> pl.DataFrame:
    chance = np.random.default_rng(0)
    return pl.DataFrame(
        {
            "file": chance.integers(0, 9, rows).astype(np.uint32),
            "row": np.arange(rows, dtype=np.uint64),
            "lang": chance.choice(["en", "zh", "ja"], rows, p=[0.7, 0.29, 0.01]),
            "source": chance.choice(["cc", "wiki"], rows),
            # half of them at two values, so that ties decide
            "math_score": np.where(
                chance.random(rows) < 0.5,
                chance.choice([0.999999, 0.5], rows),
                np.round(chance.beta(0.3, 0.5, rows), 6),
            ),
            "words": chance.integers(1, 2000, rows).astype(np.uint32),
        }
    )


def share(**options: object) -> Classify:
    return Classify.model_validate({"model": "m.bin", "label": "math", **options})


@pytest.mark.parametrize("asked", [0.1, 0.333, 0.5, 1.0, 1e-6])
def test_a_share_is_exact_in_every_group_of_a_million(asked: float) -> None:
    frame = corpus(1_000_000)
    stage = share(keep_share=asked, per=["lang", "source"])
    cuts = decide_cut(cut_rows(frame, stage), share=asked)
    kept = frame.filter(~below_cut(frame, stage, cuts))
    counts = {row[:2]: row[2] for row in frame.group_by("lang", "source").len().iter_rows()}
    got = {row[:2]: row[2] for row in kept.group_by("lang", "source").len().iter_rows()}
    assert {g: got.get(g, 0) for g in counts} == {
        g: int(asked * n + 0.5) for g, n in counts.items()
    }
    for _, group in kept.group_by("lang", "source"):
        lost = frame.join(kept, on=["file", "row"], how="anti").join(
            group.select("lang", "source").unique(), on=["lang", "source"]
        )
        assert lost.is_empty() or group["math_score"].min() >= lost["math_score"].max()


def test_tokens_are_never_exceeded() -> None:
    frame = corpus(200_000)
    for budget in (1, 1500, 5_000_000):
        stage = share(keep_tokens=budget, per="lang")
        cuts = decide_cut(cut_rows(frame, stage), tokens=budget)
        kept = frame.filter(~below_cut(frame, stage, cuts))
        spent = dict(kept.group_by("lang").agg(pl.col("words").sum()).iter_rows())
        whole = dict(frame.group_by("lang").agg(pl.col("words").sum()).iter_rows())
        for lang, total in whole.items():
            assert min(total, budget) - 2000 < spent.get(lang, 0) <= budget


def test_the_cut_does_not_depend_on_order_or_parts(tmp_path: Path) -> None:
    frame = corpus(50_000)
    stage = share(keep_share=0.2, per="lang")
    rows = cut_rows(frame, stage)
    cuts = decide_cut(rows, share=0.2)
    for part in range(7):
        rows.filter(pl.col("tie") % 7 == part).write_parquet(tmp_path / f"{part}.parquet")
    assert decide_cut(pl.scan_parquet(tmp_path / "*.parquet"), share=0.2).equals(cuts)
    whole = below_cut(frame, stage, cuts)
    shuffled = frame.with_row_index("at").sample(fraction=1, shuffle=True, seed=1)
    again = shuffled.with_columns(below=below_cut(shuffled, stage, cuts)).sort("at")["below"]
    assert again.equals(whole.alias("below"))
    assert rows["tie"].n_unique() == len(rows)
    assert not cut_rows(frame, stage, seed=1)["tie"].equals(rows["tie"])


def test_unknown_scores_and_groups_fall_and_what_on_leaves_out_stays() -> None:
    frame = pl.DataFrame(
        {
            "file": pl.Series([0] * 5, dtype=pl.UInt32),
            "row": pl.Series(range(5), dtype=pl.UInt64),
            "lang": ["en", "en", "en", "zh", "fr"],
            "math_score": [0.9, None, float("nan"), 0.1, 0.9],
        }
    )
    stage = share(keep_share=1.0, per="lang", on="lang != 'zh'")
    cuts = decide_cut(cut_rows(frame, stage).filter(pl.col("group") != "fr"), share=1.0)
    assert below_cut(frame, stage, cuts).to_list() == [False, True, True, False, True]


def test_no_rows_no_cuts() -> None:
    stage = share(keep_share=0.1)
    empty = corpus(0)
    cuts = decide_cut(cut_rows(empty, stage), share=0.1)
    assert cuts.is_empty()
    assert below_cut(empty, stage, cuts).is_empty()

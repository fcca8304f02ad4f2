"""A mixture: quotas met, curves followed, the same bytes for any number of workers and kills."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from support.corpus_maker import job
from support.tokenizers_made import byte_bpe

from cleaner.api import run
from cleaner.errors import InputError, JobError
from cleaner.job.mix_file import Mix, load_mix
from cleaner.results.finished import Run, open_run, verify
from cleaner.runs.derived import make
from cleaner.runs.mix import plan_mix
from cleaner.runs.phases.mix import Portion, _bounds, _taken, mixture
from cleaner.storage.schemas import schema_text

WORDS = ["river", "stone", "proof", "number", "light", "house", "garden", "winter"]


def documents(name: str, count: int, seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(20, 60, count)
    return pl.DataFrame({
        "text": [f"{name} {n} " + " ".join(rng.choice(WORDS, k)) for n, k in enumerate(lengths)],
        "id": [f"{name}-{n}" for n in range(count)],
        "url": [f"https://{name}.example/{n}" for n in range(count)],
        "source": [f"{name}{n % 3}" for n in range(count)],
        "score": np.round(rng.random(count), 4),
        "lang": [("zh", "en")[n % 2] for n in range(count)],
    })  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two finished runs, of 900 documents and of 300, each of several shards."""
    place = tmp_path_factory.mktemp("runs")
    for seed, (name, count) in enumerate((("web", 900), ("books", 300))):
        documents(name, count, seed).write_parquet(place / f"{name}.parquet")
        plain = job([place / f"{name}.parquet"], output={"shard_bytes": 60_000})
        plain["input"][0]["read"] = ["score", "lang"] if name == "web" else ["score"]
        run(plain, str(place / name), engine="inline")
    return place


def mixed(runs: Path, out: Path, *parts: dict[str, Any], **more: Any) -> Run:
    told = [{**part, "run": str(runs / part["run"])} for part in parts]
    output = {"shard_tokens": 9_000, **more.pop("output", {})}
    mix = Mix.model_validate({"name": "m", "parts": told, "output": output, **more})
    make(plan_mix(mix), str(out), engine="inline")
    return open_run(str(out))


def achieved(made: Run) -> dict[str, dict[str, Any]]:
    return {row["part"]: row for row in made.manifest["of"]["mixture"]}


def words_of(made: Run) -> dict[str, int]:
    """Return how many words each part has, counted in the shards."""
    frame = made.kept().collect()
    counts: Counter[str] = Counter()
    for part, text in frame.select("mixed_from", "text").rows():
        counts[part] += len(text.split(" "))
    return dict(counts)


def test_weights_and_quotas_are_met_to_half_a_percent(runs: Path, tmp_path: Path) -> None:
    parts = [{"run": "web", "weight": 3}, {"run": "books", "weight": 1}]
    made = mixed(runs, tmp_path / "mix", *parts, total="20k")
    found = words_of(made)
    assert abs(found["web"] - 15_000) < 0.005 * 15_000
    assert abs(found["books"] - 5_000) < 0.005 * 5_000
    said = achieved(made)
    assert {name: row["words"] for name, row in said.items()} == found
    assert abs(said["web"]["share"] - 0.75) < 0.005
    assert verify(made) == []
    frame = made.kept().collect()
    assert frame["id"].n_unique() == len(frame)  # of what suffices no document comes twice
    assert set(frame.columns) >= {"id", "url", "source", "score", "mixed_from"}
    # What a run does not have is null in its documents.
    assert frame.filter(pl.col("mixed_from") == "books")["input_lang"].null_count() > 0


def test_a_part_with_too_little_is_repeated_and_none_over_its_epochs(
    runs: Path, tmp_path: Path
) -> None:
    parts = [{"run": "books", "tokens": 30_000}]
    made = mixed(runs, tmp_path / "mix", *parts, epochs=3)
    assert abs(words_of(made)["books"] - 30_000) < 150
    times = made.kept().collect()["id"].value_counts()["count"]
    assert len(times) == 300
    assert set(times.to_list()) <= {2, 3}
    with pytest.raises(JobError, match="books: 60,000 are asked for"):
        mixed(runs, tmp_path / "more", {"run": "books", "tokens": 60_000}, epochs=3)


def test_a_curve_takes_the_best_often_and_the_worst_not_at_all(runs: Path, tmp_path: Path) -> None:
    levels = [{"up_to": 0.4, "times": 0}, {"up_to": 0.95, "times": 1}, {"up_to": 1, "times": 7}]
    curve = {"by": "score", "levels": levels}
    made = mixed(runs, tmp_path / "mix", {"run": "web", "upsample": curve}, epochs=7)
    frame = made.kept().collect()
    times = dict(frame["id"].value_counts().rows())
    whole = documents("web", 900, 0).sort("score")
    words = np.array([len(text.split(" ")) for text in whole["text"]])
    share = (np.cumsum(words) - words / 2) / words.sum()
    expected = np.select([share <= 0.4, share <= 0.95], [0, 1], 7)
    found = np.array([times.get(name, 0) for name in whole["id"]])
    assert (found == expected).mean() > 0.995
    # With a quota the curve keeps its shape.
    made = mixed(runs, tmp_path / "half", {"run": "web", "upsample": curve, "tokens": 16_000})
    assert abs(words_of(made)["web"] - 16_000) < 80
    often = made.kept().collect()["id"].value_counts().rows()
    best = set(whole["id"][-30:])
    worst = set(whole["id"][:300])
    assert not worst & {name for name, _ in often}
    ratio = np.mean([n for name, n in often if name in best])
    assert 3 < ratio <= 4


def test_parts_of_one_run_are_told_apart_by_conditions(runs: Path, tmp_path: Path) -> None:
    parts = [
        {
            "run": "web",
            "name": "good_zh",
            "where": "score >= 0.5 AND input_lang = 'zh'",
            "weight": 1,
        },
        {"run": "web", "name": "rest", "where": "source IN ('web0', 'web1')", "weight": 1},
    ]
    made = mixed(runs, tmp_path / "mix", *parts, total=6_000)
    frame = made.kept().collect()
    good = frame.filter(pl.col("mixed_from") == "good_zh")
    rest = frame.filter(pl.col("mixed_from") == "rest")
    assert good["score"].min() >= 0.5
    assert set(good["input_lang"]) == {"zh"}
    assert set(rest["source"]) == {"web0", "web1"}
    assert len(rest.filter((pl.col("score") >= 0.5) & (pl.col("input_lang") == "zh"))) == 0
    assert all(abs(row["share"] - 0.5) < 0.005 for row in achieved(made).values())


def test_without_a_total_the_scarcest_part_is_taken_whole(runs: Path, tmp_path: Path) -> None:
    parts = [{"run": "web", "weight": 1}, {"run": "books", "weight": 1}]
    made = mixed(runs, tmp_path / "mix", *parts)
    frame = made.kept().collect()
    assert frame.filter(pl.col("mixed_from") == "books")["id"].n_unique() == 300
    assert abs(achieved(made)["web"]["share"] - 0.5) < 0.005


def bytes_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "shards").iterdir())}


def test_tokens_are_counted_and_written_by_a_tokenizer(runs: Path, tmp_path: Path) -> None:
    bpe = byte_bpe(tmp_path / "tokenizer.json", WORDS * 9, size=400)
    parts = [{"run": "web", "tokens": 20_000}, {"run": "books", "tokens": 8_000}]
    output = {"format": "megatron", "tokenizer": bpe}
    made = mixed(runs, tmp_path / "mix", *parts, total=28_000, output=output)
    said = achieved(made)
    assert abs(said["web"]["tokens"] - 20_000) < 100
    lists = made.kept().collect()["tokens"]
    assert int(lists.list.len().sum()) == said["web"]["tokens"] + said["books"]["tokens"]
    assert sum(one["tokens"] for one in made.manifest["outputs"]) == int(lists.list.len().sum())


def test_a_seed_draws_others_and_the_order_is_of_its_own_seed(runs: Path, tmp_path: Path) -> None:
    part = {"run": "web", "tokens": 9_000}
    ids = {}
    for name, more in {
        "a": {}, "b": {}, "other": {"seed": 5}, "turned": {"output": {"shuffle_seed": 5}},
    }.items():  # fmt: skip
        ids[name] = mixed(runs, tmp_path / name, part, **more).kept().collect()["id"].to_list()
    assert bytes_in(tmp_path / "a") == bytes_in(tmp_path / "b")
    assert set(ids["a"]) != set(ids["other"])
    assert ids["a"] != ids["turned"]
    assert sorted(ids["a"]) == sorted(ids["turned"])


MIXED = """
import sys
from cleaner.job.mix_file import load_mix
from cleaner.runs.derived import make
from cleaner.runs.mix import plan_mix
make(plan_mix(load_mix(sys.argv[1])), sys.argv[2], engine="inline")
"""


@pytest.mark.parametrize(
    "point", ["*mix.count:00001:marker", "*mix.rates:all:data", "*mix.draw:00001:data",
              "*cut:all:after", "*shards:00001:marker"]
)  # fmt: skip
def test_a_mixture_that_was_killed_goes_on_to_the_same_bytes(
    point: str, runs: Path, tmp_path: Path
) -> None:
    text = (
        f"parts: [{{run: {runs}/web, weight: 2}}, {{run: {runs}/books, weight: 1}}]\ntotal: 15k\n"
    )
    (tmp_path / "m.yaml").write_text(text + "output: {shard_tokens: 6k}\n")
    mix = load_mix(tmp_path / "m.yaml")
    make(plan_mix(mix), str(tmp_path / "whole"), engine="inline")
    command = [sys.executable, "-c", MIXED, str(tmp_path / "m.yaml"), str(tmp_path / "killed")]
    done = subprocess.run(command, env={**os.environ, "CLEANER_FAILPOINT": point})
    assert done.returncode == -signal.SIGKILL
    make(plan_mix(mix), str(tmp_path / "killed"), engine="inline")
    assert bytes_in(tmp_path / "killed") == bytes_in(tmp_path / "whole")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("parts: [{run: a, weight: 1, tokens: 5}]", "m.yaml:1:9: parts.0: takes weight or tokens"),
        ("parts: [{run: a}, {run: b/a}]", "two parts are named 'a'"),
        ("parts: [{run: a}]\ntotal: 5", "total: a has neither weight nor tokens"),
        ("parts: [{run: a, tokens: 9}]\ntotal: 5", "total is 5, and the parts' tokens are 9"),
        ("parts: [{run: a, wheight: 9}]", "unknown key, did you mean 'weight'"),
        ("parts: [{run: a, where: 'x ='}]", "parts.0.where"),
        ("parts: [{run: a, upsample: {by: s, levels: [{up_to: 0.5, times: 1}]}}]", "ends with 1"),
        ("parts: [{run: a, upsample: {by: s, levels: [{up_to: 1, times: 9}]}}]", "9 times, over 4"),
        ("parts: []", "parts"),
        ("- a", "a mapping is needed"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_place(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.yaml").write_text(text)
    with pytest.raises(JobError) as told:
        load_mix("m.yaml")
    assert said in str(told.value)


def test_what_does_not_go_together_is_refused(runs: Path, tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"parts.0.where: .*nothing"):
        mixed(runs, tmp_path / "a", {"run": "web", "where": "nothing > 3"})
    curve = {"by": "source", "levels": [{"up_to": 1, "times": 1}]}
    with pytest.raises(JobError, match="has no numbers 'source'"):
        mixed(runs, tmp_path / "a", {"run": "web", "upsample": curve})
    with pytest.raises(JobError, match="not a run folder"):
        mixed(runs, tmp_path / "a", {"run": "gone"})
    with pytest.raises((JobError, InputError), match="folder of the run itself"):
        mixed(runs, runs / "web", {"run": "web"})


def test_a_run_keeps_its_own_column_of_that_name(runs: Path, tmp_path: Path) -> None:
    once = mixed(runs, tmp_path / "once", {"run": "books", "name": "paper"})
    twice = mixed(tmp_path, tmp_path / "twice", {"run": "once", "name": "again"})
    found = twice.kept().select("input_mixed_from", "mixed_from").unique().collect()
    assert found.rows() == [("paper", "again")]
    assert verify(twice) == []
    with pytest.raises(JobError, match="'mixed_from' and 'input_mixed_from'"):
        mixed(tmp_path, tmp_path / "thrice", {"run": "twice"})
    assert len(once.kept().collect()) == len(twice.kept().collect())


class Held:
    """Shards of a run, in memory."""

    def __init__(self, docs: pl.DataFrame) -> None:
        self.docs = docs

    def read(self, number: int, columns: Any, wanted: Any) -> Any:
        """Return the documents in two frames."""
        yield 0, self.docs[:3]
        yield 3, self.docs[3:]


def test_each_copy_of_a_document_has_a_place_of_its_own() -> None:
    docs = pl.DataFrame({"text": [*"abcde"], "id": [*"vwxyz"]})
    settings: Any = SimpleNamespace(
        runs=[Held(docs)], portions=[Portion("p", 0, ((1.0, 1.0),))], epochs=10,
        schema=schema_text({"text": pl.String, "id": pl.String}),
    )  # fmt: skip
    counts = pl.DataFrame({
        "copies": [2, 0, 3, 1, 2], "portion": [0] * 5, "words": [1, 2, 3, 4, 5],
    })  # fmt: skip
    unit: Any = SimpleNamespace(run=0, shard=0, number=7)
    taken = pl.concat(_taken(settings, unit, counts))
    assert taken["text"].to_list() == [*"aacccdee"]
    assert taken["row"].to_list() == [0, 1, 20, 21, 22, 30, 40, 41]
    assert taken["words"].to_list() == [1, 1, 3, 3, 3, 4, 5, 5]
    assert set(taken["file"]) == {7}


def test_a_level_ends_where_the_middle_of_a_document_lies_below_its_share() -> None:
    values = pl.DataFrame({"value": [0.1, 0.2, 0.3, None, 0.5], "amount": [10, 10, 10, 10, 10]})
    assert _bounds(values, (0.1, 0.3, 1.0)) == ["0.1", "0.2"]
    assert _bounds(values, (0.09, 0.31, 0.7, 1.0)) == ["-inf", "0.2", "-inf"]
    assert _bounds(values.clear(), (0.5, 1.0)) == ["-inf"]


def test_a_curve_is_scaled_up_to_its_epochs() -> None:
    there = [np.array([100, 50, 10]), np.array([40])]
    curve = ((0.5, 0.0), (0.9, 1.0), (1.0, 4.0))
    web = Portion("web", 0, curve, by="s", tokens=105)
    books = Portion("books", 1, ((1.0, 1.0),), tokens=20)
    # 50 * 1 + 10 * 4 = 90 words at a scale of 1; 105 of them are more than 4 times the best.
    rates = mixture([web, books], there, None, 4)
    assert rates[1] == [0.5]
    assert rates[0] == [0.0, 1.3, 4.0]
    weights = [Portion("a", 0, ((1.0, 1.0),), weight=1), Portion("b", 1, ((1.0, 1.0),), weight=3)]
    assert mixture(weights, [np.array([100]), np.array([60])], None, 4) == [[0.2], [1.0]]
    assert mixture(weights, [np.array([100]), np.array([60])], 200, 4) == [[0.5], [2.5]]

"""A changed policy costs what it touches: nothing is parsed or measured twice, the bytes agree."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support import fasttext_models
from support.runs import fingerprint

from cleaner.job.job_file import parse_job
from cleaner.job.plan import Plan, make_plan
from cleaner.runs.driver import run_plan
from cleaner.runs.phases.build import build_phases
from cleaner.runs.phases.map import MapSettings
from cleaner.runs.phases.recall import Aligned, aligned
from cleaner.runs.reuse_forecast import foresee

PAGES = Path(__file__).parents[2] / "samples" / "pages.parquet"
RULES = """
title: ours
source: {{cite: nobody}}
rules:
- {{name: long, keep: words > {words}}}
- {{name: mean, keep: mean_word_length > {mean}}}
"""
COSTLY = ("pages", "measured", "read")


class Place:
    """A folder with pages, a model and filters of ours."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        pages = pl.read_parquet(PAGES)
        for number in range(2):
            some = pages[number * 30 : number * 30 + 30]
            some.write_parquet(folder / f"p{number}.parquet", row_group_size=10)
        pages[60:70].write_parquet(folder / "another.parquet")
        fasttext_models.train(folder / "math.bin")

    def stages(
        self, keep: Any = ("en", "zh"), sure: float = 0.5, words: int = 60, mean: float = 4.3,
        score: Any = 0.45, last: float = 0.9,
    ) -> list[Any]:  # fmt: skip
        """Return stages of every kind that only judges, with their limits."""
        rules = self.folder / f"{words}-{mean}.yaml"
        rules.write_text(RULES.format(words=words, mean=mean))
        cut = score if isinstance(score, dict) else {"min_score": score}
        model = {"model": str(self.folder / "math.bin"), "label": "math", **cut}
        return [
            {"extract": {}},
            {"language": {"keep": list(keep), "min_score": sure}},
            {"filter": {"name": str(rules)}},
            {"filter": {"name": "gopher_quality"}},
            {"classify": model},
            {"exact_dedup": {}},
            {"sample": {"share": last}},
        ]

    def job(self, stages: list[Any], paths: str = "p*.parquet", **more: Any) -> dict[str, Any]:
        given = {"paths": str(self.folder / paths), "html": "html", "id": "id", "url": "url"}
        output = {"shard_bytes": 20_000}
        return {"name": "t", "input": given, "stages": stages, "output": output,
                "max_error_rate": 0.9, **more}  # fmt: skip


def planned(plain: Mapping[str, Any], folder: Path) -> Plan:
    return make_plan(parse_job(dict(plain)), out=str(folder), unit_limit=200_000)


def run(plain: Mapping[str, Any], folder: Path, *earlier: Path) -> dict[str, Any]:
    plan = planned(plain, folder)
    return run_plan(plan, str(folder), engine="inline", reuse=tuple(map(str, earlier)))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("place"))


@pytest.fixture(scope="module", params=[{}, {"shadow": "off"}], ids=["shadow", "no shadow"])
def more(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(request.param)


@pytest.fixture(scope="module")
def first(place: Place, more: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first") / "run"
    run(place.job(place.stages(), **more), folder)
    return folder


def moved(stages: list[Any], *order: int) -> list[Any]:
    return [stages[at] for at in order]


def with_option(stages: list[Any], at: int, **options: Any) -> list[Any]:
    ((name, given),) = stages[at].items()
    return [*stages[:at], {name: {**given, **options}}, *stages[at + 1 :]]


# What is changed, and whether a document may come back whose text is nowhere.
CHANGES: dict[str, tuple[Any, bool]] = {
    "tighter language": (lambda p: p.stages(sure=0.97), False),
    "tighter in the middle": (lambda p: p.stages(words=150, mean=4.6), False),
    "looser in the middle": (lambda p: p.stages(words=10, mean=3.5), True),
    "tighter classifier": (lambda p: p.stages(score=0.5), False),
    "looser classifier": (lambda p: p.stages(score=0.1), True),
    "fewer languages": (lambda p: p.stages(keep=["en"]), False),
    "more languages": (lambda p: p.stages(keep=["en", "zh", "de", "fr"]), True),
    "all at once": (lambda p: p.stages(["en"], 0.3, 20, 4.5, 0.3, 0.5), True),
    "a share of all": (lambda p: p.stages(score={"keep_share": 0.5}), True),
    "only tagged": (lambda p: with_option(p.stages(), 2, action="tag"), True),
    "judged in part": (lambda p: with_option(p.stages(), 3, where="lang = 'en'"), True),
    "another order": (lambda p: moved(p.stages(), 0, 2, 1, 4, 3, 5, 6), True),
    "one stage less": (lambda p: moved(p.stages(), 0, 1, 2, 4, 5, 6), True),
    "one stage more": (
        lambda p: [*p.stages()[:3], {"sample": {"share": 0.8}}, *p.stages()[3:]], False
    ),
    "another last stage": (lambda p: p.stages(last=0.4), False),
}  # fmt: skip
QUICK = (
    "tighter language",
    "looser in the middle",
    "all at once",
    "one stage more",
    "more languages",
)


@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in CHANGES],
)
def test_a_changed_policy_gives_the_bytes_of_a_fresh_run_and_measures_nothing_twice(
    name: str, place: Place, more: dict[str, Any], first: Path, tmp_path: Path
) -> None:
    make, comes_back = CHANGES[name]
    plain = place.job(make(place), **more)
    fresh = run(plain, tmp_path / "fresh")["spent"]
    spent = run(plain, tmp_path / "run", first)["spent"]
    assert fingerprint(tmp_path / "run") == fingerprint(tmp_path / "fresh")
    if more and comes_back:  # those documents alone are read again
        assert spent["pages"] < fresh["pages"]
        assert spent["read"] < fresh["read"]
    else:  # all that come back are of the shadow, where their texts are
        assert {what: spent[what] for what in COSTLY} == dict.fromkeys(COSTLY, 0)


@pytest.mark.slow
def test_a_signal_that_nobody_measured_is_measured_on_the_texts_at_hand(
    place: Place, more: dict[str, Any], first: Path, tmp_path: Path
) -> None:
    stages = place.stages()
    plain = place.job([*stages[:3], {"filter": "gopher_repetition"}, *stages[3:]], **more)
    run(plain, tmp_path / "fresh")
    spent = run(plain, tmp_path / "run", first)["spent"]
    assert fingerprint(tmp_path / "run") == fingerprint(tmp_path / "fresh")
    assert spent["measured"] > 0


def test_files_that_are_added_are_all_that_is_read_wherever_they_are_sorted(
    place: Place, more: dict[str, Any], first: Path, tmp_path: Path
) -> None:
    plain = place.job(place.stages(), "*.parquet", **more)
    run(plain, tmp_path / "fresh")
    spent = run(plain, tmp_path / "run", first)["spent"]
    assert fingerprint(tmp_path / "run") == fingerprint(tmp_path / "fresh")
    assert spent["read"] == 10  # the rows of another.parquet, which is now the first file


def test_a_stage_that_changes_texts_behind_is_a_reason_to_do_it_again(
    place: Place, first: Path, more: dict[str, Any], tmp_path: Path
) -> None:
    stages = place.stages(sure=0.6)
    plain = place.job([stages[0], {"normalise": {}}, *stages[1:]], **more)
    found = foresee(planned(plain, tmp_path / "run"), [str(tmp_path / "run"), str(first)])
    assert (found[0].taken, found[0].again) == (0, 0)
    assert "nothing is judged again: texts are made otherwise" in found[0].why
    plain = place.job(stages, **more)
    found = foresee(planned(plain, tmp_path / "run"), [str(tmp_path / "run"), str(first)])
    assert (found[0].taken, found[0].again) == (0, found[0].units)
    assert found[0].why == ("stage 1 language: min_score 0.5 -> 0.6",)


def test_what_is_damaged_of_an_earlier_run_is_measured_again(
    place: Place, first: Path, more: dict[str, Any], tmp_path: Path
) -> None:
    shutil.copytree(first, tmp_path / "first")
    for path in (tmp_path / "first/_work/00-map/data").glob("000001.*.record"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    plain = place.job(place.stages(sure=0.97), **more)
    spent = run(plain, tmp_path / "run", tmp_path / "first")["spent"]
    run(plain, tmp_path / "fresh")
    assert fingerprint(tmp_path / "run") == fingerprint(tmp_path / "fresh")
    assert 0 < spent["read"] < 60


def test_a_page_without_words_is_measured_behind_the_stage_where_it_falls(
    tmp_path: Path, more: dict[str, Any]
) -> None:
    pages = ["<p>" + "A river ran by the town and its mill. " * 9, "<p> </p>", "<p>短</p>"] * 2
    docs = pl.DataFrame({"html": pages, "id": list("abcdef"), "url": ["http://a.example/"] * 6})
    docs.write_parquet(tmp_path / "p.parquet")
    given = {"paths": str(tmp_path / "p.parquet"), "html": "html", "id": "id", "url": "url"}

    def job(sure: float) -> dict[str, Any]:
        stages = [{"extract": {}}, {"normalise": {}}, {"language": {"min_score": sure}}]
        return {"name": "t", "input": given, "stages": stages, **more}

    run(job(0.5), tmp_path / "first")
    run(job(0.6), tmp_path / "fresh")
    run(job(0.6), tmp_path / "run", tmp_path / "first")
    assert fingerprint(tmp_path / "run") == fingerprint(tmp_path / "fresh")


def test_scores_whose_names_end_like_ours_stay_apart(tmp_path: Path, more: dict[str, Any]) -> None:
    texts = [
        " ".join(words) + f" {n}" for n in range(20) for words in (["proof"] * n, ["news"] * 5)
    ]
    pl.DataFrame({"text": texts, "id": [f"d{n}" for n in range(40)]}).write_parquet(
        tmp_path / "t.parquet"
    )
    fasttext_models.train(tmp_path / "m.bin")
    labels = {"s": "math", "s_later": "web", "s_again": "web", "s_recall": "web", "s_ghost": "web"}

    def job(cut: float) -> dict[str, Any]:
        first, *others = (
            {"classify": {"model": str(tmp_path / "m.bin"), "label": label, "as": name,
                          "min_score": 0.0}} for name, label in labels.items()
        )  # fmt: skip
        others[-1]["classify"]["min_score"] = cut
        stages = [first, {"exact_dedup": {}}, *others]
        given = {"paths": str(tmp_path / "t.parquet"), "text": "text", "id": "id"}
        return {"name": "t", "input": given, "stages": stages, **more}

    run(job(0.1), tmp_path / "first")
    run(job(0.6), tmp_path / "fresh")
    run(job(0.6), tmp_path / "run", tmp_path / "first")
    assert fingerprint(tmp_path / "run") == fingerprint(tmp_path / "fresh")
    ledger = pl.read_parquet(tmp_path / "run/ledger/*.parquet").filter(pl.col("fate") == "kept")
    assert 0 < len(ledger) < 40
    for name in list(labels)[1:]:
        assert (ledger["s"] + ledger[name] - 1).abs().max() < 1e-3  # of two labels


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("language sample", "language sample", 2),
        ("language sample", "language less", 1),
        ("language sample", "sample language", 0),
        # A filter's rules are judged again: what they say of a row is not all in its record.
        ("language filter sample", "language filter less", 1),
        ("language filter", "language filter", 1),
    ],
)
def test_the_first_stages_that_decide_as_they_did_are_known(
    before: str, after: str, same: int, tmp_path: Path
) -> None:
    pl.DataFrame({"text": ["a few words"]}).write_parquet(tmp_path / "in.parquet")
    kinds: dict[str, Any] = {"language": {"language": {}}, "filter": {"filter": "gopher_quality"},
             "sample": {"sample": {"share": 0.9}}, "less": {"sample": {"share": 0.4}}}  # fmt: skip

    def settings(said: str) -> MapSettings:
        given = {"paths": str(tmp_path / "in.parquet"), "text": "text"}
        stages = [kinds[name] for name in said.split()]
        plan = planned({"name": "t", "input": given, "stages": stages}, tmp_path / "run")
        made = build_phases(plan)[0].options
        assert isinstance(made, MapSettings)
        return made

    found = aligned(settings(before), settings(after))
    assert isinstance(found, Aligned)
    assert found.same == same

"""Held out: whole pages, no near duplicate of one trained on, the same for any order."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml
from support.commands import command
from support.corpus_maker import job

from cleaner.api import run
from cleaner.errors import JobError
from cleaner.results.finished import Run, explain, verify
from cleaner.runs.derived import make
from cleaner.runs.export import plan_export
from cleaner.runs.phases.held_out import FIRST, apart, held_out

WORDS = ["river", "stone", "proof", "number", "light", "house", "garden", "winter", "engine"]


def pages(count: int) -> pl.DataFrame:
    """Return pages, each third of two documents, each fifth with a near copy elsewhere."""
    rng = np.random.default_rng(3)
    rows: list[tuple[str, str]] = []
    for n in range(count):
        url = f"https://site{n % 9}.example/page/{n}"
        text = f"Page {n}. " + " ".join(rng.choice(WORDS, 70))
        rows.append((text, url))
        if n % 3 == 0:
            other = f"Comments on {n}: {' '.join(rng.choice(WORDS, 60))}"
            rows.append((other, f"HTTPS://SITE{n % 9}.example:443/page/{n}/#c"))
        if n % 5 == 0:
            rows.append((f"{text} again", f"https://mirror.example/{n}"))
    return pl.DataFrame(rows, ["text", "url"], orient="row").with_columns(
        id=pl.int_range(pl.len()).cast(pl.String), source=pl.lit("s")
    )


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "a.parquet"
    pages(300).write_parquet(path)
    return path


def held(corpus: Path, out: Path, **output: Any) -> Run:
    plain = job([corpus], {"near_dedup": {}})
    plain["output"] |= {"held_out": {"share": 0.2}, "shard_bytes": 30_000, **output}
    return run(plain, str(out), engine="inline")


def sides(made: Run) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return what is trained on and what is held out."""
    folder = Path(made.path)
    return (
        pl.read_parquet(folder / "shards/*.parquet"),
        pl.read_parquet(folder / "held_out/*.parquet"),
    )


def shingles(text: str) -> set[tuple[str, ...]]:
    words = text.lower().split()
    return set(zip(*(words[k:] for k in range(5)), strict=False))


def test_no_page_and_no_near_duplicate_is_on_both_sides(corpus: Path, tmp_path: Path) -> None:
    made = held(corpus, tmp_path / "run")
    trained, kept_out = sides(made)
    assert len(trained) + len(kept_out) == made.manifest["rows"]["kept"]
    assert 0.1 < len(kept_out) / made.manifest["rows"]["kept"] < 0.3

    def page(url: str) -> str:
        return url.lower().replace(":443", "").split("#")[0].rstrip("/")

    assert not set(map(page, trained["url"])) & set(map(page, kept_out["url"]))
    both = [page(url) for url in kept_out["url"]]
    assert len(both) > len(set(both))  # pages with two documents are among them
    there = [shingles(text) for text in trained["text"]]
    for text in kept_out["text"]:
        mine = shingles(text)
        assert max(len(mine & other) / len(mine | other) for other in there) < 0.8
    assert verify(made) == []


def test_the_same_pages_are_held_out_whatever_the_order(corpus: Path, tmp_path: Path) -> None:
    one = held(corpus, tmp_path / "one")
    two = held(corpus, tmp_path / "two", shuffle_seed=9, shards={"at_least": 7})
    assert sorted(sides(one)[1]["id"]) == sorted(sides(two)[1]["id"])
    assert sides(one)[0]["id"].to_list() != sides(two)[0]["id"].to_list()
    assert len(list((tmp_path / "two/shards").iterdir())) >= 7


def test_the_ledger_the_card_and_an_export_keep_the_sides_apart(
    corpus: Path, tmp_path: Path
) -> None:
    made = held(corpus, tmp_path / "run")
    name = sides(made)[1]["id"][0]
    (found,) = explain(made, name)
    assert found.verdict.startswith("kept: held_out/part-")
    header = yaml.safe_load((tmp_path / "run/README.md").read_text().split("---\n")[1])
    splits = [one["split"] for one in header["configs"][0]["data_files"]]
    assert splits == ["train", "validation"]
    out = tmp_path / "yuan"
    make(plan_export(made.path, "yuan_text"), str(out), engine="inline")
    assert {path.suffix for path in (out / "shards").iterdir()} == {".txt"}
    rows = sum(len(path.read_text().splitlines()) for path in (out / "held_out").iterdir())
    assert rows == len(sides(made)[1])
    (tmp_path / "run/held_out/more.txt").write_text("x")
    assert verify(made) == ["held_out/more.txt: not in the manifest"]


def test_a_run_says_what_lies_where(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    plain = job([corpus], {"near_dedup": {}})
    plain["output"] |= {"held_out": {"share": 0.2}, "shard_bytes": 30_000}
    (tmp_path / "job.yaml").write_text(yaml.safe_dump(plain))
    words = ("run", str(tmp_path / "job.yaml"), "--out", str(tmp_path / "run"))
    assert command(monkeypatch, *words, "--engine", "inline") == 0
    said = capsys.readouterr().out.splitlines()[-2:]
    counts = [len(list((tmp_path / "run" / name).iterdir())) for name in ("shards", "held_out")]
    assert said == [
        f"{counts[0]} shards in {tmp_path}/run/shards",
        f"{counts[1]} shards in {tmp_path}/run/held_out",
    ]


@pytest.mark.parametrize(
    "stages", [[], [{"near_dedup": {"action": "tag"}}], [{"near_dedup": {"where": "words > 3"}}],
               [{"near_dedup": {"within": "source"}}], [{"exact_dedup": {}}]]
)  # fmt: skip
def test_a_job_that_leaves_near_duplicates_holds_nothing_out(
    stages: list[Any], corpus: Path, tmp_path: Path
) -> None:
    plain = job([corpus], *stages)
    plain["output"]["held_out"] = {"share": 0.1}
    with pytest.raises(JobError, match="near duplicates of all documents"):
        run(plain, str(tmp_path / "run"), engine="inline")


def test_a_share_so_small_that_none_is_held_out_leaves_no_empty_shard(
    corpus: Path, tmp_path: Path
) -> None:
    made = held(corpus, tmp_path / "run", held_out={"share": 1e-9})
    assert not (tmp_path / "run/held_out").exists()
    assert verify(made) == []


def test_places_of_the_held_out_lie_behind_all_others() -> None:
    order = pl.Series("shuffle", [0, 255, 256, 2**64 - 1, 2**63], dtype=pl.UInt64)
    others = apart(order, np.zeros(5, bool)).to_list()
    assert others == [0, 255, 255, FIRST - 1, 2**63 - 2**55]
    assert max(others) < FIRST
    assert min(apart(order, np.ones(5, bool)).to_list()) == FIRST
    assert max(apart(order, np.ones(5, bool)).to_list()) == 2**64 - 1


def test_the_share_is_of_pages() -> None:
    docs = pl.DataFrame({
        "file": pl.Series([0] * 4_000, dtype=pl.UInt32),
        "row": pl.Series(range(4_000), dtype=pl.UInt64),
        "url": [None if n % 2 else f"https://a.example/{n // 4}" for n in range(4_000)],
    })  # fmt: skip
    assert abs(held_out(docs, 0.25).mean() - 0.25) < 0.03
    assert held_out(docs, 0.25)[::4].tolist() == held_out(docs, 0.25)[2::4].tolist()


def test_what_is_held_out_is_not_among_what_is_trained_on(corpus: Path, tmp_path: Path) -> None:
    made = held(corpus, tmp_path / "run")
    apart, rest = made.held_out().collect(), made.kept().collect()
    assert (len(apart), len(rest)) == tuple(
        sum(one["rows"] for one in made.manifest["outputs"] if one["path"].startswith(place))
        for place in ("held_out/", "shards/")
    )
    assert not set(apart["id"]) & set(rest["id"])
    none = held(corpus, tmp_path / "none", held_out={"share": 1e-9})
    assert none.held_out().collect().height == 0
    assert none.held_out().collect_schema() == none.kept().collect_schema()

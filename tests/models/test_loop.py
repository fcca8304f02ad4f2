"""The recall loop: hosts teach what the seed did not know."""

import json
from pathlib import Path

import polars as pl
import pytest
from support.corpora_here import corpus, seeds
from support.fake_endpoint import completion, serving

from cleaner.errors import JobError
from cleaner.models.labelling import ask
from cleaner.models.labelling.loop import LoopSpec, loop

RUBRICS = Path(__file__).parents[2] / "jobs" / "rubrics"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask, "FIRST_WAIT", 0.001)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("corpus")
    pages = corpus()
    pages[:700].write_parquet(place / "a.parquet")
    pages[700:].write_parquet(place / "b.parquet")
    seeds_in = place / "seeds"
    seeds_in.mkdir()
    seeds(seeds_in)
    return place


def spec(folder: Path, out: Path, **changes: object) -> LoopSpec:
    options = {
        "out": str(out),
        "model": {
            "label": "math",
            "positives": {"paths": str(folder / "seeds" / "first.parquet")},
            "negatives": {"paths": str(folder / "seeds" / "web.parquet")},
            "fasttext": {"dim": 8, "bucket": 2000, "lr": 0.5, "epoch": 10},
            "balance": "none",
            "cut": {"score": 0.8},
        },
        "corpus": {"paths": [str(folder / "*.parquet")]},
        "host_pages": 20,
        "confirm": "all",
    }
    return LoopSpec.model_validate({**options, **changes})


def found(folder: Path, out: Path, number: int) -> dict[str, float]:
    """Return the share of each kind of page that a round recalled."""
    files = [pl.read_parquet(folder / name) for name in ("a.parquet", "b.parquet")]
    pages = pl.concat(
        [
            f.with_columns(file=pl.lit(n, pl.UInt32), row=pl.int_range(pl.len()).cast(pl.UInt64))
            for n, f in enumerate(files)
        ]
    )
    recalled = pl.read_parquet(out / f"round-{number}" / "recalled.parquet")
    hit = pages.join(recalled.with_columns(hit=True), on=["file", "row"], how="left")
    return dict(hit.group_by("kind").agg(pl.col("hit").fill_null(False).mean()).iter_rows())


def test_pages_of_confirmed_hosts_teach_the_next_round(folder: Path, tmp_path: Path) -> None:
    done = loop(spec(folder, tmp_path))
    first, last = found(folder, tmp_path, 1), found(folder, tmp_path, len(done.rounds))
    assert first["first"] > 0.9
    assert first["second"] < 0.8
    assert last["second"] > 0.95 > 0.1 > last["web"]
    assert done.rounds[0]["candidates"] == done.rounds[0]["confirmed"] == 6
    assert [row["round"] for row in done.rows()] == list(range(1, len(done.rounds) + 1))
    assert done.rounds[-1]["new_share"] < 0.02
    assert "ended" in done.text()
    assert json.loads((tmp_path / "rounds.json").read_bytes()) == done.rows()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}
    assert loop(spec(folder, tmp_path)) == done  # nothing is done twice
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}


def test_the_loop_repeats_itself(folder: Path, tmp_path: Path) -> None:
    stop = {"rounds": 2, "new": 0}
    one = loop(spec(folder, tmp_path / "one", stop=stop, threads=1))
    two = loop(spec(folder, tmp_path / "two", stop=stop, threads=2))
    assert one.rounds == two.rounds
    for name in ("round-2/model.bin", "round-2/recalled.parquet", "round-2/added.parquet"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_person_decides(folder: Path, tmp_path: Path) -> None:
    asked = spec(folder, tmp_path, confirm="list", top=20, stop={"rounds": 2, "new": 0})
    waiting = loop(asked)
    assert not waiting.rounds
    assert "decide the hosts marked ?" in waiting.text()
    table = tmp_path / "hosts.tsv"
    lines = table.read_text().splitlines()
    assert len(lines) == 7
    assert all(line.startswith("?\tmath") for line in lines[1:])
    assert loop(asked).text() == waiting.text()
    decided = ["no", "/0,/1", "yes", "yes", "yes", "yes"]
    table.write_text(
        "\n".join(
            f"{d}\t{line.split(chr(9))[1]}" for d, line in zip(decided, lines[1:], strict=True)
        )
    )
    done = loop(asked)
    assert done.rounds[0]["confirmed"] == 5
    added = pl.read_parquet(tmp_path / "round-1" / "added.parquet")
    names = [line.split("\t")[1] for line in lines[1:]]
    counts = dict(added.group_by("source").len().iter_rows())
    assert names[0] not in counts
    assert 20 <= counts[names[1]] < 40 == counts[names[2]]
    table.write_text("maybe\tmath1.example\n")
    with pytest.raises(JobError, match=r"hosts\.tsv:1: a line is yes, no"):
        loop(asked.model_copy(update={"out": str(tmp_path)}).model_copy(
            update={"stop": asked.stop.model_copy(update={"rounds": 3})}
        ))  # fmt: skip


def test_a_model_confirms(folder: Path, tmp_path: Path) -> None:
    """A judge that dislikes one host keeps it out; best documents must please it one by one."""
    texts = pl.concat([pl.read_parquet(folder / n) for n in ("a.parquet", "b.parquet")])
    host = dict(zip(texts["text"], texts["url"].str.extract(r"//([^/]+)"), strict=True))
    kind = dict(zip(texts["text"], texts["kind"], strict=True))

    def script(_: int, page: str) -> str:
        bad = host[page] == "math0.example" or kind[page] == "web"
        return completion(1 if bad else 4)

    with serving(script) as server:
        judge = {
            "rubric": str(RUBRICS / "math_en.yaml"),
            "good": [3, 4, 5],
            "sample": 6,
            "endpoint": {"base_url": server.url, "model": "m"},
            "budget": {"requests": 500, "tokens": 10**7},
        }
        done = loop(spec(folder, tmp_path, confirm=judge, top=30, stop={"rounds": 2, "new": 0}))
        assert done.rounds[0]["candidates"] == 6
        assert done.rounds[0]["confirmed"] == 5
        added = pl.read_parquet(tmp_path / "round-2" / "added.parquet")
        assert "math0.example" not in added["source"].to_list()
        asked = sum(server.pages.values())
        assert asked <= 2 * (36 + 30) * 1.1
        loop(spec(folder, tmp_path, confirm=judge, top=30, stop={"rounds": 2, "new": 0}))
        assert sum(server.pages.values()) == asked
        judge["good"] = [7]
        with pytest.raises(JobError, match="no answer 7 to call good"):
            loop(spec(folder, tmp_path, confirm=judge))


def test_another_loop_in_the_same_folder(folder: Path, tmp_path: Path) -> None:
    loop(spec(folder, tmp_path, stop={"rounds": 1}))
    other = spec(folder, tmp_path)
    other = other.model_copy(update={"model": {**other.model, "cut": {"score": 0.9}}})
    with pytest.raises(JobError, match="begun with another model or corpus"):
        loop(other)

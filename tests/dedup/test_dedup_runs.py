"""Duplicates through whole runs: alone, and against what earlier runs kept."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duplicates_twin as twin
import numpy as np
import polars as pl
import pytest
from corpus_maker import job

from cleaner.api import run
from cleaner.inspect import Run, explain, verify

ALL: list[Any] = [
    {"exact_dedup": {}},
    {"line_dedup": {"min_documents": 3}},
    {"near_dedup": {"threshold": 0.7, "bands": 40, "rows": 4}},  # which misses next to nothing
]


def prose(topic: str, words: int = 60) -> str:
    return " ".join(f"{topic}{k}" for k in range(words))


def write(path: Path, texts: Sequence[str | None], **columns: Sequence[Any]) -> Path:
    """Write texts as a corpus whose ids are the name of the file and the row."""
    ids = [f"{path.stem}-{row}" for row in range(len(texts))]
    urls = [f"https://host.example/{path.stem}/{row}" for row in range(len(texts))]
    sources = [path.stem] * len(texts)
    frame = pl.DataFrame(
        {"id": ids, "text": texts, "url": urls, "source": sources, **columns},
        schema_overrides={"text": pl.String},
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path, row_group_size=5)
    return path


def done(folder: Path, paths: Sequence[Path], *stages: Any, **more: Any) -> Run:
    return run(job(paths, *stages, **more), str(folder), engine="inline")


def kept(made: Run) -> list[str]:
    return made.kept().select("text").collect()["text"].sort().to_list()


def fates(made: Run) -> dict[str, tuple[str, str | None]]:
    """Return by id the reason a document fell for, and whom it lost to."""
    rows = made.ledger().select("id", "reason", "duplicate_of").rows()
    return {name: (reason, of) for name, reason, of in rows}


def fingerprint(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every product of a run, its index among them."""
    places = ("shards", "ledger", "clusters", "index")
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for place in places
        for path in sorted((folder / place).rglob("*"))
        if path.is_file()
    }


def stats(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "stats.json").read_text())


def against(stages: Sequence[Any], *runs: Path) -> list[Any]:
    """Return dedup stages held against some runs."""
    return [
        {name: {**options, "against": [str(folder) for folder in runs]}}
        for stage in stages
        for name, options in stage.items()
    ]


# --- against an earlier run ---------------------------------------------------------------------


@pytest.fixture
def crawls(tmp_path: Path) -> list[Path]:
    """Three crawls of 40 pages each; a later one repeats pages of those before, edited or not."""
    rng = np.random.default_rng(0)
    pages: list[str] = []
    found = []
    for number in range(3):
        texts = [prose(f"c{number}p{page}w") for page in range(20)]
        for old in rng.choice(len(pages), 20) if pages else range(20):
            words = (pages[old] if pages else texts[old]).split(" ")
            words[int(rng.integers(len(words)))] = f"edit{number}x{old}"
            texts.append(" ".join(words))
        pages += texts
        found.append(write(tmp_path / f"in/crawl{number}.parquet", texts))
    return found


def alike(texts: Sequence[str], threshold: float) -> list[tuple[int, int]]:
    """Return the pairs of texts whose true Jaccard is at least the threshold."""
    sets = [twin.shingles(text) for text in texts]
    return [
        (i, j)
        for i in range(len(sets))
        for j in range(i)
        if twin.jaccard(sets[i], sets[j]) >= threshold
    ]


def test_a_run_against_another_leaves_no_duplicate_between_them(
    crawls: list[Path], tmp_path: Path
) -> None:
    first = done(tmp_path / "a", crawls[:1], *ALL)
    second = done(tmp_path / "b", crawls[1:2], *against(ALL, tmp_path / "a"))
    assert 0 < len(kept(second)) < 40
    assert alike([*kept(first), *kept(second)], 0.7) == []
    assert alike([*kept(first), *kept(done(tmp_path / "alone", crawls[1:2], *ALL))], 0.7) != []


def test_a_chain_of_runs_is_held_against_all_before(crawls: list[Path], tmp_path: Path) -> None:
    folders = [tmp_path / name for name in "abc"]
    made = [
        done(folder, [crawl], *against(ALL, *folders[:number]))
        for number, (folder, crawl) in enumerate(zip(folders, crawls, strict=True))
    ]
    assert alike([text for one in made for text in kept(one)], 0.7) == []
    lost = made[2].ledger().filter(pl.col("duplicate_of").str.contains(":"))
    runs = {of.rsplit(":", 1)[0] for of in lost["duplicate_of"]}
    assert runs == {str(folder) for folder in folders[:2]}


def test_a_document_that_fell_later_in_the_earlier_run_takes_nothing_out(tmp_path: Path) -> None:
    """Only what the earlier run kept to its end counts, not what passed the stage."""
    texts = [prose("short", 30), prose("long", 90)]
    one, two = write(tmp_path / "one.parquet", texts), write(tmp_path / "two.parquet", texts)
    rules = tmp_path / "long_only.yaml"
    rules.write_text("title: t\nsource: {cite: ours}\nrules:\n  - {name: long, keep: words > 60}\n")
    stages: list[Any] = [{"exact_dedup": {}}, {"near_dedup": {}}]
    done(tmp_path / "a", [one], *stages, {"filter": str(rules)})
    for stage in stages:
        made = done(tmp_path / f"b-{next(iter(stage))}", [two], *against([stage], tmp_path / "a"))
        assert kept(made) == [texts[0]]


def test_lines_are_counted_over_the_runs(tmp_path: Path) -> None:
    line = "Subscribe to our newsletter for more stories"
    rare = "This sentence stands in one document of each"
    one = write(tmp_path / "one.parquet", [f"{prose(f'a{i}')}\n{line}" for i in range(2)])
    two = write(tmp_path / "two.parquet", [f"{prose('b')}\n{line}\n{rare}"])
    stages = [{"line_dedup": {"min_documents": 3}}]
    first = done(tmp_path / "a", [one], *stages)
    assert all(line in text for text in kept(first))
    assert kept(done(tmp_path / "alone", [two], *stages)) == [f"{prose('b')}\n{line}\n{rare}"]
    assert kept(done(tmp_path / "b", [two], *against(stages, tmp_path / "a"))) == [
        f"{prose('b')}\n{rare}"
    ]


def test_what_fell_names_the_run_and_the_document(tmp_path: Path) -> None:
    page = prose("page")
    one = write(tmp_path / "one.parquet", [page, prose("other")])
    two = write(tmp_path / "two.parquet", [page.upper(), f"{prose('other')} more", prose("new")])
    stages: list[Any] = [{"exact_dedup": {}}, {"near_dedup": {}}]
    a, b = tmp_path / "a", tmp_path / "b"
    done(a, [one], *stages)
    made = done(b, [two], *against(stages, a))
    assert fates(made) == {
        "two-0": ("exact_duplicate", f"{a}:one-0"),
        "two-1": ("near_duplicate", f"{a}:one-1"),
        "two-2": (None, None),
    }
    assert made.ledger()["duplicate_row"].to_list() == [None, None, None]
    (told,) = explain(made, "two-1")
    jaccard = twin.jaccard(twin.shingles(prose("other")), twin.shingles(f"{prose('other')} more"))
    assert told.verdict == (
        f"dropped at 1.near_dedup: near_duplicate of one-1, which the run {a} kept, with Jaccard "
        f"{jaccard:.3f}"
    )
    (partner,) = told.chain
    assert partner.startswith(f"{a}: one-1: kept: shards/part-00000-of-")
    assert made.clusters()["kept"].to_list() == [f"{a}:one-0", f"{a}:one-1"]
    assert made.clusters()["kept_row"].to_list() == [None, None]
    found = stats(b)["dedup"]
    assert found["0.exact_dedup"]["losses"] == [["two", f"{a}:one", 1, 1]]
    assert found["1.near_dedup"]["dropped"] == 1
    assert verify(made) == []

"""Duplicates through whole runs: alone, and against what earlier runs kept."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from support import duplicates_reference as reference
from support.corpus_maker import job, write_parquet

from cleaner.api import run
from cleaner.errors import JobError
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.results.finished import Run, explain, verify
from cleaner.runs.driver import run_plan
from cleaner.stages import global_stage
from cleaner.storage.commits import committed

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
    return run(job(paths, *stages, **more), str(folder), engine="inline", replace=True)


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
    sets = [reference.shingles(text) for text in texts]
    return [
        (i, j)
        for i in range(len(sets))
        for j in range(i)
        if reference.jaccard(sets[i], sets[j]) >= threshold
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
    jaccard = reference.jaccard(
        reference.shingles(prose("other")), reference.shingles(f"{prose('other')} more")
    )
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
    assert found["1.near_dedup"]["dropped"] == found["1.near_dedup"]["for_earlier_runs"] == 1
    assert verify(made) == []


@pytest.mark.parametrize("stage", ["exact_dedup", "near_dedup", "line_dedup"])
def test_a_run_without_what_is_asked_of_it_is_refused(tmp_path: Path, stage: str) -> None:
    path = write(tmp_path / "one.parquet", [prose("a"), prose("b")])

    def refused(folder: Path, **options: Any) -> str:
        asked = {stage: {**options, "against": str(folder)}}
        with pytest.raises(JobError) as error:
            make_plan(parse_job(job([path], asked)))
        return str(error.value)

    nowhere = tmp_path / "nowhere"
    assert refused(nowhere) == (
        f"stages.0.{stage}: against: {nowhere} is not a run folder: it has no job.yaml"
    )
    a = tmp_path / "a"
    done(a, [path], {"sample": {"share": 1}})
    assert refused(a) == (
        f"stages.0.{stage}: against: the run {a} has no stage {stage}; it has an index of: none"
    )
    done(a, [path], {stage: {}})
    assert make_plan(parse_job(job([path], {stage: {"against": str(a)}}))).indexes
    said = refused(a, within="source")
    assert said == (
        f"stages.0.{stage}: against: the run {a} looked for duplicates with other settings, so "
        f"the two cannot be compared: 0.{stage} has within: all (here source)"
    )
    with pytest.raises(JobError, match="the folder of this run itself"):
        done(a, [path], {stage: {"against": str(a)}})
    assert (a / "manifest.json").exists()
    file = next((a / "index").rglob("*.arrow"))
    file.rename(tmp_path / "moved")
    assert refused(a) == f"stages.0.{stage}: against: {file} is gone; run {a} again"
    (a / "manifest.json").unlink()
    assert "is not finished" in refused(a)


def test_a_banding_that_differs_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "one.parquet", [prose("a")])
    done(tmp_path / "a", [path], {"near_dedup": "fineweb"})
    asked = {"near_dedup": {"preset": "curator", "against": str(tmp_path / "a")}}
    with pytest.raises(JobError, match=r"has bands: 14 \(here 20\), rows: 8 \(here 13\)$"):
        make_plan(parse_job(job([path], asked)))


def test_another_index_is_another_run(tmp_path: Path) -> None:
    """What a run is held against is part of what it is: it is not taken for done."""
    one = write(tmp_path / "one.parquet", [prose("a"), prose("b")])
    two = write(tmp_path / "two.parquet", [prose("a"), prose("b")])
    a, b = tmp_path / "a", tmp_path / "b"
    stages = [{"exact_dedup": {}}]
    done(a, [one], *stages, {"sample": {"documents": 1, "seed": 1}})
    assert len(kept(done(b, [two], *against(stages, a)))) == 1
    done(a, [one], *stages)
    assert kept(done(b, [two], *against(stages, a))) == []


def test_an_index_outlives_the_intermediate_results(tmp_path: Path) -> None:
    one, two = (write(tmp_path / f"{name}.parquet", [prose("a")]) for name in ("one", "two"))
    a = tmp_path / "a"
    done(a, [one], *ALL)
    shutil.rmtree(a / "_work")
    assert kept(done(tmp_path / "b", [two], *against(ALL, a))) == []


# --- what stays and what falls -------------------------------------------------------------------

CHINESE = "数学分析研究实数函数的极限连续与微分以及它们在几何物理中的应用"
TRADITIONAL = "數學分析研究實數函數的極限連續與微分以及它們在幾何物理中的應用"


def test_copies_in_other_characters_fall_and_other_numbers_stay(tmp_path: Path) -> None:
    """Each text with the one it falls for; None: it stays."""
    exercise = "Tom buys {} apples at {} cents each and pays with a note of {} cents."
    menu = " ".join(f"menu{k}" for k in range(150))
    long = "".join(chr(0x4E00 + k) for k in range(200))
    edited = long[:99] + "甲" + long[100:]
    spread = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in prose("Wide"))
    table: list[tuple[str | None, int | None]] = [
        (CHINESE, None),
        (TRADITIONAL, 0),
        (prose("Wide"), None),
        (spread, 2),
        (exercise.format(3, 20, 100), None),
        (exercise.format(4, 30, 200), None),
        (long, None),
        (edited, 6),
        ("short  TEXT here", None),
        ("Short text here", 8),
        ("Short text there", None),
        ("", None),
        ("!?", None),
        (None, None),
        (f"{menu} {prose('story', 60)}", None),
        (f"{menu} {prose('report', 60)}", None),
    ]
    path = write(tmp_path / "one.parquet", [text for text, _ in table])
    whole = {"max_error_rate": 1.0}  # a null text is a failed one
    made = done(
        tmp_path / "a", [path], {"exact_dedup": {}}, {"near_dedup": {"threshold": 0.75}}, **whole
    )
    found = {row: partner for row, partner in made.ledger().select("row", "duplicate_row").rows()}
    assert found == {row: partner for row, (_, partner) in enumerate(table)}
    rest = dict(made.ledger().filter(pl.col("fate") != "kept").select("row", "reason").rows())
    assert [rest[row] for row in (11, 12, 13)] == ["empty", "empty", None]
    assert rest[7] == "near_duplicate"
    near = done(tmp_path / "b", [path], {"near_dedup": {"threshold": 0.75}}, **whole)
    fell = {row for row, (_, partner) in enumerate(table) if partner is not None}
    lost = near.ledger().filter(pl.col("reason") == "near_duplicate")
    assert set(lost["row"]) == fell
    assert lost.filter(pl.col("row") != 7)["jaccard"].to_list() == [1.0] * 3


@pytest.mark.parametrize("stage", ["exact_dedup", "near_dedup"])
def test_a_tagged_duplicate_goes_on_and_names_its_partner(tmp_path: Path, stage: str) -> None:
    texts = [prose("a"), prose("b"), prose("a")]
    path = write(tmp_path / "one.parquet", texts)
    made = done(tmp_path / "a", [path], {stage: {"action": "tag"}})
    assert kept(made) == sorted(texts)
    kind = stage.replace("dedup", "duplicate")
    assert made.ledger().select("fate", "tagged", "duplicate_of").rows() == [
        ("kept", None, None), ("kept", None, None), ("kept", [f"0.{stage}:{kind}"], "one-0"),
    ]  # fmt: skip
    assert made.clusters().is_empty()
    (told,) = explain(made, "one-2")
    assert f", tagged 0.{stage}:{kind} of one-0" in told.verdict
    assert told.chain[0].startswith("one-0: kept")


def test_null_and_empty_keys_are_nobodys_duplicates(tmp_path: Path) -> None:
    path = write(
        tmp_path / "one.parquet", [prose(f"t{i}") for i in range(6)],
        key=[None, None, "", "", "Ａ", "a"],
    )  # fmt: skip
    plain = job([path], {"exact_dedup": {"on": "key"}})
    plain["input"][0]["read"] = ["key"]
    made = run(plain, str(tmp_path / "a"), engine="inline")
    assert fates(made)["one-5"] == ("exact_duplicate", "one-4")
    assert len(kept(made)) == 5


def test_every_jaccard_is_the_true_one_and_reaches_the_threshold(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    texts = []
    for page in range(30):
        words = prose(f"p{page}w", 40 + page).split(" ")
        for copy in range(4):
            edited = list(words)
            for at in rng.choice(len(words), int(rng.integers(0, 3)), replace=False):
                edited[at] = f"new{page}x{copy}x{at}"
            texts.append(" ".join(edited))
    path = write(tmp_path / "one.parquet", texts)
    made = done(tmp_path / "a", [path], {"near_dedup": {"threshold": 0.7}})
    lost = made.ledger().filter(pl.col("reason") == "near_duplicate")
    assert 30 < len(lost) < 90
    sets = [reference.shingles(text) for text in texts]
    for row, partner, jaccard in lost.select("row", "duplicate_row", "jaccard").rows():
        assert jaccard == pytest.approx(reference.jaccard(sets[row], sets[partner]), abs=1e-12)
        assert jaccard >= 0.7
    alive = dict(made.ledger().select("row", "fate").rows())
    assert {alive[row] for row in lost["duplicate_row"]} == {"kept"}


def test_a_source_that_loses_is_named_with_the_winner(tmp_path: Path) -> None:
    texts = [prose(f"t{i}") for i in range(8)]
    one = write(tmp_path / "one.parquet", texts)
    two = write(tmp_path / "two.parquet", [f"{text} more" for text in texts[:5]])
    done(tmp_path / "a", [one, two], {"near_dedup": {}})
    found = stats(tmp_path / "a")["dedup"]["0.near_dedup"]
    assert found["losses"] == [["one", "two", 5, 5]]
    assert found["cluster_size"] == [[2, 5]]
    assert found["dropped"] == sum(count for _, count in found["jaccard"]) == 5
    banding = found["banding"]
    assert (banding["sampled"], banding["pairs"], banding["recall"]) == (13, 5, 1.0)
    told = "\n".join(
        f"{one['heading']} {one['rows']}" for one in Run(str(tmp_path / "a")).stats["tables"]
    )
    assert "5 documents fell; 5 stay for others" in told
    assert "'source': 'one', 'lost to': 'two', 'documents': 5" in told
    assert "100.0% of 5 pairs of Jaccard 0.8 or more share a bucket" in told


def test_an_input_without_rows_has_no_duplicates(tmp_path: Path) -> None:
    path = write(tmp_path / "one.parquet", [])
    made = done(tmp_path / "a", [path], *ALL)
    assert made.manifest["rows"]["in"] == 0
    assert verify(made) == []
    two = write(tmp_path / "two.parquet", [prose("a")])
    assert kept(done(tmp_path / "b", [two], *against(ALL, tmp_path / "a"))) == [prose("a")]
    assert kept(done(tmp_path / "c", [path], *against(ALL, tmp_path / "b"))) == []


# --- the same bytes ------------------------------------------------------------------------------


def crowd(folder: Path) -> tuple[list[Path], list[Any]]:
    """Return two corpora with duplicates of every kind, and stages held against the first."""
    paths = [write_parquet(folder / f"in/{n}.parquet", 60, seed=n % 2) for n in range(3)]
    footer = "\nAll rights are reserved by the owners of this page"
    for path in paths:
        frame = pl.read_parquet(path)
        number = pl.int_range(pl.len())
        pl_text = pl.when(number % 3 == 0).then(pl.col("text") + footer).otherwise("text")
        frame.with_columns(text=pl_text).write_parquet(
            path, row_group_size=60
        )  # units of several parts
    return paths, ALL


GO = """
import json, sys
from cleaner.job.job_file import parse_job
from cleaner.job.plan import make_plan
from cleaner.runs.driver import run_plan
from cleaner.stages import global_stage
plain, folder, rows, parts = json.loads(sys.argv[1])
global_stage.PARTITION_ROWS, global_stage.MOST_PARTITIONS = rows, parts
run_plan(make_plan(parse_job(plain), unit_limit=9_000), folder, engine="inline")
"""


def apart(plain: dict[str, Any], folder: Path, **env: str) -> int:
    """Run a job in small units and partitions, in a process of its own."""
    asked = json.dumps([plain, str(folder), 300, 1024])
    return subprocess.run(
        [sys.executable, "-c", GO, asked], env={**os.environ, **env}, check=False
    ).returncode


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A finished run `a`, a job against it, and what that makes in small partitions: `whole`."""
    folder = tmp_path_factory.mktemp("made")
    paths, stages = crowd(folder)
    done(folder / "a", paths[:1], *stages)
    plain = job(paths[1:], *against(stages, folder / "a"))
    assert apart(plain, folder / "whole") == 0
    return folder, plain


def test_units_and_pieces_of_any_size_give_the_same_bytes(
    made: tuple[Path, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, plain = made
    plan = make_plan(parse_job(plain))
    run_plan(plan, str(tmp_path / "plain"), engine="inline")
    monkeypatch.setattr(global_stage, "MOST_PARTITIONS", 1)
    monkeypatch.setattr(global_stage, "PARTITION_ROWS", 70)
    small = make_plan(parse_job(plain), unit_limit=9_000)
    assert len(small.units) > len(plan.units)
    run_plan(small, str(tmp_path / "pieces"), engine="inline")
    pieces = committed(str(tmp_path / "pieces"), "08-2.near_dedup.pairs")
    assert max(len(parts) for parts in pieces.values()) > 10
    found = fingerprint(tmp_path / "plain")
    assert sum(name.startswith("index/") for name in found) == 3
    assert fingerprint(tmp_path / "pieces") == found
    assert stats(tmp_path / "pieces")["rows"] == stats(tmp_path / "plain")["rows"]
    # More partitions are other files of the index, and of nothing else.
    parted = fingerprint(folder / "whole")
    assert len(parted) > len(found)
    assert {n: h for n, h in parted.items() if not n.startswith("index/")} == {
        n: h for n, h in found.items() if not n.startswith("index/")
    }


def test_an_index_of_many_files_finds_the_same(
    made: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    folder, plain = made
    first = job([folder / "in/0.parquet"], *ALL)
    assert apart(first, tmp_path / "a") == 0
    files = [len(entry["files"]) for entry in Run(str(tmp_path / "a")).manifest["index"]]
    assert files == [1, 4, 8]
    moved = json.loads(json.dumps(plain).replace(str(folder / "a"), str(tmp_path / "a")))
    made_now = run(moved, str(tmp_path / "b"), engine="inline")
    whole = Run(str(folder / "whole"))
    columns = ["file", "row", "fate", "reason", "jaccard", "cluster_size"]
    assert made_now.ledger().select(columns).equals(whole.ledger().select(columns))
    names = made_now.ledger()["duplicate_of"].str.replace(str(tmp_path / "a"), str(folder / "a"))
    assert names.equals(whole.ledger()["duplicate_of"])
    lost = whole.ledger().filter(pl.col("duplicate_of").str.contains(":"))
    assert set(lost["reason"]) == {"exact_duplicate", "near_duplicate"}


@pytest.mark.slow
@pytest.mark.ray
def test_one_worker_and_two_give_the_same_bytes(
    made: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    _, plain = made
    for workers in (1, 2):
        run(plain, str(tmp_path / f"w{workers}"), engine="ray", workers=workers)
    run(plain, str(tmp_path / "inline"), engine="inline")
    found = [fingerprint(tmp_path / name) for name in ("w1", "w2", "inline")]
    assert found[0] == found[1] == found[2]
    counts = [stats(tmp_path / name) for name in ("w1", "w2", "inline")]
    assert counts[0] == counts[1] == counts[2]


def killed_in_turn(folder: Path, plain: dict[str, Any], points: Sequence[str], to: Path) -> None:
    """Kill one run at each point in turn, then finish it; it ends as if nothing had been."""
    for point in points:
        assert apart(plain, to, CLEANER_FAILPOINT=point) == -signal.SIGKILL, point
        assert not (to / "manifest.json").exists()
    assert apart(plain, to) == 0
    assert fingerprint(to) == fingerprint(folder / "whole")
    assert stats(to) == stats(folder / "whole")


def phases(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "_work").iterdir() if "dedup" in path.name)


def test_a_run_killed_in_the_steps_of_duplicates_ends_in_the_same_bytes(
    made: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    folder, plain = made
    points = [
        f"{phase}:{unit}:{point}"
        for step, unit, point in (
            ("2.near_dedup.sample", "*", "marker"),
            ("2.near_dedup.components", "*", "after"),
            ("2.near_dedup.sets", "earlier-00000", "data"),
            ("2.near_dedup.kept", "*", "marker"),
            ("2.near_dedup.index", "*", "marker"),
        )
        for phase in phases(folder / "whole")
        if phase.endswith(step)
    ]
    assert len(points) == 5
    points.insert(0, "00-map:*:after")  # part of a unit is committed
    killed_in_turn(folder, plain, points, tmp_path / "killed")


@pytest.mark.slow
@pytest.mark.parametrize("point", ["data", "marker", "after"])
def test_a_run_killed_in_each_step_of_duplicates_ends_in_the_same_bytes(
    made: tuple[Path, dict[str, Any]], tmp_path: Path, point: str
) -> None:
    folder, plain = made
    points = [f"{phase}:*:{point}" for phase in phases(folder / "whole")]
    assert len(points) == 2 + 2 + 6 + 6
    killed_in_turn(folder, plain, points, tmp_path / "killed")

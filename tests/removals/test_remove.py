"""Documents taken out of a finished run: what goes, what stays, what does not come back."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.corpus_maker import texts
from support.tokenizers_made import byte_bpe

import cleaner
from cleaner.dedup.tombstones import Tombstones
from cleaner.errors import InputError, JobError
from cleaner.removals.find import Listed, find, read_list
from cleaner.removals.search import holding
from cleaner.removals.take import take
from cleaner.results.finished import Run, explain, open_run, verify

COUNT = 120
DEDUP: list[Any] = [{"exact_dedup": {}}, {"near_dedup": {"preset": "fineweb"}}]


def corpus(folder: Path) -> Path:
    """Write texts of which every tenth is a near copy of the one before it."""
    path = folder / "in.parquet"
    made = texts(COUNT)
    urls = [f"https://site{k % 12}.example.org/page/{k}" for k in range(COUNT)]
    ids = [f"doc-{k}" for k in range(COUNT)]
    pl.DataFrame({"text": made, "url": urls, "id": ids}).write_parquet(path)
    return path


def job(path: Path, stages: list[Any] | None = None, **output: Any) -> dict[str, Any]:
    return {
        "name": "t",
        "input": {"paths": str(path), "text": "text", "url": "url", "id": "id"},
        "stages": DEDUP if stages is None else stages,
        "output": {"shard_tokens": 2_000, **output},
        "shadow": {"share": 0.5, "at_least": 50, "at_most": 1_000},
    }


def made(folder: Path, name: str = "run", **of: Any) -> Run:
    where = folder / name
    cleaner.run(job(corpus(folder), **of), str(where), engine="inline")
    return open_run(str(where))


def removed(run: Run, by: Any, *lines: str, **how: Any) -> tuple[Run, dict[str, Any]]:
    listed = read_list(by, "\n".join(lines).encode(), "list.txt")
    receipt, _ = take(run, listed, find(run, listed, **how))
    return open_run(run.path), receipt


def shards(run: Run) -> dict[str, str]:
    return {
        one["path"]: hashlib.sha256((Path(run.path) / one["path"]).read_bytes()).hexdigest()
        for one in run.manifest["outputs"]
    }


def ids(run: Run) -> list[str]:
    return run.kept().select("id").collect()["id"].to_list()


def near(run: Run) -> dict[str, Any]:
    """Return a document that fell as a near duplicate."""
    return (
        run.scan_ledger().filter(pl.col("reason") == "near_duplicate").collect().row(0, named=True)
    )


def test_only_the_shards_that_hold_it_change_and_the_rest_of_the_rows_keep_their_order(
    tmp_path: Path,
) -> None:
    run = made(tmp_path)
    before, order, mtimes = shards(run), ids(run), {}
    for path in before:
        mtimes[path] = os.stat(Path(run.path) / path).st_mtime_ns
    gone = run.find("doc-3").row(0, named=True)
    after, receipt = removed(run, "url", "HTTPS://SITE3.example.org/page/3#top")
    touched = run.manifest["outputs"][gone["shard"]]["path"]
    assert {path for path, sha in shards(after).items() if sha != before[path]} == {touched}
    assert all(
        os.stat(Path(run.path) / path).st_mtime_ns == mtimes[path]
        for path in before.keys() - {touched}
    )
    assert ids(after) == [name for name in order if name != "doc-3"]
    assert verify(after) == []
    assert set(receipt["files"]) >= {touched, "ledger/part-00000.parquet"}
    assert receipt["files"][touched] == {"before": before[touched], "after": shards(after)[touched]}
    assert receipt["lines"] == [
        {"documents": 1, "in_shards": 1, "fell_as_duplicates": 0, "fell_otherwise": 0}
    ]


def test_the_account_adds_up_and_every_place_is_right(tmp_path: Path) -> None:
    run = made(tmp_path)
    rows, words = run.manifest["rows"], sum(one["words"] for one in run.manifest["outputs"])
    gone = [run.find(f"doc-{k}").row(0, named=True) for k in (3, 4, 40)]
    run, _ = removed(run, "id", "doc-3", "doc-4", "doc-40", "no such")
    assert run.manifest["rows"]["kept"] == rows["kept"] - 3
    assert run.stats["rows"] == run.manifest["rows"]
    last = run.stats["stages"][-1]
    assert (last["stage"], last["dropped"], last["reasons"]) == ("2.removed", 3, {"removed": 3})
    assert last["kept"] == rows["kept"] - 3
    now = sum(one["words"] for one in run.manifest["outputs"])
    assert now == words - sum(one["words"] for one in gone) == last["kept_words"]
    assert sum(one["text_bytes"] for one in run.manifest["outputs"]) == sum(
        run.kept().collect()["text"].str.len_bytes()
    )
    ledger = run.ledger()
    assert ledger.filter(pl.col("fate") == "kept").height == rows["kept"] - 3
    for row in ledger.filter(pl.col("fate") == "kept").iter_rows(named=True):
        frames = dict(run.shards.read(row["shard"], ["id"]))
        assert frames[0]["id"][row["shard_row"]] == row["id"]
    assert explain(run, "doc-3")[0].verdict == "dropped at 2.removed: removed"
    by = run.stats["languages"] or run.stats["sources"]
    assert sum(one["kept"] for one in by.values()) == rows["kept"] - 3
    cleaner.run(job(tmp_path / "in.parquet"), run.path, engine="inline")  # finished already
    assert open_run(run.path).manifest == run.manifest


def test_a_listed_duplicate_takes_what_it_lost_to_along_unless_that_is_to_stay(
    tmp_path: Path,
) -> None:
    run = made(tmp_path)
    lost = near(run)
    survivor = run.at(lost["duplicate_file"], lost["duplicate_row"])["id"][0]
    listed = read_list("id", lost["id"].encode(), "list.txt")
    found = find(run, listed, keep_survivors=True)
    assert (len(found.going), found.staying["id"].to_list()) == (0, [survivor])
    after, receipt = removed(run, "id", lost["id"])
    assert survivor not in ids(after)
    assert receipt["removed"]["survivor of a listed one"] == 1
    assert receipt["lines"][0]["fell_as_duplicates"] == 1


def test_what_was_removed_does_not_come_back_nor_do_its_duplicates(tmp_path: Path) -> None:
    run = made(tmp_path)
    lost = near(run)
    survivor = run.at(lost["duplicate_file"], lost["duplicate_row"])["id"][0]
    run, _ = removed(run, "id", survivor, "doc-11")
    without = job(tmp_path / "in.parquet", stages=[{"exact_dedup": {}}])
    for name, how in (("beside", {"reuse": [run.path]}), ("run", {"replace": True})):
        cleaner.run(without, str(tmp_path / name), engine="inline", **how)
        again = open_run(str(tmp_path / name))
        assert not {survivor, lost["id"], "doc-11"} & set(ids(again))
        assert again.stats["stages"][-1]["dropped"] == 3
        assert verify(again) == []
    spent = open_run(str(tmp_path / "beside")).manifest["spent"]
    assert (spent["read"], spent["measured"]) == (0, 0)
    # The same page under another address is known by its text.
    moved = pl.read_parquet(tmp_path / "in.parquet").with_columns(
        url=pl.format("https://copy.example.com/{}", "id"), id=pl.format("copy of {}", "id")
    )
    moved.write_parquet(tmp_path / "moved.parquet")
    other = {
        **job(
            tmp_path / "moved.parquet", stages=[{"removed": {"lists": f"{run.path}/removed.json"}}]
        )
    }
    cleaner.run(other, str(tmp_path / "moved"), engine="inline")
    there = ids(open_run(str(tmp_path / "moved")))
    assert not {f"copy of {survivor}", "copy of doc-11"} & set(there)


def test_hosts_go_with_what_is_below_them_and_texts_by_themselves(tmp_path: Path) -> None:
    run = made(tmp_path)
    host, _ = removed(run, "host", "site3.example.org")
    assert not any(int(name[4:]) % 12 == 3 for name in ids(host))
    everything = find(host, read_list("host", b"example.org", "list.txt"))
    assert len(everything.going) == host.manifest["rows"]["kept"]
    text = host.kept().collect()["text"][0]
    after, receipt = removed(host, "text", json.dumps(text.upper().lower()), "nobody wrote this")
    assert [one["documents"] for one in receipt["lines"]] == [0, 0] or text not in set(
        after.kept().collect()["text"]
    )
    after, receipt = removed(after, "text", json.dumps(after.kept().collect()["text"][0]))
    assert receipt["lines"][0]["in_shards"] == 1
    assert verify(after) == []


def test_a_run_that_loses_all_keeps_one_empty_shard(tmp_path: Path) -> None:
    run, _ = removed(made(tmp_path), "host", "example.org")
    assert (run.manifest["rows"]["kept"], len(run.manifest["outputs"])) == (0, 1)
    assert run.kept().collect().height == 0
    assert verify(run) == []


FORMATS = ["jsonl.zst", "yuan_text", "megatron", "olmo", "torchtitan"]


@pytest.mark.parametrize("format", FORMATS)
def test_shards_of_every_format_lose_the_row_and_nothing_else(tmp_path: Path, format: str) -> None:
    pytest.importorskip("tokenizers")
    holds_text = format in ("jsonl.zst", "yuan_text")
    tokenizer = {} if holds_text else {"tokenizer": byte_bpe(tmp_path / "bpe.json", texts(20))}
    run = made(tmp_path, format=format, **tokenizer)
    column = "text" if holds_text else "tokens"
    before = [
        row
        for n in range(len(run.shards.paths))
        for _, f in run.shards.read(n)
        for row in f[column].to_list()
    ]
    gone = run.find("doc-3").row(0, named=True)
    place = sum(one["rows"] for one in run.manifest["outputs"][: gone["shard"]]) + gone["shard_row"]
    tokens = [one.get("tokens") for one in run.manifest["outputs"]]
    run, _ = removed(run, "id", "doc-3")
    after = [
        row
        for n in range(len(run.shards.paths))
        for _, f in run.shards.read(n)
        for row in f[column].to_list()
    ]
    assert after == before[:place] + before[place + 1 :]
    assert verify(run) == []
    if not holds_text:
        now = [one["tokens"] for one in run.manifest["outputs"]]
        assert sum(tokens) - sum(now) == len(before[place])


def test_no_file_shows_a_removed_text_any_more(tmp_path: Path) -> None:
    run = made(tmp_path, stages=[{"checkpoint": None}, *DEDUP])
    listed = read_list("id", b"doc-8", "list.txt")  # doc-9 is its near copy
    _, texts_gone = take(run, listed, find(run, listed))
    run = open_run(run.path)
    marks = Tombstones.read(f"{run.path}/removed.json")
    assert len(texts_gone) >= 2
    assert [path for path in holding(run, marks, texts_gone) if not path.startswith("_work/")] == []
    piece = texts_gone[0][40:300]
    (Path(run.path) / "notes.txt").write_text(f"somebody quoted {texts_gone[0]} here")
    (Path(run.path) / "few.txt").write_text(piece[:10])
    there = [path for path in holding(run, marks, texts_gone) if not path.startswith("_work/")]
    assert there == ["notes.txt"]


@pytest.mark.parametrize(
    ("by", "data", "said"),
    [
        ("url", b"", "is empty"),
        ("url", b"\n \n", "is empty"),
        ("url", b"\xff\xfe", "not UTF-8"),
        ("text", b'"no end', "line 1: is no JSON string"),
        ("host", b"good.example\n///", "line 2: '///' is no host"),
    ],
)
def test_a_list_that_is_none_is_refused_with_its_line(by: Any, data: bytes, said: str) -> None:
    with pytest.raises(JobError, match=said):
        read_list(by, data, "list.txt")


def test_a_run_without_a_whole_ledger_says_so(tmp_path: Path) -> None:
    plain = {**job(corpus(tmp_path)), "ledger": "dropped"}
    cleaner.run(plain, str(tmp_path / "run"), engine="inline")
    with pytest.raises(JobError, match="ledger: dropped"):
        find(open_run(str(tmp_path / "run")), Listed("id", "", ("doc-1",)))


def test_a_file_that_is_no_list_of_marks_is_named(tmp_path: Path) -> None:
    (tmp_path / "removed.json").write_text("{}")
    with pytest.raises(InputError, match="no list of what was removed"):
        Tombstones.read(str(tmp_path / "removed.json"))


POINTS = ["removal:all:data", "removal:manifest:data", "swap:manifest.json:data", "swap:stale:data",
          "swap:whole:data", "swap:_next:data"]  # fmt: skip


@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_the_same_command_ends_in_the_same_bytes(
    tmp_path: Path, point: str
) -> None:
    run = made(tmp_path)
    wanted, _ = removed(made(tmp_path, "other"), "id", "doc-3", "doc-50")
    (tmp_path / "list.txt").write_text("doc-3\ndoc-50\n")
    command = [
        sys.executable,
        "-m",
        "cleaner",
        "remove",
        run.path,
        str(tmp_path / "list.txt"),
        "--by",
        "id",
    ]
    died = subprocess.run(
        command, env={**os.environ, "CLEANER_FAILPOINT": point}, capture_output=True
    )
    assert died.returncode == -signal.SIGKILL
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    after = open_run(run.path)
    assert shards(after) == shards(wanted)
    assert after.ledger().equals(wanted.ledger())
    assert after.stats == wanted.stats
    assert verify(after) == []

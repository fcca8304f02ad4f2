"""An export: the documents of a run in another format, killed or not, in a folder of its own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.corpus_maker import job, texts, write_parquet
from support.tokenizers_made import byte_bpe

from cleaner.api import run
from cleaner.errors import InputError, JobError
from cleaner.results.finished import Run, open_run, verify
from cleaner.runs import derived
from cleaner.runs.derived import make
from cleaner.runs.export import plan_export
from cleaner.shards import FORMATS
from cleaner.shards.tokenizer import Tokenizer


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run of several shards."""
    place = tmp_path_factory.mktemp("run")
    path = write_parquet(place / "a.parquet", 120)
    plain = job([path], {"exact_dedup": {}}, output={"shard_bytes": 9_000})
    return run(plain, str(place / "run"), engine="inline")


@pytest.fixture(scope="module")
def bpe(tmp_path_factory: pytest.TempPathFactory) -> str:
    return byte_bpe(tmp_path_factory.mktemp("bpe") / "tokenizer.json", texts(40))


def exported(made: Run, out: Path, form: str, *more: Any, **how: Any) -> Run:
    make(plan_export(made.path, form, *more), str(out), engine="inline", **how)
    return open_run(str(out))


def bytes_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "shards").iterdir())}


def test_columns_of_the_input_may_be_called_like_ours(bpe: str, tmp_path: Path) -> None:
    docs = pl.read_parquet(write_parquet(tmp_path / "a.parquet", 20))
    docs.with_columns(tokens=pl.lit("theirs")).write_parquet(tmp_path / "a.parquet")
    plain = job([tmp_path / "a.parquet"])
    plain["input"][0]["read"] = ["tokens"]
    theirs = run(plain, str(tmp_path / "run"), engine="inline")
    counted = exported(theirs, tmp_path / "parquet", "parquet", bpe)
    assert counted.kept().collect()["tokens"].unique().to_list() == ["theirs"]
    out = exported(theirs, tmp_path / "megatron", "megatron", bpe)
    wanted = Tokenizer.of(bpe).encoded(theirs.kept().collect()["text"], ended=True)
    assert out.kept().collect()["tokens"].to_list() == wanted.to_list()


@pytest.mark.parametrize("form", FORMATS)
def test_an_export_holds_the_same_documents_in_the_same_order(
    form: str, made: Run, bpe: str, tmp_path: Path
) -> None:
    held = FORMATS[form]
    tokenizer = () if held.holds_text else (bpe,)
    out = exported(made, tmp_path / "out", form, *tokenizer)
    before, after = made.kept().collect(), out.kept().collect()
    if held.holds_text:
        assert after.equals(before.select(after.columns))
    else:
        tokens = Tokenizer.of(bpe).encoded(before["text"], ended=True)
        assert after["tokens"].cast(pl.List(pl.UInt32)).to_list() == tokens.to_list()
    names = [one["path"].removesuffix(".parquet") for one in made.manifest["outputs"]]
    assert len(names) > 3
    assert [one["path"] for one in out.manifest["outputs"]] == [f"{n}.{held.suffix}" for n in names]
    assert sorted(bytes_in(tmp_path / "out")) == sorted(
        f"{name.removeprefix('shards/')}.{suffix}" for name in names for suffix in held.suffixes
    )
    assert [one["rows"] for one in out.manifest["outputs"]] == [
        one["rows"] for one in made.manifest["outputs"]
    ]
    assert out.manifest["of"]["runs"] == [made.path]
    assert verify(out) == []
    (tmp_path / "out/shards/note.txt").write_text("x")
    assert verify(out) == ["shards/note.txt: not in the manifest"]


def test_a_run_in_a_format_and_its_export_have_the_same_bytes(
    made: Run, bpe: str, tmp_path: Path
) -> None:
    for form in ("megatron", "yuan_text", "jsonl.zst"):
        output = {"shard_bytes": 9_000, "format": form}
        output |= {} if FORMATS[form].holds_text else {"tokenizer": bpe}
        plain = job([Path(made.inputs[0])], {"exact_dedup": {}}, output=output)
        run(plain, str(tmp_path / form), engine="inline")
        exported(made, tmp_path / f"{form}-export", form, *([bpe] if "tokenizer" in output else []))
        assert bytes_in(tmp_path / form) == bytes_in(tmp_path / f"{form}-export")


def test_what_is_asked_again_is_finished_and_what_is_lost_is_written_again(
    made: Run, bpe: str, tmp_path: Path
) -> None:
    out, told = tmp_path / "out", []
    exported(made, out, "megatron", bpe)
    whole = bytes_in(out)
    exported(made, out, "megatron", bpe, note=told.append)
    assert told == ["finished already: nothing to do"]
    (out / "shards/part-00001-of-00005.idx").unlink(missing_ok=True)
    for path in list((out / "shards").iterdir())[:2]:
        path.unlink()
    exported(made, out, "megatron", bpe)
    assert bytes_in(out) == whole
    with pytest.raises(JobError, match="something else that is finished"):
        exported(made, out, "yuan_text")


KILLED = """
import sys
from cleaner.runs.derived import make
from cleaner.runs.export import plan_export
make(plan_export(sys.argv[1], "olmo", sys.argv[2]), sys.argv[3], engine="inline")
"""


@pytest.mark.parametrize("point", ["data", "marker", "after"])
def test_an_export_that_was_killed_goes_on_to_the_same_bytes(
    point: str, made: Run, bpe: str, tmp_path: Path
) -> None:
    exported(made, tmp_path / "whole", "olmo", bpe)
    where = {**os.environ, "CLEANER_FAILPOINT": f"*-export:00002:{point}"}
    out = str(tmp_path / "killed")
    done = subprocess.run([sys.executable, "-c", KILLED, made.path, bpe, out], env=where)
    assert done.returncode == -signal.SIGKILL
    with pytest.raises(InputError, match="not finished"):
        verify(open_run(out))
    again = exported(made, tmp_path / "killed", "olmo", bpe)
    assert bytes_in(tmp_path / "killed") == bytes_in(tmp_path / "whole")
    assert verify(again) == []


def test_what_cannot_be_exported_is_refused(
    made: Run, bpe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(JobError, match="unknown format"):
        plan_export(made.path, "csv")
    with pytest.raises(JobError, match="holds tokens: --tokenizer"):
        plan_export(made.path, "megatron")
    with pytest.raises(JobError, match="not a run folder"):
        plan_export(str(tmp_path), "yuan_text")
    tokens = exported(made, tmp_path / "tokens", "torchtitan", bpe)
    with pytest.raises(JobError, match="which hold tokens"):
        plan_export(tokens.path, "parquet")
    lines = exported(made, tmp_path / "lines", "yuan_text")
    with pytest.raises(JobError, match="lack id, source, file, row"):
        plan_export(lines.path, "olmo", bpe)
    with pytest.raises(JobError, match="is the folder of the run itself"):
        make(plan_export(made.path, "yuan_text"), made.path, engine="inline")
    with pytest.raises(InputError, match="judged nothing; ask the run"):
        _ = tokens.stats
    monkeypatch.setattr(derived.store, "free_bytes", lambda _: 1_000)
    with pytest.raises(InputError, match="make room"):
        exported(made, tmp_path / "full", "yuan_text")


def test_a_shard_that_has_changed_since_is_not_exported_unseen(made: Run, tmp_path: Path) -> None:
    shards = tmp_path / "run"
    subprocess.run(["cp", "-r", made.path, str(shards)], check=True)
    first = json.loads((shards / "manifest.json").read_text())["outputs"][0]["path"]
    pl.read_parquet(shards / first).head(3).write_parquet(shards / first)
    with pytest.raises(Exception, match="cleaner verify"):
        make(plan_export(str(shards), "yuan_text"), str(tmp_path / "out"), engine="inline")

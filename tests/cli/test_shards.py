"""The commands that make shards of runs, as a user types them."""

from pathlib import Path

from support.commands import cleaner
from support.corpus_maker import job, write_parquet

from cleaner.api import run


def test_export_says_what_it_made_and_verify_agrees(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", 30)
    run(job([path]), str(tmp_path / "run"), engine="inline")
    done = cleaner("export", tmp_path / "run", "--format", "yuan_text", "--out", tmp_path / "yuan",
                   "--engine", "inline")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "30 documents" in done.stdout
    assert "words" in done.stdout
    checked = cleaner("verify", tmp_path / "yuan")
    assert "30 rows: all as in the manifest" in checked.stdout
    bad = cleaner("export", tmp_path / "run", "--format", "megatron", "--out", tmp_path / "m")
    assert bad.returncode == 2
    assert "--tokenizer" in bad.stderr

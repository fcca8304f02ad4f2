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


def test_mix_shows_what_it_made_of_each_part(tmp_path: Path) -> None:
    for seed in range(2):
        path = write_parquet(tmp_path / f"{seed}.parquet", 40, seed=seed)
        run(job([path]), str(tmp_path / f"run{seed}"), engine="inline")
    text = f"parts: [{{run: {tmp_path}/run0, weight: 1}}, {{run: {tmp_path}/run1, weight: 3}}]\n"
    (tmp_path / "two.yaml").write_text(text)
    done = cleaner("mix", str(tmp_path / "two.yaml"), "--out", str(tmp_path / "mix"),
                   "--engine", "inline")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "run0" in done.stdout
    assert "run1" in done.stdout
    assert cleaner("verify", str(tmp_path / "mix")).returncode == 0
    assert cleaner("status", str(tmp_path / "mix")).stdout.startswith("finished")
    bad = cleaner("mix", str(tmp_path / "none.yaml"), "--out", str(tmp_path / "x"))
    assert bad.returncode == 2

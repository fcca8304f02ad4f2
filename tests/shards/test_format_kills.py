"""A run that is killed while it writes shards of several files ends in the bytes of a whole one."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.corpus_maker import job, texts, write_parquet
from support.runs import fingerprint
from support.tokenizers_made import byte_bpe

from cleaner.api import run
from cleaner.results.finished import open_run, verify

DRIVER = """import json, sys
import cleaner
cleaner.run(json.loads(sys.argv[1]), sys.argv[2], engine="inline")"""


@pytest.mark.parametrize("form", ["megatron", "olmo", "torchtitan", "yuan_text"])
@pytest.mark.parametrize("at", ["00001:data", "00002:marker"])
def test_a_kill_among_the_files_of_a_shard_changes_no_byte(
    tmp_path: Path, form: str, at: str
) -> None:
    plain: dict[str, Any] = job([write_parquet(tmp_path / "a.parquet", 60)])
    plain["output"] = {"format": form, "shard_tokens": 1_500}
    if form != "yuan_text":
        plain["output"]["tokenizer"] = byte_bpe(tmp_path / "bpe.json", texts(20))
    run(plain, str(tmp_path / "whole"), engine="inline")
    died = subprocess.run(
        [sys.executable, "-c", DRIVER, json.dumps(plain), str(tmp_path / "killed")],
        env={**os.environ, "CLEANER_FAILPOINT": f"*-shards:{at}"},
        capture_output=True,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    assert not (tmp_path / "killed/manifest.json").exists()
    run(plain, str(tmp_path / "killed"), engine="inline")
    assert fingerprint(tmp_path / "killed") == fingerprint(tmp_path / "whole")
    assert len(open_run(str(tmp_path / "killed")).manifest["outputs"]) > 2
    assert verify(open_run(str(tmp_path / "killed"))) == []

"""Training and the recall loop, killed at every write: the same command ends in the same bytes."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.corpora_here import corpus, seeds

from cleaner.models.labelling.loop import LoopSpec, loop
from cleaner.models.training.model_spec import ModelSpec
from cleaner.models.training.train import train_model

pytestmark = pytest.mark.slow

# Dies at its nth step: before or after a file gets its name, or with half of a table written.
DYING = """
import json, os, signal, sys
import polars as pl

left = int(sys.argv[1])

def step():
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)

def replace(source, target, real=os.replace):
    step()
    real(source, target)
    step()

def write_parquet(frame, path, real=pl.DataFrame.write_parquet, **options):
    real(frame, path, **options)
    if left == 1:
        os.truncate(path, os.path.getsize(path) // 2)
    step()

os.replace, pl.DataFrame.write_parquet = replace, write_parquet
from cleaner.models.labelling.loop import LoopSpec, loop
from cleaner.models.training.model_spec import ModelSpec
from cleaner.models.training.train import train_model
options = json.loads(sys.argv[3])
if sys.argv[2] == "loop":
    loop(LoopSpec.model_validate(options))
else:
    train_model(ModelSpec.model_validate(options))
"""


def killed_until_it_ends(what: str, options: dict[str, Any]) -> int:
    """Run until it is not killed any more, each time one step further; return the kills."""
    for kills in range(200):
        command = [sys.executable, "-c", DYING, str(kills + 1), what, json.dumps(options)]
        died = subprocess.run(command, check=False, timeout=120).returncode
        if not died:
            return kills
        assert died == -signal.SIGKILL
    raise AssertionError("it never ends")


def files(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder; a dot hides what was not finished."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in found
        if not path.name.startswith(".")
    }


def test_training_killed_at_every_write_ends_in_the_same_bytes(tmp_path: Path) -> None:
    positives, negatives = seeds(tmp_path)
    options = {
        "model": str(tmp_path / "killed/math.bin"),
        "label": "math",
        "positives": [{"paths": positives}],
        "negatives": [{"paths": negatives}],
        "fasttext": {"dim": 8, "bucket": 2000, "ngrams": 2, "lr": 0.5},
        "prevalence": 0.01,
        "quantise": 0,
    }
    train_model(ModelSpec.model_validate({**options, "model": str(tmp_path / "whole/math.bin")}))
    assert killed_until_it_ends("train", options) > 5
    assert files(tmp_path / "killed") == files(tmp_path / "whole")
    assert "math.ftz" in files(tmp_path / "whole")


def test_the_loop_killed_at_every_write_ends_in_the_same_bytes(tmp_path: Path) -> None:
    pages = corpus()
    pages[:700].write_parquet(tmp_path / "a.parquet")
    pages[700:].write_parquet(tmp_path / "b.parquet")
    (tmp_path / "seeds").mkdir()
    positives, negatives = seeds(tmp_path / "seeds")
    options = {
        "out": str(tmp_path / "killed"),
        "model": {
            "label": "math",
            "positives": {"paths": positives},
            "negatives": {"paths": negatives},
            "fasttext": {"dim": 8, "bucket": 2000, "ngrams": 2, "lr": 0.5, "epoch": 10},
            "balance": "none",
            "cut": {"score": 0.8},
            "quantise": 0,
        },
        "corpus": {"paths": [str(tmp_path / "*.parquet")]},
        "host_pages": 20,
        "confirm": "all",
        "top": 5,
        "stop": {"rounds": 2, "new": 0},
        "threads": 1,
    }
    whole = loop(LoopSpec.model_validate({**options, "out": str(tmp_path / "whole")}))
    assert len(whole.rounds) == 2
    assert killed_until_it_ends("loop", options) > 8
    made, wanted = files(tmp_path / "killed"), files(tmp_path / "whole")
    assert set(made) == set(wanted)
    assert [name for name in wanted if made[name] != wanted[name]] == []

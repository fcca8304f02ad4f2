"""Small corpora for tests of the core, written in a few lines."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

_WORDS = [
    "the",
    "and",
    "of",
    "to",
    "with",
    "have",
    "that",
    "be",
    "river",
    "stone",
    "proof",
    "number",
    "light",
    "house",
    "garden",
    "winter",
    "letter",
    "engine",
    "paper",
    "market",
    "bridge",
    "forest",
    "music",
    "window",
    "doctor",
    "island",
    "morning",
    "silver",
    "question",
    "reason",
]


def texts(count: int, seed: int = 0, words: int = 80) -> list[str]:
    """Return English-looking texts, every tenth a near copy of the one before, some exact."""
    rng = np.random.default_rng(seed)
    made: list[str] = []
    for i in range(count):
        if i % 10 == 9:
            copy = made[-1].split(" ")
            copy[3] = "changed"
            made.append(" ".join(copy))
        elif i % 17 == 16:
            made.append(made[-2])
        else:
            chosen = rng.choice(_WORDS, words)
            sentences = [" ".join(chosen[k : k + 12]) + "." for k in range(0, words, 12)]
            made.append(f"Document {i}. " + " ".join(sentences))
    return made


def write_parquet(
    path: Path, count: int, seed: int = 0, group: int = 50, **columns: Sequence[Any]
) -> Path:
    """Write `count` texts with id, url and source, `group` rows to a row group."""
    frame = pl.DataFrame(
        {
            "id": [f"{seed}-{i}" for i in range(count)],
            "text": texts(count, seed),
            "url": [f"https://host{i % 7}.example/{seed}/{i}" for i in range(count)],
            "source": [("alpha", "beta")[i % 2] for i in range(count)],
            **columns,
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path, row_group_size=group)
    return path


def job(paths: Sequence[Path | str], *stages: Any, **more: Any) -> dict[str, Any]:
    """Return a job over texts as plain data."""
    return {
        "name": "test",
        "input": [
            {
                "paths": [str(path) for path in paths],
                "text": "text",
                "id": "id",
                "url": "url",
                "source": "source",
            }
        ],
        "stages": list(stages),
        "output": {"shard_bytes": 20_000, **more.pop("output", {})},
        **more,
    }

"""Runs over a handful of texts, for tests of what becomes of each."""

from pathlib import Path
from typing import Any

import polars as pl

import cleaner
from cleaner.results.finished import open_run
from support.corpus_maker import job

PLAIN = (
    "The river and the garden have been quiet this winter. We walked to the old bridge with a "
    "letter from the doctor, and that was the end of it. Nobody had asked for the paper again. "
    "In the market people spoke of the bridge as if it were a question that only they could answer."
)


def ran(place: Path, texts: list[str], *stages: Any, **keys: Any) -> Any:
    """Run stages over a few texts; return the run."""
    columns = {"text": texts, "id": [f"d{n}" for n in range(len(texts))]}
    columns["url"] = [f"https://site{n}.example/page" for n in range(len(texts))]
    pl.DataFrame(columns).write_parquet(place / "in.parquet")
    entry = {"paths": str(place / "in.parquet"), "text": "text", "id": "id", "url": "url"}
    made = {**job([str(place / "in.parquet")], *stages), "input": entry, **keys}
    cleaner.run(made, str(place / "run"), engine="inline")
    return open_run(str(place / "run"))

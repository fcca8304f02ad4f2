"""Stages of a job at their places, resolved, without any input."""

from pathlib import Path
from typing import Any

from cleaner.job.job_file import Entry, parse_job


def entries(*stages: Any) -> tuple[Entry, ...]:
    """Return the stages as a plan has them."""
    job = parse_job({"name": "t", "input": {"paths": "x.parquet", "text": "text"},
                     "stages": list(stages)})  # fmt: skip
    return tuple(one.model_copy(update={"stage": one.stage.resolve()}) for one in job.stages)


def rules(folder: Path, name: str, **keep: str) -> str:
    """Write a filter of some rules, each with its condition; return its path."""
    told = "".join(f'\n  - {{name: {rule}, keep: "{said}"}}' for rule, said in keep.items())
    path = folder / f"{name}.yaml"
    path.write_text(f"title: {name}\nsource: {{cite: ours}}\nrules:{told}\n")
    return str(path)

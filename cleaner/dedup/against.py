"""What an earlier run kept takes part as documents that always stay: rows of its index.

Their file numbers start at `OLD` and their rank is before every other, so that the steps of a run
need to know nothing of them; only whoever decides lets none of them fall, and `of_this_run` takes
them out of the answer again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from cleaner.dedup.ranks import OLDEST
from cleaner.storage.row_key import FILE_LIMIT

OLD = FILE_LIMIT  # files of this run have smaller numbers


def as_old(rows: pl.DataFrame, run: str, first_file: int = OLD) -> pl.DataFrame:
    """Return rows of an index (`KEYS`, `BANDS`, `SETS` or `LINES`) as documents that always stay.

    `run` names the earlier run in `duplicate_of` and as their source; the files of a second one
    start where those of the first end.
    """
    changed = [(pl.col("file") + first_file).cast(pl.UInt32).alias("file")]
    if "rank" in rows.columns:
        changed.append(pl.lit(OLDEST, pl.Int64).alias("rank"))
    for name in ("id", "source"):
        if name in rows.columns:
            changed.append(pl.concat_str(pl.lit(f"{run}:"), pl.col(name).fill_null("")).alias(name))
    return rows.with_columns(changed)


def of_this_run(verdicts: pl.DataFrame) -> pl.DataFrame:
    """Return the verdicts on documents of this run.

    One that falls for a document of an earlier run names it in `duplicate_of` alone.
    """
    ours = pl.when(pl.col("duplicate_file") < OLD)
    return verdicts.filter(pl.col("file") < OLD).with_columns(
        duplicate_file=ours.then("duplicate_file"), duplicate_row=ours.then("duplicate_row")
    )


def fell() -> pl.Expr:
    """Return whether a row lost to another document, of this run or of an earlier one."""
    return pl.col("duplicate_of").is_not_null() | pl.col("duplicate_row").is_not_null()


def lost(row: Mapping[str, Any]) -> bool:
    """Return the same of one row of a ledger."""
    return row["duplicate_of"] is not None or row["duplicate_row"] is not None


def partner(row: Mapping[str, Any], runs: Sequence[str]) -> tuple[str, str] | None:
    """Return the earlier run and the id that a row of a ledger lost to; None: one of its own run.

    `runs` are those that its own was held against.
    """
    of = row["duplicate_of"]
    if of is None or row["duplicate_row"] is not None:
        return None
    found = [run for run in runs if of.startswith(f"{run}:")]
    run = max(found, key=len, default="")
    return run, of.removeprefix(f"{run}:") if run else of

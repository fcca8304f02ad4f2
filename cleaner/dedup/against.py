"""What an earlier run kept takes part as documents that always stay: keys and bands from its index.

Their file numbers start at `OLD` and their rank is before every other, so that the steps of a run
need to know nothing of them; only whoever settles lets none of them fall, and `of_this_run` takes
them out of the answer again.
"""

import polars as pl

from cleaner.dedup.ranks import OLDEST

OLD = 1 << 23  # files of this run have smaller numbers


def as_old(rows: pl.DataFrame, run: str, first_file: int = OLD) -> pl.DataFrame:
    """Return rows of an index (`KEYS`, `BANDS`, `SETS` or `LINES`) as documents that always stay.

    `run` names the earlier run in `duplicate_of`; the files of a second one start where those of
    the first end.
    """
    changed = [(pl.col("file") + first_file).cast(pl.UInt32).alias("file")]
    if "rank" in rows.columns:
        changed.append(pl.lit(OLDEST, pl.Int64).alias("rank"))
    if "id" in rows.columns:
        changed.append(pl.concat_str(pl.lit(f"{run}:"), pl.col("id").fill_null("")).alias("id"))
    return rows.with_columns(changed)


def of_this_run(verdicts: pl.DataFrame) -> pl.DataFrame:
    """Return the verdicts on documents of this run.

    One that falls for a document of an earlier run names it in `duplicate_of` alone.
    """
    ours = pl.when(pl.col("duplicate_file") < OLD)
    return verdicts.filter(pl.col("file") < OLD).with_columns(
        duplicate_file=ours.then("duplicate_file"), duplicate_row=ours.then("duplicate_row")
    )

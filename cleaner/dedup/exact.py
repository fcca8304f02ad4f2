"""Equal keys: hashes of 128 bits go to one partition by their upper half and are decided there."""

import numpy as np
import polars as pl

from cleaner.config.choices import Keep, Within
from cleaner.dedup.keys import column_keys, groups, has_word, hashed
from cleaner.dedup.ranks import ranks
from cleaner.kernels.hashing import repeated

# What stages know of a document among others; `weight` is how many it already stands for.
IDENTITY = pl.Schema({
    "rank": pl.Int64, "file": pl.UInt32, "row": pl.UInt64, "id": pl.String, "source": pl.String,
    "weight": pl.UInt32,
})  # fmt: skip
KEYS = pl.Schema([("hi", pl.UInt64), ("lo", pl.UInt64), *IDENTITY.items()])

# One row per dropped document, and one per kept document that others were dropped for.
VERDICTS = pl.Schema({
    "file": pl.UInt32, "row": pl.UInt64, "duplicate_file": pl.UInt32, "duplicate_row": pl.UInt64,
    "duplicate_of": pl.String, "jaccard": pl.Float64, "cluster_size": pl.UInt32,
})  # fmt: skip


def identity(docs: pl.DataFrame, rank: pl.Series) -> pl.DataFrame:
    """Return the columns of `IDENTITY` for each document."""
    absent = [pl.lit(None, IDENTITY[name]).alias(name) for name in ("id", "source")]
    docs = docs.with_columns(
        [column for column in absent if column.meta.output_name() not in docs.columns]
    )
    if "cluster_size" not in docs.columns:
        docs = docs.with_columns(cluster_size=pl.lit(1, pl.UInt32))
    return docs.select(
        rank.alias("rank"),
        "file",
        "row",
        "id",
        "source",
        weight=pl.col("cluster_size").fill_null(1),
    ).cast(IDENTITY)


def exact_keys(
    docs: pl.DataFrame,
    on: str = "text",
    keep: Keep = "longest",
    best_by: str | None = None,
    source_priority: tuple[str, ...] = (),
    within: Within = "all",
) -> pl.DataFrame:
    """Return a row of `KEYS` per document that has a key, in the order of `docs`."""
    salts, known = groups(docs, within)
    offsets, data = column_keys(docs, on)
    has_key = known & (np.diff(offsets) > 0)
    if on == "text":
        has_key &= has_word(docs).to_numpy()
    hi, lo = hashed(offsets, data, salts)
    rows = identity(docs, ranks(docs, keep, best_by, source_priority))
    return rows.select(pl.Series("hi", hi), pl.Series("lo", lo), *IDENTITY).filter(has_key)


def decide_exact(rows: pl.DataFrame) -> pl.DataFrame:
    """Return `VERDICTS` for rows of `KEYS` that hold every document of each key they hold.

    The first in rank order, then by (file, row), is kept; the order of `rows` does not matter.
    """
    rows = rows.filter(pl.Series(repeated(rows["hi"].to_numpy())))
    rows = rows.sort("hi", "lo", "rank", "file", "row")
    same = ["hi", "lo"]
    first = [pl.col(name).first().over(same) for name in ("file", "row", "id")]
    return (
        rows.with_columns(
            *(column.name.prefix("first_") for column in first),
            cluster_size=pl.col("weight").sum().over(same),
            others=pl.len().over(same) - 1,
        )
        .filter(pl.col("others") > 0)
        .select(verdict_columns())
    )


def verdict_columns() -> list[pl.Expr]:
    """Return `VERDICTS` from file, row, first_file, first_row, first_id and cluster_size."""
    kept = (pl.col("file") == pl.col("first_file")) & (pl.col("row") == pl.col("first_row"))
    other = pl.when(~kept)
    return [
        pl.col("file"),
        pl.col("row"),
        other.then("first_file").alias("duplicate_file"),
        other.then("first_row").alias("duplicate_row"),
        other.then("first_id").alias("duplicate_of"),
        pl.lit(None, pl.Float64).alias("jaccard"),
        pl.col("cluster_size").cast(pl.UInt32),
    ]

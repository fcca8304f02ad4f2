"""What a global stage needs to know of each document, computed at the end of the map phase."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from cleaner.job import build_stage
from cleaner.kernels.hashing import mixed
from cleaner.phases.base import with_asked
from cleaner.stages.cuts import CUTS, below_cut, cut_rows
from cleaner.stages.sample import Sample, sample_key

_LOW = 44  # bits of a sample key that only decide ties; the upper 20 are its score


def make(exchange: Mapping[str, Any], docs: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return by role the rows to exchange, each with the UInt64 column `slot` of its partition."""
    stage: Any = build_stage(exchange["name"], exchange["options"])
    docs = with_asked(docs, exchange["reads"])
    if exchange["kind"] == "exact":
        return {"keys": stage.keys(docs).with_columns(slot=pl.col("hi"))}
    if exchange["kind"] == "near":
        rows, sampled = stage.band_rows_and_sample(docs, exchange["share"])
        return {
            "keys": rows.with_columns(slot=pl.col("band")),
            "sample": sampled.with_columns(slot=pl.col("group")),
        }
    if exchange["kind"] == "line":
        return {"keys": stage.counts(docs).with_columns(slot=pl.col("line"))}
    one = pl.lit(0, pl.UInt64).alias("slot")
    if isinstance(stage, Sample):
        return {"keys": sample_rows(docs, stage).with_columns(one)}
    return {"keys": cut_rows(docs, stage).with_columns(one)}


def sample_rows(docs: pl.DataFrame, stage: Sample) -> pl.DataFrame:
    """Return the rows of a cut that keeps the smallest sample keys: a smaller key scores more."""
    key = sample_key(docs["file"], docs["row"], stage.seed)
    return pl.select(
        group=pl.repeat("", len(docs)),
        score=(2**20 - 1) - pl.lit(key // 2**_LOW).cast(pl.Int64),
        tie=pl.lit(key % 2**_LOW),
        weight=pl.repeat(1, len(docs), dtype=pl.UInt64),
    )


def cut_reasons(before: Mapping[str, Any], docs: pl.DataFrame) -> pl.Series:
    """Return why a document falls at a settled cut; null where it stays."""
    stage: Any = build_stage(before["name"], before["options"])
    cuts = pl.DataFrame(before["cuts"], schema=CUTS, orient="row")
    if not isinstance(stage, Sample):
        below = below_cut(with_asked(docs, before["reads"]), stage, cuts)
        return pl.select(pl.when(below).then(pl.lit("below_cut"))).to_series()
    score, tie = (cuts[name][0] if len(cuts) else 0 for name in ("score", "tie"))
    rows = sample_rows(docs, stage)
    kept = (pl.col("score") > score) | ((pl.col("score") == score) & (pl.col("tie") <= tie))
    return rows.select(pl.when(~kept).then(pl.lit("not_sampled"))).to_series()


def spread(component: pl.Series) -> pl.Series:
    """Return hashes of components, spread evenly over 64 bits."""
    return pl.Series("slot", mixed(component.to_numpy(), 0))

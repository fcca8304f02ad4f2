"""What deduplication did, as sums that merge: who lost to whom, how alike, what a banding misses.

The sample that measures recall is coordinated: a document is in it for one MinHash value of its
own. Two documents of Jaccard J share that value with the chance J, and then are in the sample
together, in one group: a sample of one in a thousand documents holds one in a thousand pairs of
near duplicates, not one in a million. Pairs are counted with the weight 1 / J.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import polars as pl

from cleaner.dedup.against import OLD, fell, of_this_run
from cleaner.dedup.near import Signed
from cleaner.dedup.presets import Banding, caught
from cleaner.kernels.dedup.minhash import signatures
from cleaner.kernels.dedup.stars import similar
from cleaner.kernels.hashing import mixed, mixed_pairs

# Documents of a source that fell for a kept document of another, or of the same.
LOSSES = pl.Schema({
    "source": pl.String, "kept_source": pl.String, "documents": pl.UInt64, "weight": pl.UInt64,
})  # fmt: skip
# A sampled document: its group, where it comes from, its bands and its sorted shingles.
SAMPLED = pl.Schema([
    ("group", pl.UInt64), ("file", pl.UInt32), ("row", pl.UInt64),
    ("bands", pl.List(pl.UInt64)), ("shingles", pl.List(pl.UInt64)),
])  # fmt: skip
# Sampled pairs per 0.01 of Jaccard, as weights: all of them, and those that share a bucket.
RECALL = pl.Schema([
    ("jaccard", pl.Float64), ("pairs", pl.Float64), ("caught", pl.Float64), ("seen", pl.UInt64),
])  # fmt: skip

SAMPLE_DOCUMENTS = 20_000  # about so many are in the sample
SAMPLE_SEED = 0x5EED  # makes the sample independent of the signatures
MOST = 64  # documents of one group that are compared with each other
MOST_LOSSES = 1_000  # pairs of sources listed by name; the rest is one line
OTHER = "(other)"

Tally = dict[str, list[list[Any]]]


def tallied(known: pl.DataFrame, verdicts: pl.DataFrame) -> Tally:
    """Return what one partition tells of its removals, as plain sums for `merge_tallies`.

    `known` are all documents of the partition (file, row, source, weight), those of earlier runs
    too; `verdicts` are what was decided on them, before `of_this_run`.
    """
    ours = verdicts.filter(pl.col("file") < OLD)
    lost = losses(known, ours)
    return {"losses": [list(row) for row in lost.rows()], **histograms(of_this_run(ours))}


def merge_tallies(tallies: Iterable[Tally]) -> Tally:
    """Return the sum of tallies."""
    sums: dict[str, dict[tuple[Any, ...], list[int]]] = {}
    for one in tallies:
        for name, width in (("losses", 2), ("jaccard", 1), ("cluster_size", 1)):
            for row in one[name]:
                into = sums.setdefault(name, {}).setdefault(
                    tuple(row[:width]), [0] * (len(row) - width)
                )
                into[:] = [a + b for a, b in zip(into, row[width:], strict=True)]
    lost = pl.DataFrame(
        [[*key, *counts] for key, counts in sums.get("losses", {}).items()], LOSSES, orient="row"
    )
    return {
        "losses": [list(row) for row in _most(lost).rows()],
        **{
            name: [[*key, *counts] for key, counts in sorted(sums.get(name, {}).items())]
            for name in ("jaccard", "cluster_size")
        },
    }


def losses(rows: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
    """Return `LOSSES` of one partition: `rows` of `KEYS` or `SETS`, and the verdicts on them."""
    known = rows.select("file", "row", "source", "weight").unique(["file", "row"])
    kept = known.select(duplicate_file="file", duplicate_row="row", kept_source="source")
    return _most(
        verdicts.filter(pl.col("duplicate_row").is_not_null())
        .select("file", "row", "duplicate_file", "duplicate_row")
        .join(known, on=["file", "row"])
        .join(kept, on=["duplicate_file", "duplicate_row"])
        .group_by("source", "kept_source")
        .agg(pl.len().alias("documents"), pl.col("weight").sum())
        .cast(LOSSES)
    )


def _most(lost: pl.DataFrame) -> pl.DataFrame:
    """Return `LOSSES`, the largest first, the small ones of many as one line."""
    lost = lost.sort("documents", "source", "kept_source", descending=[True, False, False])
    named = pl.col("source").eq_missing(OTHER) & pl.col("kept_source").eq_missing(OTHER)
    rest = pl.concat([lost.filter(~named)[MOST_LOSSES:], lost.filter(named)])
    if not len(rest):
        return lost
    other = rest.select(
        pl.lit(OTHER).alias("source"), pl.lit(OTHER).alias("kept_source"),
        pl.col("documents", "weight").sum(),
    )  # fmt: skip
    return pl.concat([lost.filter(~named)[:MOST_LOSSES], other])


def histograms(verdicts: pl.DataFrame) -> dict[str, list[list[float]]]:
    """Return counts of removals per 0.01 of Jaccard and of clusters per power of two of size."""
    compared = verdicts.filter(fell() & pl.col("jaccard").is_not_null())
    hundredths = (pl.col("jaccard") * 100 + 1e-9).floor().alias("hundredths")
    alike = compared.group_by(hundredths).len().sort("hundredths")
    stars = verdicts.filter(~fell())
    power = np.exp2(np.floor(np.log2(np.maximum(stars["cluster_size"].to_numpy(), 1))))
    sizes, counts = np.unique(power.astype(np.int64), return_counts=True)
    return {
        "jaccard": [[at / 100, count] for at, count in alike.rows()],
        "cluster_size": [
            [int(size), int(count)] for size, count in zip(sizes, counts, strict=True)
        ],
    }


def curve(banding: Banding) -> list[list[float]]:
    """Return the S-curve of a banding: Jaccard, and the chance that a pair shares a bucket."""
    at = np.arange(0, 1.0001, 0.05)
    chances = np.asarray(caught(at, banding))
    return [[round(float(s), 2), round(float(p), 4)] for s, p in zip(at, chances, strict=True)]


def sample(docs: pl.DataFrame, signed: Signed, share: float, seed: int = 1) -> pl.DataFrame:
    """Return about `share` of the documents as rows of `SAMPLED`, to exchange by `group`."""
    # A permutation that no band uses; long documents have smaller values, hence the hash of it.
    least = signatures(signed.first, signed.tokens, 1, seed ^ SAMPLE_SEED)[:, 0]
    group = mixed_pairs(least.astype(np.uint64), signed.salts)
    chosen = np.flatnonzero(signed.known & (group <= np.uint64(min(share, 1 - 2**-53) * 2.0**64)))
    if share <= 0 or not len(chosen):
        return pl.DataFrame(schema=SAMPLED)
    sets = [np.unique(signed.tokens[signed.first[d] : signed.first[d + 1]]) for d in chosen]
    return (
        docs[chosen]
        .select("file", "row")
        .with_columns(
            group=pl.Series(mixed(group[chosen], 0)),
            bands=pl.Series(list(signed.bands[chosen]), dtype=pl.List(pl.UInt64)),
            shingles=pl.Series(sets, dtype=pl.List(pl.UInt64)),
        )
        .select(list(SAMPLED))
        .cast(SAMPLED)
    )


def decide_sample(rows: pl.DataFrame) -> pl.DataFrame:
    """Return `RECALL` of one partition of `SAMPLED`: every pair of each group, compared in full.

    Of a group of more than `MOST` documents the first ones by key are compared.
    """
    # Their shingles stay where they are: of all that is held here they are nearly the whole.
    numbered = rows.select("group", "file", "row").with_row_index("at").sort("group", "file", "row")
    numbered = numbered.with_columns(place=pl.int_range(pl.len()).over("group"))
    numbered = numbered.filter(pl.col("place") < MOST).select("group", "at", "place")
    pairs = numbered.join(numbered, on="group", suffix="_other").filter(
        pl.col("place") < pl.col("place_other")
    )
    left, right = pairs["at"].to_numpy(), pairs["at_other"].to_numpy()
    array = rows["shingles"].rechunk().to_arrow()
    bounds = array.offsets.to_numpy()
    values = array.values.to_numpy(zero_copy_only=False)
    jaccard = similar(bounds[:-1], bounds[1:], values, left, right)
    shared = np.zeros(len(left), bool)
    if len(left):
        bands = np.stack(rows["bands"].to_list())
        shared = (bands[left] == bands[right]).any(axis=1)
    # Such weights add up to the same sum in any order.
    weight = np.rint(2.0**20 / np.maximum(jaccard, 1e-9)) / 2**20
    bins = pl.DataFrame(
        {
            "jaccard": np.floor(jaccard * 100 + 1e-9) / 100,
            "pairs": weight,
            "caught": weight * shared,
            "seen": np.ones(len(weight), np.uint64),
        },
        schema=RECALL,
    )
    return merge_recall([bins])


def merge_recall(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """Return the sum of some `RECALL`."""
    merged = pl.concat([pl.DataFrame(schema=RECALL), *frames])
    return merged.group_by("jaccard").sum().sort("jaccard").select(list(RECALL)).cast(RECALL)


def recall(found: pl.DataFrame, threshold: float) -> float | None:
    """Return the share of the sampled pairs at or above `threshold` that share a bucket."""
    above = found.filter(pl.col("jaccard") >= threshold - 1e-9)
    pairs, shared = (float(above[name].sum()) for name in ("pairs", "caught"))
    return shared / pairs if pairs else None


def precision(found: pl.DataFrame, threshold: float) -> float | None:
    """Return the share of the sampled pairs in one bucket that are at or above `threshold`."""
    above = found.filter(pl.col("jaccard") >= threshold - 1e-9)
    right, shared = (float(frame["caught"].sum()) for frame in (above, found))
    return right / shared if shared else None


def quality(found: pl.DataFrame, banding: Banding, threshold: float) -> dict[str, Any]:
    """Return what a banding catches: its curve, and beside it what the sampled pairs around say."""
    nearest = ((pl.col("jaccard") + 0.005) * 20 + 0.5).floor().cast(pl.Int64)
    steps = found.group_by(nearest.alias("step")).agg(pl.col("pairs", "caught", "seen").sum())
    around = {step: row for step, *row in steps.rows()}
    rows = []
    for step, (jaccard, chance) in enumerate(curve(banding)):
        pairs, shared, seen = around.get(step, (0.0, 0.0, 0))
        measured = round(shared / pairs, 4) if pairs else None
        rows.append({"jaccard": jaccard, "expected": chance, "measured": measured, "pairs": seen})
    above = found.filter(pl.col("jaccard") >= threshold - 1e-9)
    shares = {"recall": recall(found, threshold), "precision": precision(found, threshold)}
    return {
        **{name: None if share is None else round(share, 4) for name, share in shares.items()},
        "pairs": int(above["seen"].sum()),
        "curve": rows,
    }

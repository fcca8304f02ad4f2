"""Which copy stays: every keep policy is an Int64 rank, lower is kept; ties go by (file, row)."""

import polars as pl

from cleaner.config.choices import Keep
from cleaner.dedup.dates import moments
from cleaner.errors import JobError

WORST = 2**63 - 1
OLDEST = -(2**63)  # of a document that an earlier run kept: nothing ranks before it


def ranks(
    docs: pl.DataFrame,
    keep: Keep,
    best_by: str | None = None,
    source_priority: tuple[str, ...] = (),
) -> pl.Series:
    """Return the rank of every document under a policy; what is unknown ranks last.

    >>> ranks(pl.DataFrame({"score": [0.5, None, 0.9]}), "best", "score").to_list()
    [-500000, 9223372036854775807, -900000]
    """
    if keep == "first":
        return pl.repeat(0, docs.height, dtype=pl.Int64, eager=True).alias("rank")
    if keep == "longest":
        # Before `extract` there are only pages; their length stands for that of their text.
        value = _length(docs["text" if "text" in docs.columns else "html"])
    elif keep == "best":
        value = _numbers(_column(docs, best_by or "best_by", keep), f"best_by: {best_by}")
    elif keep == "newest":
        value = moments(_column(docs, "date", keep))
    else:
        places = {name: -place for place, name in enumerate(source_priority)}
        value = _column(docs, "source", keep).replace_strict(
            places, default=-len(places), return_dtype=pl.Int64
        )
    return (-value).fill_null(WORST).alias("rank")


def _column(docs: pl.DataFrame, name: str, keep: Keep) -> pl.Series:
    if name not in docs.columns:
        raise JobError(f"keep: {keep} needs the column {name}; available: {docs.columns}")
    return docs[name].alias("")  # the methods of a series called `*` take its name for a pattern


def _length(texts: pl.Series) -> pl.Series:
    size = texts.bin.size() if texts.dtype == pl.Binary else texts.str.len_chars()
    return size.cast(pl.Int64)


def _numbers(scores: pl.Series, what: str) -> pl.Series:
    if scores.dtype.is_float():
        # Six decimals: another machine's last bits must not decide which copy stays.
        scaled = (scores.cast(pl.Float64).clip(-9e12, 9e12) * 1e6).round()
        return scaled.cast(pl.Int64, strict=False)
    if scores.dtype.is_numeric() or scores.dtype.is_temporal() or scores.dtype == pl.Boolean:
        return scores.to_physical().cast(pl.Int64, strict=False)
    raise JobError(f"{what} is {scores.dtype}; it takes a number or a time")

"""Signals of how much a text says for its length."""

import polars as pl

from cleaner.signals.counts import Value, measured, ratio

SIGNALS: dict[str, tuple[type[pl.DataType], str]] = {
    "compression_ratio": (
        pl.Float64,
        "bytes of UTF-8 per byte after zstandard at level 3: repetitive text has a high one; 0 "
        "for an empty text",
    ),
    "byte_entropy": (pl.Float64, "entropy of the distribution of UTF-8 bytes, in bits"),
}


VALUES: dict[str, Value] = {
    "compression_ratio": lambda c: ratio(c["bytes"], c["compressed"]),
    "byte_entropy": lambda c: c["byte_entropy"],
}


def measure(text: pl.Series) -> pl.DataFrame:
    """Return one row of information signals per document.

    >>> measure(pl.Series(["abab", ""])).select("byte_entropy").rows()
    [(1.0,), (0.0,)]
    """
    return measured(text, SIGNALS, VALUES)

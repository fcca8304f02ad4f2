"""Signals of the scripts a text is written in."""

import numpy as np
import polars as pl

from cleaner.kernels.unicode import SCRIPTS
from cleaner.signals.counts import Counts, Value, measured, ratio

NAMED = [script for script in SCRIPTS if script not in ("common", "other")]
SIGNALS: dict[str, tuple[type[pl.DataType], str]] = {
    **{f"{name}_ratio": (pl.Float64, f"letters of the script {name} per letter") for name in NAMED},
    "han_char_ratio": (pl.Float64, "Han characters per character other than white space"),
    "rare_han_ratio": (
        pl.Float64,
        "Han characters outside the everyday ones (GB 2312 level 1, Big5 level 1, JIS X 0208 "
        "level 1) per Han character: what mojibake and failed OCR are made of",
    ),
    "spaced_han_ratio": (
        pl.Float64,
        "Han characters with a space on both sides, and beyond one of them Han or a wide mark, per "
        "Han character: OCR debris",
    ),
    "han_characters": (pl.UInt32, "Han characters"),
    "han_stop_ratio": (
        pl.Float64,
        "Chinese stop words per Han character, so that neither code nor formulas count",
    ),
}


def _seen(c: Counts) -> np.ndarray:
    return c["characters"] - c["spaces"] - c["newlines"]


VALUES: dict[str, Value] = {
    **{f"{name}_ratio": lambda c, name=name: ratio(c[name], c["letters"]) for name in NAMED},
    "han_char_ratio": lambda c: ratio(c["han"], _seen(c)),
    "rare_han_ratio": lambda c: ratio(c["rare_han"], c["han"]),
    "spaced_han_ratio": lambda c: ratio(c["spaced_han"], c["han"]),
    "han_characters": lambda c: c["han"],
    "han_stop_ratio": lambda c: ratio(c["stops_zh"], c["han"]),
}


def measure(text: pl.Series) -> pl.DataFrame:
    """Return one row of script signals per document.

    >>> measure(pl.Series(["中a", ""])).select("han_ratio", "latin_ratio").rows()
    [(0.5, 0.5), (0.0, 0.0)]
    """
    return measured(text, SIGNALS, VALUES)

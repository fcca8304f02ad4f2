"""Signals of the formulas in a text: those that `extract` marked, or that the `$` rule finds."""

import numpy as np
import polars as pl

from cleaner.signals.counts import Counts, Value, measured, ratio

SIGNALS: dict[str, tuple[type[pl.DataType], str]] = {
    "formulas": (pl.UInt32, "formulas"),
    "formulas_per_1000": (pl.Float64, "formulas per 1,000 characters, a formula being one"),
    "formula_char_ratio": (
        pl.Float64,
        "characters inside formulas, dollars included, per character; here all characters count",
    ),
    "valid_formula_ratio": (
        pl.Float64,
        "formulas that parse per formula: braces, \\left and \\right, \\begin and \\end in pairs, "
        "at most one ^ or _ in a row, no bare end in \\, no ` outside braces, no </; 1 without any",
    ),
    "number_formula_ratio": (
        pl.Float64,
        "formulas of digits, points and units (letters in \\text or \\mathrm) alone per formula",
    ),
    "median_formula_length": (
        pl.Float64,
        "median characters of a formula without its dollars; 0 when there are none",
    ),
    "empty_formulas": (
        pl.UInt32,
        "holes where a formula or its image was lost: $$ or $ $ around nothing, \\( \\), \\[ \\], "
        "U+FFFC, [公式], [图片], [formula], [image], [math], [equation]; any case",
    ),
    "tex_commands": (pl.UInt32, "TeX commands, a backslash with two letters or more, anywhere"),
}


def _valid(c: Counts) -> np.ndarray:
    return np.where(c["formulas"] > 0, ratio(c["valid_formulas"], c["formulas"]), 1.0)


VALUES: dict[str, Value] = {
    "formulas": lambda c: c["formulas"],
    "formulas_per_1000": lambda c: ratio(1000 * c["formulas"], c["characters"]),
    "formula_char_ratio": lambda c: ratio(c["formula_characters"], c["raw_characters"]),
    "valid_formula_ratio": _valid,
    "number_formula_ratio": lambda c: ratio(c["number_formulas"], c["formulas"]),
    "median_formula_length": lambda c: c["median_formula_twice"] / 2,
    "empty_formulas": lambda c: c["empty_formulas"],
    "tex_commands": lambda c: c["tex_commands"],
}


def measure(text: pl.Series) -> pl.DataFrame:
    """Return one row of math signals per document.

    >>> measure(pl.Series(["let $x^2$", ""])).select("formulas", "valid_formula_ratio").rows()
    [(1, 1.0), (0, 1.0)]
    """
    return measured(text, SIGNALS, VALUES)

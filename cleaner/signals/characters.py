"""Signals that need no words: what a text's characters are."""

import polars as pl

from cleaner.signals.counts import Value, measured, ratio

SIGNALS: dict[str, tuple[type[pl.DataType], str]] = {
    "characters": (pl.UInt32, "characters (code points); a formula is one"),
    "written_characters": (pl.UInt32, "characters, those of formulas and their dollars too"),
    "letter_ratio": (pl.Float64, "letters per character"),
    "alnum_ratio": (pl.Float64, "letters and digits per character"),
    "digit_ratio": (pl.Float64, "digits and other number signs per character"),
    "upper_ratio": (pl.Float64, "upper-case letters per letter"),
    "whitespace_ratio": (pl.Float64, "white space, line ends included, per character"),
    "punctuation_ratio": (pl.Float64, "punctuation marks (Unicode P) per character"),
    "symbol_ratio": (pl.Float64, "symbols (Unicode S: signs, arrows, emoji) per character"),
    "emoji_ratio": (pl.Float64, "characters shown as a picture per character"),
    "paren_ratio": (pl.Float64, "round brackets, full-width ones too, per character"),
    "curly_braces": (pl.UInt32, "opening curly brackets; those of formulas do not count"),
}


VALUES: dict[str, Value] = {
    "characters": lambda c: c["characters"],
    "written_characters": lambda c: c["raw_characters"],
    "letter_ratio": lambda c: ratio(c["letters"], c["characters"]),
    "alnum_ratio": lambda c: ratio(c["letters"] + c["digits"], c["characters"]),
    "digit_ratio": lambda c: ratio(c["digits"], c["characters"]),
    "upper_ratio": lambda c: ratio(c["upper"], c["letters"]),
    "whitespace_ratio": lambda c: ratio(c["spaces"] + c["newlines"], c["characters"]),
    "punctuation_ratio": lambda c: ratio(c["punctuation"], c["characters"]),
    "symbol_ratio": lambda c: ratio(c["symbols"], c["characters"]),
    "emoji_ratio": lambda c: ratio(c["emoji"], c["characters"]),
    "paren_ratio": lambda c: ratio(c["parens"], c["characters"]),
    "curly_braces": lambda c: c["open_braces"],
}


def measure(text: pl.Series) -> pl.DataFrame:
    """Return one row of character signals per document.

    >>> measure(pl.Series(["Ab 1", ""])).select("characters", "letter_ratio").rows()
    [(4, 0.5), (0, 0.0)]
    """
    return measured(text, SIGNALS, VALUES)

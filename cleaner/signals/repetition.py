"""Signals of repetition: Gopher's table, by datatrove's measure.

A repeat is each copy after the first; lengths are in characters and divided by the characters of
the whole text, white space included. A top n-gram is the most frequent one, on a tie the first to
appear, seen once or more: its length, with a space between two words unless both are letters of a
script without spaces (with unit jieba: always), times its count. Duplicated n-grams are found from
left to right without overlap: one seen before counts with the lengths of its words and is skipped.
Lines and paragraphs are compared as they stand; blank lines part paragraphs and are no lines.
"""

import polars as pl

from cleaner.signals.counts import Value, measured, ratio

TOP, DUPLICATE = (2, 3, 4), (5, 6, 7, 8, 9, 10, 13)

SIGNALS: dict[str, tuple[type[pl.DataType], str]] = {
    "paragraphs": (pl.UInt32, "paragraphs, parted by blank lines"),
    "dup_line_ratio": (pl.Float64, "copies of earlier lines per line (Gopher)"),
    "dup_line_char_ratio": (pl.Float64, "characters of copies of earlier lines per character"),
    "dup_paragraph_ratio": (pl.Float64, "copies of earlier paragraphs per paragraph (Gopher)"),
    "dup_paragraph_char_ratio": (
        pl.Float64,
        "characters of copies of earlier paragraphs per character (Gopher)",
    ),
    "char_dup_ratio": (
        pl.Float64,
        "characters of copies of earlier lines per character other than a line end (FineWeb)",
    ),
    **{
        f"top_{n}gram_char_ratio": (
            pl.Float64,
            f"characters of the most frequent {n}-gram of words, all copies, per character",
        )
        for n in TOP
    },
    "repeated_13char_ratio": (
        pl.Float64,
        "runs of 13 characters, white space apart, that occur more than once, all copies, per run "
        "(ChineseWebText)",
    ),
    **{
        f"dup_{n}gram_char_ratio": (
            pl.Float64,
            f"characters of {n}-grams of words seen before, without overlap, per character",
        )
        for n in DUPLICATE
    },
}


VALUES: dict[str, Value] = {
    "paragraphs": lambda c: c["paragraphs"],
    "dup_line_ratio": lambda c: ratio(c["dup_lines"], c["lines"]),
    "dup_line_char_ratio": lambda c: ratio(c["dup_line_characters"], c["characters"]),
    "dup_paragraph_ratio": lambda c: ratio(c["dup_paragraphs"], c["paragraphs"]),
    "dup_paragraph_char_ratio": lambda c: ratio(c["dup_paragraph_characters"], c["characters"]),
    "char_dup_ratio": lambda c: ratio(c["dup_line_characters"], c["characters"] - c["newlines"]),
    **{
        f"top_{n}gram_char_ratio": lambda c, n=n: ratio(c[f"top_{n}"], c["characters"]) for n in TOP
    },
    "repeated_13char_ratio": lambda c: ratio(c["repeated_13"], c["runs_13"]),
    **{
        f"dup_{n}gram_char_ratio": lambda c, n=n: ratio(c[f"dup_{n}"], c["characters"])
        for n in DUPLICATE
    },
}


def measure(text: pl.Series) -> pl.DataFrame:
    """Return one row of repetition signals per document.

    >>> measure(pl.Series(["aa\\naa\\nb", ""])).select("dup_line_ratio").rows()
    [(0.3333333333333333,), (0.0,)]
    """
    return measured(text, SIGNALS, VALUES)

"""Signals of word and phrase lists, one set per list: `list_density:NAME` and so on.

Text and phrases are compared in one form: width, case, traditional and simplified Chinese are one.
A phrase of Latin letters or digits at an edge must stand free there; others are found anywhere. Of
phrases that overlap, the longest one that starts first counts.
"""

import polars as pl

KINDS: dict[str, tuple[type[pl.DataType], str]] = {
    "list_hits": (pl.UInt32, "phrases of the list that occur, each as often as it does"),
    "list_distinct": (pl.UInt32, "different phrases of the list that occur"),
    "list_density": (pl.Float64, "phrases of the list per 1,000 characters"),
    "list_char_ratio": (pl.Float64, "characters of phrases of the list per character"),
    "list_line_density": (pl.Float64, "phrases of the list per line"),
}


def columns(names: list[str]) -> set[str]:
    return set()


def measure(*args: object) -> pl.DataFrame:
    raise NotImplementedError

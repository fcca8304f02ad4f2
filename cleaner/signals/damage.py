"""Signals of text that was damaged on its way."""

import polars as pl

from cleaner.signals.counts import Value, measured, ratio

SIGNALS: dict[str, tuple[type[pl.DataType], str]] = {
    "control_ratio": (pl.Float64, "control and format characters per character"),
    "private_use_ratio": (pl.Float64, "private-use characters per character"),
    "replacement_ratio": (pl.Float64, "U+FFFD, where a decoder gave up, per character"),
    "replacement_lines": (pl.UInt32, "lines that hold U+FFFD; icons that were lost stand on one"),
    "mojibake_ratio": (
        pl.Float64,
        "characters of sequences that only a wrong decoding makes per character: UTF-8 read as "
        "Latin-1 or cp1252 (Ã©, â€™), but not what somebody may have written (É®, é…”); "
        "replacement characters read as GBK (锟斤拷), filled memory (烫烫烫烫, 屯屯屯屯)",
    ),
}


VALUES: dict[str, Value] = {
    "control_ratio": lambda c: ratio(c["controls"], c["characters"]),
    "private_use_ratio": lambda c: ratio(c["private"], c["characters"]),
    "replacement_ratio": lambda c: ratio(c["replacements"], c["characters"]),
    "replacement_lines": lambda c: c["replacement_lines"],
    "mojibake_ratio": lambda c: ratio(c["mojibake"], c["characters"]),
}


def measure(text: pl.Series) -> pl.DataFrame:
    """Return one row of damage signals per document.

    >>> measure(pl.Series(["a\\ufffd", ""])).select("replacement_ratio").rows()
    [(0.5,), (0.0,)]
    """
    return measured(text, SIGNALS, VALUES)

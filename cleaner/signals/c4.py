"""Signals of what C4's line rules would leave of a text; nothing is cut here.

A line is left when it ends with a terminal mark (Unicode Sentence_Terminal, full-width marks too)
or a closing quotation mark and not with `...`, white space and the citations `[1]`, `[edit]`,
`[citation needed]` at its end apart; when it has at least 5 chunks (see `words`), no run of over
1,000 characters without white space (letters of scripts without spaces part such a run), not the
word javascript, and none of C4's phrases on policies. `c4_datatrove` asks for 3 chunks, and
`c4_any_end` leaves out the rule on the end besides, as FineWeb did.
"""

import polars as pl

from cleaner.signals.counts import Value, measured

_WHAT = {
    "lines": "lines that C4's line rules leave",
    "words": "words of the lines that C4's line rules leave",
    "sentences": "sentences of the lines that C4's line rules leave; every such line has one",
    "curly_lines": "lines with { among those that C4's other line rules leave",
    "lorem_ipsum_lines": "lines with 'lorem ipsum' among those long enough and rightly ended",
}
SIGNALS: dict[str, tuple[type[pl.DataType], str]] = {
    **{f"c4_{name}": (pl.UInt32, meaning) for name, meaning in _WHAT.items()},
    **{
        f"c4_datatrove_{name}": (pl.UInt32, f"{meaning}; of 3 words at least (datatrove)")
        for name, meaning in _WHAT.items()
    },
    **{
        f"c4_any_end_{name}": (pl.UInt32, f"{meaning}; of 3 words, with any end (FineWeb)")
        for name, meaning in _WHAT.items()
    },
}
_COLUMN = {
    "lines": "lines",
    "words": "words",
    "sentences": "sentences",
    "curly_lines": "curly",
    "lorem_ipsum_lines": "lorem",
}


VALUES: dict[str, Value] = {
    f"{rules}{name}": lambda c, column=f"{counted}{column}": c[column]
    for rules, counted in (
        ("c4_", "c4_"),
        ("c4_datatrove_", "c4_datatrove_"),
        ("c4_any_end_", "c4_any_"),
    )
    for name, column in _COLUMN.items()
}


def measure(text: pl.Series) -> pl.DataFrame:
    """Return one row of C4 signals per document.

    >>> frame = measure(pl.Series(["One two three. Four five!\\nmenu", ""]))
    >>> frame.select("c4_lines", "c4_sentences").rows()
    [(1, 2), (0, 0)]
    """
    return measured(text, SIGNALS, VALUES)

"""Regular expressions that people write: only of the kind that ends in time linear in the text."""

import polars as pl


def is_pattern(pattern: str) -> bool:
    """Return whether Polars reads `pattern`; its syntax is RE2's, without look-around.

    >>> is_pattern("^(a|b)+$"), is_pattern("a(?=b)"), is_pattern("(a{99}){99}{99}")
    (True, False, False)
    """
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.ComputeError:
        return False
    return True

"""How the formulas of a frame's texts are known."""

import polars as pl


def formulas_of(docs: pl.DataFrame) -> pl.Series | bool:
    """Return which texts `extract` wrote, with every formula marked; True: the `$` rule for all."""
    return docs["formulas_marked"] if "formulas_marked" in docs.columns else True


def cut_so_far(docs: pl.DataFrame, cut: pl.Series) -> pl.Series:
    """Return the characters cut by this stage and by those before it."""
    before = docs["characters_cut"] if "characters_cut" in docs.columns else 0
    return (cut + before).cast(pl.UInt32)

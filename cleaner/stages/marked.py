"""What stages know of a frame beside its texts: its formulas, their losses, what was cut."""

import numpy as np
import polars as pl

from cleaner.text.segment import formulas_of, segment

# The share of a page's formulas that its text lost, a column that filters may read like a signal.
LOSS = "formula_loss_ratio"
LOSS_SIGNALS = ("formulas", "empty_formulas")


def nameable() -> dict[str, tuple[type[pl.DataType], str]]:
    """Return every name that a rule may read: signals, those of lists, of pages and of lines."""
    from cleaner.rules.lines import LINE_SIGNALS
    from cleaner.signals import SIGNALS
    from cleaner.signals.lists import KINDS

    loss = "formulas of the page that its text lost, per formula of the page; see `formula_loss`"
    return {
        **SIGNALS,
        **{f"{kind}:NAME": (of, f"{about}; NAME: a list") for kind, (of, about) in KINDS.items()},
        LOSS: (pl.Float64, loss),
        "licence": (pl.String, "of the document, as the job's `input.licence` carries it"),
        **{name: (of, f"of a line: {about}") for name, (of, about) in LINE_SIGNALS.items()},
    }


def cut_so_far(docs: pl.DataFrame, cut: pl.Series) -> pl.Series:
    """Return the characters cut by this stage and by those before it."""
    before = docs["characters_cut"] if "characters_cut" in docs.columns else 0
    return (cut + before).cast(pl.UInt32)


def formula_loss(docs: pl.DataFrame) -> pl.Series:
    """Return the share of formulas that each text lost, by `LOSS_SIGNALS` and the page's columns.

    After `extract`: formulas that the main text left out, and images of formulas that nobody wrote
    down, of all formulas of the page. In any text: holes of all formulas and holes. The greater
    counts; a text that came without its page has only holes.
    """
    holes = pl.col("empty_formulas").cast(pl.Float64)
    shares = [_share(holes, holes + pl.col("formulas"))]
    if {"formulas_found", "formulas_lost", "formula_images_lost"} <= set(docs.columns):
        images = pl.col("formula_images_lost").cast(pl.Float64)
        lost = pl.col("formulas_lost") + images
        shares.append(_share(lost, pl.col("formulas_found") + images).fill_null(0.0))
    unknown = pl.col("empty_formulas").is_null()
    return docs.select(pl.when(~unknown).then(pl.max_horizontal(shares)).alias(LOSS)).to_series()


def _share(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    return pl.when(whole > 0).then(part / whole).when(whole == 0).then(0.0)


def word_counts(docs: pl.DataFrame) -> pl.Series:
    """Return the words of each document, as UInt64."""
    if "words" in docs.columns:
        return docs["words"].cast(pl.UInt64)
    found = segment(docs["text"], formulas_of(docs))
    return pl.Series("words", np.diff(found.first), dtype=pl.UInt64)

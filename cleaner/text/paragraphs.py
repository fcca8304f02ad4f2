"""Paragraphs that a text says twice."""

import re

import numpy as np
import polars as pl

from cleaner.kernels.arrow import utf8
from cleaner.kernels.fold import fold
from cleaner.text.segment import Formulas, modes

PARTED = re.compile(r"(\n[^\S\n]*(?:\n[^\S\n]*)+)")


def drop_repeated(
    text: pl.Series, min_chars: int, formulas: Formulas = True
) -> tuple[pl.Series, pl.Series]:
    """Return the texts without copies of earlier paragraphs, and how many characters went.

    Paragraphs are parted by blank lines and compared as keys (width, case, traditional Chinese and
    white space do not count); those under `min_chars` characters stay, and the first always stays.

    >>> drop_repeated(pl.Series(["one two\\n\\nOne  two\\n\\nthree"]), 5)[0].to_list()
    ['one two\\n\\nthree']
    """
    several = text.str.contains(r"\n[^\S\n]*\n").fill_null(False).arg_true()
    # Paragraphs, and the blank lines between them, in turn.
    parts = [PARTED.split(text[row]) for row in several]
    lengths = [len(part[::2]) for part in parts]
    owner = np.repeat(np.arange(len(parts)), lengths)
    paragraphs = pl.Series([p for part in parts for p in part[::2]], dtype=pl.String)
    if isinstance(formulas, pl.Series | np.ndarray):
        formulas = pl.Series(formulas).fill_null(False).gather(several.gather(owner))
    bounds, keys = fold(*utf8(paragraphs), modes(formulas, len(paragraphs)))
    seen: set[tuple[int, bytes]] = set()
    gone: dict[int, set[int]] = {}
    first = np.concatenate([[0], np.cumsum(lengths)])
    for place, (document, long) in enumerate(
        zip(owner.tolist(), (paragraphs.str.len_chars() >= min_chars).to_list(), strict=True)
    ):
        key = (document, keys[bounds[place] : bounds[place + 1]].tobytes())
        if key in seen and long:
            gone.setdefault(document, set()).add(place - int(first[document]))
        seen.add(key)
    if not gone:
        return text, pl.zeros(len(text), pl.UInt32, eager=True)
    rows = several.gather(list(gone))
    left = [_without(parts[document], places) for document, places in gone.items()]
    cleaned = text.clone().scatter(rows, left)  # scatter writes in place
    cut = text.str.len_chars().fill_null(0) - cleaned.str.len_chars().fill_null(0)
    return cleaned, cut.cast(pl.UInt32)


def _without(parts: list[str], places: set[int]) -> str:
    """Return a text without some paragraphs and the blank lines before them."""
    kept = parts[:1]
    for place in range(1, len(parts[::2])):
        if place not in places:
            kept += parts[2 * place - 1 : 2 * place + 1]
    return "".join(kept)

"""The items that texts may hold, window by window."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from cleaner.kernels.leakage.search import search as kernel
from cleaner.leakage.context import beside
from cleaner.leakage.index import Index
from cleaner.leakage.verdict import covered_by, may_match_short
from cleaner.leakage.words import Located, located, read
from cleaner.text.segment import Formulas

# A window of a document, with what decides whether it holds the item.
FOUND = pl.Schema({
    "doc": pl.UInt32, "mode": pl.UInt8, "known": pl.UInt32, "start": pl.UInt32, "end": pl.UInt32,
    "held": pl.Binary, "answer": pl.Float64, "beside": pl.UInt8,
})  # fmt: skip
_ROOM = 24  # words beside twice the answer in which it is looked for


@dataclass(frozen=True)
class Searched:
    """What is found in some texts."""

    docs_with: np.ndarray  # uint32: of each gram, how many texts hold it
    found: pl.DataFrame  # rows of FOUND


def search(text: pl.Series, index: Index, formulas: Formulas = True) -> Searched:
    """Return how many texts hold each gram, and the windows with enough of an item."""
    texts = read(text, formulas)
    docs_with, windows = kernel(texts.first, texts.hashes, texts.doc, index.grams)
    rows = []
    near: tuple[int, str, Located] | None = None
    for w in range(len(windows.doc)):
        number, item = int(windows.doc[w]), int(windows.item[w])
        start, end = int(windows.start[w]), int(windows.end[w])
        known = index.known[item]
        held = windows.held[windows.first[w] : windows.first[w + 1]]
        mine = texts.hashes[texts.first[number] : texts.first[number + 1]]
        answer = covered_by(mine[end : end + 2 * len(known.answer) + _ROOM], known.answer)
        seen = 0
        if known.short and may_match_short(known, held, end - start):
            if near is None or near[0] != number:
                said = text[int(texts.doc[number])]
                near = number, said, located(said, int(texts.modes[number]), mine)
            seen = beside(known, near[1], near[2], start, end)
        doc = int(texts.doc[number])
        mode = int(texts.modes[number])
        rows.append((doc, mode, item, start, end, held.tobytes(), answer, seen))
    return Searched(docs_with, pl.DataFrame(rows, FOUND, orient="row"))

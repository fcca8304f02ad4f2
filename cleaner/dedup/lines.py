"""Lines or paragraphs that stand in many documents: counted, decided by hash, cut out."""

from typing import NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

from cleaner.config.choices import LineUnit, Within
from cleaner.dedup.against import OLD
from cleaner.dedup.keys import formula_modes, groups
from cleaner.kernels.arrow import utf8
from cleaner.kernels.dedup.fold import fold, frozen
from cleaner.kernels.dedup.line_ranges import cut_pieces, hash_pieces, keep_pieces
from cleaner.kernels.text.segment import segment
from cleaner.kernels.unicode import classes

# A line of one unit of work: the documents that hold it, and the first of them.
LINES = pl.Schema({
    "line": pl.UInt64, "documents": pl.UInt32, "file": pl.UInt32, "row": pl.UInt64,
})  # fmt: skip
FREQUENT = pl.Schema([*LINES.items(), ("first_file", pl.UInt32), ("first_row", pl.UInt64)])


class Pieces(NamedTuple):
    """The lines or paragraphs of some texts; together they are the texts, byte for byte."""

    data: np.ndarray
    cuts: np.ndarray  # piece p is data[cuts[p]:cuts[p + 1]], its line end included
    first: np.ndarray  # text d has the pieces first[d]:first[d + 1]
    owner: np.ndarray  # the text of each piece
    hashes: np.ndarray
    blank: np.ndarray
    judged: np.ndarray  # what may be cut: enough words, and no code


def pieces(docs: pl.DataFrame, unit: LineUnit, min_words: int, within: Within) -> Pieces:
    """Return the pieces of each text; a formula is never parted, and code is never judged."""
    offsets, data = map(frozen, utf8(docs["text"]))
    modes = formula_modes(docs)
    found = segment(offsets, data, modes, classes())
    cuts, first, words, code = cut_pieces(offsets, data, *found, unit == "paragraph")
    owner = np.repeat(np.arange(docs.height, dtype=np.uint32), np.diff(first))
    bounds, keys = fold(cuts, data, modes[owner])
    salts, known = groups(docs, within)
    judged = (words >= max(1, min_words)) & known[owner] & ~code
    hashes = hash_pieces(bounds, keys, salts[owner])
    return Pieces(data, cuts, first, owner, hashes, np.diff(bounds) == 0, judged)


def line_counts(
    docs: pl.DataFrame, unit: LineUnit = "line", min_words: int = 5, within: Within = "all"
) -> pl.DataFrame:
    """Return a row of `LINES` per different line of these documents, to exchange by `line`."""
    found = pieces(docs, unit, min_words, within)
    return (
        pl.DataFrame({"line": found.hashes[found.judged], "at": found.owner[found.judged]})
        .unique()
        .join(docs.select("file", "row").with_row_index("at"), on="at")
        .sort("file", "row", "line")
        .group_by("line", maintain_order=True)
        .agg(pl.len().alias("documents"), pl.col("file", "row").first())
        .cast(LINES)
    )


def decide_lines(rows: pl.DataFrame, min_documents: int) -> pl.DataFrame:
    """Return `FREQUENT` for rows of `LINES` that hold every unit's count of each line they hold.

    A line in at least `min_documents` documents is answered to every unit that has it, under the
    key by which the unit sent it, with the sum and the first document of all.
    """
    total = pl.col("documents").sum().over("line")
    return (
        rows.sort(pl.col("file") < OLD, "file", "row", "line")
        .with_columns(
            documents=total,
            first_file=pl.col("file").first().over("line"),
            first_row=pl.col("row").first().over("line"),
        )
        .filter((pl.col("documents") >= min_documents) & (pl.col("file") < OLD))
        .select(list(FREQUENT))
        .cast(FREQUENT)
    )


def cut_lines(
    docs: pl.DataFrame,
    frequent: pl.DataFrame,
    unit: LineUnit = "line",
    min_words: int = 5,
    within: Within = "all",
    keep_first: bool = False,
) -> tuple[pl.Series, pl.Series]:
    """Return the texts without their frequent lines, and how many went from each.

    `frequent` are rows of `FREQUENT`; those of other documents do no harm. With `keep_first` a
    line stays in the first document of the corpus that has it.
    """
    found = pieces(docs, unit, min_words, within)
    table = frequent.unique("line").sort("line")
    hashes = table["line"].to_numpy()
    at = np.minimum(np.searchsorted(hashes, found.hashes), max(0, len(hashes) - 1))
    gone = found.judged & (hashes[at] == found.hashes) if len(hashes) else found.judged & False
    owner = found.owner
    if keep_first and len(hashes):
        stays = (table["first_file"].to_numpy()[at] == docs["file"].to_numpy()[owner]) & (
            table["first_row"].to_numpy()[at] == docs["row"].to_numpy()[owner]
        )
        gone &= ~stays
    cut = np.bincount(owner[gone], minlength=docs.height).astype(np.uint32)
    bounds, data = keep_pieces(found.data, found.cuts, found.first, ~gone, found.blank)
    array = pa.Array.from_buffers(
        pa.large_string(), docs.height, [None, pa.py_buffer(bounds), pa.py_buffer(data)]
    )
    text = pl.select(pl.when(docs["text"].is_not_null()).then(pl.Series("text", array))).to_series()
    return text, pl.Series("lines_cut", cut)

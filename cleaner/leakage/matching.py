"""Windows judged; and how frequent grams, which carry no weight, are told from leaks."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from cleaner.kernels.leakage.search import gram_hashes
from cleaner.kernels.text.segment import OFF, RULE
from cleaner.leakage.index import Index
from cleaner.leakage.verdict import judge, least_left, weight_left
from cleaner.leakage.words import placed

# Grams of one reading that carry no weight, by where they begin.
Stopped = Mapping[int, list[int]]
STOPPED = pl.Schema({"known": pl.UInt32, "at": pl.UInt32})
JUDGED = {"matched": pl.Boolean, "share": pl.Float64, "longest": pl.Float64}
FEW = 20  # documents that may hold a gram whatever the size of the corpus
OF = 100_000  # and one in so many


def limit(documents: int) -> int:
    """Return how many documents that match no item may hold a gram that still carries weight.

    >>> limit(5_000), limit(30_000_000)
    (20, 300)
    """
    return max(FEW, documents // OF)


def judged(found: pl.DataFrame, index: Index, stopped: Stopped | None = None) -> pl.DataFrame:
    """Return windows with the columns of `JUDGED`."""
    left = {
        known: weight_left(index.known[known], int(index.grams.size[known]), grams)
        for known, grams in (stopped or {}).items()
    }
    rows = []
    columns = ("known", "held", "start", "end", "answer", "beside")
    for known, held, start, end, answer, beside in found.select(columns).iter_rows():
        said = judge(
            index.known[known], np.frombuffer(held, np.uint8), end - start, answer, beside,
            left.get(known),
        )  # fmt: skip
        rows.append((said.matched, round(said.share, 6), round(said.longest, 2)))
    return found.hstack(pl.DataFrame(rows, JUDGED, orient="row"))


def stops(
    found: pl.DataFrame, index: Index, docs_with: Mapping[int, int], most: int
) -> pl.DataFrame:
    """Return the grams of whole items, rows of `STOPPED`, that carry no weight.

    `found` has all windows of these items, `docs_with` the documents that hold a gram where they
    are more than `most`. A gram counts where it stands in a document that does not match its item:
    an item that leaked a thousand times has frequent grams and keeps them.
    """
    number = np.array([one.number for one in index.known], np.uint32)
    rows: list[tuple[int, int]] = []
    said = judged(found, index)
    said = said.with_columns(number=pl.Series(number[said["known"].to_numpy()]))
    for known in said["known"].unique().sort():
        grams = index.of_known[known]
        often = [at for at, gram in enumerate(grams.tolist()) if docs_with.get(gram, 0) > most]
        if not often:
            continue
        of_item = said.filter(pl.col("matched") & (pl.col("number") == int(number[known])))
        matching = of_item.select("file", "row").unique()
        leaks = _holding(of_item.filter(pl.col("known") == known), len(grams), index, known)
        # What matches by another reading holds the words of this one, read in its own way.
        others = len(matching) - of_item.filter(pl.col("known") == known).n_unique(["file", "row"])
        rows += [
            (known, at)
            for at in often
            if docs_with[int(grams[at])] - int(leaks[at]) - others > most
        ]
    return pl.DataFrame(rows, STOPPED, orient="row")


def _holding(windows: pl.DataFrame, count: int, index: Index, known: int) -> np.ndarray:
    """Return for each gram of a reading how many of some documents have it in their windows."""
    size = int(index.grams.size[known])
    out = np.zeros(count, np.int64)
    for _, of_doc in windows.group_by("file", "row", maintain_order=True):
        there = np.zeros(count, bool)
        for held in of_doc["held"]:
            words = np.frombuffer(held, np.uint8).astype(np.int64)
            runs = np.convolve(words, np.ones(size, np.int64), "valid")
            there |= runs == size
        out += there
    return out


def given_stops(index: Index, phrases: Sequence[str]) -> pl.DataFrame:
    """Return the grams, rows of `STOPPED`, that stand in some phrases."""
    words = [placed(phrase, mode).hashes for phrase in phrases for mode in (RULE, OFF)]
    stopped = {
        int(size): {value for some in words for value in gram_hashes(some, size).tolist()}
        for size in index.grams.sizes
    }
    rows = [
        (number, at)
        for number, one in enumerate(index.known)
        for size in [int(index.grams.size[number])]
        if stopped[size]
        for at, value in enumerate(gram_hashes(one.words, size).tolist())
        if value in stopped[size]
    ]
    return pl.DataFrame(rows, STOPPED, orient="row")


def by_known(stopped: pl.DataFrame) -> dict[int, list[int]]:
    """Return rows of `STOPPED` as the grams of each reading."""
    found: dict[int, list[int]] = {}
    for known, at in stopped.sort("known", "at").iter_rows():
        found.setdefault(known, []).append(at)
    return found


def checkable(index: Index, known: int, stopped: Stopped) -> bool:
    """Return whether enough words of a reading carry weight for a match to be evidence."""
    one = index.known[known]
    left = weight_left(one, int(index.grams.size[known]), stopped.get(known, []))
    return float(left.sum()) >= least_left(one)

"""The lines of texts, with no formula parted."""

from typing import NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

from cleaner.kernels.arrow import utf8
from cleaner.kernels.text.segment import FORMULA, LINE_FEED
from cleaner.text.segment import Formulas, segment


class Lines(NamedTuple):
    """The lines of a column of texts: which text each belongs to, and its characters."""

    document: np.ndarray  # int64, per line
    line: pl.Series  # without its line end


def split_lines(text: pl.Series, formulas: Formulas = True) -> Lines:
    """Return the lines of all texts; a formula is never parted, whatever its own line ends.

    >>> split_lines(pl.Series(["a\\nb", "$$x\\n= y$$ c"])).line.to_list()
    ['a', 'b', '$$x\\n= y$$ c']
    """
    array = text.to_arrow()
    bounds, data = utf8(array)
    words = segment(array, formulas)
    ends = np.flatnonzero(data[bounds[0] : bounds[-1]] == LINE_FEED) + bounds[0]
    inside = words.kinds == FORMULA
    if inside.any():
        first = np.searchsorted(words.starts[inside], ends, side="right") - 1
        within = (first >= 0) & (ends < words.ends[inside][np.maximum(first, 0)])
        ends = ends[~within]
    # Every text has a line that ends with the text; it begins where the last line end left off.
    cuts = np.concatenate([ends + 1, bounds[1:]])
    document = np.concatenate(
        [np.searchsorted(bounds, ends, side="right") - 1, np.arange(len(bounds) - 1)]
    )
    order = np.lexsort((cuts, document))
    cuts, document = cuts[order], document[order]
    starts = np.concatenate([[bounds[0]], cuts[:-1]]) if len(cuts) else cuts
    offsets = pa.py_buffer(np.append(starts, cuts[-1:]).astype(np.int64))
    parts = pa.Array.from_buffers(pa.large_string(), len(cuts), [None, offsets, pa.py_buffer(data)])
    lines = pl.Series("line", parts)
    return Lines(document, lines.str.strip_suffix("\n").str.strip_suffix("\r"))

"""The one split of text into words; see `cleaner.kernels.text.segment` for what a word is."""

from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import polars as pl
import pyarrow as pa

from cleaner.kernels.arrow import utf8
from cleaner.kernels.text import segment as kernel
from cleaner.kernels.unicode import classes

Formulas: TypeAlias = bool | Literal["marked"] | np.ndarray | pl.Series
MODES = {False: kernel.OFF, True: kernel.RULE, "marked": kernel.MARKED}


class Words(NamedTuple):
    """The words of a column of texts, as positions in its UTF-8 bytes."""

    data: np.ndarray  # uint8, the bytes of all texts
    first: np.ndarray  # int64, n + 1: text d has the words first[d]:first[d + 1]
    starts: np.ndarray  # int64, a word is data[start:end]
    ends: np.ndarray
    kinds: np.ndarray  # uint8: kernel.RUN, SINGLE (one grapheme) or FORMULA

    def characters(self) -> np.ndarray:
        """Return how many characters stand before each byte, and last how many there are."""
        # A UTF-8 byte of the form 10xxxxxx continues a character.
        return np.concatenate([[0], np.cumsum((self.data & 0xC0) != 0x80)])


def modes(formulas: Formulas, documents: int) -> np.ndarray:
    """Return what counts as a formula in each text, as the kernels take it.

    True: the `$` rule; False: nothing; "marked": what `extract` wrote (`\\$` is a real dollar);
    a column of booleans: whether `extract` wrote the text (marked) or not (the `$` rule).
    """
    if isinstance(formulas, pl.Series):
        formulas = formulas.fill_null(False).to_numpy()
    if isinstance(formulas, np.ndarray):
        if len(formulas) != documents:
            raise ValueError(f"formulas: {len(formulas)} values for {documents} texts")
        return np.where(formulas.astype(bool), kernel.MARKED, kernel.RULE).astype(np.uint8)
    return np.full(documents, MODES[formulas], np.uint8)


def formulas_of(docs: pl.DataFrame) -> pl.Series | bool:
    """Return which texts `extract` wrote, with every formula marked; True: the `$` rule for all."""
    return docs["formulas_marked"] if "formulas_marked" in docs.columns else True


def segment(text: pl.Series | pa.Array | pa.ChunkedArray, formulas: Formulas = True) -> Words:
    """Return the words of a column of texts; null is a text without words.

    >>> found = segment(pl.Series(["to be", "", "你好"]))
    >>> found.first
    array([0, 2, 2, 4])
    """
    offsets, data = utf8(text)
    modes_ = modes(formulas, len(offsets) - 1)
    return Words(data, *kernel.segment(offsets, data, modes_, classes()))


def formula_spans(text: str, formulas: Formulas = True) -> list[tuple[int, int]]:
    """Return where the formulas of one text lie, from their first character to behind their last.

    >>> formula_spans("Let $x^2$ be 4.")
    [(4, 9)]
    """
    found = segment(pl.Series([text]), formulas)
    places = np.flatnonzero(found.kinds == kernel.FORMULA)
    before = found.characters()
    return [
        (int(before[start]), int(before[end]))
        for start, end in zip(found.starts[places], found.ends[places], strict=True)
    ]


def words(text: str, formulas: Formulas = True) -> list[str]:
    """Return the words of one text.

    >>> words("Don't pay $5 for $x^2$, 用well-known的Python!")
    ["Don't", 'pay', '5', 'for', '$x^2$', '用', 'well-known', '的', 'Python']
    """
    found = segment(pl.Series([text]), formulas)
    return [
        found.data[start:end].tobytes().decode()
        for start, end in zip(found.starts, found.ends, strict=True)
    ]

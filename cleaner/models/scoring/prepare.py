"""Texts as a classifier reads them, the same in training and in prediction.

How a model's texts were prepared stands in its card; a model of somebody else's, without a card,
gets `RAW`: its own words parted by white space.
"""

import re
from typing import Literal

import polars as pl
import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from cleaner.errors import JobError

VERSION = 1  # raised whenever a text may come out otherwise; tests hold samples of each unit


class Preparation(BaseModel):
    """The unit of a word, and what becomes of formulas."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: Literal["word", "jieba", "raw"] = "word"
    # commands: a formula is `<tex>` and its TeX commands; none: it is left out, so that the
    # prose must tell; text: its letters are words
    formulas: Literal["commands", "none", "text"] = "commands"
    version: int = VERSION

    def check(self, path: str) -> None:
        """Raise `JobError` unless this version of us can prepare texts so."""
        if self.version != VERSION:
            raise JobError(
                f"{path}: trained on texts prepared by version {self.version}; this cleaner "
                f"prepares them by version {VERSION}: train it again"
            )
        if self.unit == "jieba":
            _jieba()


RAW = Preparation(unit="raw", formulas="text")


def prepare(texts: pl.Series | pa.Array, how: Preparation) -> pa.Array:
    """Return one line of tokens per text; null is a text without words.

    >>> prepare(pl.Series(["Let $\\\\frac{a}{2}$ = 3.5", "用Python"]), Preparation()).to_pylist()
    ['let <tex> <tex:frac> <num>', '用 python']
    """
    if how.unit == "raw":
        return _raw(texts)
    from cleaner.kernels.arrow import utf8
    from cleaner.kernels.models import prepare as kernel
    from cleaner.kernels.unicode import classes

    modes = {"commands": kernel.COMMANDS, "none": kernel.NONE, "text": kernel.TEXT}
    offsets, data = kernel.prepare(
        *utf8(texts), modes[how.formulas], how.unit == "jieba", classes(), kernel.lower()
    )
    lines = pa.LargeStringArray.from_buffers(
        len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data)
    )
    if how.unit == "word":
        return lines
    return pa.array([_cut(line) for line in lines.to_pylist()], pa.large_string())


def _raw(texts: pl.Series | pa.Array) -> pa.Array:
    series = texts if isinstance(texts, pl.Series) else pl.Series(pl.from_arrow(texts))
    # A page must not steer fastText: a label in its text is no label, its end mark no end.
    plain = (
        series.fill_null("")
        .str.replace_all("\n", " ", literal=True)
        .str.replace_all("__label__", "label ", literal=True)
        .str.replace_all("</s>", "s", literal=True)
    )
    array = plain.to_arrow()
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return array.cast(pa.large_string())


def _jieba():  # type: ignore[no-untyped-def]
    try:
        import rjieba
    except ImportError:
        raise JobError(
            "unit: jieba needs the extra [zh]; run: pip install corpus-distiller[zh]"
        ) from None
    return rjieba


HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def _cut(line: str) -> str:
    """Return a line in which Han characters that stood side by side are jieba's words.

    `line` has a newline wherever anything parted two words in the text.
    """
    cut = _jieba().cut
    words: list[str] = []
    for piece in line.split("\n"):
        tokens = piece.split(" ")
        start = 0
        for at in range(len(tokens) + 1):
            if at < len(tokens) and HAN.match(tokens[at]):
                continue
            if at > start:
                words += cut("".join(tokens[start:at]), False)
            if at < len(tokens) and tokens[at]:
                words.append(tokens[at])
            start = at + 1
    return " ".join(words)

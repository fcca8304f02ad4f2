"""Lines that stand around the text of Chinese pages, known by how they begin or by all they say."""

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import polars as pl

from cleaner.kernels.arrow import utf8
from cleaner.kernels.dedup.fold import fold
from cleaner.kernels.text.segment import OFF

LONGEST = 40  # characters: a longer line that begins so may be a sentence
LISTS = ("zh_cue_starts", "zh_cue_lines")  # in `filters/lists/`
_AROUND = r"[\W_]*"


class Cues(NamedTuple):
    """How such lines begin, and such lines whole."""

    starts: tuple[str, ...]
    lines: tuple[str, ...]


@cache
def shipped_cues() -> Cues:
    """Return the lists that ship; a job's driver reads them once and gives them to its workers."""
    from cleaner.config.word_lists import load_phrases

    return Cues(*map(load_phrases, LISTS))


def _plain(texts: Sequence[str]) -> list[str]:
    """Return texts with width, case and the variants of Chinese letters as one."""
    column = utf8(pl.Series(texts, dtype=pl.String))
    bounds, data = fold(*column, np.full(len(texts), OFF, np.uint8))
    whole = data.tobytes()
    return [whole[start:end].decode() for start, end in pairwise(bounds.tolist())]


@cache
def _patterns(cues: Cues) -> tuple[re.Pattern[str], re.Pattern[str]]:
    starts, whole = (
        "|".join(map(re.escape, sorted(_plain(phrases), key=len, reverse=True)))
        if phrases
        else "(?!)"
        for phrases in cues
    )
    return re.compile(f"{_AROUND}(?:{starts})"), re.compile(f"{_AROUND}(?:{whole}){_AROUND}")


def are_cues(texts: Sequence[str], cues: Cues) -> list[bool]:
    """Return which lines are of those that stand around the text.

    >>> are_cues(["分享到：微信", "【 打印 】", "責任編輯：某人", "打印机在二楼"], shipped_cues())
    [True, True, True, False]
    """
    starts, whole = _patterns(cues)
    return [
        len(text) <= LONGEST
        and (
            whole.fullmatch(plain) is not None
            or (plain[-1:] not in "。!?" and starts.match(plain) is not None)
        )
        for text, plain in zip(texts, _plain(texts), strict=True)
    ]

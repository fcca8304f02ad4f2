"""Lines around the text of Chinese pages, known by how they begin or by what they say."""

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

_SHORT = 40  # characters: a longer line that begins so may be a sentence
_ROW = 3  # such lines side by side are buttons in a row; two may be a heading
LONGEST = 160  # characters of a statement; more is a text about such statements
LISTS = ("zh_cue_starts", "zh_cue_lines", "zh_cue_parts")  # in `filters/lists/`
_AROUND = r"[\W_]*"
_EDGE = re.compile(r"^[\W_]+")


class Cues(NamedTuple):
    """How such lines begin, such lines whole, and what statements say."""

    starts: tuple[str, ...]
    lines: tuple[str, ...]
    parts: tuple[str, ...]


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
def _patterns(cues: Cues) -> tuple[re.Pattern[str], ...]:
    starts, whole, parts = (
        "|".join(map(re.escape, sorted(_plain(phrases), key=len, reverse=True)))
        if phrases
        else "(?!)"
        for phrases in cues
    )
    patterns = (f"{_AROUND}(?:{starts})", f"{_AROUND}(?:{whole}){_AROUND}", parts)
    buttons = f"(?>(?:{whole})[\\W_]*){{{_ROW},}}+"  # possessive: ways to part them are many
    return tuple(map(re.compile, (*patterns, buttons)))


def are_cues(texts: Sequence[str], cues: Cues) -> list[bool]:
    """Return which lines are of those that stand around the text.

    >>> are_cues(["分享到：微信", "【 打印 】", "責任編輯：某人", "打印机在二楼"], shipped_cues())
    [True, True, True, False]
    >>> are_cues(["收藏微博微信分享", "微信朋友圈"], shipped_cues())
    [True, False]
    """
    starts, whole, parts, buttons = _patterns(cues)
    return [
        len(text) <= LONGEST
        and (
            (len(text) <= _SHORT and whole.fullmatch(plain) is not None)
            or (len(text) <= _SHORT and plain[-1:] not in "。!?" and bool(starts.match(plain)))
            or parts.search(plain) is not None
            or buttons.fullmatch(_EDGE.sub("", plain)) is not None
        )
        for text, plain in zip(texts, _plain(texts), strict=True)
    ]

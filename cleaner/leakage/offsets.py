"""Where the words of a window stand in its text."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cleaner.leakage.index import Known
from cleaner.leakage.verdict import held_by
from cleaner.leakage.words import located

Span = tuple[int, int]
_BEHIND = 24  # words in which choices and an answer are looked for, beside twice their own


class Window(NamedTuple):
    """A stretch of the words of a text; with an item, on to its answer where that follows."""

    mode: int
    start: int
    end: int
    known: Known | None = None


def spans_of(text: str, windows: Sequence[Window]) -> list[Span]:
    """Return the characters of windows of one text, in order."""
    out = []
    for mode in {window.mode for window in windows}:
        words = located(text, mode)
        for window in windows:
            if window.mode == mode:
                end = window.end
                if window.known is not None:
                    end = _answered(words.hashes, end, window.known)
                out.append((int(words.starts[window.start]), int(words.ends[end - 1])))
    return sorted(out)


def _answered(stream: np.ndarray, end: int, known: Known) -> int:
    """Return where the choices and the answer end that follow the word `end`; or `end`."""
    parts = [part for part in (*known.choices, known.answer) if len(part)]
    following = stream[end : end + 2 * sum(map(len, parts)) + _BEHIND]
    last = 0
    for part in parts:
        held = held_by(following, part, min(3, len(part)))
        if held.sum() >= len(part) / 2:
            last = max(last, int(np.flatnonzero(held)[-1]) + 1)
    return end + last


def without(text: str, spans: list[Span]) -> str:
    """Return a text without some spans, and without the marks and blank lines they leave.

    >>> without("One. What is it? Two.", [(5, 15)])
    'One. Two.'
    """
    kept, at = [], 0
    for start, end in spans:
        if end > at:
            kept.append(text[at : max(at, start)])
            at = end
            # The mark that closes what was cut goes with it.
            if mark := re.match(r"[?!.。？！:：]+[^\S\n]*", text[at:]):
                at += mark.end()
    return re.sub(r"\n{3,}", "\n\n", "".join([*kept, text[at:]]))

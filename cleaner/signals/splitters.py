"""The words that some published sets count: those of jieba, Sudachi and Kiwi, which are extras.

A splitter sees one private-use character in place of each formula, and never a whole text where it
takes only so much at once; what it finds is given in bytes of the text as it stands.
"""

import importlib
import itertools
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Literal, TypeAlias

import numpy as np

from cleaner.errors import JobError
from cleaner.kernels.text.segment import FORMULA
from cleaner.kernels.text.segment import segment as split
from cleaner.kernels.unicode import classes

Unit = Literal["word", "jieba", "sudachi", "kiwi"]
Spans: TypeAlias = list[tuple[int, int]]  # of characters, in the order of their starts
Tokens: TypeAlias = tuple[np.ndarray, np.ndarray, np.ndarray]

_MODULES = {  # unit -> what is imported, and the extra that brings it
    "jieba": (("rjieba",), "zh"),
    "sudachi": (("sudachipy", "sudachidict_core"), "ja"),
    "kiwi": (("kiwipiepy",), "ko"),
}
_MARK = "\ue000"
_CHUNK = 12_000  # characters that Sudachi is given at a time: it takes 49,149 bytes


def check(unit: Unit) -> None:
    """Raise JobError if what a unit needs is not installed."""
    for module in _MODULES[unit][0] if unit != "word" else ():
        _module(module, unit)


def tokens(unit: Unit, offsets: np.ndarray, data: np.ndarray, kinds: np.ndarray) -> Tokens:
    """Return `(first, starts, ends)`: the tokens of every text, in bytes from its first one.

    Text d has the tokens `first[d]` up to `first[d + 1]`; `kinds` says how it marks formulas.
    """
    spans = _splitter(unit)
    words = split(offsets, data, kinds, classes())
    formulas = words[3] == FORMULA
    begins, ends = words[1][formulas], words[2][formulas]
    bounds = np.searchsorted(begins, offsets)
    first, found = [0], [np.zeros((0, 2), np.int64)]
    for d, (lo, hi) in enumerate(itertools.pairwise(offsets.tolist())):
        a, b = begins[bounds[d] : bounds[d + 1]], ends[bounds[d] : bounds[d + 1]]
        pieces = [data[i:j] for i, j in zip([lo, *b], [*a, hi], strict=True)]
        text = _MARK.join(piece.tobytes().decode(errors="replace") for piece in pieces)
        cut = np.array(spans(text), np.int64).reshape(-1, 2)
        heads = np.frombuffer(f"{text}.".encode(), np.uint8)
        cut = np.flatnonzero(heads & 0xC0 != 0x80)[cut]
        # What lies behind a formula lies further on by its bytes, less those of its mark.
        longer = b - a - len(_MARK.encode())
        masks = a - lo - np.cumsum(longer) + longer
        moved = np.concatenate([[0], np.cumsum(longer)])
        cut[:, 0] += moved[np.searchsorted(masks, cut[:, 0])]
        cut[:, 1] += moved[np.searchsorted(masks, cut[:, 1])]
        found.append(cut)
        first.append(first[-1] + len(cut))
    whole = np.concatenate(found)
    return np.array(first, np.int64), whole[:, 0].copy(), whole[:, 1].copy()


def _module(name: str, unit: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise JobError(
            f"unit: {unit} needs the package {name}; "
            f"pip install 'corpus-distiller[{_MODULES[unit][1]}]'"
        ) from None


@cache
def _splitter(unit: Unit) -> Callable[[str], Spans]:
    """Return a function from a text to its tokens; models are loaded once in a process."""
    if unit == "jieba":
        cut = _module("rjieba", unit).cut
        return lambda text: _side_by_side(part for word in cut(text) for part in _parts(word))
    if unit == "sudachi":
        check(unit)
        # FineWeb-2 ran Sudachi inside spaCy, which asks for the shortest units.
        mode = _module("sudachipy", unit).SplitMode.A
        dictionary = _module("sudachipy", unit).Dictionary(dict="core")
        make = dictionary.tokenizer if hasattr(dictionary, "tokenizer") else dictionary.create
        tokenize = make(mode=mode).tokenize
        return lambda text: _side_by_side(
            word.surface() for piece in _chunks(text) for word in tokenize(piece)
        )
    kiwi = _module("kiwipiepy", unit).Kiwi(num_workers=1)
    return lambda text: _ordered(
        (token.start, token.start + token.len) for token in kiwi.tokenize(_without_long(text))
    )


def _side_by_side(words: Iterator[str]) -> Spans:
    """Return the spans of words that leave nothing out.

    >>> _side_by_side(iter(["数学", "!"]))
    [(0, 2), (2, 3)]
    """
    ends = [0, *itertools.accumulate(map(len, words))]
    return list(itertools.pairwise(ends))


def _ordered(spans: Iterator[tuple[int, int]]) -> Spans:
    """Return morphemes by their starts; those that are contracted share characters."""
    return sorted(span for span in spans if span[0] < span[1])


# How the published jieba parts what rjieba leaves whole: github.com, wp-content, snake_case
_PARTS = re.compile(r"[a-zA-Z0-9]+(?:\.[0-9]+)?%?|[^a-zA-Z0-9]+")


def _parts(token: str) -> list[str]:
    """Return the tokens that the published jieba makes of one of rjieba's.

    >>> _parts("github.com"), _parts("3.14%"), _parts("中文")
    (['github', '.', 'com'], ['3.14%'], ['中文'])
    """
    return _PARTS.findall(token) if token.isascii() and not token.isalnum() else [token]


def _chunks(text: str) -> Iterator[str]:
    """Yield a text piece by piece, cut behind a line where there is one.

    >>> [len(piece) for piece in _chunks("a" * 11_999 + "\\n" + "b" * 12_001)]
    [12000, 12000, 1]
    """
    start = 0
    while start < len(text):
        end = start + _CHUNK
        if end < len(text):
            end = text.rfind("\n", start, end) + 1 or end
        yield text[start:end]
        start = end


_LONG = re.compile("[0-9,]{20,}")


def _without_long(text: str) -> str:
    """Return a text with long runs of digits blank, which take Kiwi very long.

    >>> _without_long("7," * 10 + "x")
    '                    x'
    """
    return _LONG.sub(lambda run: " " * len(run[0]), text)

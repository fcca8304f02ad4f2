"""Where in a text a rule found what it is about: the characters that a signal counts."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import polars as pl

from cleaner.signals import SIGNALS, measure
from cleaner.signals.lines import SIGNALS as OF_LINES
from cleaner.text.paragraphs import PARTED
from cleaner.text.segment import segment

# Signals that are not of lines, and yet say of a line alone whether it holds what they count.
_IN_LINES = (
    "hash_word_ratio", "ellipsis_word_ratio", "url_char_ratio", "urls", "mojibake_ratio",
    "control_ratio", "private_use_ratio", "replacement_ratio", "replacement_lines",
    "rare_han_ratio", "spaced_han_ratio", "emails", "phones", "curly_braces", "emoji_ratio",
)  # fmt: skip
_OF_TEXTS = ("lines", "mean_line_length", "max_line_length")  # no line alone has them


class Span(NamedTuple):
    """From the first character to behind the last."""

    start: int
    end: int


def spans_of(
    text: str,
    signal: str,
    formulas: bool = True,
    lists: Mapping[str, Sequence[str]] | None = None,
) -> list[Span]:
    """Return what a signal counts in a text; nothing for one that is of the text as a whole.

    `formulas` are marked as by `extract`, when false by the `$` rule.

    >>> spans_of("one two\\n\\nthree\\none two", "dup_line_ratio")
    [Span(start=15, end=22)]
    """
    name, _, of_list = signal.partition(":")
    if name.startswith(("dup_line", "char_dup")):
        return _copies(_lines(text), text)
    if name.startswith("dup_paragraph"):
        return _copies(_paragraphs(text), text)
    for head, found in _GRAMS.items():
        if name.startswith(head):
            size = int(name.removeprefix(head).split("gram")[0])
            return joined(found(_words(text, formulas), size))
    by_line = (name in OF_LINES and name not in _OF_TEXTS) or name in _IN_LINES or of_list
    if by_line and signal in SIGNALS:
        return _telling_lines(text, signal, lists or {})
    return []


def _lines(text: str) -> Iterator[Span]:
    start = 0
    for line in text.split("\n"):
        if line.strip():
            yield Span(start, start + len(line))
        start += len(line) + 1


def _paragraphs(text: str) -> Iterator[Span]:
    start = 0
    for part in PARTED.split(text):
        if part.strip():
            yield Span(start, start + len(part))
        start += len(part)


def _copies(parts: Iterator[Span], text: str) -> list[Span]:
    """Return the parts that stood in the text before."""
    seen: set[str] = set()
    found = []
    for part in parts:
        said = text[part.start : part.end].strip()
        if said in seen:
            found.append(part)
        seen.add(said)
    return found


class _Words(NamedTuple):
    said: list[str]
    places: list[Span]
    kinds: list[int]


def _words(text: str, marked: bool) -> _Words:
    found = segment(pl.Series([text]), "marked" if marked else True)
    before = found.characters()
    places = [
        Span(int(before[start]), int(before[end]))
        for start, end in zip(found.starts, found.ends, strict=True)
    ]
    return _Words([text[a:b] for a, b in places], places, found.kinds.tolist())


def _grams(words: _Words, size: int) -> list[tuple[str, ...]]:
    return [tuple(words.said[i : i + size]) for i in range(len(words.said) - size + 1)]


def _again(words: _Words, size: int) -> list[Span]:
    """Return n-grams seen before, from left to right, without overlap."""
    seen, found, free = set(), [], 0
    for i, gram in enumerate(_grams(words, size)):
        if i < free:
            continue
        if gram in seen:
            found.append(Span(words.places[i].start, words.places[i + size - 1].end))
            free = i + size
        seen.add(gram)
    return found


def _top(words: _Words, size: int) -> list[Span]:
    """Return all copies of the most frequent n-gram."""
    grams = _grams(words, size)
    if not grams:
        return []
    top, _ = Counter(grams).most_common(1)[0]
    return [
        Span(words.places[i].start, words.places[i + size - 1].end)
        for i, gram in enumerate(grams)
        if gram == top
    ]


def _repeated(words: _Words, size: int) -> list[Span]:
    """Return all copies of n-grams that occur more than once."""
    grams = _grams(words, size)
    times = Counter(grams)
    return [
        Span(words.places[i].start, words.places[i + size - 1].end)
        for i, gram in enumerate(grams)
        if times[gram] > 1
    ]


_GRAMS: dict[str, Callable[[_Words, int], list[Span]]] = {
    "dup_": _again,
    "top_": _top,
    "repeated_": _repeated,
}


def joined(spans: Sequence[Span]) -> list[Span]:
    """Return spans in order, those that meet or overlap as one."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def _telling_lines(text: str, signal: str, lists: Mapping[str, Sequence[str]]) -> list[Span]:
    """Return the lines that hold what a signal counts, each measured as a text of its own."""
    lines = list(_lines(text))
    if not lines:
        return []
    said = pl.Series([text[start:end] for start, end in lines], dtype=pl.String)
    values = measure(said, [signal], lists=lists)[signal].to_list()
    # Of lines that end as sentences do, those are telling that do not.
    telling = [value < 1 if signal == "terminal_line_ratio" else value > 0 for value in values]
    return [line for line, tells in zip(lines, telling, strict=True) if tells]


def differing(text: str, partner: str) -> list[Span]:
    """Return the words of a text that do not stand at the same place of its partner.

    >>> differing("the old mill stands", "the new mill stands")
    [Span(start=4, end=7)]
    """
    from difflib import SequenceMatcher

    mine, other = _words(text, marked=False), _words(partner, marked=False)
    found = []
    matcher = SequenceMatcher(None, mine.said, other.said, autojunk=False)
    for what, a, b, _, _ in matcher.get_opcodes():
        if what in ("replace", "delete"):
            found.append(Span(mine.places[a].start, mine.places[b - 1].end))
    return found


def covered(spans: Sequence[Span]) -> int:
    """Return the characters that spans cover."""
    return sum(span.end - span.start for span in joined(spans))


def gaps(spans: Sequence[Span], length: int) -> Iterator[tuple[bool, Span]]:
    """Yield a text as its marked and unmarked parts, in order."""
    parts = joined(spans)
    edges = [0, *(edge for span in parts for edge in span), length]
    for place, (start, end) in enumerate(pairwise(edges)):
        if end > start:
            yield place % 2 == 1, Span(start, end)

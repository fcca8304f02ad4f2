"""The index of all items: their words, their grams, what each asks and what would answer it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from cleaner.kernels.leakage.search import Grams, gram_hashes, put_in_filter, put_in_table
from cleaner.kernels.text.segment import OFF, RULE
from cleaner.leakage.items import Item
from cleaner.leakage.words import Placed, placed

NGRAM = 5  # words of a gram; an item of fewer words is one gram
LEAST = 0.2  # of an item's weight: windows that hold less are not judged
_NEEDED = 0.1  # of an item's grams: with fewer in a text there is no window
SHORT = 13.0  # words: a lighter item must stand whole, and have something beside it
ASK = 3.0  # words that a sentence has at least, to count as what is asked

# What ends a sentence in the text between two words; a blank line does, a line end does not.
SENTENCE = re.compile(r"[?!。？！]|[.．…](?=\s|$)|\n\s*\n")
QUESTION = re.compile(r"[?？]")


@dataclass(frozen=True)
class Known:
    """What is known of one reading of an item, word by word of its question."""

    number: int  # of the item
    item: Item
    words: np.ndarray  # uint64
    weights: np.ndarray  # float32
    sentence: np.ndarray  # int64: the number of each word's sentence
    asks: tuple[int, ...]  # the sentences that ask
    answer: np.ndarray  # uint64: the words of the answer
    choices: tuple[np.ndarray, ...]  # and of each choice

    @property
    def size(self) -> float:
        """The weight of the question, in words."""
        return float(self.weights.sum())

    @property
    def short(self) -> bool:
        """Whether the question is too short to be known by a share of its words."""
        return self.size < SHORT


@dataclass(frozen=True)
class Index:
    """All readings of all items, and their grams."""

    items: tuple[Item, ...]
    known: tuple[Known, ...]
    grams: Grams
    of_known: tuple[np.ndarray, ...]  # for each reading the numbers of its grams, in order

    def unchecked(self) -> list[int]:
        """Return the items that no text can be checked for: of no word, or of a single one."""
        checked = {one.number for one in self.known}
        return [number for number in range(len(self.items)) if number not in checked]


def readings(number: int, item: Item) -> list[Known]:
    """Return what is known of an item, read with its formulas and, if it is not the same, without.

    One of fewer than two words says nothing.
    """
    both = [_known(number, item, mode) for mode in (RULE, OFF)]
    if np.array_equal(both[0].words, both[1].words):
        both.pop()
    return [one for one in both if len(one.words) > 1]


def _known(number: int, item: Item, mode: int) -> Known:
    words = placed(item.question, mode)
    sentence, asking = _sentences(item.question, words)
    count = int(sentence[-1]) + 1 if len(sentence) else 0
    sizes = np.bincount(sentence, words.weights, count)
    big = [number for number in range(count) if sizes[number] >= ASK]
    asks = {number for number in big if number in asking} | set(big[-1:])
    return Known(
        number, item, words.hashes, words.weights, sentence, tuple(sorted(asks)),
        placed(item.answer, mode).hashes,
        tuple(placed(choice, mode).hashes for choice in item.choices),
    )  # fmt: skip


def _sentences(text: str, words: Placed) -> tuple[np.ndarray, set[int]]:
    """Return the sentence of each word, and which sentences end in a question mark."""
    number = 0
    of, asking = [], set()
    for place in range(len(words.starts)):
        if place:
            gap = text[words.ends[place - 1] : words.starts[place]]
            if SENTENCE.search(gap):
                asking |= {number} if QUESTION.search(gap) else set()
                number += 1
        of.append(number)
    if of and QUESTION.search(text[words.ends[-1] :]):
        asking.add(number)
    return np.array(of, np.int64), asking


def make_index(items: Sequence[Item], ngram: int = NGRAM) -> Index:
    """Return the index of some items; grams have `ngram` words."""
    known = tuple(one for number, item in enumerate(items) for one in readings(number, item))
    grams, of_known = grams_of([one.words for one in known], [one.weights for one in known], ngram)
    return Index(tuple(items), known, grams, of_known)


def grams_of(
    words: Sequence[np.ndarray], weights: Sequence[np.ndarray], ngram: int = NGRAM
) -> tuple[Grams, tuple[np.ndarray, ...]]:
    """Return the grams of some rows of words, and for each row the numbers of its own, in order."""
    sizes = [min(ngram, len(row)) for row in words]
    hashes = [gram_hashes(row, size) for row, size in zip(words, sizes, strict=True)]
    counts = np.array([len(some) for some in hashes], np.int64)
    all_hashes = np.concatenate([np.zeros(0, np.uint64), *hashes])
    different, gram = np.unique(all_hashes, return_inverse=True)
    order = np.argsort(gram, kind="stable")
    item = np.repeat(np.arange(len(words), dtype=np.int32), counts)
    at = np.concatenate([np.zeros(0, np.int32), *(np.arange(n, dtype=np.int32) for n in counts)])
    first = np.zeros(len(different) + 1, np.int64)
    np.cumsum(np.bincount(gram, minlength=len(different)), out=first[1:])
    of_size = np.zeros(len(different), np.int64)
    of_size[gram] = np.repeat(np.array(sizes, np.int64), counts)
    filters = [_filter(different[of_size == size]) for size in sorted(set(sizes))]
    keys, places = _table(different)
    starts = np.zeros(len(words) + 1, np.int64)
    np.cumsum([len(row) for row in words], out=starts[1:])
    grams = Grams(
        sizes=np.array(sorted(set(sizes)), np.int64),
        bits=np.concatenate([np.zeros(0, np.uint64), *filters]),
        filters=np.cumsum([0, *map(len, filters)]),
        keys=keys,
        places=places,
        first=first,
        item=item[order],
        at=at[order].astype(np.int32),
        size=np.array(sizes, np.int32),
        need=np.maximum(1, (_NEEDED * counts).astype(np.int32)),
        starts=starts,
        words=np.concatenate([np.zeros(0, np.uint64), *words]),
        weights=np.concatenate([np.zeros(0, np.float32), *weights]),
        least=np.float32(LEAST),
    )
    bounds = np.concatenate([[0], np.cumsum(counts)])
    return grams, tuple(gram[a:b] for a, b in pairwise(bounds))


def _filter(hashes: np.ndarray) -> np.ndarray:
    """Return the filter of the grams of one length: 16 bits for each, or more."""
    size = 64
    while size < 16 * len(hashes):
        size *= 2
    bits = np.zeros(size // 64, np.uint64)
    put_in_filter(hashes, bits)
    return bits


def _table(hashes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the table of all grams, half full at most."""
    size = 16
    while size < 2 * len(hashes):
        size *= 2
    keys, places = np.zeros(size, np.uint64), np.zeros(size, np.int32)
    put_in_table(hashes, keys, places)
    return keys, places

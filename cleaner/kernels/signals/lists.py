"""Where phrases of lists occur, all lists in one walk over the characters.

The phrases of all lists make one trie. From every character the walk goes on as long as the trie
does; each list takes the longest of its phrases that begins there, and none that begins inside it.
"""

# ruff: noqa: SIM109 - two comparisons compile to two, a tuple to a loop

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from cleaner.kernels import inlined, jit, leaf
from cleaner.kernels.dedup.fold import fold
from cleaner.kernels.text.segment import OFF, utf8_of
from cleaner.kernels.unicode import DIGIT, KIND, LETTER, MARK, classes, decode

M = np.uint64(0x9E3779B97F4A7C15)
BASIC = 0x10000


class Trie(NamedTuple):
    """The phrases of several lists, folded, as arrays."""

    root: np.ndarray  # int32: the state after each first character of the basic plane; 0 is none
    keys: np.ndarray  # uint64, a table of (state, character) + 1 ...
    states: np.ndarray  # ... and the state that follows
    shift: np.uint64
    ends: np.ndarray  # int64 per state: the row of the phrase that ends there, or -1
    first: np.ndarray  # int64 per row, and one more: the lists that have the phrase ...
    lists: np.ndarray  # ... in one array
    lengths: np.ndarray  # characters of the phrase
    guards: np.ndarray  # 1: must stand free on its left, 2: on its right
    names: tuple[str, ...]


def fold_phrases(phrases: Sequence[str]) -> list[str]:
    """Return phrases in the form in which they are compared."""
    offsets, data = fold(*utf8_of(*phrases), np.full(len(phrases), OFF, np.uint8))
    raw = data.tobytes()
    return [raw[a:b].decode() for a, b in pairwise(offsets)]


def _is_plain(character: str) -> bool:
    return int(classes()[ord(character)]) & KIND in (LETTER, DIGIT)


def trie(lists: Mapping[str, Sequence[str]]) -> Trie:
    """Return the trie of the phrases of all lists; an empty phrase is none."""
    having: dict[str, list[int]] = {}
    for number, phrases in enumerate(lists.values()):
        for phrase in dict.fromkeys(fold_phrases(phrases) if phrases else []):
            if phrase:
                having.setdefault(phrase, []).append(number)
    steps: dict[tuple[int, str], int] = {}
    ends = [-1]
    for row, phrase in enumerate(having):
        state = 0
        for character in phrase:
            step = (state, character)
            if step not in steps:
                steps[step] = len(ends)
                ends.append(-1)
            state = steps[step]
        ends[state] = row
    bits = max(4, (2 * len(steps)).bit_length())
    keys, states = np.zeros(1 << bits, np.uint64), np.zeros(1 << bits, np.int32)
    root = np.zeros(BASIC, np.int32)
    for (state, character), following in steps.items():
        if state == 0 and ord(character) < BASIC:
            root[ord(character)] = following
            continue
        key = (state << 21 | ord(character)) + 1
        slot = key * int(M) % 2**64 >> 64 - bits
        while keys[slot]:
            slot = (slot + 1) % (1 << bits)
        keys[slot], states[slot] = key, following
    return Trie(
        root,
        keys,
        states,
        np.uint64(64 - bits),
        np.array(ends, np.int64),
        np.cumsum([0, *map(len, having.values())], dtype=np.int64),
        np.array([number for numbers in having.values() for number in numbers], np.int64),
        np.array([len(phrase) for phrase in having], np.int64),
        np.array([_is_plain(p[0]) + 2 * _is_plain(p[-1]) for p in having], np.int64),
        tuple(lists),
    )


@inlined
def follow(state, point, trie):  # type: ignore[no-untyped-def]
    """Return the state after `point`, or 0."""
    if state == 0 and point < BASIC:
        return np.int64(trie.root[point])
    key = np.uint64((state << 21 | point) + 1)
    slot = np.int64(key * M >> trie.shift)
    while trie.keys[slot] != np.uint64(0):
        if trie.keys[slot] == key:
            return np.int64(trie.states[slot])
        slot = (slot + 1) & (len(trie.keys) - 1)
    return np.int64(0)


@leaf
def walk(data, i, after, hi, state, stands_free, table, trie, free, best, touched):  # type: ignore[no-untyped-def]
    """Find for each list its longest phrase at `i`: its row in `best`, the lists in `touched`.

    `free` holds for each list where its last phrase ended, and gets where these end.
    """
    lists = 0
    j = after
    while True:
        point, following = decode(data, j, hi) if j < hi else (np.int64(10), j)
        row = trie.ends[state]
        if row >= 0:
            guards = trie.guards[row]
            kind = table[point] & KIND
            held = guards & 2 and (kind == LETTER or kind == DIGIT or kind == MARK)
            if not held and (stands_free or guards & 1 == 0):
                for k in range(trie.first[row], trie.first[row + 1]):
                    number = trie.lists[k]
                    new = True
                    for t in range(lists):
                        new &= touched[t] != number
                    if new:
                        if free[number] > i:
                            continue
                        touched[lists] = number
                        lists += 1
                    best[number] = k
                    free[number] = j
        if j >= hi:
            return lists
        state = follow(state, point, trie)
        if state == 0:
            return lists
        j = following


@jit
def find_phrases(offsets, data, table, trie, hits, distinct, characters):  # type: ignore[no-untyped-def]
    """Count for each text and list phrases, different ones, and their characters."""
    n = hits.shape[1]
    free = np.zeros(n, np.int64)
    best = np.zeros(n, np.int64)
    touched = np.zeros(n, np.int64)
    seen = np.zeros(len(trie.lists), np.int64)
    row_of = np.zeros(len(trie.lists), np.int64)
    for row in range(len(trie.first) - 1):
        row_of[trie.first[row] : trie.first[row + 1]] = row
    for d in range(len(offsets) - 1):
        i = offsets[d]
        hi = offsets[d + 1]
        free[:] = i
        stands_free = True
        while i < hi:
            point, after = decode(data, i, hi)
            state = follow(np.int64(0), point, trie)
            if state > 0:
                lists = walk(
                    data, i, after, hi, state, stands_free, table, trie, free, best, touched
                )
                for t in range(lists):
                    number = touched[t]
                    k = best[number]
                    hits[d, number] += 1
                    characters[d, number] += trie.lengths[row_of[k]]
                    if seen[k] != d + 1:
                        seen[k] = d + 1
                        distinct[d, number] += 1
            kind = table[point] & KIND
            stands_free = kind != LETTER and kind != DIGIT and kind != MARK
            i = after


def count(
    offsets: np.ndarray, data: np.ndarray, modes: np.ndarray, made: Trie
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return phrases, different phrases and characters of phrases by text and list."""
    shape = len(offsets) - 1, len(made.names)
    hits, distinct, characters = (np.zeros(shape, np.int64) for _ in range(3))
    if len(made.lists):
        find_phrases(*fold(offsets, data, modes), classes(), made, hits, distinct, characters)
    return hits, distinct, characters


def warm() -> None:
    """Compile, or load from the cache."""
    offsets, data = utf8_of("a")
    count(offsets, data, np.zeros(1, np.uint8), trie({"a": ["a"]}))

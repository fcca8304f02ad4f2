"""Runs of words of benchmark items in texts: how many hold each run, and who may hold an item.

Texts and items are rows of word hashes. A *gram* is a run of words of an item; a *window* is a
stretch of a text, half as long again as the item, with more of its grams than any other.
"""

from typing import NamedTuple

import numpy as np

from cleaner.kernels import inlined, jit
from cleaner.kernels.hashing import mix64

ROLL = 0x9E3779B97F4A7C15  # an odd multiplier: 2^64 / golden ratio
SLACK = 8  # words that a window has beside half an item
MISSES = 2  # words in a row that may differ where a run goes on
NEARLY = 0.8  # of an item's words: more in their places are the item, whatever else is near
WINDOWS = 8  # of one item in one text, at most
ONE = np.uint64(1)


class Grams(NamedTuple):
    """The grams of all items, and where each stands in which item."""

    sizes: np.ndarray  # int64: the lengths of grams, in words
    bits: np.ndarray  # uint64: for each length a filter that lets its grams pass, and few others
    filters: np.ndarray  # int64: the filter of length s is bits[filters[s]:filters[s + 1]]
    keys: np.ndarray  # uint64: a table by open addressing; 0 is empty
    places: np.ndarray  # int32: the number of each gram of the table
    first: np.ndarray  # int64: gram g stands at first[g]:first[g + 1] of the next two
    item: np.ndarray  # int32
    at: np.ndarray  # int32: the word of the item where it begins
    size: np.ndarray  # int32: the length of each item's grams, in words
    need: np.ndarray  # int32: different grams of each item that a window has at least
    starts: np.ndarray  # int64: item i has the words words[starts[i]:starts[i + 1]]
    words: np.ndarray  # uint64
    weights: np.ndarray  # float32 per word
    least: np.float32  # the share of an item's weight that a window has at least


class Windows(NamedTuple):
    """Windows of texts, and which words of its item each holds."""

    doc: np.ndarray  # int64
    item: np.ndarray  # int64
    start: np.ndarray  # int64: of the words that the item shares, the first in the text
    end: np.ndarray  # int64: behind the last
    first: np.ndarray  # int64: window w has held[first[w]:first[w + 1]]
    held: np.ndarray  # uint8: for each word of the item whether it is there


@inlined
def roll(value, word):  # type: ignore[no-untyped-def]
    """Return a gram's hash so far with one more word."""
    return value * np.uint64(ROLL) + word


@inlined
def closed(value, size):  # type: ignore[no-untyped-def]
    """Return the hash of a gram of so many words; never 0."""
    return mix64(value + np.uint64(size)) | ONE


@jit
def gram_hashes(words, size):  # type: ignore[no-untyped-def]
    """Return the hash of every run of `size` words."""
    count = max(0, len(words) - size + 1)
    out = np.empty(count, np.uint64)
    drop = ONE
    for _ in range(size):
        drop *= np.uint64(ROLL)
    value = np.uint64(0)
    for w in range(len(words)):
        value = roll(value, words[w])
        if w >= size:
            value -= words[w - size] * drop
        if w >= size - 1:
            out[w - size + 1] = closed(value, size)
    return out


@jit
def put_in_filter(hashes, bits):  # type: ignore[no-untyped-def]
    """Let these hashes pass."""
    for k in range(len(hashes)):
        bit = hashes[k] >> np.uint64(1) & np.uint64(64 * len(bits) - 1)
        bits[bit >> np.uint64(6)] |= ONE << (bit & np.uint64(63))


@jit
def put_in_table(hashes, keys, places):  # type: ignore[no-untyped-def]
    """Fill the table with different hashes; the k-th is gram k."""
    mask = np.uint64(len(keys) - 1)
    for k in range(len(hashes)):
        slot = hashes[k] >> np.uint64(20) & mask
        while keys[slot] != 0:
            slot = (slot + ONE) & mask
        keys[slot] = hashes[k]
        places[slot] = k


@inlined
def gram_of(value, bits, low, mask_of_bits, keys, places):  # type: ignore[no-untyped-def]
    """Return the number of the gram with this hash; -1 for none."""
    bit = value >> np.uint64(1) & mask_of_bits
    if bits[low + (bit >> np.uint64(6))] >> (bit & np.uint64(63)) & ONE == 0:
        return -1
    mask = np.uint64(len(keys) - 1)
    slot = value >> np.uint64(20) & mask
    while keys[slot] != 0:
        if keys[slot] == value:
            return np.int64(places[slot])
        slot = (slot + ONE) & mask
    return -1


@jit
def grown(array, size):  # type: ignore[no-untyped-def]
    """Return an array with room for `size` values at least, with those of `array` in front."""
    if size <= len(array):
        return array
    more = np.zeros(max(2 * len(array), size), array.dtype)
    more[: len(array)] = array
    return more


@jit
def run_on(words, item, at, pos, step, low, high, held):  # type: ignore[no-untyped-def]
    """Mark the words that go on as in the item, past some that differ; return the last that does.

    From the word `at` of a text and `pos` of the item, forwards or backwards, until a word of the
    item that is held already.
    """
    misses = 0
    last = at - step
    while 0 <= pos < len(item) and low <= at < high and not held[pos]:
        if words[at] == item[pos]:
            held[pos] = 1
            last = at
            misses = 0
        else:
            misses += 1
            if misses > MISSES:
                break
        at += step
        pos += step
    return last


@jit
def best_shift(words, item, ats, poss, some, low, high):  # type: ignore[no-untyped-def]
    """Return where the item begins if it stands in the text word for word, and how many are equal.

    Of all places at which some hit would have it begin: the one with most equal words, the first.
    """
    best, equal = np.int64(-1), np.int64(0)
    before = np.int64(-1) - len(words)
    for k in range(some[0], some[1]):
        shift = ats[k] - poss[k]
        if shift == before:
            continue
        before = shift
        count = np.int64(0)
        for n in range(max(0, low - shift), min(len(item), high - shift)):
            count += words[shift + n] == item[n]
        if count > equal:
            best, equal = shift, count
    return best, equal


@jit
def fill_window(words, item, size, ats, poss, some, low, high, held):  # type: ignore[no-untyped-def]
    """Mark the words of an item that the hits `some` of a window hold; return (start, end)."""
    shift, equal = best_shift(words, item, ats, poss, some, low, high)
    if equal >= NEARLY * len(item):
        start, end = max(low, shift), min(high, shift + len(item))
        for at in range(start, end):
            held[at - shift] = words[at] == item[at - shift]
        return start, end
    start, end = high, low
    for k in range(some[0], some[1]):
        if ats[k] < low or ats[k] + size > high:
            continue
        for n in range(size):
            held[poss[k] + n] = 1
        start = min(start, ats[k])
        end = max(end, ats[k] + size)
    for k in range(some[0], some[1]):
        if ats[k] < low or ats[k] + size > high:
            continue
        after = run_on(words, item, ats[k] + size, poss[k] + size, 1, low, high, held)
        before = run_on(words, item, ats[k] - 1, poss[k] - 1, -1, low, high, held)
        end = max(end, after + 1)
        start = min(start, before)
    return start, end


@jit
def search_all(first, words, groups, grams):  # type: ignore[no-untyped-def]
    """Return (docs by gram, doc, item, start, end, first, held); see `search`."""
    documents = len(first) - 1
    items = len(grams.starts) - 1
    docs_with = np.zeros(len(grams.first) - 1, np.uint32)
    seen_in = np.full(len(grams.first) - 1, -1, np.int32)
    seen_of = np.full(len(grams.first) - 1, -1, np.int32)
    counts = np.zeros(items, np.int32)
    begin = np.zeros(items + 1, np.int64)
    touched = np.empty(items, np.int64)
    hit_at, hit_gram = np.empty(64, np.int64), np.empty(64, np.int64)
    ats, poss = np.empty(64, np.int64), np.empty(64, np.int64)
    out_doc, out_item = np.empty(16, np.int64), np.empty(16, np.int64)
    out_start, out_end = np.empty(16, np.int64), np.empty(16, np.int64)
    out_first, held_all = np.zeros(17, np.int64), np.empty(1024, np.uint8)
    found = 0
    for d in range(documents):
        low, high = first[d], first[d + 1]
        hits = 0
        some = 0
        for s in range(len(grams.sizes)):
            size = grams.sizes[s]
            bits_low = np.uint64(grams.filters[s])
            bits_mask = np.uint64(64 * (grams.filters[s + 1] - grams.filters[s]) - 1)
            drop = ONE
            for _ in range(size):
                drop *= np.uint64(ROLL)
            value = np.uint64(0)
            for w in range(low, high):
                value = roll(value, words[w])
                if w - low >= size:
                    value -= words[w - size] * drop
                if w - low < size - 1:
                    continue
                gram = gram_of(
                    closed(value, size), grams.bits, bits_low, bits_mask, grams.keys, grams.places
                )
                if gram < 0:
                    continue
                if hits == len(hit_at):
                    hit_at, hit_gram = grown(hit_at, hits + 1), grown(hit_gram, hits + 1)
                hit_at[hits] = w - size + 1
                hit_gram[hits] = gram
                hits += 1
                if seen_in[gram] == d:
                    continue
                seen_in[gram] = d
                docs_with[gram] += seen_of[gram] != groups[d]
                seen_of[gram] = groups[d]
                for k in range(grams.first[gram], grams.first[gram + 1]):
                    item = grams.item[k]
                    if counts[item] == 0:
                        touched[some] = item
                        some += 1
                    counts[item] += 1
        if hits == 0:
            continue
        wanted = 0
        for t in range(some):
            item = touched[t]
            if counts[item] >= grams.need[item]:
                touched[wanted] = item
                wanted += 1
                counts[item] = 0
                begin[item] = 1  # from here on: it is wanted
            else:
                counts[item] = 0
        if wanted == 0:
            continue
        total = 0
        for h in range(hits):
            for k in range(grams.first[hit_gram[h]], grams.first[hit_gram[h] + 1]):
                item = grams.item[k]
                if begin[item]:
                    counts[item] += 1
                    total += 1
        ats, poss = grown(ats, total), grown(poss, total)
        at = 0
        for t in range(wanted):
            begin[touched[t]] = at + 1
            at += counts[touched[t]]
            counts[touched[t]] = 0
        for h in range(hits):
            for k in range(grams.first[hit_gram[h]], grams.first[hit_gram[h] + 1]):
                item = grams.item[k]
                if begin[item]:
                    place = begin[item] - 1 + counts[item]
                    ats[place] = hit_at[h]
                    poss[place] = grams.at[k]
                    counts[item] += 1
        for t in range(wanted):
            item = touched[t]
            start, past = begin[item] - 1, begin[item] - 1 + counts[item]
            begin[item] = 0
            counts[item] = 0
            size = grams.size[item]
            mine = grams.words[grams.starts[item] : grams.starts[item + 1]]
            weight = grams.weights[grams.starts[item] : grams.starts[item + 1]]
            reach = len(mine) + len(mine) // 2 + SLACK
            for _ in range(WINDOWS):
                # The window with most hits, the first of them.
                best, best_low, best_past = 0, start, start
                right = start
                for left in range(start, past):
                    right = max(right, left)
                    while right < past and ats[right] < ats[left] + reach:
                        right += 1
                    if right - left > best:
                        best, best_low, best_past = right - left, left, right
                if best < grams.need[item]:
                    break
                floor = max(low, ats[best_low] - reach)
                ceiling = min(high, ats[best_past - 1] + size + reach)
                span = (best_low, best_past)
                held = np.zeros(len(mine), np.uint8)
                begins, ends = fill_window(words, mine, size, ats, poss, span, floor, ceiling, held)
                whole = np.float32(0)
                there = np.float32(0)
                for n in range(len(mine)):
                    whole += weight[n]
                    there += weight[n] * held[n]
                if there >= grams.least * whole:
                    if found == len(out_doc):
                        out_doc, out_item = grown(out_doc, found + 1), grown(out_item, found + 1)
                        out_start, out_end = grown(out_start, found + 1), grown(out_end, found + 1)
                        out_first = grown(out_first, len(out_doc) + 1)
                    end_of_held = out_first[found] + len(mine)
                    held_all = grown(held_all, end_of_held)
                    held_all[out_first[found] : end_of_held] = held
                    out_first[found + 1] = end_of_held
                    out_doc[found] = d
                    out_item[found] = item
                    out_start[found] = begins - low
                    out_end[found] = ends - low
                    found += 1
                # The hits before and after it are looked at again, without those of this window.
                kept = start
                for k in range(start, past):
                    if k < best_low or k >= best_past:
                        ats[kept] = ats[k]
                        poss[kept] = poss[k]
                        kept += 1
                past = kept
    return (
        docs_with, out_doc[:found], out_item[:found], out_start[:found], out_end[:found],
        out_first[: found + 1], held_all[: out_first[found]],
    )  # fmt: skip


def search(
    first: np.ndarray, words: np.ndarray, groups: np.ndarray, grams: Grams
) -> tuple[np.ndarray, Windows]:
    """Return how many groups of texts hold each gram, and the windows with enough of an item.

    Text d has the words `words[first[d]:first[d + 1]]` and is of the group `groups[d]` (int32), as
    its neighbours may be; windows come text by text.
    """
    docs_with, *windows = search_all(first, words, groups, grams)
    return docs_with, Windows(*windows)


def warm() -> None:
    """Compile, or load from the cache."""
    words = np.arange(1, 7, dtype=np.uint64)
    gram_hashes(words, 5)
    search(np.array([0, 6], np.int64), words, np.zeros(1, np.int32), empty())


def empty() -> Grams:
    """Return the grams of no item."""
    none, few = np.zeros(0, np.int32), np.zeros(1, np.int64)
    bits, keys, places = np.zeros(1, np.uint64), np.zeros(1, np.uint64), np.zeros(1, np.int32)
    put_in_filter(bits[:0], bits)
    put_in_table(np.zeros(0, np.uint64), keys, places)
    return Grams(
        few[:0], bits, few, keys, places, few, none, none, none, none, few,
        np.zeros(0, np.uint64), np.zeros(0, np.float32), np.float32(0),
    )  # fmt: skip

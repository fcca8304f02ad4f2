"""A fastText classifier as one table: a number per feature and label, summed over a document.

A softmax model of words and word n-grams is linear up to its last step: the mean of a document's
rows of the input matrix, times the output matrix. The product of the two matrices is taken once
(`fold`), as differences to the first label, so that a model of two labels is one float a feature.
Words are hashed and n-grams numbered exactly as fastText does (`dictionary.cc`, MIT licence).
"""

import numpy as np
from numba import int8, int32, int64, uint32, uint64

from cleaner.kernels import jit
from cleaner.kernels.text.segment import utf8_of

OFFSET, PRIME = uint32(2166136261), uint32(16777619)  # FNV-1a of 32 bits
NGRAM = uint64(116049371)
LABEL = np.frombuffer(b"__label__", np.uint8)
END = np.frombuffer(b"</s>", np.uint8)
BUFFER = 4096  # features gathered before their rows are summed: independent loads overlap


@jit
def word_hash(data, start, end):  # type: ignore[no-untyped-def]
    """Return fastText's hash of the word `data[start:end]`."""
    value = OFFSET
    for i in range(start, end):
        value = uint32((value ^ uint32(int32(int8(data[i])))) * PRIME)
    return value


@jit
def same(data, start, length, other, at):  # type: ignore[no-untyped-def]
    """Return whether `length` bytes of `data` from `start` equal those of `other` from `at`."""
    for i in range(length):  # noqa: SIM110
        if data[start + i] != other[at + i]:
            return False
    return True


@jit
def find(data, start, end, value, words, bounds, slots):  # type: ignore[no-untyped-def]
    """Return the number of the word `data[start:end]`, whose hash is `value`, or -1.

    A slot packs a word's hash above its number plus one; 0 is an empty slot.
    """
    mask = uint64(len(slots) - 1)
    at = uint64(value) & mask
    while slots[at] != 0:
        if uint32(slots[at] >> uint64(32)) == value:
            word = int64(slots[at] & uint64(0xFFFFFFFF)) - 1
            length = bounds[word + 1] - bounds[word]
            if length == end - start and same(data, start, length, words, bounds[word]):
                return word
        at = (at + uint64(1)) & mask
    return int64(-1)


@jit
def fill_slots(words, bounds, slots):  # type: ignore[no-untyped-def]
    """Enter every word `words[bounds[i]:bounds[i + 1]]` into the empty table `slots`."""
    mask = uint64(len(slots) - 1)
    for i in range(len(bounds) - 1):
        value = word_hash(words, bounds[i], bounds[i + 1])
        at = uint64(value) & mask
        while slots[at] != 0:
            at = (at + uint64(1)) & mask
        slots[at] = uint64(value) << uint64(32) | uint64(i + 1)


@jit
def fold(rows, output, table):  # type: ignore[no-untyped-def]
    """Write each input row's product with every output row but the first, less that with the first.

    Sums run in 64 bits and in one order, so that every machine gets the same table.
    """
    dim = rows.shape[1]
    for k in range(1, output.shape[0]):
        for i in range(rows.shape[0]):
            a, b, c, d = 0.0, 0.0, 0.0, 0.0  # four chains, or each add waits for the last
            j = 0
            while j + 4 <= dim:
                a += rows[i, j] * (output[k, j] - output[0, j])
                b += rows[i, j + 1] * (output[k, j + 1] - output[0, j + 1])
                c += rows[i, j + 2] * (output[k, j + 2] - output[0, j + 2])
                d += rows[i, j + 3] * (output[k, j + 3] - output[0, j + 3])
                j += 4
            while j < dim:
                a += rows[i, j] * (output[k, j] - output[0, j])
                j += 1
            table[i, k - 1] = (a + b) + (c + d)


@jit
def flush(features, count, table, sums):  # type: ignore[no-untyped-def]
    """Add the table rows of the first `count` features to `sums`."""
    for k in range(table.shape[1]):
        a, b, c, d = 0.0, 0.0, 0.0, 0.0
        i = 0
        while i + 4 <= count:
            a += table[features[i], k]
            b += table[features[i + 1], k]
            c += table[features[i + 2], k]
            d += table[features[i + 3], k]
            i += 4
        while i < count:
            a += table[features[i], k]
            i += 1
        sums[k] += (a + b) + (c + d)


@jit
def probabilities(offsets, data, words, bounds, slots, table, ngrams, bucket):  # type: ignore[no-untyped-def]
    """Return a row per document of the probabilities of all labels; 0 where nothing is known.

    `ngrams` is the longest word n-gram, `bucket` the number of rows that n-grams share, after one
    row a word. As in fastText a word that it never saw counts in n-grams alone, one that looks like
    a label not at all, and the end of the line is a word.
    """
    n, labels, n_words = len(offsets) - 1, table.shape[1] + 1, len(bounds) - 1
    out = np.zeros((n, labels))
    features = np.empty(BUFFER + 8, np.int64)
    sums = np.empty(labels - 1)
    before = np.empty(8, np.uint64)  # before[k]: hash of the k + 1 words up to the last one
    end_hash = word_hash(END, 0, len(END))
    end_word = find(END, 0, len(END), end_hash, words, bounds, slots)
    buckets = uint64(bucket)
    for i in range(n):
        count, total, seen = 0, 0, 0
        sums[:] = 0.0
        at, stop, ended = offsets[i], offsets[i + 1], False
        while not ended:
            while at < stop and (data[at] == 32 or 9 <= data[at] <= 13 or data[at] == 0):
                at += 1
            start, value = at, OFFSET
            while at < stop and not (data[at] == 32 or 9 <= data[at] <= 13 or data[at] == 0):
                value = uint32((value ^ uint32(int32(int8(data[at])))) * PRIME)
                at += 1
            if start == at or (
                value == end_hash and at - start == 4 and same(data, start, 4, END, 0)
            ):
                ended, value, word = True, end_hash, end_word
            else:
                word = find(data, start, at, value, words, bounds, slots)
                if word < 0 and at - start >= 9 and same(data, start, 9, LABEL, 0):
                    continue
            if word >= 0:
                features[count] = word
                count += 1
            token = uint64(int64(int32(value)))
            for k in range(min(seen, ngrams - 1), 0, -1):
                before[k] = before[k - 1] * NGRAM + token
                features[count] = n_words + int64(before[k] % buckets)
                count += 1
            before[0] = token
            seen += 1
            if count >= BUFFER - 8 or ended:
                flush(features, count, table, sums)
                total += count
                count = 0
        if total == 0:
            continue
        highest = 0.0
        for k in range(labels - 1):
            sums[k] /= total
            highest = max(highest, sums[k])
        whole = np.exp(-highest)
        for k in range(labels - 1):
            whole += np.exp(sums[k] - highest)
        out[i, 0] = np.exp(-highest) / whole
        for k in range(labels - 1):
            out[i, k + 1] = np.exp(sums[k] - highest) / whole
    return out


def warm() -> None:
    """Compile for the types that are used, or load the machine code."""
    bounds, slots = np.array([0, 1], np.int64), np.zeros(4, np.uint64)
    words = np.array([97], np.uint8)
    fill_slots(words, bounds, slots)
    table = np.zeros((3, 1), np.float32)
    fold(np.ones((3, 2), np.float32), np.ones((2, 2), np.float32), table)
    offsets, data = utf8_of("a")  # read-only, which is a type of its own
    probabilities(offsets, data, words, bounds, slots, table, 2, 2)

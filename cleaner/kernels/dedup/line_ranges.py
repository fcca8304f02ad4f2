"""Lines or paragraphs of many texts as contiguous byte ranges: hashed, counted, cut out."""

import numpy as np
import pyarrow as pa

from cleaner.kernels import jit
from cleaner.kernels.arrow import utf8
from cleaner.kernels.dedup.fold import fold, frozen
from cleaner.kernels.dedup.shingles import word_hash
from cleaner.kernels.hashing import mix64
from cleaner.kernels.text.segment import BACKTICK, BLANK, FORMULA, LINE_FEED, TILDE, segment
from cleaner.kernels.unicode import classes


@jit
def cut_pieces(offsets, data, first_word, starts, ends, kinds, paragraphs):  # type: ignore[no-untyped-def]
    """Return `(cuts, first, words, code)`: the lines or paragraphs of every text.

    Piece p is `data[cuts[p]:cuts[p + 1]]`, its line end included; text d has the pieces
    `first[d]:first[d + 1]`. A line never ends inside a formula; a paragraph goes on to the last of
    the blank lines after it. `code`: some of its lines stand in a code fence or are one.
    """
    feeds = 0
    for i in range(offsets[0], offsets[-1]):
        feeds += data[i] == LINE_FEED
    room = feeds + len(offsets)
    cuts, words = np.empty(room + 1, np.int64), np.zeros(room, np.int64)
    code = np.zeros(room, np.bool_)
    first = np.zeros(len(offsets), np.int64)
    cuts[0] = offsets[0]
    p = -1  # the piece that lines are added to
    for d in range(len(offsets) - 1):
        i, end = offsets[d], offsets[d + 1]
        w, last = first_word[d], first_word[d + 1]
        fenced = False
        was_blank = True
        begins = True
        while i < end:
            begin, line_words, solid = i, 0, end
            while i < end:
                if solid == end and data[i] > BLANK:
                    solid = i
                i += 1
                if data[i - 1] == LINE_FEED:
                    while w < last and starts[w] < i:
                        line_words += 1
                        w += 1
                    if line_words == 0 or kinds[w - 1] != FORMULA or ends[w - 1] < i:
                        break
            while w < last and starts[w] < i:
                line_words += 1
                w += 1
            solid = min(solid, i)
            fence = solid + 2 < i and (data[solid] == BACKTICK or data[solid] == TILDE)
            fence = fence and data[solid + 1] == data[solid] and data[solid + 2] == data[solid]
            blank = solid == i
            if begins or not paragraphs or (was_blank and not blank):
                p += 1
                cuts[p] = begin
            words[p] += line_words
            code[p] |= fenced or fence
            fenced ^= fence
            was_blank, begins = blank, False
        first[d + 1] = p + 1
    cuts[p + 1] = offsets[-1]
    return cuts[: p + 2], first, words[: p + 1], code[: p + 1]


@jit
def hash_pieces(bounds, keys, salts):  # type: ignore[no-untyped-def]
    """Return a uint64 for each key `keys[bounds[p]:bounds[p + 1]]`, mixed with its salt."""
    out = np.empty(len(bounds) - 1, np.uint64)
    for p in range(len(out)):
        out[p] = mix64(word_hash(keys, bounds[p], bounds[p + 1]) + salts[p])
    return out


@jit
def keep_pieces(data, cuts, first, keep, blank):  # type: ignore[no-untyped-def]
    """Return `(offsets, bytes)` of the texts without the pieces that `keep` denies.

    Piece p is `data[cuts[p]:cuts[p + 1]]`, text d has the pieces `first[d]:first[d + 1]`. Where
    one goes, blank ones around it become one, and none stands at the edges of the text; a text
    that loses nothing stays as it is.
    """
    offsets = np.zeros(len(first), np.int64)
    out = np.empty(cuts[first[-1]] - cuts[0], np.uint8)
    at = 0
    for d in range(len(first) - 1):
        begin = at
        touched = False
        for p in range(first[d], first[d + 1]):
            touched |= not keep[p]
        open_ = False  # whether a blank piece may follow
        for p in range(first[d], first[d + 1]):
            if touched and (not keep[p] or (blank[p] and not open_)):
                continue
            open_ = not blank[p]
            for k in range(cuts[p], cuts[p + 1]):
                out[at] = data[k]
                at += 1
        while touched and at > begin and (out[at - 1] == LINE_FEED or out[at - 1] == BLANK):
            at -= 1
        offsets[d + 1] = at
    return offsets, out[:at]


def warm() -> None:
    """Compile, or load from the cache."""
    offsets, data = map(frozen, utf8(pa.array(["a\nb"], pa.large_string())))
    modes, flags = np.ones(1, np.uint8), np.ones(2, np.bool_)
    words = segment(offsets, data, modes, classes())
    cuts, first, _, _ = cut_pieces(offsets, data, *words, False)
    bounds, keys = fold(cuts, data, np.ones(2, np.uint8))
    hash_pieces(bounds, keys, np.zeros(2, np.uint64))
    keep_pieces(data, cuts, first, flags, ~flags)

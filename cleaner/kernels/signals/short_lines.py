"""Lines that are a counter (3 likes), and lines that are a formula though nobody marked it."""

# ruff: noqa: SIM109 - two comparisons compile to two, a tuple to a loop

import numpy as np

from cleaner.kernels import jit, leaf
from cleaner.kernels.signals.margins import strip_left, strip_right
from cleaner.kernels.text.segment import utf8_of
from cleaner.kernels.unicode import (
    ALPHA,
    DIGIT,
    GRAPHEME,
    KIND,
    LETTER,
    MARK,
    SCRIPT,
    SCRIPT_SHIFT,
    SCRIPTS,
    classes,
    decode,
)

# RefinedWeb, appendix G.2, has likes, shares, comments, retweets, reposts, quotes, bookmarks,
# upvotes, downvotes, downloads, views, followers; the rest, and the Chinese, are ours.
COUNTED = (
    *("like", "share", "comment", "retweet", "repost", "quote", "bookmark", "upvote", "downvote"),
    *("download", "view", "follower", "reply", "replies"),
    *("点赞", "赞", "评论", "转发", "收藏", "浏览", "阅读", "回复", "粉丝", "下载"),
)
MEASURES = ("次", "条", "个")
FUNCTIONS = (
    *("sin", "cos", "tan", "cot", "sec", "csc", "log", "exp", "lim", "max", "min", "sup", "inf"),
    *("sinh", "cosh", "tanh", "sqrt", "mod", "gcd", "lcm", "det", "rank", "arcsin", "arccos"),
    *("arctan", "sgn", "Pr", "Var", "Cov", "diag", "deg", "dim", "ker", "argmax", "argmin"),
)
LETTERS_OF_A_NAME = 3  # a longer run of letters is a word
GREEK = SCRIPTS.index("greek")


def _rows(words: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    sizes = np.array([len(word.encode()) for word in words])
    rows = np.zeros((len(words), sizes.max()), np.uint8)
    for row, word in zip(rows, words, strict=True):
        row[: len(word.encode())] = list(word.encode())
    return rows, sizes


COUNTED_ROWS, COUNTED_SIZES = _rows(COUNTED)
MEASURE_ROWS, MEASURE_SIZES = _rows((*MEASURES, "万", "千"))
FUNCTION_ROWS, FUNCTION_SIZES = _rows(FUNCTIONS)


@leaf
def starts_as(data, i, b, word, size, fold):  # type: ignore[no-untyped-def]
    """Return whether `data[i:b]` begins with a word; `fold`: ASCII in any case."""
    if i + size > b:
        return False
    same = True
    for j in range(size):
        byte = data[i + j]
        if fold and 65 <= byte <= 90:
            byte |= 0x20
        same &= byte == word[j]
    return same


@leaf
def in_word(point, table):  # type: ignore[no-untyped-def]
    """Return whether a character is a letter, a digit, a mark or an underscore."""
    kind = table[point] & KIND
    return point == 95 or kind == LETTER or kind == DIGIT or kind == MARK or kind == GRAPHEME


@leaf
def no_word(data, i, b, table):  # type: ignore[no-untyped-def]
    """Return where `data[i:b]` has its first character of a word."""
    while i < b:
        point, after = decode(data, i, b)
        if in_word(point, table):
            return i
        i = after
    return b


@leaf
def is_counter(data, a, b, table):  # type: ignore[no-untyped-def]
    """Return whether a line is a number and what it counts: `3 likes`, `12 条评论`."""
    i = no_word(data, a, b, table)
    if i == b or not 48 <= data[i] <= 57:
        return False
    while i < b and (48 <= data[i] <= 57 or data[i] == 44 or data[i] == 46):
        i += 1
    i = strip_left(data, i, b, table)
    if i < b and (data[i] | 32 == 107 or data[i] | 32 == 109):  # k, m
        i += 1
    else:
        for m in range(len(MEASURES), len(MEASURE_SIZES)):
            if starts_as(data, i, b, MEASURE_ROWS[m], MEASURE_SIZES[m], False):
                i += MEASURE_SIZES[m]
                break
    if i < b and data[i] == 43:
        i += 1
    i = strip_left(data, i, b, table)
    for m in range(len(MEASURES)):
        if starts_as(data, i, b, MEASURE_ROWS[m], MEASURE_SIZES[m], False):
            i += MEASURE_SIZES[m]
            break
    for w in range(len(COUNTED_SIZES)):
        if starts_as(data, i, b, COUNTED_ROWS[w], COUNTED_SIZES[w], True):
            end = i + COUNTED_SIZES[w]
            if end < b and data[end] | 32 == 115:  # s
                end += 1
            if no_word(data, end, b, table) == b:
                return True
    return False


@leaf
def is_function(data, i, end):  # type: ignore[no-untyped-def]
    """Return whether `data[i:end]` is the name of a function."""
    for w in range(len(FUNCTION_SIZES)):
        if FUNCTION_SIZES[w] == end - i and starts_as(
            data, i, end, FUNCTION_ROWS[w], FUNCTION_SIZES[w], False
        ):
            return True
    return False


@leaf
def relates(point):  # type: ignore[no-untyped-def]
    """Return whether a sign stands between two sides or terms: = < > + × ÷ ≤ ≈ → ∈ and others."""
    return (
        60 <= point <= 62 or point == 43 or point == 0xD7 or point == 0xF7
        or 0x2190 <= point <= 0x21FF or 0x2208 <= point <= 0x22FF
    )  # fmt: skip


@leaf
def is_equation(data, a, b, table):  # type: ignore[no-untyped-def]
    """Return whether a line is a formula in plain signs: `2 + 2 = 4`, `P(A) = 1/6`.

    It has names of at most three letters, or of functions, and a sign between two of its terms; the
    plus of `Tel: +44` is none.
    """
    terms = 0
    labelled = False  # a colon stands behind the last term
    between = False  # a sign stands behind the last term
    related = False
    i = a
    while i < b:
        byte = data[i]
        if 97 <= byte | 32 <= 122:
            end = i
            while end < b and 97 <= data[end] | 32 <= 122:
                end += 1
            if end - i > LETTERS_OF_A_NAME and not is_function(data, i, end):
                return False
            related |= between
            between = labelled = False
            terms += 1
            i = end
            continue
        # " # & ; ? @ ` are of code, addresses and prose
        if (
            byte == 34 or byte == 35 or byte == 38 or byte == 59 or byte == 63 or byte == 64
            or byte == 96
        ):  # fmt: skip
            return False
        point, i = decode(data, i, b)
        cls = np.int64(table[point])
        kind = cls & KIND
        if kind == DIGIT or cls & ALPHA:
            if cls & ALPHA and cls >> SCRIPT_SHIFT & SCRIPT != GREEK:
                return False
            related |= between
            between = labelled = False
            terms += kind == DIGIT or cls & ALPHA != 0
        elif point == 58 or point == 0xFF1A:
            labelled = True
        elif relates(point) and not (labelled and point == 43):
            between = terms > 0
    return related


@jit
def judge(offsets, data, table, counters, equations):  # type: ignore[no-untyped-def]
    """Say of every line whether it is a counter, and whether it is a formula in plain signs."""
    for d in range(len(offsets) - 1):
        a = strip_left(data, offsets[d], offsets[d + 1], table)
        b = strip_right(data, a, offsets[d + 1], table)
        counters[d] = is_counter(data, a, b, table)
        equations[d] = is_equation(data, a, b, table)


def warm() -> None:
    """Compile, or load from the cache."""
    offsets, data = utf8_of("3 likes", "x = 1")
    judge(offsets, data, classes(), np.zeros(2, np.bool_), np.zeros(2, np.bool_))

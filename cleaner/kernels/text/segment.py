"""The words of a text, from its UTF-8 bytes: the one definition that everything here counts by.

A word is a maximal run of letters, marks and digits; one apostrophe, hyphen or zero-width joiner
between two of them parts nothing. A mark goes on with a word and never begins one (the variation
selector of an emoji is no word). A letter of a script written without spaces is a word with its
marks; its digits make runs as all digits do. A formula is one word:

- `RULE`, for text of unknown origin: `$..$` with no blank line, at most 300 characters, no inner
  edge space, one of `\\ _ ^ = < >` inside or nothing but one to three letters, the closing `$` not
  before a digit; or `$$..$$` with no blank line, at most 3,000 characters and one of these signs;
- `MARKED`, for text that `extract` wrote, where a real dollar is `\\$`: every `$..$` and `$$..$$`;
- `OFF`: a dollar is a dollar.

Under `RULE` no formula opens in a code fence or in a line indented by 4, and none runs into a
fence. What `extract` wrote needs no such rule: the dollars in its code are `\\$` like all others.
So exactly the formulas it wrote are counted.
"""

# ruff: noqa: SIM109 - two comparisons compile to two, a tuple to a loop

import numpy as np

from cleaner.kernels import inlined, jit, leaf
from cleaner.kernels.arrow import utf8
from cleaner.kernels.unicode import (
    ALPHA,
    APOSTROPHE,
    DIGIT,
    GRAPHEME,
    JOINER,
    KIND,
    LETTER,
    MARK,
    NEWLINE,
    SPACE,
    classes,
    decode,
)

OFF, RULE, MARKED = 0, 1, 2  # what counts as a formula
RUN, SINGLE, FORMULA = 0, 1, 2  # kinds of words: SINGLE is one grapheme

MAX_INLINE, MAX_DISPLAY = 300, 3000  # characters between the dollars, under RULE

DOLLAR, BACKSLASH, BACKTICK, TILDE, BLANK, TAB, LINE_FEED, RETURN = 36, 92, 96, 126, 32, 9, 10, 13
QUOTE, MINUS = 39, 45

ASCII_WORD = np.zeros(256, np.uint8)  # 1: an ASCII letter or digit
ASCII_WORD[[*range(48, 58), *range(65, 91), *range(97, 123)]] = 1
ONE = np.uint64(1)


@leaf
def has_byte(data, lo, hi, byte):  # type: ignore[no-untyped-def]
    """Return whether `byte` occurs; the plain sum lets the compiler take 32 bytes at a time."""
    found = 0
    for other in data[lo:hi]:
        found |= other == byte
    return found != 0


@inlined
def end_of_ascii_run(data, i, hi):  # type: ignore[no-untyped-def]
    """Return where ASCII letters and digits end; unsigned positions spare numba a test each."""
    k = np.uint64(i)
    end = np.uint64(hi)
    while k < end and ASCII_WORD[data[k]]:
        k += ONE
    return np.int64(k)


@leaf
def end_of_run(data, i, hi, table):  # type: ignore[no-untyped-def]
    """Return where the run of letters, marks and digits ends that goes on at `i`."""
    while i < hi:
        i = end_of_ascii_run(data, i, hi)
        if i == hi:
            return i
        point, after = decode(data, i, hi)
        kind = table[point] & KIND
        if LETTER <= kind <= MARK:
            i = after
        elif APOSTROPHE <= kind <= JOINER and after < hi:
            point, _ = decode(data, after, hi)
            inner = table[point] & KIND
            if inner == LETTER or inner == DIGIT or (inner == MARK and kind == JOINER):
                i = after
            else:
                return i
        else:
            return i
    return i


@leaf
def end_of_grapheme(data, i, hi, table):  # type: ignore[no-untyped-def]
    """Return where the marks end that go on at `i`."""
    while i < hi and data[i] >= 0x80:  # no mark is ASCII
        point, after = decode(data, i, hi)
        kind = table[point] & KIND
        if kind != MARK and kind != JOINER:
            return i
        i = after
    return i


@leaf
def fence(data, i, hi):  # type: ignore[no-untyped-def]
    """Return `(sign, length, bare)` of the code fence that the line at `i` is; length 0: none.

    `bare`: nothing follows the signs, so that it may close a fence.
    """
    j = i
    while j < hi and j < i + 3 and data[j] == BLANK:
        j += 1
    if j >= hi or (data[j] != BACKTICK and data[j] != TILDE):
        return 0, 0, False
    sign = np.int64(data[j])
    length = 0
    while j < hi and data[j] == sign:
        j += 1
        length += 1
    if length < 3:
        return 0, 0, False
    bare = True
    while j < hi and data[j] != LINE_FEED:
        if data[j] != BLANK and data[j] != TAB and data[j] != RETURN:
            bare = False
        if sign == BACKTICK and data[j] == BACKTICK:
            return 0, 0, False  # a code span on a line of its own
        j += 1
    return sign, length, bare


@leaf
def indented(data, i, hi):  # type: ignore[no-untyped-def]
    """Return whether the line at `i` is indented by 4."""
    for k in range(i, min(i + 4, hi)):
        if data[k] == TAB:
            return True
        if data[k] != BLANK:
            return False
    return i + 4 <= hi


@leaf
def blank_line(data, i, hi, table):  # type: ignore[no-untyped-def]
    """Return whether the line at `i` holds nothing but white space; the text's end counts too."""
    while i < hi and data[i] != LINE_FEED:
        point, i = decode(data, i, hi)
        kind = table[point] & KIND
        if kind != SPACE and kind != NEWLINE:
            return False
    return True


@leaf
def end_of_formula(data, lo, i, hi, mode, table):  # type: ignore[no-untyped-def]
    """Return where the formula ends that the dollar at `i` opens.

    If it opens none: minus the number of dollars that are thereby passed.
    """
    k = i
    while k > lo and data[k - 1] == BACKSLASH:
        k -= 1
    if (i - k) & 1:
        return -1  # \$ is a dollar
    display = i + 1 < hi and data[i + 1] == DOLLAR
    none = -2 if display else -1
    body = i - none
    limit = MAX_DISPLAY if display else MAX_INLINE
    j = body
    characters = 0
    letters = 0
    sign = False
    edge = False  # the last character is white space
    while j < hi and data[j] != DOLLAR:
        point, after = decode(data, j, hi)
        characters += 1
        first = j == body
        if point == BACKSLASH and after < hi and data[after] != LINE_FEED:
            sign = True
            first = False
            point, after = decode(data, after, hi)  # escaped, whatever it is
            characters += 1
        cls = table[point]
        kind = cls & KIND
        edge = kind == SPACE or kind == NEWLINE
        letters += (cls & ALPHA) != 0
        sign |= point == BACKSLASH or point == 95 or point == 94 or 60 <= point <= 62  # _ ^ < = >
        if mode == RULE and (characters > limit or (edge and first and not display)):
            return none
        if point == LINE_FEED and (
            blank_line(data, after, hi, table) or (mode == RULE and fence(data, after, hi)[1] > 0)
        ):
            return none
        j = after
    if j >= hi or j == body:
        return none
    end = j + 1
    if display:
        if end >= hi or data[end] != DOLLAR:
            return none
        end += 1
    if mode == RULE:
        if not sign and (display or characters > 3 or letters != characters):
            return none
        if not display and (edge or (end < hi and 48 <= data[end] <= 57)):
            return none
    return end


@leaf
def split_plain(data, i, hi, table, starts, ends, kinds, count):  # type: ignore[no-untyped-def]
    """Write the words of `data[i:hi]`, which holds no formula, from the count-th on."""
    attach = False  # marks go on with the last word, a grapheme
    while i < hi:
        byte = data[np.uint64(i)]
        if byte < 0x80:
            attach = False
            if not ASCII_WORD[byte]:
                i += 1
                continue
            after = end_of_ascii_run(data, i + 1, hi)
            if after < hi and (data[after] >= 0x80 or data[after] == QUOTE or data[after] == MINUS):
                after = end_of_run(data, after, hi, table)
            starts[count] = i
            ends[count] = after
            kinds[count] = RUN
            count += 1
            i = after
            continue
        point, after = decode(data, i, hi)
        kind = table[point] & KIND
        if kind == GRAPHEME:
            starts[count] = i
            ends[count] = after
            kinds[count] = SINGLE
            count += 1
            attach = True
        elif kind == MARK or kind == JOINER:
            if attach:
                ends[count - 1] = after
        else:
            attach = False
            if kind == LETTER or kind == DIGIT:
                after = end_of_run(data, after, hi, table)
                starts[count] = i
                ends[count] = after
                kinds[count] = RUN
                count += 1
        i = after
    return count


@leaf
def split_words(data, lo, hi, mode, table, starts, ends, kinds):  # type: ignore[no-untyped-def]
    """Write the words of `data[lo:hi]` and return how many there are.

    `starts`, `ends` (byte positions in `data`) and `kinds` need room for (hi - lo) // 2 + 1 words.
    """
    if mode == OFF or not has_byte(data, lo, hi, DOLLAR):
        return split_plain(data, lo, hi, table, starts, ends, kinds, 0)
    count = 0
    code = False
    sign = 0  # of the fence that is open
    length = 0
    gap = lo  # where the text since the last formula begins
    line = lo  # where a line starts whose state is not known yet
    i = lo
    while i < hi:
        if i == line and mode == RULE:
            mark, marks, bare = fence(data, i, hi)
            if sign != 0:
                code = True
                if mark == sign and marks >= length and bare:
                    sign = 0
            elif marks > 0:
                code = True
                sign = mark
                length = marks
            else:
                code = indented(data, i, hi)
        byte = data[np.uint64(i)]
        if byte == LINE_FEED:
            line = i + 1
        elif byte == DOLLAR and not code:
            end = end_of_formula(data, lo, i, hi, mode, table)
            if end < 0:
                i -= end
                continue
            count = split_plain(data, gap, i, table, starts, ends, kinds, count)
            starts[count] = i
            ends[count] = end
            kinds[count] = FORMULA
            count += 1
            for k in range(i, end):
                if data[k] == LINE_FEED:  # no fence inside, but its last line may be indented
                    code = mode == RULE and indented(data, k + 1, hi)
            gap = end
            i = end
            continue
        i += 1
    return split_plain(data, gap, hi, table, starts, ends, kinds, count)


@leaf
def longest(offsets):  # type: ignore[no-untyped-def]
    """Return the bytes of the longest document."""
    most = np.int64(0)
    for d in range(len(offsets) - 1):
        most = max(most, offsets[d + 1] - offsets[d])
    return most


@jit
def segment(offsets, data, modes, table):  # type: ignore[no-untyped-def]
    """Return `(first, starts, ends, kinds)`: document d has the words first[d]:first[d + 1]."""
    documents = len(offsets) - 1
    room = longest(offsets) // 2 + 1
    starts = np.empty(room, np.int64)
    ends = np.empty(room, np.int64)
    kinds = np.empty(room, np.uint8)
    first = np.zeros(documents + 1, np.int64)
    size = max(np.int64(16), (offsets[documents] - offsets[0]) // 5)
    all_starts = np.empty(size, np.int64)
    all_ends = np.empty(size, np.int64)
    all_kinds = np.empty(size, np.uint8)
    for d in range(documents):
        count = split_words(data, offsets[d], offsets[d + 1], modes[d], table, starts, ends, kinds)
        at = first[d]
        first[d + 1] = at + count
        if at + count > size:
            size = max(2 * size, at + count)
            more_starts = np.empty(size, np.int64)
            more_ends = np.empty(size, np.int64)
            more_kinds = np.empty(size, np.uint8)
            more_starts[:at] = all_starts[:at]
            more_ends[:at] = all_ends[:at]
            more_kinds[:at] = all_kinds[:at]
            all_starts, all_ends, all_kinds = more_starts, more_ends, more_kinds
        all_starts[at : at + count] = starts[:count]
        all_ends[at : at + count] = ends[:count]
        all_kinds[at : at + count] = kinds[:count]
    total = first[documents]
    return first, all_starts[:total], all_ends[:total], all_kinds[:total]


def warm() -> None:
    """Compile, or load from the cache."""
    offsets, data = utf8_of("a $x$ 中")
    segment(offsets, data, np.full(1, RULE, np.uint8), classes())


def utf8_of(*texts: str) -> tuple[np.ndarray, np.ndarray]:
    """Return `(offsets, data)` of a few texts."""
    import pyarrow as pa

    return utf8(pa.array(texts, pa.large_string()))

"""What C4 looks for in a line: phrases, words and sentences."""

# ruff: noqa: SIM109, SIM110 - a tuple compiles to a loop, a generator not at all

import numpy as np

from cleaner.kernels import leaf
from cleaner.kernels.eight_bytes import lowered, packed
from cleaner.kernels.signals.margins import ends_with, is_space, strip_right
from cleaner.kernels.text.segment import ASCII_WORD, has_byte
from cleaner.kernels.unicode import (
    DIGIT,
    GRAPHEME,
    KIND,
    LETTER,
    NEWLINE,
    QUOTE,
    SPACE,
    TERMINAL,
    classes,
    decode,
)  # fmt: skip

LONG_RUN = 1000
JAVASCRIPT, POLICY, LOREM, BRACE = 1, 2, 4, 8
ANY = 1  # before an anchor may stand anything
# Where each phrase is looked for: at one of its rarer letters, so many bytes into it.
PHRASES = (
    ("javascript", 0, JAVASCRIPT),
    ("privacy policy", 3, POLICY),  # v
    ("cookie policy", 3, POLICY),  # k
    ("uses cookies", 8, POLICY),
    ("use of cookies", 10, POLICY),
    ("use cookies", 7, POLICY),
    ("terms of use", 7, POLICY),  # f
    ("lorem ipsum", 7, LOREM),  # p
)
EDIT = np.frombuffer(b"[edit]", np.uint8)
CITATION_NEEDED = np.frombuffer(b"[citation needed]", np.uint8)


def phrase_tables() -> tuple[np.ndarray, ...]:
    """Return the phrases in bytes, their (length, anchor, flag), and by byte what is around one."""
    texts = np.zeros((len(PHRASES), 16), np.uint8)
    about = np.zeros((len(PHRASES), 3), np.int64)
    before, after = np.zeros(256, np.uint8), np.zeros(256, np.uint8)
    for p, (phrase, anchor, flag) in enumerate(PHRASES):
        texts[p, : len(phrase)] = np.frombuffer(phrase.encode(), np.uint8)
        about[p] = len(phrase), anchor, flag
        letters = [ord(phrase[anchor]), ord(phrase[anchor].upper())]
        before[letters] = ord(phrase[anchor - 1]) if anchor else ANY
        after[letters] = ord(phrase[anchor + 1])
    before[ord("{")] = ANY
    return texts, about, before, after


TEXTS, ABOUT, BEFORE, AFTER = phrase_tables()


ASCII_SPACE = np.zeros(128, np.uint8)
ASCII_SPACE[[32, *range(9, 14)]] = 1


@leaf
def phrase_at(data, a, k, b):  # type: ignore[no-untyped-def]
    """Return the flag of the phrase whose anchor stands at `k`, or 0."""
    small = data[k] | 0x20
    for p in range(len(ABOUT)):
        start = k - ABOUT[p, 1]
        length = ABOUT[p, 0]
        if TEXTS[p, ABOUT[p, 1]] != small or start < a or start + length > b:
            continue
        same = True
        for j in range(length):
            letter = data[start + j]
            if 65 <= letter <= 90:
                letter |= 0x20
            if letter != TEXTS[p, j]:
                same = False
                break
        if same:
            return ABOUT[p, 2]
    return 0


@leaf
def phrases_in(data, a, b):  # type: ignore[no-untyped-def]
    """Return which phrases a document may hold, from three letters of each that are rare.

    One plain loop without an exit, which the compiler runs over many bytes at a time.
    """
    javascript = 0
    policy = 0
    lorem = 0
    brace = 0
    part = data[a:b]
    for k in range(len(part) - 2):
        one = part[k] | 0x20
        two = part[k + 1] | 0x20
        three = part[k + 2] | 0x20
        javascript += (one == 106) & (two == 97) & (three == 118)  # jav
        policy += (
            ((one == 118) & (two == 97) & (three == 99))  # vac: privacy
            | ((one == 107) & (two == 105) & (three == 101))  # kie: cookie
            | ((one == 114) & (two == 109) & (three == 115))  # rms: terms
        )
        lorem += (one == 109) & (two == 32) & (three == 105)  # m i: lorem ipsum
        brace += part[k] == 123
    brace += has_byte(data, max(a, b - 2), b, 123)
    return (
        (JAVASCRIPT if javascript else 0)
        | (POLICY if policy else 0)
        | (LOREM if lorem else 0)
        | (BRACE if brace else 0)
    )


@leaf
def phrases(data, a, b):  # type: ignore[no-untyped-def]
    """Return which phrases of C4 `data[a:b]` holds, as flags."""
    found = 0
    part = data[a:b]
    for k in range(len(part)):
        before = BEFORE[part[k]]
        if before == 0:
            continue
        if part[k] == 123:
            found |= BRACE
        elif (before == ANY or (k > 0 and part[k - 1] | 0x20 == before)) and (
            k + 1 < len(part) and part[k + 1] | 0x20 == AFTER[part[k]]
        ):
            found |= phrase_at(part, 0, k, len(part))
    return found


@leaf
def without_citations(data, a, b, table):  # type: ignore[no-untyped-def]
    """Return where `data[a:b]` ends without `[1]`, `[edit]`, `[citation needed]` at its end."""
    while a < b and data[b - 1] == 93:
        k = b - 2
        while k >= a and 48 <= data[k] <= 57:
            k -= 1
        if k >= a and data[k] == 91:
            b = strip_right(data, a, k, table)
            continue
        if ends_with(data, a, b, EDIT):
            b = strip_right(data, a, b - len(EDIT), table)
        elif ends_with(data, a, b, CITATION_NEEDED):
            b = strip_right(data, a, b - len(CITATION_NEEDED), table)
        else:
            break
    return b


@leaf
def has_long_run(data, a, b, table):  # type: ignore[no-untyped-def]
    """Return whether over 1,000 characters follow each other without white space.

    A letter of a script without spaces begins anew.
    """
    if b - a <= LONG_RUN:
        return False
    run = 0
    i = a
    while i < b:
        point, i = decode(data, i, b)
        kind = table[point] & KIND
        if kind == SPACE or kind == NEWLINE or kind == GRAPHEME:
            run = 0
        else:
            run += 1
            if run > LONG_RUN:
                return True
    return False


# what spaCy's English rules, and so datatrove's count, take for no end of a sentence
ABBREVIATIONS = np.array(
    [
        int.from_bytes(word.encode(), "little")
        for word in ("mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "vs", "etc", "inc", "ltd")
    ],
    np.uint64,
)


def _leads() -> np.ndarray:
    """Return which bytes begin a character that ends a sentence."""
    leads = np.zeros(256, np.uint8)
    for point in np.flatnonzero(classes() & TERMINAL):
        leads[chr(point).encode()[0]] = 1
    return leads


MAY_END = _leads()


@leaf
def is_abbreviated(data, a, i):  # type: ignore[no-untyped-def]
    """Return whether the full stop at `i` ends one letter, as in `J.` or `e.g.`, or a title."""
    k = i
    while k > a and i - k < 6 and 97 <= (data[k - 1] | 0x20) <= 122:
        k -= 1
    size = i - k
    if size == 1:
        return k == a or data[k - 1] == 32 or data[k - 1] == 46 or data[k - 1] == 40
    if size < 2 or size > 4:
        return False
    key = lowered(packed(data, k, i))
    for abbreviation in ABBREVIATIONS:
        if key == abbreviation:
            return True
    return False


@leaf
def sentences(data, a, b, table):  # type: ignore[no-untyped-def]
    """Return the sentences of a line that is not blank.

    A sentence ends at a terminal mark and the marks, quotes and brackets after it when white space
    follows, or at once when a mark is none of ASCII's; or at a full stop between a small and a
    capital letter. Dots in a row end nothing, nor does the full stop of an abbreviation.
    """
    count = 1
    i = a
    while i < b:
        byte = data[np.uint64(i)]
        if MAY_END[byte] == 0:
            i += 1
            continue
        start = i
        point, i = decode(data, i, b)
        if table[point] & TERMINAL == 0:
            continue
        if byte == 46 and i < b:
            if data[i] == 46:
                while i < b and data[i] == 46:
                    i += 1
                continue
            if start > a and 97 <= data[start - 1] <= 122 and 65 <= data[i] <= 90:
                count += 1
                continue
        wide = point >= 0x80
        while i < b:  # further marks, and what closes
            point, after = decode(data, i, b)
            cls = table[point]
            if cls & TERMINAL:
                wide |= point >= 0x80
            elif cls & QUOTE == 0 and point != 41 and point != 93 and point != 0xFF09:
                break
            i = after
        if (
            i < b
            and (wide or is_space(point, table))
            and not (byte == 46 and is_abbreviated(data, a, start))
        ):
            count += 1
    return count


@leaf
def chunks(data, a, b, formula_starts, formula_ends, f, formulas, limit, table):  # type: ignore[no-untyped-def]
    """Return the runs without white space in `data[a:b]` with a letter or digit, `limit` at most.

    A letter of a script without spaces is one by itself, and a formula is a letter.
    """
    count = 0
    counted = False  # the run at hand is
    i = a
    while i < b and count < limit:
        if f < formulas and i == formula_starts[f]:
            i = formula_ends[f]
            f += 1
            count += not counted
            counted = True
            continue
        byte = data[np.uint64(i)]
        if byte < 0x80:
            i += 1  # without branches, which words would make a guess of
            word = bool(ASCII_WORD[byte])
            count += word & (not counted)
            counted = word | (counted & (not ASCII_SPACE[byte]))
            continue
        point, i = decode(data, i, b)
        kind = table[point] & KIND
        if kind == SPACE or kind == NEWLINE:
            counted = False
        elif kind == GRAPHEME:
            count += 1
            counted = False
        elif kind == LETTER or kind == DIGIT:
            count += not counted
            counted = True
    return count

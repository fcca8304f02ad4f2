"""Counts of lines and paragraphs, what C4's line rules leave, and copies of lines."""

# ruff: noqa: SIM109 - two comparisons compile to two, a tuple to a loop

import numpy as np

from cleaner.kernels import inlined, jit
from cleaner.kernels import signals_columns as columns
from cleaner.kernels.signals_words import (
    HIGH,
    MASKS,
    ONES,
    PUNCT,
    U0,
    U1,
    U56,
    hash_bytes,
    inner_bytes,
    load8,
    lowered,
    packed,
)
from cleaner.kernels.unicode import (
    ALPHA,
    BULLET,
    CLAUSE,
    DIGIT,
    GRAPHEME,
    KIND,
    LETTER,
    NEWLINE,
    QUOTE,
    SPACE,
    TERMINAL,
    UPPER,
    classes,
    decode,
)

C = columns
_LINES, _LINE_CHARACTERS, _LONGEST, _SHORT = (
    C.LINES,
    C.LINE_CHARACTERS,
    C.LONGEST_LINE,
    C.SHORT_LINES,
)
_LONG, _BULLETS, _ELLIPSIS, _TERMINAL = (
    C.LONG_LINES,
    C.BULLET_LINES,
    C.ELLIPSIS_LINES,
    C.TERMINAL_LINES,
)
_POLICY, _JAVASCRIPT, _LOREM = C.POLICY_LINES, C.JAVASCRIPT_LINES, C.LOREM_IPSUM
_UPPER, _DIGIT, _STUB, _PLAIN = C.UPPER_LINES, C.DIGIT_LINES, C.STUB_LINES, C.UNPUNCTUATED
_CUT, _PARAGRAPHS, _TOKENS = C.REFINEDWEB_CUT, C.PARAGRAPHS, C.TOKENS
_C4, _C4_ANY = C.C4_LINES, C.C4_ANY_LINES
_DUP_LINES, _DUP_PARAGRAPHS = C.DUP_LINES, C.DUP_PARAGRAPHS

SHORT, LONG, STUB = 30, 200, 20  # characters: FineWeb, mC4, ours
FEW_WORDS, LONG_RUN = 3, 1000  # C4
FEEDS, LEADS = np.uint64(10) * ONES, np.uint64(0xE2) * ONES  # line feeds; what begins U+2028

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


@jit
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


@jit
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


@jit
def last_wide_point(data, a, b):  # type: ignore[no-untyped-def]
    """Return what `last_point` does when the last byte is not ASCII."""
    k = b - 1
    while k > a and data[k] & 0xC0 == 0x80 and b - k < 4:
        k -= 1
    point, after = decode(data, k, b)
    if after != b:  # broken bytes
        return np.int64(0xFFFD), b - 1
    return point, k


@inlined
def last_point(data, a, b):  # type: ignore[no-untyped-def]
    """Return the last character of `data[a:b]` and where it starts; a < b."""
    byte = np.int64(data[b - 1])
    if byte < 0x80:
        return byte, b - 1
    return last_wide_point(data, a, b)


@jit
def is_space(point, table):  # type: ignore[no-untyped-def]
    """Return whether a character is white space or ends a line."""
    kind = table[point] & KIND
    return kind == SPACE or kind == NEWLINE


@jit
def strip_left(data, a, b, table):  # type: ignore[no-untyped-def]
    """Return where `data[a:b]` begins when white space is left out."""
    while a < b:
        byte = data[np.uint64(a)]
        if byte < 0x80:
            if byte > 32 or not is_space(np.int64(byte), table):
                return a
            a += 1
        else:
            point, after = decode(data, a, b)
            if not is_space(point, table):
                return a
            a = after
    return a


@jit
def strip_right(data, a, b, table):  # type: ignore[no-untyped-def]
    """Return where `data[a:b]` ends when white space is left out."""
    while a < b:
        point, k = last_point(data, a, b)
        if not is_space(point, table):
            return b
        b = k
    return b


@jit
def ends_with_dots(data, a, b):  # type: ignore[no-untyped-def]
    """Return whether `data[a:b]` ends with an ellipsis."""
    if b - a >= 3:
        if data[b - 1] == 46 and data[b - 2] == 46 and data[b - 3] == 46:
            return True
        return data[b - 3] == 0xE2 and data[b - 2] == 0x80 and data[b - 1] == 0xA6
    return False


@jit
def ends_with(data, a, b, ending):  # type: ignore[no-untyped-def]
    """Return whether `data[a:b]` ends with these bytes."""
    size = len(ending)
    if b - a < size:
        return False
    for j in range(size):
        if data[b - size + j] != ending[j]:
            return False
    return True


@jit
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


@jit
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


@jit
def is_abbreviated(data, a, i):  # type: ignore[no-untyped-def]
    """Return whether the full stop at `i` follows a single letter, as in `J.` or `e.g.`, or a title."""
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


@jit
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


@jit
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


@jit
def line_facts(data, a, b, table):  # type: ignore[no-untyped-def]
    """Return `(letters, upper, digits, punctuated)` of a line."""
    letters = 0
    upper = 0
    digits = 0
    punctuated = False
    i = a
    while i < b:
        point, i = decode(data, i, b)
        cls = table[point]
        letters += cls & ALPHA != 0
        upper += cls & UPPER != 0
        digits += cls & KIND == DIGIT
        punctuated |= cls & (TERMINAL | CLAUSE) != 0
    return letters, upper, digits, punctuated


@jit
def is_counter(data, a, b, words, digits):  # type: ignore[no-untyped-def]
    """Return whether a line is a counter such as `3 likes` or `12 comments`."""
    return words == 2 and digits > 0 and 48 <= data[a] <= 57


@jit
def copies(hashes, lengths, n, slots, seen, row, column):  # type: ignore[no-untyped-def]
    """Count in `row[column]` and the next one the copies of earlier items, and their lengths."""
    size = 16
    while size < 2 * n:
        size *= 2
    seen[:size] = 0
    mask = np.uint64(size - 1)
    for k in range(n):
        slot = hashes[k] & mask
        while seen[slot] and slots[slot] != hashes[k]:
            slot = (slot + np.uint64(1)) & mask
        if seen[slot]:
            row[column] += 1
            row[column + 1] += lengths[k]
        else:
            seen[slot] = 1
            slots[slot] = hashes[k]


@jit
def end_of_line(data, i, hi, formula_starts, formula_ends, f, formulas):  # type: ignore[no-untyped-def]
    """Return `(end, next, characters, f)` of the line at `i`; a formula is one character."""
    characters = 0
    k = i
    while k < hi:
        stop = formula_starts[f] if f < formulas else hi
        while k < stop:
            if k + 8 <= stop:  # eight bytes at a time up to a line feed or a byte E2
                value = load8(data, k)
                feed = value ^ FEEDS
                wide = value ^ LEADS
                hits = ((feed - ONES) & ~feed | (wide - ONES) & ~wide) & HIGH
                if hits == U0:
                    characters += 8 - inner_bytes(value)
                    k += 8
                    continue
                clear = np.int64(((hits & (~hits + U1)) - U1 & ONES) * ONES >> U56) - 1
                characters += clear - inner_bytes(value & MASKS[clear])
                k += clear
            byte = data[k]
            if byte == 10:
                return k, k + 1, characters, f
            if byte == 0xE2 and k + 2 < stop:
                if data[k + 1] == 0x80 and data[k + 2] & 0xFE == 0xA8:
                    return k, k + 3, characters, f  # U+2028, U+2029
            characters += byte & 0xC0 != 0x80
            k += 1
        if f < formulas:
            k = formula_ends[f]
            f += 1
            characters += 1
    return hi, hi, characters, f


@jit
def lines(  # type: ignore[no-untyped-def]
    data, lo, hi, starts, kinds, count, formula_starts, formula_ends, formulas, table,
    want_phrases, want_facts, want_copies,
    hashes, lengths, slots, seen, paragraph_hashes, paragraph_lengths, row,
):  # fmt: skip
    """Count the lines of a document in `row`."""
    i = lo
    f = 0
    w = 0
    n = 0
    paragraphs = 0
    paragraph = -1  # where the paragraph begins
    paragraph_end = 0
    paragraph_length = 0
    while i < hi:
        first_formula = f
        end, after, length, f = end_of_line(data, i, hi, formula_starts, formula_ends, f, formulas)
        if end > i and data[end - 1] == 13:
            end -= 1
            length -= 1
        a = strip_left(data, i, end, table)
        if a == end:
            if paragraph >= 0:
                if want_copies:
                    paragraph_hashes[paragraphs] = hash_bytes(data, paragraph, paragraph_end)
                    paragraph_lengths[paragraphs] = paragraph_length
                paragraphs += 1
                paragraph = -1
            i = after
            continue
        b = strip_right(data, a, end, table)
        if paragraph < 0:
            paragraph = i
            paragraph_length = length
        else:
            paragraph_length += length + 1
        paragraph_end = end
        if want_copies:
            hashes[n] = hash_bytes(data, i, end)
            lengths[n] = length
        n += 1

        row[_LINE_CHARACTERS] += length
        row[_LONGEST] = max(row[_LONGEST], length)
        row[_SHORT] += length <= SHORT
        row[_LONG] += length >= LONG
        point, _ = decode(data, a, b)
        row[_BULLETS] += table[point] & BULLET != 0
        row[_ELLIPSIS] += ends_with_dots(data, a, b)
        point, _ = last_point(data, a, b)
        # a formula that ends a line ends with a dollar, which is no mark
        row[_TERMINAL] += table[point] & TERMINAL != 0

        words = 0
        tokens = 0
        while w < count and starts[w] < end:
            words += kinds[w] != PUNCT
            tokens += 1
            w += 1
        if want_facts:
            letters = 0
            upper = 0
            digits = 0
            punctuated = False
            k = i
            for g in range(first_formula, f + 1):
                stop = formula_starts[g] if g < f else end
                some = line_facts(data, k, stop, table)
                letters += some[0]
                upper += some[1]
                digits += some[2]
                punctuated |= some[3]
                k = formula_ends[g] if g < f else end
            loud = 2 * upper > letters
            row[_UPPER] += loud
            row[_DIGIT] += digits > 0 and letters == 0
            row[_STUB] += length <= STUB and not punctuated
            row[_PLAIN] += 0 if punctuated else length
            if (
                loud or (digits > 0 and letters == 0) or words < 2
                or is_counter(data, a, b, words, digits)
            ):  # fmt: skip
                row[_CUT] += tokens
        if want_phrases:
            found = 0
            k = i
            for g in range(first_formula, f + 1):
                stop = formula_starts[g] if g < f else end
                found |= phrases(data, k, stop)
                k = formula_ends[g] if g < f else end
            row[_JAVASCRIPT] += found & JAVASCRIPT != 0
            row[_POLICY] += found & POLICY != 0
            row[_LOREM] += found & LOREM != 0
            if chunks(
                data, a, b, formula_starts, formula_ends, first_formula, formulas, FEW_WORDS, table
            ) >= FEW_WORDS and not has_long_run(data, a, b, table):
                closed = without_citations(data, a, b, table)
                ended = False
                if closed > a and not ends_with_dots(data, a, closed):
                    point, _ = last_point(data, a, closed)
                    ended = table[point] & (TERMINAL | QUOTE) != 0
                left = -1
                for column in (_C4, _C4_ANY):
                    if column == _C4 and not ended:
                        continue
                    if found & LOREM:
                        row[column + 4] += 1
                    if found & JAVASCRIPT:
                        continue
                    if found & BRACE:
                        row[column + 3] += 1
                    if found & POLICY:
                        continue
                    if left < 0:
                        left = sentences(data, a, closed, table) if closed > a else 0
                    row[column] += 1
                    row[column + 1] += words
                    row[column + 2] += left
        i = after
    if paragraph >= 0:
        if want_copies:
            paragraph_hashes[paragraphs] = hash_bytes(data, paragraph, paragraph_end)
            paragraph_lengths[paragraphs] = paragraph_length
        paragraphs += 1
    row[_LINES] = n
    row[_PARAGRAPHS] = paragraphs
    if want_copies:
        copies(hashes, lengths, n, slots, seen, row, _DUP_LINES)
        copies(paragraph_hashes, paragraph_lengths, paragraphs, slots, seen, row, _DUP_PARAGRAPHS)

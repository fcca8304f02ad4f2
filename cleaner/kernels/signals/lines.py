"""Counts of lines and paragraphs, what C4's line rules leave, and copies of lines."""

import numpy as np

from cleaner.kernels import leaf
from cleaner.kernels.eight_bytes import (
    MASKS,
    U32,
    M,
    before_feed,
    clear_bytes,
    hash_bytes,
    inner_bytes,
    is_ascii,
    load8,
)
from cleaner.kernels.signals import columns as C
from cleaner.kernels.signals.c4 import (
    BRACE,
    JAVASCRIPT,
    LOREM,
    POLICY,
    chunks,
    has_long_run,
    phrases,
    phrases_in,
    sentences,
    without_citations,
)  # fmt: skip
from cleaner.kernels.signals.margins import ends_with_dots, last_point, strip_left, strip_right
from cleaner.kernels.signals.short_lines import is_counter, is_equation
from cleaner.kernels.signals.words import PUNCT
from cleaner.kernels.text.segment import fence, has_byte, indented
from cleaner.kernels.unicode import (
    ALPHA,
    BULLET,
    CLAUSE,
    DIGIT,
    KIND,
    NEWLINE,
    QUOTE,
    SCRIPT,
    SCRIPT_SHIFT,
    SCRIPTS,
    SPACE,
    TERMINAL,
    UPPER,
    decode,
)

HAN = SCRIPTS.index("han")
SHORT, LONG, STUB = 30, 200, 20  # characters: FineWeb, mC4, ours
FEW_WORDS, WORDS = 3, 5  # of a line: datatrove, and C4 as published
NEARLY_FORMULA = 2  # words beside the formulas of a line that is one


@leaf
def line_facts(data, a, b, table):  # type: ignore[no-untyped-def]
    """Return `(letters, upper, digits, punctuated, han, seen, signs)` of a line.

    `seen`: characters other than white space; `signs`: those that code has and prose hardly.
    """
    letters = 0
    han = 0
    seen = 0
    signs = 0
    upper = 0
    digits = 0
    punctuated = False
    i = a
    while i < b:
        byte = data[np.uint64(i)]
        if byte < 0x80:
            i += 1
            cls = table[byte]
            seen += byte > 32
            signs += CODE_SIGN[byte]
        else:
            point, i = decode(data, i, b)
            cls = table[point]
            seen += cls & KIND != SPACE and cls & KIND != NEWLINE
            han += np.int64(cls) >> SCRIPT_SHIFT & SCRIPT == HAN
        letters += cls & ALPHA != 0
        upper += cls & UPPER != 0
        digits += cls & KIND == DIGIT
        punctuated |= cls & (TERMINAL | CLAUSE) != 0
    return letters, upper, digits, punctuated, han, seen, signs


def _code_signs() -> np.ndarray:
    signs = np.zeros(128, np.uint8)
    signs[list(b";{}=()[]<>_#|\\`$&*@")] = 1
    return signs


CODE_SIGN = _code_signs()
LETTERS_A_SIGN = 10  # a line without Han that has a sign of code for so many letters is code


@leaf
def is_code(data, i, b, han, letters, signs):  # type: ignore[no-untyped-def]
    """Return whether a line outside a fence is code: no Han, and signs of code or an indent."""
    if han > 0:
        return False
    return LETTERS_A_SIGN * signs > letters or (signs > 0 and indented(data, i, b))


@leaf
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


@leaf
def end_of_ascii_line(data, i, hi):  # type: ignore[no-untyped-def]
    """Return where the line at `i` of a text of ASCII ends."""
    k = i
    while k + 8 <= hi:
        clear = before_feed(load8(data, k))
        k += clear
        if clear < 8:
            return k
    while k < hi and data[k] != 10:
        k += 1
    return k


@leaf
def end_of_line(data, i, hi, formula_starts, formula_ends, f, formulas):  # type: ignore[no-untyped-def]
    """Return `(end, next, characters, f)` of the line at `i`; a formula is one character."""
    characters = 0
    k = i
    while k < hi:
        stop = formula_starts[f] if f < formulas else hi
        while k < stop:
            if k + 8 <= stop:  # eight bytes at a time up to a line feed or a byte E2
                value = load8(data, k)
                clear = clear_bytes(value)
                characters += clear - inner_bytes(value & MASKS[clear])
                k += clear
                if clear == 8:
                    continue
            byte = data[k]
            if byte == 10:
                return k, k + 1, characters, f
            if byte == 0xE2 and k + 2 < stop and data[k + 1] == 0x80 and data[k + 2] & 0xFE == 0xA8:
                return k, k + 3, characters, f  # U+2028, U+2029
            characters += byte & 0xC0 != 0x80
            k += 1
        if f < formulas:
            k = formula_ends[f]
            f += 1
            characters += 1
    return hi, hi, characters, f


@leaf
def words_until(starts, kinds, count, w, end):  # type: ignore[no-untyped-def]
    """Return the words and tokens from the w-th on that start before `end`, and the next one."""
    words = 0
    first = w
    while w < count and starts[w] < end:
        words += kinds[w] != PUNCT
        w += 1
    return words, w - first, w


@leaf
def add_paragraph(  # type: ignore[no-untyped-def]
    hashes, lengths, first, last, paragraph_hashes, paragraph_lengths, at
):
    """Write hash and characters of the paragraph of the lines first:last, each `\\n` one more."""
    state = M
    length = last - first - 1
    for k in range(first, last):
        state = (state ^ hashes[k]) * M
        state ^= state >> U32
        length += lengths[k]
    paragraph_hashes[at] = state
    paragraph_lengths[at] = length


@leaf
def lines(  # type: ignore[no-untyped-def]
    data, lo, hi, starts, kinds, count, formula_starts, formula_ends, formulas, table,
    want_phrases, want_any_end, want_facts, want_copies,
    hashes, lengths, slots, seen, paragraph_hashes, paragraph_lengths, row,
):  # fmt: skip
    """Count the lines of a document in `row`."""
    plain = formulas == 0 and is_ascii(data, lo, hi)
    maybe = phrases_in(data, lo, hi) if want_phrases else 0
    characters = 0
    longest = 0
    short = 0
    long = 0
    bullets = 0
    ellipses = 0
    terminal = 0
    i = lo
    f = 0
    w = 0
    n = 0
    paragraphs = 0
    paragraph = -1  # the number of its first line
    in_fence, fence_sign = 0, 0  # signs of the code fence that is open
    while i < hi:
        first_formula = f
        if plain:
            end = end_of_ascii_line(data, i, hi)
            after = end + 1
            length = end - i
        else:
            end, after, length, f = end_of_line(
                data, i, hi, formula_starts, formula_ends, f, formulas
            )
        if end > i and data[end - 1] == 13:
            end -= 1
            length -= 1
        a = strip_left(data, i, end, table)
        if a == end:
            if paragraph >= 0:
                if want_copies:
                    add_paragraph(
                        hashes, lengths, paragraph, n,
                        paragraph_hashes, paragraph_lengths, paragraphs,
                    )  # fmt: skip
                paragraphs += 1
                paragraph = -1
            i = after
            continue
        b = strip_right(data, a, end, table)
        if paragraph < 0:
            paragraph = n
        if want_copies:
            hashes[n] = hash_bytes(data, i, end)
            lengths[n] = length
        n += 1

        characters += length
        longest = max(longest, length)
        short += length <= SHORT
        long += length >= LONG
        point, _ = decode(data, a, b)
        bullets += table[point] & BULLET != 0
        ellipsis = ends_with_dots(data, a, b)
        ellipses += ellipsis
        point, _ = last_point(data, a, b)
        # a formula that ends a line ends with a dollar, which is no mark
        cls = table[point]
        terminal += cls & TERMINAL != 0

        if want_facts:
            words, tokens, w = words_until(starts, kinds, count, w, end)
            letters = 0
            upper = 0
            digits = 0
            punctuated = False
            han = 0
            visible = 0
            signs = 0
            k = i
            for g in range(first_formula, f + 1):
                stop = formula_starts[g] if g < f else end
                some = line_facts(data, k, stop, table)
                letters += some[0]
                upper += some[1]
                digits += some[2]
                punctuated |= some[3]
                han += some[4]
                visible += some[5]
                signs += some[6]
                k = formula_ends[g] if g < f else end
            sign, marks, bare = fence(data, i, end)
            fencing = marks > 0
            if in_fence > 0:
                if sign == fence_sign and marks >= in_fence and bare:
                    in_fence = 0
            elif fencing:
                in_fence = marks
                fence_sign = sign
            if in_fence == 0 and not fencing and not is_code(data, i, end, han, letters, signs):
                row[C.PROSE_CHARACTERS] += visible
                row[C.PROSE_HAN] += han
                row[C.PROSE_DIGITS] += digits
                row[C.PROSE_LINE_CHARACTERS] += length
                row[C.PROSE_UNPUNCTUATED] += 0 if punctuated or f > first_formula else length
            loud = 2 * upper > letters
            row[C.UPPER_LINES] += loud
            row[C.DIGIT_LINES] += digits > 0 and letters == 0
            row[C.STUB_LINES] += length <= STUB and not punctuated
            row[C.UNPUNCTUATED] += 0 if punctuated else length
            cut = loud or (digits > 0 and letters == 0) or words < 2
            cut = cut or (digits > 0 and is_counter(data, a, b, table))
            if cut:  # unless the line is a formula
                marked = f - first_formula
                spared = words - marked <= NEARLY_FORMULA if marked else False
                spared = spared or (marked == 0 and is_equation(data, a, b, table))
                row[C.REFINEDWEB_CUT] += 0 if spared else tokens
        if want_phrases:
            found = 0
            if maybe != 0:
                k = i
                for g in range(first_formula, f + 1):
                    stop = formula_starts[g] if g < f else end
                    if maybe == BRACE:
                        found |= BRACE if has_byte(data, k, stop, 123) else 0
                    else:
                        found |= phrases(data, k, stop)
                    k = formula_ends[g] if g < f else end
                row[C.JAVASCRIPT_LINES] += found & JAVASCRIPT != 0
                row[C.POLICY_LINES] += found & POLICY != 0
                row[C.LOREM_IPSUM] += found & LOREM != 0
            ended = cls & (TERMINAL | QUOTE) != 0 and not ellipsis
            closed = b
            if data[b - 1] == 93:
                closed = without_citations(data, a, b, table)
                ended = False
                if closed > a and not ends_with_dots(data, a, closed):
                    point, _ = last_point(data, a, closed)
                    ended = table[point] & (TERMINAL | QUOTE) != 0
            if not ended and not want_any_end:
                i = after
                continue
            found_chunks = chunks(
                data, a, b, formula_starts, formula_ends, first_formula, formulas, WORDS, table
            )
            if found_chunks >= FEW_WORDS and not has_long_run(data, a, b, table):
                left = -1
                if not want_facts:
                    words, _, w = words_until(starts, kinds, count, w, i)
                    words, _, w = words_until(starts, kinds, count, w, end)
                for column in (C.C4_LINES, C.C4_DATATROVE_LINES, C.C4_ANY_LINES):
                    if column != C.C4_ANY_LINES and not ended:
                        continue
                    if column == C.C4_LINES and found_chunks < WORDS:
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
            add_paragraph(
                hashes, lengths, paragraph, n, paragraph_hashes, paragraph_lengths, paragraphs
            )
        paragraphs += 1
    row[C.LINES] = n
    row[C.PARAGRAPHS] = paragraphs
    row[C.LINE_CHARACTERS] = characters
    row[C.LONGEST_LINE] = longest
    row[C.SHORT_LINES] = short
    row[C.LONG_LINES] = long
    row[C.BULLET_LINES] = bullets
    row[C.ELLIPSIS_LINES] = ellipses
    row[C.TERMINAL_LINES] = terminal
    if want_copies:
        copies(hashes, lengths, n, slots, seen, row, C.DUP_LINES)
        copies(paragraph_hashes, paragraph_lengths, paragraphs, slots, seen, row, C.DUP_PARAGRAPHS)

"""Formulas, URLs and code masked, so that prose is left.

Masked, each by one space: formulas (`segment.end_of_formula`; `\\(..\\)`, `\\[..\\]` and display
environments of LaTeX besides), TeX commands and the arguments of those that name things, URLs and
e-mail addresses, code fences that close, code spans, HTML tags, and words of 40 ASCII characters
and more that look like base64 or hexadecimal.
"""

import numpy as np

from cleaner.kernels import leaf
from cleaner.kernels.language.facts import CODE, ENCODED, TEX, letter, word_byte
from cleaner.kernels.text.segment import RULE, end_of_formula, fence
from cleaner.kernels.unicode import classes

LONG_WORD = 40  # shortest word that may be base64; German compounds have no digits
MAX_URL, MAX_TAG, MAX_CODE_SPAN, MAX_FORMULA = 4096, 512, 300, 3000

SPACE_BYTE, PLAIN, WIDE, STOP = 0, 1, 2, 3  # what to do with a byte: STOP needs a look


def _kinds() -> np.ndarray:
    kinds = np.full(256, PLAIN, np.uint8)
    kinds[128:] = WIDE
    kinds[[9, 11, 12, 13, 32]] = SPACE_BYTE
    kinds[[10, *b"`<:.@\\$~"]] = STOP
    return kinds


KINDS = _kinds()


@leaf
def end_of_url(data, i, hi):  # type: ignore[no-untyped-def]
    """Return where the URL ends that goes on at `i`."""
    stop = min(hi, i + MAX_URL)
    while i < stop:
        byte = data[i]
        # white space, not ASCII, and the signs that close what stands around a URL
        if byte <= 32 or byte >= 127 or byte in (34, 39, 60, 62, 41, 93, 125, 96, 92):
            return i
        i += 1
    return i


@leaf
def end_of_pair(data, i, hi, first, second, limit):  # type: ignore[no-untyped-def]
    """Return the position after the bytes `first second`, before a blank line; 0: none."""
    stop = min(hi - 1, i + limit)
    while i < stop:
        if data[i] == first and data[i + 1] == second:
            return i + 2
        if data[i] == 10 and data[i + 1] == 10:
            return 0
        i += 1
    return 0


@leaf
def end_of_braces(data, i, hi, opening, closing):  # type: ignore[no-untyped-def]
    """Return the position after the group that opens at `i`, on this line; `i`: none."""
    if i >= hi or data[i] != opening:
        return i
    depth = 0
    for k in range(i, min(hi, i + MAX_FORMULA)):
        if data[k] == opening:
            depth += 1
        elif data[k] == closing:
            depth -= 1
            if depth == 0:
                return k + 1
        elif data[k] == 10:
            return i
    return i


@leaf
def starts(data, i, hi, text):  # type: ignore[no-untyped-def]
    """Return whether the bytes `text` stand at `i`."""
    if i + len(text) > hi:
        return False
    same = True
    for k in range(len(text)):
        same &= data[i + k] == text[k]
    return same


def _names(*names: str) -> np.ndarray:
    """Return `names` as rows of bytes, padded with zeros."""
    rows = np.zeros((len(names), max(map(len, names)) + 1), np.uint8)
    for row, name in zip(rows, names, strict=True):
        row[: len(name)] = list(name.encode())
    return rows


BEGIN, END = np.frombuffer(b"begin", np.uint8), np.frombuffer(b"\\end{", np.uint8)
DISPLAYS = _names(
    "equation", "align", "gather", "multline", "eqnarray", "displaymath", "math", "alignat",
    "flalign", "array", "split", "tikzpicture", "verbatim", "lstlisting",
)  # fmt: skip
NAMING = _names(
    "begin", "end", "ref", "label", "cite", "citep", "citet", "eqref", "href", "input", "include",
    "includegraphics", "usepackage", "documentclass", "pageref", "autoref", "bibliography", "url",
    "hspace", "vspace", "newcommand", "bibliographystyle", "autocite",
)  # fmt: skip


@leaf
def among(data, i, end, names):  # type: ignore[no-untyped-def]
    """Return whether `data[i:end]` is one of `names`."""
    for row in range(len(names)):
        k = 0
        while i + k < end and k < names.shape[1] and data[i + k] == names[row, k]:
            k += 1
        if i + k == end and names[row, k] == 0:
            return True
    return False


@leaf
def end_of_tex(data, i, hi, begin, end_mark, displays, naming):  # type: ignore[no-untyped-def]
    """Return where the TeX ends that the backslash at `i` begins."""
    if i + 1 >= hi:
        return i + 1
    byte = data[i + 1]
    if byte == 40 or byte == 91:  # \( and \[
        end = end_of_pair(data, i + 2, hi, 92, byte + (1 if byte == 40 else 2), MAX_FORMULA)
        return end if end > 0 else i + 2
    if not letter(byte):
        return i + 2 if byte < 128 and byte != 10 else i + 1
    end = i + 1
    while end < hi and letter(data[end]):
        end += 1
    if not among(data, i + 1, end, naming):
        return end
    if end < hi and data[end] == 42:
        end += 1
    if starts(data, i + 1, hi, begin) and end < hi and data[end] == 123:
        name = end + 1
        close = name
        while close < hi and letter(data[close]):
            close += 1
        if among(data, name, close, displays):
            k = close
            stop = min(hi, i + MAX_FORMULA)
            while k < stop:
                if data[k] == 92 and starts(data, k, hi, end_mark):
                    same = k + 5 + close - name <= hi
                    for j in range(close - name):
                        same = same and data[k + 5 + j] == data[name + j]
                    if same:
                        return end_of_braces(data, k + 4, hi, 123, 125)
                k += 1
    for _ in range(3):  # \href[..]{..}{..}
        end = end_of_braces(data, end, hi, 91, 93)
        end = end_of_braces(data, end, hi, 123, 125)
    return end


@leaf
def looks_encoded(text, lo, hi):  # type: ignore[no-untyped-def]
    """Return whether the word `text[lo:hi]` looks like base64 or hexadecimal."""
    lower, upper, digit, beyond_f = False, False, False, False
    for k in range(lo, hi):
        byte = text[k]
        if 48 <= byte <= 57:
            digit = True
        elif 97 <= byte <= 122:
            lower = True
            beyond_f |= byte > 102
        elif 65 <= byte <= 90:
            upper = True
            beyond_f |= byte > 70
        elif byte not in (43, 47, 61, 95, 45, 34, 39, 44):  # + / = _ - and what quotes it
            return False
    return digit and ((lower and upper) or ((lower or upper) and not beyond_f))


@leaf
def end_of_block(data, i, hi):  # type: ignore[no-untyped-def]
    """Return the position after the code fence that opens at the line at `i`; 0: none closes."""
    sign, length, _ = fence(data, i, hi)
    if length == 0:
        return 0
    k = i
    while k < hi:
        while k < hi and data[k] != 10:
            k += 1
        k += 1
        if k < hi:
            while k < hi and (data[k] == 32 or data[k] == 9):
                k += 1
            mark, marks, bare = fence(data, k, hi)
            if mark == sign and marks >= length and bare:
                while k < hi and data[k] != 10:
                    k += 1
                return k
    return 0


@leaf
def end_of_host(data, i, hi):  # type: ignore[no-untyped-def]
    """Return where the host ends that the @ at `i` is before; 0: there is none with a dot."""
    k = i + 1
    dotted = False
    while k < hi and (word_byte(data[k]) or data[k] == 45 or data[k] == 46):
        dotted |= data[k] == 46 and k + 1 < hi and letter(data[k + 1])
        k += 1
    return k if dotted else 0


@leaf
def end_of_tag(data, i, hi):  # type: ignore[no-untyped-def]
    """Return where the HTML tag ends that the < at `i` opens; 0: it opens none."""
    k = i + 1
    if k >= hi or not (letter(data[k]) or data[k] == 33 or data[k] == 47 or data[k] == 63):
        return 0
    stop = min(hi, i + MAX_TAG)
    while k < stop and data[k] != 62 and data[k] != 60:
        k += 1
    return k + 1 if k < stop and data[k] == 62 else 0


@leaf
def end_of_run(data, i, hi):  # type: ignore[no-untyped-def]
    """Return where the run of the byte at `i` ends."""
    k = i
    while k < hi and data[k] == data[i]:
        k += 1
    return k


@leaf
def end_of_span(data, i, hi):  # type: ignore[no-untyped-def]
    """Return where the code span ends that the backticks at `i` open; 0: none, no blank line."""
    run = end_of_run(data, i, hi)
    k = run
    stop = min(hi, run + MAX_CODE_SPAN)
    while k < stop:
        if data[k] == 96:
            close = end_of_run(data, k, hi)
            if close - k == run - i:
                return close
            k = close
        elif data[k] == 10 and k + 1 < hi and data[k + 1] == 10:
            return 0
        else:
            k += 1
    return 0


@leaf
def after_word(out, word, o, facts):  # type: ignore[no-untyped-def]
    """Return where to go on writing behind the word `out[word:o]`: it stays, or it was encoded."""
    if o - word >= LONG_WORD and looks_encoded(out, word, o):
        facts[ENCODED] += o - word
        return word
    return o


@leaf
def mask(data, lo, hi, out, o, tables, facts):  # type: ignore[no-untyped-def]
    """Write `data[lo:hi]` without what is masked to `out` from `o`; return where it ends."""
    kinds, table, begin, end_mark, displays, naming = tables
    i = lo
    first = o
    word = o  # where the last word of ASCII began in `out`
    line = True
    fences = True
    while i < hi:
        if line:
            line = False
            at = i
            while at < hi and (data[at] == 32 or data[at] == 9):
                at += 1
            if fences and at < hi and (data[at] == 96 or data[at] == 126):
                end = end_of_block(data, at, hi)
                if end > 0:
                    facts[CODE] += end - i
                    out[o] = 32
                    o += 1
                    i = end
                    word = o
                    continue
                if fence(data, at, hi)[1] > 0:
                    fences = False  # it never closes, so none does; looking again costs squares
        byte = data[i]
        kind = kinds[byte]
        while kind <= PLAIN:
            space = kind == SPACE_BYTE
            if space & (o - word >= LONG_WORD):
                o = after_word(out, word, o, facts)
            out[o] = 32 if space else byte
            o += 1
            i += 1
            word = o if space else word
            if i == hi:
                return after_word(out, word, o, facts)
            byte = data[i]
            kind = kinds[byte]
        if byte == 10:
            o = after_word(out, word, o, facts)
            line = True
            out[o] = 10
            o += 1
            i += 1
            word = o
            continue
        if kind == WIDE:
            o = after_word(out, word, o, facts)
            while i < hi and data[i] >= 128:
                out[o] = data[i]
                o += 1
                i += 1
            word = o
            continue
        end = 0
        if byte == 58 and i + 2 < hi and data[i + 1] == 47 and data[i + 2] == 47:  # ://
            while o > word and letter(out[o - 1]):
                o -= 1
            end = end_of_url(data, i, hi)
        elif byte == 46 and o - word >= 3:  # www.
            if out[o - 1] | 32 == 119 == out[o - 2] | 32 == out[o - 3] | 32:
                o -= 3
                end = end_of_url(data, i, hi)
        elif byte == 64 and o > word and word_byte(out[o - 1]):  # name@host.org
            end = end_of_host(data, i, hi)
            while (
                end > 0
                and o > word
                and (word_byte(out[o - 1]) or out[o - 1] in (37, 43, 45, 46, 95))
            ):
                o -= 1
        elif byte == 60:  # <tag>
            end = end_of_tag(data, i, hi)
        elif byte == 96:  # `code`
            end = end_of_span(data, i, hi)
            if end > 0:
                facts[CODE] += end - i
            else:
                end = end_of_run(data, i, hi)
        elif byte == 92:  # \tex
            end = end_of_tex(data, i, hi, begin, end_mark, displays, naming)
            facts[TEX] += end > i + 2
        elif byte == 36:  # $formula$
            end = end_of_formula(data, lo, i, hi, RULE, table)
            if end <= 0:
                for _ in range(-end):
                    out[o] = 36
                    o += 1
                    i += 1
                continue
        if end > 0:
            if o > first and out[o - 1] != 32:
                out[o] = 32
                o += 1
            word = o
            i = end
        else:
            out[o] = byte
            o += 1
            i += 1
    return after_word(out, word, o, facts)


def mask_tables() -> tuple[np.ndarray, ...]:
    """Return the tables that `mask` looks up."""
    return KINDS, classes(), BEGIN, END, DISPLAYS, NAMING

"""What formulas are made of, and the holes where some were lost."""

# ruff: noqa: SIM109 - two comparisons compile to two, a tuple to a loop

import numpy as np

from cleaner.kernels import jit, leaf
from cleaner.kernels.eight_bytes import hash_bytes
from cleaner.kernels.signals import columns as C
from cleaner.kernels.signals.characters import points
from cleaner.kernels.signals.words import median_twice

DEPTH = 32  # of nested environments; deeper ones do not parse

LEFT, RIGHT, BEGIN, END, TEXT, MATHRM, UNIT = range(1, 8)


def _commands() -> tuple[np.ndarray, np.ndarray]:
    names = ("left", "right", "begin", "end", "text", "mathrm", "unit")
    table = np.zeros((len(names), 8), np.uint8)
    for row, name in zip(table, names, strict=True):
        row[: len(name)] = np.frombuffer(name.encode(), np.uint8)
    return table, np.array([len(name) for name in names])


NAMES, SIZES = _commands()


@leaf
def is_letter(byte):  # type: ignore[no-untyped-def]
    """Return whether a byte is an ASCII letter."""
    return 97 <= (byte | 0x20) <= 122


@leaf
def command(data, a, b):  # type: ignore[no-untyped-def]
    """Return the number of the control word `data[a:b]` among `NAMES` from 1 on, or 0."""
    for n in range(len(SIZES)):
        if SIZES[n] == b - a:
            same = True
            for j in range(b - a):
                if NAMES[n, j] != data[a + j]:
                    same = False
            if same:
                return n + 1
    return 0


@leaf
def group(data, i, b):  # type: ignore[no-untyped-def]
    """Return where the inside of the braces after the blanks at `i` lies; (-1, -1): none."""
    while i < b and data[i] == 32:
        i += 1
    if i >= b or data[i] != 123:
        return -1, -1
    end = i + 1
    while end < b and data[end] != 125:
        end += 1
    return (i + 1, end) if end < b else (-1, -1)


@leaf
def parses(data, a, b, environments):  # type: ignore[no-untyped-def]
    """Return whether a formula's braces, \\left and \\right, \\begin and \\end come in pairs.

    No `^` or `_` follows another or comes last in its group, and no backslash stands at the end. A
    backtick outside braces, or the end of a tag, is of Markdown or HTML: the dollars around were a
    prompt or a variable of a shell.
    """
    braces = 0
    fences = 0
    open_environments = 0
    wants = False  # after ^ or _: something to raise or lower
    i = a
    while i < b:
        byte = data[i]
        if byte == 32 or byte == 10 or byte == 9 or byte == 13:
            i += 1
            continue
        if byte == 94 or byte == 95:
            if wants:
                return False
            wants = True
            i += 1
            continue
        if byte == 96 and braces == 0:
            return False
        if byte == 60 and i + 1 < b and data[i + 1] == 47:
            return False
        if byte == 123:
            braces += 1
        elif byte == 125:
            braces -= 1
            if braces < 0 or wants:
                return False
        elif byte == 92:
            end = i + 1
            while end < b and is_letter(data[end]):
                end += 1
            if end == i + 1:
                if end >= b:
                    return False
                end += 1
            else:
                word = command(data, i + 1, end)
                if word == LEFT:
                    fences += 1
                elif word == RIGHT:
                    fences -= 1
                    if fences < 0:
                        return False
                elif word == BEGIN or word == END:
                    start, stop = group(data, end, b)
                    if start < 0:
                        return False
                    name = hash_bytes(data, start, stop)
                    if word == BEGIN:
                        if open_environments == DEPTH:
                            return False
                        environments[open_environments] = name
                        open_environments += 1
                    else:
                        open_environments -= 1
                        if open_environments < 0 or environments[open_environments] != name:
                            return False
                    end = stop + 1
            i = end
            wants = False
            continue
        wants = False
        i += 1
    return braces == 0 and fences == 0 and open_environments == 0 and not wants


@leaf
def is_number(data, a, b):  # type: ignore[no-untyped-def]
    """Return whether a formula is a number, perhaps with a unit: digits, and no other letters."""
    digits = 0
    i = a
    while i < b:
        byte = data[i]
        if 48 <= byte <= 57:
            digits += 1
        elif is_letter(byte) or byte >= 0x80 or byte == 61 or byte == 94 or byte == 95:
            return False
        elif byte == 92:
            end = i + 1
            while end < b and is_letter(data[end]):
                end += 1
            if end > i + 1:
                if command(data, i + 1, end) < TEXT:
                    return False
                start, stop = group(data, end, b)
                if start < 0:
                    return False
                end = stop
            i = end
        i += 1
    return digits > 0


@jit
def formulas(data, starts, ends, n, lengths, environments, row):  # type: ignore[no-untyped-def]
    """Count the formulas of a document in `row`."""
    row[C.FORMULAS] = n
    for f in range(n):
        width = 2 if data[starts[f] + 1] == 36 else 1
        a = starts[f] + width
        b = ends[f] - width
        lengths[f] = points(data, a, b)
        row[C.VALID_FORMULAS] += parses(data, a, b, environments)
        row[C.NUMBER_FORMULAS] += is_number(data, a, b)
    row[C.MEDIAN_FORMULA_TWICE] = median_twice(lengths, n)


def _holes() -> tuple[np.ndarray, np.ndarray]:
    words = ("[公式]", "[图片]", "[圖片]", "[formula]", "[image]", "[math]", "[equation]")
    table = np.zeros((len(words), 16), np.uint8)
    for row, word in zip(table, words, strict=True):
        row[: len(word.encode())] = np.frombuffer(word.encode(), np.uint8)
    return table, np.array([len(word.encode()) for word in words])


HOLES, HOLE_SIZES = _holes()


@leaf
def after_blanks(data, i, hi):  # type: ignore[no-untyped-def]
    """Return the position of the first byte from `i` on that is no blank."""
    while i < hi and data[i] == 32:
        i += 1
    return i


@leaf
def tex_marks(data, lo, hi, inside, row):  # type: ignore[no-untyped-def]
    """Count TeX commands and, if not `inside` a formula, the holes that lost ones left."""
    i = lo
    while i < hi:
        byte = data[i]
        if byte == 92:
            if i + 2 < hi and is_letter(data[i + 1]) and is_letter(data[i + 2]):
                row[C.TEX_COMMANDS] += 1
            elif not inside and i + 1 < hi and (data[i + 1] == 40 or data[i + 1] == 91):
                k = after_blanks(data, i + 2, hi)
                closing = 41 if data[i + 1] == 40 else 93
                if k + 1 < hi and data[k] == 92 and data[k + 1] == closing:
                    row[C.EMPTY_FORMULAS] += 1
                    i = k
            i += 2  # an escaped character, whatever it is
        elif inside:
            i += 1
        elif byte == 36:
            k = i + 1
            double = k < hi and data[k] == 36
            k = after_blanks(data, k + double, hi)
            blank = k > i + 1 + double
            if double:
                if k + 1 < hi and data[k] == 36 and data[k + 1] == 36:
                    row[C.EMPTY_FORMULAS] += 1
                    k += 2
            elif blank and k < hi and data[k] == 36 and not (k + 1 < hi and data[k + 1] == 36):
                row[C.EMPTY_FORMULAS] += 1
                k += 1
            i = k
        elif byte == 91:
            for h in range(len(HOLE_SIZES)):
                size = HOLE_SIZES[h]
                if i + size <= hi:
                    same = True
                    for j in range(size):
                        letter = data[i + j]
                        if 65 <= letter <= 90:
                            letter |= 0x20
                        if letter != HOLES[h, j]:
                            same = False
                            break
                    row[C.EMPTY_FORMULAS] += same
            i += 1
        else:
            if byte == 0xEF and i + 2 < hi and data[i + 1] == 0xBF and data[i + 2] == 0xBC:
                row[C.EMPTY_FORMULAS] += 1
            i += 1

"""The edges of a piece of text."""

# ruff: noqa: SIM109, SIM110 - a tuple compiles to a loop, a generator not at all

import numpy as np

from cleaner.kernels import inlined, leaf
from cleaner.kernels.unicode import KIND, NEWLINE, SPACE, decode


@leaf
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


@leaf
def is_space(point, table):  # type: ignore[no-untyped-def]
    """Return whether a character is white space or ends a line."""
    kind = table[point] & KIND
    return kind == SPACE or kind == NEWLINE


@leaf
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


@leaf
def strip_right(data, a, b, table):  # type: ignore[no-untyped-def]
    """Return where `data[a:b]` ends when white space is left out."""
    while a < b:
        point, k = last_point(data, a, b)
        if not is_space(point, table):
            return b
        b = k
    return b


@leaf
def ends_with(data, a, b, ending):  # type: ignore[no-untyped-def]
    """Return whether `data[a:b]` ends with these bytes."""
    size = len(ending)
    if b - a < size:
        return False
    for j in range(size):
        if data[b - size + j] != ending[j]:
            return False
    return True


@leaf
def ends_with_dots(data, a, b):  # type: ignore[no-untyped-def]
    """Return whether `data[a:b]` ends with an ellipsis."""
    if b - a >= 3:
        if data[b - 1] == 46 and data[b - 2] == 46 and data[b - 3] == 46:
            return True
        return data[b - 3] == 0xE2 and data[b - 2] == 0x80 and data[b - 1] == 0xA6
    return False

"""Where URLs stand."""

import numpy as np

from cleaner.kernels import leaf


@leaf
def is_alnum(byte):  # type: ignore[no-untyped-def]
    """Return whether a byte is an ASCII letter or digit."""
    return 48 <= byte <= 57 or 97 <= (byte | 0x20) <= 122


@leaf
def end_of_url(data, i, hi):  # type: ignore[no-untyped-def]
    """Return where a URL that goes on at `i` ends: at white space, quotes, brackets, non-ASCII."""
    start = i
    while i < hi:
        byte = data[i]
        if (
            byte <= 32 or byte >= 127 or byte == 34 or byte == 60 or byte == 62 or byte == 92
            or byte == 94 or byte == 96 or 123 <= byte <= 125
        ):  # fmt: skip
            break
        i += 1
    while i > start:  # what ends the sentence is not the URL's
        byte = data[i - 1]
        if byte == 41:  # unless it closes a bracket of its own
            opened = 0
            for k in range(start, i):
                opened += (data[k] == 40) - np.int64(data[k] == 41)
            if opened >= 0:
                break
        elif not (
            byte == 46 or byte == 44 or byte == 58 or byte == 59 or byte == 33 or byte == 63
            or byte == 39 or byte == 93 or byte == 42
        ):  # fmt: skip
            break
        i -= 1
    return i


@leaf
def starts_with(data, i, hi, word):  # type: ignore[no-untyped-def]
    """Return whether `word`, small ASCII letters and signs, stands at `i` in any case."""
    if i < 0 or i + len(word) > hi:
        return False
    for j in range(len(word)):
        byte = data[i + j]
        if 65 <= byte <= 90:
            byte |= 0x20
        if byte != word[j]:
            return False
    return True


HTTP = np.frombuffer(b"http", np.uint8)
HTTPS = np.frombuffer(b"https", np.uint8)
FTP = np.frombuffer(b"ftp", np.uint8)
WWW = np.frombuffer(b"www.", np.uint8)


@leaf
def scheme_before(data, lo, i):  # type: ignore[no-untyped-def]
    """Return where the scheme begins that ends before the colon at `i`, or -1."""
    if i - 5 >= lo and starts_with(data, i - 5, i, HTTPS):
        return i - 5
    if i - 4 >= lo and starts_with(data, i - 4, i, HTTP):
        return i - 4
    if i - 3 >= lo and starts_with(data, i - 3, i, FTP):
        return i - 3
    return -1


@leaf
def find_urls(data, lo, hi, starts, ends):  # type: ignore[no-untyped-def]
    """Write the URLs of `data[lo:hi]`, in order and apart, and return how many there are.

    `starts` and `ends` need room for (hi - lo) // 4 + 1 of them.
    """
    count = 0
    free = lo  # where nothing is taken yet
    i = lo
    while i < hi:
        byte = data[i]
        start = -1
        if byte == 58:  # :
            if i + 3 < hi and data[i + 1] == 47 and data[i + 2] == 47 and is_alnum(data[i + 3]):
                start = scheme_before(data, free, i)
                end = end_of_url(data, i + 3, hi)
        elif (
            (byte == 119 or byte == 87)  # w
            and (i == lo or not is_alnum(data[i - 1]))
            and starts_with(data, i, hi, WWW)
            and i + 4 < hi
            and is_alnum(data[i + 4])
        ):
            start = i
            end = end_of_url(data, i + 4, hi)
        if start >= 0:
            starts[count] = start
            ends[count] = end
            count += 1
            free = end
            i = end
        else:
            i += 1
    return count

"""Where URLs, e-mail addresses, IP addresses, phone, identity and bank card numbers stand."""

import numpy as np

from cleaner.kernels import leaf

URL, EMAIL, IP_ADDRESS, PHONE, CHINA_ID, BANK_CARD = range(6)

# ISO 7064 MOD 11-2, as GB 11643 has it for the 18th place
WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
CHECKS = np.frombuffer(b"10X98765432", np.uint8)


@leaf
def is_digit(byte):  # type: ignore[no-untyped-def]
    """Return whether a byte is an ASCII digit."""
    return 48 <= byte <= 57


@leaf
def is_alnum(byte):  # type: ignore[no-untyped-def]
    """Return whether a byte is an ASCII letter or digit."""
    return is_digit(byte) or 97 <= (byte | 0x20) <= 122


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


PICTURES = np.array(
    [list(name.ljust(4, "\0").encode()) for name in ("png", "jpg", "gif", "svg", "jpeg", "webp")],
    np.uint8,
)


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
def email(data, lo, i, hi):  # type: ignore[no-untyped-def]
    """Return `(start, end)` of the e-mail address around the @ at `i`; (-1, -1): none."""
    start = i
    while start > lo and i - start < 64:
        byte = data[start - 1]
        if not (
            is_alnum(byte) or byte == 46 or byte == 95 or byte == 37 or byte == 43 or byte == 45
        ):  # fmt: skip
            break
        start -= 1
    while start < i and not is_alnum(data[start]):
        start += 1
    end = i + 1
    dot = -1
    while end < hi and (is_alnum(data[end]) or data[end] == 46 or data[end] == 45):
        if data[end] == 46:
            if data[end - 1] == 46 or end == i + 1:
                break
            dot = end
        end += 1
    while end > i + 1 and not is_alnum(data[end - 1]):
        end -= 1
        if dot == end:
            dot = -1
            for k in range(i + 1, end):
                if data[k] == 46:
                    dot = k
    if start == i or dot < 0 or end - dot < 3 or end - i > 254:
        return -1, -1
    for k in range(dot + 1, end):
        if is_digit(data[k]) or data[k] == 45:
            return -1, -1
    for p in range(len(PICTURES)):  # icon@2x.png
        size = 3 if PICTURES[p, 3] == 0 else 4
        if end - dot - 1 == size and starts_with(data, dot + 1, end, PICTURES[p, :size]):
            return -1, -1
    return start, end


@leaf
def ip_address(data, i, hi):  # type: ignore[no-untyped-def]
    """Return where the public IPv4 address at `i` ends, or -1."""
    address = 0
    k = i
    for p in range(4):
        start = k
        part = 0
        while k < hi and k - start < 4 and is_digit(data[k]):
            part = 10 * part + data[k] - 48
            k += 1
        if k == start or k - start > 3 or part > 255 or (k - start > 1 and data[start] == 48):
            return -1
        address = address << 8 | part
        if p < 3:
            if k >= hi or data[k] != 46:
                return -1
            k += 1
    if k < hi and (is_alnum(data[k]) or (data[k] == 46 and k + 1 < hi and is_digit(data[k + 1]))):
        return -1
    a, b, c = address >> 24, address >> 16 & 255, address >> 8 & 255
    private = (
        a == 0 or a == 10 or a == 127 or a >= 224 or (a == 172 and 16 <= b <= 31)
        or (a == 192 and b == 168) or (a == 169 and b == 254) or (a == 100 and 64 <= b <= 127)
        or (a == 192 and b == 0 and (c == 2 or c == 0))
        or (a == 198 and (b == 18 or b == 19 or (b == 51 and c == 100)))
        or (a == 203 and b == 0 and c == 113)
    )  # fmt: skip
    return -1 if private else k


@leaf
def take_digits(data, i, hi, digits):  # type: ignore[no-untyped-def]
    """Write the digits from `i` on, single blanks and hyphens between them left out.

    Return `(count, end, parts)`: how many, where they end, and how many runs they make; at most
    `len(digits)` are taken.
    """
    n = 0
    parts = 1
    k = i
    while k < hi and n < len(digits):
        if is_digit(data[k]):
            digits[n] = data[k] - 48
            n += 1
            k += 1
        elif (data[k] == 32 or data[k] == 45) and k + 1 < hi and is_digit(data[k + 1]):
            parts += 1
            k += 1
        else:
            break
    return n, k, parts


@leaf
def is_china_id(data, i, hi, digits, run):  # type: ignore[no-untyped-def]
    """Return whether the run of 17 or 18 digits at `i` is an identity number."""
    if i + 18 > hi or run < 17 or run > 18:
        return False
    last = data[i + 17]
    if run == 17:
        if last != 88 and last != 120:
            return False
        last = 88
    if i + 18 < hi and is_alnum(data[i + 18]):
        return False
    total = 0
    for k in range(17):
        total += digits[k] * WEIGHTS[k]
    year = 1000 * digits[6] + 100 * digits[7] + 10 * digits[8] + digits[9]
    month = 10 * digits[10] + digits[11]
    day = 10 * digits[12] + digits[13]
    return (
        CHECKS[total % 11] == last and 1 <= digits[0] <= 8
        and 1900 <= year < 2100 and 1 <= month <= 12 and 1 <= day <= 31
    )  # fmt: skip


@leaf
def is_bank_card(digits, n):  # type: ignore[no-untyped-def]
    """Return whether 13 to 19 digits have a card's prefix and pass Luhn's check."""
    if n < 13 or n > 19:
        return False
    two = 10 * digits[0] + digits[1]
    known = (
        (digits[0] == 4 and (n == 13 or n == 16 or n == 19))
        or (51 <= two <= 55 and n == 16) or (22 <= two <= 27 and n == 16)
        or ((two == 34 or two == 37) and n == 15)
        or (two == 35 and n == 16) or ((two == 60 or two == 65) and n == 16)
        or (two == 62 and n >= 16)
    )  # fmt: skip
    if not known:
        return False
    total = 0
    for k in range(n):
        value = digits[n - 1 - k]
        if k % 2:
            value *= 2
            if value > 9:
                value -= 9
        total += value
    return total % 10 == 0


@leaf
def find_number(data, lo, i, hi, digits):  # type: ignore[no-untyped-def]
    """Return `(kind, end)` of the number at `i`, the first of its digits; kind -1: none of ours."""
    run = 0
    while i + run < hi and run < 20 and is_digit(data[i + run]):
        run += 1
    end = ip_address(data, i, hi) if run <= 3 else -1
    if end > 0:
        return IP_ADDRESS, end
    n, end, parts = take_digits(data, i, hi, digits)
    if is_china_id(data, i, hi, digits, run):
        return CHINA_ID, i + 18
    tight = end >= hi or not is_alnum(data[end])
    if (run >= 13 or (parts >= 3 and run == 4)) and tight and is_bank_card(digits, n):
        return BANK_CARD, end
    plus = i > lo and data[i - 1] == 43
    if plus and tight and parts <= 6 and 8 <= n <= 15:
        return PHONE, end
    # mainland mobile numbers, with 86 before them or not: 11 digits, or 3-4-4
    first = 2 if n == 13 and digits[0] == 8 and digits[1] == 6 else 0
    mobile = n - first == 11 and digits[first] == 1 and digits[first + 1] >= 3
    whole = run == n or run == 3 or (first == 2 and run == 2)
    if mobile and tight and whole and parts <= 4:
        return PHONE, end
    return -1, i + run


@leaf
def find_addresses(data, lo, hi, digits, starts, ends, kinds):  # type: ignore[no-untyped-def]
    """Write the addresses of `data[lo:hi]`, in order and apart, and return how many there are.

    `starts`, `ends` and `kinds` need room for (hi - lo) // 4 + 1 of them, `digits` for 20.
    """
    count = 0
    free = lo  # where nothing is taken yet
    i = lo
    while i < hi:
        byte = data[i]
        kind = -1
        start = i
        end = i + 1
        if byte == 58:  # :
            if i + 3 < hi and data[i + 1] == 47 and data[i + 2] == 47 and is_alnum(data[i + 3]):
                start = scheme_before(data, free, i)
                if start >= 0:
                    kind = URL
                    end = end_of_url(data, i + 3, hi)
        elif byte == 119 or byte == 87:  # w
            if (
                (i == lo or not is_alnum(data[i - 1]))
                and starts_with(data, i, hi, WWW)
                and i + 4 < hi
                and is_alnum(data[i + 4])
            ):
                kind = URL
                end = end_of_url(data, i + 4, hi)
        elif byte == 64:  # @
            start, end = email(data, free, i, hi)
            kind = EMAIL if start >= 0 else -1
        elif is_digit(byte) and (
            i == lo or not (is_alnum(data[i - 1]) or data[i - 1] == 46 or data[i - 1] == 95)
        ):
            kind, end = find_number(data, lo, i, hi, digits)
        if kind >= 0:
            while count > 0 and starts[count - 1] >= start:
                count -= 1  # digits before the @ of an address
            starts[count] = start
            ends[count] = end
            kinds[count] = kind
            count += 1
            free = end
            i = end
        elif is_digit(byte):
            i += 1
            while i < hi and is_digit(data[i]):
                i += 1
        else:
            i += 1
    return count

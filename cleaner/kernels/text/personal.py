"""Where personal data may stand: what is cheap to see, so that few texts are read closely.

A superset of what the forms in `cleaner.text.personal_forms` find: a stretch of text that holds
none of the shapes below holds no match of theirs (a test compares both with and without it).
"""

import numpy as np

from cleaner.kernels import inlined, jit, leaf

MAILBOX, NUMBER, COLONS, WIDE = range(4)  # WIDE: has to be folded first, and then read again

AT, COLON, PLUS, MINUS, DOT, BLANK, OPEN, CLOSE, ZERO = 64, 58, 43, 45, 46, 32, 40, 41, 48
WIDE_DIGITS = 4  # in a text; fewer make no address

# What a byte is, in bits.
LOCAL, HEX, DIGIT, LEAD, GAP = (1 << bit for bit in range(5))
BYTES = np.zeros(256, np.uint8)
for _bit, _of in (
    (LOCAL, b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.%+-@"),
    (HEX, b"0123456789abcdefABCDEF:"),
    (DIGIT, b"0123456789"),
    (LEAD, b"0123456789@:\xc2\xe2\xef"),  # where something may begin
    (GAP, b" .-()"),
):
    BYTES[list(_of)] |= _bit


@inlined
def has(byte, bit):  # type: ignore[no-untyped-def]
    """Return whether a byte is of a kind."""
    return BYTES[byte] & bit != 0


@leaf
def run_of(data, i, lo, hi, bit):  # type: ignore[no-untyped-def]
    """Return the run of bytes of a kind around `i`."""
    start = i
    while start > lo and has(data[start - 1], bit):
        start -= 1
    end = i + 1
    while end < hi and has(data[end], bit):
        end += 1
    return start, end


@leaf
def runs_of_digits(data, lo, i, hi):  # type: ignore[no-untyped-def]
    """Return `(suspect, end)` of the runs of digits from `i` on, at most two signs between them.

    Shapes that make them suspect, as lengths of runs: 11 to 19; 3-7; 3-3-4; 3+-4-4+; 4-6-5; a run
    of 2 to 5 that begins with 0, or any behind a +, with 8 or 10 digits in all from there; four
    runs of 1 to 3 with a dot between them.
    """
    suspect = False
    before = 0  # the lengths of the two runs before
    last = 0
    from_zero = 0  # digits since a run that begins with 0
    from_plus = 0
    dotted = 0  # runs in a row with one dot between them
    dot = False
    while True:
        start = i
        while i < hi and has(data[i], DIGIT):
            i += 1
        size = i - start
        if from_zero or (data[start] == ZERO and 2 <= size <= 5):
            from_zero += size
        if from_plus or (start > lo and data[start - 1] == PLUS):
            from_plus += size
        if not dot:
            dotted = 0
        dotted = dotted + 1 if size <= 3 else 0
        suspect |= (
            11 <= size <= 19
            or (last == 3 and (size == 7 or (before == 3 and size == 4)))
            or (before >= 3 and last == 4 and size >= 4)
            or (before == 4 and last == 6 and size == 5)
            or from_zero >= 8
            or from_plus >= 10
            or dotted >= 4
        )  # fmt: skip
        before = last
        last = size
        if i + 1 < hi and has(data[i], GAP) and has(data[i + 1], DIGIT):
            dot = data[i] == DOT
            i += 1
        elif i + 2 < hi and has(data[i], GAP) and has(data[i + 1], GAP) and has(data[i + 2], DIGIT):
            dot = False
            i += 2
        else:
            return suspect, i


@leaf
def parts_wide(data, lo, i, hi):  # type: ignore[no-untyped-def]
    """Return `(size, digit, parts)` of the character of two or three bytes at `i`.

    `digit`: it is a full-width digit; `parts`: a sign of another width that parts ASCII digits, or
    stands before them, as narrow ones do in numbers; or a full-width @.
    """
    first = data[i]
    if first == 0xC2:
        sign = i + 1 < hi and data[i + 1] == 0xA0
        size = 2
    elif i + 2 >= hi:
        return 1, False, False
    else:
        size = 3
        second = data[i + 1]
        third = data[i + 2]
        if first == 0xE2:
            sign = second == 0x80 and (
                third == 0x90 or third == 0x91 or third == 0x89 or third == 0xAF
            )
        elif second != 0xBC:
            return 1, False, False
        elif 0x90 <= third <= 0x99:
            return 3, True, False
        elif third == 0xA0:
            return 3, False, True
        else:
            sign = third == 0x8D or third == 0x8E or third == 0x89
            opens = third == 0x88 or third == 0x8B  # ( +
            if opens and i + 3 < hi:
                after = data[i + 3]
                return 3, False, after == ZERO or (third == 0x8B and has(after, DIGIT))
    if not sign:
        return 1, False, False
    between = i > lo and has(data[i - 1], DIGIT) and i + size < hi and has(data[i + size], DIGIT)
    return size, False, between


@leaf
def suspects_of(data, lo, hi, starts, ends, kinds):  # type: ignore[no-untyped-def]
    """Write what is suspect in `data[lo:hi]`, and return how much; room is needed for a half."""
    count = 0
    wide_digits = 0
    wide = False
    mailbox_end = lo  # of the run of bytes that was last looked at
    colons_end = lo
    i = lo
    while i < hi:
        byte = data[i]
        if not has(byte, LEAD):
            i += 1
            continue
        kind = -1
        start = i
        end = i + 1
        if has(byte, DIGIT):
            suspect, end = runs_of_digits(data, lo, i, hi)
            if suspect:
                kind = NUMBER
                if start > lo and (data[start - 1] == PLUS or data[start - 1] == OPEN):
                    start -= 1
            i = end
        elif byte == AT:
            if i >= mailbox_end:
                start, end = run_of(data, i, lo, hi, LOCAL)
                mailbox_end = end
                if end - start > 2:
                    kind = MAILBOX
            i += 1
        elif byte == COLON:
            if i >= colons_end:
                start, end = run_of(data, i, lo, hi, HEX)
                colons_end = end
                colons = 0
                for k in range(start, end):
                    colons += data[k] == COLON
                if colons >= 4:
                    kind = COLONS
            i += 1
        else:
            size, digit, parts = parts_wide(data, lo, i, hi)
            wide_digits += digit
            wide |= parts
            i += size
        if kind >= 0:
            starts[count] = start
            ends[count] = end
            kinds[count] = kind
            count += 1
    if wide or wide_digits >= WIDE_DIGITS:
        starts[0] = lo
        ends[0] = hi
        kinds[0] = WIDE
        return 1
    return count


@jit
def suspects(offsets, data):  # type: ignore[no-untyped-def]
    """Return `(documents, starts, ends, kinds)` of all that is suspect, in order of documents."""
    most = 0
    for d in range(len(offsets) - 1):
        most = max(most, offsets[d + 1] - offsets[d])
    room = most // 2 + 1
    starts = np.empty(room, np.int64)
    ends = np.empty(room, np.int64)
    kinds = np.empty(room, np.uint8)
    size = 256
    found = np.empty((4, size), np.int64)
    total = 0
    for d in range(len(offsets) - 1):
        count = suspects_of(data, offsets[d], offsets[d + 1], starts, ends, kinds)
        if total + count > size:
            size = max(2 * size, total + count)
            more = np.empty((4, size), np.int64)
            more[:, :total] = found[:, :total]
            found = more
        for k in range(count):
            found[0, total + k] = d
            found[1, total + k] = starts[k] - offsets[d]
            found[2, total + k] = ends[k] - offsets[d]
            found[3, total + k] = kinds[k]
        total += count
    return found[:, :total]


def warm() -> None:
    """Compile, or load from the cache."""
    from cleaner.kernels.text.segment import utf8_of

    suspects(*utf8_of("a@b.cd 13800138000"))

"""Eight bytes of text as one number: counted, compared and hashed at once."""

import numpy as np

from cleaner.kernels import inlined, leaf

M = np.uint64(0x9E3779B97F4A7C15)
U0, U1, U6, U7, U8 = np.uint64(0), np.uint64(1), np.uint64(6), np.uint64(7), np.uint64(8)
U32, U56 = np.uint64(32), np.uint64(56)
ONES = np.uint64(0x0101010101010101)
LOW, HIGH = np.uint64(0x7F7F7F7F7F7F7F7F), np.uint64(0x8080808080808080)
MASKS = np.array([(1 << 8 * size) - 1 for size in range(9)], np.uint64)
ABOVE_Z, FROM_A, TWO = np.uint64(0x7F - 0x5A), np.uint64(0x80 - 0x41), np.uint64(2)
FEEDS, LEADS = np.uint64(10) * ONES, np.uint64(0xE2) * ONES  # line feeds; what begins U+2028


@inlined
def load8(data, k):  # type: ignore[no-untyped-def]
    """Return the 8 bytes from `k` on as one number: one instruction."""
    return (
        np.uint64(data[k]) | np.uint64(data[k + 1]) << np.uint64(8)
        | np.uint64(data[k + 2]) << np.uint64(16) | np.uint64(data[k + 3]) << np.uint64(24)
        | np.uint64(data[k + 4]) << np.uint64(32) | np.uint64(data[k + 5]) << np.uint64(40)
        | np.uint64(data[k + 6]) << np.uint64(48) | np.uint64(data[k + 7]) << np.uint64(56)
    )  # fmt: skip


@inlined
def packed(data, start, end):  # type: ignore[no-untyped-def]
    """Return up to 8 bytes as one number."""
    if start + 8 <= len(data):
        return load8(data, start) & MASKS[end - start]
    value = U0
    for k in range(end - 1, start - 1, -1):
        value = value << U8 | np.uint64(data[k])
    return value


@inlined
def next_place(data, at, byte):  # type: ignore[no-untyped-def]
    """Return where `byte` stands from `at` on, the length of `data` if it does not."""
    wanted = np.uint64(byte) * ONES
    while at + 8 <= len(data):
        differs = load8(data, at) ^ wanted
        if (differs - ONES) & ~differs & HIGH:
            break
        at += 8
    while at < len(data) and data[at] != byte:
        at += 1
    return at


@inlined
def inner_bytes(value):  # type: ignore[no-untyped-def]
    """Return how many of 8 packed bytes go on with a character that began before."""
    inner = value >> U7 & ~(value >> U6) & ONES
    return np.int64(inner * ONES >> U56)


@inlined
def lowered(value):  # type: ignore[no-untyped-def]
    """Return packed bytes with ASCII capitals made small, eight at once."""
    heptets = value & LOW
    capital = (heptets + FROM_A * ONES) ^ (heptets + ABOVE_Z * ONES)
    return value | (capital & HIGH & ~value) >> TWO


@leaf
def hash_bytes(data, start, end):  # type: ignore[no-untyped-def]
    """Return a 64-bit hash of `data[start:end]`; equal bytes have equal hashes."""
    state = np.uint64(end - start) * M
    k = start
    while k + 8 <= end:
        state = (state ^ load8(data, k)) * M
        state ^= state >> U32
        k += 8
    if k < end:
        state = (state ^ packed(data, k, end)) * M
        state ^= state >> U32
    return state


@inlined
def first_set(hits):  # type: ignore[no-untyped-def]
    """Return the number of the first byte whose highest bit is set; there is one."""
    return np.int64(((hits & (~hits + U1)) - U1 & ONES) * ONES >> U56) - 1


@inlined
def clear_bytes(value):  # type: ignore[no-untyped-def]
    """Return how many of 8 packed bytes come before the first line feed or byte E2; 8: all."""
    feed = value ^ FEEDS
    wide = value ^ LEADS
    hits = ((feed - ONES) & ~feed | (wide - ONES) & ~wide) & HIGH
    if hits == U0:
        return 8
    return first_set(hits)


@inlined
def before_feed(value):  # type: ignore[no-untyped-def]
    """Return how many of 8 packed ASCII bytes come before the first line feed; 8: all."""
    feed = value ^ FEEDS
    hits = (feed - ONES) & ~feed & HIGH
    if hits == U0:
        return 8
    return first_set(hits)


@leaf
def is_ascii(data, a, b):  # type: ignore[no-untyped-def]
    """Return whether all bytes are ASCII."""
    every = 0
    for byte in data[a:b]:
        every |= byte
    return every < 0x80

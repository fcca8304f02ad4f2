"""The kernel of addresses, called on plain texts."""

import numpy as np

from cleaner.kernels.signals.addresses import find_addresses
from cleaner.kernels.text.segment import utf8_of


def by_kernel(text: str) -> list[tuple[int, int, int]]:
    _, data = utf8_of(text)
    room = len(data) // 2 + 1
    starts, ends, kinds = (
        np.empty(room, np.int64),
        np.empty(room, np.int64),
        np.empty(room, np.uint8),
    )
    n = find_addresses(data, 0, len(data), np.zeros(20, np.int64), starts, ends, kinds)
    raw = text.encode()
    return [
        (len(raw[: starts[k]].decode()), len(raw[: ends[k]].decode()), int(kinds[k]))
        for k in range(n)
    ]

"""The kernel of URLs, called on plain texts."""

import numpy as np

from cleaner.kernels.signals.addresses import find_urls
from cleaner.kernels.text.segment import utf8_of


def by_kernel(text: str) -> list[tuple[int, int]]:
    _, data = utf8_of(text)
    starts, ends = np.empty((2, len(data) // 2 + 1), np.int64)
    n = find_urls(data, 0, len(data), starts, ends)
    raw = text.encode()
    return [(len(raw[: starts[k]].decode()), len(raw[: ends[k]].decode())) for k in range(n)]

"""The kernels of signals, called on plain texts."""

import numpy as np

from cleaner.kernels.signals import count as kernel
from cleaner.kernels.signals.columns import COLUMNS
from cleaner.kernels.text.segment import utf8_of

# Held against a reference of their own; every other column, a new one too, against the common one.
OF_ADDRESSES = ("urls", "url_characters")
OURS = [name for name in COLUMNS if name not in OF_ADDRESSES]


def by_kernel(batch: list[str], mode: int, names: set[str]) -> list[dict[str, float]]:
    offsets, data = utf8_of(*batch)
    counts = kernel.count(offsets, data, np.full(len(batch), mode, np.uint8), names)
    return [{name: counts[name][d].item() for name in names} for d in range(len(batch))]

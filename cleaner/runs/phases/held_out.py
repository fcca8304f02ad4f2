"""Which documents are held out of training, whole pages at a time.

A hash of the page decides: of its url as urls are compared, or of the document's key where it has
none. So two documents of one page are on one side, and since no two documents that stay are near
duplicates, no near duplicate of a held-out one is trained on.

Held-out documents lie behind all others in the order of the shards, in a range of their own.
"""

import numpy as np
import polars as pl
import xxhash

from cleaner.dedup.urls import normalised
from cleaner.storage.row_key import position

_SHARE = 8  # bits: the held-out have the last 256th of the order, whatever their share
FIRST = (1 << 64) - (1 << (64 - _SHARE))  # where they begin in the order
_SEED = 0x4E1D_0007  # of a hash of its own


def held_out(docs: pl.DataFrame, share: float) -> np.ndarray:
    """Return which documents are held out."""
    urls = docs["url"].to_list() if "url" in docs.columns else [None] * len(docs)
    keys = position(docs).tolist()
    pages = [
        (normalised(url) or "").encode() or key.to_bytes(8, "little")
        for url, key in zip(urls, keys, strict=True)
    ]
    hashes = [xxhash.xxh3_64_intdigest(page, _SEED) for page in pages]
    return np.array(hashes, np.uint64) < np.uint64(round(share * (1 << 64)))


def apart(order: pl.Series, held: np.ndarray) -> pl.Series:
    """Return places in the order of the shards with those held out behind all others."""
    place = order.to_numpy()
    part = place >> np.uint64(_SHARE)
    others = np.minimum(place - part, np.uint64(FIRST - 1))
    return pl.Series(order.name, np.where(held, np.uint64(FIRST) + part, others))

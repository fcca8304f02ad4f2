"""Keys of comparison as hashes, and who may be compared with whom."""

import numpy as np
import polars as pl
import xxhash

from cleaner.config.choices import Within
from cleaner.dedup.urls import hosts, normalised
from cleaner.errors import JobError
from cleaner.kernels.arrow import utf8
from cleaner.kernels.dedup.fold import fold
from cleaner.kernels.dedup.shingles import wordy
from cleaner.text.segment import formulas_of, modes


def formula_modes(docs: pl.DataFrame) -> np.ndarray:
    """Return what counts as a formula in each text, as kernels take it."""
    return modes(formulas_of(docs), docs.height)


def groups(docs: pl.DataFrame, within: Within) -> tuple[np.ndarray, np.ndarray]:
    """Return a uint64 per document, equal for those that may be compared, and whether it is known.

    A document without a host has nobody to be compared with; one without a source belongs to the
    source without a name.
    """
    if within == "all":
        return np.zeros(docs.height, np.uint64), np.ones(docs.height, bool)
    if within == "source":
        names = required(docs, "source", within).cast(pl.String).fill_null("")
    else:
        names = hosts(required(docs, "url", within))
    hashes = {
        name: 0 if name is None else xxhash.xxh3_64_intdigest(name.encode())
        for name in names.unique()
    }
    values = np.array([hashes[name] for name in names], np.uint64)
    return values, names.is_not_null().to_numpy()


def column_keys(docs: pl.DataFrame, on: str) -> tuple[np.ndarray, np.ndarray]:
    """Return `(offsets, bytes)` of the key of each document; an empty one is no key.

    `on` is `text`, `url` (normalised, or the page's canonical link on the same host) or a column.
    """
    if on == "url":
        urls = required(docs, "url", "on: url").to_list()
        links = (
            docs["canonical_url"].to_list()
            if "canonical_url" in docs.columns
            else [None] * len(urls)
        )
        found = [normalised(url, link) for url, link in zip(urls, links, strict=True)]
        return utf8(pl.Series(found, dtype=pl.String))
    if on == "text":
        return fold(*utf8(docs["text"]), formula_modes(docs))
    values = required(docs, on, "on")
    # No bytes are folded: two that differ are never one key.
    column = values.bin.encode("hex") if values.dtype == pl.Binary else values.cast(pl.String)
    return fold(*utf8(column), modes(False, docs.height))


def hashed(
    offsets: np.ndarray, data: np.ndarray, salts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the upper and lower halves of the 128-bit xxh3 of each key, seeded by its salt."""
    view = np.ascontiguousarray(data).data
    digest = xxhash.xxh3_128_digest
    bounds = offsets.tolist()
    digests = b"".join(
        digest(view[start:end], salt)
        for start, end, salt in zip(bounds, bounds[1:], salts.tolist())  # noqa: B905
    )
    halves = np.frombuffer(digests, ">u8").reshape(-1, 2).astype(np.uint64)
    return np.ascontiguousarray(halves[:, 0]), np.ascontiguousarray(halves[:, 1])


def required(docs: pl.DataFrame, name: str, why: str) -> pl.Series:
    """Return a column; JobError where it is not there, `why` says who asks for it."""
    if name not in docs.columns:
        raise JobError(f"{why}: needs the column {name}; available: {', '.join(docs.columns)}")
    return docs[name].alias("")  # the methods of a series called `*` take its name for a pattern


def has_word(docs: pl.DataFrame) -> pl.Series:
    """Return which texts have a word: a letter, a digit, a mark that goes with one, a formula."""
    if "words" in docs.columns:
        return docs["words"] > 0
    return pl.Series(wordy(*utf8(docs["text"]), formula_modes(docs)))

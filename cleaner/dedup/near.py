"""Near duplicates: signatures, buckets, pairs, components, and stars around what is kept.

Each function is one step over rows or files; documents are (file, row), order is (rank, file, row).
"""

import tempfile
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

from cleaner.config.choices import Keep, Scheme, Within
from cleaner.dedup.exact import IDENTITY, VERDICTS, identity
from cleaner.dedup.keys import formula_modes, groups
from cleaner.dedup.presets import Banding
from cleaner.dedup.ranks import OLDEST, ranks
from cleaner.errors import CleanerError
from cleaner.kernels.arrow import utf8
from cleaner.kernels.dedup.minhash import band_hashes, signatures
from cleaner.kernels.dedup.shingles import shingles
from cleaner.kernels.dedup.stars import decide, similar, sorted_sets, star_pairs
from cleaner.kernels.dedup.unionfind import (
    count_before,
    flatten,
    mark,
    marked_keys,
    marked_places,
    raise_tops,
    unite,
)
from cleaner.kernels.hashing import mixed_pairs, repeated
from cleaner.storage.exchange import owned
from cleaner.storage.row_key import ROW_BITS

BANDS = pl.Schema({
    "band": pl.UInt64, "rank": pl.Int64, "file": pl.UInt32, "row": pl.UInt64,
})  # fmt: skip
PAIRS = pl.Schema({
    "file": pl.UInt32, "row": pl.UInt64, "other_file": pl.UInt32, "other_row": pl.UInt64,
})  # fmt: skip
COMPONENTS = pl.Schema({"file": pl.UInt32, "row": pl.UInt64, "component": pl.UInt64})
SETS = pl.Schema([*IDENTITY.items(), ("shingles", pl.List(pl.UInt64))])

FAN = 8  # how many of the next in rank order each member of a bucket is paired with
_MERGED = 1 << 20  # pairs that wait to be merged


class Signed(NamedTuple):
    """The shingles of some documents, and the hashes of their bands."""

    first: np.ndarray  # document d has the shingles tokens[first[d]:first[d + 1]]
    tokens: np.ndarray
    bands: np.ndarray  # uint64, a row per document
    salts: np.ndarray  # equal for those that may be compared
    known: np.ndarray  # whether there is anything, and anybody, to compare it with


def sign(
    docs: pl.DataFrame,
    banding: Banding,
    within: Within = "all",
    seed: int = 1,
    scheme: Scheme = "affine32",
) -> Signed:
    """Return the MinHash bands of each document."""
    salts, known = groups(docs, within)
    first, tokens = shingles(*utf8(docs["text"]), formula_modes(docs), banding.ngram)
    values = signatures(first, tokens, banding.bands * banding.rows, seed, scheme)
    bands = band_hashes(values, banding.bands, banding.rows, salts)
    return Signed(first, tokens, bands, salts, known & (np.diff(first) > 0))


def signature_rows(docs: pl.DataFrame, signed: Signed, rank: pl.Series) -> pl.DataFrame:
    """Return a row of `BANDS` per band of each document that has a word, in order."""
    keys = docs.select("file", "row").with_columns(rank.alias("rank")).filter(signed.known)
    bands = signed.bands[signed.known]
    repeat = np.repeat(np.arange(keys.height, dtype=np.uint32), bands.shape[1])
    band = pl.Series("band", bands.reshape(-1))
    return keys[repeat].with_columns(band).select(list(BANDS)).cast(BANDS)


def bucket_pairs(rows: pl.DataFrame, fan: int = FAN) -> pl.DataFrame:
    """Return unique `PAIRS` among rows of `BANDS` that hold every member of each bucket.

    The document (file, row) stands before the other in rank order. In a bucket every document is
    paired with the first and with the next `fan`: linear, whatever the bucket's size.
    """
    rows = rows.filter(pl.Series(repeated(rows["band"].to_numpy())))
    documents = rows.select("rank", "file", "row").unique().sort("rank", "file", "row")
    places = documents.with_row_index("place")
    rows = rows.join(places, on=["rank", "file", "row"]).select("band", "place").unique()
    rows = rows.sort("band", "place")
    band = rows["band"].to_numpy()
    starts = np.flatnonzero(np.r_[True, band[1:] != band[:-1], True]) if len(band) else np.zeros(1)
    found = distinct(star_pairs(starts.astype(np.int64), rows["place"].to_numpy(), fan))
    left, right = (found >> np.uint64(32)).astype(np.uint32), found.astype(np.uint32)
    new = right >= int((documents["rank"] == OLDEST).sum())  # two that always stay are no pair
    left, right = left[new], right[new]
    return (
        documents[left]
        .select("file", "row")
        .hstack(documents[right].select(other_file="file", other_row="row"))
    )


def distinct(values: np.ndarray) -> np.ndarray:
    """Return the different values in order; sorts them in place, where `np.unique` hashes them."""
    values.sort()
    new = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=new[1:])
    return values[new]


def bucket_sizes(rows: pl.DataFrame) -> pl.Series:
    """Return the sizes of the buckets of more than one member, the largest first."""
    several = rows["band"].filter(pl.Series(repeated(rows["band"].to_numpy())))
    return several.value_counts()["count"].sort(descending=True)


def components(pairs: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Return `COMPONENTS`: every document of `pairs`, sorted by key, and a hash of its component.

    `pairs` is gone through several times, frame by frame: a list, or what reads files anew each
    time. Two components share a hash only by an accident that costs nothing but their sharing a
    partition. Memory: a quarter byte a document of the corpus, 20 bytes one that is in a pair.
    """
    if iter(pairs) is pairs:
        raise CleanerError("components: pairs must be something that can be gone through again")
    tops = np.zeros(0, np.int64)
    for file, row in _ends(pairs):
        tops.resize(max(len(tops), int(file.max(initial=0)) + 1), refcheck=False)
        raise_tops(tops, file, row)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(tops)])
    bits = np.zeros((int(starts[-1]) >> 6) + 1, np.uint64)
    for end in _ends(pairs):
        mark(bits, starts, *end)
    before = count_before(bits)
    count = int(before[-1])
    parents = np.arange(count, dtype=np.uint32 if count < 2**32 else np.int64)
    ends = (marked_places(bits, before, starts, *end) for end in _ends(pairs))
    for left in ends:
        unite(parents, left, next(ends))
    flatten(parents)
    ends = (parents[marked_places(bits, before, starts, *end)] for end in _ends(pairs))
    for left in ends:
        if not np.array_equal(left, next(ends)):
            raise CleanerError("components: union-find has not converged")
    file, row = marked_keys(bits, count, starts)
    hashes = mixed_pairs(file[parents].astype(np.uint64), row[parents])
    return pl.DataFrame({"file": file, "row": row, "component": hashes}, COMPONENTS)


def _ends(pairs: Iterable[pl.DataFrame]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield file and row of one end of each pair of a frame, then those of the other."""
    for frame in pairs:
        yield frame["file"].to_numpy(), frame["row"].to_numpy()
        yield frame["other_file"].to_numpy(), frame["other_row"].to_numpy()


def component_of(
    pairs: pl.DataFrame, components: pl.DataFrame, keys: np.ndarray | None = None
) -> pl.DataFrame:
    """Return `pairs` with the column `component` of either end, to exchange them by.

    `keys` are `packed_keys` of the components, for who asks more than once.
    """
    at = np.searchsorted(packed_keys(components) if keys is None else keys, packed_keys(pairs))
    return pairs.with_columns(components["component"].gather(at).alias("component"))


def packed_keys(rows: pl.DataFrame) -> np.ndarray:
    """Return the key (file, row) of each row as one number that sorts alike."""
    return _packed(rows["file"], rows["row"])


def _packed_ends(pairs: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return packed_keys(pairs), _packed(pairs["other_file"], pairs["other_row"])


def _packed(file: pl.Series, row: pl.Series) -> np.ndarray:
    if len(file) and (file.max() >= 2 ** (64 - ROW_BITS) or row.max() >= 2**ROW_BITS):
        raise CleanerError(f"near_dedup takes 16 million files of {2**ROW_BITS:,} rows")
    return file.cast(pl.UInt64).to_numpy() << np.uint64(ROW_BITS) | row.to_numpy()


def shingle_sets(
    docs: pl.DataFrame,
    ngram: int,
    keep: Keep = "longest",
    best_by: str | None = None,
    source_priority: tuple[str, ...] = (),
) -> pl.DataFrame:
    """Return a row of `SETS` per document, in order: its shingles' hashes, sorted, each once."""
    first, tokens = shingles(*utf8(docs["text"]), formula_modes(docs), ngram)
    first, tokens = sorted_sets(first, tokens)
    lists = pa.LargeListArray.from_arrays(pa.array(first), pa.array(tokens))
    rows = identity(docs, ranks(docs, keep, best_by, source_priority))
    return rows.with_columns(pl.Series("shingles", lists)).cast(SETS)


def decide_stars(
    sets: pl.DataFrame | Iterable[pl.DataFrame],
    pairs: pl.DataFrame | Iterable[pl.DataFrame],
    threshold: float = 0.8,
    verify: bool = True,
    cluster: Literal["star", "components"] = "star",
    memory: int = 1 << 28,
) -> pl.DataFrame:
    """Return `VERDICTS` for whole components: their rows of `SETS` and `PAIRS`, in any order.

    In rank order a document falls if a kept document paired with it has a Jaccard of at least
    `threshold`: for the most similar one, the first in rank on a tie; if none has, the kept ones
    for which its partners fell are asked too. `verify=False` takes every pair for a duplicate;
    `cluster="components"` keeps one document of all that pairs connect.
    Frames may come piece by piece; sets of more than `memory` bytes lie in a temporary file, so
    that a giant component costs time, not memory.
    """
    documents, starts, ends, values = _laid_out(sets, memory)
    earlier, later = _places(documents, pairs)
    old = int((documents["rank"] == OLDEST).sum())  # kept by an earlier run
    if cluster == "star":
        first = np.searchsorted(later, np.arange(documents.height + 1))
        kept, jaccard = decide(starts, ends, values, first, earlier, threshold, verify, old)
    else:
        if verify:
            close = similar(starts, ends, values, earlier, later) >= threshold
            earlier, later = earlier[close], later[close]
        parents = np.arange(documents.height)
        unite(parents, earlier, later)
        flatten(parents)
        kept = np.where(parents == np.arange(documents.height), -1, parents)
        kept[:old] = -1
        jaccard = np.full(documents.height, np.nan)
        falls = np.flatnonzero(kept >= 0)
        if verify:
            jaccard[falls] = similar(starts, ends, values, kept[falls], falls)
    return _verdicts(documents, kept, jaccard)


def _laid_out(
    sets: pl.DataFrame | Iterable[pl.DataFrame], memory: int
) -> tuple[pl.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """Return the documents in rank order, and where in the values the set of each lies."""
    known, sizes, held = [], [np.zeros(0, np.int64)], 0
    blocks = [np.zeros(0, np.uint64)]
    with tempfile.TemporaryFile() as spill:
        for frame in _frames(sets):
            known.append(owned(frame.select(list(IDENTITY))))
            sizes.append(frame["shingles"].list.len().to_numpy().astype(np.int64))
            blocks.append(frame["shingles"].explode().drop_nulls().to_numpy())
            held += blocks[-1].nbytes
            if held > memory:
                for block in blocks:
                    spill.write(block.tobytes())
                blocks = []
        if held > memory:
            spill.flush()
            values = np.asarray(np.memmap(spill, np.uint64, "r"))
        else:
            values = np.concatenate(blocks)
    ends = np.cumsum(np.concatenate(sizes))
    starts = ends - np.concatenate(sizes)
    documents = pl.concat([pl.DataFrame(schema=IDENTITY), *known]).with_row_index("at")
    documents = documents.sort("rank", "file", "row")
    at = documents["at"].to_numpy()
    return documents, starts[at], ends[at], values


def _places(
    documents: pl.DataFrame, pairs: pl.DataFrame | Iterable[pl.DataFrame]
) -> tuple[np.ndarray, np.ndarray]:
    """Return each pair once as places in rank order: the earlier one, and the later, ascending."""
    packed = packed_keys(documents)
    order = np.argsort(packed)
    keys = packed[order]
    found, fresh = np.zeros(0, np.uint64), [np.zeros(0, np.uint64)]
    for frame in _frames(pairs):
        ends = []
        for end in _packed_ends(frame):
            at = np.searchsorted(keys, end)
            if len(end) and (not len(keys) or (keys[np.minimum(at, len(keys) - 1)] != end).any()):
                raise CleanerError("decide_stars: a pair names a document without a set")
            ends.append(order[at].astype(np.uint64))
        low, high = np.minimum(*ends), np.maximum(*ends)
        fresh.append((high << np.uint64(32) | low)[low < high])
        # The same pair may come from several buckets; merged now and then, it is held once.
        if sum(map(len, fresh)) > max(_MERGED, len(found)):
            found, fresh = distinct(np.concatenate([found, *fresh])), []
    found = distinct(np.concatenate([found, *fresh]))
    return (found & np.uint64(2**32 - 1)).astype(np.int64), (found >> np.uint64(32)).astype(
        np.int64
    )


def _frames(frames: pl.DataFrame | Iterable[pl.DataFrame]) -> Iterable[pl.DataFrame]:
    return [frames] if isinstance(frames, pl.DataFrame) else frames


def _verdicts(documents: pl.DataFrame, kept: np.ndarray, jaccard: np.ndarray) -> pl.DataFrame:
    falls = kept >= 0
    star = np.where(falls, kept, np.arange(len(kept)))
    weights = documents["weight"].to_numpy()
    sizes = np.bincount(star, weights, len(kept)).astype(np.uint32)
    which = np.flatnonzero(falls | (sizes > weights))
    partner = documents[star[which]].select(
        duplicate_file="file", duplicate_row="row", duplicate_of="id"
    )
    return (
        documents[which]
        .select("file", "row")
        .hstack(partner)
        .with_columns(
            jaccard=pl.Series(jaccard[which]).fill_nan(None),
            cluster_size=pl.Series(sizes[star[which]]),
        )
        .with_columns(pl.when(pl.Series(falls[which])).then(pl.col(partner.columns)))
        .cast(VERDICTS)
    )

"""Near duplicates: every step against brute force, and the same verdicts however they are cut."""

from itertools import pairwise

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import duplicates_reference as reference

from cleaner.dedup.exact import VERDICTS
from cleaner.dedup.near import (
    BANDS,
    PAIRS,
    SETS,
    bucket_pairs,
    bucket_sizes,
    component_of,
    components,
    decide_stars,
    shingle_sets,
    sign,
)
from cleaner.dedup.presets import Banding
from cleaner.errors import CleanerError
from cleaner.stages.near_dedup import NearDedup
from cleaner.storage.exchange import Source, read_partition, write_partitions

Key = tuple[int, int]
DOCS = st.dictionaries(  # (file, row) -> rank, weight, set
    st.tuples(st.integers(0, 2), st.integers(0, 20)),
    st.tuples(st.integers(-2, 2), st.integers(1, 3), st.frozensets(st.integers(0, 8), min_size=1)),
    max_size=16,
)


def sets_of(docs: dict) -> pl.DataFrame:
    rows = [
        (rank, *key, f"d{key}", None, weight, sorted(values))
        for key, (rank, weight, values) in docs.items()
    ]
    return pl.DataFrame(rows, SETS, orient="row")


def pairs_of(pairs: list[tuple[Key, Key]]) -> pl.DataFrame:
    return pl.DataFrame([(*one, *other) for one, other in pairs], PAIRS, orient="row")


def stars(docs: dict, pairs: list[tuple[Key, Key]], threshold: float, verify: bool) -> list[tuple]:
    """Return the verdicts of docs/duplicates.md, with one look beyond a partner that fell."""
    order = sorted(docs, key=lambda key: (docs[key][0], key))
    linked = {frozenset(pair) for pair in pairs if pair[0] != pair[1]}
    kept: dict[Key, int] = {}
    fallen = {}
    for key in order:
        best = None
        partners = [one for one in order if frozenset((one, key)) in linked]
        direct = [one for one in partners if one in kept]
        beyond = sorted({fallen[one][1] for one in partners if one in fallen}, key=order.index)
        for candidates in (direct, beyond if verify else []):
            for other in candidates:
                found = reference.jaccard(docs[key][2], docs[other][2])
                if not verify:
                    best = best or (None, other)
                elif found >= threshold and (best is None or found > best[0]):
                    best = (found, other)
            if best:
                break
        if best is None:
            kept[key] = docs[key][1]
        else:
            fallen[key] = best
            kept[best[1]] += docs[key][1]
    rows = [
        (*key, *other, f"d{other}", found, kept[other]) for key, (found, other) in fallen.items()
    ]
    rows += [
        (*key, None, None, None, None, size) for key, size in kept.items() if size > docs[key][1]
    ]
    return sorted(rows, key=lambda row: row[:2])


@st.composite
def corpora(draw: st.DrawFn) -> tuple[dict, list[tuple[Key, Key]]]:
    docs = draw(DOCS)
    if not docs:
        return docs, []
    ends = st.sampled_from(sorted(docs))
    return docs, draw(st.lists(st.tuples(ends, ends), max_size=30))


@pytest.mark.parametrize("verify", [True, False])
@settings(deadline=None, max_examples=200)
@given(corpus=corpora(), threshold=st.sampled_from([0.3, 0.5, 0.8, 1.0]), data=st.data())
def test_stars_are_decided_in_rank_order(
    corpus: tuple, threshold: float, data: st.DataObject, verify: bool
) -> None:
    docs, pairs = corpus
    shuffled = dict(data.draw(st.permutations(list(docs.items()))))
    found = decide_stars(sets_of(shuffled), pairs_of(pairs), threshold, verify)
    assert found.schema == VERDICTS
    assert sorted(found.rows(), key=lambda row: row[:2]) == stars(docs, pairs, threshold, verify)


@settings(deadline=None)
@given(corpus=corpora(), cut=st.integers(0, 16))
def test_stars_streamed_and_spilled_are_the_same(corpus: tuple, cut: int) -> None:
    docs, pairs = corpus
    sets, links = sets_of(docs), pairs_of(pairs)
    whole = decide_stars(sets, links, 0.5)
    streamed = decide_stars([sets[:cut], sets[cut:]], [links[:cut], links[cut:]], 0.5, memory=16)
    assert streamed.equals(whole)


@pytest.mark.parametrize("verify", [True, False])
@settings(deadline=None)
@given(corpus=corpora(), threshold=st.sampled_from([0.3, 0.5, 1.0]))
def test_clusters_of_components_keep_their_first(
    corpus: tuple, threshold: float, verify: bool
) -> None:
    docs, pairs = corpus
    found = decide_stars(sets_of(docs), pairs_of(pairs), threshold, verify, "components")
    close = [
        (one, other)
        for one, other in pairs
        if not verify or reference.jaccard(docs[one][2], docs[other][2]) >= threshold
    ]
    root = {key: key for key in docs}
    for _ in docs:
        for one, other in close:
            first = min(root[one], root[other], key=lambda key: (docs[key][0], key))
            root[one] = root[other] = first
    expected = {key: first for key, first in root.items() if key != first}
    assert {row[:2]: row[2:4] for row in found.rows() if row[2] is not None} == expected
    for row in found.rows():
        if row[2] is not None and verify:
            assert row[5] == reference.jaccard(docs[row[:2]][2], docs[row[2:4]][2])


def test_what_belongs_to_nobody_and_what_says_nothing_is_compared_with_none() -> None:
    docs = pl.DataFrame({
        "text": ["one two three four", "one two three four", "..."], "url": ["http://a.b/", "none", "http://a.b/"],
    })  # fmt: skip
    assert sign(docs, Banding(5, 2, 4), within="host").known.tolist() == [True, False, False]
    assert sign(docs, Banding(5, 2, 4)).known.tolist() == [True, True, False]


def test_a_pair_without_its_set_is_a_defect() -> None:
    docs = {(0, 0): (0, 1, frozenset([1]))}
    with pytest.raises(CleanerError, match="without a set"):
        decide_stars(sets_of(docs), pairs_of([((0, 0), (0, 1))]))


BUCKETS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 12)), max_size=60)


@settings(deadline=None, max_examples=200)
@given(rows=BUCKETS, fan=st.integers(1, 4), data=st.data())
def test_pairs_are_the_first_and_the_next_in_each_bucket(
    rows: list[tuple], fan: int, data: st.DataObject
) -> None:
    ranked = [(band, (file * 7 + row) % 3, file, row) for band, file, row in rows]
    expected = set()
    for band in range(4):
        members = sorted({row[1:] for row in ranked if row[0] == band})
        for i, one in enumerate(members):
            expected |= {(*one[1:], *other[1:]) for other in members[i + 1 : i + 1 + fan]}
            if i:
                expected.add((*members[0][1:], *one[1:]))
    shuffled = pl.DataFrame(data.draw(st.permutations(ranked)), BANDS, orient="row")
    found = bucket_pairs(shuffled, fan)
    assert found.schema == PAIRS
    assert sorted(found.rows()) == sorted(expected)
    counts = sorted((sum(row[0] == band for row in ranked) for band in range(4)), reverse=True)
    assert bucket_sizes(shuffled).to_list() == [count for count in counts if count > 1]


@settings(deadline=None)
@given(corpus=corpora(), data=st.data())
def test_components_connect_what_pairs_connect(corpus: tuple, data: st.DataObject) -> None:
    _, pairs = corpus
    cut = data.draw(st.integers(0, len(pairs)))
    shuffled = data.draw(st.permutations([pair[::-1] for pair in pairs]))
    found = components([pairs_of(pairs[:cut]), pairs_of(pairs[cut:])])
    assert found.equals(components([pairs_of(shuffled)]))
    of = {row[:2]: row[2] for row in found.rows()}
    assert list(of) == sorted({end for pair in pairs for end in pair})
    groups = [{one, other} for one, other in pairs]
    for _ in pairs:
        for one in groups:
            for other in groups:
                if one & other:
                    one |= other
    for key, component in of.items():
        connected = set().union(*(group for group in groups if key in group))
        assert {other for other in of if of[other] == component} == connected


def test_components_want_pairs_they_can_read_again() -> None:
    with pytest.raises(CleanerError, match="again"):
        components(iter([pairs_of([])]))


def test_keys_beyond_what_is_packed_are_refused() -> None:
    docs = {key: (0, 1, frozenset([1])) for key in ((0, 0), (2**24, 0))}
    with pytest.raises(CleanerError, match="files"):
        decide_stars(sets_of(docs), pairs_of([((2**24, 0), (0, 0))]))


def test_components_of_keys_far_apart() -> None:
    pairs = [((2**24, 5), (0, 0)), ((0, 0), (3, 10**6)), ((3, 64), (3, 63))]
    of = {row[:2]: row[2] for row in components([pairs_of(pairs)]).rows()}
    assert list(of) == [(0, 0), (3, 63), (3, 64), (3, 10**6), (2**24, 5)]
    assert len({of[0, 0], of[3, 10**6], of[2**24, 5]}) == 1
    assert of[3, 63] == of[3, 64] != of[0, 0]


def test_sets_are_those_of_the_reference() -> None:
    texts = ["a b c d e f a b c d e", "", "A  b", "中文 $x^{2}$ and more", None]
    docs = pl.DataFrame({"text": texts}).with_columns(
        file=pl.lit(1, pl.UInt32), row=pl.int_range(5, dtype=pl.UInt64)
    )
    found = shingle_sets(docs, 3)
    assert found.schema == SETS
    assert found["shingles"].list.len().to_list() == [
        len(reference.shingles(text or "", 3)) for text in texts
    ]
    for values in found["shingles"].to_list():
        assert values == sorted(set(values))


WORDS = [f"w{i}" for i in range(9)]
TEXTS = st.lists(
    st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join)
    | st.sampled_from(["", "...", "w1 w2"]),
    max_size=14,
)


def corpus_of(texts: list[str]) -> pl.DataFrame:
    return pl.DataFrame({"text": pl.Series(texts, dtype=pl.String)}).with_columns(
        file=pl.int_range(pl.len(), dtype=pl.UInt32) // 5,
        row=pl.int_range(pl.len(), dtype=pl.UInt64) % 5,
        id=pl.int_range(pl.len()).cast(pl.String),
    )


def by_exchange(stage: NearDedup, docs: pl.DataFrame, cuts: list[int], parts: int) -> pl.DataFrame:
    """Return the verdicts by way of units, files and partitions, as a run has them."""

    def exchanged(frames: list[pl.DataFrame], by: str) -> list[pl.DataFrame]:
        sources = []
        for frame in frames:
            made = write_partitions(frame, by, parts)
            sources.append(Source(pa.BufferReader(made.data).read_at, made.parts, made.head))
        return [read_partition(sources, part) for part in range(parts)]

    bounds = sorted({0, *(min(cut, docs.height) for cut in cuts), docs.height})
    units = [docs[a:b] for a, b in pairwise(bounds)] or [docs]
    pairs = [bucket_pairs(rows) for rows in exchanged([stage.band_rows(u) for u in units], "band")]
    found = components(pairs)
    sets = []
    for unit in units:
        mine = unit.select("file", "row").join(found, on=["file", "row"], maintain_order="left")
        candidates = unit.join(mine, on=["file", "row"], how="semi", maintain_order="left")
        sets.append(stage.sets(candidates).with_columns(mine["component"]))
    links = exchanged([component_of(frame, found) for frame in pairs], "component")
    decided = [
        stage.decide(of, link) for of, link in zip(exchanged(sets, "component"), links, strict=True)
    ]
    return pl.concat(decided).sort("file", "row")


@settings(deadline=None, max_examples=60)
@given(
    texts=TEXTS,
    cuts=st.lists(st.integers(1, 14), max_size=4),
    parts=st.integers(1, 4),
    keep=st.sampled_from(["longest", "first"]),
)
def test_units_and_partitions_change_no_verdict(
    texts: list[str], cuts: list[int], parts: int, keep: str
) -> None:
    stage = NearDedup(ngram=2, bands=6, rows=2, threshold=0.5, keep=keep)
    docs = corpus_of(texts)
    whole = stage.verdicts(docs).sort("file", "row")
    assert by_exchange(stage, docs, cuts, parts).equals(whole)


@settings(deadline=None, max_examples=60)
@given(texts=TEXTS, data=st.data())
def test_the_order_of_documents_changes_no_verdict(texts: list[str], data: st.DataObject) -> None:
    stage = NearDedup(ngram=2, bands=6, rows=2, threshold=0.5)
    docs = corpus_of(texts)
    order = data.draw(st.permutations(range(len(texts))))
    one, other = (stage.verdicts(frame).sort("file", "row") for frame in (docs, docs[order]))
    assert one.equals(other)


@settings(deadline=None, max_examples=60)
@given(texts=TEXTS, threshold=st.sampled_from([0.4, 0.7, 1.0]))
def test_every_removal_is_proved_and_none_is_by_a_chain(texts: list[str], threshold: float) -> None:
    stage = NearDedup(ngram=2, bands=8, rows=2, threshold=threshold, keep="first")
    docs = corpus_of(texts)
    verdicts = stage.verdicts(docs)
    place = {key: i for i, key in enumerate(docs.select("file", "row").rows())}
    dropped = {place[row[:2]] for row in verdicts.rows() if row[2] is not None}
    for row in verdicts.rows():
        if row[2] is None:
            continue
        one, other = place[row[:2]], place[row[2:4]]
        assert other not in dropped
        assert other < one
        assert row[4] == str(other)
        assert row[5] == reference.jaccard(
            reference.shingles(texts[one], 2), reference.shingles(texts[other], 2)
        )
        assert row[5] >= threshold
    sizes = {place[row[:2]]: row[6] for row in verdicts.rows()}
    kept = [i for i in range(len(texts)) if i not in dropped]
    assert sum(sizes.get(i, 1) for i in kept) == len(texts)


def test_a_template_with_many_copies_in_one_bucket_is_linear() -> None:
    rng = np.random.default_rng(1)
    template = [f"word{i}" for i in range(400)]
    texts = []
    for _ in range(3000):
        words = list(template)
        words[rng.integers(0, 400)] = f"x{rng.integers(0, 10**9)}"
        texts.append(" ".join(words))
    stage = NearDedup()
    docs = corpus_of(texts)
    rows = stage.band_rows(docs)
    assert bucket_pairs(rows).height <= 9 * rows.height
    verdicts = stage.verdicts(docs)
    assert docs.height - verdicts["duplicate_file"].is_not_null().sum() <= 3

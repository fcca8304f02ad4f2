"""The steps of `near_dedup`: sample, pairs -> components -> sets -> verify.

What earlier runs kept joins in pairs, by the hashes of its bands, and in sets, by its texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import polars as pl

from cleaner.dedup.account import decide_sample
from cleaner.dedup.against import as_old
from cleaner.dedup.exact import IDENTITY
from cleaner.dedup.near import (
    PAIRS,
    SETS,
    bucket_pairs,
    bucket_sizes,
    component_of,
    components,
    shingle_sets,
)
from cleaner.kernels.hashing import mixed
from cleaner.stages.duplicates import commit_verdicts
from cleaner.stages.global_stage import VERDICTS, ByRange, ByRow, Step, Whole, Work
from cleaner.storage.exchange import owned
from cleaner.storage.row_key import position

if TYPE_CHECKING:
    from cleaner.stages.near_dedup import NearDedup

_BIG_BUCKET = 10_000  # buckets above this are reported
_CANDIDATES = 4_000_000  # documents that are sent to their groups at a time
_PAIRS = 1_000_000  # pairs that are sent to their components at a time
_TEXT = 32 << 20  # bytes of text whose shingles are made at a time


def compare_sample(stage: NearDedup, work: Work) -> None:
    """Compare the sampled documents of one range with each other, in full."""
    rows = pl.concat(list(work.frames("sample")))
    found = [list(row) for row in decide_sample(rows).rows()]
    work.commit(0, True, {}, {"documents": len(rows), "found": found})


def make_pairs(stage: NearDedup, work: Work) -> None:
    """Pair the documents that share a bucket of one range."""
    for piece in work.pieces("keys"):
        rows = piece.all()
        sizes = bucket_sizes(rows)
        pairs = bucket_pairs(rows)
        facts = {
            "pairs": len(pairs),
            "buckets": len(sizes),
            "big_buckets": int((sizes > _BIG_BUCKET).sum()),
            "biggest_bucket": int(sizes.max() or 0),  # type: ignore[arg-type]
        }
        work.commit(piece.number, piece.last, {"pairs": Whole(pairs, _PAIRS)}, facts)


def join_components(stage: NearDedup, work: Work) -> None:
    """Join pairs to components; send candidates to their texts and pairs to their component.

    First some candidates at a time are committed, then some pairs at a time.
    """
    frames = work.frames("pairs")
    found = components(frames)
    keys = position(found)
    several = max(1, -(-len(found) // _CANDIDATES))
    for number in range(several):
        if work.stands(number, False):
            continue
        some = found[number * _CANDIDATES : (number + 1) * _CANDIDATES]
        facts = {"candidates": len(some), "components": 0}
        if number == 0:
            facts["components"] = found["component"].n_unique()
        work.commit(number, False, {"candidates": ByRow(some)}, facts)

    def send(pairs: pl.DataFrame, number: int, last: bool) -> None:
        if not work.stands(number, last):
            joined = _by_component(component_of(pairs, found, keys))
            work.commit(number, last, {"joined": joined}, {})

    number, waiting = several, pl.DataFrame(schema=PAIRS)  # none at all are an empty part
    for frame in frames:
        if len(waiting):
            send(waiting, number, False)
            number += 1
        waiting = frame
    send(waiting, number, True)


def _by_component(rows: pl.DataFrame) -> ByRange:
    """Return rows to send to whoever verifies their component, spread evenly over 64 bits."""
    slot = pl.Series("slot", mixed(rows["component"].to_numpy(), 0))
    return ByRange(rows.with_columns(slot).drop("component"))


def make_sets(stage: NearDedup, work: Work) -> None:
    """Recompute the shingle sets of candidates, some texts at a time, for their component."""
    number = size = 0
    held = [pl.DataFrame(schema={**SETS, "component": pl.UInt64})]

    def send(last: bool) -> None:
        if not work.stands(number, last):
            sets = pl.concat(held)
            work.commit(number, last, {"sets": _by_component(sets)}, {"sets": len(sets)})

    for texts in work.texts("candidates"):
        docs = texts.docs
        if texts.run is None:
            sets = stage.sets(docs)
        else:
            made = shingle_sets(docs, stage.banding.ngram, "first")
            sets = as_old(made, texts.run, texts.first_file)
        held.append(sets.with_columns(docs["component"]))
        size += int(docs["text"].str.len_bytes().sum())
        if size >= _TEXT:
            send(False)
            number, size, held = number + 1, 0, held[:1]
    send(True)


class _Known:
    """Sets as they are read, and what is known of their documents once they have been read."""

    def __init__(self, frames: Iterable[pl.DataFrame]) -> None:
        self.frames = frames
        self._documents = [pl.DataFrame(schema=IDENTITY)]

    def __iter__(self) -> Iterator[pl.DataFrame]:
        for frame in self.frames:
            self._documents.append(owned(frame.select(list(IDENTITY))))
            yield frame

    def documents(self) -> pl.DataFrame:
        """Return the documents whose sets have been read."""
        return pl.concat(self._documents)


def verify(stage: NearDedup, work: Work) -> None:
    """Decide whole components: who is a duplicate of whom, by the true Jaccard."""
    known = _Known(work.frames("sets"))
    verdicts = stage.decide(known, work.frames("joined"))
    commit_verdicts(verdicts, known.documents(), work, 0, True)


STEPS = (
    Step("sample", compare_sample, over="ranges", of="sample"),
    Step("pairs", make_pairs, over="ranges", makes={"pairs": "whole"}),
    Step(
        "components",
        join_components,
        over="all",
        reads=("pairs",),
        makes={"candidates": "by row", "joined": "by range"},
    ),
    Step("sets", make_sets, over="texts", of="candidates", makes={"sets": "by range"}),
    Step(
        "verify",
        verify,
        over="ranges",
        of="sets",
        reads=("joined",),
        makes={VERDICTS: "by row"},
        decides=True,
    ),
)

"""Keep one of all documents that are nearly the same, each removal with its partner and Jaccard."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import polars as pl

from cleaner.dedup.account import RECALL, SAMPLE_DOCUMENTS, merge_recall, quality, sample
from cleaner.dedup.keys import has_word
from cleaner.dedup.near import (
    bucket_pairs,
    decide_stars,
    shingle_sets,
    sign,
    signature_rows,
)
from cleaner.dedup.presets import PRESETS, Banding, optimal
from cleaner.dedup.ranks import ranks
from cleaner.dedup.tables import banding_table
from cleaner.stages.duplicates import KEY, Duplicates
from cleaner.stages.global_stage import Facts, Role, Seen, Step, Tables, partitions
from cleaner.stages.near_steps import STEPS
from cleaner.stages.options.near_dedup import NearDedupOptions

_SET_BYTES = 128 << 20  # shingle sets that one task of the verification holds, about
_COUNTED = ("pairs", "components", "verify")  # steps whose counts stand in stats.json


class NearDedup(NearDedupOptions, Duplicates):
    """The stage at work; its options say what it does."""

    version: ClassVar[int] = 3  # keep: newest reads more forms of dates
    reason: ClassVar[str] = "near_duplicate"
    index_by: ClassVar[str] = "band"
    signs: ClassVar[bool] = True

    @property
    def banding(self) -> Banding:
        """The words of a shingle, the bands, and the signature values of a band."""
        if self.bands and self.rows:
            return Banding(self.ngram, self.bands, self.rows)
        if self.permutations:
            return Banding(self.ngram, *optimal(self.threshold, self.permutations))
        return PRESETS[self.preset or "fineweb"]._replace(ngram=self.ngram)

    def needs(self) -> set[str]:
        """Return the columns this stage reads."""
        return super().needs() | self.asked()

    def compares(self) -> dict[str, Any]:
        """Return what two runs must have in common for their indexes to be compared."""
        signed = {"seed": self.seed, "scheme": self.scheme}
        return {**self.banding._asdict(), **signed, **super().compares()}

    def leaves_no_near_copies(self) -> bool:
        """Return whether the near duplicates of all documents are dropped here."""
        return self.action == "drop" and self.where is None and self.within == "all"

    def compares_text(self) -> bool:
        """Return whether texts are what is compared."""
        return True

    def key_rows(self, rows: int) -> int:
        """Return the number of bands of so many documents."""
        return rows * self.banding.bands

    def roles(self, rows: int, size: int) -> tuple[Role, ...]:
        """Return bands as keys, and the sample that measures what they catch."""
        share = min(1.0, SAMPLE_DOCUMENTS / max(1, rows))
        return (
            *super().roles(rows, size),
            Role("sample", partitions(int(2 * share * size), _SET_BYTES), share),
        )

    def held(self, rows: int, size: int) -> int:
        """Return about the bytes that a task holds: keys, or shingle sets as read and as one."""
        return max(super().held(rows, size), 3 * min(_SET_BYTES, 2 * size))

    def sent(self, docs: pl.DataFrame, roles: Sequence[Role]) -> Mapping[str, pl.DataFrame]:
        """Return the bands of a frame by their hash, and its share of the sample."""
        share = next(role.share for role in roles if role.name == "sample")
        rows, sampled = self.band_rows_and_sample(docs, share)
        return {
            "keys": rows.with_columns(slot=pl.col("band")),
            "sample": sampled.with_columns(slot=pl.col("group")),
        }

    def before_deciding(self) -> "NearDedup":
        """Return this stage with any threshold: documents are signed and paired without it."""
        names = ("verify", "cluster", *(() if self.permutations else ("threshold",)))
        usual = {name: type(self).model_fields[name].default for name in names}
        return self.model_copy(update=usual)

    def steps(self) -> tuple[Step, ...]:
        """Return the steps from bands to verified clusters."""
        return STEPS

    def ranges(self, role: str, seen: Seen) -> int:
        """Return in how many ranges components are verified: by the size of their sets."""
        found = sum(fact["pairs"] for fact in seen.facts["pairs"])
        candidates = min(seen.rows, 2 * found)
        return partitions(2 * seen.text_bytes * candidates // max(1, seen.rows), _SET_BYTES)

    def found(self, facts: Mapping[str, Sequence[Facts]]) -> dict[str, Any] | None:
        """Return also what the bands catch, measured on the sample."""
        rows = [row for fact in facts["sample"] for row in fact["found"]]
        measured = merge_recall([pl.DataFrame(rows, RECALL, orient="row")])
        banding = {
            **self.banding._asdict(),
            "threshold": self.threshold,
            "verify": self.verify,
            "sampled": sum(fact["documents"] for fact in facts["sample"]),
            **quality(measured, self.banding, self.threshold),
        }
        counts = super().found({name: facts[name] for name in _COUNTED}) or {}
        return {**counts, "banding": banding}

    def tables(self, title: str, found: Mapping[str, Any]) -> Tables:
        """Yield also the curve of the bands."""
        yield from super().tables(title, found)
        yield banding_table(title, found["banding"])

    def band_rows(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of `BANDS` of some documents."""
        return self.band_rows_and_sample(docs, 0)[0]

    def band_rows_and_sample(
        self, docs: pl.DataFrame, share: float
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the rows of `BANDS`, and of `SAMPLED` for about `share` of the documents."""
        docs = docs.filter(self.judged(docs))
        signed = sign(docs, self.banding, self.within, self.seed, self.scheme)
        rows = signature_rows(docs, signed, ranks(docs, **self.policy()))
        return rows, sample(docs, signed, share, self.seed)

    def sets(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of `SETS` of candidates."""
        return shingle_sets(docs, self.banding.ngram, **self.policy())

    def decide(
        self,
        sets: pl.DataFrame | Iterable[pl.DataFrame],
        pairs: pl.DataFrame | Iterable[pl.DataFrame],
    ) -> pl.DataFrame:
        """Return the `VERDICTS` on whole components, given whole or piece by piece."""
        return decide_stars(sets, pairs, self.threshold, self.verify, self.cluster)

    def verdicts(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `VERDICTS` for one frame that is the whole corpus."""
        pairs = bucket_pairs(self.band_rows(docs))
        ends = [pairs.select(KEY), pairs.select(file="other_file", row="other_row")]
        candidates = docs.join(pl.concat(ends).unique(), on=KEY, how="semi", maintain_order="left")
        return self.decide(self.sets(candidates), pairs)

    def wordless(self, docs: pl.DataFrame) -> pl.Series:
        """Return which texts have no word to make a shingle of."""
        return ~has_word(docs)

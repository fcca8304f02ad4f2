"""A package of somebody else's: one stage that sees all rows, as `docs/adding_a_stage.md` tells.

`cut_headers` cuts the first line of a document where so many documents begin with it: the banner of
a site. It has all that such a stage may have: an index, tags, a text that is cut, an account.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import polars as pl
import xxhash
from pydantic import Field

from cleaner.dedup.tables import summed
from cleaner.stages.base import Judging
from cleaner.stages.duplicates import keyed
from cleaner.stages.global_stage import (
    VERDICTS,
    ByRow,
    Facts,
    Indexed,
    Role,
    Step,
    Tables,
    Work,
)
from cleaner.stages.marked import cut_so_far
from cleaner.stages.options.duplicates import Runs

KEY = ("file", "row")


class CutHeaders(Judging, Indexed):
    """Cut the first line that at least `min_documents` documents begin with.

    A text of nothing else is dropped: `only_header`. With `action: tag` texts stay as they are.
    """

    index_by: ClassVar[str] = "first"
    changes_text: ClassVar[bool] = True

    min_documents: int = Field(10, ge=2)
    against: Runs = ()

    def global_stage(self) -> Indexed:
        """Return this stage: it sees all rows."""
        return self

    def compares_text(self) -> bool:
        """Return that texts are compared: one without a word falls before."""
        return True

    def earlier_runs(self) -> tuple[str, ...]:
        """Return the runs whose first lines count, too."""
        return self.against

    def compares(self) -> dict[str, Any]:
        """Return what two runs must have in common."""
        return {"version": self.version}

    def key_rows(self, rows: int) -> int:
        """Return the number of documents: each sends its first line."""
        return rows

    def firsts(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return the key of each judged document with a hash of its first line."""
        lines = [text.partition("\n")[0].strip() for text in docs["text"]]
        hashes = np.array([xxhash.xxh3_64_intdigest(line.encode()) for line in lines], np.uint64)
        rows = docs.select(KEY).with_columns(first=pl.Series(hashes))
        return rows.filter(pl.Series([line != "" for line in lines]) & self.judged(docs))

    def sent(self, docs: pl.DataFrame, roles: Sequence[Role]) -> Mapping[str, pl.DataFrame]:
        """Return first lines by their hash."""
        return {"keys": self.firsts(docs).with_columns(slot=pl.col("first"))}

    def steps(self) -> tuple[Step, ...]:
        """Return the one step."""
        return (Step("count", count, over="ranges", makes={VERDICTS: "by row"}),)

    def headed(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the keys of the documents whose first line is a header."""
        return rows.filter(pl.len().over("first") >= self.min_documents).select(KEY)

    def applied(self, docs: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
        """Return `docs` without their headers, or with the reason `header` for a tag."""
        found = docs.select(KEY).join(
            verdicts.select(*KEY, headed=True), on=KEY, how="left", maintain_order="left"
        )
        headed = found["headed"].fill_null(False)
        nothing = pl.lit([], pl.List(pl.String))
        if self.action == "tag":
            told = pl.when(headed).then(pl.lit(["header"])).otherwise(nothing)
            return docs.with_columns(broken=told)
        rest = [text.partition("\n")[2].strip() for text in docs["text"]]
        cut = docs["text"].str.len_chars() - pl.Series(rest, dtype=pl.String).str.len_chars()
        empty = headed & pl.Series([not text for text in rest])
        return docs.with_columns(
            text=pl.when(headed).then(pl.Series(rest, dtype=pl.String)).otherwise("text"),
            characters_cut=cut_so_far(docs, cut * headed.cast(pl.UInt32)),
            broken=pl.when(empty).then(pl.lit(["only_header"])).otherwise(nothing),
        )

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs`, the whole corpus in one frame, without their headers."""
        ours = keyed(docs)
        done = self.applied(ours, self.headed(self.firsts(ours)))
        return done if set(KEY) <= set(docs.columns) else done.drop(KEY)

    def index_rows(self, read: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
        """Return the first lines of what is in the shards, under their place there."""
        rows = read.join(places, on=KEY, how="inner", maintain_order="left")
        return rows.select(file="shard", row="shard_row", first="first").select(read.columns)

    def found(self, facts: Mapping[str, Sequence[Facts]]) -> dict[str, Any] | None:
        """Return how many first lines there are, and how many documents had a header."""
        return summed(facts)

    def tables(self, title: str, found: Mapping[str, Any]) -> Tables:
        """Yield one line of text."""
        yield f"{title}: {found['headed']:,} documents had one of {found['headers']:,} headers", []


def count(stage: CutHeaders, work: Work) -> None:
    """Find the headers of one range of hashes."""
    for piece in work.pieces("keys"):
        headed = stage.headed(piece.all())
        ours = piece.rows.join(headed, on=KEY, how="semi", maintain_order="left")
        facts = {"headed": len(ours), "headers": ours["first"].n_unique()}
        verdicts = ByRow(ours.select(KEY).sort(KEY))
        work.commit(piece.number, piece.last, {VERDICTS: verdicts}, facts)


STAGES = {"cut_headers": CutHeaders}

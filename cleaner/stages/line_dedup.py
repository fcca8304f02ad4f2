"""Cut the lines or paragraphs that stand in many documents."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import polars as pl

from cleaner.dedup.keys import has_word
from cleaner.dedup.lines import cut_lines, decide_lines, line_counts
from cleaner.dedup.tables import summed
from cleaner.stages.base import Stage
from cleaner.stages.duplicates import KEY, alone, keyed
from cleaner.stages.global_stage import VERDICTS, ByRow, Facts, Indexed, Role, Step, Tables, Work
from cleaner.stages.marked import cut_so_far
from cleaner.stages.options.line_dedup import LineDedupOptions

_LINES = 20  # lines of a document, about


class LineDedup(LineDedupOptions, Stage, Indexed):
    """The stage at work; its options say what it does."""

    version: ClassVar[int] = 2  # keys compose what invisible characters parted
    index_by: ClassVar[str] = "line"
    index_reads: ClassVar[Literal["keys", "text"]] = "text"
    changes_text: ClassVar[bool] = True
    reason: ClassVar[str] = "repeated_line"

    def needs(self) -> set[str]:
        """Return the columns this stage reads."""
        return {"text"} | {"source": {"source"}, "host": {"url"}, "all": set()}[self.within]

    def adds(self) -> dict[str, Any]:
        """Return `lines_cut`: how many lines, or paragraphs, went."""
        return {"lines_cut": pl.UInt32}

    def compares(self) -> dict[str, Any]:
        """Return what two runs must have in common for their indexes to be compared."""
        return {
            "unit": self.unit, "min_words": self.min_words, "within": self.within,
            "version": self.version,
        }  # fmt: skip

    def global_stage(self) -> Indexed:
        """Return this stage: it sees all rows."""
        return self

    def earlier_runs(self) -> tuple[str, ...]:
        """Return the folders of the runs that this one is held against."""
        return self.against

    def compares_text(self) -> bool:
        """Return whether texts are what is compared."""
        return True

    def key_rows(self, rows: int) -> int:
        """Return about how many lines so many documents have."""
        return _LINES * rows

    def sent(self, docs: pl.DataFrame, roles: Sequence[Role]) -> Mapping[str, pl.DataFrame]:
        """Return the counts of a frame's lines, by their hash."""
        return {"keys": self.counts(docs).with_columns(slot=pl.col("line"))}

    def steps(self) -> tuple[Step, ...]:
        """Return the one step: equal lines meet in one range."""
        return (Step("decide", _decide, over="ranges", makes={VERDICTS: "by row"}),)

    def applied(self, docs: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
        """Return `docs` without their frequent lines."""
        return self.apply(docs, verdicts)

    def index_rows(self, read: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
        """Return the counts of the lines of the documents in the shards.

        What units sent are sums over their documents; those of the kept ones are made anew.
        """
        kept = read.join(places, on=KEY, how="semi", maintain_order="left")
        return self.counts(kept).with_columns(file=pl.lit(0, pl.UInt32), row=pl.lit(0, pl.UInt64))

    def index_merged(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return one row per line."""
        merged = rows.group_by("line").agg(pl.col("documents").sum(), pl.col(KEY).first())
        return merged.sort("line")

    def found(self, facts: Mapping[str, Sequence[Facts]]) -> dict[str, Any] | None:
        """Return how many different lines there are, and how many were cut."""
        return summed(facts)

    def tables(self, title: str, found: Mapping[str, Any]) -> Tables:
        """Yield one line of text: how many lines were cut."""
        told = f"{found['frequent']:,} of {found['lines']:,} different lines were cut"
        yield f"{title}: {told}", []

    def counts(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of `LINES` of one unit, to exchange by `line`."""
        return line_counts(docs, self.unit, self.min_words, self.within)

    def decide(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of `FREQUENT` of one partition, each for the unit that sent it."""
        return decide_lines(rows, self.min_documents)

    def apply(self, docs: pl.DataFrame, frequent: pl.DataFrame) -> pl.DataFrame:
        """Return `docs` with `text`, `characters_cut`, `lines_cut` and `broken`."""
        text, lines = cut_lines(
            docs, frequent, self.unit, self.min_words, self.within, self.keep_first
        )
        cut = docs["text"].str.len_chars().fill_null(0) - text.str.len_chars().fill_null(0)
        after = docs.drop("words", strict=False).with_columns(text=text)
        nothing = ~has_word(after) & (lines > 0)
        return docs.with_columns(
            text=text,
            characters_cut=cut_so_far(docs, cut),
            lines_cut=lines,
            broken=pl.select(
                pl.when(nothing)
                .then(pl.lit([self.reason]))
                .otherwise(pl.lit([], pl.List(pl.String)))
            ).to_series(),
        )

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs`, the whole corpus in one frame, without its frequent lines."""
        alone(self)
        ours = keyed(docs)
        done = self.apply(ours, self.decide(self.counts(ours)))
        return done if set(KEY) <= set(docs.columns) else done.drop(KEY)


def _decide(stage: LineDedup, work: Work) -> None:
    for piece in work.pieces("keys"):
        frequent = stage.decide(piece.all()).sort(*KEY, "line")
        facts = {
            "lines": piece.rows["line"].n_unique(),
            "frequent": frequent["line"].n_unique(),
        }
        work.commit(piece.number, piece.last, {VERDICTS: ByRow(frequent)}, facts)

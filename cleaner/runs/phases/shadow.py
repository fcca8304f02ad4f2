"""The shadow: sampled documents that fell go on through every stage that judges row by row.

They go beside the documents of the run, in frames of their own, so that no verdict on those can
depend on them. A document that did not fall is judged once, by the run itself.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from cleaner.config.plain import Plain
from cleaner.job.job_file import Shadow
from cleaner.ledger import COLUMNS, verdict
from cleaner.storage.row_key import drawn

SEED = 0x5EED_0F_5AD0  # not one that the stage `sample` is likely to draw by
KEYS = {"file": COLUMNS["file"], "row": COLUMNS["row"]}
_FATE = ("fate", "stage", "reason", "broken", "error")
# A file that says its rows only when it is read: then documents are taken for this many times as
# large as elsewhere, so that enough are drawn; when all are counted, those drawn in excess go.
UNKNOWN = 4


def first_share(shadow: Shadow, rows: int) -> float:
    """Return the share that the first phase draws: a power of two, so that it seldom changes.

    More than is wanted of an input of so many rows; the account takes what it needs of that.
    """
    share = shadow.share_of(rows)
    return 0.0 if share <= 0 else 2.0 ** math.ceil(math.log2(share))


_GHOST = "\x01ghost"  # behind a name that two frames have; no score of a user's is called so


@dataclass(frozen=True)
class Sample:
    """Which documents are drawn."""

    share: float = 0.0
    spared: tuple[tuple[int, int], ...] = ()  # (file, row) of those that kill their worker

    def of(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return those documents that are of the sample."""
        return self.without_spared(docs.filter(drawn(docs, self.share, SEED)))

    def without_spared(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return the documents that kill no worker."""
        if not self.spared:
            return docs
        keys = pl.DataFrame(self.spared, schema=KEYS, orient="row")
        return docs.join(keys, on=list(KEYS), how="anti", maintain_order="left")


NOBODY = Sample()


@dataclass
class Fallen:
    """Sampled documents that fell in one run of a chain, by the stage at which they did."""

    sample: Sample
    before: dict[int, list[pl.DataFrame]] = field(default_factory=dict)  # not judged by it
    after: dict[int, list[pl.DataFrame]] = field(default_factory=dict)  # judged by it

    def add(self, docs: pl.DataFrame, index: int, judged: bool) -> None:
        """Take documents that fell at a stage, before it judged them or by its verdict."""
        if len(docs := self.sample.of(docs)):
            where = self.after if judged else self.before
            where.setdefault(index, []).append(_with_verdict(docs, index) if judged else docs)


def joined(ghosts: pl.DataFrame, more: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return ghosts and documents that became some."""
    frames = [frame.drop(_FATE, strict=False) for frame in more if len(frame)]
    if not frames:
        return ghosts
    return pl.concat([*([ghosts] if len(ghosts) else []), *frames], how="diagonal_relaxed")


def judged_anyway(ghosts: pl.DataFrame, index: int) -> pl.DataFrame:
    """Return what a stage made of ghosts with its verdict under its own name: nobody falls."""
    return _with_verdict(ghosts, index).drop(_FATE, strict=False)


def _with_verdict(docs: pl.DataFrame, index: int) -> pl.DataFrame:
    """Add the reasons of a stage; null where it could not judge."""
    able = pl.col("error").is_null()
    return docs.with_columns(pl.when(able).then("broken").alias(verdict(index)))


def none_yet() -> pl.DataFrame:
    """Return the ghosts of a phase in which none was drawn."""
    return pl.DataFrame(schema=KEYS)


def going_on(
    ghosts: pl.DataFrame,
    alive: pl.DataFrame,
    sample: Sample,
    carried: Mapping[str, Any],
    last: bool,
) -> pl.DataFrame:
    """Return what a phase leaves of its ghosts; in the last one, all that is of the sample."""
    unneeded = [name for name in ghosts.columns if name == "html" and name not in carried]
    ghosts = ghosts.drop(unneeded)
    if last and "text" in alive.columns:
        ghosts = joined(ghosts, [sample.of(alive.select(*KEYS, "text"))])
    return ghosts.sort("file", "row")


@dataclass(frozen=True)
class ShadowBook(Plain):
    """What the account needs to write the shadow's files."""

    share: float
    judging: tuple[tuple[int, str], ...]  # index and title of every stage that judges row by row


def rows_of(
    ledger: pl.DataFrame, ghosts: pl.DataFrame, book: ShadowBook, measured: Sequence[str]
) -> pl.DataFrame:
    """Return the rows of the ledger that are of the sample, with text, signals and all verdicts."""
    mine = Sample(book.share).of(ledger)
    wanted = {name: mine.schema[name] for name in ("lang", *measured) if name in mine.columns}
    wanted |= {"text": pl.String()}
    wanted |= {verdict(index): pl.List(pl.String()) for index, _ in book.judging}
    ghosts = ghosts.select(
        *KEYS,
        *(
            pl.col(name).cast(kind) if name in ghosts.columns else pl.lit(None, kind).alias(name)
            for name, kind in wanted.items()
        ),
    )
    both = mine.join(ghosts, on=list(KEYS), how="left", suffix=_GHOST, maintain_order="left")
    names = [name for name in wanted if name in mine.columns]
    both = both.with_columns(pl.coalesce(name, f"{name}{_GHOST}").alias(name) for name in names)
    both = both.with_columns(_told(index, title) for index, title in book.judging)
    return both.select(*mine.columns, *(name for name in wanted if name not in mine.columns))


def _told(index: int, title: str) -> pl.Expr:
    """Return the verdict of a stage on what went through it in the run, else that on the ghost."""
    stage = pl.col("stage").str.split(".").list.first().cast(pl.Int64, strict=False)
    fell_at = pl.when(fate="kept").then(pl.lit(1 << 30)).otherwise(stage).fill_null(-1)
    tags = pl.col("tagged").list.eval(
        pl.element().filter(pl.element().str.starts_with(f"{title}:"))
    )
    tags = tags.list.first().str.strip_prefix(f"{title}:").str.split(",")
    own = pl.col("broken").list.eval(
        pl.element().filter(~pl.element().str.contains(".", literal=True))
    )
    fell = (pl.col("fate") == "dropped") & (fell_at == index)
    went_on = pl.coalesce(tags, pl.lit([], pl.List(pl.String)))
    return (
        pl.when(fell_at > index).then(went_on).when(fell).then(own).otherwise(verdict(index))
    ).alias(verdict(index))

"""All that comes here is written as Parquet, and the stages behind begin with it.

To the engine it is a stage that sees all rows and lets all of them go on: the phase before ends
here, so that a run with other stages behind takes what lies before as it is.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import polars as pl

from cleaner.stages.base import Stage
from cleaner.stages.global_stage import VERDICTS, GlobalStage, Role, Step, Whole, Work
from cleaner.stages.options.checkpoint import CheckpointOptions


class Checkpoint(CheckpointOptions, Stage, GlobalStage):
    """The stage at work; its options say what it does."""

    gathered: ClassVar[bool] = False
    keeps_signals: ClassVar[bool] = True

    def global_stage(self) -> GlobalStage:
        """Return this stage."""
        return self

    def key_rows(self, rows: int) -> int:
        """Return 0: documents send nothing."""
        return 0

    def roles(self, rows: int, size: int) -> tuple[Role, ...]:
        """Return no roles: nothing is sent."""
        return ()

    def sent(self, docs: pl.DataFrame, roles: Sequence[Role]) -> Mapping[str, pl.DataFrame]:
        """Return nothing."""
        return {}

    def steps(self) -> tuple[Step, ...]:
        """Return the one step, which finds nothing to say of any document."""
        return (Step("pass", _pass, over="all", makes={VERDICTS: "whole"}),)

    def applied(self, docs: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
        """Return `docs`, none of which falls."""
        return self(docs)

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs`, none of which falls."""
        return docs.with_columns(broken=pl.lit([], pl.List(pl.String)))


def _pass(stage: Checkpoint, work: Work) -> None:
    nothing = pl.DataFrame(schema={"file": pl.UInt32, "row": pl.UInt64})
    work.commit(0, True, {VERDICTS: Whole(nothing)}, {})

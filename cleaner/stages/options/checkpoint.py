"""What a user may write of `checkpoint`."""

from typing import Any, ClassVar

from cleaner.stages.options.base import StageOptions


class CheckpointOptions(StageOptions):
    """Write all that comes here as Parquet, from which another job may start; nothing falls.

    `RUN/checkpoint/STAGE/*.parquet` holds texts, labels, carried columns, scores, and every signal
    that was measured on the texts as they are here.
    """

    stage: ClassVar[str] = "cleaner.stages.checkpoint:Checkpoint"

    @classmethod
    def from_short(cls, value: Any) -> dict[str, Any]:
        """Return options for `- checkpoint:`, which has none."""
        return {} if value is None else super().from_short(value)

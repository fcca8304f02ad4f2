"""What a user may write of `removed`."""

from typing import Any, ClassVar

from pydantic import field_validator

from cleaner.stages.options.base import StageOptions


class RemovedOptions(StageOptions):
    """Drop as `removed` what `cleaner remove` took out of earlier runs, wherever it comes back.

    `lists` are their files `removed.json`. Those of the run folder itself, of `--reuse` and of
    `against` are obeyed without being named.
    """

    stage: ClassVar[str] = "cleaner.stages.removed:Removed"

    lists: tuple[str, ...] = ()

    @field_validator("lists", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

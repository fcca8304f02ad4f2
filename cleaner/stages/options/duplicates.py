"""What a user may write of all stages that look for duplicates."""

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from cleaner.config.choices import Keep, Within
from cleaner.stages.options.base import JudgingOptions


def _runs(value: Any) -> Any:
    """Return one run folder or a list of several as a tuple, without closing slashes."""
    several = [value] if isinstance(value, str) else value
    if isinstance(several, list | tuple) and all(isinstance(run, str) for run in several):
        return tuple(run.rstrip("/") or run for run in several)
    return value


# Folders of finished runs; what they kept stays, and its duplicates fall.
Runs = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_runs)]


class DuplicatesOptions(JudgingOptions):
    """Which of some duplicates stays, and among whose documents they are sought."""

    keep: Keep | None = None
    best_by: str | None = Field(None, min_length=1)
    source_priority: tuple[str, ...] = ()
    within: Within = "all"
    against: Runs = ()

    @field_validator("source_priority", mode="before")
    @classmethod
    def _several(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    @model_validator(mode="after")
    def _policy_has_what_it_needs(self) -> Self:
        if self.keep == "source_priority" and not self.source_priority:
            raise ValueError("keep: source_priority needs source_priority, a list of sources")
        if self.source_priority and self.keep not in (None, "source_priority"):
            raise ValueError(f"source_priority does not go with keep: {self.keep}")
        if self.best_by and self.keep not in (None, "best"):
            raise ValueError(f"best_by does not go with keep: {self.keep}")
        return self

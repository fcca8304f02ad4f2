"""What a user may write of `cap`."""

from typing import ClassVar, Self

from pydantic import Field, model_validator

from cleaner.stages.options.base import JudgingOptions


class CapOptions(JudgingOptions):
    """Keep at most `documents`, or `tokens` words, of each group; the others are `over_cap`.

    `by` is `host` (of the url) or a column. The best by `best_by` stay, without it by the score of
    the last classifier before, else the longest; ties go by (file, row). Documents of a null or
    empty group are never capped. With `tokens` a group is cut at its first document that does not
    fit.
    """

    stage: ClassVar[str] = "cleaner.stages.cap:Cap"

    by: str = Field("host", min_length=1)
    documents: int | None = Field(None, gt=0)
    tokens: int | None = Field(None, gt=0)
    best_by: str | None = Field(None, min_length=1)

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if (self.documents is None) == (self.tokens is None):
            raise ValueError("takes exactly one of documents and tokens")
        return self

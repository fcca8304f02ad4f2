"""What a user may write of `sample`."""

from typing import ClassVar, Self

from pydantic import Field, model_validator

from cleaner.stages.options.base import JudgingOptions


class SampleOptions(JudgingOptions):
    """Keep a share of the documents, or a number of them; the others are `not_sampled`.

    A share is judged row by row. A number needs all rows: the engine keeps the `documents` rows
    with the smallest `sample_key`.
    """

    stage: ClassVar[str] = "cleaner.stages.sample:Sample"

    share: float | None = Field(None, ge=0, le=1)
    documents: int | None = Field(None, ge=0)
    seed: int = Field(0, ge=0, lt=2**63)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.share is None) == (self.documents is None):
            raise ValueError("takes exactly one of share and documents")
        if self.where is not None and self.documents is not None:
            raise ValueError("where: goes with share; a number of documents is drawn of all")
        return self

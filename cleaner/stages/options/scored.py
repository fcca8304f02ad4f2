"""What a user may write of all stages that score documents."""

from typing import Any, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from cleaner.stages.options.base import JudgingOptions


class ScoredOptions(JudgingOptions):
    """One score, at most one cut."""

    model_config = ConfigDict(populate_by_name=True)

    model: str
    target: str = Field(alias="label", min_length=1)
    name: str | None = Field(None, alias="as", min_length=1)
    min_score: float | None = Field(None, ge=0, le=1)
    keep_share: float | None = Field(None, gt=0, le=1)
    keep_tokens: int | None = Field(None, gt=0)
    per: tuple[str, ...] = ()  # columns: lang, source, a category, what the input carries

    @field_validator("per", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_cut(self) -> Self:
        cuts = ("min_score", "keep_share", "keep_tokens")
        given = [name for name in cuts if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"takes one of {', '.join(cuts)}; got {' and '.join(given)}")
        if self.per and not self.shares:
            raise ValueError("per goes with keep_share or keep_tokens")
        return self

    @property
    def shares(self) -> bool:
        """Whether the cut is a share of the whole corpus, decided by `decide_cut`."""
        return self.keep_share is not None or self.keep_tokens is not None

"""What a user may write of `language`."""

from typing import Any, ClassVar

from pydantic import Field, field_validator

from cleaner.models.language.codes import user_code
from cleaner.stages.options.base import JudgingOptions


class LanguageOptions(JudgingOptions):
    """Add `lang`, `lang_score`, `lang_detail`, `script` and `lang_shares`; judge by `keep`.

    Reasons: `und` (no language: code, base64, mojibake, no letters), `mixed` (two or more languages
    over 20 % each, not all of them kept), `language` (none of `keep`), `low_score` (below
    `min_score`; never for Chinese, nor for less than 100 letters). `und` and `mixed` can be kept by
    name. Neighbours that no model parts well are kept as one: sr, hr, bs and sh; id and ms; el and
    polytonic Greek; `sr-Cyrl` is exact. Without `keep` and `min_score` the stage only labels.
    """

    stage: ClassVar[str] = "cleaner.stages.language:Language"

    keep: list[str] | None = Field(None, min_length=1)
    min_score: float | None = Field(None, ge=0, le=1)
    model: str | None = None

    @field_validator("keep", mode="before")
    @classmethod
    def _one_or_several(cls, keep: Any) -> Any:
        return [keep] if isinstance(keep, str) else keep

    @field_validator("keep", mode="after")
    @classmethod
    def _codes(cls, keep: list[str] | None) -> list[str] | None:
        for code in keep or []:
            user_code(code)
        return keep

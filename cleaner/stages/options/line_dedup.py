"""What a user may write of `line_dedup`."""

from typing import Any, ClassVar

from pydantic import Field

from cleaner.config.choices import LineUnit, Within
from cleaner.stages.options.base import StageOptions
from cleaner.stages.options.duplicates import Runs


class LineDedupOptions(StageOptions):
    """Cut each line that at least `min_documents` documents hold, of all or of one host.

    Lines are compared as keys (see `kernels.dedup.fold`); those of fewer than `min_words` words
    and those inside code fences stay, and no formula is parted. With `keep_first` a line stays in
    the first document that has it. A text left without a word is `broken`: `repeated_line`.
    """

    stage: ClassVar[str] = "cleaner.stages.line_dedup:LineDedup"

    unit: LineUnit = "line"
    min_documents: int = Field(10, ge=2)
    min_words: int = Field(5, ge=1)
    within: Within = "all"
    keep_first: bool = False
    against: Runs = ()

    @classmethod
    def from_short(cls, value: Any) -> dict[str, Any]:
        """Return options for `line_dedup: paragraph`."""
        return {"unit": value} if isinstance(value, str) else super().from_short(value)

"""What a user may write of `exact_dedup`."""

from typing import Any, ClassVar

from pydantic import Field

from cleaner.stages.options.duplicates import DuplicatesOptions


class ExactDedupOptions(DuplicatesOptions):
    """Add `broken` (`exact_duplicate`), the partner, and `cluster_size`.

    `on` is `text`, `url` or a column. Keys are folded (see `cleaner.kernels.dedup.fold`), urls
    normalised; a null or empty key is nobody's duplicate, a text without a word is `empty`.
    """

    stage: ClassVar[str] = "cleaner.stages.exact_dedup:ExactDedup"

    on: str = Field("text", min_length=1)

    @classmethod
    def from_short(cls, value: Any) -> dict[str, Any]:
        """Return options for `exact_dedup: url`."""
        return {"on": value} if isinstance(value, str) else super().from_short(value)

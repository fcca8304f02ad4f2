"""What a user may write of `filter`."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from cleaner.stages.options.base import JudgingOptions


class FilterOptions(JudgingOptions):
    """Add `broken`, the list of rules each document fails; an empty list means keep.

    `name` is a filter of `filters/`, or a path; `lists` gives files for lists that its rules read.
    """

    stage: ClassVar[str] = "cleaner.stages.filter:Filter"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "rules": "rules are written in a filter file, and `name` is its name or path",
        "phrases": "phrases are written in a text file, and `lists` gives its path",
    }

    name: str
    formulas: bool = True
    lists: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def from_short(cls, value: Any) -> dict[str, Any]:
        """Return options for `filter: gopher_quality`."""
        return {"name": value} if isinstance(value, str) else super().from_short(value)

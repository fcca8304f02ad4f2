"""What a user may write of `clean_lines`."""

from collections.abc import Mapping
from typing import Any, ClassVar

from cleaner.stages.options.base import StageOptions


class CleanLinesOptions(StageOptions):
    """Replace `text` by the lines that keep every rule, and count `characters_cut`.

    `rules` is a file of `filters/` with a part `lines`, or a path. A text that is left without a
    word is dropped as `empty` by what comes next.
    """

    stage: ClassVar[str] = "cleaner.stages.clean_lines:CleanLines"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "line_rules": "rules are written in a filter file, under `lines`, and `rules` is its path",
        "lines": "rules are written in a filter file, under `lines`, and `rules` is its path",
    }

    rules: str = "c4_lines"

    @classmethod
    def from_short(cls, value: Any) -> dict[str, Any]:
        """Return options for `clean_lines: refinedweb_lines`."""
        return {"rules": value} if isinstance(value, str) else super().from_short(value)

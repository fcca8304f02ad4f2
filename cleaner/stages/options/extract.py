"""What a user may write of `extract`."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from cleaner.stages.options.base import StageOptions


class ExtractOptions(StageOptions):
    """Add `text` from `html` and the facts of the page; rows that are text already pass untouched.

    `broken` says `empty`, `not_html`, `binary` or `http_error`; `error` what could not be judged.
    An optional column `headers` (HTTP headers as text, or a list of name and value) or `charset`
    helps decoding and tells opt-outs; an optional `status` is the HTTP status. `lists` gives files
    for `zh_cue_starts`, `zh_cue_lines` and `zh_cue_parts`, the lines that stand around the text of
    Chinese pages.
    """

    stage: ClassVar[str] = "cleaner.stages.extract:Extract"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "phrases": "lines are written in a text file, and `lists` gives its path",
    }

    math: bool = True
    main_content: bool = True
    min_formula_survival: float = 0.8
    lists: dict[str, str] = Field(default_factory=dict)

"""What a user may write of `dedup_paragraphs`."""

from typing import ClassVar

from pydantic import Field

from cleaner.stages.options.base import StageOptions


class DedupParagraphsOptions(StageOptions):
    """Cut copies of earlier paragraphs of the same document; count `characters_cut`.

    Paragraphs are parted by blank lines; in a text without any, every line is one. Those under
    `min_chars` characters stay, but for lines of a passage that is said again as a whole: short
    ones, such as those of a dialogue, are said twice for a reason. The cut-off beginning of another
    paragraph (a teaser that ends in …) goes too. The refrain of a song set without blank lines is
    cut where its lines are long.
    """

    stage: ClassVar[str] = "cleaner.stages.dedup_paragraphs:DedupParagraphs"

    min_chars: int = Field(20, ge=1)

"""What a user may write of `math_prefilter`."""

from typing import ClassVar

from cleaner.config.choices import Weak
from cleaner.stages.options.base import JudgingOptions


class MathPrefilterOptions(JudgingOptions):
    """Add `broken`: `no_math_markup` for pages without mathematical markup or weak TeX evidence.

    Rows without a page but with text (those of a `text` entry) pass.
    """

    stage: ClassVar[str] = "cleaner.stages.math_prefilter:MathPrefilter"

    weak: Weak = "auto"

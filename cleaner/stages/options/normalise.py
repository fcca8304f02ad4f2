"""What a user may write of `normalise`."""

from typing import ClassVar, Literal

from cleaner.config.choices import Form
from cleaner.stages.options.base import StageOptions


class NormaliseOptions(StageOptions):
    """Replace `text` by its normal form; on request repair mojibake and mask personal data."""

    stage: ClassVar[str] = "cleaner.stages.normalise:Normalise"

    form: Form = "NFC"
    mojibake: bool = False
    personal_data: Literal["keep", "mask"] = "keep"

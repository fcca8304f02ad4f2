"""Bring texts to one spelling before anything is measured on them."""

from typing import ClassVar, Literal

import polars as pl

from cleaner.stages.base import Stage
from cleaner.text.mojibake import repair_all
from cleaner.text.normalise import Form, normalise
from cleaner.text.personal_data import mask
from cleaner.text.segment import formulas_of


class Normalise(Stage):
    """Replace `text` by its normal form; on request repair mojibake and mask personal data."""

    version: ClassVar[int] = 3  # numbers in signs of any width, after indented lines too
    changes_text: ClassVar[bool] = True

    form: Form = "NFC"
    mojibake: bool = False
    personal_data: Literal["keep", "mask"] = "keep"

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs` with `text` normalised; a null text stays null."""
        text = docs["text"]
        if self.mojibake:
            # First: what looks like a C1 control is a byte of a misread character.
            text = repair_all(text)
        text = normalise(text, self.form)
        if self.personal_data == "mask":
            text = mask(text, formulas_of(docs))
        return docs.with_columns(text=text)

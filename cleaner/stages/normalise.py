"""Bring texts to one spelling before anything is measured on them."""

from typing import ClassVar

import polars as pl

from cleaner.stages.base import Stage
from cleaner.stages.options.normalise import NormaliseOptions
from cleaner.text.mojibake import repair_all
from cleaner.text.normalise import normalise
from cleaner.text.personal_data import mask
from cleaner.text.segment import formulas_of


class Normalise(NormaliseOptions, Stage):
    """The stage at work; its options say what it does."""

    version: ClassVar[int] = 4  # addresses of small numbers are personal data
    changes_text: ClassVar[bool] = True

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

"""What a page says beside its text, as columns: name -> Polars type."""

from dataclasses import fields
from typing import Any

import polars as pl

from cleaner.web.facts import Facts

FACTS: dict[str, Any] = {
    field.name: pl.Boolean if field.type in ("bool", bool) else pl.String for field in fields(Facts)
}
COLUMNS: dict[str, Any] = {
    "formulas_marked": pl.Boolean,
    "formulas_found": pl.UInt32,
    "formulas_lost": pl.UInt32,
    "formula_images_lost": pl.UInt32,
    "link_density": pl.Float64,
    "charset": pl.String,
    "charset_repaired": pl.Boolean,
    **FACTS,
}

"""A row of the corpus and what is true of it."""

from dataclasses import dataclass
from typing import Literal

Form = Literal["html", "text"]


@dataclass
class Gold:
    """What is true of a row."""

    lang: str | None
    script: str | None
    domain: str | None = None  # the field, or `worksheet`, `exercise`, `volume`
    has_math: bool = False
    n_formulas: int = 0
    math_encoding: str | None = None
    quality: str = "high"
    junk_kind: str | None = None
    cluster: str = ""  # id of the document this is a copy of, or its own
    relation: str = "original"
    family: str | None = None  # what it has in common with its sisters, which are no duplicates
    edit_share: float | None = None
    jaccard: float | None = None  # with the original, by runs of five words
    charset: str | None = None
    note: str | None = None
    keep: bool = True
    reason: str | None = None


@dataclass
class Row:
    """One row of the corpus with its gold."""

    id: str | None
    payload: bytes | str | None
    url: str | None
    date: str
    source: str
    licence: str | None
    gold: Gold

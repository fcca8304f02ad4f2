"""What every stage is: frozen options plus one call on a frame of documents.

A frame has a row per document: the key (`file` UInt32, `row` UInt64), the label `id`, the columns
that the job carries, `text` (or `html` before `extract`), and what earlier stages added. A stage
returns the same rows in the same order and may add

- `broken` (List(String)): the reasons why a document falls; empty means keep,
- `error` (String): why a document could not be judged; null means it could,
- `text` and `characters_cut` (UInt32), when it changes the text,
- the columns that `adds` names: scores, facts, labels.

It never filters and never reorders; the engine moves what fell out to the ledger.
"""

from typing import Any, ClassVar, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """A frozen pydantic model that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class Stage(Options):
    """One entry of a job's `stages`."""

    version: ClassVar[int] = 1  # raised whenever the same input may give other output
    kind: ClassVar[Literal["document", "corpus"]] = "document"  # "corpus" stages see all rows
    changes_text: ClassVar[bool] = False
    exact: ClassVar[bool] = True  # False: float scores, another machine may differ in the last bit

    @classmethod
    def from_short(cls, value: Any) -> dict[str, Any]:
        """Return options for the short form `name: value` of a job file; most stages have none."""
        raise ValueError(f"takes a mapping of options, not {value!r}")

    def label(self) -> str:
        """Return what follows the stage's name in ledgers (`:math_web` for a filter), or ''."""
        return ""

    def needs(self) -> set[str]:
        """Return the columns of the frame this stage reads."""
        return {"text"}

    def adds(self) -> dict[str, Any]:
        """Return the columns this stage adds for good, name -> Polars type."""
        return {}

    def signals(self) -> set[str]:
        """Return the signals this stage judges by; the engine measures them once for a phase."""
        return set()

    def resolve(self) -> "Stage":
        """Return these options with defaults from models and files filled in, or raise JobError.

        Called once, on the driver, before anything runs.
        """
        return self

    def files(self) -> list[str]:
        """Return the paths of models and lists whose bytes decide the outcome."""
        return []

    def __call__(self, docs: pl.DataFrame) -> pl.DataFrame:
        """Return `docs`, same rows and order, with what this stage adds."""
        raise NotImplementedError


class Judging(Stage):
    """A stage that drops documents, or only tags them."""

    action: Literal["drop", "tag"] = "drop"
    on: str | None = None

"""What a user may write of `decontaminate`."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from cleaner.config.options import Options
from cleaner.stages.options.base import JudgingOptions


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


class ItemColumns(Options):
    """Where the parts of an item stand in a benchmark file; `a.b` is a field of a column."""

    question: str = "question"
    answer: str | None = None
    choices: str | None = None
    id: str | None = None


class DecontaminateOptions(JudgingOptions):
    """Drop, cut or tag what holds an item of a benchmark: `broken` is `benchmark`.

    `against` names files of items, JSON Lines or Parquet, by globs; `column` the column of their
    questions, or `{question:, answer:, choices:, id:}`. Columns `answer`, `choices` and `id` are
    taken where a file has them and nothing else is said.

    Questions are compared with texts as keys (see `kernels.dedup.fold`), a formula as one word, in
    runs of `ngram` words. One of 13 words or more, 20 characters of Chinese, matches where most of
    it stands and what it asks is there; a shorter one must stand whole: as a line of its own, with
    its answer or its choices, or labelled as a question. A run of words in more than 20 documents,
    one in 100,000 of a large corpus, that do not match its item otherwise carries no weight; if
    `stops` names a file of phrases, one a line, theirs carry none instead. An item left without
    words that carry weight is named in the account, and what matches it is tagged.

    `cut` takes the question out of the text, and the choices and the answer that follow it; a text
    without a word left is `broken`.
    """

    stage: ClassVar[str] = "cleaner.stages.decontaminate:Decontaminate"

    action: Literal["drop", "cut", "tag"] = "drop"  # type: ignore[assignment]
    against: Annotated[
        tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_several)
    ] = Field(min_length=1)
    column: str | ItemColumns = "question"
    ngram: int = Field(5, ge=3, le=13)
    stops: str | None = None

    @classmethod
    def from_short(cls, value: Any) -> dict[str, Any]:
        """Return options for `decontaminate: benchmarks/*.jsonl`."""
        return {"against": [value]} if isinstance(value, str) else super().from_short(value)

"""What MODEL.yaml says: which documents, which learner, how it is measured and where it cuts."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from cleaner.models.scoring import fasttext
from cleaner.models.scoring.embed import Encoder
from cleaner.models.scoring.prepare import Preparation
from cleaner.models.training.examples import Examples


class Spec(BaseModel):
    """A part of MODEL.yaml: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class HeldOut(Spec):
    """How documents are held out: whole hosts or sources, a share once or all in folds."""

    by: Literal["host", "source", "document"] = "host"
    share: float = Field(0.1, gt=0, lt=1)
    folds: int | None = Field(None, ge=2, le=20)


class CutSpec(Spec):
    """Where the model cuts: exactly one of four ways to say it."""

    score: float | None = Field(None, ge=0, le=1)
    precision: float | None = Field(None, gt=0, le=1)
    share: float | None = Field(None, gt=0, le=1)
    tokens: int | None = Field(None, gt=0)
    of: int | None = Field(None, gt=0)  # tokens of the corpus that `tokens` are kept of

    @model_validator(mode="after")
    def _one(self) -> "CutSpec":
        ways = ("score", "precision", "share", "tokens")
        given = [name for name in ways if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"takes exactly one of {', '.join(ways)}; got {given or 'none'}")
        if (self.tokens is None) != (self.of is None):
            raise ValueError("tokens and of (the tokens of the corpus) need each other")
        return self


NAME = r"^[A-Za-z0-9_.-]{1,60}$"  # of a label: one word to fastText
Several = Annotated[  # one entry may stand without its list
    tuple[Examples, ...],
    BeforeValidator(lambda value: [value] if isinstance(value, dict) else value),
]


class ModelSpec(Spec):
    """MODEL.yaml."""

    model: str
    label: str = Field("yes", pattern=NAME)
    positives: Several = ()
    negatives: Several = ()
    other: str = Field("other", pattern=NAME)  # what negatives are called
    classes: dict[Annotated[str, Field(pattern=NAME)], Several] = {}
    kind: Literal["fasttext", "embedding"] = "fasttext"
    prepare: Preparation = Preparation()
    settings: fasttext.Settings = Field(fasttext.Settings(), alias="fasttext")
    encoder: Encoder | None = None  # of an embedding model
    ridge: float = Field(1.0, gt=0)  # the weight that holds an embedding head's weights small
    graded: Several = ()  # documents with a column `grade`, for a regression
    good_from: float = 3  # the grade from which a document has the label
    balance: Literal["none", "label", "label_lang"] = "label"
    held_out: HeldOut = HeldOut()
    prevalence: float | None = Field(None, gt=0, lt=1)
    cut: CutSpec = CutSpec(score=0.5)
    quantise: int | None = Field(None, ge=0)  # features to keep; 0: all of them, compressed
    seed: int = Field(0, ge=0, lt=2**31)

    @model_validator(mode="after")
    def _labels(self) -> "ModelSpec":
        if (self.kind == "embedding") != (self.encoder is not None):
            raise ValueError("kind: embedding and encoder need each other")
        if self.graded:
            if self.kind != "embedding" or self.positives or self.negatives or self.classes:
                raise ValueError("graded needs kind: embedding, and no positives or classes")
        elif bool(self.positives) != bool(self.negatives) or (
            bool(self.positives) == bool(self.classes)
        ):
            raise ValueError("takes positives and negatives, or classes with documents of each")
        if self.classes and (self.label not in self.classes or len(self.classes) < 2):
            raise ValueError(
                f"label: {self.label!r} must be one of at least two classes; "
                f"available: {', '.join(self.classes)}"
            )
        if self.label == self.other:
            raise ValueError("label and other must differ")
        if self.prevalence is None and self.cut.score is None:
            raise ValueError(
                "prevalence (the share of documents with the label in the corpus, as in 0.005) is "
                "needed for a cut by precision, share or tokens"
            )
        return self

    def by_label(self) -> dict[str, tuple[Examples, ...]]:
        """Return the examples of every label."""
        if self.graded:
            return {}
        return self.classes or {self.label: self.positives, self.other: self.negatives}

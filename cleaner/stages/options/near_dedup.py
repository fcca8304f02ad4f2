"""What a user may write of `near_dedup`."""

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from cleaner.config.choices import Preset, Scheme
from cleaner.stages.options.duplicates import DuplicatesOptions


class NearDedupOptions(DuplicatesOptions):
    """Add `broken` (`near_duplicate`), the partner with its Jaccard, and `cluster_size`.

    Candidates come from MinHash bands: a `preset`, or `ngram`, `bands` and `rows`, or the bands
    that `datasketch` finds best for `threshold` and `permutations`. With `verify` a document falls
    only if its true Jaccard to a kept one is at least `threshold`.
    """

    stage: ClassVar[str] = "cleaner.stages.near_dedup:NearDedup"

    preset: Preset | None = None
    ngram: int = Field(5, ge=1, le=100)
    bands: int | None = Field(None, ge=1, le=1000)
    rows: int | None = Field(None, ge=1, le=1000)
    permutations: int | None = Field(None, ge=2, le=1024)
    seed: int = Field(1, ge=0, lt=2**32)
    scheme: Scheme = "affine32"
    threshold: float = Field(0.8, gt=0, le=1)
    verify: bool = True
    cluster: Literal["star", "components"] = "star"

    @classmethod
    def from_short(cls, value: Any) -> dict[str, Any]:
        """Return options for `near_dedup: fineweb`."""
        return {"preset": value} if isinstance(value, str) else super().from_short(value)

    @model_validator(mode="after")
    def _one_banding(self) -> Self:
        if (self.bands is None) != (self.rows is None):
            raise ValueError("bands and rows go together")
        given = [name for name in ("preset", "bands", "permutations") if getattr(self, name)]
        if len(given) > 1:
            raise ValueError(f"takes one of preset, bands and rows, permutations; got {given}")
        return self

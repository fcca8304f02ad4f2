"""What a user may write of `categorise`."""

from typing import ClassVar

from pydantic import ConfigDict, Field

from cleaner.stages.options.base import StageOptions


class CategoriseOptions(StageOptions):
    """Add the category of each document, by a fastText model whose labels are of a taxonomy.

    The column is called `as`, its probability `AS_score`. Below `min_score`, and where the model
    knows no word of a text, the category is `unsure`. `taxonomy` is a name in `jobs/taxonomies/` or
    a path. Nothing is dropped: `per` of a share-based cut, `by` of `cap` and `where` of a mixture
    take the column.
    """

    model_config = ConfigDict(populate_by_name=True)

    stage: ClassVar[str] = "cleaner.stages.categorise:Categorise"

    model: str
    name: str = Field("topic", alias="as", pattern=r"^[a-z][a-z0-9_]{0,40}$")
    taxonomy: str = "pages"
    min_score: float = Field(0.0, ge=0, le=1)

"""What a user may write of `generate`."""

from typing import ClassVar, Literal

from pydantic import ConfigDict, Field

from cleaner.stages.options.asked import AskedOptions


class GenerateOptions(AskedOptions):
    """Add a column with a new text that a large model wrote out of each text, which stays.

    The options are those of `rewrite`; the column is called `as`. With `parent`, the id of the
    page, and `kind`, which says `generated`, it is the input of a job of its own: `text: AS`,
    `read: [parent, kind]`. A page without an answer that keeps the guards has no text there, and is
    tagged `rewrite_*`. A second `generate` says `marks: false`: `parent` and `kind` are there.
    """

    model_config = ConfigDict(populate_by_name=True)

    stage: ClassVar[str] = "cleaner.stages.generate:Generate"

    action: Literal["tag"] = "tag"
    name: str = Field("generated", alias="as", pattern=r"^[a-z][a-z0-9_]{0,40}$")
    marks: bool = True

"""What a user may write of `embed_classify`."""

from typing import ClassVar

from cleaner.stages.options.scored import ScoredOptions


class EmbedClassifyOptions(ScoredOptions):
    """Add the score of one label of an embedding head, and drop what lies below the cut.

    `model` is the head that `cleaner train` wrote; it names its encoder by path.
    """

    stage: ClassVar[str] = "cleaner.stages.embed_classify:EmbedClassify"

"""What a user may write of `classify`."""

from typing import ClassVar

from cleaner.stages.options.scored import ScoredOptions


class ClassifyOptions(ScoredOptions):
    """Add the probability of one label of a fastText model, and drop what lies below the cut."""

    stage: ClassVar[str] = "cleaner.stages.classify:Classify"

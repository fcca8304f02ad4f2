"""What every language model is, whoever made it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cleaner.models.language.codes import Code


@dataclass(frozen=True)
class Proposal:
    """What a model says of some texts: the best label, the best of another language, their shares.

    Labels are numbers into the backend's `codes`; -1: the model knows nothing in the text.
    """

    best: np.ndarray
    share: np.ndarray
    second: np.ndarray
    second_share: np.ndarray


class Backend(Protocol):
    """A language model; `calibration` makes a score of its shares.

    `min_score` is the score from which its answer is right more often than not.
    """

    name: str
    identity: str
    codes: list[Code]
    calibration: tuple[float, float]
    min_score: float

    def propose(self, offsets: np.ndarray, data: np.ndarray) -> Proposal:
        """Return the proposal for each text `data[offsets[i]:offsets[i + 1]]`."""
        ...

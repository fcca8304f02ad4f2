"""A guess at how long the phases take that have not begun."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cleaner.runs.phases.base import Phase

# Of the time of the first phase, which reads the input and judges most of it. A guess, not a
# measurement: what it says is told as "about".
_SHARES = {"map": 0.1, "step": 0.03, "shard": 0.05, "account": 0.03}
_ANY = 0.005  # of any other function: it touches keys alone


@dataclass(frozen=True)
class Later:
    """The phases after one of them."""

    phases: Sequence[Phase]
    number: int
    seconds: Mapping[str, float]  # that each phase took so far in this attempt

    def __call__(self, whole: float) -> float | None:
        """Return about the seconds of the phases to come, where this one takes `whole` in all.

        None where the first phase took no time: an earlier attempt did its work.
        """
        first = whole if self.number == 0 else self.seconds.get(self.phases[0].name, 0.0)
        rest = self.phases[self.number + 1 :]
        if first < 0.1:
            return None if rest else 0.0
        return first * sum(_SHARES.get(phase.function, _ANY) for phase in rest)

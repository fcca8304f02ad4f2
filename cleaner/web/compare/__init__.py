r"""How far two formulas in LaTeX say the same: 1 for the same signs in the same places."""

from math import exp
from typing import NamedTuple

from cleaner.web.compare.distance import Distance, distance
from cleaner.web.compare.reader import signs_of

__all__ = ["compare_formulas", "contains_formula", "same_formula", "score", "signs_of"]

MOST = 0.49  # of a formula with a real difference


class Constants(NamedTuple):
    """How the score falls; fitted on pairs that people rated (tests/benchmarks/formula_pairs)."""

    forgiven: float  # what each difference costs that readers forgive
    share: float  # how fast the score falls with the share of signs that differ
    number: float  # and with their number


FITTED = Constants(forgiven=0.2, share=3.0, number=0.1)


def compare_formulas(one: str, other: str) -> float:
    r"""Return how alike two formulas are, from 0 to 1, in either order.

    What is only a way of writing costs nothing. A difference that changes what is said (a sign, an
    index, a relation, a bound, a letter) takes the score under 0.5, however long the formulas are.

    >>> compare_formulas(r"\dfrac{1}{2}", r"{1 \over 2}")
    1.0
    >>> compare_formulas("x_i<1", "x_j<1") < 0.5
    True
    """
    left, right = signs_of(one), signs_of(other)
    if left == right:
        return 1.0
    return score(distance(left, right), max(len(left), len(right)), FITTED)


def score(found: Distance, length: int, constants: Constants) -> float:
    """Return the score of two formulas of up to `length` signs that differ so."""
    value = (1 - constants.forgiven) ** found.forgiven
    if found.wrong:
        share = found.wrong / length
        value *= MOST * exp(-constants.share * share - constants.number * (found.wrong - 1))
    return round(value, 6)


def same_formula(one: str, other: str) -> bool:
    r"""Return whether two formulas set the same signs in the same places.

    >>> same_formula(r"x^2_1 \leq \left(y\right)", r"x_{1}^{2}\le (y)")
    True
    """
    return signs_of(one) == signs_of(other)


def contains_formula(whole: str, part: str) -> bool:
    r"""Return whether the signs of `part` stand in a row in `whole`, at any depth of it.

    >>> contains_formula(r"\sqrt{x_1+1}", "x_1"), contains_formula(r"x_{12}", "x_1+1")
    (True, False)
    """
    few, all_ = signs_of(part), signs_of(whole)
    for start in range(len(all_) - len(few) + 1) if few else ():
        depth = len(all_[start].place) - len(few[0].place)
        around = all_[start].place[: max(depth, 0)]
        wanted = (sign._replace(place=around + sign.place) for sign in few)
        if all(sign == want for sign, want in zip(all_[start:], wanted, strict=False)):
            return True
    return False

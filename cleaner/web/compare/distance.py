"""How far two rows of signs are apart: real differences, and those that readers forgive."""

from typing import NamedTuple

from cleaner.web.budget import OverBudget
from cleaner.web.compare.reader import Sign
from cleaner.web.compare.signs import ALIKE, VARIANTS

LONGEST = 2_000  # signs of one formula beyond which two that differ are not aligned


class Distance(NamedTuple):
    """What differs between two formulas: signs that mean something else, and forgiven ones."""

    wrong: int
    forgiven: int


_SCRIPTS = frozenset("_^")
_WRONG, _FORGIVEN = 1_000, 400  # so that costs are whole numbers, the same in both directions


def distance(one: tuple[Sign, ...], other: tuple[Sign, ...]) -> Distance:
    """Return how many signs must be changed, added or taken away, at the least.

    Of the ways with the smallest cost the one with fewest real differences counts.
    """
    one, other = _differing(one, other)
    if max(len(one), len(other)) > LONGEST:
        raise OverBudget(f"over budget: formulas that differ in more than {LONGEST:,} signs")
    # a cost holds the wrong ones, then the forgiven: (wrong * 1000 + forgiven * 400, wrong)
    before = [(at * _WRONG, at) for at in range(len(other) + 1)]
    for row, left in enumerate(one, 1):
        line = [(row * _WRONG, row)]
        for column, right in enumerate(other, 1):
            best = before[column - 1]
            if left != right:
                cost, wrong = best
                forgiven = _is_forgiven(left, right)
                best = (cost + _FORGIVEN, wrong) if forgiven else (cost + _WRONG, wrong + 1)
                for cost, wrong in (before[column], line[column - 1]):
                    if (cost + _WRONG, wrong + 1) < best:
                        best = (cost + _WRONG, wrong + 1)
            line.append(best)
        before = line
    cost, wrong = before[-1]
    return Distance(wrong, (cost - wrong * _WRONG) // _FORGIVEN)


def _differing(
    one: tuple[Sign, ...], other: tuple[Sign, ...]
) -> tuple[tuple[Sign, ...], tuple[Sign, ...]]:
    """Return both without what they begin and end with in common."""
    start, shorter = 0, min(len(one), len(other))
    while start < shorter and one[start] == other[start]:
        start += 1
    end = 0
    while end < shorter - start and one[-1 - end] == other[-1 - end]:
        end += 1
    return one[start : len(one) - end], other[start : len(other) - end]


def _is_forgiven(one: Sign, other: Sign) -> bool:
    if one.place != other.place:
        return False
    if one.name == other.name:
        return True  # in another font
    if one.font != other.font:
        return False
    pair = (one.name, other.name)
    # what stands below or above a sign says which one is meant: no likeness is forgiven there
    return pair in VARIANTS or (pair in ALIKE and _SCRIPTS.isdisjoint(one.place))

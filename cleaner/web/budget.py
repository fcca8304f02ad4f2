"""Budgets of work, counted in nodes, depth and formulas: what no page may spend more of."""

from cleaner.errors import CleanerError

FORMULAS = 50_000  # formulas of one page; the longest handbook pages have about 5,000
DELIMITERS = 200_000  # signs in the text of a page that may begin a formula
MATHML_NODES = 20_000  # elements of one formula; a 50 x 50 matrix has about 8,000
MATHML_DEPTH = 100  # nested elements of one formula; hand-made ones stay below 30
CONTENT_DEPTH = 60  # the same for content markup
PAGE_MATHML_NODES = 2_000_000  # elements of all formulas of a page
MACRO_STEPS = 2_000  # macro expansions within one formula; a macro that calls itself ends there
PAGE_MACRO_STEPS = 200_000  # macro expansions within all formulas of a page
TEX_LENGTH = 100_000  # characters of one formula's TeX


class OverBudget(CleanerError):
    """A page asks for more work than any honest page needs; it fails with this reason."""


class Work:
    """What one page has spent so far; every `spend` past the limit is an `OverBudget`.

    >>> work = Work("formulas", 2)
    >>> work.spend(), work.spend()
    (None, None)
    >>> work.spend()
    Traceback (most recent call last):
    ...
    cleaner.web.budget.OverBudget: over budget: more than 2 formulas
    """

    def __init__(self, what: str, limit: int) -> None:
        self.what, self.limit, self.spent = what, limit, 0

    def spend(self, amount: int = 1) -> None:
        """Count `amount` more."""
        self.spent += amount
        if self.spent > self.limit:
            raise OverBudget(f"over budget: more than {self.limit} {self.what}")

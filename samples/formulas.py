r"""Formulas from patterns in which letters and numbers vary.

The patterns are in `grammars/fields/`. In a pattern `@x` is a letter from the set of that name,
the same one wherever it is named within the formula, and `#a` a small whole number.
"""

import re
from random import Random

from .grammar import pick

LETTERS = {
    "x": ("x", "t", "y", "s", "u", "z"),
    "y": ("y", "w", "v", "r"),
    "n": ("n", "m", "k", "N", "p"),
    "i": ("i", "j", "k", "l"),
    "f": ("f", "g", "h", r"\varphi", r"\psi", "F", "u"),
    "g": ("g", "h", "q", "G", "v"),
    "a": ("a", "b", "c", r"\alpha", r"\beta", r"\lambda", r"\mu"),
    "b": ("b", "d", "r", r"\gamma", r"\delta"),
    "A": ("A", "B", "M", "T", "P", "Q"),
    "V": ("V", "W", "U", "E"),
    "G": ("G", "H", "K", r"\Gamma"),
    "X": ("X", "Y", "Z", "S", r"\xi"),
}
_LETTER = re.compile(r"([@#])([A-Za-z])")
_NEXT = re.compile(r"\{(\d)([+-])1\}")


def fill(pattern: str, rng: Random) -> str:
    """Return one formula made from a pattern."""
    chosen: dict[str, str] = {}

    def replace(found: re.Match[str]) -> str:
        key = found[0]
        if key not in chosen:
            number = str(2 + int(rng.random() * 8))
            chosen[key] = number if found[1] == "#" else pick(rng, LETTERS[found[2]])
        after = pattern[found.end() : found.end() + 1]
        # a command needs a space before the letter that follows it
        gap = chosen[key].startswith("\\") and (after.isalpha() or after == "@")
        return chosen[key] + " " * gap

    def worked_out(found: re.Match[str]) -> str:
        # x^{3-1} is written x^{2}, as a person would
        return f"{{{int(found[1]) + int(found[2] + '1')}}}"

    return _NEXT.sub(worked_out, _LETTER.sub(replace, pattern))

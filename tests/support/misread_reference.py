"""Runs of UTF-8 read as Windows-1252, found with a regular expression."""

import re

from cleaner.kernels.text.misread import LATIN, SURE
from cleaner.text.misread import points, units

RUNS = re.compile(f"(?:{units(LATIN)})+")


def misread(text: str) -> int:
    """Return the characters of the runs that nobody wrote."""
    runs = [(len(run[0]), points(text, *run.span())) for run in RUNS.finditer(text)]
    doubted = [(length, told) for length, told in runs if told < SURE]
    all_count = sum(told for _, told in doubted) >= SURE
    return sum(length for length, told in runs if told >= SURE or all_count)

"""Runs of misread UTF-8: the kernel against its reference, sign by sign and in texts."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.misread_reference import RUNS

from cleaner.kernels.text import misread
from cleaner.text.misread import points

SIGNS = [*misread.LATIN, "a", "n", "K", "Š", "ű", "中", " ", ".", "€"]


@settings(deadline=None)  # the first call loads machine code
@given(text=st.lists(st.sampled_from(SIGNS), max_size=30).map("".join))
@example("fiancé…”, nÃ©e Å²")
def test_every_run_has_the_points_of_its_reference(text: str) -> None:
    data = np.frombuffer(text.encode() or b" ", np.uint8)
    for found in RUNS.finditer(text):
        start = len(text[: found.start()].encode())
        end, characters, told = misread.run(data, 0, start, len(data))
        assert (end, characters) == (start + len(found[0].encode()), len(found[0]))
        assert told == points(text, *found.span())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cafÃ©", 2),
        ("Ã–sterreich", 2),
        ("Ä°zmir", 2),
        ("so â€™ it", 2),
        ("naïve", 0),  # no run
        ("CAFÉ®", 0),
        ("10 Å²", 0),
        ("fiancé…”", 0),
        ("une idée\u00a0»", 0),
        ("Ã’s", 0),
        ("«Olé»–", 0),
    ],
)
def test_what_a_run_tells(text: str, told: int) -> None:
    found = RUNS.search(text)
    assert (points(text, *found.span()) if found else 0) == told

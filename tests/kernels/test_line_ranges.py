"""Cutting pieces out of texts, byte by byte."""

import numpy as np
import pytest

from cleaner.kernels.dedup.line_ranges import keep_pieces


def kept(pieces: list[str], keep: str) -> str:
    raw = [piece.encode() for piece in pieces]
    cuts = np.cumsum([0, *map(len, raw)])
    flags = np.array([flag == "+" for flag in keep], bool)
    blank = np.array([not piece.strip() for piece in pieces], bool)
    data = np.frombuffer(b"".join(raw) or b"\0", np.uint8)
    offsets, out = keep_pieces(data, cuts, np.array([0, len(raw)]), flags, blank)
    return out[: offsets[-1]].tobytes().decode()


@pytest.mark.parametrize(
    ("pieces", "keep", "left"),
    [
        (["a\n", "b\n", "c"], "+-+", "a\nc"),
        (["a\n", "\n", "b\n", "\n", "c\n"], "++-++", "a\n\nc"),
        (["b\n", "\n", "c\n"], "-++", "c"),
        (["c\n", "\n", "b"], "++-", "c"),
        (["\n", "a\n", "\n", "\n"], "++++", "\na\n\n\n"),
        (["b\n"], "-", ""),
        ([], "", ""),
    ],
)
def test_blanks_close_up_where_something_went(pieces: list[str], keep: str, left: str) -> None:
    assert kept(pieces, keep) == left

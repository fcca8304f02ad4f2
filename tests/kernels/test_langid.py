"""The language kernel: against py3langid itself, and its pieces against their reference."""

import math
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from py3langid.langid import LanguageIdentifier
from support.unicode_texts import texts

from cleaner.kernels.arrow import utf8
from cleaner.kernels.language import langid
from cleaner.models.language.backends import Py3langid, backend
from cleaner.models.language.base import Proposal

WORDS = "the of and der die das и не на 的 是 了 の は です ktorý któremu \u0e17\u0e35\u0e48"
PROSE = st.lists(st.sampled_from(WORDS.split()), max_size=300).map(" ".join)


@pytest.fixture(scope="module")
def model() -> Py3langid:
    found = backend()
    assert isinstance(found, Py3langid)
    return found


@pytest.fixture(scope="module")
def oracle() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file("data/model.npz.xz")


def proposed(model: Py3langid, batch: list[str]) -> Proposal:
    offsets, data = utf8(pl.Series(batch, dtype=pl.String))
    return model.propose(offsets.copy(), data.copy())


def by_oracle(model: Py3langid, oracle: LanguageIdentifier, text: str) -> tuple[np.ndarray, float]:
    """Return py3langid's own scores, and the share of the best label's language."""
    data = oracle._encode(text)
    scores = oracle._raw_score(data).astype(np.float64)
    parts = np.exp((scores - scores.max()) / math.sqrt(len(data) or 1))
    best = model.codes[int(scores.argmax())].lang
    same = np.array([code.lang == best for code in model.codes])
    return scores, float(parts[same].sum() / parts.sum())


@settings(max_examples=150, deadline=None)
@given(text=texts | PROSE)
@example(text="the " * 500)  # counts beyond the buckets
@example(text="ALL CAPITALS ARE LOWERED")
@example(text="e\u0301tait a\u0300 lui")  # not in normal form
@example(text="x" * (langid.SHORT - 1))
@example(text="x" * langid.SHORT)
def test_scores_are_those_of_py3langid(
    model: Py3langid, oracle: LanguageIdentifier, text: str
) -> None:
    found = proposed(model, [text])
    scores, share = by_oracle(model, oracle, text)
    best = found.best[0]
    if best < 0:
        assert scores.max() == scores.min()  # its floor: no feature at all
        return
    # It sums in 32 bits, about a thousandth off; nearer ties may go either way.
    assert scores[best] >= scores.max() - 0.02
    if model.codes[best].lang == model.codes[int(scores.argmax())].lang:
        assert found.share[0] == pytest.approx(share, abs=0.01)
    assert model.codes[found.second[0]].lang != model.codes[best].lang


@settings(max_examples=30, deadline=None)
@given(batch=st.lists(texts | PROSE, max_size=6))
def test_a_batch_is_its_texts_one_by_one(model: Py3langid, batch: list[str]) -> None:
    whole = proposed(model, batch)
    for i, text in enumerate(batch):
        one = proposed(model, [text])
        assert (whole.best[i], whole.share[i]) == (one.best[0], one.share[0])
        assert (whole.second[i], whole.second_share[i]) == (one.second[0], one.second_share[0])


def pieces_reference(text: bytes, least: int) -> list[bytes]:
    out = []
    for part in text.split(b"\0"):
        pieces, line = [], b""
        for piece in part.splitlines(keepends=True) if b"\r" not in part else [part]:
            line += piece
            if len(line) >= least and line.endswith(b"\n"):
                pieces, line = [*pieces, line], b""
        if line and pieces and len(line) < least:
            pieces[-1] += line
        elif line:
            pieces.append(line)
        out += pieces
    return out


@settings(max_examples=100, deadline=None)
@given(batch=st.lists(st.text("ab\n\0", max_size=60), min_size=1, max_size=4))
def test_pieces_equal_their_reference(batch: list[str]) -> None:
    offsets, data = utf8(pl.Series(batch, dtype=pl.String))
    which = np.arange(len(batch))[::-1].copy()
    owner, bounds, out = langid.pieces(offsets.copy(), data.copy(), which, 8)
    found = [out[a:b].tobytes() for a, b in pairwise(bounds)]
    expected = [(i, piece) for i in which for piece in pieces_reference(batch[i].encode(), 8)]
    assert list(zip(owner.tolist(), found, strict=True)) == expected

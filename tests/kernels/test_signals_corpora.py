"""Segmentation, counts and URLs against their references on the labelled corpora."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from support.address_kernels import by_kernel as urls_by_kernel
from support.addresses_reference import urls
from support.signal_kernels import OURS, by_kernel
from support.signals_reference import count as reference

from cleaner.kernels.text.segment import OFF, RULE
from cleaner.signals import measure

pytestmark = pytest.mark.corpora
FILES = ("open/math_vs_web", "open/multilingual", "open/neardup_docs", "bench/zh-00000")


@pytest.mark.parametrize("name", FILES)
def test_kernels_equal_their_references_on_real_texts(corpora: Path, name: str) -> None:
    texts = pl.read_parquet(corpora / f"{name}.parquet", columns=["text"])["text"]
    for text in texts.sample(60, seed=0):
        for mode in (OFF, RULE):
            expected = reference(text, mode)
            assert by_kernel([text], mode, set(OURS))[0] == {n: expected[n] for n in OURS}
        assert urls_by_kernel(text) == urls(text)


def test_english_without_tex_holds_no_formulas(corpora: Path) -> None:
    texts = pl.read_parquet(corpora / "bench/en-*.parquet", columns=["text"])["text"]
    frame = measure(texts, ["formula_char_ratio", "tex_commands"])
    without = frame["tex_commands"].to_numpy() == 0
    lengths = texts.str.len_chars().to_numpy()[without]
    inside = frame["formula_char_ratio"].to_numpy()[without] * lengths
    assert np.sum(inside) / np.sum(lengths) < 0.001

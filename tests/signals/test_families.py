"""What every family of signals owes: a number for every text, whatever stands beside it."""

import math
from types import ModuleType

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.unicode_texts import texts

from cleaner.errors import JobError
from cleaner.signals import FAMILIES, SIGNALS, measure
from cleaner.signals.lists import KINDS

every_family = pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES.keys())
LISTS = {"places": ("中文", "x"), "none": ()}
OF_LISTS = [f"{kind}:{name}" for kind in KINDS for name in LISTS]
batches = st.lists(texts, max_size=5)


def column(batch: list[str | None]) -> pl.Series:
    return pl.Series("text", batch, pl.String)


@every_family
@settings(max_examples=40, deadline=None)
@given(batch=batches)
def test_a_value_for_every_text(family: ModuleType, batch: list[str]) -> None:
    frame = family.measure(column([*batch, "", None]))
    assert frame.columns == list(family.SIGNALS)
    assert frame.height == len(batch) + 2
    for signal in frame:
        assert signal.null_count() == 0
        assert all(math.isfinite(value) for value in signal)
    assert frame.schema == {name: kind for name, (kind, _) in family.SIGNALS.items()}


@every_family
@settings(max_examples=30, deadline=None)
@given(batch=batches)
def test_batch_size_does_not_matter(family: ModuleType, batch: list[str]) -> None:
    whole = family.measure(column(["", *batch]))
    one_by_one = pl.concat([family.measure(column([text])) for text in ["", *batch]])
    assert whole.equals(one_by_one)


@settings(max_examples=30, deadline=None)
@given(batch=batches)
def test_ratios_are_between_0_and_1(batch: list[str]) -> None:
    lengths = {"mean_word_length", "new_line_ratio", "hash_word_ratio", "ellipsis_word_ratio"}
    odd = {"compression_ratio"}  # a few bytes grow
    odd |= {name for name in SIGNALS if name.startswith("top_") and "gram" in name}  # with spaces
    frame = measure([*batch, "a # ... $x$"])
    for name in SIGNALS:
        if name.endswith("_ratio") and name not in lengths | odd:
            assert frame[name].is_between(0, 1).all(), name


@settings(max_examples=30, deadline=None)
@given(batch=batches)
def test_signals_of_lists_are_total_and_do_not_mind_the_batch(batch: list[str]) -> None:
    whole = measure([*batch, "", None], OF_LISTS, lists=LISTS)
    assert not any(
        signal.null_count() or signal.is_nan().any() for signal in whole.cast(pl.Float64)
    )
    apart = [measure([text], OF_LISTS, lists=LISTS) for text in [*batch, "", None]]
    assert whole.equals(pl.concat(apart))


@settings(max_examples=30, deadline=None)
@given(batch=batches, chosen=st.lists(st.sampled_from([*SIGNALS, *OF_LISTS]), unique=True))
def test_what_is_asked_for_alone_is_what_it_is_among_all(
    batch: list[str], chosen: list[str]
) -> None:
    everything = measure(batch, [*SIGNALS, *OF_LISTS], lists=LISTS)
    assert measure(batch, chosen, lists=LISTS).equals(everything.select(chosen))


@pytest.mark.parametrize(
    ("unit", "package"),
    [("word", "polars"), ("jieba", "rjieba"), ("sudachi", "sudachipy"), ("kiwi", "kiwipiepy")],
)
@settings(max_examples=30, deadline=None)
@given(batch=batches)
def test_every_unit_is_total(unit: str, package: str, batch: list[str]) -> None:
    pytest.importorskip(package)
    frame = measure([*batch, None], unit=unit)
    assert frame.height == len(batch) + 1
    assert not any(signal.null_count() for signal in frame)
    assert frame.equals(pl.concat([measure([text], unit=unit) for text in [*batch, None]]))


def test_any_column_of_texts_is_taken() -> None:
    expected = measure(["a b", None, "中文"], ["words"])
    assert expected["words"].to_list() == [2, 0, 2]
    for made in (
        pl.Series(["a b", None, "中文"]),
        pa.array(["a b", None, "中文"]),
        pa.array(["z", "a b", None, "中文"], pa.large_string())[1:],
        pa.chunked_array([["a b"], [None, "中文"]]),
        pa.array([b"a b", None, "中文".encode()], pa.large_binary()),
    ):
        assert measure(made, ["words"]).equals(expected)


def test_bytes_that_are_no_utf8_are_measured_too() -> None:
    broken = pa.array([b"\xff\xfe word \xe4\xb8", b"\x80" * 9], pa.large_binary())
    frame = measure(broken)
    assert frame["words"].to_list() == [1, 0]
    assert all(np.isfinite(signal.to_numpy()).all() for signal in frame)


def test_an_unknown_signal_is_named() -> None:
    with pytest.raises(JobError, match="wrods"):
        measure(["a"], ["wrods"])
    with pytest.raises(JobError, match="list_sum:a"):
        measure(["a"], ["list_sum:a"])


def test_every_signal_has_a_definition_of_one_line() -> None:
    for name, (kind, meaning) in SIGNALS.items():
        assert kind in (pl.UInt32, pl.Float64), name
        assert meaning
        assert "\n" not in meaning
    assert "list_density:any" in SIGNALS
    assert SIGNALS["list_density:any"][0] == pl.Float64
    assert "list_density:" not in SIGNALS or "list_density" not in SIGNALS

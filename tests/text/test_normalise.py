"""One spelling per text: what changes, what does not, and that nothing changes twice."""

import polars as pl
import pytest
from hypothesis import given

from cleaner.text.normalise import Form, normalise
from tests.unicode_texts import texts


@pytest.mark.parametrize(
    ("text", "form", "normal"),
    [
        ("cafe\u0301", "NFC", "café"),
        ("café", "NFD", "cafe\u0301"),
        ("ﬁne ２０", "NFKC", "fine 20"),
        ("ﬁne", "NFC", "ﬁne"),
        ("a\r\nb\rc\u2028d\u2029e\x85f\x0bg\x0ch", "NFC", "a\nb\nc\nd\ne\nf\ng\nh"),
        ("a\x00b\x1b\ufeffc\x9fd\uffff", "NFC", "abcd"),
        ("a\tb\n", "NFC", "a\tb\n"),
        ("👩\u200d💻 می\u200cخواهم", "NFC", "👩\u200d💻 می\u200cخواهم"),
        ("$x^{2}\\alpha$", "NFKC", "$x^{2}\\alpha$"),
        ("", "NFC", ""),
    ],
)
def test_a_text_has_one_spelling(text: str, form: Form, normal: str) -> None:
    assert normalise(pl.Series([text]), form).to_list() == [normal]


def test_a_null_stays_null() -> None:
    assert normalise(pl.Series([None, "a"], dtype=pl.String)).to_list() == [None, "a"]


@given(text=texts)
def test_a_normal_text_stays_as_it_is(text: str) -> None:
    for form in ("NFC", "NFKC"):
        once = normalise(pl.Series([text]), form)
        assert normalise(once, form).to_list() == once.to_list()

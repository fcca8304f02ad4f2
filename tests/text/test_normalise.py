"""One spelling per text: what changes, what does not, and that nothing changes twice."""

import polars as pl
import pytest
from hypothesis import given
from support.unicode_texts import texts

from cleaner.text.normalise import Form, normalise


@pytest.mark.parametrize(
    ("text", "form", "normal"),
    [
        ("cafe\u0301", "NFC", "café"),
        ("café", "NFD", "cafe\u0301"),
        ("ﬁne ２０", "NFKC", "fine 20"),
        ("ﬁne", "NFC", "ﬁne"),
        ("a\r\nb\rc\u2028d\u2029e\x0bf\x0cg", "NFC", "a\nb\nc\nd\ne\nf\ng"),
        ("a\x00b\x1b\ufeffc\x9dd\uffff", "NFC", "abcd"),
        # C1 controls are the bytes of Windows-1252 that they were read from
        ("pp. 12\x9615, \x91so\x92 \x80 5 and so on\x85", "NFC", "pp. 12–15, ‘so’ € 5 and so on…"),
        ("l\x92\x9cuvre", "NFC", "l’œuvre"),
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

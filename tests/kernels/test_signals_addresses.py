"""URLs: their cases, and the kernel against its reference."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.address_kernels import by_kernel
from support.addresses_reference import urls as reference
from support.signal_kernels import OF_ADDRESSES
from support.signal_kernels import by_kernel as counts_of
from support.unicode_texts import texts

from cleaner.kernels.text.segment import OFF

PIECES = [
    "http://", "https://", "HTTP://", "ftp://", "www.", "a.org", "x", "/p?q=(1)", ").", "://", "。",
    "@", "a.b", "..", "%", "-", "_", " ", "+", "1", "\n", ".",
]  # fmt: skip
pieces = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@settings(max_examples=600, deadline=None)
@given(text=pieces | texts | pieces.flatmap(lambda a: texts.map(lambda b: a + b)))
def test_kernel_equals_its_reference(text: str) -> None:
    assert by_kernel(text) == reference(text)


@settings(max_examples=100, deadline=None)
@given(text=pieces | texts)
def test_counts_are_those_of_the_reference(text: str) -> None:
    found = reference(text)
    expected = {"urls": len(found), "url_characters": sum(end - start for start, end in found)}
    assert counts_of([text], OFF, set(OF_ADDRESSES)) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("see https://a.org/x_(y), ok", ["https://a.org/x_(y)"]),
        ("(www.a.org/b).", ["www.a.org/b"]),
        ("网址http://a.cn/路径", ["http://a.cn/"]),
        ("mail a.b+c@d-e.co.uk, xwww.a.org", []),
        ("http://www.a.org and ftp://b.c", ["http://www.a.org", "ftp://b.c"]),
    ],
)
def test_urls(text: str, expected: list[str]) -> None:
    assert [text[a:b] for a, b in by_kernel(text)] == expected

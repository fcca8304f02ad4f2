"""URLs and personal data: their cases, and the kernel against its reference."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.address_kernels import by_kernel
from support.addresses_reference import addresses as reference
from support.unicode_texts import texts

KINDS = ("url", "email", "ip_address", "phone", "china_id", "bank_card")
PIECES = [
    *(
        "http://",
        "https://",
        "HTTP://",
        "ftp://",
        "www.",
        "a.org",
        "x",
        "/p?q=(1)",
        ").",
        "://",
        "。",
    ),
    *("@", "a.b", "c.de", "..", "%", "-", "_", " ", "+", "1", "12", "138", "1234", "86", "\n", "."),
    *("13800138000", "4111 1111 1111 1111", "378282246310005", "11010519491231002X", "8.8.8.8"),
    *("440308199901101512", "192.168.0.1", "255.1.2.3", "+44 20 7946 0958", "6222021234567890128"),
]
pieces = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@settings(max_examples=600, deadline=None)
@given(text=pieces | texts | pieces.flatmap(lambda a: texts.map(lambda b: a + b)))
def test_kernel_equals_its_reference(text: str) -> None:
    assert by_kernel(text) == reference(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("see https://a.org/x_(y), ok", [("url", "https://a.org/x_(y)")]),
        ("(www.a.org/b).", [("url", "www.a.org/b")]),
        ("网址http://a.cn/路径", [("url", "http://a.cn/")]),
        ("mail a.b+c@d-e.co.uk.", [("email", "a.b+c@d-e.co.uk")]),
        ("@user a@b a@b.c x@1.2", []),
        ("8.8.8.8 and 10.0.0.1, v1.2.3.4.5", [("ip_address", "8.8.8.8")]),
        ("电话13800138000。", [("phone", "13800138000")]),
        (
            "138 0013 8000 or +86 138-0013-8000",
            [("phone", "138 0013 8000"), ("phone", "86 138-0013-8000")],
        ),
        ("call +44 20 7946 0958", [("phone", "44 20 7946 0958")]),
        ("1380013800 12800138000 213800138000", []),
        ("11010519491231002X", [("china_id", "11010519491231002X")]),
        ("110105194912310021", []),
        ("card 4111 1111 1111 1111!", [("bank_card", "4111 1111 1111 1111")]),
        ("card 4111 1111 1111 1112!", []),
        ("2024-01-02 3.14159 1234567890123456", []),
    ],
)
def test_addresses(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(KINDS[k], text[a:b]) for a, b, k in by_kernel(text)] == expected

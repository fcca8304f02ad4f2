"""What the signals count is what the mask masks, whatever stands around it."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.signals import measure
from cleaner.signals.counts import PERSONAL
from cleaner.text.personal_data import mask

PLANTED = {
    "emails": ["a.b+c@mail.example.org", "zhang@163.com", "jane＠example.com", "ｊ.d＠ｅ.com"],
    "ip_addresses": ["114.114.114.114", "8.8.4.64", "2001:4860:4860:0:0:0:0:8888"],
    "phones": [
        "13912345678", "139 1234 5678", "139-1234-5678", "+86 13912345678", "0086-13912345678",
        "１３９１２３４５６７８", "010-62551234", "(0571) 88886666", "（0571）88886666",
        "０２１－６２５５１２３４", "400-820-8820", "+44 20 7946 0958", "+81-3-3456-7890",
        "(212) 555-0142", "212-555-0142", "213.555.0188", "1-212-555-0142", "01 42 68 53 00",
        "06.12.34.56.78", "01\u00a042\u00a068\u00a053\u00a000", "03-3456-7890", "090-1234-5678",
        "090‐1234‐5678", "02-345-6789", "010-2345-6789", "020 7946 0958", "0161 496 0321",
        "07700 900 123",
    ],
    "china_ids": ["11010519491231002X", "440308199901101512"],
    "bank_cards": ["4111 1111 1111 1111", "4111-1111-1111-1111", "378282246310005"],
}  # fmt: skip
NOBODYS = [
    "人口 14120000000 人", "population 8336817", "icon@2x.png", "@handle", "2019-03-14", "v1.2.3.4",
    "ISBN 978-3-16-148410-0", "CAS 7732-18-5", "arXiv:2112.11446", "2023-11-05T14:22:31.123456Z",
    "1699194151", "40.712776, -74.005974", "doi:10.1103/PhysRevLett.116.061102",
    "3.14159265358979323846", "202311051422310086", "192.168.0.1", "$n = 13912345678$",
    "`a@b.com`", "https://a.example/?n=13912345678", "12:30:45", "section 8.31.44.52",
    "\n1 2 13912345678\n4 5 13912345679\n",
    "第１２章", "4111 1111 1111 1112", "7 + 13912345678", "1998 2004 2010", "1,234,567.89",
]  # fmt: skip
BETWEEN = [" ", "，", "。", "\n", ": ", " (", ") ", "; ", " and ", "；电话：", "\n\n    ", "-", "5"]
every = [form for forms in PLANTED.values() for form in forms]
mixed = st.lists(st.sampled_from(every + NOBODYS + BETWEEN), max_size=12).map("".join)


def counts(text: str) -> dict[str, int]:
    return measure([text], [*PERSONAL, "personal_data"]).row(0, named=True)


@settings(max_examples=400, deadline=None)
@given(text=mixed)
def test_the_signals_count_what_the_mask_masks(text: str) -> None:
    masked = mask(pl.Series([text]))[0]
    found = {name: masked.count(shown.decode()) for name, shown in PERSONAL.items()}
    assert counts(text) == {**found, "personal_data": sum(found.values())}


@settings(max_examples=200, deadline=None)
@given(planted=st.lists(st.sampled_from(every), max_size=6), other=st.sampled_from(NOBODYS))
def test_every_form_that_stands_on_a_line_of_its_own_is_counted_once(
    planted: list[str], other: str
) -> None:
    text = "\n".join([*(f"致电 {one} 。" for one in planted), f"约 {other} 。"])
    expected = {name: sum(planted.count(form) for form in forms) for name, forms in PLANTED.items()}
    assert counts(text) == {**expected, "personal_data": len(planted)}


@pytest.mark.parametrize("text", NOBODYS)
def test_numbers_of_nobody_count_nothing(text: str) -> None:
    assert counts(f"这里是 {text} 。")["personal_data"] == 0


def test_columns_keep_their_rows_and_their_formulas() -> None:
    rows = ["13912345678", None, "$x_1, 13912345678$", "a@b.cd a@b.cd", ""]
    assert measure(rows, ["personal_data"])["personal_data"].to_list() == [1, 0, 0, 2, 0]
    plain = measure(rows, ["phones"], formulas=False)["phones"].to_list()
    assert plain == [1, 0, 1, 0, 0]
    assert measure(pl.Series(rows)[2:4], ["emails"])["emails"].to_list() == [0, 2]
